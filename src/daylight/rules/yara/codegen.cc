#include "daylight/rules/yara/codegen.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <string_view>
#include <unordered_map>

#include "daylight/base/check.h"
#include "daylight/match/matcher.h"
#include "daylight/rules/yara/absence.h"
#include "daylight/rules/yara/gate.h"
#include "daylight/rules/yara/rule_format.h"
#include "daylight/rules/yara/string_usage.h"

namespace dl::yara {

namespace {

// More groups than this are not told apart: the rarest gates fall into the
// group that is always searched.
constexpr std::size_t kMaxGroups = 128;

// Appends text once and hands out references to it.
class TextPool {
 public:
  TextRef Add(std::string_view text) {
    if (text.empty()) return {0, 0};
    const auto found = known_.find(std::string(text));
    if (found != known_.end()) return {found->second, static_cast<std::uint32_t>(text.size())};
    const auto offset = static_cast<std::uint32_t>(bytes_.size());
    const Bytes raw = AsBytes(text);
    bytes_.insert(bytes_.end(), raw.begin(), raw.end());
    known_.emplace(std::string(text), offset);
    return {offset, static_cast<std::uint32_t>(text.size())};
  }
  std::vector<std::byte> Take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
  std::unordered_map<std::string, std::uint32_t> known_;
};

std::uint32_t SizeClass(std::uint64_t size) {
  return std::min<std::uint32_t>(static_cast<std::uint32_t>(std::bit_width(size)), kSizeClasses - 1);
}

std::int64_t FloatBits(double value) { return std::bit_cast<std::int64_t>(value); }

class Generator {
 public:
  Generator(const Compilation& compilation, const CodegenOptions& options)
      : compilation_(compilation), options_(options) {}

  Status Run(database::Writer& writer, std::uint32_t unit) {
    DeriveGates();
    AssignGroups();
    matcher_ = std::make_unique<match::MatcherBuilder>(static_cast<std::uint32_t>(groups_.size()), options_.stride);
    for (std::size_t i = 0; i < compilation_.rules.size(); ++i) DL_TRY_STATUS(AddRule(i));
    AddGlobals();
    AddDependents();
    DL_TRY_STATUS(WriteSections(writer, unit));
    return matcher_->Finish(writer, unit);
  }

 private:
  struct PatternUse {
    std::vector<std::uint32_t> rules;
    std::uint64_t min_filesize = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t max_filesize = 0;
  };

  void DeriveGates() {
    for (const Rule& rule : compilation_.rules) {
      gates_.push_back(DeriveGate(rule, compilation_, gates_));
      // Rules refer only to rules before them.
      gates_without_match_.push_back(
          Both(gates_.back(), DeriveGateWithoutMatch(rule, compilation_, gates_, matters_without_match_)));
      matters_without_match_.push_back(MattersWithoutMatch(rule, compilation_, matters_without_match_));
    }
  }

