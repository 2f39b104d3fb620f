#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "daylight/bytes/cursor.h"
#include "daylight/extract/packages/control.h"
#include "daylight/extract/packages/line_reader.h"
#include "daylight/extract/packages/package_archive.h"
#include "daylight/extract/packages/packages.h"
#include "daylight/extract/packages/rpm_header.h"
#include "daylight/unpack/unpacker.h"

namespace dl::extract {

namespace {

using Format = PackageArchive::Format;
using report::PackageSystem;

constexpr std::string_view kAr = "!<arch>\n";
constexpr std::string_view kDebFirst = "!<arch>\ndebian-binary";
constexpr std::string_view kRpmMagic = "\xed\xab\xee\xdb";
constexpr std::size_t kRpmLeadBytes = 96;
// What says of which package it is, in bytes.
constexpr std::size_t kMaxControlBytes = 4u << 20;

// apk-tools' version 3: not a tar any more.
bool IsApk3(Bytes head) {
  const std::string_view text = AsText(head);
  return text.starts_with("ADB.") || text.starts_with("ADBd") || text.starts_with("ADBc");
}

bool IsPackageInfo(std::string_view path) { return path == ".PKGINFO"; }
// What only a package of pacman has, or one of apk.
bool IsOfPacman(std::string_view path) { return path == ".BUILDINFO" || path == ".MTREE"; }
bool IsOfApk(std::string_view path) { return path.starts_with(".SIGN."); }
// Not installed, but for the package manager.
bool IsForManager(std::string_view path) {
  return IsPackageInfo(path) || IsOfPacman(path) || IsOfApk(path) || path == ".INSTALL" || path == ".CHANGELOG" ||
         path == ".trigger" || path.starts_with(".pre-") || path.starts_with(".post-");
}

bool IsTarPackage(Bytes head) {
  const std::string_view text = AsText(head);
  const bool may_be = text.starts_with("\x1f\x8b") ||
                      text.starts_with(
                          "\xfd"
                          "7zXZ") ||
                      text.starts_with("\x28\xb5\x2f\xfd") || text.starts_with("BZh") ||
                      (text.size() > 262 && text.substr(257, 5) == "ustar");
  if (!may_be) return false;
  UnpackBudget budget(8u << 20);
  PackageArchive archive(
      [head](std::span<std::byte> out) mutable -> Result<std::size_t> {
        const std::size_t n = std::min(out.size(), head.size());
        std::copy_n(head.begin(), n, out.begin());
        head = head.subspan(n);
        return n;
      },
      Format::kTar, budget);
  // The first of them that is not a script says it.
  for (int i = 0; i < 8; ++i) {
    const auto entry = archive.Next();
    if (!entry || !IsForManager(entry->path)) return false;
    if (IsPackageInfo(entry->path) || IsOfPacman(entry->path) || IsOfApk(entry->path)) return true;
  }
  return false;
}

// The file from its beginning, piece by piece.
class SourceBytes {
 public:
  explicit SourceBytes(ObjectSource& source) : source_(source) {}

  Result<std::size_t> Pull(std::span<std::byte> out) {
    while (rest_.empty()) {
      if (is_last_) return 0;
      DL_TRY(const Window window, source_.NextWindow(0));
      rest_ = window.bytes;
      is_last_ = window.last;
    }
    const std::size_t n = std::min(out.size(), rest_.size());
    std::copy_n(rest_.begin(), n, out.begin());
    rest_ = rest_.subspan(n);
    return n;
  }
  // Exactly so many bytes behind what is in `out`.
  Status Append(std::vector<std::byte>& out, std::uint64_t n) {
    std::array<std::byte, 64u << 10> block;
    while (n > 0) {
      DL_TRY(const std::size_t got, Pull(std::span(block).first(std::min<std::uint64_t>(n, block.size()))));
      if (got == 0) return Fail(ErrorCode::kTruncated, "the package ends in its head");
      out.insert(out.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(got));
      n -= got;
    }
    return {};
  }
  StreamSource::Pull AsPull() {
    return [this](std::span<std::byte> out) { return Pull(out); };
  }

