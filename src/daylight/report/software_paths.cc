#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>
#include <vector>

#include "daylight/report/software.h"

namespace dl::report {

namespace {

// The path's parts; nothing when they are more than any rule here asks for.
struct Parts {
  static constexpr std::size_t kMax = 16;
  std::array<std::string_view, kMax> part;
  std::size_t count = 0;

  explicit Parts(std::string_view path) {
    while (!path.empty() && count < kMax) {
      const std::size_t slash = path.find('/');
      part[count++] = path.substr(0, slash);
      path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    }
    if (!path.empty()) count = 0;
  }
};

// "*" is any one part. What is left of `pattern`, or of the path, is no match.
bool Matches(const Parts& parts, std::size_t from, std::initializer_list<std::string_view> pattern) {
  if (parts.count - std::min(parts.count, from) != pattern.size()) return false;
  for (const std::string_view wanted : pattern) {
    const std::string_view part = parts.part[from++];
    if (wanted == "*" ? part.empty() : part != wanted) return false;
  }
  return true;
}

bool IsRpmDatabase(std::string_view path) {
  // usr/share/rpm: where an OSTree keeps the one that var/lib/rpm links to.
  for (const std::string_view folder : {"var/lib/rpm/", "usr/lib/sysimage/rpm/", "usr/share/rpm/"}) {
    if (!path.starts_with(folder)) continue;
    const std::string_view name = path.substr(folder.size());
    return name == "rpmdb.sqlite" || name == "Packages.db" || name == "Packages";
  }
  return false;
}

bool IsDpkgStatus(std::string_view path) {
  if (path == "var/lib/dpkg/status") return true;
  constexpr std::string_view kFolder = "var/lib/dpkg/status.d/";
  if (!path.starts_with(kFolder)) return false;
  const std::string_view name = path.substr(kFolder.size());
  return !name.empty() && name.find('/') == name.npos && !name.ends_with(".md5sums") && !name.ends_with(".list");
}

bool IsUnitName(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == name.npos || dot == 0) return false;
  constexpr std::array<std::string_view, 9> kTypes = {"service",   "socket", "timer",  "path", "mount",
                                                      "automount", "swap",   "target", "slice"};
  return std::find(kTypes.begin(), kTypes.end(), name.substr(dot + 1)) != kTypes.end();
}

// systemd.unit(5), "Unit File Load Path". Drop-ins and links to enable units have longer paths.
bool IsUnit(std::string_view path, const Parts& parts) {
  if (parts.count == 0 || !IsUnitName(parts.part[parts.count - 1])) return false;
  for (const std::string_view folder : {"etc/systemd/", "lib/systemd/", "usr/lib/systemd/", "usr/local/lib/systemd/",
                                        "run/systemd/", "usr/share/systemd/", "usr/local/share/systemd/"}) {
    if (!path.starts_with(folder)) continue;
    const Parts rest(path.substr(folder.size()));
    return rest.count == 2 && (rest.part[0] == "system" || rest.part[0] == "user" || rest.part[0] == "transient" ||
                               rest.part[0].starts_with("generator"));
  }
  for (const std::size_t home : {std::size_t{1}, std::size_t{2}}) {
    if (parts.part[0] != (home == 1 ? "root" : "home")) continue;
    if (Matches(parts, home, {".config", "systemd", "user", "*"}) ||
        Matches(parts, home, {".local", "share", "systemd", "user", "*"})) {
      return true;
    }
  }
  return false;
}

bool IsFlatpakMetadata(const Parts& parts) {
  if (parts.count == 0 || parts.part[parts.count - 1] != "metadata") return false;
  std::size_t from = 0;
  if (parts.part[0] == "var" && parts.part[1] == "lib") {
    from = 2;
  } else if (parts.part[0] == "root" || parts.part[0] == "home") {
    from = parts.part[0] == "root" ? 1 : 2;
    if (parts.part[from] != ".local" || parts.part[from + 1] != "share") return false;
    from += 2;
  } else {
    return false;
  }
  return Matches(parts, from, {"flatpak", "app", "*", "*", "*", "*", "metadata"}) ||
         Matches(parts, from, {"flatpak", "runtime", "*", "*", "*", "*", "metadata"});
}

// Settings that may mention a product: a mention quotes a line, so nothing that keeps secrets;
// and nothing that is large, or data.
bool IsSettingsText(std::string_view path) {
  if (path.starts_with("usr/local/")) path.remove_prefix(10);
  if (!path.starts_with("etc/")) return false;
  path.remove_prefix(4);
  for (const std::string_view folder :
       {"ssl/",          "pki/",          "ca-certificates/", "alternatives/",
        "ld.so.cache",   "shadow",        "gshadow",          "security/opasswd",
        "krb5.keytab",   "ssh/ssh_host_", "ImageMagick",      "fonts/",
        "X11/",          "sudoers",       "wireguard/",       "NetworkManager/system-connections/",
        "ipsec.secrets", "udev/hwdb.bin", "selinux/",         "apparmor.d/cache"}) {
    if (path.starts_with(folder)) return false;
  }
  for (const std::string_view end : {".key", ".pem", ".crt", ".cer", ".der", ".p12", ".pfx", ".jks", ".gpg", ".gz",
                                     ".db", ".bin", ".so", ".png", ".keytab"}) {
    if (path.ends_with(end)) return false;
  }
  return !path.empty() && !path.ends_with('/');
}

}  // namespace

std::optional<SurveyKind> SurveyKindOfPath(std::string_view path) {
  if (IsDpkgStatus(path)) return SurveyKind::kDpkgStatus;
  if (IsRpmDatabase(path)) return SurveyKind::kRpmDatabase;
  if (path == "lib/apk/db/installed" || path == "usr/lib/apk/db/installed") return SurveyKind::kApkInstalled;
  if (path == "etc/os-release" || path == "usr/lib/os-release") return SurveyKind::kOsRelease;
  const Parts parts(path);
  if (Matches(parts, 0, {"var", "lib", "pacman", "local", "*", "desc"})) return SurveyKind::kPacmanDesc;
  if (IsFlatpakMetadata(parts)) return SurveyKind::kFlatpakMetadata;
  if (IsUnit(path, parts)) return SurveyKind::kUnit;
  if (IsSettingsText(path)) return SurveyKind::kText;
  return std::nullopt;
}

std::optional<PackageFact> PackageOfPath(std::string_view path) {
  constexpr std::string_view kFolder = "var/lib/snapd/snaps/";
  constexpr std::string_view kEnd = ".snap";
  if (!path.starts_with(kFolder) || !path.ends_with(kEnd)) return std::nullopt;
  std::string_view name = path.substr(kFolder.size());
  if (name.size() <= kEnd.size()) return std::nullopt;
  name.remove_suffix(kEnd.size());
  // A second instance has a name "NAME_KEY" of its own.
  const std::size_t line = name.rfind('_');
  if (line == name.npos || line == 0 || line + 1 == name.size() || name.find('/') != name.npos) return std::nullopt;
  PackageFact fact;
  fact.place.path = path;
  fact.system = PackageSystem::kSnap;
  fact.name = name.substr(0, line);
  fact.version = name.substr(line + 1);
  return fact;
}

}  // namespace dl::report