  void AssignGroups() {
    std::map<std::vector<Magic>, std::size_t> strings_by_magics;
    for (std::size_t i = 0; i < gates_.size(); ++i) {
      if (!gates_[i].any) strings_by_magics[gates_[i].magics] += compilation_.rules[i].strings.size() + 1;
      const Gate& without_match = gates_without_match_[i];
      if (matters_without_match_[i] && !without_match.any) ++strings_by_magics[without_match.magics];
    }
    std::vector<std::pair<std::size_t, const std::vector<Magic>*>> by_weight;
    for (const auto& [magics, strings] : strings_by_magics) by_weight.emplace_back(strings, &magics);
    std::stable_sort(by_weight.begin(), by_weight.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    if (by_weight.size() > kMaxGroups - 1) by_weight.resize(kMaxGroups - 1);
    groups_.emplace_back();  // Group 0: always live.
    std::map<std::vector<Magic>, std::uint32_t> group_of;
    for (const auto& [strings, magics] : by_weight) {
      group_of[*magics] = static_cast<std::uint32_t>(groups_.size());
      groups_.push_back(*magics);
    }
    const auto group = [&](const Gate& gate) {
      const auto found = gate.any ? group_of.end() : group_of.find(gate.magics);
      return found == group_of.end() ? 0 : found->second;
    };
    for (const Gate& gate : gates_) rule_group_.push_back(group(gate));
    for (const Gate& gate : gates_without_match_) group_without_match_.push_back(group(gate));
    always_.resize(groups_.size());
  }

  Status AddRule(std::size_t index) {
    const Rule& rule = compilation_.rules[index];
    RuleRecord record{};
    record.identifier = text_.Add(rule.identifier);
    record.name_space = rule.name_space;
    record.flags = (rule.is_global ? kRuleGlobal : 0U) | (rule.is_private ? kRulePrivate : 0U);
    record.tags = {static_cast<std::uint32_t>(tags_.size()), static_cast<std::uint32_t>(rule.tags.size())};
    for (const std::string& tag : rule.tags) tags_.push_back(text_.Add(tag));
    record.metas = {static_cast<std::uint32_t>(metas_.size()), static_cast<std::uint32_t>(rule.metas.size())};
    for (const Meta& meta : rule.metas) AddMeta(meta);
    record.group = rule_group_[index];
    record.min_filesize = gates_[index].min_filesize;
    record.max_filesize = gates_[index].max_filesize;
    record.locals = rule.locals;

    const std::vector<StringUsage> usage = AnalyzeStringUsage(rule);
    record.strings = {static_cast<std::uint32_t>(strings_.size()), static_cast<std::uint32_t>(rule.strings.size())};
    for (std::size_t i = 0; i < rule.strings.size(); ++i) {
      DL_TRY_STATUS(AddString(static_cast<std::uint32_t>(index), rule.strings[i], usage[i]));
    }

    condition_begin_ = rule.condition.span.begin;
    condition_end_ = rule.condition.span.end;
    condition_file_ = rule.condition.span.file;
    references_.clear();
    DL_TRY(record.condition, AddNode(rule.condition));
    if (condition_file_ < compilation_.files.size() && condition_end_ >= condition_begin_) {
      const std::string& text = compilation_.files[condition_file_].text;
      if (condition_end_ <= text.size()) {
        record.condition_text =
            text_.Add(std::string_view(text).substr(condition_begin_, condition_end_ - condition_begin_));
      }
    }
    std::sort(references_.begin(), references_.end());
    references_.erase(std::unique(references_.begin(), references_.end()), references_.end());
    record.references = {static_cast<std::uint32_t>(lists_.size()), static_cast<std::uint32_t>(references_.size())};
    lists_.insert(lists_.end(), references_.begin(), references_.end());
    for (const std::uint32_t referred : references_) dependents_[referred].push_back(static_cast<std::uint32_t>(index));
    if (matters_without_match_[index]) DL_TRY_STATUS(AddWithoutMatch(index));
    rules_.push_back(record);
    return {};
  }

  // To the rules of its group that are asked without a match.
  Status AddWithoutMatch(std::size_t index) {
    const std::uint32_t group = group_without_match_[index];
    const Expr* array = RequiredArray(compilation_.rules[index], compilation_, matters_without_match_);
    if (array == nullptr) {
      always_[group].push_back(static_cast<std::uint32_t>(index));
      return {};
    }
    // A module, and fields below it.
    std::vector<std::uint32_t> path;
    for (const Expr* at = array;; at = &at->args[0]) {
      path.push_back(at->index);
      if (at->args.empty()) break;
    }
    WhenFilled& place = when_filled_[group][path];
    if (place.rules.empty()) {
      DL_TRY(place.node, AddNode(*array));
    }
    place.rules.push_back(static_cast<std::uint32_t>(index));
    return {};
  }

  // A global rule decides about its whole namespace, so it is always asked,
  // even where its own gate is closed.
  void AddGlobals() {
    for (std::size_t i = 0; i < compilation_.rules.size(); ++i) {
      if (!compilation_.rules[i].is_global) continue;
      const auto index = static_cast<std::uint32_t>(i);
      auto& list = always_[0];
      if (std::find(list.begin(), list.end(), index) == list.end()) list.push_back(index);
    }
  }

  void AddDependents() {
    for (const auto& [rule, dependents] : dependents_) {
      if (rule >= rules_.size()) continue;
      rules_[rule].dependents = {static_cast<std::uint32_t>(lists_.size()),
                                 static_cast<std::uint32_t>(dependents.size())};
      lists_.insert(lists_.end(), dependents.begin(), dependents.end());
    }
  }

  void AddMeta(const Meta& meta) {
    MetaRecord record{};
    record.key = text_.Add(meta.identifier);
    switch (meta.type) {
      case TypeKind::kInteger:
        record.kind = 1;
        record.integer = meta.integer;
        break;
      case TypeKind::kBoolean:
        record.kind = 2;
        record.integer = meta.integer;
        break;
      case TypeKind::kFloat:
        record.kind = 3;
        record.integer = FloatBits(meta.real);
        break;
      default: record.text = text_.Add(meta.text); break;
    }
    metas_.push_back(record);
  }

  Status AddString(std::uint32_t rule, const StringDefinition& string, const StringUsage& usage) {
    StringRecord record{};
    record.identifier = text_.Add(string.identifier);
    record.flags = (string.is_private ? kStringPrivate : 0U) | (usage.existence_only ? kStringExistence : 0U);
    if (usage.fixed_offset) {
      record.flags |= kStringFixedOffset;
      record.fixed_offset = *usage.fixed_offset;
      const std::vector<AnchoredForm> forms = AnchoredForms(string);
      if (!forms.empty()) {
        record.flags |= kStringAnchored;
        record.pattern = static_cast<std::uint32_t>(anchors_.size());
        record.anchor_count = static_cast<std::uint32_t>(forms.size());
        for (const AnchoredForm& form : forms) {
          anchors_.push_back({text_.Add(form.value), text_.Add(form.mask), form.fullword, 0});
        }
        strings_.push_back(record);
        return {};
      }
    }
    DL_TRY(record.pattern, AddPattern(rule, string, usage));
    strings_.push_back(record);
    return {};
  }

  Result<std::uint32_t> AddPattern(std::uint32_t rule, const StringDefinition& string, const StringUsage& usage) {
    // Equal strings of a group are one pattern.
    std::string key;
    const auto add = [&key](std::string_view part) {
      key += part;
      key += '\0';
    };
    add(std::to_string(rule_group_[rule]));
    add(std::to_string(static_cast<int>(string.kind)) + (string.ascii ? "a" : "") + (string.wide ? "w" : "") +
        (string.nocase ? "i" : "") + (string.dot_all ? "s" : "") + (string.fullword ? "f" : ""));
    if (string.is_xor) add("x" + std::to_string(string.xor_min) + "-" + std::to_string(string.xor_max));
    if (string.base64) add("b" + string.base64_alphabet);
    if (string.base64wide) add("B" + string.base64_alphabet);
    add(string.text);
    const auto found = pattern_of_.find(key);
    std::uint32_t id = 0;
    if (found == pattern_of_.end()) {
      match::Pattern pattern;
      pattern.is_text = string.kind == StringKind::kText;
      pattern.text = pattern.is_text ? string.text : std::string();
      if (!pattern.is_text) pattern.expression = string.parsed;
      pattern.ascii = string.ascii;
      pattern.wide = string.wide;
      pattern.nocase = string.nocase;
      pattern.fullword = string.fullword;
      pattern.is_xor = string.is_xor;
      pattern.xor_min = string.xor_min;
      pattern.xor_max = string.xor_max;
      pattern.base64 = string.base64;
      pattern.base64wide = string.base64wide;
      pattern.base64_alphabet = string.base64_alphabet;
      pattern.dialect = options_.dialect;
      pattern.first_match_only = usage.existence_only;
      pattern.group = rule_group_[rule];
      pending_.push_back(std::move(pattern));
      id = static_cast<std::uint32_t>(pending_.size() - 1);
      pattern_of_.emplace(std::move(key), id);
      uses_.emplace_back();
    } else {
      id = found->second;
      pending_[id].first_match_only = pending_[id].first_match_only && usage.existence_only;
    }
    PatternUse& use = uses_[id];
    if (use.rules.empty() || use.rules.back() != rule) use.rules.push_back(rule);
    use.min_filesize = std::min(use.min_filesize, gates_[rule].min_filesize);
    use.max_filesize = std::max(use.max_filesize, gates_[rule].max_filesize);
    return id;
  }

  Result<std::uint32_t> AddNode(const Expr& expr) {
    NodeRecord node{};
    node.op = static_cast<std::uint8_t>(expr.op);
    node.type = static_cast<std::uint8_t>(expr.type);
    node.quantifier = static_cast<std::uint8_t>(expr.quantifier);
    node.index = expr.index;
    node.integer = expr.op == Op::kFloat ? FloatBits(expr.real) : expr.integer;
    if (expr.span.file == condition_file_ && expr.span.begin >= condition_begin_ && expr.span.end >= expr.span.begin) {
      node.span = {expr.span.begin - condition_begin_, expr.span.end - expr.span.begin};
    }
    if (FoldConstantField(expr, node)) {
      nodes_.push_back(node);
      return static_cast<std::uint32_t>(nodes_.size() - 1);
    }
    if (expr.op == Op::kString) {
      const TextRef ref = text_.Add(expr.text);
      node.set = {ref.offset, ref.length};
    } else if (expr.op == Op::kRegexp) {
      DL_TRY(node.index, AddRegexp(expr));
    }
    std::vector<std::uint32_t> args;
    args.reserve(expr.args.size());
    for (const Expr& arg : expr.args) {
      DL_TRY(const std::uint32_t id, AddNode(arg));
      args.push_back(id);
    }
    if (expr.op == Op::kRuleReference) references_.push_back(expr.index);
    if (expr.op == Op::kOfRules) references_.insert(references_.end(), expr.set.begin(), expr.set.end());
    node.args = {static_cast<std::uint32_t>(lists_.size()), static_cast<std::uint32_t>(args.size())};
    lists_.insert(lists_.end(), args.begin(), args.end());
    if (!expr.set.empty()) {
      node.set = {static_cast<std::uint32_t>(lists_.size()), static_cast<std::uint32_t>(expr.set.size())};
      lists_.insert(lists_.end(), expr.set.begin(), expr.set.end());
    }
    nodes_.push_back(node);
    return static_cast<std::uint32_t>(nodes_.size() - 1);
  }

  static bool FoldConstantField(const Expr& expr, NodeRecord& node) {
    if (expr.op != Op::kField || expr.args.empty() || expr.args[0].structure == nullptr) return false;
    const auto& fields = expr.args[0].structure->fields();
    if (expr.index >= fields.size() || !fields[expr.index].constant) return false;
    const Value& value = *fields[expr.index].constant;
    if (value.kind == TypeKind::kInteger) {
      node.op = static_cast<std::uint8_t>(Op::kInteger);
      node.integer = value.integer;
    } else if (value.kind == TypeKind::kFloat) {
      node.op = static_cast<std::uint8_t>(Op::kFloat);
      node.integer = FloatBits(value.real);
    } else {
      return false;
    }
    return true;
  }

  Result<std::uint32_t> AddRegexp(const Expr& expr) {
    const std::string key = std::string(expr.nocase ? "i" : "") + (expr.dot_all ? "s" : "") + "/" + expr.text;
    const auto found = regexp_of_.find(key);
    if (found != regexp_of_.end()) return found->second;
    const auto parsed =
        match::ParseRegexp(expr.text, {.nocase = expr.nocase, .dot_all = expr.dot_all, .dialect = options_.dialect});
    DL_CHECK(parsed.has_value());  // The parser accepted it before.
    DL_TRY(const std::vector<std::byte> program, match::CompileSearch(*parsed));
    const auto id = static_cast<std::uint32_t>(regexps_.size());
    while (programs_.size() % 8 != 0) programs_.push_back(std::byte{0});
    regexps_.push_back({static_cast<std::uint32_t>(programs_.size()), static_cast<std::uint32_t>(program.size())});
    programs_.insert(programs_.end(), program.begin(), program.end());
    regexp_of_.emplace(key, id);
    return id;
  }

  Status WriteSections(database::Writer& writer, std::uint32_t unit) {
    std::vector<Range> user_index;
    std::vector<std::uint32_t> users;
    const std::size_t words = (pending_.size() + 63) / 64;
    std::vector<std::uint64_t> size_classes(words * kSizeClasses);
    for (std::size_t id = 0; id < pending_.size(); ++id) {
      DL_TRY(const std::uint32_t added, matcher_->Add(pending_[id]));
      DL_CHECK(added == id);
      user_index.push_back(
          {static_cast<std::uint32_t>(users.size()), static_cast<std::uint32_t>(uses_[id].rules.size())});
      users.insert(users.end(), uses_[id].rules.begin(), uses_[id].rules.end());
      if (uses_[id].min_filesize > uses_[id].max_filesize) continue;
      const std::uint32_t first = SizeClass(uses_[id].min_filesize);
      const std::uint32_t last = SizeClass(uses_[id].max_filesize);
      for (std::uint32_t c = first; c <= last; ++c) {
        size_classes[c * words + id / 64] |= std::uint64_t{1} << (id % 64);
      }
    }
    std::vector<GroupRecord> groups;
    std::vector<MagicRecord> magics;
    std::vector<std::uint32_t> always;
    std::vector<WhenFilledRecord> when_filled;
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      GroupRecord record{};
      record.magics = {static_cast<std::uint32_t>(magics.size()), static_cast<std::uint32_t>(groups_[g].size())};
      for (const Magic& magic : groups_[g]) {
        MagicRecord m{magic.offset, magic.length, {}, {}};
        std::memcpy(m.value, magic.value.data(), 8);
        std::memcpy(m.mask, magic.mask.data(), 8);
        magics.push_back(m);
      }
      // "One of none": a gate that never opens has one magic that no object has.
      if (g != 0 && groups_[g].empty()) {
        record.magics.count = 1;
        magics.push_back({kMagicNowhere, 1, {}, {1}});
      }
      record.always = {static_cast<std::uint32_t>(always.size()), static_cast<std::uint32_t>(always_[g].size())};
      always.insert(always.end(), always_[g].begin(), always_[g].end());
      record.when_filled.first = static_cast<std::uint32_t>(when_filled.size());
      for (const auto& [path, place] : when_filled_[static_cast<std::uint32_t>(g)]) {
        const Range rules = {static_cast<std::uint32_t>(always.size()), static_cast<std::uint32_t>(place.rules.size())};
        when_filled.push_back({place.node, 0, rules});
        always.insert(always.end(), place.rules.begin(), place.rules.end());
        ++record.when_filled.count;
      }
      groups.push_back(record);
    }
    std::vector<TextRef> namespaces;
    for (const std::string& name : compilation_.namespaces) namespaces.push_back(text_.Add(name));
    std::vector<ExternalRecord> externals;
    for (const External& external : compilation_.externals) {
      externals.push_back({text_.Add(external.name), text_.Add(external.text),
                           static_cast<std::uint32_t>(external.type), 0,
                           external.type == TypeKind::kFloat ? FloatBits(external.real) : external.integer});
    }
    std::vector<ModuleRecord> modules;
    for (const ModuleInfo* module : compilation_.modules) {
      modules.push_back({text_.Add(module->name), SchemaFingerprint(module->type())});
    }
    HeadRecord head{};
    head.source_name = text_.Add(options_.source_name);
    head.source_licence = text_.Add(options_.source_licence);
    head.pattern_count = static_cast<std::uint32_t>(pending_.size());
    head.dialect = static_cast<std::uint32_t>(options_.dialect);

    writer.AddArray(kHeadSection, unit, std::vector<HeadRecord>{head});
    writer.AddArray(kRuleSection, unit, rules_);
    writer.AddArray(kStringSection, unit, strings_);
    writer.AddArray(kTagSection, unit, tags_);
    writer.AddArray(kMetaSection, unit, metas_);
    writer.AddArray(kNamespaceSection, unit, namespaces);
    writer.AddArray(kExternalSection, unit, externals);
    writer.AddArray(kModuleSection, unit, modules);
    writer.AddArray(kNodeSection, unit, nodes_);
    writer.AddArray(kListSection, unit, lists_);
    writer.AddArray(kRegexpSection, unit, regexps_);
    writer.AddSection(kProgramSection, unit, std::move(programs_));
    writer.AddArray(kAnchorSection, unit, anchors_);
    writer.AddArray(kGroupSection, unit, groups);
    writer.AddArray(kMagicSection, unit, magics);
    writer.AddArray(kUserIndexSection, unit, user_index);
    writer.AddArray(kUserSection, unit, users);
    writer.AddArray(kAlwaysSection, unit, always);
    writer.AddArray(kWhenFilledSection, unit, when_filled);
    writer.AddArray(kSizeClassSection, unit, size_classes);
    writer.AddSection(kTextSection, unit, text_.Take());
    return {};
  }

