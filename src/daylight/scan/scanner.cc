#include "daylight/scan/scanner.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "daylight/base/stopwatch.h"
#include "daylight/match/joint_search.h"
#include "daylight/scan/clamav_unit.h"
#include "daylight/scan/descent.h"
#include "daylight/scan/engine.h"
#include "daylight/scan/explain.h"
#include "daylight/scan/object_digests.h"
#include "daylight/scan/scan_profile.h"
#include "daylight/scan/timed_source.h"
#include "daylight/scan/unit_scanner.h"
#include "daylight/scan/unread_source.h"

namespace dl::scan {

class Scanner::Impl {
 public:
  Impl(std::shared_ptr<const Engine> engine, report::ScanSettings settings) : engine_(std::move(engine)) {
    for (report::ModuleDataValue& data : settings.module_data) {
      context_.module_data[data.module] = std::move(data.bytes);
    }
    settings.module_data.clear();
    context_.settings = std::move(settings);
    descent_.emplace(context_.settings, [this](ObjectSource& child, const Place& place, report::ObjectReport& report) {
      ScanChild(child, place, report);
    });
    for (const auto& rules : engine_->impl().rule_sets) {
      units_.push_back(std::make_unique<UnitScanner>(rules, context_));
    }
    for (const auto& set : engine_->impl().signature_sets) {
      clamav_units_.push_back(std::make_unique<ClamavUnit>(set, context_));
    }
    std::vector<match::MatchState*> states;
    for (const auto& unit : units_) states.push_back(&unit->search());
    for (const auto& unit : clamav_units_) states.push_back(&unit->search());
    search_.emplace(states);
  }

  report::ObjectReport Scan(ObjectSource& object, const report::ObjectNames& names, std::uint64_t skip_units,
                            Deadline deadline) {
    const Stopwatch watch(Spent(&ScanProfile::total_ns));
    report::ObjectReport report;
    Choose(skip_units);
    deadline_ = deadline;
    is_late_ = false;
    if (!ScanOne(object, {names, kNoContainers}, report) && !is_late_) return report;
    const auto& settings = context_.settings;
    const bool is_late = is_late_;
    const bool is_hashed = !is_late && (settings.hash_all || !report.detections.empty());
    if (is_hashed) SetDigest(object, report);
    if (settings.budget.max_depth != 0) Unpack(object, names, report);
    report.verdict = !report.detections.empty()   ? report::Verdict::kDetected
                     : !report.incomplete.empty() ? report::Verdict::kIncomplete
                                                  : report::Verdict::kClean;
    if (!is_hashed && (settings.hash_all || !report.detections.empty())) {
      // The digests at hand are those of the last child, or of a part.
      if (is_late || descent_->children() != 0) digests_.Begin();
      // What is in memory always has one.
      bool is_first = true;
      TimedSource timed(object, [&] { return std::exchange(is_first, false) || !deadline_.Last().has_passed(); });
      SetDigest(timed, report);
    }
    return report;
  }

  void UseGates(bool on) { context_.gated = on; }
  void SetTime(std::int64_t now) { context_.settings.now = now; }
  void LimitConditions(std::uint64_t max_steps) { context_.max_steps = max_steps; }
  void SetProfile(ScanProfile* profile) {
    profile_ = profile;
    if (profile != nullptr) profile->units.resize(units_.size());
    for (std::size_t i = 0; i < units_.size(); ++i) {
      units_[i]->search().SetProfile(profile != nullptr ? &profile->units[i].search : nullptr);
      units_[i]->evaluator().SetProfile(profile != nullptr ? &profile->units[i].conditions : nullptr);
    }
  }

  report::ExplainAnswer Explain(ObjectSource& object, const report::ObjectNames& names, const std::string& rule) {
    for (const auto& unit : units_) {
      const auto index = FindRule(unit->rules(), rule);
      if (!index) continue;
      std::vector<std::byte> head;
      bool head_is_whole = false;
      const Status read = Pass(object, [&](const Window& window, std::size_t, bool first) {
        if (first) {
          head.assign(window.bytes.begin(), window.bytes.end());
          head_is_whole = window.last;
          unit->BeginUngated(true);
        }
        unit->search().Feed(window);
        return true;
      });
      report::ExplainAnswer answer;
      if (!read) {
        answer.found = true;
        answer.rule = rule;
        answer.lines.push_back({0, "the object could not be read", "", std::string(read.error().what)});
        return answer;
      }
      unit->FinishForExplanation(object, names);
      return ExplainRule(*unit, *index, head, head_is_whole, object.size().value_or(0));
    }
    return {};
  }

 private:
  static inline const std::vector<std::string> kNoContainers;

