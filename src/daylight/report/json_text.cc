#include "daylight/report/json_text.h"

#include <array>
#include <charconv>
#include <cmath>

#include "daylight/report/escape.h"

namespace dl::report {

void JsonText::Break() {
  if (line_) out_ += '\n';
  line_ = false;
}

void JsonText::Separate() {
  if (comma_) out_ += ',';
  comma_ = true;
  Break();
}

void JsonText::Open(char bracket) {
  Separate();
  out_ += bracket;
  comma_ = false;
}

void JsonText::Close(char bracket) {
  Break();
  out_ += bracket;
  comma_ = true;
}

void JsonText::Key(std::string_view key) {
  Separate();
  out_ += '"';
  out_ += key;
  out_ += "\":";
  comma_ = false;
}

void JsonText::StrangeKey(std::string_view key) {
  Separate();
  AppendJsonString(out_, key);
  out_ += ':';
  comma_ = false;
}

void JsonText::String(std::string_view bytes) {
  Separate();
  AppendJsonString(out_, bytes);
}

void JsonText::Unsigned(std::uint64_t value) {
  Separate();
  out_ += std::to_string(value);
}

void JsonText::Signed(std::int64_t value) {
  Separate();
  out_ += std::to_string(value);
}

void JsonText::Real(double value) {
  Separate();
  if (!std::isfinite(value)) {
    out_ += "null";
    return;
  }
  std::array<char, 64> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out_.append(digits.data(), end);
}

void JsonText::Bool(bool value) {
  Separate();
  out_ += value ? "true" : "false";
}

void JsonText::Null() {
  Separate();
  out_ += "null";
}

}  // namespace dl::report
