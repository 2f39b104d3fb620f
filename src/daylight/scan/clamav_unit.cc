#include "daylight/scan/clamav_unit.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "daylight/formats/exe/exe.h"
#include "daylight/formats/views/views.h"

namespace dl::scan {

namespace {

using clamav::DigestKind;
using clamav::DigestSignature;
using filetype::ClamType;
using Of = clamav::DigestSignature::Of;

// Signatures are decided on the whole object; a larger one is incomplete for
// those that are candidates.
constexpr std::uint64_t kWholeObjectLimitBytes = std::uint64_t{1} << 30;
// Other forms of larger objects are not made, and their links not checked:
// clamscan looks at nothing larger (--max-filesize), and none of its forms of
// text or HTML is made of more than 40 MiB.
constexpr std::uint64_t kMaxFormsBytes = std::uint64_t{100} << 20;
// What deciding all candidates of one object may cost, in bytes looked at.
constexpr std::uint64_t kMaxSteps = std::uint64_t{1} << 32;
constexpr std::uint64_t kMaxStepsPerByte = 256;
// So many signatures that could not be decided are named.
constexpr std::size_t kMaxNamedLimits = 8;

// In the order in which clamscan comes to them.
enum Phase : std::uint32_t {
  kPlain,
  kFileDigest,
  kLogicalOfTarget,
  kLogicalGeneric,
  kProgramDigest,
  kForms,  // Normalised text and the like; one more for each.
};

std::unique_ptr<filetype::MagicTable> LoadMagic(const clamav::SignatureSet& set) {
  std::vector<filetype::Magic> rows;
  for (const std::string_view line : set.lines(clamav::FileKind::kFtm)) {
    if (auto row = filetype::ParseFtmLine(line)) rows.push_back(std::move(*row));
  }
  return rows.empty() ? nullptr : std::make_unique<filetype::MagicTable>(rows);
}

// What is searched for in the raw bytes while they pass; the other views of an
// object are made when all of it has been read (formats/views/views.h).
struct RawSearch {
  bool generic = true;
  std::uint32_t target = 0;
  // There may be other views than the raw bytes.
  bool has_views = false;
};

RawSearch RawSearchOf(ClamType type) {
  switch (type) {
    case ClamType::kHtml: return {false, 0, true};
    case ClamType::kHtmlUtf16:
    case ClamType::kScript:
    case ClamType::kTextAscii:
    case ClamType::kTextUtf8:
    case ClamType::kTextUtf16Le:
    case ClamType::kTextUtf16Be: return {true, 0, true};
    // Once as nothing in particular, once as "other": the same bytes.
    case ClamType::kBinaryData: return {true, filetype::kTargetOther, false};
    case ClamType::kIgnored: return {false, 0, false};
    case ClamType::kGif: return {true, filetype::TargetOf(type), true};
    default: return {true, filetype::TargetOf(type), false};
  }
}

// Error::what is a literal, so that both may be kept.
std::string_view ReasonOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kBudget: return "limit";
    case ErrorCode::kIo: return "io";
    case ErrorCode::kUnsupported: return "window";
    default: return "database";
  }
}

}  // namespace

// A signature with a handler type that matched.
struct ClamavUnit::Handler {
  bool is_generic = false;
  std::uint32_t signature = 0;
  std::uint32_t name = 0;
  std::string type;
  auto operator<=>(const Handler&) const = default;
};

struct ClamavUnit::ObjectScan {
  ObjectScan(ObjectSource& the_object, ObjectDigests& the_digests, std::uint64_t the_size)
      : object(the_object),
        digests(the_digests),
        size(the_size),
        budget(std::max(kMaxSteps, the_size * kMaxStepsPerByte)) {}
  ObjectSource& object;
  ObjectDigests& digests;
  std::uint64_t size;
  clamav::WorkBudget budget;
  std::vector<Found> found;
  std::vector<std::uint32_t> undecided;  // Names.
  std::set<Handler> handlers;            // In clamscan's order.
  bool is_retyped = false;
  std::vector<std::string> phishing;  // Told when nothing else is found.
  // What was not looked at and why: a reason as in report::Incomplete, and words. Each once.
  std::set<std::pair<std::string_view, std::string_view>> gaps;
  void AddGap(std::string_view reason, std::string_view what) { gaps.insert({reason, what}); }
  void AddGap(const Error& error) { gaps.insert({ReasonOf(error.code), error.what}); }
};

