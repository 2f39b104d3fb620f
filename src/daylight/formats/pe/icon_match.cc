// How alike two icons are, and the text form of their metrics.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "daylight/formats/pe/icons.h"

namespace dl::pe {

namespace {

constexpr std::size_t kHashDigits = 124;
constexpr std::uint32_t kMaxColour = 4072;
constexpr std::uint32_t kMaxAverage = 255;

// For each of `icon`'s areas the nearest of `signature`'s that is about as
// strong: 100 at the same place, 40 at the farthest that counts. Of all, the
// average.
std::uint32_t AreasMatch(std::uint32_t size, std::span<const IconArea> icon, std::span<const IconArea> signature,
                         std::uint32_t max_average) {
  const std::uint32_t farthest = size / 4 * 3 / 4;
  std::uint32_t total = 0;
  for (const IconArea& area : icon) {
    std::uint32_t best = 0;
    for (const IconArea& other : signature) {
      const auto dx = static_cast<std::int32_t>(area.x) - static_cast<std::int32_t>(other.x);
      const auto dy = static_cast<std::int32_t>(area.y) - static_cast<std::int32_t>(other.y);
      const auto distance = static_cast<std::uint32_t>(std::sqrt(dx * dx + dy * dy));
      const std::uint32_t apart = std::max(area.average, other.average) - std::min(area.average, other.average);
      if (distance > farthest || apart > max_average / 5) continue;
      best = std::max(best, 100 - distance * 60 / farthest);
    }
    total += best;
  }
  return total / static_cast<std::uint32_t>(icon.size());
}

std::array<IconArea, 6> Join(const IconAreas& a, const IconAreas& b) { return {a[0], a[1], a[2], b[0], b[1], b[2]}; }

// 100 for equal shares, 10 less for each per cent between them.
std::uint32_t SharesMatch(std::uint32_t a, std::uint32_t b) {
  const std::uint32_t apart = (std::max(a, b) - std::min(a, b)) * 10;
  return apart < 100 ? 100 - apart : 0;
}

void PutHex(std::string& text, std::uint32_t value, int digits) {
  for (int i = digits - 1; i >= 0; --i) text += "0123456789abcdef"[value >> (4 * i) & 15];
}

void PutAreas(std::string& text, const IconAreas& areas, int digits) {
  for (const IconArea& area : areas) {
    PutHex(text, area.average, digits);
    PutHex(text, area.x, 2);
    PutHex(text, area.y, 2);
  }
}

class HashReader {
 public:
  explicit HashReader(std::string_view digits) : digits_(digits) {}
  std::uint32_t Read(std::size_t count) {
    std::uint32_t value = 0;
    for (const char digit : digits_.substr(0, count)) {
      const auto lower = static_cast<unsigned char>(digit | 0x20);
      value = value << 4 | static_cast<std::uint32_t>(digit <= '9' ? digit - '0' : lower - 'a' + 10);
    }
    digits_.remove_prefix(count);
    return value;
  }
  // False when an area lies where no icon of that size has one.
  bool ReadAreas(IconAreas& areas, std::size_t digits, std::uint32_t size) {
    for (IconArea& area : areas) {
      area.average = Read(digits);
      area.x = Read(2);
      area.y = Read(2);
      const std::uint32_t last = size - size / 8;
      if (area.average > kMaxColour || area.x > last || area.y > last) return false;
    }
    return true;
  }

