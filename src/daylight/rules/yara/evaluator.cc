#include "daylight/rules/yara/evaluator.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <optional>

#include "daylight/base/stopwatch.h"
#include "daylight/rules/yara/entry_point.h"
#include "daylight/rules/yara/module_host.h"
#include "daylight/rules/yara/object_reads.h"
#include "daylight/rules/yara/quantities.h"
#include "daylight/rules/yara/value_operators.h"

namespace dl::yara {

namespace {

// A forged database could nest deeper than the parser allows, or loop for
// ages; both end here.
constexpr int kMaxDepth = kMaxExprDepth + 64;
constexpr std::uint32_t kMaxLocals = 4096;
// Bytes that a text operator or an expression reads in the time of one step.
constexpr std::size_t kTextBytesAStep = 16;
// Rules of a list that are marked in the time of one step.
constexpr std::size_t kRulesAStep = 16;

// kUndecided: its evaluation was stopped, and a gap says so.
enum class RuleState : std::uint8_t { kUnknown, kNeeded, kFalse, kTrue, kUndecided };

}  // namespace

class Evaluator::Impl {
 public:
  explicit Impl(std::shared_ptr<const RuleSet> rules)
      : rules_(std::move(rules)), host_(*rules_), reads_([this](const Error& error) { NoteUnread(error); }) {
    states_.resize(rules_->rules().size(), RuleState::kUnknown);
  }

  void Begin(const EvaluationJob& job) {
    job_ = job;
    host_.Begin(job);
    reads_.Begin(*job.object, job.size);
    for (const std::uint32_t rule : known_) states_[rule] = RuleState::kUnknown;
    known_.clear();
    holding_.clear();
    anchored_.clear();
    entry_point_.reset();
    object_steps_ = 0;
  }

  const std::vector<std::uint32_t>& Evaluate() {
    const Stopwatch watch(profile_ != nullptr ? &profile_->conditions_ns : nullptr);
    for (std::uint32_t rule = 0; job_.every_rule && rule < states_.size(); ++rule) Need(rule);
    for (std::size_t g = 0; g < rules_->groups().size(); ++g) {
      if (!job_.live_groups->Test(g)) continue;
      const Range always = rules_->groups()[g].always;
      if (!NeedAll(rules_->always().Range(always.first, always.count))) break;
      const Range when_filled = rules_->groups()[g].when_filled;
      for (const WhenFilledRecord& record : rules_->when_filled().Range(when_filled.first, when_filled.count)) {
        const auto rules = rules_->always().Range(record.rules.first, record.rules.count);
        if (rules.empty() || IsEmptyArray(rules.front(), record.node)) continue;
        if (!NeedAll(rules)) break;
      }
    }
    for (const std::uint32_t pattern : job_.matches->touched()) {
      for (const std::uint32_t rule : rules_->users(pattern)) Need(rule);
    }
    // A rule that holds can make others hold that no match has touched.
    for (std::size_t done = 0; !needed_.empty();) {
      EvaluateNeeded();
      for (const std::size_t evaluated = known_.size(); done < evaluated; ++done) {
        if (states_[known_[done]] != RuleState::kTrue) continue;
        for (const std::uint32_t rule : rules_->list(rules_->rules()[known_[done]].dependents)) Need(rule);
      }
    }

    // A namespace in which a global rule does not hold reports nothing.
    std::vector<std::uint32_t> closed;
    for (const std::uint32_t rule : known_) {
      const RuleRecord& record = rules_->rules()[rule];
      if ((record.flags & kRuleGlobal) != 0 && states_[rule] != RuleState::kTrue) closed.push_back(record.name_space);
    }
    std::sort(closed.begin(), closed.end());
    for (const std::uint32_t rule : known_) {
      const RuleRecord& record = rules_->rules()[rule];
      if (states_[rule] != RuleState::kTrue || (record.flags & kRulePrivate) != 0) continue;
      if (std::binary_search(closed.begin(), closed.end(), record.name_space)) continue;
      holding_.push_back(rule);
    }
    std::sort(holding_.begin(), holding_.end());
    return holding_;
  }

