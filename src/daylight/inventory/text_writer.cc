#include <algorithm>
#include <array>

#include "daylight/inventory/items.h"
#include "daylight/report/escape.h"

namespace dl::inventory {

namespace {

constexpr std::size_t kPieceBytes = 64u << 10;
// A text that is wider than this moves the rest of its line instead of all other lines.
constexpr std::size_t kMaxWidth = 48;

constexpr std::size_t kColumns = 6;
using Row = std::array<std::string, kColumns>;

// Of text without control characters, about: a character a column.
std::size_t WidthOf(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

// As `dpkg -l` has them, where it has them.
std::string_view StateOf(const report::PackageFact& package) {
  if (package.place.presence == report::Presence::kDeleted) return "deleted";
  switch (package.state) {
    case report::PackageState::kInstalled: return "ii";
    case report::PackageState::kConfigFiles: return "rc";
    case report::PackageState::kBroken: return "broken";
    case report::PackageState::kFile: return "file";
    case report::PackageState::kNotInstalled: break;
  }
  return "un";
}

std::string Cell(std::string_view text) { return text.empty() ? "-" : report::EscapeLine(text); }

Row RowOf(const report::PackageFact& package) {
  return {std::string(StateOf(package)),
          std::string(SystemName(package.system)),
          Cell(package.name),
          Cell(package.version),
          Cell(package.architecture),
          Cell(package.place.path)};
}

Row RowOf(const report::ComponentFact& component) {
  const std::string name = component.group.empty() ? component.name : component.group + "/" + component.name;
  return {"listed",
          "sbom",
          Cell(name.empty() ? component.purl : name),
          Cell(component.version),
          "-",
          Cell(component.place.path)};
}

std::string TitleOf(const Place& place) {
  std::string title = "# " + report::EscapeLine(place.name);
  if (!place.title.empty()) title += ": " + report::EscapeLine(place.title);
  for (const report::ImageFact& image : place.images)
    for (const std::string& name : image.names) title += ", " + report::EscapeLine(name);
  for (const report::OperatingSystemFact& system : place.systems)
    title += ", " + report::EscapeLine(!system.name.empty() ? system.name : system.id + " " + system.version_id);
  return title + "\n";
}

class Writer {
 public:
  Writer(const Contents& contents, const Sink& sink) : contents_(contents), sink_(sink) {}

  bool Write() {
    ForEachRow([&](const Row& row) {
      for (std::size_t i = 0; i < kColumns; ++i)
        if (const std::size_t width = WidthOf(row[i]); width <= kMaxWidth) widths_[i] = std::max(widths_[i], width);
      return true;
    });
    for (const Place& place : contents_.places) {
      const bool is_target = &contents_.places[place.parent] == &place;
      // Places with nothing in them (the many archives of a folder) are not worth a line.
      if (!is_target && place.packages.empty() && place.components.empty() && place.systems.empty()) continue;
      if (!text_.empty() || written_) text_ += '\n';
      written_ = true;
      text_ += TitleOf(place);
      if (!ForEachRow(place, [&](const Row& row) { return Line(row); })) return false;
    }
    if (contents_.unread != 0)
      text_ += "\n# " + std::to_string(contents_.unread) + " objects could not be read: this is not the whole of it.\n";
    return sink_(text_);
  }

 private:
  template <typename Take>
  bool ForEachRow(const Place& place, const Take& take) {
    // What is there first.
    for (const bool there : {true, false})
      for (const report::PackageFact& package : place.packages)
        if (IsThere(package) == there && !take(RowOf(package))) return false;
    for (const report::ComponentFact& component : place.components)
      if (!take(RowOf(component))) return false;
    return true;
  }
  template <typename Take>
  void ForEachRow(const Take& take) {
    for (const Place& place : contents_.places) ForEachRow(place, take);
  }

  bool Line(const Row& row) {
    for (std::size_t i = 0; i < kColumns; ++i) {
      text_ += row[i];
      if (i + 1 == kColumns) break;
      const std::size_t width = WidthOf(row[i]);
      text_.append(width < widths_[i] ? widths_[i] - width + 2 : 2, ' ');
    }
    text_ += '\n';
    if (text_.size() < kPieceBytes) return true;
    const bool wanted = sink_(text_);
    text_.clear();
    return wanted;
  }

  const Contents& contents_;
  const Sink& sink_;
  std::string text_;
  bool written_ = false;
  std::array<std::size_t, kColumns> widths_{};
};

}  // namespace

bool WriteText(const Contents& contents, const Sink& sink) { return Writer(contents, sink).Write(); }

}  // namespace dl::inventory
