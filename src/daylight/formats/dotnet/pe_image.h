// PeImage is the little of a PE file that .NET metadata needs: is it one, where
// does an RVA lie in the file, where is the CLI header. (The pe format has the
// rest.)
//
//   DL_TRY(const PeImage image, PeImage::Parse(bytes));
//   const auto offset = image.OffsetOf(image.cli_header_rva());
//
// Borrows the bytes. Immutable; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"

namespace dl::formats {

class PeImage {
 public:
  // As lenient as YARA's reader: DOS magic, PE signature, a known machine and
  // room for the optional header.
  static Result<PeImage> Parse(Bytes bytes);

  Bytes bytes() const { return bytes_; }
  bool is_64bit() const { return is_64bit_; }
  std::uint32_t directory_count() const { return directory_count_; }
  // RVA of the CLI header (directory 14), when the optional header reaches it.
  std::optional<std::uint32_t> cli_header_rva() const { return cli_header_rva_; }

  // File offset of an RVA, or nullopt when no byte of the file backs it.
  std::optional<std::uint64_t> OffsetOf(std::uint32_t rva) const;

 private:
  struct Section {
    std::uint32_t virtual_size, virtual_address, raw_size, raw_offset;
  };
  Bytes bytes_;
  bool is_64bit_ = false;
  bool sections_complete_ = true;
  std::uint32_t file_alignment_ = 0;
  std::uint32_t directory_count_ = 0;
  std::optional<std::uint32_t> cli_header_rva_;
  std::vector<Section> sections_;
};

}  // namespace dl::formats