  bool Holds(std::uint32_t rule) {
    Need(rule);
    EvaluateNeeded();
    return rule < states_.size() && states_[rule] == RuleState::kTrue;
  }

  Value EvaluateNode(std::uint32_t rule, std::uint32_t node) {
    Holds(rule);
    StartRule(rule);
    const Value value = Eval(node);
    return stopped_ ? Value{} : value;
  }

  std::span<const match::Match> StringMatches(const RuleRecord& rule, std::uint32_t string) {
    if (string >= rule.strings.count) return {};
    const std::uint32_t index = rule.strings.first + string;
    const StringRecord& record = rules_->strings()[index];
    if ((record.flags & kStringAnchored) != 0) return AnchoredMatch(index, record);
    const auto all = job_.matches->matches(record.pattern);
    if ((record.flags & kStringFixedOffset) == 0) return all;
    const auto at = std::lower_bound(all.begin(), all.end(), record.fixed_offset,
                                     [](const match::Match& m, std::uint64_t offset) { return m.offset < offset; });
    if (at == all.end() || at->offset != record.fixed_offset) return {};
    return all.subspan(static_cast<std::size_t>(at - all.begin()), 1);
  }

  // For reports, after the evaluation: the rule is charged anew.
  std::span<const match::Match> ListMatches(const RuleRecord& rule, std::uint32_t string) {
    rule_ = &rule;
    steps_ = 0;
    stopped_ = false;
    const auto matches = StringMatches(rule, string);
    rule_ = nullptr;
    return matches;
  }

  ModuleHost& host() { return host_; }

  void SetProfile(EvaluationProfile* profile) {
    profile_ = profile;
    if (profile_ != nullptr) profile_->rules.resize(rules_->rules().size());
  }

 private:
  void Need(std::uint32_t rule) {
    if (rule >= states_.size() || states_[rule] != RuleState::kUnknown) return;
    states_[rule] = RuleState::kNeeded;
    known_.push_back(rule);
    needed_.push_back(rule);
  }

  // In a sound database a rule is in one list; in a forged one all lists may be
  // all rules, so going through them is paid for. False: no more can be.
  bool NeedAll(std::span<const std::uint32_t> rules) {
    object_steps_ += rules.size() / kRulesAStep + 1;
    if (object_steps_ > 5 * job_.max_steps) {
      host_.AddGap("budget", "the database lists too many rules");
      return false;
    }
    for (const std::uint32_t rule : rules) Need(rule);
    return true;
  }

  // Whether an array of facts has nothing in it, or is not there.
  bool IsEmptyArray(std::uint32_t rule, std::uint32_t node) {
    StartRule(rule);
    const Value array = Eval(node);
    return !stopped_ && (array.kind != TypeKind::kArray || array.array->size() == 0);
  }

  // Rules refer only to rules before them, so ascending order meets every
  // reference with its answer known.
  void EvaluateNeeded() {
    for (std::size_t i = 0; i < needed_.size(); ++i) {
      const Range references = rules_->rules()[needed_[i]].references;
      for (const std::uint32_t rule : rules_->list(references)) Need(rule);
    }
    std::sort(needed_.begin(), needed_.end());
    for (std::size_t i = 0; i < needed_.size(); ++i) {
      // Conditions are scattered over a large table, and mostly decided by their first nodes.
      constexpr std::size_t kAhead = 8;
      if (i + 2 * kAhead < needed_.size()) rules_->rules().Prefetch(needed_[i + 2 * kAhead]);
      if (i + kAhead < needed_.size()) rules_->nodes().Prefetch(rules_->rules()[needed_[i + kAhead]].condition);
      const std::uint32_t rule = needed_[i];
      const RuleRecord& record = rules_->rules()[rule];
      bool holds = false;
      bool stopped = false;
      if (job_.every_rule || (job_.size >= record.min_filesize && job_.size <= record.max_filesize)) {
        const Stopwatch watch(profile_ != nullptr ? &profile_->rules[rule].ns : nullptr);
        const std::uint64_t facts_before = profile_ != nullptr ? profile_->facts_ns : 0;
        StartRule(rule);
        holds = IsTrue(record.condition);
        if (profile_ != nullptr) {
          ++profile_->rules[rule].evaluated;
          profile_->rules[rule].facts_ns += profile_->facts_ns - facts_before;
        }
        stopped = stopped_;
      }
      states_[rule] = stopped ? RuleState::kUndecided : holds ? RuleState::kTrue : RuleState::kFalse;
    }
    needed_.clear();
  }

