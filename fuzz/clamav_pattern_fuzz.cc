// Body patterns. One that parses matches an example made from what was parsed,
// by the matcher that decides signatures; and does not depend on the case of its
// digits. The first byte chooses modifiers.
#include <cctype>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daylight/base/check.h"
#include "daylight/rules/clamav/body_match.h"
#include "daylight/rules/clamav/pattern_parser.h"

namespace {

using namespace dl;
using namespace dl::clamav;

constexpr std::size_t kMaxExample = 1U << 16;
constexpr char kFiller = 0x55;

// Bytes that are none of the choices.
std::optional<std::string> Other(const Alternative& alternative) {
  std::string text(alternative.choices[0].size(), '\0');
  for (int b = 0; b < 256; ++b) {
    text[0] = static_cast<char>(b);
    bool is_there = false;
    for (const auto& choice : alternative.choices) is_there |= choice[0].value == b;
    if (!is_there) return text;
  }
  return std::nullopt;
}

// nullopt: one that depends on its neighbourhood, or would be long.
std::optional<std::string> Example(const Pattern& pattern) {
  std::string text;
  for (std::size_t i = 0; i < pattern.parts.size(); ++i) {
    const Part& part = pattern.parts[i];
    if (part.left != 0 || part.right != 0 || part.gap_min > part.gap_max || part.gap_min > kMaxExample) {
      return std::nullopt;
    }
    std::string gap(part.gap_min, kFiller);
    if (part.before.is_there) {
      std::string anchor(1, static_cast<char>(part.before.byte.value));
      anchor.append(part.before.min, kFiller);
      if (i > 0 && anchor.size() > part.gap_max) return std::nullopt;
      if (gap.size() < anchor.size()) gap.resize(anchor.size(), kFiller);
      gap.replace(gap.size() - anchor.size(), anchor.size(), anchor);
    }
    text += gap;
    for (const Token& token : part.tokens) {
      if (token.kind == TokenKind::kByte) {
        text += static_cast<char>(token.byte.value);
      } else if (token.kind == TokenKind::kAlternative) {
        const Alternative& alternative = part.alternatives[token.index];
        if (alternative.is_negated) {
          const auto other = Other(alternative);
          if (!other) return std::nullopt;
          text += *other;
        } else {
          for (const auto& choice : alternative.choices) {
            if (choice.empty()) return std::nullopt;
          }
          for (const MaskedByte& byte : alternative.choices[0]) text += static_cast<char>(byte.value);
        }
      } else {
        return std::nullopt;
      }
    }
    if (part.after.is_there) {
      if (i + 1 < pattern.parts.size()) return std::nullopt;
      text.append(part.after.min, kFiller);
      text += static_cast<char>(part.after.byte.value);
    }
    if (text.size() > kMaxExample) return std::nullopt;
  }
  return text;
}

void CheckMatches(const Pattern& pattern) {
  const auto example = Example(pattern);
  if (!example) return;
  WorkBudget budget(std::uint64_t{1} << 24);
  std::vector<BodyMatch> matches;
  BodyMatcher(AsBytes(*example), budget).Find(pattern, {}, 1000, matches);
  DL_CHECK(!matches.empty() || budget.is_spent());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::string modifiers;
  for (int i = 0; i < 4; ++i) {
    if ((data[0] >> i & 1) != 0) modifiers += "iwfa"[i];
  }
  PatternContext context;
  if ((data[0] & 0x80) != 0) context.target = data[0] >> 4 & 7;
  const auto patterns = ParseModified(text, modifiers, context);
  if (!patterns) {
    DL_CHECK(!patterns.error().what.empty());
    return 0;
  }
  DL_CHECK(patterns->size() ==
           (modifiers.find('w') != std::string::npos && modifiers.find('a') != std::string::npos ? 2 : 1));
  for (const Pattern& pattern : *patterns) CheckMatches(pattern);
  if (text.find('(') == std::string::npos) {
    std::string upper = text;
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    const auto same = ParseModified(upper, modifiers, context);
    DL_CHECK(same && same->size() == patterns->size());
    for (std::size_t i = 0; i < same->size(); ++i) {
      DL_CHECK((*same)[i].parts.size() == (*patterns)[i].parts.size());
      for (std::size_t p = 0; p < (*same)[i].parts.size(); ++p) {
        const auto& left = (*same)[i].parts[p].tokens;
        const auto& right = (*patterns)[i].parts[p].tokens;
        DL_CHECK(left.size() == right.size());
        for (std::size_t t = 0; t < left.size(); ++t) DL_CHECK(left[t].byte == right[t].byte);
      }
    }
  }
  const auto offset = ParseOffset(text, 1);
  if (offset) DL_CHECK(offset->kind != OffsetKind::kMacroGroup || offset->value < 32);
  return 0;
}
