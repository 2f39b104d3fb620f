#include "daylight/inventory/items.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "daylight/crypto/digest.h"
#include "daylight/inventory/purl.h"
#include "daylight/report/escape.h"

namespace dl::inventory {

namespace {

// Types of components, CycloneDX 1.5.
constexpr auto kTypes =
    std::to_array<std::string_view>({"application", "container", "data", "device", "device-driver", "file", "firmware",
                                     "framework", "library", "machine-learning-model", "operating-system", "platform"});

// Also of SPDX's purposes, in capitals.
std::string_view TypeOf(std::string_view text) {
  std::string lower(text.substr(0, 64));
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (lower == "operating_system") lower = "operating-system";
  const auto found = std::find(kTypes.begin(), kTypes.end(), lower);
  // The specification's choice for what is not known better.
  return found == kTypes.end() ? "application" : *found;
}

std::string_view TypeOf(TargetKind kind) {
  switch (kind) {
    case TargetKind::kMachine: return "device";
    case TargetKind::kImage: return "container";
    case TargetKind::kFolder:
    case TargetKind::kPackage:
    case TargetKind::kDisk:
    case TargetKind::kSbom:
    case TargetKind::kFile: break;
  }
  return "file";
}

std::string_view KindName(TargetKind kind) {
  switch (kind) {
    case TargetKind::kMachine: return "machine";
    case TargetKind::kFolder: return "folder";
    case TargetKind::kImage: return "image";
    case TargetKind::kPackage: return "package";
    case TargetKind::kDisk: return "disk";
    case TargetKind::kSbom: return "sbom";
    case TargetKind::kFile: break;
  }
  return "file";
}

void AddProperty(Item& item, std::string_view name, std::string value) {
  if (!value.empty()) item.properties.emplace_back(name, std::move(value));
}

void TakeSystem(const report::OperatingSystemFact& system, Item& item) {
  item.type = "operating-system";
  item.name = !system.name.empty() ? system.name : system.id;
  item.version = system.version_id;
  if (!system.cpe.empty()) item.cpes = {system.cpe};
  AddProperty(item, "daylight:os", system.id);
}

Item ItemOf(const Place& place) {
  Item item;
  item.type = TypeOf(place.kind);
  const report::OperatingSystemFact* system = OnlySystem(place);
  // What is a system with a name; an image has one of its own.
  if (system && place.kind != TargetKind::kImage) {
    TakeSystem(*system, item);
  } else {
    item.name = place.title;
    if (item.name.empty() && !place.images.empty() && !place.images[0].names.empty())
      item.name = place.images[0].names[0];
  }
  if (item.name.empty()) item.name = place.name;
  std::string_view digest = place.digest;
  if (digest.empty() && !place.images.empty()) digest = place.images[0].digest;
  if (digest.starts_with("sha256:") && digest.size() == 71 && std::all_of(digest.begin() + 7, digest.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
      }))
    item.digest = digest.substr(7);
  AddProperty(item, "daylight:target", place.name);
  AddProperty(item, "daylight:kind", std::string(KindName(place.kind)));
  for (const report::ImageFact& image : place.images) {
    for (const std::string& name : image.names) AddProperty(item, "daylight:image", name);
    AddProperty(item, "daylight:architecture", image.architecture);
  }
  return item;
}

Item ItemOf(const report::PackageFact& package, const Place& place) {
  Item item;
  item.type = TypeOf("");
  item.name = package.name;
  item.version = package.version;
  item.supplier = package.vendor;
  item.maintainer = item.publisher = package.maintainer;
  item.purl = PackageUrl(package, OnlySystem(place));
  item.licence = package.licence;
  item.description = package.summary;
  item.homepage = WebAddress(package.homepage);
  AddProperty(item, "daylight:origin", std::string(SystemName(package.system)));
  AddProperty(item, "daylight:database", package.place.path);
  AddProperty(item, "daylight:state", std::string(StateName(package.state)));
  AddProperty(item, "daylight:architecture", package.architecture);
  AddProperty(item, "daylight:source", package.source);
  AddProperty(item, "daylight:distribution", package.distribution);
  if (package.installed_at > 0) AddProperty(item, "daylight:installed_at", TimeText(package.installed_at));
  return item;
}

Item ItemOf(const report::ComponentFact& component) {
  Item item;
  item.type = TypeOf(component.type);
  item.name = component.name;
  item.version = component.version;
  item.group = component.group;
  item.supplier = !component.supplier.empty() ? component.supplier : component.manufacturer;
  item.publisher = component.publisher;
  item.author = component.author;
  item.purl = component.purl;
  item.cpes = component.cpes;
  item.licence = component.licence;
  item.description = component.description;
  item.copyright = component.copyright;
  AddProperty(item, "daylight:origin", "sbom");
  AddProperty(item, "daylight:database", component.place.path);
  AddProperty(item, "daylight:reference", component.reference);
  return item;
}

// So that two different packages cannot come to one identifier.
std::string IdPart(std::string_view text) {
  std::string part;
  for (const char c : text) {
    switch (c) {
      case '%': part += "%25"; break;
      case '/': part += "%2F"; break;
      case '@': part += "%40"; break;
      case '#': part += "%23"; break;
      case ':': part += "%3A"; break;
      default: part += c;
    }
  }
  return part;
}

// Gives items their numbers and their identifiers.
class Walk {
 public:
  Walk(const Contents& contents, const std::function<bool(const Item&)>& take) : contents_(contents), take_(take) {}

