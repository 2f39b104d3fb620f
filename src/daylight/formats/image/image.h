// FuzzyHash derives the perceptual hash of a picture that ClamAV's
// `fuzzy_img#HASH#0` sub-signatures are compared with, bit for bit.
//
//   if (image::IsHashed(bytes)) {
//     DL_TRY(const std::uint64_t hash, image::FuzzyHash(bytes));
//     if (hash == signature.hash) ...
//   }
//
// Borrows the bytes. No shared state: any number of threads may hash at once,
// one hash uses only memory (no file, no thread, no clock). Work and memory
// are bounded by Limits, however hostile the picture.
//
// WHEN ClamAV hashes (libclamav 1.4): objects whose detected type is
// CL_TYPE_PNG, _GIF, _JPEG, _TIFF or _GRAPHICS (BMP and JPEG 2000), at every
// level of unpacking, if the file begins as IsHashed() says. The hash is then
// compared with sub-signatures of target 0 (any) and target 5 (graphics). What
// cannot be decoded has no hash: no such sub-signature matches.
//
// THE HASH: the picture's first frame as 8-bit RGB without its alpha channel;
// luma 0.299 R + 0.587 G + 0.114 B, rounded; to 32x32 pixels with a Lanczos
// window of 3 (columns, then rows; in single precision); a two-dimensional
// DCT-II; of its 8x8 lowest frequencies, row by row, bit 1 where the value is
// above their median. The first bit is the highest of the 64.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"

namespace dl::image {

enum class Format : std::uint8_t { kNone, kPng, kJpeg, kGif, kTiff, kBmp };

// What the first bytes say. kNone for formats that ClamAV never hashes (WebP,
// ICO, PNM and TGA among them) or never can (JPEG 2000).
Format Identify(Bytes bytes);

// Whether ClamAV would try to hash an object that begins so.
inline bool IsHashed(Bytes bytes) { return Identify(bytes) != Format::kNone; }

// Call once before the walls go up: the C library asks the system how much
// memory there is when libtiff first sorts its table of fields.
void Prepare();

struct Limits {
  // Each side is limited too (65535 in BMP, GIF and JPEG; here in all).
  std::uint64_t max_pixels = std::uint64_t{1} << 26;
  // Of one decoder's tables and rows, beside one byte a pixel for the luma.
  std::uint64_t max_decoder_bytes = std::uint64_t{1} << 28;
};

// kBudget when a limit was reached (ClamAV, whose limit is 512 MiB of decoded
// pixels, may have a hash then), kMalformed or kTruncated for a damaged
// picture, kUnsupported for a variant that ClamAV does not decode either.
Result<std::uint64_t> FuzzyHash(Bytes bytes, const Limits& limits = {});

// "af2ad01ed42993c7", as in signatures.
std::string HashText(std::uint64_t hash);

}  // namespace dl::image