  const Compilation& compilation_;
  const CodegenOptions& options_;
  std::vector<Gate> gates_;
  std::vector<bool> matters_without_match_;
  std::vector<Gate> gates_without_match_;
  std::vector<std::uint32_t> group_without_match_;
  std::vector<std::vector<Magic>> groups_;
  std::vector<std::uint32_t> rule_group_;
  std::vector<std::vector<std::uint32_t>> always_;
  struct WhenFilled {
    std::uint32_t node = 0;
    std::vector<std::uint32_t> rules;
  };
  std::map<std::uint32_t, std::map<std::vector<std::uint32_t>, WhenFilled>> when_filled_;  // By group, then array.
  std::unique_ptr<match::MatcherBuilder> matcher_;
  std::vector<match::Pattern> pending_;
  std::vector<PatternUse> uses_;
  std::unordered_map<std::string, std::uint32_t> pattern_of_;
  std::unordered_map<std::string, std::uint32_t> regexp_of_;
  TextPool text_;
  std::vector<RuleRecord> rules_;
  std::vector<StringRecord> strings_;
  std::vector<TextRef> tags_;
  std::vector<MetaRecord> metas_;
  std::vector<NodeRecord> nodes_;
  std::vector<std::uint32_t> lists_;
  std::vector<Range> regexps_;
  std::vector<std::byte> programs_;
  std::vector<AnchorRecord> anchors_;
  std::vector<std::uint32_t> references_;
  std::map<std::uint32_t, std::vector<std::uint32_t>> dependents_;
  std::uint32_t condition_begin_ = 0;
  std::uint32_t condition_end_ = 0;
  std::uint32_t condition_file_ = 0;
};

// FNV-1a over the schema, in the order of its fields.
void Mix(std::uint64_t& hash, std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  hash = (hash ^ 0xffU) * 0x100000001b3U;
}

void MixType(std::uint64_t& hash, const StructType& type, int depth) {
  for (const FieldType& field : type.fields()) {
    Mix(hash, field.name);
    Mix(hash, TypeKindName(field.kind));
    for (const FunctionOverload& overload : field.overloads) {
      Mix(hash, overload.parameters);
      Mix(hash, TypeKindName(overload.result));
    }
    if (field.structure != nullptr && depth < 8) MixType(hash, *field.structure, depth + 1);
  }
}

}  // namespace

std::uint64_t SchemaFingerprint(const StructType& type) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  MixType(hash, type, 0);
  return hash;
}

Status GenerateCode(const Compilation& compilation, const CodegenOptions& options, database::Writer& writer,
                    std::uint32_t unit) {
  return Generator(compilation, options).Run(writer, unit);
}

}  // namespace dl::yara