  bool All() {
    std::vector<std::size_t> places;  // Their items' numbers.
    for (std::size_t i = 0; i < contents_.places.size(); ++i) {
      const Place& place = contents_.places[i];
      places.push_back(next_);
      place_ = i;
      place_id_ = "place-" + std::to_string(i + 1);
      Item item = ItemOf(place);
      item.id = place_id_;
      if (!Give(std::move(item), place.parent == i ? next_ : places[place.parent])) return false;
      if (!Inside(place, places[i])) return false;
    }
    return true;
  }

 private:
  bool Inside(const Place& place, std::size_t parent) {
    if (place.systems.size() > 1 || place.kind == TargetKind::kImage) {
      for (const report::OperatingSystemFact& system : place.systems) {
        Item item;
        TakeSystem(system, item);
        AddProperty(item, "daylight:database", system.place.path);
        Identify(item, "os/" + IdPart(system.id) + "@" + IdPart(system.version_id));
        if (!Give(std::move(item), parent)) return false;
      }
    }
    for (const report::PackageFact& package : place.packages) {
      if (!IsThere(package)) continue;
      Item item = ItemOf(package, place);
      if (place.parent != place_) AddProperty(item, "daylight:root", place.name);
      Identify(item, std::string(SystemName(package.system)) + "/" + IdPart(package.name) + ":" +
                         IdPart(package.architecture) + "@" + IdPart(package.version));
      if (!Give(std::move(item), parent)) return false;
    }
    return Components(place, parent);
  }

  bool Components(const Place& place, std::size_t parent) {
    // The first of several with one reference is what is meant.
    std::vector<std::pair<std::string_view, std::size_t>> numbers;
    std::size_t number = next_;
    for (const report::ComponentFact& component : place.components) numbers.emplace_back(component.reference, number++);
    std::sort(numbers.begin(), numbers.end());
    for (const report::ComponentFact& component : place.components) {
      Item item = ItemOf(component);
      if (place.parent != place_) AddProperty(item, "daylight:root", place.name);
      std::size_t above = parent;
      if (!component.within.empty()) {
        const auto found = std::lower_bound(numbers.begin(), numbers.end(),
                                            std::pair<std::string_view, std::size_t>(component.within, 0));
        if (found != numbers.end() && found->first == component.within && found->second != next_) above = found->second;
      }
      // Their own references may be there twice, or be those of something else.
      item.id = place_id_ + "/component/" + std::to_string(next_);
      if (!Give(std::move(item), above)) return false;
    }
    return true;
  }

  // Those that would have the same identifier follow each other, as they are sorted.
  void Identify(Item& item, std::string path) {
    same_ = path == last_path_ ? same_ + 1 : 1;
    last_path_ = std::move(path);
    item.id = place_id_ + "/" + report::EscapeLine(last_path_);  // Which says exactly what the bytes were.
    if (same_ > 1) item.id += "#" + std::to_string(same_);
  }

  bool Give(Item&& item, std::size_t parent) {
    item.number = next_++;
    item.parent = parent;
    item.place = place_;
    if (item.name.empty()) item.name = !item.purl.empty() ? item.purl : "unnamed";
    return take_(item);
  }

  const Contents& contents_;
  const std::function<bool(const Item&)>& take_;
  std::size_t next_ = 0;
  std::size_t place_ = 0;
  std::string place_id_;
  std::string last_path_;
  std::size_t same_ = 0;
};

}  // namespace

const report::OperatingSystemFact* OnlySystem(const Place& place) {
  return place.systems.size() == 1 ? &place.systems[0] : nullptr;
}

std::string_view SystemName(report::PackageSystem system) {
  switch (system) {
    case report::PackageSystem::kDpkg: return "dpkg";
    case report::PackageSystem::kRpm: return "rpm";
    case report::PackageSystem::kApk: return "apk";
    case report::PackageSystem::kPacman: return "pacman";
    case report::PackageSystem::kFlatpak: return "flatpak";
    case report::PackageSystem::kSnap: break;
  }
  return "snap";
}

