#include <array>
#include <utility>

#include "daylight/extract/packages/line_reader.h"
#include "daylight/extract/packages/packages.h"
#include "daylight/unpack/unpacker.h"

namespace dl::extract {

namespace {

// os-release(5): values as a shell reads them, without expanding anything.
std::string Unquoted(std::string_view text) {
  std::string out;
  char quote = 0;
  for (std::size_t i = 0; i < text.size() && out.size() < kMaxFactText; ++i) {
    const char c = text[i];
    if (c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      const bool is_escape = quote == 0 || std::string_view("\"$`\\").find(text[i + 1]) != std::string_view::npos;
      out += is_escape ? text[++i] : c;
    } else if (quote == 0 && (c == ' ' || c == '\t')) {
      break;
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

void ReadOsRelease(ObjectSource& file, const report::FactPlace& place, Facts& facts) {
  constexpr std::size_t kMaxLine = 64u << 10;
  constexpr std::uint32_t kMaxLines = 10'000;
  LineReader lines(file, kMaxLine);
  report::OperatingSystemFact fact;
  fact.place = place;
  std::string name;
  struct Field {
    std::string_view name;
    std::string* text;
  };
  const std::array<Field, 5> fields = {{{"ID", &fact.id},
                                        {"VERSION_ID", &fact.version_id},
                                        {"PRETTY_NAME", &fact.name},
                                        {"NAME", &name},
                                        {"CPE_NAME", &fact.cpe}}};
  bool has_any = false;
  while (const auto line = lines.Next()) {
    if (lines.number() > kMaxLines) break;
    const std::string_view text = Trim(*line);
    const std::size_t equals = text.find('=');
    if (text.starts_with('#') || equals == text.npos) continue;
    for (const Field& field : fields) {
      if (text.substr(0, equals) != field.name) continue;
      *field.text = Unquoted(text.substr(equals + 1));
      has_any = true;
    }
  }
  if (!has_any) {
    if (lines.failed()) facts.Unread(place, unpack::kDamaged, "it cannot be read");
    return;
  }
  if (fact.name.empty()) fact.name = std::move(name);
  facts.Add(std::move(fact));
}

}  // namespace dl::extract
