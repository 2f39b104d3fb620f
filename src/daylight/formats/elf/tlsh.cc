#include "daylight/formats/elf/tlsh.h"

#include <algorithm>
#include <array>

namespace dl::elf {
namespace {

constexpr std::size_t kWindowBytes = 5;
constexpr std::size_t kBuckets = 128;  // Of 256 that are counted.

// Pearson's permutation of the bytes.
constexpr std::array<std::uint8_t, 256> kPearson = {
    0x01, 0x57, 0x31, 0x0c, 0xb0, 0xb2, 0x66, 0xa6, 0x79, 0xc1, 0x06, 0x54, 0xf9, 0xe6, 0x2c, 0xa3, 0x0e, 0xc5, 0xd5,
    0xb5, 0xa1, 0x55, 0xda, 0x50, 0x40, 0xef, 0x18, 0xe2, 0xec, 0x8e, 0x26, 0xc8, 0x6e, 0xb1, 0x68, 0x67, 0x8d, 0xfd,
    0xff, 0x32, 0x4d, 0x65, 0x51, 0x12, 0x2d, 0x60, 0x1f, 0xde, 0x19, 0x6b, 0xbe, 0x46, 0x56, 0xed, 0xf0, 0x22, 0x48,
    0xf2, 0x14, 0xd6, 0xf4, 0xe3, 0x95, 0xeb, 0x61, 0xea, 0x39, 0x16, 0x3c, 0xfa, 0x52, 0xaf, 0xd0, 0x05, 0x7f, 0xc7,
    0x6f, 0x3e, 0x87, 0xf8, 0xae, 0xa9, 0xd3, 0x3a, 0x42, 0x9a, 0x6a, 0xc3, 0xf5, 0xab, 0x11, 0xbb, 0xb6, 0xb3, 0x00,
    0xf3, 0x84, 0x38, 0x94, 0x4b, 0x80, 0x85, 0x9e, 0x64, 0x82, 0x7e, 0x5b, 0x0d, 0x99, 0xf6, 0xd8, 0xdb, 0x77, 0x44,
    0xdf, 0x4e, 0x53, 0x58, 0xc9, 0x63, 0x7a, 0x0b, 0x5c, 0x20, 0x88, 0x72, 0x34, 0x0a, 0x8a, 0x1e, 0x30, 0xb7, 0x9c,
    0x23, 0x3d, 0x1a, 0x8f, 0x4a, 0xfb, 0x5e, 0x81, 0xa2, 0x3f, 0x98, 0xaa, 0x07, 0x73, 0xa7, 0xf1, 0xce, 0x03, 0x96,
    0x37, 0x3b, 0x97, 0xdc, 0x5a, 0x35, 0x17, 0x83, 0x7d, 0xad, 0x0f, 0xee, 0x4f, 0x5f, 0x59, 0x10, 0x69, 0x89, 0xe1,
    0xe0, 0xd9, 0xa0, 0x25, 0x7b, 0x76, 0x49, 0x02, 0x9d, 0x2e, 0x74, 0x09, 0x91, 0x86, 0xe4, 0xcf, 0xd4, 0xca, 0xd7,
    0x45, 0xe5, 0x1b, 0xbc, 0x43, 0x7c, 0xa8, 0xfc, 0x2a, 0x04, 0x1d, 0x6c, 0x15, 0xf7, 0x13, 0xcd, 0x27, 0xcb, 0xe9,
    0x28, 0xba, 0x93, 0xc6, 0xc0, 0x9b, 0x21, 0xa4, 0xbf, 0x62, 0xcc, 0xa5, 0xb4, 0x75, 0x4c, 0x8c, 0x24, 0xd2, 0xac,
    0x29, 0x36, 0x9f, 0x08, 0xb9, 0xe8, 0x71, 0xc4, 0xe7, 0x2f, 0x92, 0x78, 0x33, 0x41, 0x1c, 0x90, 0xfe, 0xdd, 0x5d,
    0xbd, 0xc2, 0x8b, 0x70, 0x2b, 0x47, 0x6d, 0xb8, 0xd1,
};

// Lengths up to kLengthSteps[i] are written as i. The steps grow by a half, then
// by three tenths, then by a tenth; they are a table since the reference
// implementation's rounding is part of the hash.
constexpr std::array<std::uint32_t, 170> kLengthSteps = {
    1,          2,          3,          5,          7,          11,         17,         25,         38,
    57,         86,         129,        194,        291,        437,        656,        854,        1110,
    1443,       1876,       2439,       3171,       3475,       3823,       4205,       4626,       5088,
    5597,       6157,       6772,       7450,       8195,       9014,       9916,       10907,      11998,
    13198,      14518,      15970,      17567,      19323,      21256,      23382,      25720,      28292,
    31121,      34233,      37656,      41422,      45564,      50121,      55133,      60646,      66711,
    73382,      80721,      88793,      97672,      107439,     118183,     130002,     143002,     157302,
    173032,     190335,     209369,     230306,     253337,     278670,     306538,     337191,     370911,
    408002,     448802,     493682,     543050,     597356,     657091,     722800,     795081,     874589,
    962048,     1058252,    1164078,    1280486,    1408534,    1549388,    1704327,    1874759,    2062236,
    2268459,    2495305,    2744836,    3019320,    3321252,    3653374,    4018711,    4420582,    4862641,
    5348905,    5883796,    6472176,    7119394,    7831333,    8614467,    9475909,    10423501,   11465851,
    12612437,   13873681,   15261050,   16787154,   18465870,   20312458,   22343706,   24578077,   27035886,
    29739474,   32713425,   35984770,   39583245,   43541573,   47895730,   52685306,   57953837,   63749221,
    70124148,   77136564,   84850228,   93335252,   102668779,  112935659,  124229227,  136652151,  150317384,
    165349128,  181884040,  200072456,  220079703,  242087671,  266296456,  292926096,  322218735,  354440623,
    389884688,  428873168,  471760495,  518936559,  570830240,  627913311,  690704607,  759775136,  835752671,
    919327967,  1011260767, 1112386880, 1223623232, 1345985727, 1480584256, 1628642751, 1791507135, 1970657856,
    2167723648, 2384496256, 2622945920, 2885240448, 3173764736, 3491141248, 3840255616, 4224281216,
};

// The six ways to choose, beside the newest byte, two more of a window of five.
// `salt` is kPearson at 2, 3, 5, 7, 11, 13; `first` and `second` count
// backwards from the newest byte.
struct Triplet {
  std::uint8_t salt;
  std::size_t first;
  std::size_t second;
};
constexpr std::array<Triplet, 6> kTriplets = {{
    {kPearson[2], 1, 2},
    {kPearson[3], 1, 3},
    {kPearson[5], 2, 3},
    {kPearson[7], 2, 4},
    {kPearson[11], 1, 4},
    {kPearson[13], 3, 4},
}};

std::uint8_t Mix(std::uint8_t salt, std::uint8_t a, std::uint8_t b, std::uint8_t c) {
  return kPearson[kPearson[kPearson[salt ^ a] ^ b] ^ c];
}

// The low half byte is written first.
void AppendSwapped(std::string& hex, std::uint8_t byte) {
  hex += "0123456789ABCDEF"[byte & 15];
  hex += "0123456789ABCDEF"[byte >> 4];
}

std::uint8_t LengthStep(std::size_t length) {
  const auto at = std::lower_bound(kLengthSteps.begin(), kLengthSteps.end(), length);
  return static_cast<std::uint8_t>(std::min<std::ptrdiff_t>(at - kLengthSteps.begin(), 169));
}

std::uint8_t Ratio(std::uint32_t quartile, std::uint32_t third_quartile) {
  // In single precision, as the reference implementation.
  const float percent = static_cast<float>(quartile * 100) / static_cast<float>(third_quartile);
  return static_cast<std::uint8_t>(static_cast<std::uint32_t>(percent) % 16);
}

}  // namespace

std::optional<std::string> Tlsh(Bytes data) {
  if (data.size() < kMinTlshBytes) return std::nullopt;

  std::array<std::uint32_t, 256> counts{};
  std::uint8_t checksum = 0;
  for (std::size_t i = kWindowBytes - 1; i < data.size(); ++i) {
    const auto back = [&](std::size_t n) { return std::to_integer<std::uint8_t>(data[i - n]); };
    checksum = Mix(kPearson[0], back(0), back(1), checksum);
    for (const Triplet& t : kTriplets) ++counts[Mix(t.salt, back(0), back(t.first), back(t.second))];
  }

  std::array<std::uint32_t, kBuckets> sorted;
  std::copy_n(counts.begin(), kBuckets, sorted.begin());
  std::sort(sorted.begin(), sorted.end());
  const std::uint32_t q1 = sorted[kBuckets / 4 - 1];
  const std::uint32_t q2 = sorted[kBuckets / 2 - 1];
  const std::uint32_t q3 = sorted[kBuckets * 3 / 4 - 1];
  // More than half of the buckets must be in use; then q3 is not 0 either.
  if (sorted[kBuckets / 2 - 1] == 0) return std::nullopt;

  std::string hash = "T1";
  AppendSwapped(hash, checksum);
  AppendSwapped(hash, LengthStep(data.size()));
  AppendSwapped(hash, static_cast<std::uint8_t>(Ratio(q2, q3) << 4 | Ratio(q1, q3)));
  // Two bits for each bucket: in which quarter its count lies. Last bucket first.
  for (std::size_t high = kBuckets; high > 0; high -= 2) {
    unsigned digit = 0;
    for (const std::size_t bucket : {high - 1, high - 2}) {
      const std::uint32_t count = counts[bucket];
      digit = digit << 2 | static_cast<unsigned>((count > q1) + (count > q2) + (count > q3));
    }
    hash += "0123456789ABCDEF"[digit];
  }
  return hash;
}

}  // namespace dl::elf
