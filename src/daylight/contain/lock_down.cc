#include "daylight/contain/lock_down.h"

#include <signal.h>
#include <sys/prctl.h>

#include <cstring>

namespace dl::contain {

namespace {

using report::Bit;
using report::Wall;

void Note(report::WallsHeld& walls, Wall wall, const Status& status, const std::string& detail) {
  std::string note = std::string(WallName(wall)) + ": ";
  if (status) {
    walls.held |= Bit(wall);
    note += detail;
  } else {
    note += std::string(status.error().what);
    if (status.error().offset != 0)
      note += std::string(" (") + std::strerror(static_cast<int>(status.error().offset)) + ")";
  }
  walls.notes.push_back(std::move(note));
}

}  // namespace

Result<report::WallsHeld> LockDown(report::WallSet wanted, Role role) {
  report::WallsHeld walls;
  const auto is_wanted = [wanted](Wall wall) { return (wanted & Bit(wall)) != 0; };
  if (is_wanted(Wall::kLimits)) Note(walls, Wall::kLimits, LimitResources(), "hold");
  if (is_wanted(Wall::kNamespaces)) {
    std::string names;
    const Status status = EnterNamespaces(names);
    Note(walls, Wall::kNamespaces, status, names);
  }
  if (is_wanted(Wall::kPrivileges)) Note(walls, Wall::kPrivileges, DropPrivileges(), "none left, none to be had");
  // Both of the next two ask for this, whether or not the rest is wanted.
  if (is_wanted(Wall::kLandlock) || is_wanted(Wall::kSeccomp)) ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (is_wanted(Wall::kLandlock)) {
    int abi = 0;
    const Status status = DenyFiles(abi);
    Note(walls, Wall::kLandlock, status, "ABI " + std::to_string(abi));
  }
  // Whoever gives up rights is no longer told of its parent's end: asked again.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (is_wanted(Wall::kSeccomp)) {
    DL_TRY_STATUS(FilterSystemCalls(role));
    Note(walls, Wall::kSeccomp, {}, "an allow-list");
  }
  return walls;
}

}  // namespace dl::contain
