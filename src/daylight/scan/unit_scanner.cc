#include "daylight/scan/unit_scanner.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>

namespace dl::scan {

namespace {

// Facts of larger objects would need more memory than a worker may use; the
// rules that ask for them make the object incomplete.
constexpr std::uint64_t kWholeObjectLimitBytes = std::uint64_t{1} << 30;

// What one detection lists, also when the user lifts the limits: a million long
// matches that overlap would not fit in any memory.
constexpr std::size_t kMaxListedBytes = 64u << 20;

report::MetaValue MakeMeta(const yara::RuleSet& rules, const yara::MetaRecord& record) {
  report::MetaValue meta;
  meta.key = rules.text(record.key);
  meta.text = rules.text(record.text);
  meta.integer = record.integer;
  switch (record.kind) {
    case 1: meta.kind = report::MetaValue::Kind::kInteger; break;
    case 2: meta.kind = report::MetaValue::Kind::kBoolean; break;
    case 3:
      meta.kind = report::MetaValue::Kind::kFloat;
      meta.real = std::bit_cast<double>(record.integer);
      break;
    default: meta.kind = report::MetaValue::Kind::kString; break;
  }
  return meta;
}

yara::Value FromUser(const report::ExternalValue& value) {
  switch (value.kind) {
    case report::ExternalValue::Kind::kInteger: return yara::Value::Integer(value.integer);
    case report::ExternalValue::Kind::kFloat: return yara::Value::Float(value.real);
    case report::ExternalValue::Kind::kBoolean: return yara::Value::Boolean(value.integer != 0);
    case report::ExternalValue::Kind::kString: return yara::Value::String(value.text);
  }
  return {};
}

yara::Value FromDatabase(const yara::RuleSet& rules, const yara::ExternalRecord& record) {
  switch (static_cast<yara::TypeKind>(record.kind)) {
    case yara::TypeKind::kInteger: return yara::Value::Integer(record.integer);
    case yara::TypeKind::kBoolean: return yara::Value::Boolean(record.integer != 0);
    case yara::TypeKind::kFloat: return yara::Value::Float(std::bit_cast<double>(record.integer));
    case yara::TypeKind::kString: return yara::Value::String(rules.text(record.text));
    default: return {};
  }
}

const std::string* NamedByObject(const report::ObjectNames& names, std::string_view variable) {
  if (variable == "filename") return &names.filename;
  if (variable == "filepath") return &names.filepath;
  if (variable == "extension") return &names.extension;
  if (variable == "filetype") return &names.filetype;
  if (variable == "owner") return &names.owner;
  return nullptr;
}

}  // namespace

UnitScanner::UnitScanner(std::shared_ptr<const yara::RuleSet> rules, const ScanContext& context)
    : rules_(std::move(rules)), context_(context), matches_(rules_->matcher()), evaluator_(rules_) {
  live_groups_.Resize(rules_->groups().size());
  live_patterns_.Resize(rules_->head().pattern_count);
  group_patterns_.resize(rules_->groups().size());
  group_tests_.resize(rules_->groups().size());
  always_open_.Resize(rules_->groups().size());
  for (std::uint32_t pattern = 0; pattern < rules_->head().pattern_count; ++pattern) {
    for (const std::uint32_t rule : rules_->users(pattern)) {
      const std::uint32_t group = rules_->rules()[rule].group;
      if (group >= group_patterns_.size()) continue;
      std::vector<std::uint32_t>& patterns = group_patterns_[group];
      if (patterns.empty() || patterns.back() != pattern) patterns.push_back(pattern);
    }
  }
  std::map<HeadTest, std::uint32_t> numbers;
  for (std::uint32_t g = 0; g < group_tests_.size(); ++g) {
    const yara::Range range = rules_->groups()[g].magics;
    if (range.count == 0) always_open_.Set(g);
    for (const yara::MagicRecord& magic : rules_->magics().Range(range.first, range.count)) {
      if (magic.length > sizeof(magic.value)) continue;  // Nothing but a forged database has one.
      HeadTest test{magic.offset, magic.length, 0, 0};
      std::memcpy(&test.value, magic.value, magic.length);
      std::memcpy(&test.mask, magic.mask, magic.length);
      const auto [number, is_new] = numbers.emplace(test, static_cast<std::uint32_t>(head_tests_.size()));
      if (is_new) head_tests_.push_back(test);
      group_tests_[g].push_back(number->second);
    }
  }
  passed_.resize(head_tests_.size());
}

UnitScanner::~UnitScanner() = default;

bool UnitScanner::MayPass(const HeadTest& test, Bytes head, bool is_whole) {
  if (test.offset > head.size() || test.length > head.size() - test.offset) {
    return !is_whole && test.offset != yara::kMagicNowhere;
  }
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, head.data() + test.offset, std::min<std::size_t>(sizeof bytes, head.size() - test.offset));
  return (bytes & test.mask) == test.value;
}

