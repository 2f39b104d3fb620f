#include "daylight/match/text_forms.h"

#include <algorithm>
#include <string_view>

namespace dl::match {

namespace {

using ByteVector = std::vector<std::uint8_t>;

ByteVector Widen(const ByteVector& bytes) {
  ByteVector wide;
  wide.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    wide.push_back(byte);
    wide.push_back(0);
  }
  return wide;
}

bool IsLetter(std::uint8_t byte) { return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z'); }

TextForm PlainForm(ByteVector values, bool wide, const Pattern& pattern) {
  TextForm form;
  form.wide = wide;
  form.is_xor = pattern.is_xor;
  if (pattern.nocase && !pattern.is_xor && std::any_of(values.begin(), values.end(), IsLetter)) {
    form.masks.assign(values.size(), 0xff);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!IsLetter(values[i])) continue;
      values[i] &= 0xdf;
      form.masks[i] = 0xdf;
    }
  }
  form.values = std::move(values);
  return form;
}

// The characters of base64 text that depend on nothing but `bytes`, when
// `before` (0 to 2) bytes of a group of three precede them (RFC 4648, 4).
TextForm Base64Form(const ByteVector& bytes, unsigned before, std::string_view alphabet) {
  TextForm form;
  form.is_base64 = true;
  form.base64_shift = static_cast<std::uint8_t>(before);
  form.plain = bytes;
  ByteVector padded(before, 0);
  padded.insert(padded.end(), bytes.begin(), bytes.end());
  const auto bit_at = [&](std::size_t i) { return static_cast<unsigned>(padded[i / 8] >> (7 - i % 8)) & 1u; };
  // Character k carries bits 6k to 6k+5; the text's bits are from 8*before on.
  for (std::size_t k = (std::size_t{8} * before + 5) / 6; 6 * (k + 1) <= padded.size() * 8; ++k) {
    unsigned value = 0;
    for (std::size_t i = 6 * k; i < 6 * k + 6; ++i) value = value << 1 | bit_at(i);
    form.values.push_back(static_cast<std::uint8_t>(alphabet[value]));
  }
  return form;
}

}  // namespace

std::string_view Base64Alphabet(const Pattern& pattern) {
  if (pattern.base64_alphabet.size() == 64) return pattern.base64_alphabet;
  return "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}

std::vector<TextForm> FormsOfText(const Pattern& pattern) {
  std::vector<TextForm> forms;
  const ByteVector plain(pattern.text.begin(), pattern.text.end());
  if (!pattern.base64 && !pattern.base64wide) {
    // Where both match at one offset the plain one counts.
    if (pattern.ascii) forms.push_back(PlainForm(plain, false, pattern));
    if (pattern.wide) {
      forms.push_back(PlainForm(Widen(plain), true, pattern));
      forms.back().rank = 1;
    }
    return forms;
  }
  const std::string_view alphabet = Base64Alphabet(pattern);
  // `wide` says what is encoded, `base64wide` how the encoding lies in the object.
  const auto add = [&](const ByteVector& bytes) {
    for (unsigned before = 0; before < 3; ++before) {
      TextForm form = Base64Form(bytes, before, alphabet);
      if (form.values.empty()) continue;
      if (pattern.base64) forms.push_back(form);
      if (!pattern.base64wide) continue;
      form.values = Widen(form.values);
      form.wide = true;
      forms.push_back(std::move(form));
    }
  };
  if (pattern.ascii) add(plain);
  if (pattern.wide) add(Widen(plain));
  return forms;
}

}  // namespace dl::match