  void StartRule(std::uint32_t rule) {
    rule_ = &rules_->rules()[rule];
    locals_.assign(std::min(rule_->locals, kMaxLocals), Value{});
    current_strings_.clear();
    depth_ = 0;
    steps_ = 0;
    stopped_ = false;
  }

  // Pays for work before it is done; false once the rule has used up its share.
  // What an unpaid rule computes from then on counts for nothing.
  bool Charge(std::uint64_t steps) {
    if (stopped_) return false;
    steps_ += steps;
    object_steps_ += steps;
    if (steps_ <= job_.max_steps && object_steps_ <= 5 * job_.max_steps) return true;
    Stop();
    return false;
  }

  void Stop() {
    stopped_ = true;
    host_.AddGap("budget", "the condition of rule " + RuleName() + " took too many steps");
  }

  // False where a node must not be evaluated any more; otherwise --depth_ ends it.
  bool Enter() {
    if (!Charge(1)) return false;
    if (depth_ >= kMaxDepth) {
      Stop();
      return false;
    }
    ++depth_;
    return true;
  }

  Value Eval(std::uint32_t id) {
    if (!Enter()) return {};
    const Value value = EvalNode(rules_->nodes()[id]);
    --depth_;
    return value;
  }

  // The same as Truth(Eval(id)), without the values in between: most of what
  // conditions are made of needs none.
  bool IsTrue(std::uint32_t id) {
    if (!Enter()) return false;
    const bool is_true = IsNodeTrue(rules_->nodes()[id]);
    --depth_;
    return is_true;
  }

  bool IsNodeTrue(const NodeRecord& node) {
    const Op op = static_cast<Op>(node.op);
    const auto args = rules_->list(node.args);
    switch (op) {
      case Op::kAnd: return std::all_of(args.begin(), args.end(), [&](std::uint32_t arg) { return IsTrue(arg); });
      case Op::kOr:
        return std::any_of(args.begin(), args.end(), [&](std::uint32_t arg) { return !stopped_ && IsTrue(arg); });
      case Op::kStringFound: return !Matches(node).empty();
      case Op::kEqual:
      case Op::kNotEqual:
      case Op::kLess:
      case Op::kLessEqual:
      case Op::kGreater:
      case Op::kGreaterEqual: {
        if (args.size() != 2 || !IsPlainInteger(args[0]) || !IsPlainInteger(args[1])) break;
        const std::optional<std::int64_t> a = PlainInteger(args[0]);
        const std::optional<std::int64_t> b = PlainInteger(args[1]);
        if (!a || !b) return false;
        const auto order = *a <=> *b;
        switch (op) {
          case Op::kEqual: return order == 0;
          case Op::kNotEqual: return order != 0;
          case Op::kLess: return order < 0;
          case Op::kLessEqual: return order <= 0;
          case Op::kGreater: return order > 0;
          default: return order >= 0;
        }
      }
      default: break;
    }
    return Truth(EvalNode(node));
  }

