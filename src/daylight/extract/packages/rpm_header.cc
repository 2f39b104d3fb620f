#include "daylight/extract/packages/rpm_header.h"

#include "daylight/bytes/cursor.h"
#include "daylight/extract/packages/line_reader.h"

namespace dl::extract {

namespace {

constexpr std::size_t kEntryBytes = 16;

// rpmTagType
constexpr std::uint32_t kInt32 = 4;
constexpr std::uint32_t kString = 6;
constexpr std::uint32_t kStringArray = 8;
constexpr std::uint32_t kI18nString = 9;

// rpmTag
constexpr std::uint32_t kName = 1000;
constexpr std::uint32_t kVersion = 1001;
constexpr std::uint32_t kRelease = 1002;
constexpr std::uint32_t kEpoch = 1003;
constexpr std::uint32_t kSummary = 1004;
constexpr std::uint32_t kInstallTime = 1008;
constexpr std::uint32_t kDistribution = 1010;
constexpr std::uint32_t kVendor = 1011;
constexpr std::uint32_t kLicense = 1014;
constexpr std::uint32_t kPackager = 1015;
constexpr std::uint32_t kUrl = 1020;
constexpr std::uint32_t kArch = 1022;
constexpr std::uint32_t kSourceRpm = 1044;

constexpr std::string_view kMagic = "\x8e\xad\xe8\x01";

Result<std::uint64_t> LengthOf(std::uint32_t entries, std::uint32_t data_bytes) {
  if (entries == 0 || entries > RpmHeader::kMaxEntries) return Fail(ErrorCode::kMalformed, "a header's entries");
  if (data_bytes > RpmHeader::kMaxDataBytes) return Fail(ErrorCode::kMalformed, "a header's length");
  return std::uint64_t{entries} * kEntryBytes + data_bytes;
}

// "glibc-2.34-60.el9.src.rpm" → "glibc 2.34-60.el9"
std::string SourceText(std::string_view file) {
  if (file == "(none)") return {};  // As rpm writes it for keys.
  for (const std::string_view end : {".src.rpm", ".nosrc.rpm"}) {
    if (!file.ends_with(end)) continue;
    std::string text = FactText(file.substr(0, file.size() - end.size()));
    const std::size_t release = text.rfind('-');
    const std::size_t version = release == text.npos || release == 0 ? text.npos : text.rfind('-', release - 1);
    if (version != text.npos && version != 0) text[version] = ' ';
    return text;
  }
  return FactText(file);
}

}  // namespace

Result<RpmHeader> RpmHeader::Parse(Bytes blob) {
  Cursor cursor(blob);
  DL_TRY(const std::uint32_t entries, cursor.ReadU32Be());
  DL_TRY(const std::uint32_t data_bytes, cursor.ReadU32Be());
  DL_TRY_STATUS(LengthOf(entries, data_bytes).map([](std::uint64_t) {}));
  RpmHeader header;
  DL_TRY(header.index_, cursor.ReadRecords(entries, kEntryBytes));
  DL_TRY(header.data_, cursor.ReadBytes(data_bytes));
  return header;
}

Result<std::uint64_t> RpmHeader::LengthInFile(Bytes head) {
  Cursor cursor(head);
  DL_TRY(const Bytes magic, cursor.ReadBytes(kMagicBytes));
  if (!AsText(magic).starts_with(kMagic)) return Fail(ErrorCode::kMalformed, "not a header");
  DL_TRY(const std::uint32_t entries, cursor.ReadU32Be());
  DL_TRY(const std::uint32_t data_bytes, cursor.ReadU32Be());
  DL_TRY(const std::uint64_t length, LengthOf(entries, data_bytes));
  return kMagicBytes + 8 + length;
}

template <typename Fits>
std::optional<RpmHeader::Entry> RpmHeader::Find(std::uint32_t tag, Fits fits) const {
  std::optional<Entry> found;
  Cursor cursor(index_);
  while (!cursor.AtEnd()) {
    const auto its_tag = cursor.ReadU32Be();
    const auto type = cursor.ReadU32Be();
    const auto offset = cursor.ReadU32Be();
    const auto count = cursor.ReadU32Be();
    if (!its_tag || !type || !offset || !count) break;
    if (*its_tag == tag && *count > 0 && fits(*type)) found = Entry{*type, *offset, *count};
  }
  return found;
}

std::optional<std::string_view> RpmHeader::Text(std::uint32_t tag) const {
  const auto entry =
      Find(tag, [](std::uint32_t type) { return type == kString || type == kStringArray || type == kI18nString; });
  if (!entry) return std::nullopt;
  Cursor cursor(data_);
  if (!cursor.SeekTo(entry->offset)) return std::nullopt;
  const auto text = cursor.ReadCString(data_.size());
  if (!text) return std::nullopt;
  return *text;
}

std::optional<std::uint32_t> RpmHeader::Number(std::uint32_t tag) const {
  const auto entry = Find(tag, [](std::uint32_t type) { return type == kInt32; });
  if (!entry) return std::nullopt;
  Cursor cursor(data_);
  if (!cursor.SeekTo(entry->offset)) return std::nullopt;
  const auto number = cursor.ReadU32Be();
  if (!number) return std::nullopt;
  return *number;
}

bool RpmHeader::Has(std::uint32_t tag) const {
  return Find(tag, [](std::uint32_t) { return true; }).has_value();
}

report::PackageFact PackageOf(const RpmHeader& header) {
  const auto text = [&](std::uint32_t tag) { return FactText(header.Text(tag).value_or("")); };
  report::PackageFact fact;
  fact.system = report::PackageSystem::kRpm;
  fact.name = text(kName);
  if (const auto epoch = header.Number(kEpoch)) fact.version = std::to_string(*epoch) + ":";
  fact.version += text(kVersion);
  if (const std::string release = text(kRelease); !release.empty()) fact.version += "-" + release;
  fact.architecture = text(kArch);
  fact.source = SourceText(header.Text(kSourceRpm).value_or(""));
  fact.maintainer = text(kPackager);
  fact.vendor = text(kVendor);
  fact.homepage = text(kUrl);
  fact.licence = text(kLicense);
  fact.summary = text(kSummary);
  fact.installed_at = header.Number(kInstallTime).value_or(0);
  fact.distribution = text(kDistribution);
  return fact;
}

}  // namespace dl::extract
