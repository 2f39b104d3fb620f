#include "daylight/unpack/ole/outlook.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "daylight/bytes/cursor.h"

namespace dl::unpack {

namespace {

// [MS-OXRTFCP] 3.1.1.1.1: what the dictionary holds to begin with, as the format prescribes.
constexpr std::string_view kDictionary =
    "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    "MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    "\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";
static_assert(kDictionary.size() == 207);
constexpr std::size_t kDictionaryBytes = 4096;
constexpr std::uint32_t kCompressed = 0x75465a4c;    // "LZFu"
constexpr std::uint32_t kUncompressed = 0x414c454d;  // "MELA"

}  // namespace

std::uint32_t PropertyOf(std::string_view stream_name) {
  constexpr std::string_view kPrefix = "__substg1.0_";
  if (!stream_name.starts_with(kPrefix) || stream_name.size() != kPrefix.size() + 8) return 0;
  const std::string_view digits = stream_name.substr(kPrefix.size());
  std::uint32_t tag = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), tag, 16);
  return error == std::errc() && end == digits.data() + digits.size() ? tag : 0;
}

std::vector<std::byte> DecompressRtf(Bytes compressed, std::size_t most, bool& is_whole) {
  std::vector<std::byte> out;
  is_whole = false;
  Cursor input(compressed);
  const auto size = input.ReadU32Le();
  if (!size || !input.Skip(4)) return out;
  const std::uint32_t kind = input.ReadU32Le().value_or(0);
  if (!input.Skip(4)) return out;
  if (kind == kUncompressed) {
    const Bytes rest = *input.ReadBytes(std::min(input.remaining(), most));
    is_whole = input.AtEnd();
    return {rest.begin(), rest.end()};
  }
  if (kind != kCompressed) return out;
  std::array<std::byte, kDictionaryBytes> dictionary{};
  std::copy_n(AsBytes(kDictionary).begin(), kDictionary.size(), dictionary.begin());
  std::size_t write = kDictionary.size();
  const auto put = [&](std::byte b) {
    out.push_back(b);
    dictionary[write] = b;
    write = (write + 1) % kDictionaryBytes;
  };
  // 2.2.2: a byte of flags for eight tokens; a copy from the place written next ends it.
  while (!input.AtEnd()) {
    const std::uint8_t flags = *input.ReadU8();
    for (unsigned i = 0; i < 8; ++i) {
      if (out.size() + 17 > most) return out;
      if ((flags >> i & 1) == 0) {
        const auto literal = input.ReadBytes(1);
        if (!literal) return out;
        put((*literal)[0]);
        continue;
      }
      const auto token = input.ReadU16Be();
      if (!token) return out;
      std::size_t read = *token >> 4;
      if (read == write) {
        is_whole = true;
        return out;
      }
      for (unsigned n = (*token & 15u) + 2; n > 0; --n, read = (read + 1) % kDictionaryBytes) put(dictionary[read]);
    }
  }
  return out;
}

}  // namespace dl::unpack
