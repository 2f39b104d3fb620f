#include "daylight/scan/descent.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "daylight/formats/filetype/file_type_name.h"
#include "daylight/formats/filetype/filetype.h"
#include "daylight/scan/timed_source.h"
#include "daylight/unpack/all/unpackers.h"
#include "daylight/unpack/archive/archive_stream.h"
#include "daylight/unpack/encoded/encoded.h"

namespace dl::scan {

namespace {

// What children may hold at once, over all depths.
constexpr std::uint64_t kMaxMemory = std::uint64_t{160} << 20;
// Of a child that is read piece by piece.
constexpr std::size_t kPiece = 64u << 10;
// Past what any file may become, so many times its size: zeros, and little else,
// are compressed better.
constexpr std::uint64_t kMaxRatio = 200;
constexpr std::uint64_t kFreeBytes = std::uint64_t{256} << 20;
// So many reasons are told of one object.
constexpr std::size_t kMaxTold = 1000;
// Of words that a mail names as passwords; each is tried on each entry that is encrypted.
constexpr std::size_t kMaxFoundPasswords = 32;
constexpr std::size_t kMaxPasswordBytes = 128;
// Of a child that is in hand when time is up, so much is still scanned.
constexpr std::size_t kLateBytes = 8u << 20;
// Of hashing, to make keys of passwords: five to eight seconds.
constexpr std::uint64_t kMaxKeyRounds = 10'000'000;
// A longer name is cut.
constexpr std::size_t kMaxNameBytes = 1024;

// What samples are exchanged with.
constexpr std::string_view kUsualPasswords[] = {"infected", "virus", "malware", "password", "novirus", "1234"};

std::string_view LastPart(std::string_view name) {
  const std::size_t slash = name.find_last_of("/\\");
  return slash == std::string_view::npos ? name : name.substr(slash + 1);
}

std::string TypeNameOf(Bytes head) {
  return std::string(filetype::TypeName(filetype::TypeOf(head, filetype::MagicTable::Default())));
}

void NameFileType(Bytes bytes, report::ObjectNames& names) {
  names.filetype = filetype::FileTypeName(bytes.first(std::min(bytes.size(), filetype::kFileTypeHeadBytes)));
}

}  // namespace

// What one container's unpacker talks to.
class Descent::Level final : public unpack::Sink {
 public:
  Level(Descent& all, const report::ObjectNames& container) : all_(all), container_(container) {}
  ~Level() override { SettleLast(); }

  bool Add(const unpack::ChildInfo& info, Bytes bytes) override {
    const std::string name = NameOf(info);
    const report::ObjectNames names = NamesOf(name);
    if (!all_.ChargeChild(container_.object) || !all_.ChargeBytes(bytes.size(), names.object)) return false;
    SettleLast();
    all_.ScanMemory(bytes, names, {name, bytes.size(), info.is_part});
    return !all_.stopped_;
  }

