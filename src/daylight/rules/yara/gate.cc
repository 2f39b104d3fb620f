#include "daylight/rules/yara/gate.h"

#include <algorithm>

#include "daylight/rules/yara/absence.h"
#include "daylight/rules/yara/op_classes.h"

namespace dl::yara {

namespace {

// Past this many alternatives a gate is not worth testing.
constexpr std::size_t kMaxMagics = 16;
// Bytes beyond this offset are not part of a gate.
constexpr std::int64_t kMaxMagicOffset = 4096;

std::optional<std::int64_t> ConstantInteger(const Expr& expr) {
  if (expr.op == Op::kInteger) return expr.integer;
  if (expr.op == Op::kField && expr.type == TypeKind::kInteger && !expr.args.empty()) {
    const StructType* structure = expr.args[0].structure;
    if (structure != nullptr && expr.index < structure->fields().size() && structure->fields()[expr.index].constant) {
      return structure->fields()[expr.index].constant->integer;
    }
  }
  return std::nullopt;
}

Gate FromMagic(Magic magic) {
  Gate gate;
  gate.any = false;
  gate.magics.push_back(magic);
  return gate;
}

Gate FromBytes(std::uint32_t offset, std::string_view bytes) {
  Magic magic;
  magic.offset = offset;
  magic.length = static_cast<std::uint32_t>(std::min<std::size_t>(bytes.size(), 8));
  for (std::uint32_t i = 0; i < magic.length; ++i) {
    magic.value[i] = static_cast<std::uint8_t>(bytes[i]);
    magic.mask[i] = 0xff;
  }
  return FromMagic(magic);
}

// uint16(0) == 0x5a4d and the like.
std::optional<Gate> FromReadInteger(const Expr& read, std::int64_t value) {
  const auto offset = ConstantInteger(read.args[0]);
  if (!offset || *offset < 0 || *offset > kMaxMagicOffset) return std::nullopt;
  std::int64_t width = read.integer;
  bool big_endian = false;
  if (width >= 1000) {
    big_endian = true;
    width -= 1000;
  } else if (width <= -1000) {
    big_endian = true;
    width += 1000;
  }
  const bool is_signed = width < 0;
  const auto bytes = static_cast<std::uint32_t>((is_signed ? -width : width) / 8);
  if (bytes == 0 || bytes > 8) return std::nullopt;
  if (bytes < 8) {
    const std::int64_t limit = std::int64_t{1} << (8 * bytes);
    if (is_signed ? (value < -limit / 2 || value >= limit / 2) : (value < 0 || value >= limit)) return Gate::Never();
  }
  Magic magic;
  magic.offset = static_cast<std::uint32_t>(*offset);
  magic.length = bytes;
  for (std::uint32_t i = 0; i < bytes; ++i) {
    const std::uint32_t shift = 8 * (big_endian ? bytes - 1 - i : i);
    magic.value[i] = static_cast<std::uint8_t>((static_cast<std::uint64_t>(value) >> shift) & 0xff);
    magic.mask[i] = 0xff;
  }
  return FromMagic(magic);
}

// The gate of an object of which a module derives anything at all.
Gate ModuleGate(std::string_view module) {
  if (module == "pe" || module == "dotnet") return FromBytes(0, "MZ");
  if (module == "elf")
    return FromBytes(0,
                     "\x7f"
                     "ELF");
  if (module == "dex") return FromBytes(0, "dex\n");
  if (module == "lnk") return FromBytes(0, std::string_view("L\0\0\0", 4));
  constexpr std::string_view kCompound("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8);
  if (module == "olecf" || module == "msi") return FromBytes(0, kCompound);
  if (module == "vba") return Either(FromBytes(0, kCompound), FromBytes(0, "PK\x03\x04"));
  return Gate::Open();
}

class Deriver {
 public:
  // `absence`: derive for the case that no string matches; null: for any case.
  Deriver(const Rule& rule, const Compilation& compilation, const std::vector<Gate>& rule_gates, const Absence* absence)
      : rule_(rule), compilation_(compilation), rule_gates_(rule_gates), absence_(absence) {}

  // What must hold when the rule's condition is true. A condition that calls
  // the console module speaks to the user although it is false.
  Gate Condition() const { return CallsConsole(rule_.condition, compilation_) ? Gate::Open() : True(rule_.condition); }

  // What must hold when `expr` is true.
  Gate True(const Expr& expr) const {
    if (absence_ != nullptr && !absence_->Eval(expr).can_be_true) return Gate::Never();
    switch (expr.op) {
      case Op::kBoolean: return expr.integer != 0 ? Gate::Open() : Gate::Never();
      case Op::kAnd: {
        Gate gate;
        for (const Expr& arg : expr.args) gate = Both(gate, True(arg));
        return gate;
      }
      case Op::kOr: {
        Gate gate = Gate::Never();
        for (const Expr& arg : expr.args) gate = Either(gate, True(arg));
        return gate;
      }
      case Op::kDefined: return Defined(expr.args[0]);
      case Op::kEqual:
      case Op::kLess:
      case Op::kLessEqual:
      case Op::kGreater:
      case Op::kGreaterEqual: return Both(Comparison(expr), DefinedArgs(expr));
      case Op::kStringFoundAt: return FoundAt(expr);
      case Op::kField: {
        // Set for every object, and true for those of the format alone.
        const FieldType* field = FieldOf(expr);
        const bool is_of_module = expr.args[0].op == Op::kModule && field != nullptr && !field->constant;
        return is_of_module && IsSetForAll(*field) ? HasContent(expr.args[0]) : Defined(expr);
      }
      case Op::kRuleReference: return expr.index < rule_gates_.size() ? rule_gates_[expr.index] : Gate::Open();
      case Op::kForInRange:
      case Op::kForInArray:
      case Op::kForInDictionary: {
        // An undefined iterator is an empty loop, and an empty loop is false.
        Gate gate;
        for (std::size_t i = 0; i + 1 < expr.args.size(); ++i) {
          if (i == 0 && HasQuantifierArg(expr)) continue;
          gate = Both(gate, expr.op == Op::kForInRange ? Defined(expr.args[i]) : HasContent(expr.args[i]));
        }
        return gate;
      }
      default: return Defined(expr);
    }
  }

  // What must hold when `expr` has a value.
  Gate Defined(const Expr& expr) const {
    switch (expr.op) {
      case Op::kField: {
        const FieldType* field = FieldOf(expr);
        // A container may be there, empty, although the object is of another format.
        if (field == nullptr || field->kind == TypeKind::kStruct || field->kind == TypeKind::kArray ||
            field->kind == TypeKind::kDictionary) {
          return Gate::Open();
        }
        return HasContent(expr);
      }
      case Op::kArrayItem:
      case Op::kDictionaryItem: return Both(HasContent(expr.args[0]), Defined(expr.args[1]));
      case Op::kCall: {
        Gate gate = HasContent(expr.args[0]);
        for (std::size_t i = 1; i < expr.args.size(); ++i) gate = Both(gate, Defined(expr.args[i]));
        return gate;
      }
      case Op::kLength:
      case Op::kNot: return DefinedArgs(expr);
      default: return IsTest(expr.op) || IsArithmetic(expr.op) ? DefinedArgs(expr) : Gate::Open();
    }
  }

 private:
  static bool HasQuantifierArg(const Expr& expr) {
    return expr.quantifier == Quantifier::kCount || expr.quantifier == Quantifier::kPercent;
  }

  static bool IsSetForAll(const FieldType& field) {
    return field.name.starts_with("is_") || field.name == "has_macros";
  }

  static const FieldType* FieldOf(const Expr& expr) {
    const StructType* structure = expr.args[0].structure;
    if (structure == nullptr || expr.index >= structure->fields().size()) return nullptr;
    return &structure->fields()[expr.index];
  }

  // What must hold when something was derived from the object for this part
  // of a module's facts: a scalar is set, a container is not empty.
  Gate HasContent(const Expr& expr) const {
    switch (expr.op) {
      case Op::kModule:
        if (expr.index < compilation_.modules.size()) return ModuleGate(compilation_.modules[expr.index]->name);
        return Gate::Open();
      case Op::kField: {
        // Constants, also those that are strings (dex.DEX_FILE_MAGIC_035), and
        // `is_pe` and the like are set for every object.
        const FieldType* field = FieldOf(expr);
        if (field == nullptr || field->constant || IsSetForAll(*field) ||
            (!field->name.empty() && field->name[0] >= 'A' && field->name[0] <= 'Z')) {
          return Gate::Open();
        }
        return HasContent(expr.args[0]);
      }
      case Op::kArrayItem:
      case Op::kDictionaryItem:
      case Op::kCall: return Defined(expr);
      default: return Gate::Open();
    }
  }

  Gate DefinedArgs(const Expr& expr) const {
    Gate gate;
    for (const Expr& arg : expr.args) gate = Both(gate, Defined(arg));
    return gate;
  }

  static Gate Comparison(const Expr& expr) {
    if (expr.args.size() != 2) return Gate::Open();
    const Expr* left = &expr.args[0];
    const Expr* right = &expr.args[1];
    Op op = expr.op;
    auto value = ConstantInteger(*right);
    if (!value) {
      value = ConstantInteger(*left);
      if (!value) return Gate::Open();
      std::swap(left, right);
      if (op == Op::kLess)
        op = Op::kGreater;
      else if (op == Op::kGreater)
        op = Op::kLess;
      else if (op == Op::kLessEqual)
        op = Op::kGreaterEqual;
      else if (op == Op::kGreaterEqual)
        op = Op::kLessEqual;
    }
    if (left->op == Op::kReadInteger && left->type == TypeKind::kInteger && op == Op::kEqual) {
      if (const auto gate = FromReadInteger(*left, *value)) return *gate;
      return Gate::Open();
    }
    if (left->op != Op::kFilesize) return Gate::Open();
    Gate gate;
    switch (op) {
      case Op::kEqual:
        if (*value < 0) return Gate::Never();
        gate.min_filesize = gate.max_filesize = static_cast<std::uint64_t>(*value);
        break;
      case Op::kLess:
        if (*value <= 0) return Gate::Never();
        gate.max_filesize = static_cast<std::uint64_t>(*value) - 1;
        break;
      case Op::kLessEqual:
        if (*value < 0) return Gate::Never();
        gate.max_filesize = static_cast<std::uint64_t>(*value);
        break;
      case Op::kGreater:
        if (*value >= 0) gate.min_filesize = static_cast<std::uint64_t>(*value) + 1;
        break;
      case Op::kGreaterEqual:
        if (*value > 0) gate.min_filesize = static_cast<std::uint64_t>(*value);
        break;
      default: break;
    }
    return gate;
  }

  Gate FoundAt(const Expr& expr) const {
    const auto offset = ConstantInteger(expr.args[0]);
    if (!offset || *offset < 0 || *offset > kMaxMagicOffset || expr.index >= rule_.strings.size()) return Gate::Open();
    const StringDefinition& string = rule_.strings[expr.index];
    if (string.base64 || string.base64wide || string.is_xor || string.wide || string.nocase) return Gate::Open();
    Magic magic;
    magic.offset = static_cast<std::uint32_t>(*offset);
    if (string.kind == StringKind::kText) return FromBytes(magic.offset, string.text);
    if (string.kind != StringKind::kHex) return Gate::Open();
    const match::RegexpNode& root = string.parsed.root;
    const auto add = [&](const match::RegexpNode& node) {
      if (node.kind != match::RegexpKind::kClass || magic.length >= 8) return false;
      if (node.set.Count() == 1) {
        for (int b = 0; b < 256; ++b) {
          if (node.set.Contains(static_cast<std::uint8_t>(b))) magic.value[magic.length] = static_cast<std::uint8_t>(b);
        }
        magic.mask[magic.length] = 0xff;
      }
      ++magic.length;
      return true;
    };
    if (root.kind == match::RegexpKind::kClass) {
      add(root);
    } else if (root.kind == match::RegexpKind::kConcat) {
      for (const auto& child : root.children) {
        if (!add(child)) break;
      }
    }
    while (magic.length > 0 && magic.mask[magic.length - 1] == 0) --magic.length;
    return magic.length == 0 ? Gate::Open() : FromMagic(magic);
  }

  const Rule& rule_;
  const Compilation& compilation_;
  const std::vector<Gate>& rule_gates_;
  const Absence* absence_;
};

}  // namespace

Gate Gate::Never() {
  Gate gate;
  gate.any = false;
  gate.min_filesize = std::numeric_limits<std::uint64_t>::max();
  gate.max_filesize = 0;
  return gate;
}

Gate Both(const Gate& a, const Gate& b) {
  Gate gate;
  gate.min_filesize = std::max(a.min_filesize, b.min_filesize);
  gate.max_filesize = std::min(a.max_filesize, b.max_filesize);
  if (a.any || b.any) {
    const Gate& bound = a.any ? b : a;
    gate.any = bound.any;
    gate.magics = bound.magics;
    return gate;
  }
  // Requiring either list alone is a weaker, still necessary gate; the shorter
  // one is the more selective in practice.
  gate.any = false;
  gate.magics = a.magics.size() <= b.magics.size() ? a.magics : b.magics;
  return gate;
}

Gate Either(const Gate& a, const Gate& b) {
  Gate gate;
  gate.min_filesize = std::min(a.min_filesize, b.min_filesize);
  gate.max_filesize = std::max(a.max_filesize, b.max_filesize);
  if (a.any || b.any) return gate;
  gate.any = false;
  std::set_union(a.magics.begin(), a.magics.end(), b.magics.begin(), b.magics.end(), std::back_inserter(gate.magics));
  if (gate.magics.size() > kMaxMagics) {
    gate.any = true;
    gate.magics.clear();
  }
  return gate;
}

Gate DeriveGate(const Rule& rule, const Compilation& compilation, const std::vector<Gate>& rule_gates) {
  return Deriver(rule, compilation, rule_gates, nullptr).Condition();
}

Gate DeriveGateWithoutMatch(const Rule& rule, const Compilation& compilation, const std::vector<Gate>& rule_gates,
                            const std::vector<bool>& rules_that_do) {
  const Absence absence(rules_that_do);
  return Deriver(rule, compilation, rule_gates, &absence).Condition();
}

bool MattersWithoutMatch(const Rule& rule, const Compilation& compilation, const std::vector<bool>& rules_that_do) {
  return CallsConsole(rule.condition, compilation) || Absence(rules_that_do).Eval(rule.condition).can_be_true;
}

}  // namespace dl::yara
