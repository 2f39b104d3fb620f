#include "daylight/formats/image/image.h"

#include <array>

#include "daylight/base/check.h"
#include "daylight/formats/image/luma.h"

namespace dl::image {

Format Identify(Bytes bytes) {
  struct Magic {
    std::string_view begins;
    Format format;
  };
  // ClamAV's types need less ("MM" for TIFF, "GIF"), but its decoder then
  // looks for these.
  static constexpr std::array<Magic, 7> kMagics{{
      {std::string_view("\x89PNG\r\n\x1a\n", 8), Format::kPng},
      {std::string_view("\xff\xd8\xff", 3), Format::kJpeg},
      {std::string_view("GIF87a", 6), Format::kGif},
      {std::string_view("GIF89a", 6), Format::kGif},
      {std::string_view("II*\0", 4), Format::kTiff},
      {std::string_view("MM\0*", 4), Format::kTiff},
      {std::string_view("BM", 2), Format::kBmp},
  }};
  const std::string_view text = AsText(bytes);
  for (const Magic& magic : kMagics) {
    if (text.starts_with(magic.begins)) return magic.format;
  }
  return Format::kNone;
}

namespace {

Result<LumaPlane> Decode(Bytes bytes, const Limits& limits) {
  switch (Identify(bytes)) {
    case Format::kPng: return DecodePng(bytes, limits);
    case Format::kJpeg: return DecodeJpeg(bytes, limits);
    case Format::kGif: return DecodeGif(bytes, limits);
    case Format::kTiff: return DecodeTiff(bytes, limits);
    case Format::kBmp: return DecodeBmp(bytes, limits);
    case Format::kNone: break;
  }
  return Fail(ErrorCode::kUnsupported, "image: not a format that is hashed");
}

}  // namespace

void Prepare() {
  // One grey pixel: a header and a directory of six fields.
  static constexpr std::string_view kTiff(
      "II*\0\x08\0\0\0\x06\0"
      "\x00\x01\x03\0\x01\0\0\0\x01\0\0\0"  // ImageWidth 1
      "\x01\x01\x03\0\x01\0\0\0\x01\0\0\0"  // ImageLength 1
      "\x02\x01\x03\0\x01\0\0\0\x08\0\0\0"  // BitsPerSample 8
      "\x06\x01\x03\0\x01\0\0\0\x01\0\0\0"  // PhotometricInterpretation BlackIsZero
      "\x11\x01\x04\0\x01\0\0\0\x00\0\0\0"  // StripOffsets 0
      "\x17\x01\x04\0\x01\0\0\0\x01\0\0\0"  // StripByteCounts 1
      "\0\0\0\0",
      86);
  const auto hash = FuzzyHash(AsBytes(kTiff));
  DL_CHECK(hash.has_value());
}

Result<std::uint64_t> FuzzyHash(Bytes bytes, const Limits& limits) {
  DL_TRY(const LumaPlane plane, Decode(bytes, limits));
  return HashOf(Shrink(plane));
}

std::string HashText(std::uint64_t hash) {
  std::string text(16, '0');
  for (auto it = text.rbegin(); it != text.rend(); ++it, hash >>= 4) *it = "0123456789abcdef"[hash & 15];
  return text;
}

}  // namespace dl::image
