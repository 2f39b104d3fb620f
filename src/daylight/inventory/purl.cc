#include "daylight/inventory/purl.h"

#include <algorithm>
#include <string_view>

namespace dl::inventory {

namespace {

bool IsAlnum(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

// purl-spec, "Rules for each purl component", "Character encoding": a colon stays as it is.
std::string Encode(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (IsAlnum(c) || c == '.' || c == '-' || c == '_' || c == '~' || c == ':') {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

struct Parts {
  std::string_view type;
  std::string_view vendor;  // Where the operating system does not say.
  bool is_lower = false;    // Names are written in small letters.
};

Parts PartsOf(report::PackageSystem system) {
  switch (system) {
    case report::PackageSystem::kDpkg: return {"deb", "debian", true};
    case report::PackageSystem::kRpm: return {"rpm", "", false};
    case report::PackageSystem::kApk: return {"apk", "alpine", true};
    case report::PackageSystem::kPacman: return {"alpm", "arch", true};
    case report::PackageSystem::kFlatpak:
    case report::PackageSystem::kSnap: break;
  }
  // There are no types for these.
  return {"generic", "", false};
}

bool IsNumber(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string PackageUrl(const report::PackageFact& package, const report::OperatingSystemFact* system) {
  if (package.name.empty()) return {};
  const Parts parts = PartsOf(package.system);
  const bool is_generic = parts.type == "generic";
  std::string vendor(parts.vendor);
  if (!is_generic && system && !system->id.empty()) vendor = Lower(system->id);
  std::string_view version = package.version;
  std::string_view epoch;
  if (const std::size_t colon = version.find(':'); package.system == report::PackageSystem::kRpm &&
                                                   colon != std::string_view::npos &&
                                                   IsNumber(version.substr(0, colon))) {
    epoch = version.substr(0, colon);
    version.remove_prefix(colon + 1);
  }

  std::string url = "pkg:" + std::string(parts.type) + "/";
  if (!vendor.empty()) url += Encode(vendor) + "/";
  url += Encode(parts.is_lower ? Lower(package.name) : package.name);
  if (!version.empty()) url += "@" + Encode(version);
  // Qualifiers stand in the order of their keys.
  char separator = '?';
  const auto add = [&](std::string_view key, std::string_view value) {
    if (value.empty()) return;
    url += separator;
    url += key;
    url += '=';
    url += Encode(value);
    separator = '&';
  };
  if (package.architecture != "(none)") add("arch", package.architecture);
  if (!is_generic && system && !system->id.empty() && !system->version_id.empty())
    add("distro", Lower(system->id) + "-" + system->version_id);
  add("epoch", epoch);
  return url;
}

}  // namespace dl::inventory
