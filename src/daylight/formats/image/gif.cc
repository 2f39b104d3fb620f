// GIF ("Graphics Interchange Format, Version 89a"): the first picture of the
// file, on a black canvas. Transparency does not matter here: the hash looks
// at the colour below it.
#include <algorithm>
#include <array>

#include "daylight/bytes/cursor.h"
#include "daylight/formats/image/luma.h"

namespace dl::image {

namespace {

constexpr unsigned kMaxCodeBits = 12;
constexpr std::size_t kCodes = std::size_t{1} << kMaxCodeBits;

// The bytes of a chain of sub-blocks, as bits from the lowest up.
class BlockBits {
 public:
  explicit BlockBits(Cursor& cursor) : cursor_(cursor) {}

  Result<std::uint32_t> Read(unsigned bits) {
    while (have_ < bits) {
      if (block_.AtEnd()) {
        DL_TRY(const std::uint8_t size, cursor_.ReadU8());
        if (size == 0) return Fail(ErrorCode::kTruncated, "gif: the picture ends early");
        // A block that is cut is used as far as it goes.
        DL_TRY(const Bytes bytes, cursor_.ReadBytes(std::min<std::size_t>(size, cursor_.remaining())));
        block_ = Cursor(bytes);
      }
      DL_TRY(const std::uint8_t byte, block_.ReadU8());
      value_ |= std::uint32_t{byte} << have_;
      have_ += 8;
    }
    const std::uint32_t result = value_ & ((1U << bits) - 1);
    value_ >>= bits;
    have_ -= bits;
    return result;
  }

 private:
  Cursor& cursor_;
  Cursor block_;
  std::uint32_t value_ = 0;
  unsigned have_ = 0;
};

// LZW with codes that grow (Appendix F of the specification).
class Lzw {
 public:
  Lzw(Cursor& cursor, unsigned literal_bits) : bits_(cursor), literal_bits_(literal_bits) { Clear(); }

  // Calls put(index) for one pixel after the other while it returns true.
  template <typename F>
  Status Decode(F put) {
    const std::uint32_t clear = 1U << literal_bits_;
    while (true) {
      DL_TRY(const std::uint32_t code, bits_.Read(code_bits_));
      if (code == clear) {
        Clear();
        continue;
      }
      if (code == clear + 1) return Fail(ErrorCode::kTruncated, "gif: the picture ends early");
      DL_TRY_STATUS(Expand(code));
      while (stacked_ > 0) {
        if (!put(stack_[--stacked_])) return {};
      }
    }
  }

 private:
  void Clear() {
    code_bits_ = literal_bits_ + 1;
    next_ = (1U << literal_bits_) + 2;
    has_previous_ = false;
  }

  Status Expand(std::uint32_t code) {
    const std::uint32_t literals = 1U << literal_bits_;
    if (code > next_ || (code == next_ && !has_previous_)) return Fail(ErrorCode::kMalformed, "gif: code");
    if (!has_previous_ && code > literals) return Fail(ErrorCode::kMalformed, "gif: code");
    std::uint32_t at = code;
    stacked_ = 0;
    if (code == next_) {  // The text before, and its own first pixel again.
      stack_[stacked_++] = first_;
      at = previous_;
    }
    // Prefixes have smaller codes, so this ends.
    while (at >= literals) {
      stack_[stacked_++] = suffix_[at];
      at = prefix_[at];
    }
    first_ = static_cast<std::uint8_t>(at);
    stack_[stacked_++] = first_;
    if (has_previous_ && next_ < kCodes) {
      prefix_[next_] = static_cast<std::uint16_t>(previous_);
      suffix_[next_] = first_;
      ++next_;
      if (next_ == 1U << code_bits_ && code_bits_ < kMaxCodeBits) ++code_bits_;
    }
    previous_ = code;
    has_previous_ = true;
    return {};
  }

