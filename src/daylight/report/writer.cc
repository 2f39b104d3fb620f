#include "daylight/report/writer.h"

#include "daylight/base/check.h"
#include "daylight/report/writers.h"

namespace dl::report {

std::optional<Format> FormatFromName(std::string_view name) {
  if (name == "text") return Format::kText;
  if (name == "json") return Format::kJson;
  if (name == "jsonl") return Format::kJsonLines;
  if (name == "sarif") return Format::kSarif;
  if (name == "csv") return Format::kCsv;
  return std::nullopt;
}

std::unique_ptr<Writer> MakeWriter(Format format, WriterOptions options) {
  switch (format) {
    case Format::kText: return MakeTextWriter(std::move(options));
    case Format::kJson: return MakeJsonWriter(std::move(options), false);
    case Format::kJsonLines: return MakeJsonWriter(std::move(options), true);
    case Format::kSarif: return MakeSarifWriter(std::move(options));
    case Format::kCsv: return MakeCsvWriter(std::move(options));
  }
  DL_CHECK(false);
}

std::string ObjectPath(std::string_view path, std::string_view object) {
  // A file's own name has no slash, so the first "//" is where the way begins.
  const std::size_t way = object.find("//");
  return std::string(path) + std::string(way == object.npos ? "" : object.substr(way));
}

std::string HexDigest(const std::array<std::uint8_t, 32>& digest) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t byte : digest) {
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

}  // namespace dl::report
