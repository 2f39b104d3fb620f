// A signature as bytes: how the database keeps what only candidates need.
//
//   Encode(signature, name_id, bytes);                       // appends
//   DL_TRY(const StoredSignature stored, Decode(cursor));
//
// Few signatures are ever decoded for an object, so the bytes are compact, not
// fast. docs/formats/database.md has their layout.
#pragma once

#include <vector>

#include "daylight/bytes/cursor.h"
#include "daylight/rules/clamav/signature.h"

namespace dl::clamav {

struct StoredSignature {
  LogicalSignature signature;  // Its name is empty.
  std::uint32_t name = 0;      // In the name table.
};

void Encode(const LogicalSignature& signature, std::uint32_t name, std::vector<std::byte>& out);
// kMalformed, kTruncated: not what Encode() wrote.
Result<StoredSignature> Decode(Cursor& cursor);

void Encode(const ContainerSignature& signature, std::uint32_t name, std::vector<std::byte>& out);

}  // namespace dl::clamav