bool UnitScanner::GroupIsOpen(std::uint32_t group, Bytes head, bool is_whole) const {
  if (always_open_.Test(group)) return true;
  const std::vector<std::uint32_t>& tests = group_tests_[group];
  return std::any_of(tests.begin(), tests.end(),
                     [&](std::uint32_t test) { return MayPass(head_tests_[test], head, is_whole); });
}

bool UnitScanner::HasLivePattern(std::uint32_t group) const {
  const std::vector<std::uint32_t>& patterns = group_patterns_[group];
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](std::uint32_t pattern) { return live_patterns_.Test(pattern); });
}

void UnitScanner::Begin(Bytes head, std::optional<std::uint64_t> size, bool all_matches) {
  if (!context_.gated) {
    BeginUngated(all_matches);
    return;
  }
  const bool is_whole = size && head.size() >= *size;
  for (std::size_t t = 0; t < head_tests_.size(); ++t) passed_[t] = MayPass(head_tests_[t], head, is_whole);
  for (std::uint32_t g = 0; g < group_tests_.size(); ++g) {
    const std::vector<std::uint32_t>& tests = group_tests_[g];
    if (always_open_.Test(g) ||
        std::any_of(tests.begin(), tests.end(), [&](std::uint32_t test) { return passed_[test]; })) {
      live_groups_.Set(g);
    } else {
      live_groups_.Clear(g);
    }
  }
  const std::span<std::uint64_t> words = live_patterns_.words();
  if (size) {
    const auto live = rules_->live_patterns(*size);
    std::copy_n(live.begin(), std::min(live.size(), words.size()), words.begin());
  } else {
    std::fill(words.begin(), words.end(), ~std::uint64_t{0});
  }
  is_searching_ = false;
  for (std::uint32_t g = 0; g < rules_->groups().size() && !is_searching_; ++g) {
    is_searching_ = live_groups_.Test(g) && HasLivePattern(g);
  }
  matches_.Begin(live_groups_, live_patterns_, all_matches);
}

void UnitScanner::BeginUngated(bool all_matches) {
  for (std::uint32_t g = 0; g < rules_->groups().size(); ++g) live_groups_.Set(g);
  const std::span<std::uint64_t> words = live_patterns_.words();
  std::fill(words.begin(), words.end(), ~std::uint64_t{0});
  is_searching_ = true;
  matches_.Begin(live_groups_, live_patterns_, all_matches);
}

void UnitScanner::StartEvaluation(ObjectSource& object, const report::ObjectNames& names) {
  matches_.Finish();
  object_ = &object;
  externals_.clear();
  for (std::size_t i = 0; i < rules_->externals().size(); ++i) {
    const yara::ExternalRecord& record = rules_->externals()[i];
    const std::string_view name = rules_->text(record.name);
    const auto& defined = context_.settings.externals;
    const auto user = std::find_if(defined.begin(), defined.end(), [&](const auto& e) { return e.name == name; });
    if (user != defined.end()) {
      externals_.push_back(FromUser(*user));
    } else if (const std::string* own = NamedByObject(names, name)) {
      externals_.push_back(yara::Value::String(*own));
    } else {
      externals_.push_back(FromDatabase(*rules_, record));
    }
  }
  yara::EvaluationJob job;
  job.object = &object;
  job.size = object.size().value_or(0);
  job.matches = &matches_;
  job.live_groups = &live_groups_;
  job.externals = externals_;
  job.now = context_.settings.now;
  job.module_data = &context_.module_data;
  job.whole_object_limit_bytes = kWholeObjectLimitBytes;
  job.every_rule = !context_.gated;
  job.max_steps = context_.max_steps;
  evaluator_.Begin(job);
}

void UnitScanner::FinishForExplanation(ObjectSource& object, const report::ObjectNames& names) {
  StartEvaluation(object, names);
}