  bool AddStream(const unpack::ChildInfo& info, const StreamSource::Pull& pull) override {
    const std::string name = NameOf(info);
    const report::ObjectNames names = NamesOf(name);
    if (!all_.ChargeChild(container_.object)) return false;
    SettleLast();
    const auto charged = [&](std::span<std::byte> out) -> Result<std::size_t> {
      if (all_.stopped_) return std::size_t{0};
      DL_TRY(const std::size_t n, pull(out));
      // What the budget does not cover is not looked at.
      return all_.ChargeBytes(n, names.object) ? n : std::size_t{0};
    };
    GrowingBuffer& buffer = all_.BufferOf(all_.path_.size());
    std::size_t filled = 0;
    bool has_ended = false;
    const std::uint64_t most = kMaxMemory - std::min(all_.memory_, kMaxMemory);
    while (!has_ended && filled < most) {
      if (buffer.size() - filled < kPiece / 2) {
        // One more byte than is promised, so that its end is seen at once.
        const std::uint64_t promised = filled == 0 ? info.size.value_or(0) + 1 : 0;
        const std::uint64_t wanted = std::max<std::uint64_t>({kPiece, 2 * std::uint64_t{filled}, promised});
        all_.Grow(all_.path_.size(), static_cast<std::size_t>(std::min(wanted, most)));
      }
      // What was kept may have more room than is left.
      const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), most));
      const auto n = charged(buffer.bytes().first(room).subspan(filled));
      if (!n) Closed(name, unpack::kDamaged, n.error().what);
      has_ended = !n || *n == 0;
      filled += n ? *n : 0;
    }
    all_.memory_ += filled;
    const Bytes bytes = Bytes(buffer.bytes()).first(all_.is_late_ ? std::min(filled, kLateBytes) : filled);
    if (has_ended) {
      all_.ScanMemory(bytes, names, {name, bytes.size(), info.is_part});
    } else {
      ScanStream(bytes, charged, names);
    }
    if (all_.is_late_ && !all_.is_last_) all_.LookAtBegun(bytes, names);
    all_.memory_ -= filled;
    last_ = names.object;
    return !all_.stopped_;
  }

  bool WantsAgain() const override { return wants_again_; }

  // Unpacked as it passes; its own bytes have been scanned and paid for.
  bool AddAgain(const unpack::ChildInfo& info, const StreamSource::Pull& pull) override {
    wants_again_ = false;
    const report::ObjectNames names = NamesOf(Printable(info.name));
    all_.path_.push_back(nullptr);
    all_.containers_.insert(all_.containers_.begin(), again_type_);
    Level level(all_, names);
    unpack::UnpackArchiveStream(pull, level);
    all_.containers_.erase(all_.containers_.begin());
    all_.path_.pop_back();
    return !all_.stopped_;
  }

  bool Pass() override { return all_.ChargeChild(container_.object); }

  void Closed(std::string_view child, std::string_view reason, std::string_view detail) override {
    if (all_.stopped_) return;
    all_.AddIncomplete(child.empty() ? container_.object : NamesOf(Printable(child)).object, reason, detail,
                       all_.containers_.empty() ? std::string() : all_.containers_.front());
  }

  std::span<const std::string> passwords() const override { return all_.passwords_; }

  bool ChargeKey(std::uint64_t rounds) override {
    if (!all_.ChargeTime(container_.object) || rounds > kMaxKeyRounds - all_.key_rounds_) return false;
    all_.key_rounds_ += rounds;
    return true;
  }

  void AddPassword(std::string_view word) override {
    if (all_.found_passwords_ == kMaxFoundPasswords || word.size() > kMaxPasswordBytes) return;
    if (std::find(all_.passwords_.begin(), all_.passwords_.end(), word) != all_.passwords_.end()) return;
    all_.passwords_.insert(all_.passwords_.begin(), std::string(word));
    ++all_.found_passwords_;
  }

 private:
  // Too large for memory: scanned as it passes, from what was read on.
  void ScanStream(Bytes begun, const StreamSource::Pull& rest, report::ObjectNames names) {
    NameFileType(begun, names);
    unpack::EncodedWatch watch(begun.first(std::min(begun.size(), unpack::Probe::kHeadBytes)));
    StreamSource source(
        [&](std::span<std::byte> out) -> Result<std::size_t> {
          if (begun.empty()) {
            DL_TRY(const std::size_t n, rest(out));
            watch.See(Bytes(out).first(n));
            return n;
          }
          if (!all_.ChargeTime(names.object)) return std::size_t{0};
          const std::size_t n = std::min(out.size(), begun.size());
          std::memcpy(out.data(), begun.data(), n);
          watch.See(begun.first(n));
          begun = begun.subspan(n);
          return n;
        },
        {.tail_bytes = unpack::Probe::kTailBytes});
    all_.scan_child_(source, {names, all_.containers_}, *all_.report_);
    if (all_.stopped_) return;
    std::vector<std::byte> head(unpack::Probe::kHeadBytes);
    const auto n = source.ReadAt(0, head);
    if (!n) return;
    if (all_.path_.size() < all_.settings_.budget.max_depth && unpack::IsStreamable(Bytes(head).first(*n))) {
      wants_again_ = true;
      again_type_ = TypeNameOf(Bytes(head).first(*n));
      return;
    }
    const unpack::Probe probe{Bytes(head).first(*n), {}, source.size().value_or(0), source};
    for (const unpack::Unpacker& unpacker : unpack::Unpackers()) {
      if (!unpacker.opens(probe)) continue;
      all_.AddIncomplete(names.object, unpack::kTooLarge, "too large to be unpacked where it is");
      return;
    }
    if (watch.Finish()) {
      all_.AddIncomplete(names.object, unpack::kTooLarge, "too large for the encoded bytes in it to be opened");
    }
  }

  std::string NameOf(const unpack::ChildInfo& info) {
    ++number_;
    return info.name.empty() ? std::to_string(number_) : Printable(info.name);
  }
  static std::string Printable(std::string_view name) { return std::string(name.substr(0, kMaxNameBytes)); }

  report::ObjectNames NamesOf(const std::string& name) const {
    report::ObjectNames names;
    names.object = container_.object + "//" + name;
    names.filename = LastPart(name);
    const std::size_t dot = names.filename.find_last_of('.');
    if (dot != std::string::npos && dot > 0) names.extension = names.filename.substr(dot);
    names.filepath = container_.filepath;
    names.owner = container_.owner;
    return names;
  }

  // What was not given again stays closed.
  void SettleLast() {
    if (wants_again_) all_.AddIncomplete(last_, unpack::kTooLarge, "too large to be unpacked where it is");
    wants_again_ = false;
  }

  Descent& all_;
  const report::ObjectNames& container_;
  bool wants_again_ = false;
  std::string again_type_;  // Of what is wanted again, as ClamAV names it.
  std::string last_;        // The object that AddStream() took last.
  std::uint64_t number_ = 0;
};