  // One object by itself. False: it was not scanned, and the report's verdict says so.
  bool ScanOne(ObjectSource& object, const Place& place, report::ObjectReport& report) {
    const std::uint64_t limit = context_.settings.budget.max_object_bytes;
    const auto refuse = [&] {
      report.incomplete.push_back({place.names.object, "max-size", "larger than --max-size"});
      report.verdict = report::Verdict::kIncomplete;
      return false;
    };
    if (limit != 0 && object.size().value_or(0) > limit) {
      report.size = *object.size();
      return refuse();
    }
    // The digest of a stream must be taken while it passes. Of what lies in something no digest is told.
    digests_.Begin();
    const bool is_told = place.containers.empty();
    if (is_told && (context_.settings.hash_all || !object.size())) digests_.Want(crypto::DigestKind::kSha256);
    for (ClamavUnit* unit : live_clamav_units_) unit->WantDigests(object.size(), digests_);
    UnreadSource unread(object, head_);
    if (StaysUnread(unread)) {
      report.size = *object.size();
      Conclude(unread, report.size, place, report);
      return true;
    }
    std::optional<std::uint64_t> size;
    bool too_large = false;
    bool is_late = false;
    const Status read = Pass(object, [&](const Window& window, std::size_t news, bool first) {
      // Only now is it known of a stream.
      report.size = window.offset + window.bytes.size();
      too_large = limit != 0 && report.size > limit;
      if (too_large) return false;
      {
        const Stopwatch hashing(Spent(&ScanProfile::hash_ns));
        digests_.Update(window.bytes.subspan(news));
      }
      if (first) size = KnownSize(object, window);
      const Stopwatch searching(Spent(&ScanProfile::search_ns));
      if (first) BeginSearch(window, size, place);
      search_->Feed(window);
      // Of a stream, the descent ends the bytes.
      is_late = !window.last && object.size() && deadline_.has_passed();
      return !is_late;
    });
    if (too_large) return refuse();
    if (is_late) {
      is_late_ = true;
      // Rules are about all of its bytes: a part of them may match what the whole does not.
      report.size = *object.size();
      report.incomplete.push_back({place.names.object, std::string(kTimeout), std::string(kNoTimeLeft)});
      report.verdict = report::Verdict::kIncomplete;
      return false;
    }
    report.size = object.size().value_or(report.size);
    if (!read) {
      report.verdict = report::Verdict::kFailed;
      report.failure = std::string(read.error().what);
      return false;
    }
    Conclude(object, size, place, report);
    return true;
  }

  void Unpack(ObjectSource& object, const report::ObjectNames& names, report::ObjectReport& report) {
    children_ns_ = 0;
    std::uint64_t all_ns = 0;
    {
      const Stopwatch watch(profile_ != nullptr ? &all_ns : nullptr);
      descent_->Unpack(object, names, deadline_, is_late_, report);
    }
    if (profile_ != nullptr) profile_->unpack_ns += all_ns - std::min(all_ns, children_ns_);
  }

  // What the child comes to is part of the report of what it lies in.
  void ScanChild(ObjectSource& child, const Place& place, report::ObjectReport& report) {
    report::ObjectReport one;
    {
      const Stopwatch watch(profile_ != nullptr ? &children_ns_ : nullptr);
      static_cast<void>(ScanOne(child, place, one));
    }
    const auto append = [](auto& to, auto& from) {
      to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
    };
    append(report.detections, one.detections);
    append(report.incomplete, one.incomplete);
    append(report.log, one.log);
    append(report.warnings, one.warnings);
    if (one.verdict == report::Verdict::kFailed) {
      report.incomplete.push_back({place.names.object, "io", std::move(one.failure)});
    }
  }

  void BeginSearch(const Window& first, std::optional<std::uint64_t> size, const Place& place) {
    std::vector<match::MatchState*> searching;
    for (UnitScanner* unit : live_units_) {
      unit->Begin(first.bytes, size, context_.settings.list_strings);
      if (unit->is_searching()) searching.push_back(&unit->search());
    }
    for (ClamavUnit* unit : live_clamav_units_) {
      unit->Begin(first.bytes, first.last, place.containers);
      searching.push_back(&unit->search());
    }
    search_->Begin(searching);
  }

  // Whether no byte is to be searched or hashed, as the object's head and size
  // show; then all units have begun. What any look reads whole is not asked.
  bool StaysUnread(UnreadSource& object) {
    const std::optional<std::uint64_t> size = object.size();
    if (!size || *size <= DescriptorSource::kReadOnceBytes || !context_.gated || !live_clamav_units_.empty() ||
        digests_.wants_any()) {
      return false;
    }
    const auto head = [&] {
      const Stopwatch watch(Spent(&ScanProfile::read_ns));
      return object.LoadHead();
    }();
    // A shorter one has shrunk, or cannot be read: what reads it all finds out.
    if (!head || head->size() < UnreadSource::kHeadBytes) return false;
    for (UnitScanner* unit : live_units_) {
      unit->Begin(*head, size, context_.settings.list_strings);
      if (unit->is_searching()) return false;
    }
    return true;
  }