 private:
  ObjectSource& source_;
  Bytes rest_;
  bool is_last_ = false;
};

bool IsProgram(Bytes head) {
  const std::string_view text = AsText(head);
  for (const std::string_view magic :
       {std::string_view("\x7f"
                         "ELF"),
        std::string_view("MZ"), std::string_view("\xfe\xed\xfa\xce"), std::string_view("\xfe\xed\xfa\xcf"),
        std::string_view("\xce\xfa\xed\xfe"), std::string_view("\xcf\xfa\xed\xfe")}) {
    if (text.starts_with(magic)) return true;
  }
  // A Mach-O for several machines: fewer than the least version of a Java class, which begins the same.
  return text.size() >= 8 && text.starts_with("\xca\xfe\xba\xbe") &&
         text.substr(4, 3) == std::string_view("\0\0\0", 3) && static_cast<unsigned char>(text[7]) < 20;
}

class PackageReading {
 public:
  PackageReading(ObjectSource& file, const report::FactPlace& place, const MemberReader& read_member, Facts& facts,
                 const PackageFileSettings& settings)
      : source_(file),
        place_(place),
        read_member_(read_member),
        facts_(facts),
        settings_(settings),
        budget_(settings.max_bytes) {}

  void ReadDeb();
  void ReadRpm();
  void ReadTar();
  std::uint64_t unpacked_bytes() const { return settings_.max_bytes - budget_.left(); }

 private:
  void Unread(std::string_view reason, std::string_view detail) { facts_.Unread(place_, reason, detail); }
  // What an archive has to complain of, if anything. False: it had.
  bool Told(const PackageArchive& archive) {
    if (archive.has_failed()) Unread(archive.reason(), archive.detail());
    return !archive.has_failed();
  }
  // Its root, from now on; and the package itself.
  void AddPackage(report::PackageFact fact);
  void NeedRoot();
  void ReadControl(PackageArchive& control);
  void ReadPackageInfo(PackageArchive& archive, bool is_pacman);
  // All entries that are left. False: no more is wanted.
  bool ReadFiles(PackageArchive& archive);
  bool ReadFile(PackageArchive& archive, const PackageEntry& entry);
  bool ReadMember(PackageArchive& archive, const PackageEntry& entry);
  // The whole entry behind what is in `bytes_` of it, as far as `limit` allows. False: it is longer.
  bool Gather(PackageArchive& archive, std::uint64_t limit);