Descent::Descent(const report::ScanSettings& settings, ScanChild scan_child)
    : settings_(settings), scan_child_(std::move(scan_child)), passwords_(settings.passwords) {
  // Unpackers hold on to what passwords() gave them while more are found further down.
  passwords_.reserve(passwords_.size() + std::size(kUsualPasswords) + kMaxFoundPasswords);
  passwords_.insert(passwords_.end(), std::begin(kUsualPasswords), std::end(kUsualPasswords));
}

void Descent::Unpack(ObjectSource& object, const report::ObjectNames& names, const Deadline& deadline, bool is_late,
                     report::ObjectReport& report) {
  report_ = &report;
  path_.clear();
  containers_.clear();
  total_ = children_ = key_rounds_ = memory_ = 0;
  passwords_.erase(passwords_.begin(), passwords_.begin() + static_cast<std::ptrdiff_t>(found_passwords_));
  found_passwords_ = 0;
  told_ = 0;
  deadline_ = is_late ? deadline.Last() : deadline;
  is_last_ = is_late;
  stopped_ = is_late_ = false;
  tells_ = true;
  const std::uint64_t size = object.size().value_or(report.size);
  constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t by_ratio = size > (kNoLimit - kFreeBytes) / kMaxRatio ? kNoLimit : kFreeBytes + size * kMaxRatio;
  max_total_ = settings_.budget.max_total_bytes != 0 ? std::min(settings_.budget.max_total_bytes, by_ratio) : by_ratio;
  Open(object, names, {names.filename, size});
  report_ = nullptr;
}

bool Descent::ContainsItself(ObjectSource& object) const {
  for (ObjectSource* outside : path_) {
    if (outside == nullptr || outside->size() != object.size()) continue;
    std::vector<std::byte> ours(kPiece);
    std::vector<std::byte> theirs(kPiece);
    for (std::uint64_t at = 0;; at += kPiece) {
      const auto n = object.ReadAt(at, ours);
      const auto m = outside->ReadAt(at, theirs);
      if (!n || !m || *n != *m || std::memcmp(ours.data(), theirs.data(), *n) != 0) break;
      if (*n < kPiece) return true;
    }
  }
  return false;
}

void Descent::Open(ObjectSource& object, const report::ObjectNames& names, const unpack::ChildInfo& self) {
  const std::uint64_t size = object.size().value_or(0);
  if (size == 0) return;
  TimedSource timed(object, [&] { return ChargeTime(names.object); });
  // What is in memory is looked at there; of what is not, the ends are copied.
  unpack::Probe probe{{}, {}, size, timed};
  std::vector<std::byte> ends;
  if (const auto whole = object.Whole(unpack::Probe::kHeadBytes); whole) {
    probe.head = probe.tail = *whole;
  } else {
    ends.resize(unpack::Probe::kHeadBytes + unpack::Probe::kTailBytes);
    const std::span<std::byte> tail = std::span(ends).subspan(unpack::Probe::kHeadBytes);
    const auto n = object.ReadAt(0, std::span(ends).first(unpack::Probe::kHeadBytes));
    const auto m = object.ReadAt(size - std::min<std::uint64_t>(size, tail.size()), tail);
    if (!n || !m) return;  // Its own scan has told.
    probe.head = Bytes(ends).first(*n);
    probe.tail = Bytes(tail).first(*m);
  }
  bool is_open = false;
  for (const unpack::Unpacker& unpacker : unpack::Unpackers()) {
    if (stopped_ || !unpacker.opens(probe)) continue;
    if (!is_open) {
      if (path_.size() >= settings_.budget.max_depth) {
        return AddIncomplete(names.object, "max-depth", "nested too deeply to be unpacked");
      }
      if (ContainsItself(object)) return;  // So it has been read.
      path_.push_back(&object);
      containers_.insert(containers_.begin(), TypeNameOf(probe.head));
      is_open = true;
    }
    Level level(*this, names);
    unpacker.unpack(probe, self, level);
  }
  if (!is_open) return;
  path_.pop_back();
  containers_.erase(containers_.begin());
}