std::string_view StateName(report::PackageState state) {
  switch (state) {
    case report::PackageState::kInstalled: return "installed";
    case report::PackageState::kConfigFiles: return "config-files";
    case report::PackageState::kBroken: return "broken";
    case report::PackageState::kFile: return "file";
    case report::PackageState::kNotInstalled: break;
  }
  return "not-installed";
}

bool ForEachItem(const Contents& contents, const std::function<bool(const Item&)>& take) {
  return Walk(contents, take).All();
}

// Howard Hinnant's days-from-civil, backwards: years begin in March, so that the leap day is their last.
std::string TimeText(std::int64_t seconds) {
  constexpr std::int64_t kYear9999 = 253402300799;
  seconds = std::clamp<std::int64_t>(seconds, 0, kYear9999);
  const std::int64_t of_day = seconds % 86400;
  const std::int64_t days = seconds / 86400 + 719468;  // Since 0000-03-01.
  const std::int64_t era = days / 146097;
  const std::int64_t of_era = days % 146097;
  const std::int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const std::int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t from_march = (5 * of_year + 2) / 153;
  const std::int64_t day = of_year - (153 * from_march + 2) / 5 + 1;
  const std::int64_t month = from_march < 10 ? from_march + 3 : from_march - 9;
  const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  std::array<char, 128> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02dZ", static_cast<int>(year),
                static_cast<int>(month), static_cast<int>(day), static_cast<int>(of_day / 3600),
                static_cast<int>(of_day / 60 % 60), static_cast<int>(of_day % 60));
  return text.data();
}

std::string ContentUuid(const Contents& contents, const WriteOptions& options) {
  crypto::Sha256 sha256;
  std::string text;
  const auto add = [&](std::string_view part) {
    text += std::to_string(part.size());
    text += ':';
    text += part;
  };
  add(options.program);
  add(options.version);
  add(std::to_string(contents.unread));
  ForEachItem(contents, [&](const Item& item) {
    add(std::to_string(item.parent));
    for (const std::string* part :
         {&item.id, &item.name, &item.version, &item.group, &item.supplier, &item.maintainer, &item.publisher,
          &item.author, &item.purl, &item.licence, &item.description, &item.copyright, &item.homepage, &item.digest})
      add(*part);
    add(item.type);
    for (const std::string& cpe : item.cpes) add(cpe);
    for (const auto& [name, value] : item.properties) add(value);
    sha256.Update(AsBytes(text));
    text.clear();
    return true;
  });
  sha256.Update(AsBytes(text));
  crypto::Sha256::Value digest = sha256.Finish();
  digest[6] = (digest[6] & std::byte{0x0f}) | std::byte{0x80};  // Version 8: as its maker likes.
  digest[8] = (digest[8] & std::byte{0x3f}) | std::byte{0x80};
  std::string uuid = crypto::Hex(Bytes(digest).first(16));
  for (const std::size_t at : {8u, 13u, 18u, 23u}) uuid.insert(at, 1, '-');
  return uuid;
}

std::string WebAddress(std::string_view text) {
  if (!text.starts_with("http://") && !text.starts_with("https://")) return {};
  constexpr std::string_view kOther = "-._~:/?#[]@!$&'()*+,;=%";
  const std::size_t host = text.find("//") + 2;
  if (text.size() > 2000 || host == text.size() || text[host] == '/' || text.find_first_of("[]%") < text.size() ||
      std::count(text.begin(), text.end(), '#') > 1)
    return {};
  for (const char c : text) {
    const bool is_alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!is_alnum && kOther.find(c) == std::string_view::npos) return {};
  }
  // A port, if any, is a number.
  const std::string_view authority = text.substr(host, text.find_first_of("/?#", host) - host);
  const std::size_t colon = authority.find(':');
  if (colon != std::string_view::npos &&
      (colon == 0 || authority.find_first_not_of("0123456789", colon + 1) != std::string_view::npos))
    return {};
  return std::string(text);
}

bool IsCpe(std::string_view text) {
  // Printable, without quotes and spaces.
  for (const char c : text)
    if (c <= ' ' || c > '~' || c == '"') return false;
  if (text.starts_with("cpe:2.3:")) {
    // 11 attributes; a colon within one is escaped.
    std::size_t attributes = 1;
    for (std::size_t i = 8; i < text.size(); ++i) {
      if (text[i] == '\\') {
        ++i;
      } else if (text[i] == ':') {
        ++attributes;
      }
    }
    return attributes == 11 && text.find("::") == std::string_view::npos && !text.ends_with(':');
  }
  return text.size() > 7 && (text.starts_with("cpe:/a:") || text.starts_with("cpe:/o:") || text.starts_with("cpe:/h:"));
}

}  // namespace dl::inventory
