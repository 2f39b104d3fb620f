#include "daylight/formats/elf/telfhash.h"

#include <algorithm>
#include <array>
#include <vector>

#include "daylight/formats/elf/tlsh.h"

namespace dl::elf {
namespace {

constexpr std::uint8_t kTypeFunction = 2;            // STT_FUNC
constexpr std::uint8_t kBindingGlobal = 1;           // STB_GLOBAL
constexpr std::uint8_t kVisibilityDefault = 0;       // STV_DEFAULT
constexpr std::uint16_t kSectionIndexUndefined = 0;  // SHN_UNDEF

// In nearly every program, or there on one architecture and not on another.
constexpr std::array<std::string_view, 8> kUnspecificNames = {"__libc_start_main", "main", "abort", "cachectl",
                                                              "cacheflush",        "puts", "atol",  "malloc_trim"};

bool IsSpecific(std::string_view name) {
  if (name.starts_with('.') || name.starts_with('_')) return false;
  if (name.ends_with("64")) return false;
  // Compilers replace these by others, and differently on each architecture.
  if (name.starts_with("str") || name.starts_with("mem")) return false;
  return std::find(kUnspecificNames.begin(), kUnspecificNames.end(), name) == kUnspecificNames.end();
}

std::string LowerCase(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string SortAndJoin(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  std::string list;
  for (const std::string& name : names) {
    if (&name != &names.front()) list += ',';
    list += name;
  }
  return list;
}

}  // namespace

std::optional<std::string> Telfhash(std::span<const Symbol> symbols) {
  std::vector<std::string> names;
  for (const Symbol& symbol : symbols) {
    if (!symbol.name || symbol.binding != kBindingGlobal || symbol.type != kTypeFunction) continue;
    if (symbol.visibility != kVisibilityDefault || !IsSpecific(*symbol.name)) continue;
    names.push_back(LowerCase(*symbol.name));
  }
  if (names.empty()) return std::nullopt;
  return Tlsh(AsBytes(SortAndJoin(std::move(names)))).value_or("");
}

std::optional<std::string> ImportList(std::span<const Symbol> symbols) {
  std::vector<std::string> names;
  for (const Symbol& symbol : symbols) {
    if (!symbol.name || symbol.name->empty() || symbol.section_index != kSectionIndexUndefined) continue;
    names.push_back(LowerCase(*symbol.name));
  }
  if (names.empty()) return std::nullopt;
  return SortAndJoin(std::move(names));
}

}  // namespace dl::elf
