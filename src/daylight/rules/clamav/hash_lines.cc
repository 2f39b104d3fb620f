// Digest signatures: hash:size:name of files and imports, size:hash:name of
// sections, both with an optional least and greatest functionality level.
#include "daylight/rules/clamav/line_reader.h"
#include "daylight/rules/clamav/text.h"

namespace dl::clamav {
namespace {

constexpr std::uint32_t kLevelOfAnySize = 73;
constexpr std::size_t kMaxSizeDigits = 10;  // More may not fit: leading zeros take the slow way.

// strtoul(), all of it, from 1 to 0xfffffffe.
bool ParseSize(std::string_view text, std::uint32_t& size) {
  std::uint64_t value = 0;
  if (text.size() <= kMaxSizeDigits && IsNumber(text)) {
    for (const char c : text) value = value * 10 + static_cast<std::uint64_t>(c - '0');
  } else if (!ScanUnsigned64(text, value) || !text.empty()) {
    return false;
  }
  if (value == 0 || value >= 0xffffffff) return false;
  size = static_cast<std::uint32_t>(value);
  return true;
}

DigestSignature::Of OfKind(FileKind kind) {
  switch (kind) {
    case FileKind::kMdb:
    case FileKind::kMsb: return DigestSignature::Of::kSection;
    case FileKind::kImp: return DigestSignature::Of::kImports;
    case FileKind::kFp:
    case FileKind::kSfp: return DigestSignature::Of::kAllowed;
    default: return DigestSignature::Of::kFile;
  }
}

}  // namespace

Verdict ReadDigestLine(const LineContext& context, std::string_view line) {
  std::array<std::string_view, 6> fields;
  const std::size_t count = Split(line, ':', fields);
  if (count < 3) return Verdict::Malformed("fewer than three fields");
  if (count > 5) return Verdict::Malformed("more than five fields");
  std::uint32_t least_level = 0;
  if (count > 3) {
    least_level = AtoiUnsigned(fields[3]);
    if (least_level > kFunctionalityLevel) return Verdict::Skipped(kSkippedForLevel);
    if (count == 5 && AtoiUnsigned(fields[4]) < kFunctionalityLevel) return Verdict::Skipped(kSkippedForLevel);
  }
  DigestSignature signature;
  signature.of = OfKind(context.kind);
  signature.is_pua = context.is_pua;
  const bool is_section = signature.of == DigestSignature::Of::kSection;
  const std::string_view size = fields[is_section ? 0 : 1];
  const std::string_view digest = fields[is_section ? 1 : 0];
  if (size == "*") {
    if (signature.of != DigestSignature::Of::kImports && least_level < kLevelOfAnySize) {
      return Verdict::Malformed("size * needs a functionality level of at least 73");
    }
  } else {
    std::uint32_t value = 0;
    if (!ParseSize(size, value)) return Verdict::Malformed("size is not * and not from 1 to 4294967294");
    signature.size = value;
  }
  const std::string_view name = StripName(fields[2]);
  if (name.empty()) return Verdict::Malformed("no name");
  switch (digest.size()) {
    case 32: signature.kind = DigestKind::kMd5; break;
    case 40: signature.kind = DigestKind::kSha1; break;
    case 64: signature.kind = DigestKind::kSha256; break;
    default: return Verdict::Malformed("digest is not 32, 40 or 64 digits long");
  }
  if (!DecodeHex(digest, std::span(signature.digest).first(digest.size() / 2))) {
    return Verdict::Malformed("digest is not hexadecimal");
  }
  context.sink.AddDigest(context.kind, line, name, signature);
  return {};
}

}  // namespace dl::clamav