ClamavUnit::ClamavUnit(std::shared_ptr<const clamav::SignatureSet> set, const ScanContext& context)
    : set_(std::move(set)),
      context_(context),
      own_magic_(LoadMagic(*set_)),
      icons_(*set_),
      knows_links_(!set_->lines(clamav::FileKind::kPdb).empty() || !set_->lines(clamav::FileKind::kGdb).empty()),
      matches_(set_->matcher()) {
  live_groups_.Resize(clamav::kGroupCount);
  live_patterns_.Resize(set_->matcher().pattern_count());
  const std::span<std::uint64_t> words = live_patterns_.words();
  std::fill(words.begin(), words.end(), ~std::uint64_t{0});
}
ClamavUnit::~ClamavUnit() = default;

bool ClamavUnit::HasDigests(Of of) const {
  return std::any_of(crypto::kDigestKinds.begin(), crypto::kDigestKinds.end(),
                     [&](DigestKind kind) { return !set_->digests(of, kind).empty(); });
}

void ClamavUnit::WantDigests(std::optional<std::uint64_t> size, ObjectDigests& digests) const {
  for (const DigestKind kind : crypto::kDigestKinds) {
    const clamav::DigestTable& table = set_->digests(Of::kFile, kind);
    // What allows an object is asked only for what is detected, but a stream
    // cannot be read again then.
    const bool is_wanted = size ? table.MayHave(*size) : !table.empty() || !set_->digests(Of::kAllowed, kind).empty();
    if (is_wanted) digests.Want(kind);
  }
}

void ClamavUnit::SetGroups(std::uint32_t target, bool generic) {
  for (std::uint32_t group = 0; group < clamav::kGroupCount; ++group) live_groups_.Clear(group);
  const auto set = [&](std::uint32_t of_target) {
    live_groups_.Set(clamav::GroupOf(of_target, false));
    if (context_.settings.pua) live_groups_.Set(clamav::GroupOf(of_target, true));
  };
  if (generic) set(0);
  if (target != 0) set(target);
}

void ClamavUnit::Begin(Bytes head, bool is_whole, const std::vector<std::string>& containers) {
  containers_ = &containers;
  is_tiny_ = is_whole && head.size() < filetype::kMinObjectBytes;
  type_ = filetype::TypeOf(head, own_magic_ ? *own_magic_ : filetype::MagicTable::Default());
  candidates_.clear();
  const RawSearch raw = RawSearchOf(type_);
  SetGroups(raw.target, raw.generic);
  matches_.Begin(live_groups_, live_patterns_, false);
}

void ClamavUnit::CollectCandidates(std::uint32_t target, bool generic) {
  matches_.Finish();
  candidates_.clear();
  if (!context_.gated) {
    // The slow, obvious way: every signature.
    for (std::uint32_t i = 0; i < set_->head().signatures; ++i) candidates_.push_back(i);
    return;
  }
  for (const std::uint32_t trigger : matches_.touched()) candidates_.push_back(set_->SignatureOf(trigger));
  const auto add = [&](std::uint32_t of_target) {
    for (const bool pua : {false, true}) {
      if (pua && !context_.settings.pua) continue;
      const auto always = set_->always(clamav::GroupOf(of_target, pua));
      candidates_.insert(candidates_.end(), always.begin(), always.end());
    }
  };
  if (generic) add(0);
  if (target != 0) add(target);
  std::sort(candidates_.begin(), candidates_.end());
  candidates_.erase(std::unique(candidates_.begin(), candidates_.end()), candidates_.end());
}

