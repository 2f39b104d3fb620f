#include "daylight/formats/pe/internal.h"

namespace dl::pe {

namespace {

constexpr std::uint32_t kRich = 0x68636952;  // "Rich"
constexpr std::uint32_t kDanS = 0x536e6144;  // "DanS"
constexpr std::uint64_t kDosHeaderSize = 64;
constexpr std::uint64_t kPreambleSize = 16;  // DanS and three times the key.

std::uint32_t WordAt(Bytes bytes, std::uint64_t offset) {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    word |= std::to_integer<std::uint32_t>(bytes[static_cast<std::size_t>(offset) + i]) << (8 * i);
  }
  return word;
}

void AppendWord(std::string& to, std::uint32_t word) {
  for (unsigned i = 0; i < 4; ++i) to += static_cast<char>((word >> (8 * i)) & 0xff);
}

// The offset of the last word before `end` for which `matches`, going back in
// steps of four to the end of the DOS header.
template <typename Predicate>
std::optional<std::uint64_t> FindBack(Bytes bytes, std::uint64_t end, Predicate matches) {
  for (std::uint64_t at = end; at >= kDosHeaderSize + 4; at -= 4) {
    if (matches(WordAt(bytes, at - 4))) return at - 4;
  }
  return std::nullopt;
}

}  // namespace

// All words read here lie before or in the NT headers, which are in the file.
void ParseRichSignature(PeFile& file) {
  const Bytes bytes = file.image.bytes();
  const std::uint64_t nt_offset = file.image.headers().nt_offset;
  const auto end = FindBack(bytes, nt_offset, [](std::uint32_t word) { return word == kRich; });
  if (!end) return;
  const std::uint32_t key = WordAt(bytes, *end + 4);
  if (key == 0) return;
  const auto start = FindBack(bytes, *end, [&](std::uint32_t word) { return (word ^ key) == kDanS; });
  if (!start) return;
  RichSignature& rich = file.rich_signature.emplace();
  rich.offset = *start;
  rich.key = key;
  rich.raw_data = AsText(bytes.subspan(static_cast<std::size_t>(*start), static_cast<std::size_t>(*end - *start)));
  for (std::uint64_t at = *start; at < *end; at += 4) AppendWord(rich.clear_data, WordAt(bytes, at) ^ key);
  // The preamble repeats the key three times; a shorter block has no tools.
  if (*end - *start < kPreambleSize) return;
  rich.version_data.emplace();
  for (std::uint64_t at = *start + kPreambleSize; at + 8 <= *end; at += 8) {
    const std::uint32_t tool = WordAt(bytes, at) ^ key;
    AppendWord(*rich.version_data, tool);
    rich.tools.push_back({static_cast<std::uint16_t>(tool & 0xffff), static_cast<std::uint16_t>(tool >> 16),
                          WordAt(bytes, at + 4) ^ key});
  }
}

}  // namespace dl::pe