  // The node of a constant offset that an integer is read at, or null.
  const NodeRecord* OffsetOfRead(const NodeRecord& node) const {
    const auto args = rules_->list(node.args);
    if (static_cast<TypeKind>(node.type) != TypeKind::kInteger || args.size() != 1) return nullptr;
    const NodeRecord& offset = rules_->nodes()[args.front()];
    return static_cast<Op>(offset.op) == Op::kInteger ? &offset : nullptr;
  }
  // What magic numbers and sizes are compared with, and counts.
  bool IsPlainInteger(std::uint32_t id) const {
    const NodeRecord& node = rules_->nodes()[id];
    const Op op = static_cast<Op>(node.op);
    return op == Op::kInteger || op == Op::kFilesize || op == Op::kStringCount ||
           (op == Op::kReadInteger && OffsetOfRead(node) != nullptr);
  }
  std::optional<std::int64_t> PlainInteger(std::uint32_t id) {
    if (!Charge(1)) return std::nullopt;
    const NodeRecord& node = rules_->nodes()[id];
    switch (static_cast<Op>(node.op)) {
      case Op::kInteger: return node.integer;
      case Op::kFilesize: return static_cast<std::int64_t>(job_.size);
      case Op::kStringCount: return static_cast<std::int64_t>(Matches(node).size());
      default: {
        const NodeRecord* offset = OffsetOfRead(node);
        return offset != nullptr ? reads_.Integer(offset->integer, node.integer) : std::nullopt;
      }
    }
  }

  Value Arg(const NodeRecord& node, std::uint32_t i) {
    const auto args = rules_->list(node.args);
    return i < args.size() ? Eval(args[i]) : Value{};
  }