void ClamavUnit::EvaluateOne(ObjectScan& scan, clamav::Evaluator& evaluator, std::uint32_t signature,
                             std::uint32_t phase) {
  const auto stored = set_->Load(signature);
  if (!stored) {
    scan.AddGap(stored.error());
    return;
  }
  if (!live_groups_.Test(clamav::GroupOf(stored->signature.target, stored->signature.is_pua))) return;
  const auto outcome = evaluator.Evaluate(stored->signature);
  if (outcome.is_limited) scan.undecided.push_back(stored->name);
  if (!outcome.matches) return;
  if (!stored->signature.handler_type.empty() && !scan.is_retyped) {
    scan.handlers.insert({stored->signature.target == 0, signature, stored->name, stored->signature.handler_type});
    return;
  }
  const bool is_plain = stored->signature.is_plain;
  Found found;
  found.name = stored->name;
  found.phase = phase != kPlain ? phase
                : is_plain      ? kPlain
                                : (stored->signature.target != 0 ? kLogicalOfTarget : kLogicalGeneric);
  found.at = is_plain ? outcome.at : signature;
  scan.found.push_back(found);
}

void ClamavUnit::EvaluateCandidates(ObjectScan& scan, const clamav::View& view, std::uint32_t phase) {
  const clamav::MacroMembers members = [&](std::uint32_t target, std::uint32_t group) {
    std::vector<clamav::LogicalSignature> out;
    for (const std::uint32_t signature : set_->macro_members(target, group)) {
      auto stored = set_->Load(signature);
      if (!stored) scan.AddGap(stored.error());
      if (stored && (!stored->signature.is_pua || context_.settings.pua)) out.push_back(std::move(stored->signature));
    }
    return out;
  };
  clamav::Evaluator evaluator(view, members, scan.budget);
  for (const std::uint32_t signature : candidates_) EvaluateOne(scan, evaluator, signature, phase);
}

void ClamavUnit::ScanView(ObjectScan& scan, const clamav::View& view, bool generic, std::uint32_t phase) {
  SetGroups(view.target, generic);
  matches_.Begin(live_groups_, live_patterns_, false);
  matches_.Feed({view.bytes, 0, true});
  CollectCandidates(view.target, generic);
  EvaluateCandidates(scan, view, phase);
}

void ClamavUnit::AddDigest(ObjectScan& scan, Of of, DigestKind kind, Bytes digest, std::uint64_t size,
                           std::uint32_t phase) {
  std::vector<std::uint32_t> names;
  set_->digests(of, kind).Find(digest, size, names);
  for (const std::uint32_t name : names) {
    if ((name & clamav::kNameIsPua) != 0 && !context_.settings.pua) continue;
    scan.found.push_back({phase, static_cast<std::uint64_t>(kind), name & ~clamav::kNameIsPua});
  }
}

void ClamavUnit::FindFileDigests(ObjectScan& scan) {
  for (const DigestKind kind : crypto::kDigestKinds) {
    if (!set_->digests(Of::kFile, kind).MayHave(scan.size)) continue;
    const auto digest = scan.digests.Get(scan.object, kind);
    if (digest) {
      AddDigest(scan, Of::kFile, kind, *digest, scan.size, kFileDigest);
    } else {
      scan.AddGap(digest.error());
    }
  }
}

void ClamavUnit::FindBytesDigests(ObjectScan& scan, Of of, Bytes bytes) {
  for (const DigestKind kind : crypto::kDigestKinds) {
    if (!set_->digests(of, kind).MayHave(bytes.size())) continue;
    if (!scan.budget.Charge(bytes.size())) return scan.AddGap("limit", "not all sections were hashed");
    AddDigest(scan, of, kind, crypto::AnyDigest::Of(kind, bytes).view(), bytes.size(), kProgramDigest);
  }
}

void ClamavUnit::FindProgramDigests(ObjectScan& scan, Bytes bytes) {
  if (HasDigests(Of::kSection)) {
    for (const exe::SectionToHash& section : exe::SectionsToHash(bytes)) {
      FindBytesDigests(scan, Of::kSection, bytes.subspan(section.offset, section.size));
    }
  }
  if (!HasDigests(Of::kImports)) return;
  if (const auto imports = exe::ImportText(bytes)) FindBytesDigests(scan, Of::kImports, AsBytes(*imports));
}

