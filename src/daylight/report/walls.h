// The walls around a worker, by name: what both sides call them.
//
//   const WallSet all = kAllWalls;
//   WallNames(all & ~Bit(Wall::kLandlock));      // "privileges,limits,namespaces,seccomp"
//
// Which are to be put up comes with a worker's start; which hold, it says when
// it is ready. docs/security-model.md says what each is good for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dl::report {

enum class Wall : std::uint32_t {
  kPrivileges = 1,  // No new privileges, no capabilities, not dumpable.
  kLimits = 2,      // Resource limits: memory, file size, descriptors, processes.
  kNamespaces = 4,  // User, process, network, mount (an empty root), IPC, host name, control groups.
  kLandlock = 8,    // Every right that the running kernel knows, denied.
  kSeccomp = 16,    // An allow-list of system calls; the process is killed for any other.
};
using WallSet = std::uint32_t;
inline constexpr WallSet kAllWalls = 31;
inline constexpr WallSet Bit(Wall wall) { return static_cast<WallSet>(wall); }
inline constexpr Wall kWalls[] = {Wall::kPrivileges, Wall::kLimits, Wall::kNamespaces, Wall::kLandlock, Wall::kSeccomp};

// A worker's exit codes that mean something.
inline constexpr int kExitNoSeccomp = 66;    // Seccomp was wanted and is not to be had.
inline constexpr int kExitOutOfMemory = 67;  // It asked for more memory than it may have.

std::string_view WallName(Wall wall);
// Names with commas between; "none" for none.
std::string WallNames(WallSet walls);
// The inverse. Nothing if a name is unknown.
std::optional<WallSet> ParseWalls(std::string_view names);

// What a worker says of itself when it is ready for its first job.
struct WallsHeld {
  WallSet held = 0;
  // For people: "landlock: ABI 7", "namespaces: refused (Operation not permitted)".
  std::vector<std::string> notes;
};

}  // namespace dl::report