  Value EvalNode(const NodeRecord& node) {
    const Op op = static_cast<Op>(node.op);
    switch (op) {
      case Op::kBoolean: return Value::Boolean(node.integer != 0);
      case Op::kInteger: return Value::Integer(node.integer);
      case Op::kFloat: return Value::Float(std::bit_cast<double>(node.integer));
      case Op::kString: return Value::String(rules_->text({node.set.first, node.set.count}));
      case Op::kRegexp: return Value::Regexp({node.index});
      case Op::kFilesize: return Value::Integer(static_cast<std::int64_t>(job_.size));
      case Op::kEntrypoint: return EntryPoint();
      case Op::kReadInteger: return ReadNumber(node, Arg(node, 0));
      case Op::kStringFound: return Value::Boolean(IsNodeTrue(node));
      case Op::kStringFoundAt: {
        const Value offset = Arg(node, 0);
        if (!offset.defined()) return {};
        return Value::Boolean(FoundAt(Matches(node), offset.integer));
      }
      case Op::kStringFoundIn: {
        const Value first = Arg(node, 0);
        const Value last = Arg(node, 1);
        if (!first.defined() || !last.defined()) return {};
        return Value::Boolean(CountIn(Matches(node), first.integer, last.integer) > 0);
      }
      case Op::kStringCount: return Value::Integer(static_cast<std::int64_t>(Matches(node).size()));
      case Op::kStringCountIn: {
        const Value first = Arg(node, 0);
        const Value last = Arg(node, 1);
        if (!first.defined() || !last.defined()) return {};
        return Value::Integer(CountIn(Matches(node), first.integer, last.integer));
      }
      case Op::kStringOffset:
      case Op::kStringLength: {
        const Value index = Arg(node, 0);
        const auto matches = Matches(node);
        if (!index.defined() || index.integer < 1 || static_cast<std::uint64_t>(index.integer) > matches.size()) {
          return {};
        }
        const match::Match& match = matches[static_cast<std::size_t>(index.integer) - 1];
        return Value::Integer(static_cast<std::int64_t>(op == Op::kStringOffset ? match.offset : match.length));
      }
      case Op::kAnd:
      case Op::kOr: return Value::Boolean(IsNodeTrue(node));
      case Op::kNot:
      case Op::kNegate:
      case Op::kBitNot: return UnaryOperator(op, Arg(node, 0));
      case Op::kDefined: return Value::Boolean(Arg(node, 0).defined());
      case Op::kMatches: return EvalMatches(node);
      case Op::kOfStrings:
      case Op::kOfStringsAt:
      case Op::kOfStringsIn: return OfStrings(op, node);
      case Op::kOfRules: {
        const auto set = rules_->list(node.set);
        return Quantified(node, set.size(), [&](std::size_t i) {
          return set[i] < states_.size() && states_[set[i]] == RuleState::kTrue;
        });
      }
      case Op::kOfExpressions: {
        const auto args = rules_->list(node.args).subspan(std::min<std::size_t>(FirstArg(node), node.args.count));
        return Quantified(node, args.size(), [&](std::size_t i) { return IsTrue(args[i]); });
      }
      case Op::kForOfStrings: {
        const auto set = rules_->list(node.set);
        const auto args = rules_->list(node.args);
        if (args.empty()) return {};
        current_strings_.push_back(0);
        const Value value = Quantified(node, set.size(), [&](std::size_t i) {
          current_strings_.back() = set[i];
          return IsTrue(args.back());
        });
        current_strings_.pop_back();
        return value;
      }
      case Op::kForInRange: return ForInRange(node);
      case Op::kForInList: {
        const auto args = rules_->list(node.args);
        const std::size_t first = FirstArg(node);
        if (args.size() <= first) return {};
        return Loop(node, args.size() - first - 1, args.back(),
                    [&](std::size_t i) { SetLocal(node.index, Eval(args[first + i])); });
      }
      case Op::kForInArray: {
        const Value value = Arg(node, FirstArg(node));
        if (value.kind != TypeKind::kArray) return Value::Boolean(false);
        return Loop(node, value.array->size(), rules_->list(node.args).back(),
                    [&](std::size_t i) { SetLocal(node.index, value.array->at(static_cast<std::int64_t>(i))); });
      }
      case Op::kForInDictionary: {
        const Value value = Arg(node, FirstArg(node));
        if (value.kind != TypeKind::kDictionary) return Value::Boolean(false);
        return Loop(node, value.dictionary->size(), rules_->list(node.args).back(), [&](std::size_t i) {
          const DictionaryValue::Item& item = value.dictionary->items()[i];
          SetLocal(node.index, Value::String(item.key));
          SetLocal(node.index + 1, item.value);
        });
      }
      case Op::kWith: {
        const auto args = rules_->list(node.args);
        if (args.empty()) return {};
        for (std::size_t i = 0; i + 1 < args.size() && !stopped_; ++i) {
          SetLocal(node.index + static_cast<std::uint32_t>(i), Eval(args[i]));
        }
        return Eval(args.back());
      }
      case Op::kRuleReference:
        if (node.index < states_.size() && states_[node.index] == RuleState::kUndecided) return {};
        return Value::Boolean(node.index < states_.size() && states_[node.index] == RuleState::kTrue);
      case Op::kExternal: return node.index < job_.externals.size() ? job_.externals[node.index] : Value{};
      case Op::kLocal: return node.index < locals_.size() ? locals_[node.index] : Value{};
      case Op::kModule: {
        const Stopwatch watch(profile_ != nullptr ? &profile_->facts_ns : nullptr);
        const StructValue* root = host_.Root(node.index);
        return root == nullptr ? Value{} : Value::Struct(root);
      }
      case Op::kField: {
        const Value base = Arg(node, 0);
        if (base.kind != TypeKind::kStruct || node.index >= base.structure->type().fields().size()) return {};
        return base.structure->field(node.index);
      }
      case Op::kArrayItem: {
        const Value base = Arg(node, 0);
        const Value index = Arg(node, 1);
        if (base.kind != TypeKind::kArray || index.kind != TypeKind::kInteger) return {};
        return base.array->at(index.integer);
      }
      case Op::kDictionaryItem: {
        const Value base = Arg(node, 0);
        const Value key = Arg(node, 1);
        if (base.kind != TypeKind::kDictionary || key.kind != TypeKind::kString) return {};
        return base.dictionary->at(key.string);
      }
      case Op::kCall: return Call(node);
      case Op::kLength: {
        const Value base = Arg(node, 0);
        if (base.kind == TypeKind::kString) return Value::Integer(static_cast<std::int64_t>(base.string.size()));
        if (base.kind == TypeKind::kArray) return Value::Integer(static_cast<std::int64_t>(base.array->size()));
        if (base.kind == TypeKind::kDictionary) {
          return Value::Integer(static_cast<std::int64_t>(base.dictionary->size()));
        }
        return {};
      }
      default: break;
    }
    const Value a = Arg(node, 0);
    if (!a.defined()) return {};
    const Value b = Arg(node, 1);
    if (a.kind == TypeKind::kString && !Charge((a.string.size() + b.string.size()) / kTextBytesAStep)) return {};
    if (rules_->dialect() == Dialect::kYaraX && IsNoCaseOperator(op)) return UnicodeNoCaseOperator(op, a, b);
    return BinaryOperator(op, a, b);
  }

