// Lines that another room parses, checked as far as clamscan checks them when it
// loads: file types, icons, links, passwords, certificates. And ignore lists.
#include <algorithm>

#include "daylight/rules/clamav/line_reader.h"
#include "daylight/rules/clamav/pattern_parser.h"
#include "daylight/rules/clamav/phishing.h"
#include "daylight/rules/clamav/text.h"

namespace dl::clamav {
namespace {

Verdict Forward(const LineContext& context, std::string_view line) {
  const Status status = context.sink.AddLine(context.kind, line);
  if (!status) return Verdict::Malformed(status.error().what);
  return {};
}

// Least and greatest level, from field `first` on; both may be absent.
std::optional<Verdict> CheckLevels(std::span<const std::string_view> fields, std::size_t first) {
  if (fields.size() > first) {
    if (!IsNumber(fields[first])) return Verdict::Malformed("the least functionality level is not a number");
    if (AtoiUnsigned(fields[first]) > kFunctionalityLevel) return Verdict::Skipped(kSkippedForLevel);
  }
  if (fields.size() > first + 1) {
    if (!IsNumber(fields[first + 1])) return Verdict::Malformed("the greatest functionality level is not a number");
    if (AtoiUnsigned(fields[first + 1]) < kFunctionalityLevel) return Verdict::Skipped(kSkippedForLevel);
  }
  return std::nullopt;
}

}  // namespace

// Name, Name:MD5 of the line, or Database:Line:Name.
Verdict ReadIgnoreLine(const LineContext& context, std::string_view line) {
  std::array<std::string_view, 4> fields;
  const std::size_t count = Split(line, ':', fields);
  if (count > 3) return Verdict::Malformed("more than three fields");
  const std::string_view name = fields[count == 3 ? 2 : 0];
  const std::string_view digest = count == 2 ? fields[1] : "";
  if (name.empty()) return Verdict::Malformed("no name");
  if (count == 2 && (digest.size() != 32 || !IsHexText(digest))) {
    return Verdict::Malformed("MD5 is not 32 hexadecimal digits");
  }
  context.sink.AddIgnored(name, digest);
  return {};
}

// Magic:Offset:Pattern:Name:RequiredType:Type[:least level[:greatest level]]
Verdict ReadFileTypeLine(const LineContext& context, std::string_view line) {
  std::array<std::string_view, 9> fields;
  const std::size_t count = Split(line, ':', fields);
  if (count < 6) return Verdict::Malformed("fewer than six fields");
  if (count > 8) return Verdict::Malformed("more than eight fields");
  if (const auto verdict = CheckLevels(std::span(fields).first(count), 6)) return *verdict;
  if (!IsFileType(fields[4])) return Verdict::Malformed("required type that does not exist");
  if (!IsFileType(fields[5])) return Verdict::Malformed("type that does not exist");
  if (!IsNumber(fields[0])) return Verdict::Malformed("the first field is not a number");
  const std::int32_t magic = Atoi(fields[0]);
  if (magic == 1) {
    PatternContext pattern_context;
    pattern_context.target = 0;
    if (const auto pattern = ParseModified(fields[2], "", pattern_context); !pattern) {
      return Verdict::Malformed(pattern.error().what);
    }
    if (const auto offset = ParseOffset(fields[1], 0); !offset) return Verdict::Malformed(offset.error().what);
    if (StripName(fields[3]).empty()) return Verdict::Malformed("no name");
  } else if (magic == 0 || magic == 4) {
    if (!IsNumber(fields[1])) return Verdict::Malformed("offset is not a number");
    if (!IsHexText(fields[2])) return Verdict::Malformed("magic is not hexadecimal");
  } else {
    return Verdict::Skipped("kind of file type definition that is not known");
  }
  return Forward(context, line);
}

// Name:Group1:Group2:124 hexadecimal digits
Verdict ReadIconLine(const LineContext& context, std::string_view line) {
  constexpr std::size_t kDigits = 124;
  std::array<std::string_view, 5> fields;
  if (Split(line, ':', fields) != 4) return Verdict::Malformed("not four fields");
  if (fields[3].size() != kDigits) return Verdict::Malformed("icon is not 124 digits");
  std::array<std::uint32_t, kDigits> digits{};
  for (std::size_t i = 0; i < kDigits; ++i) {
    const int digit = HexValue(fields[3][i]);
    if (digit < 0) return Verdict::Malformed("icon is not hexadecimal");
    digits[i] = static_cast<std::uint32_t>(digit);
  }
  const std::uint32_t size = digits[0] * 16 + digits[1];
  if (size != 16 && size != 24 && size != 32) return Verdict::Malformed("icon of another size than 16, 24 or 32");
  std::size_t at = 2;
  const auto byte = [&] {
    at += 2;
    return digits[at - 2] * 16 + digits[at - 1];
  };
  // Three colour and three grey areas of an average of three digits, then four
  // times three areas of two; each with a place inside the icon.
  constexpr std::uint32_t kMaxAverage = 4072;
  for (int area = 0; area < 18; ++area) {
    std::uint32_t average = byte();
    if (area < 6) average = average * 16 + digits[at++];
    const std::uint32_t x = byte();
    const std::uint32_t y = byte();
    if (area < 6 && average > kMaxAverage) return Verdict::Malformed("icon: an average is out of range");
    if (x > size - size / 8 || y > size - size / 8) return Verdict::Malformed("icon: an area is outside");
  }
  const std::uint32_t red = byte();
  const std::uint32_t green = byte();
  const std::uint32_t blue = byte();
  const std::uint32_t colours = byte();
  if (red + green + blue > 103 || colours > 100) return Verdict::Malformed("icon: the spread is out of range");
  return Forward(context, line);
}

// Flags:... with an optional :least-[greatest] level at the end.
Verdict ReadPhishingLine(const LineContext& context, std::string_view line) {
  std::string_view body = line;
  if (const std::size_t colon = line.rfind(':'); colon != std::string_view::npos) {
    const std::string_view levels = line.substr(colon + 1);
    const std::size_t dash = levels.find('-');
    if (dash != std::string_view::npos && IsNumber(levels.substr(0, dash)) && IsNumber(levels.substr(dash + 1))) {
      const std::string_view greatest = levels.substr(dash + 1);
      if (AtoiUnsigned(levels.substr(0, dash)) > kFunctionalityLevel) return Verdict::Skipped(kSkippedForLevel);
      if (!greatest.empty() && AtoiUnsigned(greatest) < kFunctionalityLevel) return Verdict::Skipped(kSkippedForLevel);
      body = line.substr(0, colon);
    }
  }
  const std::size_t colon = body.find(':');
  if (colon == std::string_view::npos) return Verdict::Malformed("no field");
  const bool is_allow_list = context.kind == FileKind::kWdb;
  const std::string_view rest = body.substr(colon + 1);
  switch (body[0]) {
    case 'R':
    case 'H':
      if (is_allow_list) return Verdict::Malformed("flag of a .pdb file in a .wdb file");
      break;
    case 'X':
    case 'Y':
    case 'M':
      if (!is_allow_list) return Verdict::Malformed("flag of a .wdb file in a .pdb file");
      break;
    case 'S': {
      if (is_allow_list && !rest.starts_with('W')) return Verdict::Malformed("a digest in a .wdb file that is not W");
      if (rest.size() < 2 || (rest[0] != 'W' && rest[0] != 'F' && rest[0] != 'P') || rest[1] != ':') {
        return Verdict::Malformed("a digest that is not W:, F: or P:");
      }
      if (!IsHexText(rest.substr(2))) return Verdict::Malformed("digest is not hexadecimal");
      break;
    }
    default: return Verdict::Malformed("flag that is not known");
  }
  // Whether it can be compiled, the check itself says.
  if (const Status added = Phishing().Add(context.kind, line); !added) return Verdict::Malformed(added.error().what);
  return Forward(context, line);
}

// Name;Attributes;Storage;Password
Verdict ReadPasswordLine(const LineContext& context, std::string_view line) {
  std::array<std::string_view, 4> fields;
  if (Split(line, ';', fields) != 4) return Verdict::Malformed("fewer than four fields");
  std::string attributes_text(fields[1]);
  if (!attributes_text.empty() && fields[1].find("Target:") == std::string_view::npos) attributes_text += ",Target:0";
  std::string_view why;
  const auto attributes = ParseAttributes(attributes_text, why);
  if (!attributes) return Verdict::Malformed(attributes.error().what);
  if (!*attributes) return Verdict::Skipped(why);
  const std::string_view container = (*attributes)->container;
  if (!container.empty() && container != "CL_TYPE_ANY" && container != "CL_TYPE_ZIP" && container != "CL_TYPE_RAR") {
    return Verdict::Malformed("container of passwords that is neither ZIP nor RAR");
  }
  if (!IsNumber(fields[2])) return Verdict::Malformed("the kind of storage is not a number");
  const std::int32_t storage = Atoi(fields[2]);
  if (storage != 0 && storage != 1) return Verdict::Skipped("kind of password storage that is not known");
  if (storage == 1 && !IsHexText(fields[3])) return Verdict::Malformed("password is not hexadecimal");
  return Forward(context, line);
}

// Name;Trusted;Subject;Serial;Key;Exponent;CodeSign;TimeSign;CertSign;NotBefore;
// Comment[;least level[;greatest level]]
Verdict ReadCertificateLine(const LineContext& context, std::string_view line) {
  constexpr std::size_t kSha1Digits = 40;
  std::array<std::string_view, 14> fields;
  const std::size_t count = Split(line, ';', fields);
  if (count < 11) return Verdict::Malformed("fewer than eleven fields");
  if (count > 13) return Verdict::Malformed("more than thirteen fields");
  if (const auto verdict = CheckLevels(std::span(fields).first(count), 11)) return *verdict;
  const auto is_flag = [](std::string_view text) { return text.starts_with('0') || text.starts_with('1'); };
  if (!is_flag(fields[1])) return Verdict::Malformed("trust is neither 0 nor 1");
  if (!fields[3].empty() && (fields[3].size() != kSha1Digits || !IsHexText(fields[3]))) {
    return Verdict::Malformed("serial is not a SHA-1");
  }
  if (fields[2].size() != kSha1Digits || !IsHexText(fields[2])) return Verdict::Malformed("subject is not a SHA-1");
  std::string_view key = fields[4];
  if (key.starts_with('-')) key.remove_prefix(1);
  if (key.empty() || HexValue(key[0]) < 0) return Verdict::Malformed("key is not hexadecimal");
  if (!is_flag(fields[6])) return Verdict::Malformed("code signing is neither 0 nor 1");
  if (!is_flag(fields[7])) return Verdict::Malformed("time stamping is neither 0 nor 1");
  if (!is_flag(fields[8])) return Verdict::Malformed("certificate signing is neither 0 nor 1");
  return Forward(context, line);
}

}  // namespace dl::clamav
