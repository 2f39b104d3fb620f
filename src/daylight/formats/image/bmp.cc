// Windows bitmaps: "BITMAPFILEHEADER", then BITMAPCOREHEADER, BITMAPINFOHEADER
// or its versions 2 to 5 (Microsoft, "Bitmap Structures"), a palette, rows.
// What ClamAV's decoder refuses is refused here.
#include <algorithm>
#include <array>
#include <bit>

#include "daylight/bytes/cursor.h"
#include "daylight/formats/image/luma.h"

namespace dl::image {

namespace {

constexpr std::uint32_t kCoreHeaderSize = 12;
constexpr std::uint32_t kInfoHeaderSize = 40;
constexpr std::uint32_t kV2HeaderSize = 52;  // With masks for red, green and blue.
constexpr std::uint32_t kV3HeaderSize = 56;  // And for alpha.
constexpr std::uint32_t kV4HeaderSize = 108;
constexpr std::uint32_t kV5HeaderSize = 124;

enum Compression : std::uint32_t { kPlain = 0, kRle8 = 1, kRle4 = 2, kBitfields = 3 };

// One colour's bits in a 16-bit or 32-bit pixel: the highest eight of them.
struct Bitfield {
  unsigned shift = 0;
  unsigned length = 0;

  static Result<Bitfield> Parse(std::uint32_t mask, unsigned pixel_bits) {
    if (mask == 0) return Bitfield{};
    Bitfield field{static_cast<unsigned>(std::countr_zero(mask)), 0};
    field.length = static_cast<unsigned>(std::countr_one(mask >> field.shift));
    if (field.length != static_cast<unsigned>(std::popcount(mask))) {
      return Fail(ErrorCode::kMalformed, "bmp: a colour mask has a gap");
    }
    if (field.length + field.shift > pixel_bits) return Fail(ErrorCode::kMalformed, "bmp: a colour mask is too long");
    if (field.length > 8) {
      field.shift += field.length - 8;
      field.length = 8;
    }
    return field;
  }

