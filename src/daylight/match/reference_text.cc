#include "daylight/match/reference_text.h"

#include <algorithm>

namespace dl::match {
namespace {

constexpr std::string_view kBase64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool IsAlnum(std::uint8_t c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string Widen(std::string_view text) {
  std::string wide;
  for (const char c : text) {
    wide += c;
    wide += '\0';
  }
  return wide;
}

std::string Xor(std::string text, std::uint8_t key) {
  for (char& c : text) c = static_cast<char>(static_cast<std::uint8_t>(c) ^ key);
  return text;
}

// The characters of base64 that depend on nothing but `text`, which `shift`
// unknown bytes precede in its group of three.
std::string Base64Core(std::string_view text, std::size_t shift, std::string_view alphabet) {
  const std::size_t first_bit = 8 * shift;
  const std::size_t end_bit = first_bit + 8 * text.size();
  std::string core;
  // Character i has bits [6i, 6i+6); all six must be the text's.
  for (std::size_t i = (first_bit + 5) / 6; 6 * (i + 1) <= end_bit; ++i) {
    std::size_t value = 0;
    for (std::size_t bit = 6 * i; bit < 6 * (i + 1); ++bit) {
      const std::size_t at = bit - first_bit;
      const std::size_t byte = static_cast<std::uint8_t>(text[at / 8]);
      value = value * 2 + ((byte >> (7 - at % 8)) & 1);
    }
    core += alphabet[value];
  }
  return core;
}

// YARA-X decodes the groups of four characters that the text's bits lie in,
// whole or cut off by the end of the object or by padding, as strictly as
// RFC 4648, 3.5 allows: unused bits must be zero. With wide, padding is let
// pass anywhere.
bool DecodesToText(const Pattern& pattern, const TextVariant& variant, Bytes object, std::size_t start) {
  const std::string_view alphabet = pattern.base64_alphabet.empty() ? kBase64Alphabet : pattern.base64_alphabet;
  const std::size_t step = variant.wide ? 2 : 1;
  const auto shift = static_cast<std::size_t>(variant.base64_shift);
  const std::size_t trimmed = (8 * shift + 5) / 6;
  if (start < trimmed * step) return false;
  const std::size_t begin = start - trimmed * step;
  const std::size_t groups = (shift + variant.plain.size() + 2) / 3;
  std::string characters;
  for (std::size_t i = 0; i < groups * 4 * step && begin + i < object.size(); ++i) {
    const char c = static_cast<char>(object[begin + i]);
    if (i % step == 1) {
      if (c != '\0') return false;
    } else if (!variant.wide || c != '=') {
      characters += c;
    }
  }
  for (int pads = 0; pads < 2 && characters.ends_with('='); ++pads) characters.pop_back();
  if (characters.size() % 4 == 1) return false;
  std::string decoded;
  std::size_t bits = 0;
  for (std::size_t i = 0; i < characters.size(); ++i) {
    const std::size_t value = alphabet.find(characters[i]);
    if (value == std::string_view::npos) return false;
    bits = (bits << 6 | value) & 0xffff;
    const std::size_t unused = (6 * (i + 1)) % 8;
    if (i % 4 != 0) decoded += static_cast<char>(bits >> unused);
    if (i + 1 == characters.size() && (bits & ((std::size_t{1} << unused) - 1)) != 0) return false;
  }
  return decoded.size() >= shift && decoded.substr(shift, variant.plain.size()) == variant.plain;
}

}  // namespace

bool IsFullWord(Bytes object, std::size_t start, std::size_t end, bool wide, std::uint8_t key) {
  const auto byte = [&](std::size_t at) {
    return static_cast<std::uint8_t>(static_cast<std::uint8_t>(object[at]) ^ key);
  };
  if (wide) {
    if (start >= 2 && byte(start - 1) == 0 && IsAlnum(byte(start - 2))) return false;
    return !(end + 1 < object.size() && byte(end + 1) == 0 && IsAlnum(byte(end)));
  }
  if (start >= 1 && IsAlnum(byte(start - 1))) return false;
  return !(end < object.size() && IsAlnum(byte(end)));
}

std::vector<TextVariant> TextVariants(const Pattern& pattern) {
  std::vector<TextVariant> variants;
  if (pattern.base64 || pattern.base64wide) {
    const std::string_view alphabet = pattern.base64_alphabet.empty() ? kBase64Alphabet : pattern.base64_alphabet;
    std::vector<std::string> plains;  // `wide` says what is encoded, not how.
    if (pattern.ascii) plains.push_back(pattern.text);
    if (pattern.wide) plains.push_back(Widen(pattern.text));
    for (const std::string& plain : plains) {
      for (const int shift : {0, 1, 2}) {
        const std::string core = Base64Core(plain, static_cast<std::size_t>(shift), alphabet);
        if (core.empty()) continue;
        if (pattern.base64) variants.push_back({core, false, 0, shift, plain});
        if (pattern.base64wide) variants.push_back({Widen(core), true, 0, shift, plain});
      }
    }
    // At one offset the shortest counts, as in an alternation.
    std::stable_sort(variants.begin(), variants.end(),
                     [](const TextVariant& a, const TextVariant& b) { return a.bytes.size() < b.bytes.size(); });
    return variants;
  }
  if (pattern.is_xor) {
    for (int key = pattern.xor_min; key <= pattern.xor_max; ++key) {
      const auto k = static_cast<std::uint8_t>(key);
      if (pattern.ascii) variants.push_back({Xor(pattern.text, k), false, k, -1, {}});
      if (pattern.wide) variants.push_back({Xor(Widen(pattern.text), k), true, k, -1, {}});
    }
    return variants;
  }
  if (pattern.ascii) variants.push_back({pattern.text, false, 0, -1, {}});
  if (pattern.wide) variants.push_back({Widen(pattern.text), true, 0, -1, {}});
  return variants;
}

std::optional<Match> MatchText(const Pattern& pattern, const std::vector<TextVariant>& variants, Bytes object,
                               std::size_t start) {
  const std::string_view text = AsText(object).substr(start);
  for (const TextVariant& variant : variants) {
    if (!std::equal(variant.bytes.begin(), variant.bytes.end(), text.begin(),
                    text.begin() + static_cast<std::ptrdiff_t>(std::min(variant.bytes.size(), text.size())),
                    [&](char a, char b) { return pattern.nocase ? Lower(a) == Lower(b) : a == b; })) {
      continue;
    }
    if (variant.base64_shift >= 0 && pattern.dialect == Dialect::kYaraX &&
        !DecodesToText(pattern, variant, object, start)) {
      continue;
    }
    const std::size_t end = start + variant.bytes.size();
    const std::uint8_t key = pattern.dialect == Dialect::kYaraX ? variant.xor_key : std::uint8_t{0};
    if (pattern.fullword && !IsFullWord(object, start, end, variant.wide, key)) continue;
    return Match{start, variant.bytes.size(), variant.xor_key};
  }
  return std::nullopt;
}

}  // namespace dl::match