  // Strings

  std::span<const match::Match> Matches(const NodeRecord& node) {
    std::uint32_t string = node.index;
    if (string == kCurrentString) {
      if (current_strings_.empty()) return {};
      string = current_strings_.back();
    }
    return StringMatches(*rule_, string);
  }

  std::span<const match::Match> AnchoredMatch(std::uint32_t index, const StringRecord& record) {
    const auto known = anchored_.find(index);
    if (known != anchored_.end()) return known->second;
    std::vector<match::Match>& found = anchored_[index];
    for (const AnchorRecord& anchor : rules_->anchors().Range(record.pattern, record.anchor_count)) {
      const std::string_view value = rules_->text(anchor.value);
      const std::string_view mask = rules_->text(anchor.mask);
      if (value.empty() || mask.size() != value.size() || !Compare(record.fixed_offset, value, mask)) continue;
      if (anchor.fullword != 0 && !reads_.StandsAlone(record.fixed_offset, value.size(), anchor.fullword == 2))
        continue;
      found.push_back({record.fixed_offset, value.size(), 0});
      break;
    }
    return found;
  }

  bool Compare(std::uint64_t offset, std::string_view value, std::string_view mask) {
    std::array<std::byte, 256> block;
    for (std::size_t at = 0; at < value.size(); at += block.size()) {
      const std::size_t n = std::min(block.size(), value.size() - at);
      if (at > 0 && !Charge(1)) return false;
      if (offset > job_.size || !reads_.Read(offset + at, std::span(block).first(n))) return false;
      for (std::size_t i = 0; i < n; ++i) {
        const auto m = static_cast<unsigned char>(mask[at + i]);
        if ((std::to_integer<unsigned char>(block[i]) & m) != static_cast<unsigned char>(value[at + i])) return false;
      }
    }
    return true;
  }

  std::string RuleName() const { return std::string(rules_->text(rule_->identifier)); }

  void NoteUnread(const Error& error) {
    const bool io = error.code == ErrorCode::kIo;
    host_.AddGap(io ? "io" : "window",
                 "rule " + RuleName() + (io ? " could not read the object" : " reads bytes that were not kept"));
  }

  // YARA-X reads floats in the same way.
  Value ReadNumber(const NodeRecord& node, const Value& offset) {
    if (!offset.defined()) return {};
    const std::optional<std::int64_t> value = reads_.Integer(offset.integer, node.integer);
    if (!value) return {};
    if (static_cast<TypeKind>(node.type) != TypeKind::kFloat) return Value::Integer(*value);
    const bool is_double = node.integer % 1000 == 64;
    return Value::Float(is_double ? std::bit_cast<double>(*value)
                                  : std::bit_cast<float>(static_cast<std::uint32_t>(*value)));
  }

  Value EntryPoint() {
    if (!entry_point_) {
      std::array<std::byte, 4> head{};
      const auto n = job_.object->ReadAt(0, head);
      std::optional<std::uint64_t> found;
      if (!n) NoteUnread(n.error());
      if (n && MayHaveEntryPoint(Bytes(head).first(*n))) found = EntryPointOffset(host_.WholeObject());
      entry_point_ = found ? Value::Integer(static_cast<std::int64_t>(*found)) : Value{};
    }
    return *entry_point_;
  }

  // Quantifiers and loops

  static std::uint32_t FirstArg(const NodeRecord& node) {
    const auto quantifier = static_cast<Quantifier>(node.quantifier);
    return quantifier == Quantifier::kCount || quantifier == Quantifier::kPercent ? 1 : 0;
  }

