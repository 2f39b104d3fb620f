// Anonymous files in memory, to hand bytes to another process.
//
//   DL_TRY(const os::Fd text, os::SealedMemfd("rules", {rule_text}));
//
// Once sealed, nobody can change or resize the bytes, so both sides may map
// them without looking twice.
#pragma once

#include <initializer_list>
#include <string_view>

#include "daylight/base/error.h"
#include "daylight/os/fd.h"

namespace dl::os {

// Empty, writable, sealable. `name` shows in /proc only.
Result<Fd> CreateMemfd(const char* name);
// Against writing, growing, shrinking and further seals. kIo (EBUSY) while
// anybody has the file mapped writable.
Status Seal(int fd);
// The parts, one behind the other, sealed, read from the start.
Result<Fd> SealedMemfd(const char* name, std::initializer_list<std::string_view> parts);
// In bytes.
Result<std::uint64_t> FileSize(int fd);

}  // namespace dl::os
