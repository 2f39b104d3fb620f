// The little DER that Microsoft's own structures need; everything standard is
// left to OpenSSL.
//
//   DL_TRY(const DerElement outer, ReadDer(cursor, kDerSequence));
//   Cursor inside(outer.content);
#pragma once

#include "daylight/bytes/cursor.h"

namespace dl::pe {

inline constexpr std::uint8_t kDerOctetString = 0x04;
inline constexpr std::uint8_t kDerSequence = 0x30;
constexpr std::uint8_t DerContext(std::uint8_t number, bool constructed) {
  return static_cast<std::uint8_t>(0x80 | (constructed ? 0x20 : 0) | number);
}

struct DerElement {
  std::uint8_t tag = 0;
  Bytes content;
  Bytes whole;  // With tag and length.
};

// The next element. X.690: one-byte tags (8.1.2.2), definite lengths (10.1).
inline Result<DerElement> ReadDer(Cursor& cursor) {
  Cursor ahead = cursor;
  DerElement element;
  DL_TRY(element.tag, ahead.ReadU8());
  if ((element.tag & 0x1f) == 0x1f) return Fail(ErrorCode::kUnsupported, "DER tag of several bytes", cursor.position());
  DL_TRY(const std::uint8_t first, ahead.ReadU8());
  std::uint64_t length = first;
  if (first >= 0x80) {
    const unsigned count = first & 0x7fU;
    if (count == 0 || count > 4) return Fail(ErrorCode::kUnsupported, "DER length", cursor.position());
    length = 0;
    for (unsigned i = 0; i < count; ++i) {
      DL_TRY(const std::uint8_t byte, ahead.ReadU8());
      length = (length << 8) | byte;
    }
  }
  DL_TRY(element.content, ahead.ReadBytes(length));
  element.whole = cursor.bytes().subspan(cursor.position(), ahead.position() - cursor.position());
  cursor = ahead;
  return element;
}

inline Result<DerElement> ReadDer(Cursor& cursor, std::uint8_t tag) {
  Cursor ahead = cursor;
  DL_TRY(const DerElement element, ReadDer(ahead));
  if (element.tag != tag) return Fail(ErrorCode::kMalformed, "unexpected DER element", cursor.position());
  cursor = ahead;
  return element;
}

}  // namespace dl::pe