  // How many of `total` turns must be true, and whether more than that is wrong.
  struct Goal {
    std::uint64_t at_least = 0;
    bool none = false;
  };
  Goal FindGoal(const NodeRecord& node, std::uint64_t total) {
    switch (static_cast<Quantifier>(node.quantifier)) {
      case Quantifier::kAny: return {1, false};
      case Quantifier::kNone: return {0, true};
      case Quantifier::kCount: {
        const Value count = Arg(node, 0);
        // YARA itself represents "all" as the undefined value.
        if (!count.defined()) return {total, false};
        if (count.integer == 0) return {0, true};
        return {count.integer < 0 ? 0 : static_cast<std::uint64_t>(count.integer), false};
      }
      case Quantifier::kPercent: {
        const Value percent = Arg(node, 0);
        if (!percent.defined()) return {total, false};
        return {CountForPercent(percent.integer, total, rules_->dialect()), false};
      }
      default: return {total, false};
    }
  }

  template <typename Turn>
  Value Quantified(const NodeRecord& node, std::uint64_t total, Turn turn) {
    const Goal goal = FindGoal(node, total);
    std::uint64_t count = 0;
    for (std::uint64_t i = 0; i < total; ++i) {
      if (!Charge(1)) return {};
      if (turn(static_cast<std::size_t>(i))) {
        if (goal.none) return Value::Boolean(false);
        if (++count >= goal.at_least) return Value::Boolean(true);
      } else if (!goal.none && goal.at_least - count > total - i - 1) {
        return Value::Boolean(false);
      }
    }
    return Value::Boolean(goal.none || count >= goal.at_least);
  }

  Value OfStrings(Op op, const NodeRecord& node) {
    const auto set = rules_->list(node.set);
    const std::uint32_t k = FirstArg(node);
    Value first;
    Value last;
    if (op == Op::kOfStringsAt || op == Op::kOfStringsIn) first = Arg(node, k);
    if (op == Op::kOfStringsIn) {
      last = Arg(node, k + 1);
      if (!first.defined() || !last.defined()) return {};
    }
    return Quantified(node, set.size(), [&](std::size_t i) {
      const auto matches = StringMatches(*rule_, set[i]);
      if (op == Op::kOfStringsAt) return first.defined() && FoundAt(matches, first.integer);
      if (op == Op::kOfStringsIn) return CountIn(matches, first.integer, last.integer) > 0;
      return !matches.empty();
    });
  }

  void SetLocal(std::uint32_t index, const Value& value) {
    if (index < locals_.size()) locals_[index] = value;
  }

  // A loop that never turns is false, whatever its quantifier.
  template <typename Bind>
  Value Loop(const NodeRecord& node, std::uint64_t total, std::uint32_t body, Bind bind) {
    if (total == 0) return Value::Boolean(false);
    return Quantified(node, total, [&](std::size_t i) {
      bind(i);
      return IsTrue(body);
    });
  }

  Value ForInRange(const NodeRecord& node) {
    const auto args = rules_->list(node.args);
    const std::uint32_t k = FirstArg(node);
    const Value first = Arg(node, k);
    const Value last = Arg(node, k + 1);
    if (!first.defined() || !last.defined() || first.integer > last.integer || args.empty()) {
      return Value::Boolean(false);
    }
    std::uint64_t total = static_cast<std::uint64_t>(last.integer) - static_cast<std::uint64_t>(first.integer);
    if (total != std::numeric_limits<std::uint64_t>::max()) ++total;  // All integers there are: the budget ends it.
    return Loop(node, total, args.back(), [&](std::size_t i) {
      SetLocal(node.index, Value::Integer(static_cast<std::int64_t>(static_cast<std::uint64_t>(first.integer) + i)));
    });
  }

  // Functions

  Value EvalMatches(const NodeRecord& node) {
    const Value text = Arg(node, 0);
    const Value regexp = Arg(node, 1);
    if (text.kind != TypeKind::kString || regexp.kind != TypeKind::kRegexp) return {};
    if (text.string.empty() && rules_->dialect() == Dialect::kYara) return Value::Boolean(false);
    if (!Charge(text.string.size() / kTextBytesAStep)) return {};
    return Value::Boolean(host_.RegexpMatches(regexp.regexp.index, text.string));
  }

