// Signatures of what an archive says of its members: .cdb, and the older .zmd
// and .rmd.
#include "daylight/rules/clamav/extended_regexp.h"
#include "daylight/rules/clamav/line_reader.h"
#include "daylight/rules/clamav/text.h"

namespace dl::clamav {
namespace {

constexpr std::uint32_t kAny = 0xffffffff;  // The number that stands for * inside clamscan.

// *, n or n-m. Of n-m, a 0 leaves its side open.
bool ParseRange(std::string_view text, std::optional<Range>& range) {
  range.reset();
  if (text == "*") return true;
  Range parsed;
  if (text.find('-') == std::string_view::npos) {
    if (!IsNumber(text)) return false;
    parsed.min = parsed.max = AtoiUnsigned(text);
  } else {
    if (!ScanUnsigned(text, parsed.min) || !text.starts_with('-')) return false;
    text.remove_prefix(1);
    if (!ScanUnsigned(text, parsed.max)) return false;
  }
  if (parsed.min == kAny) return true;
  if (parsed.max == 0 && parsed.min != 0) parsed.max = kUnbounded;
  range = parsed;
  return true;
}

bool IsAnyOrNumber(std::string_view text) { return text == "*" || IsNumber(text); }

}  // namespace

// Name:ContainerType:ContainerSize:FileName:SizeInContainer:RealSize:IsEncrypted:
// Position:Res1:Res2[:least level[:greatest level]]
Verdict ReadContainerLine(const LineContext& context, std::string_view line) {
  std::array<std::string_view, 13> fields;
  const std::size_t count = Split(line, ':', fields);
  if (count < 10) return Verdict::Malformed("fewer than ten fields");
  if (count > 12) return Verdict::Malformed("more than twelve fields");
  if (count > 10) {
    if (!IsNumber(fields[10])) return Verdict::Malformed("the least functionality level is not a number");
    if (AtoiUnsigned(fields[10]) > kFunctionalityLevel) return Verdict::Skipped(kSkippedForLevel);
    if (count == 12) {
      if (!IsNumber(fields[11])) return Verdict::Malformed("the greatest functionality level is not a number");
      if (AtoiUnsigned(fields[11]) < kFunctionalityLevel) return Verdict::Skipped(kSkippedForLevel);
    }
  }
  ContainerSignature signature;
  signature.name = StripName(fields[0]);
  if (signature.name.empty()) return Verdict::Malformed("no name");
  if (fields[1] != "*") {
    if (!IsFileType(fields[1])) return Verdict::Malformed("container type that does not exist");
    if (fields[1] != "CL_TYPE_ANY") signature.container = fields[1];
  }
  if (fields[3] != "*") {
    const auto expression = ParseExtendedRegexp(fields[3]);
    if (!expression) return Verdict::Malformed(expression.error().what);
    signature.file_name = fields[3];
  }
  if (!ParseRange(fields[2], signature.container_size)) return Verdict::Malformed("container size is no range");
  if (!ParseRange(fields[4], signature.size_in_container)) return Verdict::Malformed("size in container is no range");
  if (!ParseRange(fields[5], signature.real_size)) return Verdict::Malformed("real size is no range");
  if (!ParseRange(fields[7], signature.position)) return Verdict::Malformed("position is no range");
  if (fields[6] == "0" || fields[6] == "1") {
    signature.is_encrypted = fields[6] == "1";
  } else if (fields[6] != "*") {
    return Verdict::Malformed("encryption is not *, 0 or 1");
  }
  context.sink.AddContainer(context.kind, line, std::move(signature));
  return {};
}

// Name:IsEncrypted:FileName:RealSize:CompressedSize:CRC:Method:Number:Depth
Verdict ReadArchiveLine(const LineContext& context, std::string_view line) {
  std::array<std::string_view, 10> fields;
  if (Split(line, ':', fields) != 9) return Verdict::Malformed("not nine fields");
  if (!IsAnyOrNumber(fields[1])) return Verdict::Malformed("encryption is neither * nor a number");
  if (!IsAnyOrNumber(fields[3])) return Verdict::Malformed("real size is neither * nor a number");
  if (!IsAnyOrNumber(fields[4])) return Verdict::Malformed("compressed size is neither * nor a number");
  if (!IsAnyOrNumber(fields[6])) return Verdict::Malformed("compression method is neither * nor a number");
  if (!IsAnyOrNumber(fields[7])) return Verdict::Malformed("file number is neither * nor a number");
  if (!IsAnyOrNumber(fields[8])) return Verdict::Malformed("depth is neither * nor a number");
  ContainerSignature signature;
  signature.name = StripName(fields[0]);
  if (signature.name.empty()) return Verdict::Malformed("no name");
  signature.container = context.kind == FileKind::kZmd ? "CL_TYPE_ZIP" : "CL_TYPE_RAR";
  if (fields[2] != "*") {
    const auto expression = ParseExtendedRegexp(fields[2]);
    if (!expression) return Verdict::Malformed(expression.error().what);
    signature.file_name = fields[2];
  }
  ParseRange(fields[3], signature.real_size);
  ParseRange(fields[4], signature.size_in_container);
  ParseRange(fields[7], signature.position);
  if (fields[5] != "*") {
    // Digits up to the first that is none; 0 stands for any, and what reads as
    // -1 is refused.
    if (fields[5].size() % 2 != 0) return Verdict::Malformed("CRC has an odd number of digits");
    std::uint32_t checksum = 0;
    for (const char c : fields[5]) {
      const int digit = HexValue(c);
      if (digit < 0) break;
      checksum = checksum << 4 | static_cast<std::uint32_t>(digit);
    }
    if (checksum == kAny) return Verdict::Malformed("CRC ffffffff");
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (int shift = 28; checksum != 0 && shift >= 0; shift -= 4) signature.checksum += kDigits[checksum >> shift & 15];
  }
  if (fields[1] != "*") {
    const std::int32_t encrypted = Atoi(fields[1]);
    if (encrypted == 0 || encrypted == 1) {
      signature.is_encrypted = encrypted == 1;
    } else if (encrypted != 2) {
      return Verdict::Skipped("encryption that is never there");
    }
  }
  context.sink.AddContainer(context.kind, line, std::move(signature));
  return {};
}

}  // namespace dl::clamav
