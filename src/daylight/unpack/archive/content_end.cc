#include "daylight/unpack/archive/content_end.h"

#include <array>

#include "daylight/bytes/cursor.h"
#include "daylight/unpack/program/pe_layout.h"

namespace dl::unpack {

namespace {

using namespace std::string_view_literals;

// Where a program ends by its own tables, and what was appended begins.
std::uint64_t EndOfProgram(Bytes head) {
  const Cursor file(head);
  if (const auto program = ReadPeLayout(head)) return program->end();
  if (AsText(head).starts_with("\x7f"
                               "ELF") &&
      head.size() > 5 && head[5] == std::byte{1}) {
    const bool is_64 = head[4] == std::byte{2};
    Cursor at = file;
    if (!at.SeekTo(is_64 ? 0x28 : 0x20)) return 0;
    const std::uint64_t table = is_64 ? at.ReadU64Le().value_or(0) : at.ReadU32Le().value_or(0);
    if (!at.SeekTo(is_64 ? 0x3a : 0x2e)) return 0;
    const std::uint64_t entry = at.ReadU16Le().value_or(0);
    const std::uint64_t count = at.ReadU16Le().value_or(0);
    return table <= ~std::uint64_t{0} - entry * count ? table + entry * count : 0;
  }
  return 0;
}

// PNG Specification, 5.3: length, name, content and sum of each chunk.
std::uint64_t EndOfPng(const Probe& probe) {
  constexpr int kMaxChunks = 10'000;
  std::uint64_t at = 8;
  for (int i = 0; i < kMaxChunks; ++i) {
    std::array<std::byte, 8> head;
    const auto n = probe.object.ReadAt(at, head);
    if (!n || *n < head.size()) return 0;
    at += 12 + std::uint64_t{Cursor(head).ReadU32Be().value_or(0)};
    if (AsText(head).substr(4) == "IEND") return at;
  }
  return 0;
}

}  // namespace

std::uint64_t EndOfContent(const Probe& probe) {
  const auto size_at_4 = [&] { return Cursor(probe.head).From(4).value_or(Cursor()).ReadU32Le().value_or(0); };
  if (probe.Has(0, "\x89PNG\r\n\x1a\n"sv)) return EndOfPng(probe);
  if (probe.Has(0, "RIFF"sv)) return 8 + std::uint64_t{size_at_4()};
  return EndOfProgram(probe.head);
}

}  // namespace dl::unpack