  Value Call(const NodeRecord& node) {
    const auto args = rules_->list(node.args);
    if (args.empty()) return {};
    const NodeRecord& function = rules_->nodes()[args[0]];
    if (static_cast<Op>(function.op) != Op::kField) return {};
    const Value base = Arg(function, 0);
    if (base.kind != TypeKind::kStruct) return {};
    const auto& fields = base.structure->type().fields();
    if (function.index >= fields.size()) return {};
    const auto& overloads = fields[function.index].overloads;
    if (node.integer < 0 || static_cast<std::size_t>(node.integer) >= overloads.size()) return {};
    const FunctionOverload& overload = overloads[static_cast<std::size_t>(node.integer)];
    std::array<Value, 8> values;
    const std::size_t n = args.size() - 1;
    if (n != overload.parameters.size() || n > values.size()) return {};
    for (std::size_t i = 0; i < n; ++i) {
      values[i] = Eval(args[i + 1]);
      if (!Convert(overload.parameters[i], values[i])) return {};
    }
    return host_.Call(ModuleOf(function), overload, base.structure, std::span(values).first(n));
  }

  static bool Convert(char parameter, Value& value) {
    switch (parameter) {
      case 'i': return value.kind == TypeKind::kInteger;
      case 'f':
        if (value.kind == TypeKind::kInteger) value = Value::Float(static_cast<double>(value.integer));
        return value.kind == TypeKind::kFloat;
      case 's': return value.kind == TypeKind::kString;
      case 'r': return value.kind == TypeKind::kRegexp;
      case 'b':
        if (value.kind == TypeKind::kInteger) value = Value::Boolean(value.integer != 0);
        return value.kind == TypeKind::kBoolean;
      default: return false;
    }
  }

  // The module at the root of a field's path.
  std::uint32_t ModuleOf(const NodeRecord& field) const {
    const NodeRecord* node = &field;
    for (int i = 0; i < 16; ++i) {
      if (static_cast<Op>(node->op) == Op::kModule) return node->index;
      const auto args = rules_->list(node->args);
      if (args.empty()) break;
      node = &rules_->nodes()[args[0]];
    }
    return kCurrentString;  // No such module.
  }

  std::shared_ptr<const RuleSet> rules_;
  ModuleHost host_;
  ObjectReads reads_;
  EvaluationJob job_;
  std::vector<RuleState> states_;
  std::vector<std::uint32_t> known_;   // Rules whose state is not kUnknown.
  std::vector<std::uint32_t> needed_;  // Of these, not evaluated yet.
  std::vector<std::uint32_t> holding_;
  std::unordered_map<std::uint32_t, std::vector<match::Match>> anchored_;
  std::optional<Value> entry_point_;
  // Of the rule that is being evaluated.
  const RuleRecord* rule_ = nullptr;
  std::vector<Value> locals_;
  std::vector<std::uint32_t> current_strings_;
  int depth_ = 0;
  std::uint64_t steps_ = 0;
  bool stopped_ = false;  // Its steps were used up: nothing it says counts.
  std::uint64_t object_steps_ = 0;
  EvaluationProfile* profile_ = nullptr;
};

Evaluator::Evaluator(std::shared_ptr<const RuleSet> rules) : impl_(std::make_unique<Impl>(std::move(rules))) {}
Evaluator::~Evaluator() = default;
void Evaluator::Begin(const EvaluationJob& job) { impl_->Begin(job); }
const std::vector<std::uint32_t>& Evaluator::Evaluate() { return impl_->Evaluate(); }
bool Evaluator::Holds(std::uint32_t rule) { return impl_->Holds(rule); }
Value Evaluator::EvaluateNode(std::uint32_t rule, std::uint32_t node) { return impl_->EvaluateNode(rule, node); }
std::span<const match::Match> Evaluator::StringMatches(const RuleRecord& rule, std::uint32_t string) {
  return impl_->ListMatches(rule, string);
}
const std::vector<EvaluationGap>& Evaluator::gaps() const { return impl_->host().gaps(); }
const std::vector<std::string>& Evaluator::log() const { return impl_->host().log(); }
void Evaluator::SetProfile(EvaluationProfile* profile) { impl_->SetProfile(profile); }

}  // namespace dl::yara
