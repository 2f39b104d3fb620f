// A section of compiled help that is compressed by LZX, read from any place on.
//
//   DL_TRY(CompressedSection section, CompressedSection::Open(directory, "MSCompressed", size));
//   DL_TRY(const Bytes bytes, section.From(offset, most));  // As many as are at hand.
//
// It is decompressed in order, and begun anew at the place nearest before `offset`
// where the compressor was reset; damage ends at the next such place. Borrows.
#pragma once

#include "daylight/unpack/chm/directory.h"
#include "daylight/unpack/chm/lzx.h"

namespace dl::unpack {

class CompressedSection {
 public:
  // `size`: where the last of its entries ends. kUnsupported where it is compressed in another way.
  static Result<CompressedSection> Open(const ChmDirectory& directory, const std::string& name, std::uint64_t size);

  // At least one and at most so many bytes at `offset`; valid until the next call.
  // kBudget where so many entries lie in the same bytes that most of the work is to
  // come back to them.
  Result<Bytes> From(std::uint64_t offset, std::size_t most);

 private:
  CompressedSection(Bytes content, unsigned window_bits) : content_(content), decoder_(window_bits) {}
  bool BeginInterval(std::uint64_t begin);
  Status NextFrame();

  Bytes content_;
  LzxDecoder decoder_;
  std::uint64_t size_ = 0;
  std::uint64_t interval_ = 0;  // Between resets, in bytes; 0: none.
  Bytes table_;                 // Where each frame begins in the compressed bytes, eight bytes a number.
  bool is_begun_ = false;
  Bytes frame_;
  std::uint64_t frame_begin_ = 0;
  bool has_failed_ = false;  // Behind the frame, up to the next reset.
  Error error_;
  std::uint64_t given_ = 0;
  std::uint64_t passed_over_ = 0;  // Bytes that were decompressed for nothing.
};

}  // namespace dl::unpack
