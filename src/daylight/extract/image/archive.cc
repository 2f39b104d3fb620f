#include "daylight/extract/image/archive.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "daylight/extract/image/archive_reader.h"
#include "daylight/extract/image/contents.h"
#include "daylight/extract/image/path.h"
#include "daylight/unpack/all/unpackers.h"
#include "daylight/unpack/archive/archive_kind.h"

namespace dl::extract {

namespace {

using unpack::ChildInfo;
using unpack::FoundArchive;

// Unpackers whose containers are documents, mails and texts, or which find what is hidden in
// any bytes: no places where software is installed.
constexpr std::string_view kOtherUnpackers[] = {"archive",    "html",   "mail", "mbox",    "tnef", "cms",
                                                "coded-text", "ole",    "rtf",  "onenote", "pdf",  "encoded",
                                                "embedded",   "sealed", "chm",  "szdd"};

// The beginning and the end.
class Looked {
 public:
  explicit Looked(ObjectSource& source) : source_(source), size_(source.size().value_or(0)) {
    Load(0, head_);
    Load(size_ - std::min<std::uint64_t>(size_, unpack::Probe::kTailBytes), tail_);
  }
  unpack::Probe probe() const { return {head_, tail_, size_, source_}; }

 private:
  void Load(std::uint64_t offset, std::vector<std::byte>& to) {
    to.resize(static_cast<std::size_t>(std::min<std::uint64_t>(size_, unpack::Probe::kHeadBytes)));
    std::size_t filled = 0;
    while (filled < to.size()) {
      const auto n = source_.ReadAt(offset + filled, std::span(to).subspan(filled));
      if (!n || *n == 0) break;
      filled += *n;
    }
    to.resize(filled);
  }

  ObjectSource& source_;
  std::uint64_t size_;
  std::vector<std::byte> head_;
  std::vector<std::byte> tail_;
};

std::uint32_t AddRootAt(const report::FactPlace& place, report::RootKind kind, Facts& facts) {
  report::RootFact root;
  root.parent = place.root;
  root.kind = kind;
  root.path = place.path;
  root.presence = place.presence;
  return facts.AddRoot(std::move(root));
}

bool IsForReader(const unpack::Probe& probe) {
  const auto found = unpack::FindArchives(probe);
  return std::any_of(found.begin(), found.end(), [](const FoundArchive& archive) {
    return archive.is_sure && archive.kind != unpack::ArchiveKind::kRpm;
  });
}

const unpack::Unpacker* UnpackerFor(const unpack::Probe& probe) {
  for (const unpack::Unpacker& unpacker : unpack::Unpackers()) {
    const bool is_other =
        std::find(std::begin(kOtherUnpackers), std::end(kOtherUnpackers), unpacker.name) != std::end(kOtherUnpackers);
    if (!is_other && unpacker.opens(probe)) return &unpacker;
  }
  return nullptr;
}

// Bytes of another source, from some offset on.
class RestSource final : public ObjectSource {
 public:
  RestSource(ObjectSource& whole, std::uint64_t offset) : whole_(whole), offset_(offset) {}
  std::optional<std::uint64_t> size() const override { return whole_.size().value_or(0) - offset_; }
  Result<Window> NextWindow(std::size_t) override { return Fail(ErrorCode::kUnsupported, "read at offsets only"); }
  Status Rewind() override { return {}; }
  Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> out) override {
    return whole_.ReadAt(offset_ + offset, out);
  }
  Result<Bytes> Whole(std::uint64_t) override { return Fail(ErrorCode::kUnsupported, "read at offsets only"); }

 private:
  ObjectSource& whole_;
  std::uint64_t offset_;
};

class ArchiveReading {
 public:
  ArchiveReading(ObjectSource& source, const report::FactPlace& place, const MemberReader& reader, Budget& budget,
                 Facts& facts)
      : source_(source),
        place_(place),
        reader_(reader),
        budget_(budget),
        facts_(facts),
        contents_(reader, budget, facts) {
    contents_.LookBelowFolders();
  }

  void Run() {
    Read(source_);
    // Initial RAM disks are several archives one behind the other, each compressed or not.
    constexpr int kMaxParts = 16;
    std::uint64_t begin = 0;
    for (int part = 0; part < kMaxParts && cpio_end_ != 0; ++part) {
      begin += std::exchange(cpio_end_, 0);
      const auto next = NextPart(begin);
      if (!next) return;
      begin = *next;
      RestSource rest(source_, begin);
      Read(rest);
    }
    if (cpio_end_ != 0) Unread(unpack::kBudget, "more archives follow one another than are read");
  }

