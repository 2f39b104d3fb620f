#include "daylight/report/walls.h"

namespace dl::report {

std::string_view WallName(Wall wall) {
  switch (wall) {
    case Wall::kPrivileges: return "privileges";
    case Wall::kLimits: return "limits";
    case Wall::kNamespaces: return "namespaces";
    case Wall::kLandlock: return "landlock";
    case Wall::kSeccomp: return "seccomp";
  }
  return "?";
}

std::string WallNames(WallSet walls) {
  std::string names;
  for (const Wall wall : kWalls) {
    if ((walls & Bit(wall)) == 0) continue;
    if (!names.empty()) names += ",";
    names += WallName(wall);
  }
  return names.empty() ? "none" : names;
}

std::optional<WallSet> ParseWalls(std::string_view names) {
  WallSet walls = 0;
  if (names == "none") return walls;
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find(','));
    names.remove_prefix(name.size());
    if (!names.empty()) names.remove_prefix(1);
    const WallSet before = walls;
    for (const Wall wall : kWalls) {
      if (WallName(wall) == name) walls |= Bit(wall);
    }
    if (walls == before) return std::nullopt;
  }
  return walls;
}

}  // namespace dl::report