  // Scaled to 0-255, to the nearest.
  std::uint8_t Read(std::uint32_t pixel) const {
    const std::uint32_t max = (1U << length) - 1;
    const std::uint32_t value = pixel >> shift & max;
    if (length == 7) return static_cast<std::uint8_t>(value << 1 | value >> 6);
    return static_cast<std::uint8_t>((value * 255 * 2 + max) / (max * 2));
  }
};

struct Header {
  std::uint32_t pixels_offset = 0;
  std::uint32_t header_size = 0;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  bool top_down = false;
  unsigned bits = 0;
  std::uint32_t compression = kPlain;
  std::uint32_t colours_used = 0;
  Bitfield red{10, 5};
  Bitfield green{5, 5};
  Bitfield blue{0, 5};
};

Status ParseCoreHeader(Cursor& cursor, Header& header) {
  DL_TRY(header.width, cursor.ReadU16Le());
  DL_TRY(header.height, cursor.ReadU16Le());
  DL_TRY(const std::uint16_t planes, cursor.ReadU16Le());
  DL_TRY(header.bits, cursor.ReadU16Le());
  if (planes != 1) return Fail(ErrorCode::kMalformed, "bmp: not one plane");
  if (header.bits != 1 && header.bits != 4 && header.bits != 8 && header.bits != 24) {
    return Fail(ErrorCode::kUnsupported, "bmp: depth");
  }
  return {};
}

bool DepthFits(std::uint32_t compression, unsigned bits) {
  switch (compression) {
    case kPlain: return bits == 1 || bits == 2 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
    case kRle8: return bits == 8;
    case kRle4: return bits == 4;
    case kBitfields: return bits == 16 || bits == 32;
    default: return false;
  }
}

Status ParseMasks(Cursor& cursor, Header& header) {
  DL_TRY(const std::uint32_t red, cursor.ReadU32Le());
  DL_TRY(const std::uint32_t green, cursor.ReadU32Le());
  DL_TRY(const std::uint32_t blue, cursor.ReadU32Le());
  DL_TRY(header.red, Bitfield::Parse(red, header.bits));
  DL_TRY(header.green, Bitfield::Parse(green, header.bits));
  DL_TRY(header.blue, Bitfield::Parse(blue, header.bits));
  if (header.header_size >= kV3HeaderSize) {
    DL_TRY(const std::uint32_t alpha, cursor.ReadU32Le());
    DL_TRY_STATUS(Bitfield::Parse(alpha, header.bits).map([](const Bitfield&) {}));
  }
  if (header.red.length == 0 || header.green.length == 0 || header.blue.length == 0) {
    return Fail(ErrorCode::kMalformed, "bmp: a colour has no mask");
  }
  return {};
}

Status ParseInfoHeader(Cursor& cursor, Header& header) {
  DL_TRY(const std::uint32_t width, cursor.ReadU32Le());
  DL_TRY(const std::uint32_t height, cursor.ReadU32Le());
  header.width = width;
  // Negative: the first row is the top one.
  header.top_down = height >> 31 != 0;
  header.height = header.top_down ? 0U - height : height;
  if (width >> 31 != 0 || header.height >> 31 != 0) return Fail(ErrorCode::kMalformed, "bmp: size");
  DL_TRY(const std::uint16_t planes, cursor.ReadU16Le());
  DL_TRY(header.bits, cursor.ReadU16Le());
  DL_TRY(header.compression, cursor.ReadU32Le());
  if (planes != 1) return Fail(ErrorCode::kMalformed, "bmp: not one plane");
  if (!DepthFits(header.compression, header.bits)) return Fail(ErrorCode::kUnsupported, "bmp: compression");
  if (header.top_down && header.compression != kPlain && header.compression != kBitfields) {
    return Fail(ErrorCode::kMalformed, "bmp: compressed from the top down");
  }
  DL_TRY_STATUS(cursor.Skip(12));
  DL_TRY(header.colours_used, cursor.ReadU32Le());
  DL_TRY_STATUS(cursor.Skip(4));
  if (header.compression == kBitfields) return ParseMasks(cursor, header);
  return {};
}

Result<Header> ParseHeader(Bytes bytes) {
  Cursor cursor(bytes);
  DL_TRY_STATUS(cursor.Skip(10));
  Header header;
  DL_TRY(header.pixels_offset, cursor.ReadU32Le());
  DL_TRY(header.header_size, cursor.ReadU32Le());
  switch (header.header_size) {
    case kCoreHeaderSize: DL_TRY_STATUS(ParseCoreHeader(cursor, header)); break;
    case kInfoHeaderSize:
    case kV2HeaderSize:
    case kV3HeaderSize:
    case kV4HeaderSize:
    case kV5HeaderSize: DL_TRY_STATUS(ParseInfoHeader(cursor, header)); break;
    default: return Fail(ErrorCode::kUnsupported, "bmp: header size");
  }
  if (header.width == 0 || header.height == 0) return Fail(ErrorCode::kMalformed, "bmp: no pixels");
  return header;
}

using Palette = std::array<std::uint8_t, 256>;  // Luma; black where there is no entry.

Result<Palette> ParsePalette(Bytes bytes, const Header& header) {
  const std::uint32_t most = 1U << header.bits;
  const std::uint32_t count = header.colours_used == 0 ? most : header.colours_used;
  if (count > most) return Fail(ErrorCode::kMalformed, "bmp: palette size");
  const std::size_t entry_size = header.header_size == kCoreHeaderSize ? 3 : 4;
  Cursor cursor(bytes);
  DL_TRY_STATUS(cursor.SeekTo(14 + std::uint64_t{header.header_size}));
  DL_TRY(const Bytes entries, cursor.ReadRecords(count, entry_size));
  Palette palette{};
  for (std::size_t i = 0; i < count; ++i) {
    const Bytes entry = entries.subspan(i * entry_size, entry_size);
    palette[i] = Luma(std::to_integer<std::uint8_t>(entry[2]), std::to_integer<std::uint8_t>(entry[1]),
                      std::to_integer<std::uint8_t>(entry[0]));
  }
  return palette;
}

class Decoder {
 public:
  Decoder(const Header& header, Cursor cursor, LumaPlane& plane) : header_(header), cursor_(cursor), plane_(plane) {}

  Status DecodePlain(const Palette& palette) {
    const std::uint64_t row_size = (std::uint64_t{header_.bits} * header_.width + 31) / 32 * 4;
    for (std::size_t i = 0; i < plane_.height(); ++i) {
      DL_TRY(const Bytes bytes, cursor_.ReadBytes(row_size));
      DecodeRow(bytes, palette, Row(i));
    }
    return {};
  }

