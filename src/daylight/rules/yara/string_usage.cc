#include "daylight/rules/yara/string_usage.h"

#include <algorithm>

namespace dl::yara {

namespace {

// Text, or an expression that is nothing but single characters.
bool IsLiteral(const StringDefinition& string) {
  if (string.base64 || string.base64wide) return false;
  if (string.kind == StringKind::kText) return true;
  const auto is_character = [&](const match::RegexpNode& node) {
    if (node.kind != match::RegexpKind::kClass) return false;
    match::ByteSet set = node.set;
    if (set.Count() == 1) return true;
    set.FoldCase();
    return string.nocase && set == node.set && set.Count() == 2;
  };
  const match::RegexpNode& root = string.parsed.root;
  if (root.kind == match::RegexpKind::kClass) return is_character(root);
  return root.kind == match::RegexpKind::kConcat &&
         std::all_of(root.children.begin(), root.children.end(), is_character);
}

class UsageVisitor {
 public:
  explicit UsageVisitor(const Rule& rule) : rule_(rule), usage_(rule.strings.size()), at_(rule.strings.size()) {}

  void Visit(const Expr& expr) {
    switch (expr.op) {
      case Op::kStringFound: Elsewhere(expr.index); break;
      case Op::kStringFoundAt: At(expr); break;
      case Op::kStringFoundIn:
      case Op::kStringCount:
      case Op::kStringCountIn:
      case Op::kStringOffset:
      case Op::kStringLength: All(expr.index); break;
      case Op::kOfStrings:
        for (const std::uint32_t s : expr.set) Elsewhere(s);
        break;
      case Op::kOfStringsAt:
      case Op::kOfStringsIn:
        for (const std::uint32_t s : expr.set) All(s);
        break;
      case Op::kForOfStrings:
        // `$` in the body is each of the set in turn.
        current_.push_back(&expr.set);
        VisitArgs(expr);
        current_.pop_back();
        for (const std::uint32_t s : expr.set) Elsewhere(s);
        return;
      default: break;
    }
    VisitArgs(expr);
  }

  std::vector<StringUsage> Take() {
    for (std::size_t i = 0; i < usage_.size(); ++i) {
      if (at_[i].used && !at_[i].elsewhere && IsLiteral(rule_.strings[i])) usage_[i].fixed_offset = at_[i].offset;
      if (at_[i].used) usage_[i].existence_only = false;
    }
    return std::move(usage_);
  }

 private:
  struct AtUse {
    bool used = false;
    bool elsewhere = false;
    std::uint64_t offset = 0;
  };

  void VisitArgs(const Expr& expr) {
    for (const Expr& arg : expr.args) Visit(arg);
  }
  // A use of `$` counts for every string of the rule, also those that its loop
  // does not visit: that is how YARA decides which matches it lists.
  void Elsewhere(std::uint32_t s) {
    if (s < at_.size()) {
      at_[s].elsewhere = true;
    } else {
      for (AtUse& use : at_) use.elsewhere = true;
    }
  }
  void All(std::uint32_t s) {
    Elsewhere(s);
    if (s < usage_.size()) {
      usage_[s].existence_only = false;
    } else if (!current_.empty()) {
      for (const std::uint32_t each : *current_.back()) All(each);
    }
  }
  void At(const Expr& expr) {
    if (expr.index < at_.size()) {
      At(at_[expr.index], expr.args[0]);
      return;
    }
    for (AtUse& use : at_) At(use, expr.args[0]);
    if (current_.empty()) return;
    for (const std::uint32_t each : *current_.back()) {
      if (each < usage_.size()) usage_[each].existence_only = false;
    }
  }
  static void At(AtUse& use, const Expr& offset) {
    if (offset.op != Op::kInteger || offset.integer < 0) {
      use.used = use.elsewhere = true;
      return;
    }
    if (use.used && use.offset != static_cast<std::uint64_t>(offset.integer)) use.elsewhere = true;
    use.used = true;
    use.offset = static_cast<std::uint64_t>(offset.integer);
  }

  const Rule& rule_;
  std::vector<StringUsage> usage_;
  std::vector<AtUse> at_;
  std::vector<const std::vector<std::uint32_t>*> current_;
};

AnchoredForm TextForm(const StringDefinition& string, bool wide) {
  AnchoredForm form;
  for (const char c : string.text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const char mask = string.nocase && letter ? static_cast<char>(0xdf) : static_cast<char>(0xff);
    form.value += static_cast<char>(c & mask);
    form.mask += mask;
    if (wide) {
      form.value += '\0';
      form.mask += static_cast<char>(0xff);
    }
  }
  if (string.fullword) form.fullword = wide ? 2 : 1;
  return form;
}

// A class as value and mask, where it is one byte with some bits left open.
bool AppendClass(const match::RegexpNode& node, AnchoredForm& form) {
  if (node.kind != match::RegexpKind::kClass) return false;
  int first = -1;
  std::uint8_t differs = 0;
  for (int b = 0; b < 256; ++b) {
    if (!node.set.Contains(static_cast<std::uint8_t>(b))) continue;
    if (first < 0) first = b;
    differs |= static_cast<std::uint8_t>(b ^ first);
  }
  if (first < 0) return false;
  const auto mask = static_cast<std::uint8_t>(~differs);
  const auto value = static_cast<std::uint8_t>(first & mask);
  if (!(match::ByteSet::Masked(value, mask) == node.set)) return false;
  form.value += static_cast<char>(value);
  form.mask += static_cast<char>(mask);
  return true;
}

}  // namespace

std::vector<StringUsage> AnalyzeStringUsage(const Rule& rule) {
  UsageVisitor visitor(rule);
  visitor.Visit(rule.condition);
  return visitor.Take();
}

std::vector<AnchoredForm> AnchoredForms(const StringDefinition& string) {
  if (string.is_xor || string.base64 || string.base64wide) return {};
  if (string.kind == StringKind::kText) {
    std::vector<AnchoredForm> forms;
    if (string.ascii) forms.push_back(TextForm(string, false));
    if (string.wide) forms.push_back(TextForm(string, true));
    return forms;
  }
  if (string.kind != StringKind::kHex) return {};
  AnchoredForm form;
  const match::RegexpNode& root = string.parsed.root;
  if (root.kind == match::RegexpKind::kClass) {
    if (!AppendClass(root, form)) return {};
  } else if (root.kind == match::RegexpKind::kConcat) {
    for (const match::RegexpNode& child : root.children) {
      if (!AppendClass(child, form)) return {};
    }
  } else {
    return {};
  }
  return {form};
}

}  // namespace dl::yara
