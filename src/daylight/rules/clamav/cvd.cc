#include "daylight/rules/clamav/cvd.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "daylight/crypto/digest.h"
#include "daylight/rules/clamav/file_kinds.h"
#include "daylight/rules/clamav/tar_stream.h"
#include "daylight/rules/clamav/text.h"

namespace dl::clamav {
namespace {

enum class ContainerKind : std::uint8_t { kCvd, kCld, kCud };

ContainerKind KindOfContainer(std::string_view name) {
  const char letter = name.size() >= 2 ? name[name.size() - 2] : '\0';
  return letter == 'v' || letter == 'V'   ? ContainerKind::kCvd
         : letter == 'l' || letter == 'L' ? ContainerKind::kCld
                                          : ContainerKind::kCud;
}

// What .info says: a copy of the header, then name:size:sha256 of each member,
// then perhaps a signature of all that stands before it.
struct Info {
  struct Member {
    std::string name;
    std::uint64_t size = 0;
    std::array<std::uint8_t, 32> sha256{};
  };
  CvdHeader header;
  std::vector<Member> members;
  std::string_view signed_text;
  std::string_view signature;
};

constexpr std::string_view kMagic = "ClamAV-VDB:";
constexpr std::string_view kSignatureField = "DSIG:";
constexpr std::size_t kMaxInfoBytes = 1U << 20;

// A field of a header without a signature holds an X.
bool IsAbsent(std::string_view field) { return field.empty() || field == "X"; }

Result<Info> ParseInfo(std::string_view text) {
  Info info;
  const std::string_view whole = text;
  bool has_header = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    const std::size_t begin = whole.size() - text.size();
    text.remove_prefix(std::min(end + 1, text.size()));
    while (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with(kSignatureField)) {
      info.signed_text = whole.substr(0, begin);
      info.signature = line.substr(kSignatureField.size());
      break;
    }
    if (line.starts_with(kMagic)) {
      if (has_header) return Fail(ErrorCode::kMalformed, ".info has two headers");
      has_header = true;
      DL_TRY(info.header, ParseCvdHeader(line));
      continue;
    }
    if (!has_header) return Fail(ErrorCode::kMalformed, ".info does not begin with a header");
    std::array<std::string_view, 4> fields;
    if (Split(line, ':', fields) != 3)
      return Fail(ErrorCode::kMalformed, ".info has a line that is not name:size:SHA-256");
    Info::Member member;
    member.name = fields[0];
    if (!IsNumber(fields[1]) || !ScanUnsigned64(fields[1], member.size)) {
      return Fail(ErrorCode::kMalformed, ".info has a size that is no number");
    }
    if (!DecodeHex(fields[2], member.sha256))
      return Fail(ErrorCode::kMalformed, ".info has a digest that is no SHA-256");
    info.members.push_back(std::move(member));
  }
  if (!has_header) return Fail(ErrorCode::kMalformed, ".info is empty");
  std::ranges::sort(info.members, {}, &Info::Member::name);
  return info;
}

class Container {
 public:
  Container(std::string_view name, Bytes file, const ReadSettings& settings, const SigningKeys& keys, Sink& sink,
            std::uint64_t max_tar_bytes)
      : name_(name),
        kind_(KindOfContainer(name)),
        file_(file),
        settings_(settings),
        keys_(keys),
        sink_(sink),
        max_tar_bytes_(max_tar_bytes) {}

  FileOutcome Read() {
    if (const Status status = ReadChecked(); !status && outcome_.error.empty()) {
      outcome_.error = std::string(status.error().what);
    }
    return std::move(outcome_);
  }

 private:
  Status ReadChecked() {
    if (file_.size() < kCvdHeaderBytes) return Fail(ErrorCode::kTruncated, "shorter than a container's header");
    std::string_view head = AsText(file_.first(kCvdHeaderBytes));
    head = head.substr(0, head.find_first_of(std::string_view("\n\r\0", 3)));
    while (head.ends_with(' ')) head.remove_suffix(1);
    DL_TRY(header_, ParseCvdHeader(head));
    if (header_.functionality_level > kFunctionalityLevel) {
      sink_.Warn(name_, 0, "made for a newer engine; what this one does not know is left out");
    }
    const Bytes payload = file_.subspan(kCvdHeaderBytes);
    if (kind_ == ContainerKind::kCvd) DL_TRY_STATUS(CheckHeader(payload));
    if (kind_ == ContainerKind::kCud) DL_TRY_STATUS(NeedPermission());
    DL_TRY_STATUS(FindInfo(payload));
    if (kind_ == ContainerKind::kCld) DL_TRY_STATUS(CheckInfo());
    return ReadMembers(payload);
  }

  Status NeedPermission() const {
    if (settings_.allow_unsigned) return {};
    return Fail(ErrorCode::kMalformed, "not signed (--allow-unsigned-clamav takes it all the same)");
  }

  Status CheckHeader(Bytes payload) {
    if (!IsAbsent(header_.md5)) {
      std::array<std::uint8_t, 16> expected{};
      if (!DecodeHex(header_.md5, expected)) return Fail(ErrorCode::kMalformed, "the header's MD5 is none");
      const auto md5 = crypto::Md5::Of(payload);
      if (!std::ranges::equal(std::as_bytes(std::span(expected)), md5)) {
        return Fail(ErrorCode::kMalformed, "damaged: the content's MD5 is not that of the header");
      }
    }
    if (IsAbsent(header_.signature)) return NeedPermission();
    DL_TRY_STATUS(VerifyMd5Signature(header_.md5, header_.signature, keys_.header));
    outcome_.is_signed = true;
    return {};
  }