  SourceBytes source_;
  const report::FactPlace& place_;
  const MemberReader& read_member_;
  Facts& facts_;
  const PackageFileSettings& settings_;
  UnpackBudget budget_;
  std::optional<std::uint32_t> root_;
  bool has_package_ = false;
  std::vector<std::byte> bytes_;
};

void PackageReading::AddPackage(report::PackageFact fact) {
  if (!root_) {
    report::RootFact root;
    root.parent = place_.root;
    root.kind = report::RootKind::kPackage;
    root.path = place_.path;
    root.presence = place_.presence;
    root.name = fact.name;
    if (!fact.version.empty()) root.name += " " + fact.version;
    if (!fact.architecture.empty()) root.name += " " + fact.architecture;
    root_ = facts_.AddRoot(std::move(root));
  }
  if (fact.name.empty() || std::exchange(has_package_, true)) return;
  fact.state = report::PackageState::kFile;
  fact.place = {*root_, "", place_.presence};
  facts_.Add(std::move(fact));
}

void PackageReading::NeedRoot() {
  if (!root_) AddPackage({});
}

bool PackageReading::Gather(PackageArchive& archive, std::uint64_t limit) {
  std::array<std::byte, 64u << 10> block;
  while (const std::size_t n = archive.Pull(block)) {
    if (n > limit - std::min<std::uint64_t>(limit, bytes_.size())) return false;
    bytes_.insert(bytes_.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(n));
  }
  return true;
}

bool PackageReading::ReadMember(PackageArchive& archive, const PackageEntry& entry) {
  std::array<std::byte, 64> head;
  std::size_t filled = 0;
  while (filled < head.size()) {
    const std::size_t n = archive.Pull(std::span(head).subspan(filled));
    if (n == 0) break;
    filled += n;
  }
  report::SurveyKind kind = report::SurveyKind::kAny;
  if (!IsProgram(Bytes(head).first(filled))) {
    const auto by_path = report::SurveyKindOfPath(entry.path);
    if (!by_path || (*by_path == report::SurveyKind::kText && !settings_.read_texts)) return true;
    kind = *by_path;
  }
  bytes_.assign(head.begin(), head.begin() + static_cast<std::ptrdiff_t>(filled));
  const report::FactPlace place = {*root_, entry.path, place_.presence};
  if (!Gather(archive, kind == report::SurveyKind::kText ? kMaxTextBytes : settings_.max_member_bytes)) {
    return facts_.Unread(place, unpack::kTooLarge, "larger than files in packages are read");
  }
  // Of a file that is not whole nothing is said but that.
  if (archive.has_failed()) return true;
  MemorySource member(bytes_);
  read_member_(kind, member, place, facts_);
  if (bytes_.capacity() > (16u << 20)) std::exchange(bytes_, {});
  return facts_.wanted();
}

bool PackageReading::ReadFile(PackageArchive& archive, const PackageEntry& entry) {
  if (entry.path.empty()) return true;
  report::FileFact fact;
  fact.place = {*root_, entry.path, place_.presence};
  fact.kind = entry.kind;
  fact.size = entry.size;
  fact.target = entry.target;
  if (!facts_.Add(std::move(fact))) return false;
  if (entry.kind != report::FileKind::kRegular || !read_member_) return true;
  return ReadMember(archive, entry);
}

bool PackageReading::ReadFiles(PackageArchive& archive) {
  NeedRoot();
  while (const auto entry = archive.Next()) {
    if (!ReadFile(archive, *entry)) return false;
  }
  return true;
}

void PackageReading::ReadControl(PackageArchive& control) {
  while (const auto entry = control.Next()) {
    if (entry->path != "control" || entry->kind != report::FileKind::kRegular) continue;
    bytes_.clear();
    if (!Gather(control, kMaxControlBytes)) return Unread(unpack::kTooLarge, "a control file larger than is read");
    MemorySource source(bytes_);
    LineReader lines(source, 64u << 10);
    ControlStanza stanza;
    while (const auto line = lines.Next()) {
      if (Trim(*line).empty() && !stanza.is_empty()) break;
      if (!stanza.Take(*line)) break;
    }
    if (!stanza.package().empty()) AddPackage(stanza.Finish());
  }
}

// deb(5)
void PackageReading::ReadDeb() {
  PackageArchive members(source_.AsPull(), Format::kAr, budget_);
  bool has_data = false;
  while (const auto member = members.Next()) {
    const bool is_control = member->path.starts_with("control.tar");
    const bool is_data = member->path.starts_with("data.tar");
    if (!is_control && !is_data) continue;
    PackageArchive inner([&](std::span<std::byte> out) -> Result<std::size_t> { return members.Pull(out); },
                         Format::kTar, budget_);
    if (is_control) {
      ReadControl(inner);
      if (!settings_.read_files && has_package_) return;
    } else {
      has_data = true;
      if (!ReadFiles(inner)) return;
    }
    // Of a package that is cut, the outer one knows better.
    if (!members.has_failed()) Told(inner);
  }
  Told(members);
  if (!members.has_failed() && !has_data) Unread(unpack::kDamaged, "a package without its files");
  NeedRoot();
  if (!has_package_) Unread(unpack::kDamaged, "it does not say of which package it is");
}

// rpm's docs/manual/format_v4.md: lead, signature, header, payload.
void PackageReading::ReadRpm() {
  constexpr std::uint32_t kLongFileSizes = 5008;
  constexpr std::size_t kSourceTypeAt = 7;
  std::vector<std::byte> lead;
  std::vector<std::byte> header;
  const auto read_heads = [&]() -> Status {
    DL_TRY_STATUS(source_.Append(lead, kRpmLeadBytes));
    // The signature's length is rounded up to a multiple of eight.
    std::vector<std::byte> skipped;
    DL_TRY_STATUS(source_.Append(skipped, 16));
    DL_TRY(const std::uint64_t signature, RpmHeader::LengthInFile(skipped));
    DL_TRY_STATUS(source_.Append(skipped, (signature + 7) / 8 * 8 - 16));
    DL_TRY_STATUS(source_.Append(header, 16));
    DL_TRY(const std::uint64_t length, RpmHeader::LengthInFile(header));
    return source_.Append(header, length - 16);
  };
  if (const Status status = read_heads(); !status) {
    NeedRoot();
    return Unread(unpack::kDamaged, status.error().what);
  }
  const auto parsed = RpmHeader::Parse(Bytes(header).subspan(RpmHeader::kMagicBytes));
  if (!parsed) {
    NeedRoot();
    return Unread(unpack::kDamaged, parsed.error().what);
  }
  report::PackageFact fact = PackageOf(*parsed);
  // Of a package of sources, the header's architecture is that of what it was made on.
  if (lead[kSourceTypeAt] == std::byte{1} && fact.source.empty()) fact.architecture = "src";
  AddPackage(std::move(fact));
  if (!has_package_) Unread(unpack::kDamaged, "it does not say of which package it is");
  if (!settings_.read_files) return;
  const std::string_view format = parsed->Text(kRpmTagPayloadFormat).value_or("cpio");
  if (format != "cpio") return Unread(unpack::kUnsupported, "its files are not in a cpio archive");
  if (parsed->Has(kLongFileSizes)) {
    return Unread(unpack::kUnsupported, "files larger than 4 GiB, in an archive without their names");
  }
  PackageArchive payload(source_.AsPull(), Format::kCpio, budget_);
  if (!ReadFiles(payload)) return;
  Told(payload);
}

void PackageReading::ReadPackageInfo(PackageArchive& archive, bool is_pacman) {
  bytes_.clear();
  if (!Gather(archive, kMaxControlBytes)) return Unread(unpack::kTooLarge, "a .PKGINFO larger than is read");
  report::PackageFact fact;
  std::string maintainer;
  MemorySource source(bytes_);
  LineReader lines(source, 64u << 10);
  while (const auto line = lines.Next()) {
    const std::size_t equals = line->find('=');
    if (line->starts_with('#') || equals == line->npos) continue;
    const std::string_view key = Trim(line->substr(0, equals));
    const std::string_view value = Trim(line->substr(equals + 1));
    if (key == "pkgbase") is_pacman = true;
    if (key == "license" && !fact.licence.empty() && fact.licence.size() < kMaxFactText) {
      fact.licence += ", " + FactText(value);
      continue;
    }
    for (const auto& [name, text] : {std::pair<std::string_view, std::string*>{"pkgname", &fact.name},
                                     {"pkgver", &fact.version},
                                     {"pkgdesc", &fact.summary},
                                     {"url", &fact.homepage},
                                     {"arch", &fact.architecture},
                                     {"license", &fact.licence},
                                     {"packager", &fact.maintainer},
                                     {"maintainer", &maintainer},
                                     {"origin", &fact.source},
                                     {"pkgbase", &fact.source}}) {
      if (key == name) *text = FactText(value);
    }
  }
  fact.system = is_pacman ? PackageSystem::kPacman : PackageSystem::kApk;
  if (!maintainer.empty()) fact.maintainer = std::move(maintainer);
  if (!fact.source.empty()) fact.source += " " + fact.version;
  if (!fact.name.empty()) AddPackage(std::move(fact));
}

// apk version 2: signature, .PKGINFO and files, each a gzip of its own, together one tar. pacman: one tar.
void PackageReading::ReadTar() {
  PackageArchive archive(source_.AsPull(), Format::kTar, budget_);
  bool is_pacman = false;
  bool is_apk = false;
  while (const auto entry = archive.Next()) {
    is_pacman = is_pacman || IsOfPacman(entry->path);
    is_apk = is_apk || IsOfApk(entry->path);
    if (IsPackageInfo(entry->path) && entry->kind == report::FileKind::kRegular) {
      ReadPackageInfo(archive, is_pacman || (!is_apk && !archive.is_gzip()));
      if (!settings_.read_files && has_package_) return;
    } else if (!IsForManager(entry->path)) {
      NeedRoot();
      if (!ReadFile(archive, *entry)) return;
    }
  }
  NeedRoot();
  Told(archive);
  if (!has_package_) Unread(unpack::kDamaged, "it does not say of which package it is");
}

}  // namespace

bool IsPackageFile(Bytes head) {
  const std::string_view text = AsText(head);
  return text.starts_with(kDebFirst) || text.starts_with(kRpmMagic) || IsApk3(head) || IsTarPackage(head);
}

std::uint64_t ReadPackageFile(ObjectSource& file, const report::FactPlace& place, const MemberReader& read_member,
                              Facts& facts, const PackageFileSettings& settings) {
  std::array<std::byte, 8> head;
  const auto n = file.ReadAt(0, head);
  if (!n) {
    facts.Unread(place, unpack::kDamaged, "it cannot be read");
    return 0;
  }
  const Bytes begin = Bytes(head).first(*n);
  if (IsApk3(begin)) {
    facts.Unread(place, unpack::kUnsupported, "a package of apk's version 3");
    return 0;
  }
  PackageReading reading(file, place, read_member, facts, settings);
  if (AsText(begin).starts_with(kAr)) {
    reading.ReadDeb();
  } else if (AsText(begin).starts_with(kRpmMagic)) {
    reading.ReadRpm();
  } else {
    reading.ReadTar();
  }
  return reading.unpacked_bytes();
}

}  // namespace dl::extract
