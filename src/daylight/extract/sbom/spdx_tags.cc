// SPDX 2 as tags with values: one "Tag: value" a line, longer values between <text> and </text> (SPDX 2.3, 4.4).
#include <algorithm>

#include "daylight/extract/sbom/spdx.h"

namespace dl::sbom {

namespace {

// A longer line is cut; of a longer value only the beginning counts.
constexpr std::size_t kMaxLineBytes = 64u << 10;

class TagReader {
 public:
  explicit TagReader(SpdxEvents& events) : events_(events) {}

  bool Line(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (in_text_) return TextLine(line);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || line.starts_with('#')) return true;
    tag_ = Trimmed(line.substr(0, std::min<std::size_t>(colon, 64)));
    std::string_view value = line.substr(colon + 1);
    const std::size_t first = value.find_first_not_of(" \t");
    value.remove_prefix(first == std::string_view::npos ? value.size() : first);
    if (!value.starts_with("<text>")) return Tag(value);
    in_text_ = true;
    text_.clear();
    return TextLine(value.substr(6));
  }

  bool Finish() { return EndPackage(); }
  bool in_text() const { return in_text_; }

 private:
  bool TextLine(std::string_view line) {
    const std::size_t end = line.find("</text>");
    if (text_.size() < kMaxTextBytes) {
      text_ += line.substr(0, std::min(end, kMaxTextBytes));
      text_ += '\n';
    }
    if (end == std::string_view::npos) return true;
    in_text_ = false;
    return Tag(text_);
  }

  bool EndPackage() {
    if (!in_package_) return true;
    in_package_ = false;
    if (package_.licence.empty()) package_.licence = declared_;
    return events_.Package(std::move(package_));
  }

  bool Tag(std::string_view value) {
    if (tag_ == "PackageName") {
      if (!EndPackage()) return false;
      in_package_ = true;
      package_ = {};
      declared_.clear();
      package_.name = Trimmed(value);
      return true;
    }
    if (tag_ == "Relationship") return Relation(value);
    // These begin something else.
    if (tag_ == "FileName" || tag_ == "SnippetSPDXID" || tag_ == "LicenseID") return EndPackage();
    if (in_package_) Take(value);
    return true;
  }

  void Take(std::string_view value) {
    if (tag_ == "SPDXID") package_.reference = Trimmed(value);
    if (tag_ == "PackageVersion") package_.version = Trimmed(value);
    if (tag_ == "PrimaryPackagePurpose") package_.type = Trimmed(value);
    if (tag_ == "PackageSupplier") package_.supplier = SpdxActor(value);
    if (tag_ == "PackageOriginator") package_.author = SpdxActor(value);
    if (tag_ == "PackageLicenseConcluded") package_.licence = SpdxText(value);
    if (tag_ == "PackageLicenseDeclared") declared_ = SpdxText(value);
    if (tag_ == "PackageCopyrightText") package_.copyright = SpdxText(value);
    if (tag_ == "PackageSummary" || (tag_ == "PackageDescription" && package_.description.empty()))
      package_.description = SpdxText(value);
    if (tag_ == "ExternalRef") {
      Word(value);  // Its category.
      const std::string_view type = Word(value);
      AddSpdxReference(type, Word(value), package_);
    }
  }

  bool Relation(std::string_view value) {
    const std::string_view from = Word(value);
    const std::string_view type = Word(value);
    return events_.Relation(from, type, Word(value));
  }

  // Takes the next word off `text`.
  static std::string_view Word(std::string_view& text) {
    const std::size_t first = std::min(text.find_first_not_of(" \t\n"), text.size());
    text.remove_prefix(first);
    const std::size_t size = std::min(text.find_first_of(" \t\n"), text.size());
    const std::string_view word = text.substr(0, size);
    text.remove_prefix(size);
    return word;
  }

  SpdxEvents& events_;
  std::string tag_;
  std::string text_;
  bool in_text_ = false;
  bool in_package_ = false;
  report::ComponentFact package_;
  std::string declared_;
};

JsonOutcome ReadTags(TextFeed& feed, SpdxEvents& events) {
  if (!feed.Restart()) return JsonOutcome::kUnreadable;
  TagReader reader(events);
  std::string line;
  const auto add = [&](std::string_view part) { line += part.substr(0, kMaxLineBytes - line.size()); };
  while (true) {
    const auto piece = feed.Next();
    if (!piece) return JsonOutcome::kUnreadable;
    if (piece->empty()) break;
    std::string_view text = *piece;
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      add(text.substr(0, end));
      if (end == std::string_view::npos) break;
      text.remove_prefix(end + 1);
      if (!reader.Line(line)) return JsonOutcome::kStopped;
      line.clear();
    }
  }
  if (!reader.Line(line)) return JsonOutcome::kStopped;
  const bool in_text = reader.in_text();
  if (!reader.Finish()) return JsonOutcome::kStopped;
  return in_text ? JsonOutcome::kDamaged : JsonOutcome::kRead;
}

}  // namespace

void ReadSpdxTags(TextFeed& feed, const report::FactPlace& place, extract::Facts& facts) {
  SpdxReader spdx(place, facts);
  spdx.Read([&](SpdxEvents& events) { return ReadTags(feed, events); });
}

}  // namespace dl::sbom