bool ClamavUnit::IsAllowed(ObjectScan& scan) {
  std::vector<DigestKind> kinds;
  std::copy_if(crypto::kDigestKinds.begin(), crypto::kDigestKinds.end(), std::back_inserter(kinds),
               [&](DigestKind kind) { return set_->digests(Of::kAllowed, kind).MayHave(scan.size); });
  if (kinds.empty()) return false;
  for (const DigestKind kind : kinds) scan.digests.Want(kind);
  // What is not allowed is reported with it: one pass for all.
  scan.digests.Want(DigestKind::kSha256);
  std::vector<std::uint32_t> names;
  for (const DigestKind kind : kinds) {
    const auto digest = scan.digests.Get(scan.object, kind);
    if (digest) {
      set_->digests(Of::kAllowed, kind).Find(*digest, scan.size, names);
    } else {
      scan.AddGap(digest.error());
    }
  }
  return !names.empty();
}

// After the search in the raw bytes.
void ClamavUnit::ScanWhole(ObjectScan& scan, Bytes bytes) {
  const RawSearch raw = RawSearchOf(type_);
  ClamavFacts facts(bytes, raw.target, icons_);
  EvaluateCandidates(scan, {bytes, raw.target, bytes.size(), *containers_, &facts}, kPlain);
  if (type_ == ClamType::kMsExe) FindProgramDigests(scan, bytes);
  std::uint32_t phase = kForms;
  if (bytes.size() <= kMaxFormsBytes) {
    if (type_ == ClamType::kMail) scan.phishing = FindPhishing(scan, bytes);
    if (raw.has_views) ScanViews(scan, bytes, type_, phase);
  }
  if (scan.handlers.empty()) return;
  // A signature with a handler type says what an object really is: by the first
  // that matches, it is scanned once more as that. The others are detections, and so is
  // the first where it matches again.
  scan.is_retyped = true;
  const Handler first = *scan.handlers.begin();
  for (const Handler& handler : scan.handlers) {
    if (handler.signature != first.signature) {
      scan.found.push_back({handler.is_generic ? kLogicalGeneric : kLogicalOfTarget, handler.signature, handler.name});
    }
  }
  if (const auto type = filetype::TypeFromName(first.type)) ScanViews(scan, bytes, *type, phase);
}

// All views of an object of this type; unless it is another than its own, but
// the raw ones that have been searched while it was read.
void ClamavUnit::ScanViews(ObjectScan& scan, Bytes bytes, ClamType type, std::uint32_t& phase) {
  const RawSearch searched = RawSearchOf(type);
  const views::Views all = views::ViewsOf(bytes, type, own_magic_ ? *own_magic_ : filetype::MagicTable::Default());
  // What it lies in; once it has another type, also itself.
  std::vector<std::string> outside = *containers_;
  if (scan.is_retyped) outside.emplace(outside.begin(), filetype::TypeName(type_));
  for (const views::View& view : all.views) {
    if (view.raw && !scan.is_retyped && (view.target == searched.target || (view.target == 0 && searched.generic)))
      continue;
    const Bytes text = view.raw ? bytes : AsBytes(view.bytes);
    ClamavFacts facts(text, view.target, icons_);
    std::vector<std::string> containers = outside;
    // clamscan takes forms of HTML for files in something of no type.
    if (!view.raw && view.name != "text") containers.insert(containers.begin(), "CL_TYPE_ANY");
    ScanView(scan, {text, view.target, view.file_size, std::move(containers), &facts}, view.generic, phase++);
  }
  // Data in links, which clamscan scans as mail.
  for (const std::string& message : all.messages) {
    ClamavFacts facts(AsBytes(message), filetype::kTargetMail, icons_);
    ScanView(scan, {AsBytes(message), filetype::kTargetMail, message.size(), {"CL_TYPE_ANY"}, &facts}, true, phase++);
  }
  if (clamav::IsReadAsMail(type, all.raw)) scan.phishing = FindPhishing(scan, bytes);
  if (!all.complete) scan.AddGap("limit", "its normalised form was cut short");
}

