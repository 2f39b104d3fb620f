#include "daylight/unpack/embedded/embedded.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <vector>

#include "daylight/unpack/program/pe_layout.h"

namespace dl::unpack {

namespace {

// Behind the end of its sections: a signature, settings.
constexpr std::uint64_t kBehindBytes = 64u << 10;
constexpr std::size_t kPiece = 1u << 20;
// A header and its sections are not larger.
constexpr std::size_t kHeaderBytes = 4096;

// Where a program ends by its sections, from its beginning; nothing where its header
// is not one that anybody would run.
std::optional<std::uint64_t> EndOfProgram(Bytes head) {
  const auto program = ReadPeLayout(head);
  if (!program || !program->has_all_sections || program->header < 0x20 || program->sections.empty() ||
      program->sections.size() > 96) {
    return std::nullopt;
  }
  return program->end();
}

// False: no more is wanted.
bool Give(const Probe& probe, std::uint64_t offset, std::uint64_t size, Sink& sink) {
  char name[48];
  std::snprintf(name, sizeof name, "embedded at 0x%llx.exe", static_cast<unsigned long long>(offset));
  std::uint64_t given = 0;
  return sink.AddStream({name, size, true}, [&](std::span<std::byte> out) -> Result<std::size_t> {
    const std::size_t wanted = std::min<std::uint64_t>(out.size(), size - given);
    if (wanted == 0) return std::size_t{0};
    DL_TRY(const std::size_t n, probe.object.ReadAt(offset + given, out.first(wanted)));
    given += n;
    return n;
  });
}

void Unpack(const Probe& probe, const ChildInfo& self, Sink& sink) {
  if (self.is_part) return;
  std::vector<std::byte> piece(std::min<std::uint64_t>(kPiece + kHeaderBytes, probe.size));
  // Pieces overlap by a header, so that each is whole in one.
  for (std::uint64_t begin = 0; begin < probe.size; begin += kPiece) {
    const auto n = probe.object.ReadAt(begin, piece);
    if (!n) return sink.Closed("", kDamaged, "the program could not be read to its end");
    const Bytes bytes = Bytes(piece).first(*n);
    const std::string_view text = AsText(bytes.first(std::min(*n, kPiece)));
    for (std::size_t at = text.find("MZ", begin == 0 ? 2 : 0); at != std::string_view::npos;
         at = text.find("MZ", at + 2)) {
      const auto end = EndOfProgram(bytes.subspan(at, std::min(kHeaderBytes, bytes.size() - at)));
      if (!end) continue;
      const std::uint64_t offset = begin + at;
      if (!Give(probe, offset, std::min(*end + kBehindBytes, probe.size - offset), sink)) return;
    }
  }
}

bool Opens(const Probe& probe) { return probe.Has(0, "MZ") && EndOfProgram(probe.head).has_value(); }

}  // namespace

const Unpacker kEmbedded = {"embedded", Opens, Unpack};

}  // namespace dl::unpack