 private:
  std::string_view digits_;
};

bool IsHex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

Result<IconMetrics> ParseHash(std::string_view hash) {
  if (hash.size() != kHashDigits) return Fail(ErrorCode::kMalformed, "icon signature: the hash has not 124 digits");
  if (!std::ranges::all_of(hash, IsHex)) return Fail(ErrorCode::kMalformed, "icon signature: not hexadecimal");
  HashReader reader(hash);
  IconMetrics metrics;
  metrics.size = reader.Read(2);
  if (metrics.size != 16 && metrics.size != 24 && metrics.size != 32) {
    return Fail(ErrorCode::kMalformed, "icon signature: size");
  }
  for (const auto& [areas, digits] :
       {std::pair(&metrics.colour, 3U), std::pair(&metrics.grey, 3U), std::pair(&metrics.bright, 2U),
        std::pair(&metrics.dark, 2U), std::pair(&metrics.edge, 2U), std::pair(&metrics.no_edge, 2U)}) {
    if (!reader.ReadAreas(*areas, digits, metrics.size)) {
      return Fail(ErrorCode::kMalformed, "icon signature: an area is out of range");
    }
  }
  metrics.red = reader.Read(2);
  metrics.green = reader.Read(2);
  metrics.blue = reader.Read(2);
  metrics.colour_share = reader.Read(2);
  if (metrics.red + metrics.green + metrics.blue > 103 || metrics.colour_share > 100) {
    return Fail(ErrorCode::kMalformed, "icon signature: a share is out of range");
  }
  return metrics;
}

}  // namespace

bool Matches(const IconMetrics& icon, const IconMetrics& signature) {
  if (icon.size / 8 != signature.size / 8) return false;
  const std::uint32_t size = icon.size;
  const std::uint32_t bright = AreasMatch(size, icon.bright, signature.bright, kMaxAverage);
  const std::uint32_t dark = AreasMatch(size, icon.dark, signature.dark, kMaxAverage);
  if (icon.colour_share == 0 && signature.colour_share == 0) {
    const std::uint32_t edge =
        AreasMatch(size, Join(icon.edge, icon.colour), Join(signature.edge, signature.colour), kMaxAverage);
    const std::uint32_t no_edge =
        AreasMatch(size, Join(icon.no_edge, icon.grey), Join(signature.no_edge, signature.grey), kMaxAverage);
    return (bright + dark + edge * 2 + no_edge) / 6 >= 70;
  }
  const std::uint32_t edge = AreasMatch(size, icon.edge, signature.edge, kMaxAverage);
  const std::uint32_t no_edge = AreasMatch(size, icon.no_edge, signature.no_edge, kMaxAverage);
  std::uint32_t colour = 0;
  std::uint32_t grey = 0;
  if (icon.colour_share != 0 && signature.colour_share != 0) {
    colour = AreasMatch(size, icon.colour, signature.colour, kMaxColour);
    grey = AreasMatch(size, icon.grey, signature.grey, kMaxColour);
  }
  const std::uint32_t shares =
      (SharesMatch(icon.red, signature.red) + SharesMatch(icon.green, signature.green) +
       SharesMatch(icon.blue, signature.blue) + SharesMatch(icon.colour_share, signature.colour_share)) /
      4;
  const std::uint32_t confidence = (colour + (grey + bright + no_edge) * 2 / 3 + dark + edge + shares) / 6;
  // The smaller the icon, the more alike it must be.
  return confidence >= 72 - 4 * (size / 8 - 2);
}

std::string IconHash(const IconMetrics& metrics) {
  std::string text;
  text.reserve(kHashDigits);
  PutHex(text, metrics.size, 2);
  PutAreas(text, metrics.colour, 3);
  PutAreas(text, metrics.grey, 3);
  PutAreas(text, metrics.bright, 2);
  PutAreas(text, metrics.dark, 2);
  PutAreas(text, metrics.edge, 2);
  PutAreas(text, metrics.no_edge, 2);
  for (const std::uint32_t share : {metrics.red, metrics.green, metrics.blue, metrics.colour_share}) {
    PutHex(text, share, 2);
  }
  return text;
}

Result<IconSignature> ParseIdbLine(std::string_view line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  std::array<std::string_view, 4> fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::size_t end = line.find(':');
    if ((end == std::string_view::npos) != (i + 1 == fields.size())) {
      return Fail(ErrorCode::kMalformed, "icon signature: not four fields");
    }
    fields[i] = line.substr(0, end);
    line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  }
  DL_TRY(const IconMetrics metrics, ParseHash(fields[3]));
  return IconSignature{std::string(fields[0]), std::string(fields[1]), std::string(fields[2]), metrics};
}

}  // namespace dl::pe
