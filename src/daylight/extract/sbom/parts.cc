#include "daylight/extract/sbom/parts.h"

#include <algorithm>

namespace dl::sbom {

std::string Trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  text = text.substr(first, text.find_last_not_of(kSpace) - first + 1);
  if (text.size() > kMaxTextBytes) {
    std::size_t size = kMaxTextBytes;
    // Not within a character: its further bytes are 10xxxxxx.
    while (size > kMaxTextBytes - 4 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
    text = text.substr(0, size);
  }
  return std::string(text);
}

void AddCpe(std::string_view cpe, report::ComponentFact& component) {
  std::string text = Trimmed(cpe);
  if (text.empty() || component.cpes.size() == kMaxCpes) return;
  if (std::find(component.cpes.begin(), component.cpes.end(), text) == component.cpes.end())
    component.cpes.push_back(std::move(text));
}

void AddToList(std::string_view text, std::string& list) {
  const std::string more = Trimmed(text);
  if (more.empty() || list.size() + more.size() + 2 > kMaxTextBytes) return;
  if (!list.empty()) list += ", ";
  list += more;
}

bool IsNamed(const report::ComponentFact& component) {
  return !component.name.empty() || !component.purl.empty() || !component.cpes.empty();
}

void TellOutcome(JsonOutcome outcome, const report::FactPlace& place, extract::Facts& facts) {
  switch (outcome) {
    case JsonOutcome::kRead:
    case JsonOutcome::kStopped: return;
    case JsonOutcome::kDamaged: facts.Unread(place, "damaged", "not JSON to its end"); return;
    case JsonOutcome::kTooDeep: facts.Unread(place, "damaged", "nested more than 1000 levels deep"); return;
    case JsonOutcome::kTooLong:
      facts.Unread(place, "max-memory", "a single text, or nothing but brackets, of more than 16 MiB");
      return;
    case JsonOutcome::kUnreadable: facts.Unread(place, "damaged", "could not be read to its end"); return;
  }
}

}  // namespace dl::sbom
