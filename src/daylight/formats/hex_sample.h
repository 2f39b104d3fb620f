// Samples for tests, as text that people can read and review.
//
//   7f "ELF" 02 01 01 9*00   # e_ident: 64 bits, little-endian
//   02 00  3e 00             # e_type ET_EXEC, e_machine EM_X86_64
//
// Bytes in hexadecimal, text in quotes, N*XX for N times a byte, and comments
// from # to the line's end. For tests only: a mistake in a sample aborts.
#pragma once

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "daylight/base/check.h"

namespace dl::testing {

inline std::string ReadTextFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  DL_CHECK(file.good());
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

inline std::string ParseHexSample(std::string_view text) {
  std::string bytes;
  const auto hex_digit = [](char c) -> unsigned {
    const std::size_t at = std::string_view("0123456789abcdef").find(c);
    DL_CHECK(at != std::string_view::npos);
    return static_cast<unsigned>(at);
  };
  while (!text.empty()) {
    if (text.front() == '#') {
      text.remove_prefix(std::min(text.find('\n'), text.size()));
    } else if (text.front() == '"') {
      const std::size_t end = text.find('"', 1);
      DL_CHECK(end != std::string_view::npos);
      bytes += text.substr(1, end - 1);
      text.remove_prefix(end + 1);
    } else if (text.front() == ' ' || text.front() == '\n') {
      text.remove_prefix(1);
    } else {
      std::string_view token = text.substr(0, text.find_first_of(" \n"));
      text.remove_prefix(token.size());
      std::size_t repeat = 1;
      if (const std::size_t star = token.find('*'); star != std::string_view::npos) {
        repeat = std::stoul(std::string(token.substr(0, star)));
        token.remove_prefix(star + 1);
      }
      DL_CHECK(token.size() == 2);
      bytes.append(repeat, static_cast<char>(hex_digit(token[0]) << 4 | hex_digit(token[1])));
    }
  }
  return bytes;
}

inline std::string ReadHexSample(const std::string& path) { return ParseHexSample(ReadTextFile(path)); }

}  // namespace dl::testing