 private:
  // Past the zeros behind an archive.
  std::optional<std::uint64_t> NextPart(std::uint64_t at) {
    std::vector<std::byte> piece(64u << 10);
    for (;;) {
      const auto n = source_.ReadAt(at, piece);
      if (!n || *n == 0 || !budget_.ChargeBytes(*n)) return std::nullopt;
      const auto end = piece.begin() + static_cast<std::ptrdiff_t>(*n);
      const auto found = std::find_if(piece.begin(), end, [](std::byte b) { return b != std::byte{0}; });
      at += static_cast<std::uint64_t>(found - piece.begin());
      if (found == end) continue;
      RestSource rest(source_, at);
      const Looked looked(rest);
      if (IsForReader(looked.probe())) return at;
      return std::nullopt;
    }
  }

  void Read(ObjectSource& source) {
    ArchiveReader archive(source, ArchiveReader::Formats::kAll, budget_);
    bool has_entries = false;
    while (const auto entry = archive.Next()) {
      if (archive.is_single()) {
        if (archive.is_compressed()) return ReadSingle(archive);
        return Unread(unpack::kDamaged, "begins like an archive, and cannot be read as one");
      }
      if (!has_entries) StartRoot(archive.is_disk() ? report::RootKind::kDisk : report::RootKind::kArchive);
      has_entries = true;
      if (!Take(*entry, archive)) return;
    }
    if (!archive.problem().empty()) Unread(archive.problem(), archive.detail());
    if (archive.failed_entries() > 0) Unread(unpack::kDamaged, "entries of it cannot be read");
    if (archive.is_cpio() && !archive.is_compressed() && archive.problem().empty()) cpio_end_ = archive.position();
  }

  void StartRoot(report::RootKind kind) {
    if (root_) return;
    root_ = AddRootAt(place_, kind, facts_);
  }
  report::FactPlace PlaceOf(std::string path) const { return {*root_, std::move(path), place_.presence}; }
  void Unread(std::string_view reason, std::string_view detail) {
    facts_.Unread(root_ ? PlaceOf("") : place_, reason, detail);
  }

  bool Take(const ArchiveEntry& entry, ArchiveReader& archive) {
    std::string path = CleanPath(entry.name);
    if (path.empty()) return true;
    report::FileFact fact;
    fact.place = PlaceOf(path);
    switch (entry.kind) {
      case EntryKind::kFile: fact.size = entry.size; break;
      case EntryKind::kFolder: fact.kind = report::FileKind::kFolder; break;
      case EntryKind::kLink:
        fact.kind = report::FileKind::kLink;
        fact.target = entry.target;
        break;
      // What its bytes are is told where they stand.
      case EntryKind::kHardLink: fact.target = CleanPath(entry.target); break;
      case EntryKind::kOther: fact.kind = report::FileKind::kOther; break;
    }
    if (auto package = report::PackageOfPath(path)) {
      package->place = fact.place;
      facts_.Add(std::move(*package));
    }
    if (!facts_.Add(std::move(fact))) return false;
    if (entry.kind != EntryKind::kFile) return true;
    const std::array places = {ContentPlace{PlaceOf(std::move(path))}};
    if (!contents_.Read(places, entry.size, [&](std::span<std::byte> out) { return archive.Read(out); })) return false;
    if (archive.entry_failed()) facts_.Unread(places[0].place, unpack::kDamaged, "cannot be read to its end");
    return true;
  }

  // A single compressed file: what it is shows when it is not.
  void ReadSingle(ArchiveReader& archive) {
    const std::size_t limit = static_cast<std::size_t>(std::min(unpack::kMaxWholeBytes, budget_.room_bytes()));
    GrowingBuffer buffer;
    std::size_t filled = 0;
    for (;;) {
      buffer.GrowTo(std::min(limit, std::max<std::size_t>(filled * 2, 1u << 20)));
      const std::size_t n = archive.Read(buffer.bytes().subspan(filled));
      filled += n;
      if (n == 0) break;
      if (filled == limit) return Unread(unpack::kTooLarge, "what is compressed in it is too large to be held");
    }
    if (archive.entry_failed() || !archive.problem().empty()) {
      Unread(archive.problem().empty() ? unpack::kDamaged : archive.problem(), "cannot be read to its end");
      if (budget_.is_spent()) return;
    }
    if (filled == 0) return;
    const Budget::Hold hold(budget_, filled);
    MemorySource inner(Bytes(buffer.bytes()).first(filled));
    reader_(report::SurveyKind::kAny, inner, place_, facts_);
  }

