#include "daylight/rules/yara/absence.h"

#include <algorithm>
#include <optional>

#include "daylight/rules/yara/op_classes.h"

namespace dl::yara {

namespace {

bool PositiveQuantity(const Expr& expr) {
  return !expr.args.empty() && expr.args[0].op == Op::kInteger && expr.args[0].integer > 0;
}
// Of what is known without the object: counts, and sums of them.
std::optional<std::int64_t> ValueWithoutMatch(const Expr& expr) {
  if (expr.op == Op::kInteger) return expr.integer;
  if (expr.op == Op::kStringCount) return 0;
  if (expr.op != Op::kAdd || expr.type != TypeKind::kInteger) return std::nullopt;
  std::uint64_t sum = 0;
  for (const Expr& arg : expr.args) {
    const auto value = ValueWithoutMatch(arg);
    if (!value) return std::nullopt;
    sum += static_cast<std::uint64_t>(*value);
  }
  return static_cast<std::int64_t>(sum);
}
// Whether it has no value: @a and !a have none when $a is absent, nor has what
// is computed or read from there.
bool IsUndefined(const Expr& expr) {
  switch (expr.op) {
    case Op::kStringOffset:
    case Op::kStringLength: return true;
    case Op::kReadInteger: return std::any_of(expr.args.begin(), expr.args.end(), IsUndefined);
    default: return IsArithmetic(expr.op) && std::any_of(expr.args.begin(), expr.args.end(), IsUndefined);
  }
}
// Of numbers; #a is 0 when $a is absent.
Possible Compare(const Expr& expr) {
  if (expr.args.size() != 2) return {};
  const auto left = ValueWithoutMatch(expr.args[0]);
  const auto right = ValueWithoutMatch(expr.args[1]);
  if (!left || !right) return {};
  bool holds = false;
  switch (expr.op) {
    case Op::kGreater: holds = *left > *right; break;
    case Op::kGreaterEqual: holds = *left >= *right; break;
    case Op::kEqual: holds = *left == *right; break;
    case Op::kLess: holds = *left < *right; break;
    case Op::kLessEqual: holds = *left <= *right; break;
    case Op::kNotEqual: holds = *left != *right; break;
    default: return {};
  }
  return {holds, !holds};
}
// What must have something in it when an expression is true or defined, no
// string matching. An expression that cannot be so needs whatever one likes.
struct Need {
  bool is_impossible = false;
  const Expr* array = nullptr;
};

bool IsSamePath(const Expr& a, const Expr& b) {
  if (a.op != b.op || a.index != b.index || a.args.size() != b.args.size()) return false;
  for (std::size_t i = 0; i < a.args.size(); ++i) {
    if (!IsSamePath(a.args[i], b.args[i])) return false;
  }
  return true;
}

// Of fields below a module, so it is the same whatever loop it is in.
bool IsArrayOfModule(const Expr& expr) {
  if (expr.op != Op::kField || expr.type != TypeKind::kArray) return false;
  const Expr* at = &expr;
  while (at->op == Op::kField && at->args.size() == 1) at = &at->args[0];
  return at->op == Op::kModule;
}

class Needs {
 public:
  explicit Needs(const Absence& absence) : absence_(absence) {}

  Need True(const Expr& expr) const {
    if (!absence_.Eval(expr).can_be_true) return {true, nullptr};
    switch (expr.op) {
      case Op::kAnd:
        for (const Expr& arg : expr.args) {
          const Need need = True(arg);
          if (need.is_impossible || need.array != nullptr) return need;
        }
        return {};
      case Op::kOr: {
        Need all = {true, nullptr};
        for (const Expr& arg : expr.args) {
          const Need need = True(arg);
          if (need.is_impossible) continue;
          if (need.array == nullptr || (all.array != nullptr && !IsSamePath(*all.array, *need.array))) return {};
          all = need;
        }
        return all;
      }
      case Op::kForInRange:
      case Op::kForInArray:
        // An empty loop is false, and where one turn must be true, what it needs is there.
        if (expr.op == Op::kForInArray && expr.args.size() >= 2) {
          const Expr& array = expr.args[expr.args.size() - 2];
          if (IsArrayOfModule(array)) return {false, &array};
        }
        return expr.quantifier == Quantifier::kAny || expr.quantifier == Quantifier::kAll ? True(expr.args.back())
                                                                                          : Need{};
      default: return Defined(expr);
    }
  }

