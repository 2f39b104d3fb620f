// flatpak-metadata(5): a key file. What it came from is in `deploy`, a GVariant of type (ssasta{sv}).
#include <array>
#include <utility>
#include <vector>

#include "daylight/bytes/cursor.h"
#include "daylight/extract/packages/line_reader.h"
#include "daylight/extract/packages/packages.h"
#include "daylight/unpack/unpacker.h"

namespace dl::extract {

namespace {

// From the end of …/app/ID/ARCHITECTURE/BRANCH/COMMIT/metadata: BRANCH is the third part.
std::string_view PartFromEnd(std::string_view path, std::size_t index) {
  for (std::size_t i = 0; i < index; ++i) {
    const std::size_t slash = path.rfind('/');
    if (slash == path.npos) return {};
    path = path.substr(0, slash);
  }
  return NameOf(path);
}

// A string in the dictionary: its key with a NUL, zeros up to a multiple of eight (the alignment of {sv}'s
// variant, and of the whole), the text with a NUL.
std::string StringOf(Bytes deploy, std::string_view key) {
  const std::string wanted = std::string(key) + '\0';
  const std::size_t at = AsText(deploy).find(wanted);
  if (at == std::string_view::npos || at % 8 != 0) return {};
  Cursor cursor(deploy);
  if (!cursor.SeekTo((at + wanted.size() + 7) / 8 * 8)) return {};
  const auto text = cursor.ReadCString(kMaxFactText);
  return text ? std::string(*text) : std::string();
}

}  // namespace

void ReadFlatpakMetadata(ObjectSource& metadata, ObjectSource* deploy, const report::FactPlace& place, Facts& facts) {
  constexpr std::size_t kMaxLine = 64u << 10;
  constexpr std::uint64_t kMaxDeployBytes = 1u << 20;
  LineReader lines(metadata, kMaxLine);
  report::PackageFact fact;
  fact.place = place;
  fact.system = report::PackageSystem::kFlatpak;
  bool is_head = false;
  while (const auto line = lines.Next()) {
    const std::string_view text = Trim(*line);
    if (text.starts_with('[')) {
      is_head = text == "[Application]" || text == "[Runtime]";
      continue;
    }
    const std::size_t equals = text.find('=');
    if (!is_head || equals == text.npos || Trim(text.substr(0, equals)) != "name") continue;
    fact.name = FactText(Trim(text.substr(equals + 1)));
  }
  if (fact.name.empty()) {
    facts.Unread(place, unpack::kDamaged, "it names no application and no runtime");
    return;
  }
  fact.version = FactText(PartFromEnd(place.path, 2));
  fact.architecture = FactText(PartFromEnd(place.path, 3));
  if (deploy != nullptr) {
    const auto bytes = deploy->Whole(kMaxDeployBytes);
    if (!bytes) {
      facts.Unread(place, unpack::kDamaged, "what it came from cannot be read");
    } else {
      Cursor cursor(*bytes);
      if (const auto origin = cursor.ReadCString(kMaxFactText)) fact.distribution = *origin;
      if (std::string version = StringOf(*bytes, "appdata-version"); !version.empty()) fact.version = version;
    }
  }
  facts.Add(std::move(fact));
}

}  // namespace dl::extract