  BlockBits bits_;
  unsigned literal_bits_;
  unsigned code_bits_ = 0;
  std::uint32_t next_ = 0;
  std::uint32_t previous_ = 0;
  std::uint8_t first_ = 0;
  bool has_previous_ = false;
  std::size_t stacked_ = 0;
  std::array<std::uint16_t, kCodes> prefix_{};
  std::array<std::uint8_t, kCodes> suffix_{};
  std::array<std::uint8_t, kCodes + 1> stack_{};
};

using Palette = std::array<std::uint8_t, 256>;  // Luma; black where there is no entry.

// `flags` as in both kinds of descriptor: bit 7 says that there is a palette,
// bits 0 to 2 how long it is.
Status ReadPalette(Cursor& cursor, std::uint8_t flags, Palette& palette, bool& has_palette) {
  if ((flags & 0x80) == 0) return {};
  const std::size_t count = std::size_t{2} << (flags & 7);
  DL_TRY(const Bytes entries, cursor.ReadRecords(count, 3));
  palette.fill(0);
  for (std::size_t i = 0; i < count; ++i) {
    palette[i] = Luma(std::to_integer<std::uint8_t>(entries[i * 3]), std::to_integer<std::uint8_t>(entries[i * 3 + 1]),
                      std::to_integer<std::uint8_t>(entries[i * 3 + 2]));
  }
  has_palette = true;
  return {};
}

Status SkipSubBlocks(Cursor& cursor) {
  while (true) {
    DL_TRY(const std::uint8_t size, cursor.ReadU8());
    if (size == 0) return {};
    DL_TRY_STATUS(cursor.Skip(size));
  }
}

// Up to the first image descriptor's fields.
Status SeekPicture(Cursor& cursor) {
  while (true) {
    DL_TRY(const std::uint8_t introducer, cursor.ReadU8());
    switch (introducer) {
      case 0x2c: return {};
      case 0x21:  // An extension of one kind or another.
        DL_TRY_STATUS(cursor.Skip(1));
        DL_TRY_STATUS(SkipSubBlocks(cursor));
        break;
      case 0x3b: return Fail(ErrorCode::kMalformed, "gif: no picture");
      default: return Fail(ErrorCode::kMalformed, "gif: unknown block");
    }
  }
}

struct Frame {
  std::size_t left = 0;
  std::size_t top = 0;
  std::size_t width = 0;
  std::size_t height = 0;
  bool interlaced = false;
};

// The row that comes after `y` (clause 20, Appendix E): every 8th, every 8th
// from 4, every 4th from 2, every 2nd from 1.
class RowOrder {
 public:
  explicit RowOrder(const Frame& frame) : height_(frame.height), interlaced_(frame.interlaced) {}
  std::size_t y() const { return y_; }
  bool AtEnd() const { return y_ >= height_; }
  void Next() {
    static constexpr std::array<std::size_t, 4> kFirst{0, 4, 2, 1};
    static constexpr std::array<std::size_t, 4> kStep{8, 8, 4, 2};
    y_ += interlaced_ ? kStep[pass_] : 1;
    while (interlaced_ && y_ >= height_ && pass_ < 3) y_ = kFirst[++pass_];
  }

 private:
  std::size_t height_;
  bool interlaced_;
  std::size_t y_ = 0;
  std::size_t pass_ = 0;
};

}  // namespace

Result<LumaPlane> DecodeGif(Bytes bytes, const Limits& limits) {
  Cursor cursor(bytes);
  DL_TRY_STATUS(cursor.Skip(6));
  DL_TRY(const std::uint16_t width, cursor.ReadU16Le());
  DL_TRY(const std::uint16_t height, cursor.ReadU16Le());
  DL_TRY(const std::uint8_t screen_flags, cursor.ReadU8());
  DL_TRY_STATUS(cursor.Skip(2));
  Palette palette{};
  bool has_palette = false;
  DL_TRY_STATUS(ReadPalette(cursor, screen_flags, palette, has_palette));
  DL_TRY_STATUS(SeekPicture(cursor));
  Frame frame;
  DL_TRY(frame.left, cursor.ReadU16Le());
  DL_TRY(frame.top, cursor.ReadU16Le());
  DL_TRY(frame.width, cursor.ReadU16Le());
  DL_TRY(frame.height, cursor.ReadU16Le());
  DL_TRY(const std::uint8_t frame_flags, cursor.ReadU8());
  frame.interlaced = (frame_flags & 0x40) != 0;
  DL_TRY_STATUS(ReadPalette(cursor, frame_flags, palette, has_palette));
  if (!has_palette) return Fail(ErrorCode::kMalformed, "gif: no palette");
  DL_TRY(const std::uint8_t literal_bits, cursor.ReadU8());
  if (literal_bits == 0 || literal_bits > 11) return Fail(ErrorCode::kMalformed, "gif: code size");
  DL_TRY(LumaPlane plane, LumaPlane::Make(width, height, limits));
  if (std::uint64_t{frame.width} * frame.height > limits.max_pixels) {
    return Fail(ErrorCode::kBudget, "gif: too many pixels");
  }
  if (frame.width == 0 || frame.height == 0) return plane;

  RowOrder order(frame);
  std::size_t x = 0;
  Lzw lzw(cursor, literal_bits);
  DL_TRY_STATUS(lzw.Decode([&](std::uint8_t index) {
    const std::size_t to_x = frame.left + x;
    const std::size_t to_y = frame.top + order.y();
    if (to_x < plane.width() && to_y < plane.height()) plane.row(to_y)[to_x] = palette[index];
    if (++x == frame.width) {
      x = 0;
      order.Next();
    }
    return !order.AtEnd();
  }));
  return plane;
}

}  // namespace dl::image
