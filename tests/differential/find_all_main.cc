// Prints what the reference matcher finds, for regexp_vs_yara.py. Each line of
// standard input is one question:
//
//   KIND FLAGS HEX_SOURCE HEX_OBJECT
//
// KIND is text, regexp or hex; FLAGS is a comma-separated list of modifiers
// ("-" for none) as a rule writes them, with s for dot_all, "yara-x" for the
// dialect, xor=A-B and alphabet=HEX. The answer is one line: "error MESSAGE" or
// the matches as OFFSET:LENGTH, by ascending offset. With "all", that is every
// offset with all lengths a match there could have, OFFSET:LENGTH/LENGTH...
#include <iostream>
#include <sstream>
#include <string>

#include "daylight/match/reference.h"

namespace {

using dl::match::Dialect;
using dl::match::Pattern;

int HexValue(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

std::string FromHex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(HexValue(hex[i]) * 16 + HexValue(hex[i + 1]));
  }
  return bytes;
}

void Answer(const std::string& kind, const std::string& flag_list, const std::string& source,
            const std::string& object) {
  Pattern pattern;
  pattern.is_text = kind == "text";
  bool ascii = false;
  bool all = false;
  bool dot_all = false;
  std::istringstream flags(flag_list);
  for (std::string flag; std::getline(flags, flag, ',');) {
    if (flag == "ascii") ascii = true;
    if (flag == "wide") pattern.wide = true;
    if (flag == "nocase") pattern.nocase = true;
    if (flag == "fullword") pattern.fullword = true;
    if (flag == "base64") pattern.base64 = true;
    if (flag == "base64wide") pattern.base64wide = true;
    if (flag == "all") all = true;
    if (flag == "s") dot_all = true;
    if (flag == "yara-x") pattern.dialect = Dialect::kYaraX;
    if (flag.starts_with("alphabet=")) pattern.base64_alphabet = FromHex(flag.substr(9));
    if (flag.starts_with("xor=")) {
      pattern.is_xor = true;
      const std::size_t dash = flag.find('-');
      pattern.xor_min = static_cast<std::uint8_t>(std::stoi(flag.substr(4, dash - 4)));
      pattern.xor_max = static_cast<std::uint8_t>(std::stoi(flag.substr(dash + 1)));
    }
  }
  pattern.ascii = ascii || !pattern.wide;
  if (pattern.is_text) {
    pattern.text = source;
  } else {
    auto parsed = kind == "hex"
                      ? dl::match::ParseHexString(source, pattern.dialect)
                      : dl::match::ParseRegexp(
                            source, {.nocase = pattern.nocase, .dot_all = dot_all, .dialect = pattern.dialect});
    if (!parsed) {
      std::cout << "error " << parsed.error().message << "\n";
      return;
    }
    pattern.expression = std::move(*parsed);
  }
  const char* separator = "";
  if (all) {
    for (std::size_t offset = 0; offset < object.size(); ++offset) {
      const auto lengths = dl::match::PossibleLengths(pattern, dl::AsBytes(object), offset);
      for (std::size_t i = 0; i < lengths.size(); ++i) {
        if (i == 0) std::cout << separator << offset << ":";
        std::cout << (i == 0 ? "" : "/") << lengths[i];
        separator = " ";
      }
    }
    std::cout << "\n";
    return;
  }
  for (const auto& match : dl::match::FindAllSlowly(pattern, dl::AsBytes(object))) {
    std::cout << separator << match.offset << ":" << match.length;
    separator = " ";
  }
  std::cout << "\n";
}

}  // namespace

int main() {
  std::string kind;
  std::string flags;
  std::string source;
  std::string object;
  while (std::cin >> kind >> flags >> source >> object) Answer(kind, flags, FromHex(source), FromHex(object));
}