  // Run-length encoding; pixels that are passed over stay black.
  Status DecodeRle(const Palette& palette) {
    std::size_t x = 0;
    std::size_t y = 0;
    while (y < plane_.height()) {
      DL_TRY(const std::uint8_t count, cursor_.ReadU8());
      DL_TRY(const std::uint8_t value, cursor_.ReadU8());
      if (count != 0) {
        // With a byte a pixel, what passes the end of the row is lost.
        const std::size_t left = plane_.width() - x;
        const std::size_t fits = header_.bits == 8 ? std::min<std::size_t>(count, left) : count;
        DL_TRY_STATUS(Put(x, y, fits, [&](std::size_t i) { return palette[Index(value, i)]; }));
      } else if (value == 0) {  // End of row.
        x = 0;
        ++y;
      } else if (value == 1) {  // End of picture.
        return {};
      } else if (value == 2) {  // To the right and down.
        DL_TRY(const std::uint8_t right, cursor_.ReadU8());
        DL_TRY(const std::uint8_t down, cursor_.ReadU8());
        x += right;
        y += down;
        if (y >= plane_.height() || x > plane_.width()) return Fail(ErrorCode::kMalformed, "bmp: moved out");
      } else {
        const std::size_t size = header_.bits == 4 ? (value + 1U) / 2U : value;
        DL_TRY(const Bytes indices, cursor_.ReadBytes(size + size % 2));
        DL_TRY_STATUS(Put(x, y, value, [&](std::size_t i) {
          const std::size_t at = header_.bits == 4 ? i / 2 : i;
          return palette[Index(std::to_integer<std::uint8_t>(indices[at]), i)];
        }));
      }
    }
    return {};
  }

 private:
  std::span<std::uint8_t> Row(std::size_t i) { return plane_.row(header_.top_down ? i : plane_.height() - 1 - i); }

  std::size_t Index(std::uint8_t value, std::size_t i) const {
    if (header_.bits != 4) return value;
    return i % 2 == 0 ? value >> 4 : value & 15;
  }

  template <typename F>
  Status Put(std::size_t& x, std::size_t y, std::size_t count, F luma) {
    const std::span<std::uint8_t> row = Row(y);
    if (count > row.size() - x) return Fail(ErrorCode::kMalformed, "bmp: a run passes the end of its row");
    for (std::size_t i = 0; i < count; ++i) row[x + i] = luma(i);
    x += count;
    return {};
  }

  void DecodeRow(Bytes bytes, const Palette& palette, std::span<std::uint8_t> row) const {
    const auto byte = [&](std::size_t i) { return std::to_integer<std::uint8_t>(bytes[i]); };
    for (std::size_t x = 0; x < row.size(); ++x) {
      switch (header_.bits) {
        case 16: {
          const std::uint32_t pixel = byte(x * 2) | std::uint32_t{byte(x * 2 + 1)} << 8;
          row[x] = Luma(header_.red.Read(pixel), header_.green.Read(pixel), header_.blue.Read(pixel));
          break;
        }
        case 24: row[x] = Luma(byte(x * 3 + 2), byte(x * 3 + 1), byte(x * 3)); break;
        case 32: {
          if (header_.compression == kPlain) {
            row[x] = Luma(byte(x * 4 + 2), byte(x * 4 + 1), byte(x * 4));
            break;
          }
          const std::uint32_t pixel = byte(x * 4) | std::uint32_t{byte(x * 4 + 1)} << 8 |
                                      std::uint32_t{byte(x * 4 + 2)} << 16 | std::uint32_t{byte(x * 4 + 3)} << 24;
          row[x] = Luma(header_.red.Read(pixel), header_.green.Read(pixel), header_.blue.Read(pixel));
          break;
        }
        default: {  // 1, 2, 4 or 8 bits of palette index, the leftmost highest.
          const std::size_t bit = x * header_.bits;
          const std::size_t shift = 8 - header_.bits - bit % 8;
          row[x] = palette[static_cast<std::size_t>(byte(bit / 8) >> shift) & ((1U << header_.bits) - 1)];
        }
      }
    }
  }

  const Header& header_;
  Cursor cursor_;
  LumaPlane& plane_;
};

}  // namespace

Result<LumaPlane> DecodeBmp(Bytes bytes, const Limits& limits) {
  DL_TRY(const Header header, ParseHeader(bytes));
  Palette palette{};
  if (header.bits <= 8) {
    DL_TRY(palette, ParsePalette(bytes, header));
  }
  Cursor cursor(bytes);
  DL_TRY_STATUS(cursor.SeekTo(header.pixels_offset));
  DL_TRY(LumaPlane plane, LumaPlane::Make(header.width, header.height, limits));
  Decoder decoder(header, cursor, plane);
  const bool is_rle = header.compression == kRle8 || header.compression == kRle4;
  DL_TRY_STATUS(is_rle ? decoder.DecodeRle(palette) : decoder.DecodePlain(palette));
  return plane;
}

}  // namespace dl::image