  // Evaluates what was found. `size`: what the search went by, if that was known
  // when it began.
  void Conclude(ObjectSource& object, std::optional<std::uint64_t> size, const Place& place,
                report::ObjectReport& report) {
    for (UnitScanner* unit : live_units_) unit->Finish(object, place.names, report);
    {
      const Stopwatch clamav(Spent(&ScanProfile::clamav_ns));
      for (ClamavUnit* unit : live_clamav_units_) unit->Finish(object, place.names, digests_, report);
    }
    // What was sought, and which rules were asked, depends on the size.
    if (size && object.size() != size) {
      report.incomplete.push_back({place.names.object, "changed", "the object changed while it was read"});
    }
  }

  std::uint64_t* Spent(std::uint64_t ScanProfile::*stage) const {
    return profile_ != nullptr ? &(profile_->*stage) : nullptr;
  }

  static std::optional<std::uint64_t> KnownSize(ObjectSource& object, const Window& window) {
    if (object.size()) return object.size();
    if (window.last) return window.offset + window.bytes.size();
    return std::nullopt;
  }

  // The units that the next object is scanned with.
  void Choose(std::uint64_t skip_units) {
    const auto is_live = [&](std::uint32_t number) { return number >= 64 || (skip_units >> number & 1) == 0; };
    const Engine::Impl& engine = engine_->impl();
    live_units_.clear();
    for (std::size_t i = 0; i < units_.size(); ++i) {
      if (is_live(engine.rule_units[i])) live_units_.push_back(units_[i].get());
    }
    live_clamav_units_.clear();
    for (std::size_t i = 0; i < clamav_units_.size(); ++i) {
      if (is_live(engine.signature_units[i])) live_clamav_units_.push_back(clamav_units_[i].get());
    }
  }

  // Calls visit(window, bytes seen before, is the first) for each window, until
  // it answers false.
  template <typename Visit>
  Status Pass(ObjectSource& object, Visit visit) {
    const std::size_t overlap = engine_->impl().overlap_bytes;
    std::uint64_t seen = 0;
    // Bytes of a stream are unpacked as they are read.
    const auto stage = object.size() ? &ScanProfile::read_ns : &ScanProfile::unpack_ns;
    for (bool first = true;; first = false) {
      const auto next = [&] {
        const Stopwatch watch(Spent(stage));
        return object.NextWindow(overlap);
      };
      DL_TRY(const Window window, next());
      const auto known = static_cast<std::size_t>(
          std::min<std::uint64_t>(seen > window.offset ? seen - window.offset : 0, window.bytes.size()));
      if (!visit(window, known, first)) return {};
      seen = window.offset + window.bytes.size();
      if (window.last) return {};
    }
  }

  void SetDigest(ObjectSource& object, report::ObjectReport& report) {
    const Stopwatch hashing(Spent(&ScanProfile::hash_ns));
    const auto value = digests_.Get(object, crypto::DigestKind::kSha256);
    if (!value) {
      report.warnings.push_back("no SHA-256: " + std::string(value.error().what));
      return;
    }
    auto& out = report.sha256.emplace();
    std::transform(value->begin(), value->end(), out.begin(),
                   [](std::byte b) { return std::to_integer<std::uint8_t>(b); });
  }

  std::shared_ptr<const Engine> engine_;
  ScanContext context_;
  std::vector<std::unique_ptr<UnitScanner>> units_;
  std::vector<std::unique_ptr<ClamavUnit>> clamav_units_;
  std::vector<UnitScanner*> live_units_;  // Of the object in hand.
  std::vector<ClamavUnit*> live_clamav_units_;
  std::optional<match::JointSearch> search_;
  ObjectDigests digests_;
  std::optional<Descent> descent_;
  Deadline deadline_;     // Of the object in hand.
  bool is_late_ = false;  // It has not been read to its end.
  std::vector<std::byte> head_;
  ScanProfile* profile_ = nullptr;
  std::uint64_t children_ns_ = 0;  // That the scans of what was unpacked took, while there is a profile.
};

Scanner::Scanner(std::shared_ptr<const Engine> engine, report::ScanSettings settings)
    : impl_(std::make_unique<Impl>(std::move(engine), std::move(settings))) {}
Scanner::~Scanner() = default;

report::ObjectReport Scanner::Scan(ObjectSource& object, const report::ObjectNames& names, std::uint64_t skip_units,
                                   Deadline deadline) {
  return impl_->Scan(object, names, skip_units, deadline);
}

void Scanner::UseGates(bool on) { impl_->UseGates(on); }
void Scanner::LimitConditions(std::uint64_t max_steps) { impl_->LimitConditions(max_steps); }
void Scanner::SetTime(std::int64_t now) { impl_->SetTime(now); }
void Scanner::SetProfile(ScanProfile* profile) { impl_->SetProfile(profile); }

report::ExplainAnswer Scanner::Explain(ObjectSource& object, const report::ObjectNames& names,
                                       const std::string& rule) {
  return impl_->Explain(object, names, rule);
}

}  // namespace dl::scan