  Status FindInfo(Bytes payload) {
    TarStream tar(payload, max_tar_bytes_);
    while (true) {
      DL_TRY(const bool has_member, tar.Next());
      if (!has_member) break;
      if (KindOf(tar.name()) != FileKind::kInfo) continue;
      if (tar.size() > kMaxInfoBytes) return Fail(ErrorCode::kBudget, ".info is longer than 1 MiB");
      DL_TRY(info_text_, tar.ReadMember());
      DL_TRY(info_, ParseInfo(info_text_));
      if (info_->header.version != header_.version || info_->header.signatures != header_.signatures ||
          info_->header.functionality_level != header_.functionality_level ||
          info_->header.seconds != header_.seconds) {
        return Fail(ErrorCode::kMalformed, "the header is another one than that of .info");
      }
      return {};
    }
    // A .cvd vouches for its content by its header; the others have nothing else.
    if (kind_ == ContainerKind::kCvd) return {};
    return Fail(ErrorCode::kMalformed, "no .info in it");
  }

  Status CheckInfo() {
    if (IsAbsent(info_->signature)) return NeedPermission();
    const auto sha256 = crypto::Sha256::Of(AsBytes(info_->signed_text));
    DL_TRY_STATUS(VerifySha256Signature(sha256, info_->signature, keys_.info));
    outcome_.is_signed = true;
    return {};
  }

  Status CheckMember(std::string_view name, Bytes content) const {
    const auto member = std::ranges::lower_bound(info_->members, name, {}, &Info::Member::name);
    if (member == info_->members.end() || member->name != name) {
      return Fail(ErrorCode::kMalformed, "not listed in .info");
    }
    if (member->size != content.size()) return Fail(ErrorCode::kMalformed, "of another size than .info says");
    if (!std::ranges::equal(std::as_bytes(std::span(member->sha256)), crypto::Sha256::Of(content))) {
      return Fail(ErrorCode::kMalformed, "its SHA-256 is not that of .info");
    }
    return {};
  }

  Status ReadMembers(Bytes payload) {
    TarStream tar(payload, max_tar_bytes_);
    bool is_empty = true;
    while (true) {
      DL_TRY(const bool has_member, tar.Next());
      if (!has_member) break;
      const std::string name(tar.name());
      if (IsContainerName(name)) return Fail(ErrorCode::kMalformed, "a container within a container");
      const FileType* const type = FindFileType(name);
      if (type == nullptr || type->kind == FileKind::kInfo) continue;  // COPYING, for one.
      DL_TRY(const std::string content, tar.ReadMember());
      if (info_) {
        if (const Status status = CheckMember(name, AsBytes(content)); !status) {
          outcome_.error = fmt::format("{}: {}", name, status.error().what);
          return Forward(status.error());
        }
      }
      const FileOutcome outcome =
          ReadPlainFile(name, fmt::format("{}//{}", name_, name), AsBytes(content), settings_, sink_);
      outcome_.lines += outcome.lines;
      outcome_.malformed += outcome.malformed;
      if (!outcome.error.empty()) {
        outcome_.error = fmt::format("{}: {}", name, outcome.error);
        return Fail(ErrorCode::kMalformed, "a member cannot be used");
      }
      is_empty = false;
    }
    if (is_empty) return Fail(ErrorCode::kMalformed, "no signature file in it");
    return {};
  }

  std::string_view name_;
  ContainerKind kind_;
  Bytes file_;
  const ReadSettings& settings_;
  const SigningKeys& keys_;
  Sink& sink_;
  std::uint64_t max_tar_bytes_;
  CvdHeader header_;
  std::string info_text_;
  std::optional<Info> info_;
  FileOutcome outcome_;
};

}  // namespace

Result<CvdHeader> ParseCvdHeader(std::string_view text) {
  if (!text.starts_with(kMagic)) return Fail(ErrorCode::kMalformed, "does not begin with ClamAV-VDB:");
  std::array<std::string_view, 10> fields;
  const std::size_t count = Split(text, ':', fields);
  constexpr std::size_t kLeastFields = 8;
  if (count < kLeastFields) return Fail(ErrorCode::kMalformed, "the header has fewer than eight fields");
  for (const std::string_view field : std::span(fields).subspan(1, kLeastFields - 1)) {
    if (field.empty()) return Fail(ErrorCode::kMalformed, "the header has an empty field");
  }
  CvdHeader header;
  header.time = fields[1];
  header.version = AtoiUnsigned(fields[2]);
  header.signatures = AtoiUnsigned(fields[3]);
  header.functionality_level = AtoiUnsigned(fields[4]);
  header.md5 = fields[5];
  header.signature = fields[6];
  header.builder = fields[7];
  if (count > kLeastFields) ScanUnsigned64(fields[8], header.seconds);
  return header;
}

FileOutcome ReadContainer(std::string_view name, Bytes file, const ReadSettings& settings, const SigningKeys& keys,
                          Sink& sink, std::uint64_t max_tar_bytes) {
  return Container(name, file, settings, keys, sink, max_tar_bytes).Read();
}

}  // namespace dl::clamav