std::vector<std::string> ClamavUnit::FindPhishing(ObjectScan& scan, Bytes mail) {
  if (phishing_ == nullptr) {
    phishing_ = std::make_unique<clamav::Phishing>();
    for (const auto kind : {clamav::FileKind::kPdb, clamav::FileKind::kWdb, clamav::FileKind::kGdb}) {
      // Lines that cannot be used were told when they were compiled.
      for (const std::string_view line : set_->lines(kind)) static_cast<void>(phishing_->Add(kind, line));
    }
  }
  if (phishing_->empty()) return {};
  clamav::PhishingVerdict verdict = clamav::FindPhishing(mail, *phishing_);
  if (verdict.is_limited && verdict.names.empty()) scan.AddGap("limit", "not all links of the mail were checked");
  return std::move(verdict.names);
}

void ClamavUnit::Finish(ObjectSource& object, const report::ObjectNames& names, ObjectDigests& digests,
                        report::ObjectReport& report) {
  if (is_tiny_) return;
  ObjectScan scan(object, digests, object.size().value_or(report.size));
  const RawSearch raw = RawSearchOf(type_);
  CollectCandidates(raw.target, raw.generic);
  const bool needs_program = type_ == ClamType::kMsExe && (HasDigests(Of::kSection) || HasDigests(Of::kImports));
  const bool has_forms = raw.has_views || (type_ == ClamType::kMail && knows_links_);
  FindFileDigests(scan);
  if (!candidates_.empty() || needs_program || (has_forms && scan.size <= kMaxFormsBytes)) {
    const auto whole = object.Whole(kWholeObjectLimitBytes);
    if (whole) {
      ScanWhole(scan, *whole);
    } else {
      report.incomplete.push_back(
          {names.object, "window", "signatures that need the whole object: " + std::string(whole.error().what)});
    }
  }
  if ((!scan.found.empty() || !scan.undecided.empty()) && IsAllowed(scan)) {
    scan.found.clear();
    scan.undecided.clear();
  }
  std::sort(scan.found.begin(), scan.found.end());
  struct Name {
    std::string text;
    bool is_official = false;
  };
  std::vector<Name> found_names;
  for (const Found& found : scan.found) found_names.push_back({set_->name(found.name), set_->is_official(found.name)});
  if (found_names.empty() && (scan.phishing.empty() || !IsAllowed(scan))) {
    // What is wrong with links, Daylight itself says: to clamscan, too, their lists are official wherever they come
    // from.
    for (std::string& name : scan.phishing) found_names.push_back({std::move(name), true});
  }
  // Each name once. Where an official and another signature have the same, the first counts: the one that clamscan
  // names when it stops at one.
  std::set<std::string> told;
  for (Name& name : found_names) {
    if (!told.insert(name.text).second) continue;
    report::Detection detection;
    detection.engine = "clamav";
    detection.rule = std::move(name.text);
    detection.official = name.is_official;
    detection.source = set_->source_name();
    detection.licence = set_->licence();
    detection.object = names.object;
    report.detections.push_back(std::move(detection));
  }
  for (const auto& [reason, what] : scan.gaps) {
    report.incomplete.push_back({names.object, std::string(reason), std::string(what)});
  }
  for (std::size_t i = 0; i < scan.undecided.size(); ++i) {
    if (i == kMaxNamedLimits) {
      report.incomplete.push_back(
          {names.object, "match-limit",
           std::to_string(scan.undecided.size() - i) + " more signatures could not be decided"});
      break;
    }
    report.incomplete.push_back(
        {names.object, "match-limit",
         "the signature " + set_->name(scan.undecided[i]) + " could not be decided within the limits"});
  }
  // At the end, as names and digests are looked up in pages of their own.
  if (set_->matcher().damaged()) report.incomplete.push_back({names.object, "database", "the database is damaged"});
}

}  // namespace dl::scan
