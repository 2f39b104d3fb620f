// What a file has besides its bytes, read from and given to a descriptor.
//
//   std::vector<std::string> problems;
//   Origin origin = ReadOrigin(fd, *os::StateOf(fd), problems);
//   ApplyOrigin(other, origin, problems);
//
// Never by a name, which may be another file's by now.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daylight/quarantine/item.h"

namespace dl::quarantine {

// All but the path. What cannot be read is said in `problems`.
Origin ReadOrigin(int fd, const os::FileState& state, std::vector<std::string>& problems);

// Owner, group, mode, extended attributes and times, in the order in which one does
// not undo another. What cannot be set is said in `problems`.
void ApplyOrigin(int fd, const Origin& origin, std::vector<std::string>& problems);

// The bits of FS_IOC_GETFLAGS that keep a file from being removed or renamed.
std::uint32_t HoldingFlags(std::uint32_t flags);
std::uint32_t FlagsOf(int fd);  // 0 where there are none.
// Those of `flags` that hold are added to the file's. False with errno.
bool SetHoldingFlags(int fd, std::uint32_t flags);
bool ClearHoldingFlags(int fd);

std::uint64_t LinksOf(int fd);

// Whether another descriptor or mapping of this file is open anywhere; nothing when
// that cannot be told (the caller is not its owner, or there are no leases). `fd`
// must be the only one of the caller's; leases on it are given up.
std::optional<bool> IsOpenElsewhere(int fd);

}  // namespace dl::quarantine