void UnitScanner::Finish(ObjectSource& object, const report::ObjectNames& names, report::ObjectReport& report) {
  StartEvaluation(object, names);
  for (const std::uint32_t rule : evaluator_.Evaluate()) AddDetection(rule, names, report);
  for (const yara::EvaluationGap& gap : evaluator_.gaps()) {
    report.incomplete.push_back({names.object, gap.reason, gap.detail});
  }
  for (const std::string& line : evaluator_.log()) report.log.push_back(line);
  if (rules_->matcher().damaged()) report.incomplete.push_back({names.object, "database", "the database is damaged"});
  for (const std::uint32_t pattern : matches_.touched()) {
    if (matches_.limited(pattern)) AddLimit(pattern, names, report);
  }
}

void UnitScanner::AddLimit(std::uint32_t pattern, const report::ObjectNames& names, report::ObjectReport& report) {
  const bool has_matches = !matches_.matches(pattern).empty();
  const bool is_full = matches_.matches(pattern).size() >= match::kMaxMatches;
  for (const std::uint32_t rule : rules_->users(pattern)) {
    const yara::RuleRecord& record = rules_->rules()[rule];
    for (std::uint32_t s = 0; s < record.strings.count; ++s) {
      const yara::StringRecord& string = rules_->strings()[std::size_t{record.strings.first} + s];
      if ((string.flags & yara::kStringAnchored) != 0 || string.pattern != pattern) continue;
      const std::string place =
          std::string(rules_->text(string.identifier)) + " in rule " + std::string(rules_->text(record.identifier));
      const std::string what = is_full ? "too many matches of " + place : "the search for " + place + " takes too long";
      // What was not found may have made the condition true.
      const bool is_known = (string.flags & yara::kStringExistence) != 0 && has_matches;
      if (!is_known && !evaluator_.Holds(rule)) report.incomplete.push_back({names.object, "match-limit", what});
      report.warnings.push_back(what + "; the rest were not counted");
    }
  }
}

void UnitScanner::AddDetection(std::uint32_t rule, const report::ObjectNames& names, report::ObjectReport& report) {
  const yara::RuleRecord& record = rules_->rules()[rule];
  report::Detection detection;
  detection.engine = "yara";
  detection.rule = rules_->text(record.identifier);
  detection.name_space = rules_->text(rules_->namespaces()[record.name_space]);
  for (const yara::TextRef& tag : rules_->tags().Range(record.tags.first, record.tags.count)) {
    detection.tags.emplace_back(rules_->text(tag));
  }
  for (const yara::MetaRecord& meta : rules_->metas().Range(record.metas.first, record.metas.count)) {
    detection.metas.push_back(MakeMeta(*rules_, meta));
  }
  detection.source = rules_->text(rules_->head().source_name);
  detection.licence = rules_->text(rules_->head().source_licence);
  detection.object = names.object;
  if (context_.settings.list_strings) AddStrings(record, detection);
  report.detections.push_back(std::move(detection));
}

void UnitScanner::AddStrings(const yara::RuleRecord& rule, report::Detection& detection) {
  const auto& settings = context_.settings;
  std::size_t bytes_listed = 0;
  for (std::uint32_t s = 0; s < rule.strings.count; ++s) {
    const yara::StringRecord& string = rules_->strings()[std::size_t{rule.strings.first} + s];
    if ((string.flags & yara::kStringPrivate) != 0) continue;
    const auto matches = evaluator_.StringMatches(rule, s);
    std::size_t listed = matches.size();
    if (settings.max_strings != 0 && listed > settings.max_strings) {
      listed = settings.max_strings;
      detection.strings_truncated = true;
    }
    for (const match::Match& match : matches.first(listed)) {
      if (bytes_listed >= kMaxListedBytes) {
        detection.strings_truncated = true;
        return;
      }
      report::MatchedString line;
      line.id = rules_->text(string.identifier);
      line.offset = match.offset;
      line.length = match.length;
      std::uint64_t n = match.length;
      if (settings.max_string_bytes != 0 && n > settings.max_string_bytes) n = settings.max_string_bytes;
      // A chained match can be as long as the object; what is shown is not.
      constexpr std::uint64_t kMaxShownBytes = 1u << 20;
      n = std::min(n, kMaxShownBytes);
      line.data.resize(static_cast<std::size_t>(n));
      const auto got = object_->ReadAt(match.offset, std::as_writable_bytes(std::span(line.data)));
      line.data.resize(got ? *got : 0);
      line.data_truncated = line.data.size() < match.length;
      bytes_listed += line.data.size() + sizeof line;
      detection.strings.push_back(std::move(line));
    }
  }
}

}  // namespace dl::scan