  ObjectSource& source_;
  const report::FactPlace& place_;
  const MemberReader& reader_;
  Budget& budget_;
  Facts& facts_;
  ContentReader contents_;
  std::optional<std::uint32_t> root_;
  std::uint64_t cpio_end_ = 0;
};

// What another unpacker finds: the files of a disk or file system image.
class UnpackedFiles final : public unpack::Sink {
 public:
  UnpackedFiles(const report::FactPlace& place, const MemberReader& reader, Budget& budget, Facts& facts)
      : place_(place), budget_(budget), facts_(facts), contents_(reader, budget, facts) {
    root_ = AddRootAt(place_, report::RootKind::kDisk, facts_);
  }

  bool Add(const ChildInfo& info, Bytes bytes) override {
    if (!Start(info, bytes.size())) return false;
    std::size_t given = 0;
    return Read(bytes.size(), [&](std::span<std::byte> out) {
      const std::size_t n = std::min(out.size(), bytes.size() - given);
      std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(given), n, out.begin());
      given += n;
      return n;
    });
  }
  bool AddStream(const ChildInfo& info, const StreamSource::Pull& pull) override {
    if (!Start(info, info.size.value_or(0))) return false;
    return Read(info.size.value_or(0), [&](std::span<std::byte> out) -> std::size_t {
      const auto n = pull(out);
      if (!n || !ChargeBytes(*n)) return 0;
      return *n;
    });
  }
  bool Pass() override { return ChargeEntry(); }
  void Closed(std::string_view child, std::string_view reason, std::string_view detail) override {
    facts_.Unread(PlaceOf(child), reason, detail);
  }
  std::span<const std::string> passwords() const override { return {}; }

 private:
  static constexpr std::size_t kMaxRoots = 1000;

  bool Start(const ChildInfo& info, std::uint64_t size) {
    if (!ChargeEntry()) return false;
    current_ = PlaceOf(info.name);
    // Without a name it is no file, but what the whole image is when it is unpacked.
    return info.name.empty() || facts_.Add(report::FileFact{current_, report::FileKind::kRegular, size, "", ""});
  }
  bool Read(std::uint64_t size, const ContentReader::Pull& pull) {
    const std::array places = {ContentPlace{current_}};
    return contents_.Read(places, size, pull) && !budget_.is_spent();
  }
  bool ChargeEntry() { return budget_.ChargeEntry() || Spent(); }
  bool ChargeBytes(std::uint64_t n) { return budget_.ChargeBytes(n) || Spent(); }
  bool Spent() {
    if (!std::exchange(is_told_, true)) {
      facts_.Unread({root_, "", place_.presence}, unpack::kBudget, "more is in it than is read");
    }
    return false;
  }

  // "partition 2//opt/x" is opt/x of a file system that is one of several.
  report::FactPlace PlaceOf(std::string_view name) {
    const std::size_t end = name.rfind("//");
    if (end == std::string_view::npos) return {root_, CleanPath(name), place_.presence};
    const std::string part(name.substr(0, end));
    auto found = parts_.find(part);
    if (found == parts_.end()) {
      if (parts_.size() >= kMaxRoots) return {root_, CleanPath(name), place_.presence};
      const std::uint32_t root = AddRootAt({root_, part, place_.presence}, report::RootKind::kDisk, facts_);
      found = parts_.emplace(part, root).first;
    }
    return {found->second, CleanPath(name.substr(end)), place_.presence};
  }

  const report::FactPlace& place_;
  Budget& budget_;
  Facts& facts_;
  ContentReader contents_;
  std::uint32_t root_ = 0;
  report::FactPlace current_;
  std::map<std::string, std::uint32_t> parts_;
  bool is_told_ = false;
};

}  // namespace

bool IsArchive(ObjectSource& source) {
  const Looked looked(source);
  return IsForReader(looked.probe()) || UnpackerFor(looked.probe()) != nullptr;
}

void ReadArchive(ObjectSource& source, const report::FactPlace& place, const MemberReader& reader, Budget& budget,
                 Facts& facts) {
  const Budget::Level level(budget);
  if (!level.is_open()) {
    facts.Unread(place, kTooDeep, "containers within containers");
    return;
  }
  const Looked looked(source);
  const unpack::Probe probe = looked.probe();
  // File systems and disks first: what stands in their first bytes is left to whoever boots them.
  if (const unpack::Unpacker* unpacker = UnpackerFor(probe)) {
    UnpackedFiles files(place, reader, budget, facts);
    unpacker->unpack(probe, {std::string(NameOf(place.path)), probe.size}, files);
    return;
  }
  ArchiveReading(source, place, reader, budget, facts).Run();
}

}  // namespace dl::extract
