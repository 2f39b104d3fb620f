// What the parts of the PE parser share. Not for other folders.
#pragma once

#include "daylight/formats/pe/ordinals.h"
#include "daylight/formats/pe/pe.h"

namespace dl::pe {

// The bound on one table's work. libyara has none for most tables, so a small
// hostile file can make it walk a table of tables for hours; real files stay
// a hundred times below these numbers.
class Work {
 public:
  // One more table entry may be looked at.
  bool Step() { return Take(steps_left_, 1); }
  // `n` more bytes of text may be looked at or kept.
  bool Text(std::uint64_t n) { return Take(text_left_, n); }
  bool stopped() const { return stopped_; }

 private:
  bool Take(std::uint64_t& left, std::uint64_t n) {
    if (stopped_ || n > left) {
      stopped_ = true;
      return false;
    }
    left -= n;
    return true;
  }
  std::uint64_t steps_left_ = std::uint64_t{1} << 19;
  std::uint64_t text_left_ = std::uint64_t{8} << 20;
  bool stopped_ = false;
};

// The bytes at `offset` up to a NUL, `max_bytes` or the file's end, whichever
// comes first; empty past the end.
std::string_view TextAt(const Image& image, std::uint64_t offset, std::uint64_t max_bytes);

bool StartsWithNoCase(std::string_view text, std::string_view lowercase_prefix);

// Each fills its part of `file`, whose image is parsed.
void ParseSectionNames(PeFile& file);
void ParseImports(PeFile& file);
void ParseDelayedImports(PeFile& file);
void ParseExports(PeFile& file);
void ParseResources(PeFile& file);
void ParseRichSignature(PeFile& file);
void ParseDebugDirectory(PeFile& file);

// Appends the strings of the version information at `offset`.
void ParseVersionInfo(const Image& image, std::uint64_t offset, Work& work, std::vector<VersionString>& strings);

}  // namespace dl::pe
