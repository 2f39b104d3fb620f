// What libarchive's readers say of errors and entries, in Daylight's words.
#pragma once

#include <string_view>

#include "daylight/unpack/unpacker.h"

struct archive;
struct archive_entry;

namespace dl::unpack {

// Valid until the reader is used again.
std::string_view ErrorMessageOf(::archive* reader);
// One of unpacker.h's reasons.
std::string_view ReasonOf(std::string_view message);
// Name and size, as far as they are stated.
ChildInfo InfoOf(::archive_entry* entry);
// Whether it has no bytes: a folder, a link.
bool IsEmptyEntry(::archive_entry* entry);

}  // namespace dl::unpack
