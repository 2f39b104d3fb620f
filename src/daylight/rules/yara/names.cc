// Identifiers of a condition and what follows them: fields, items, calls.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "daylight/rules/yara/codes.h"
#include "daylight/rules/yara/expression.h"

namespace dl::yara {
namespace {

char Letter(TypeKind type) {
  switch (type) {
    case TypeKind::kInteger: return 'i';
    case TypeKind::kFloat: return 'f';
    case TypeKind::kString: return 's';
    case TypeKind::kRegexp: return 'r';
    case TypeKind::kBoolean: return 'b';
    default: return '?';
  }
}

std::string Signature(std::string_view parameters) {
  std::string out = "(";
  for (const char letter : parameters) {
    if (out.size() > 1) out += ", ";
    switch (letter) {
      case 'i': out += "integer"; break;
      case 'f': out += "float"; break;
      case 's': out += "string"; break;
      case 'r': out += "regular expression"; break;
      case 'b': out += "boolean"; break;
      default: out += "?";
    }
  }
  return out + ")";
}

// `.` takes any word, also one that is a keyword elsewhere.
bool IsWordToken(const Token& token, std::string_view text) {
  return token.kind == Tok::kIdentifier || (token.kind >= Tok::kAll && !text.empty()) ||
         token.kind == Tok::kReadInteger;
}

}  // namespace

bool ExpressionParser::Identifier(Typed& out) {
  const Token token = tokens_.token();
  const std::string_view name = tokens_.text();
  if (name.starts_with("float") && FindLocal(name) == nullptr) {
    Lexer ahead = tokens_.LookAhead();
    if (ahead.Next().kind == Tok::kLeftParen &&
        (name == "float32" || name == "float64" || name == "float32be" || name == "float64be")) {
      return FloatReader(name, out);
    }
  }
  tokens_.Advance();
  if (!ResolveName(name, tokens_.span(token), out)) Poison(out, tokens_.span(token));
  return Postfix(out);
}

// float32(x), float64be(x)...: YARA-X.
bool ExpressionParser::FloatReader(std::string_view name, Typed& out) {
  const std::uint32_t begin = tokens_.token().begin;
  tokens_.Advance();
  if (!tokens_.Expect(Tok::kLeftParen)) return false;
  Typed offset;
  if (!Boolean(offset)) return false;
  if (!tokens_.Expect(Tok::kRightParen)) return false;
  CheckInteger(offset, "the offset to read from");
  out = Node(Op::kReadInteger, TypeKind::kFloat, tokens_.SpanFrom(begin));
  out.expr.integer = (name.substr(5, 2) == "32" ? 32 : 64) + (name.ends_with("be") ? 1000 : 0);
  return Adopt(out, std::move(offset));
}

// Loop variables hide externals, those modules, those rules: as in YARA.
bool ExpressionParser::ResolveName(std::string_view name, const Span& span, Typed& out) {
  if (const Local* local = FindLocal(name)) {
    out = Node(Op::kLocal, local->type, span);
    out.expr.index = static_cast<std::uint32_t>(local - scope_.data());
    out.expr.structure = local->structure;
    out.expr.element = local->element;
    return true;
  }
  if (const auto external = session_.externals.find(name); external != session_.externals.end()) {
    out = Node(Op::kExternal, session_.compilation.externals[external->second].type, span);
    out.expr.index = external->second;
    return true;
  }
  if (const auto module = namespace_.modules.find(name); module != namespace_.modules.end()) {
    out = Node(Op::kModule, TypeKind::kStruct, span);
    out.expr.index = module->second;
    out.expr.structure = &session_.compilation.modules[module->second]->type();
    return true;
  }
  if (const auto rule = namespace_.rules.find(name); rule != namespace_.rules.end()) {
    out = Node(Op::kRuleReference, TypeKind::kBoolean, span);
    out.expr.index = rule->second.index;
    if (rule->second.failed) {
      Error(code::kRuleHasErrors, span, fmt::format("rule \"{}\" has errors itself", name),
            "so this rule is left out with it");
    } else if (rule->second.is_global) {
      session_.diagnostics.Warning(code::kGlobalRuleMisuse, span, fmt::format("\"{}\" is a global rule", name),
                                   "it is always true here: nothing matches unless all global rules do",
                                   "leave it out, or make that rule not global");
    }
    return true;
  }
  if (namespace_.unknown_modules.contains(name)) return false;
  std::string hint = Suggest(name);
  if (FindModule(name) != nullptr) hint = fmt::format("write `import \"{}\"` before the rule", name);
  Error(code::kUndefinedIdentifier, span, fmt::format("undefined identifier \"{}\"", name), "", std::move(hint));
  return false;
}

bool ExpressionParser::Postfix(Typed& out) {
  for (;;) {
    switch (tokens_.kind()) {
      case Tok::kDot:
        if (!Field(out)) return false;
        break;
      case Tok::kLeftBracket:
        if (!Index(out)) return false;
        break;
      case Tok::kLeftParen:
        if (!Call(out)) return false;
        break;
      default: return true;
    }
  }
}

bool ExpressionParser::Field(Typed& object) {
  const std::uint32_t begin = object.expr.span.begin;
  tokens_.Advance();
  const Token token = tokens_.token();
  const std::string_view name = tokens_.text();
  if (!IsWordToken(token, name)) return tokens_.Unexpected("the name of a field");
  const Span span = tokens_.span();
  tokens_.Advance();
  const TypeKind type = object.expr.type;
  if (type == TypeKind::kUndefined) return true;

  if (name == "len" && tokens_.Is(Tok::kLeftParen) &&
      (type == TypeKind::kString || type == TypeKind::kArray || type == TypeKind::kDictionary)) {
    tokens_.Advance();
    if (!tokens_.Expect(Tok::kRightParen)) return false;
    Typed length = Node(Op::kLength, TypeKind::kInteger, tokens_.SpanFrom(begin));
    if (!Adopt(length, std::move(object))) return false;
    object = std::move(length);
    return true;
  }
  if (type != TypeKind::kStruct) {
    Error(code::kNotStructure, object.expr.span, fmt::format("{} has no fields", WithArticle(type)),
          type == TypeKind::kArray || type == TypeKind::kDictionary ? "index it first" : "");
    Poison(object, tokens_.SpanFrom(begin));
    return true;
  }
  const auto found = object.expr.structure->Find(name);
  if (!found) {
    std::string hint;
    std::size_t best = 3;
    for (const FieldType& field : object.expr.structure->fields()) {
      const std::size_t distance = Distance(field.name, name, 2);
      if (distance >= best) continue;
      best = distance;
      hint = fmt::format("did you mean \"{}\"?", field.name);
    }
    Error(code::kUnknownField, span, fmt::format("unknown field \"{}\"", Shown(name)), "", std::move(hint));
    Poison(object, tokens_.SpanFrom(begin));
    return true;
  }
  const FieldType& field = object.expr.structure->fields()[*found];
  if (field.constant) {
    const Value& value = *field.constant;
    object = Node(Op::kInteger, value.kind, tokens_.SpanFrom(begin));
    if (value.kind == TypeKind::kInteger) object.expr.integer = value.integer;
    if (value.kind == TypeKind::kBoolean) object.expr.integer = value.boolean ? 1 : 0;
    if (value.kind == TypeKind::kFloat) object.expr.real = value.real;
    if (value.kind == TypeKind::kString) object.expr.text = value.string;
    object.expr.op = value.kind == TypeKind::kFloat     ? Op::kFloat
                     : value.kind == TypeKind::kString  ? Op::kString
                     : value.kind == TypeKind::kBoolean ? Op::kBoolean
                                                        : Op::kInteger;
    return true;
  }
  Typed node = Node(Op::kField, field.kind, tokens_.SpanFrom(begin));
  node.expr.index = static_cast<std::uint32_t>(*found);
  node.expr.structure = field.structure;
  node.expr.element = field.element;
  if (!Adopt(node, std::move(object))) return false;
  object = std::move(node);
  return true;
}

bool ExpressionParser::Index(Typed& object) {
  const std::uint32_t begin = object.expr.span.begin;
  tokens_.Advance();
  Typed key;
  if (!Boolean(key)) return false;
  if (!tokens_.Expect(Tok::kRightBracket)) return false;
  const TypeKind type = object.expr.type;
  if (type == TypeKind::kUndefined) return true;
  const Span span = tokens_.SpanFrom(begin);
  if (type != TypeKind::kArray && type != TypeKind::kDictionary) {
    Error(code::kNotIndexable, object.expr.span, fmt::format("{} has no items", WithArticle(type)),
          "only arrays and dictionaries can be indexed");
    Poison(object, span);
    return true;
  }
  const bool is_array = type == TypeKind::kArray;
  if (is_array) {
    CheckInteger(key, "the index of an array");
  } else if (key.expr.type != TypeKind::kString && key.expr.type != TypeKind::kUndefined) {
    Error(code::kWrongType, key.expr.span, "the key of a dictionary must be a string",
          fmt::format("this is {}", WithArticle(key.expr.type)));
  }
  Typed node = Node(is_array ? Op::kArrayItem : Op::kDictionaryItem, object.expr.element, span);
  node.expr.structure = object.expr.structure;
  if (!Adopt(node, std::move(object)) || !Adopt(node, std::move(key))) return false;
  object = std::move(node);
  return true;
}

bool ExpressionParser::Call(Typed& function) {
  const std::uint32_t begin = function.expr.span.begin;
  tokens_.Advance();
  Typed call = Node(Op::kCall, TypeKind::kUndefined, function.expr.span);
  const TypeKind callee = function.expr.type;
  const Span callee_span = function.expr.span;
  const FieldType* field = nullptr;
  if (callee == TypeKind::kFunction) {
    field = &function.expr.args[0].structure->fields()[function.expr.index];
    if (!Adopt(call, std::move(function))) return false;
  }
  if (!tokens_.Is(Tok::kRightParen)) {
    do {
      Typed argument;
      if (!Boolean(argument)) return false;
      if (!Adopt(call, std::move(argument))) return false;
    } while (tokens_.Accept(Tok::kComma));
  }
  if (!tokens_.Expect(Tok::kRightParen)) return false;
  const Span span = tokens_.SpanFrom(begin);
  if (field == nullptr) {
    if (callee != TypeKind::kUndefined) {
      Error(code::kNotFunction, callee_span, fmt::format("{} cannot be called", WithArticle(callee)));
    }
    Poison(function, span);
    return true;
  }
  call.expr.span = span;
  if (!CheckArguments(call, *field, begin)) Poison(call, span);
  function = std::move(call);
  return true;
}

bool ExpressionParser::CheckArguments(Typed& call, const FieldType& function, std::uint32_t begin) {
  std::string letters;
  for (std::size_t i = 1; i < call.expr.args.size(); ++i) {
    const Expr& argument = call.expr.args[i];
    if (argument.type == TypeKind::kUndefined) return false;
    letters.push_back(Letter(argument.type));
  }
  const auto choose = [&](std::size_t overload) {
    const FunctionOverload& chosen = function.overloads[overload];
    call.expr.integer = static_cast<std::int64_t>(overload);
    call.expr.type = chosen.result;
    call.expr.structure = chosen.result_type;
    return true;
  };
  for (std::size_t i = 0; i < function.overloads.size(); ++i) {
    if (function.overloads[i].parameters == letters) return choose(i);
  }
  // YARA-X takes an integer literal for a float; YARA does not.
  for (std::size_t i = 0; session_.yara_x() && i < function.overloads.size(); ++i) {
    const std::string& parameters = function.overloads[i].parameters;
    if (parameters.size() != letters.size()) continue;
    bool fits = true;
    for (std::size_t k = 0; k < letters.size() && fits; ++k) {
      fits = parameters[k] == letters[k] || (parameters[k] == 'f' && call.expr.args[k + 1].op == Op::kInteger);
    }
    if (!fits) continue;
    for (std::size_t k = 0; k < letters.size(); ++k) {
      Expr& argument = call.expr.args[k + 1];
      if (parameters[k] != 'f' || argument.op != Op::kInteger) continue;
      argument.op = Op::kFloat;
      argument.type = TypeKind::kFloat;
      argument.real = static_cast<double>(argument.integer);
    }
    return choose(i);
  }
  std::string hint;
  for (const FunctionOverload& overload : function.overloads) {
    hint += fmt::format("{}`{}{}`", hint.empty() ? "it takes " : " or ", function.name, Signature(overload.parameters));
  }
  Error(code::kWrongArguments, tokens_.SpanFrom(begin), fmt::format("wrong arguments for \"{}\"", function.name),
        fmt::format("called with {}", Signature(letters)), std::move(hint));
  return false;
}

}  // namespace dl::yara