 private:
  Need Defined(const Expr& expr) const {
    if (expr.op == Op::kArrayItem && IsArrayOfModule(expr.args[0])) return {false, &expr.args[0]};
    if (!IsTest(expr.op) && expr.op != Op::kField && expr.op != Op::kLength && expr.op != Op::kArrayItem) return {};
    for (const Expr& arg : expr.args) {
      const Need need = Defined(arg);
      if (need.array != nullptr) return need;
    }
    return {};
  }

  const Absence& absence_;
};

}  // namespace

Possible Absence::Eval(const Expr& expr) const {
  if (IsTest(expr.op) && std::any_of(expr.args.begin(), expr.args.end(), IsUndefined)) return {false, true};
  switch (expr.op) {
    case Op::kBoolean: return {expr.integer != 0, expr.integer == 0};
    case Op::kStringFound:
    case Op::kStringFoundIn: return {false, true};
    // A string that counts at one place only is compared there, not searched.
    case Op::kStringFoundAt: return {expr.args[0].op == Op::kInteger, true};
    case Op::kOfStrings:
    case Op::kOfStringsAt:
    case Op::kOfStringsIn:
      switch (expr.quantifier) {
        case Quantifier::kAny: return {false, true};
        case Quantifier::kAll: return {expr.set.empty(), true};
        case Quantifier::kNone: return {true, false};
        default: return {!PositiveQuantity(expr), true};
      }
    case Op::kForOfStrings: {
      // Each turn of the loop sees an absent string.
      const Possible body = Eval(expr.args.back());
      switch (expr.quantifier) {
        case Quantifier::kAny: return {body.can_be_true, true};
        case Quantifier::kAll: return {body.can_be_true || expr.set.empty(), true};
        case Quantifier::kNone: return {true, true};
        default: return {body.can_be_true || !PositiveQuantity(expr), true};
      }
    }
    case Op::kAnd: {
      Possible all{true, false};
      for (const Expr& arg : expr.args) {
        const Possible p = Eval(arg);
        all.can_be_true = all.can_be_true && p.can_be_true;
        all.can_be_false = all.can_be_false || p.can_be_false;
      }
      return all;
    }
    case Op::kOr: {
      Possible any{false, true};
      for (const Expr& arg : expr.args) any.can_be_true = any.can_be_true || Eval(arg).can_be_true;
      return any;
    }
    case Op::kNot: {
      const Possible p = Eval(expr.args[0]);
      return {p.can_be_false, p.can_be_true};
    }
    case Op::kGreater:
    case Op::kGreaterEqual:
    case Op::kEqual:
    case Op::kLess:
    case Op::kLessEqual:
    case Op::kNotEqual: return Compare(expr);
    case Op::kStringCount: return {false, true};
    case Op::kRuleReference: return {expr.index >= rules_that_can_.size() || rules_that_can_[expr.index], true};
    case Op::kForInRange:
    case Op::kForInList:
    case Op::kForInArray:
    case Op::kForInDictionary: {
      const Possible body = Eval(expr.args.back());
      if (expr.quantifier == Quantifier::kAny || expr.quantifier == Quantifier::kAll) return {body.can_be_true, true};
      return {};
    }
    default: return {};
  }
}

bool CallsConsole(const Expr& expr, const Compilation& compilation) {
  if (expr.op == Op::kModule) {
    return expr.index < compilation.modules.size() && compilation.modules[expr.index]->name == "console";
  }
  return std::any_of(expr.args.begin(), expr.args.end(),
                     [&](const Expr& arg) { return CallsConsole(arg, compilation); });
}

const Expr* RequiredArray(const Rule& rule, const Compilation& compilation, const std::vector<bool>& rules_that_do) {
  if (CallsConsole(rule.condition, compilation)) return nullptr;
  const Absence absence(rules_that_do);
  return Needs(absence).True(rule.condition).array;
}

}  // namespace dl::yara