void Descent::ScanMemory(Bytes bytes, const report::ObjectNames& names, const unpack::ChildInfo& self) {
  MemorySource source(bytes);
  report::ObjectNames typed = names;
  NameFileType(bytes, typed);
  scan_child_(source, {typed, containers_}, *report_);
  if (!stopped_) Open(source, typed, self);
}

bool Descent::ChargeChild(const std::string& object) {
  if (!ChargeTime(object)) return false;
  if (++children_ <= settings_.budget.max_children || settings_.budget.max_children == 0) return true;
  Stop(object, "max-children", "more than " + std::to_string(settings_.budget.max_children) + " objects are inside");
  return false;
}

bool Descent::ChargeBytes(std::uint64_t count, const std::string& object) {
  if (!ChargeTime(object)) return false;
  total_ += count;
  if (total_ <= max_total_) return true;
  const bool is_total = settings_.budget.max_total_bytes != 0 && max_total_ == settings_.budget.max_total_bytes;
  Stop(object, is_total ? "max-total" : "max-ratio",
       is_total ? "more is inside than --max-total allows"
                : "far more is inside than any honest file of its size holds");
  return false;
}

bool Descent::ChargeTime(const std::string& object) {
  if (stopped_ || !deadline_.has_passed()) return !stopped_;
  is_late_ = true;
  if (!is_last_) Stop(object, kTimeout, std::string(kNoTimeLeft));
  stopped_ = true;
  return false;
}

void Descent::LookAtBegun(Bytes begun, const report::ObjectNames& names) {
  begun = begun.first(std::min(begun.size(), kLateBytes));
  if (path_.size() >= settings_.budget.max_depth || !unpack::IsStreamable(begun)) return;
  is_last_ = true;
  deadline_ = deadline_.Last();
  stopped_ = tells_ = false;
  path_.push_back(nullptr);
  containers_.insert(containers_.begin(), TypeNameOf(begun));
  {
    Level level(*this, names);
    unpack::UnpackArchiveStream(
        [&](std::span<std::byte> out) -> Result<std::size_t> {
          const std::size_t n = std::min(out.size(), begun.size());
          std::copy_n(begun.begin(), n, out.begin());
          begun = begun.subspan(n);
          return n;
        },
        level);
  }
  containers_.erase(containers_.begin());
  path_.pop_back();
  stopped_ = true;
}

void Descent::Stop(const std::string& object, std::string_view reason, std::string detail) {
  stopped_ = true;
  told_ = 0;  // This is told, whatever else was.
  AddIncomplete(object, reason, detail);
}

void Descent::AddIncomplete(const std::string& object, std::string_view reason, std::string_view detail,
                            const std::string& container) {
  if (!tells_ || ++told_ > kMaxTold) return;
  report_->incomplete.push_back({object, std::string(reason), std::string(detail), container});
  if (told_ == kMaxTold) report_->incomplete.push_back({object, "report", "more stayed unread than is listed"});
}

GrowingBuffer& Descent::BufferOf(std::size_t depth) {
  while (buffers_.size() <= depth) buffers_.emplace_back(kMaxMemory);
  return buffers_[depth];
}

void Descent::Grow(std::size_t depth, std::size_t size) {
  std::size_t all = size;
  for (std::size_t i = 0; i < buffers_.size(); ++i) all += i == depth ? 0 : buffers_[i].size();
  for (std::size_t i = buffers_.size(); i-- > depth + 1 && all > kMaxMemory;) {
    all -= buffers_[i].size();
    buffers_[i].Clear();
  }
  buffers_[depth].GrowTo(size);
}

}  // namespace dl::scan
