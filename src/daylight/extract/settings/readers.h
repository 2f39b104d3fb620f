// What the readers of each format share. Not for others: see settings.h.
//
//   Collector collector(facts);
//   ReadIni(text, collector);
//
// Each reader takes the whole text, without a byte order mark and without bytes of zero.
#pragma once

#include <string>
#include <string_view>

#include "daylight/extract/settings/settings.h"

namespace dl::extract {

// Takes settings and problems until there are too many.
class Collector {
 public:
  explicit Collector(report::SettingsFacts& facts) : facts_(facts) {}
  // False when no more is wanted.
  bool Add(std::string_view section, std::string_view key, std::string value, std::uint32_t line);
  void Problem(std::uint32_t line, std::string what);
  bool full() const { return facts_.cut; }

 private:
  report::SettingsFacts& facts_;
  std::uint64_t bytes_ = 0;
};

// Lines without their ends, "\n" or "\r\n", and their numbers from 1.
class LineReader {
 public:
  explicit LineReader(std::string_view text) : rest_(text) {}
  bool Next(std::string_view& line);
  std::uint32_t number() const { return number_; }

 private:
  std::string_view rest_;
  std::uint32_t number_ = 0;
  bool ended_ = false;
};

inline bool IsBlank(char c) { return c == ' ' || c == '\t'; }
std::string_view TrimBlanks(std::string_view text);  // Blanks and tabs.
bool IsNameStart(char c);                            // A letter or "_".
bool IsNameByte(char c);                             // Or a digit.

void ReadIni(std::string_view text, Collector& collector);
void ReadJson(std::string_view text, Collector& collector);
void ReadClamd(std::string_view text, Collector& collector);
void ReadShell(std::string_view text, Collector& collector);
void ReadList(std::string_view text, Collector& collector);

}  // namespace dl::extract
