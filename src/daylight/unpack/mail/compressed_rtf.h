// The bodies that Outlook compresses ([MS-OXRTFCP]), read piece by piece.
//
//   CompressedRtf rtf(bytes);
//   if (rtf.is_one()) while (const std::size_t n = rtf.Read(out)) Use(out.first(n));
//   if (rtf.is_damaged()) Tell();
//
// Holds a dictionary of 4 KiB; borrows the bytes.
#pragma once

#include <array>
#include <span>

#include "daylight/bytes/cursor.h"

namespace dl::unpack::mail {

class CompressedRtf {
 public:
  explicit CompressedRtf(Bytes bytes);
  // Whether the header says so.
  bool is_one() const { return is_one_; }
  // 0 at the end.
  std::size_t Read(std::span<std::byte> out);
  // Once it was read to its end: that it ended early, or its checksum is another.
  bool is_damaged() const { return is_damaged_; }

 private:
  static constexpr std::size_t kDictionaryBytes = 4096;
  void End(bool is_damaged);
  bool Put(std::byte byte, std::span<std::byte> out, std::size_t& n);

  Cursor cursor_;
  bool is_one_ = false;
  bool is_compressed_ = false;
  bool is_damaged_ = false;
  bool has_ended_ = false;
  std::uint64_t left_ = 0;  // Of the size that it names.
  std::array<std::byte, kDictionaryBytes> dictionary_;
  std::size_t write_ = 0;
  // The run of literals and references at hand, and what of a reference is still to be copied.
  unsigned control_ = 0;
  unsigned controls_left_ = 0;
  std::size_t copy_from_ = 0;
  std::size_t copy_left_ = 0;
};

}  // namespace dl::unpack::mail
