// Operands of a condition: literals, strings of the rule, what can be read from
// the object.
#include <fmt/format.h>

#include <algorithm>

#include "daylight/match/regexp_ast.h"
#include "daylight/rules/yara/codes.h"
#include "daylight/rules/yara/expression.h"
#include "daylight/rules/yara/pattern_errors.h"

namespace dl::yara {

StringTable::StringTable(const std::vector<StringDefinition>& strings) {
  sorted_.reserve(strings.size());
  for (std::uint32_t i = 0; i < strings.size(); ++i) sorted_.emplace_back(strings[i].identifier, i);
  std::sort(sorted_.begin(), sorted_.end());
}

std::pair<std::size_t, std::size_t> StringTable::Find(std::string_view name, bool prefix) const {
  const auto first = std::lower_bound(sorted_.begin(), sorted_.end(), name,
                                      [](const auto& entry, std::string_view n) { return entry.first < n; });
  const auto last = std::partition_point(first, sorted_.end(), [&](const auto& entry) {
    return prefix ? entry.first.substr(0, name.size()) == name : entry.first == name;
  });
  return {static_cast<std::size_t>(first - sorted_.begin()), static_cast<std::size_t>(last - sorted_.begin())};
}

bool ExpressionParser::Primary(Typed& out) {
  if (++nesting_ > 2 * kMaxNesting) return TooDeep(tokens_.span());
  if (!Operand(out)) return false;
  --nesting_;
  return true;
}

bool ExpressionParser::Operand(Typed& out) {
  const Token token = tokens_.token();
  const Span span = tokens_.span();
  switch (token.kind) {
    case Tok::kLeftParen: {
      tokens_.Advance();
      if (!Boolean(out)) return false;
      if (!tokens_.Expect(Tok::kRightParen)) return false;
      // The parentheses belong to what a diagnostic marks.
      out.expr.span = tokens_.SpanFrom(token.begin);
      return Postfix(out);
    }
    case Tok::kTrue:
    case Tok::kFalse:
      out = Node(Op::kBoolean, TypeKind::kBoolean, span);
      out.expr.integer = token.kind == Tok::kTrue ? 1 : 0;
      tokens_.Advance();
      return true;
    case Tok::kInteger:
      out = Node(Op::kInteger, TypeKind::kInteger, span);
      out.expr.integer = token.integer;
      tokens_.Advance();
      return true;
    case Tok::kFloat:
      out = Node(Op::kFloat, TypeKind::kFloat, span);
      out.expr.real = token.real;
      tokens_.Advance();
      return true;
    case Tok::kText:
      out = Node(Op::kString, TypeKind::kString, span);
      out.expr.text = DecodeText(tokens_.text());
      tokens_.Advance();
      return Postfix(out);
    case Tok::kRegexp: return RegexpLiteral(out);
    case Tok::kFilesize:
      out = Node(Op::kFilesize, TypeKind::kInteger, span);
      tokens_.Advance();
      return true;
    case Tok::kEntrypoint:
      if (session_.yara_x()) {
        Error(code::kEntrypointGone, span, "YARA-X has no `entrypoint`", "",
              "use `pe.entry_point` or `elf.entry_point`");
      } else {
        session_.diagnostics.Warning(code::kDeprecated, span, "`entrypoint` is deprecated", "",
                                     "use `pe.entry_point` or `elf.entry_point`");
      }
      out = Node(Op::kEntrypoint, TypeKind::kInteger, span);
      tokens_.Advance();
      return true;
    case Tok::kReadInteger: return ReadInteger(out);
    case Tok::kStringId: return StringFound(out);
    case Tok::kStringCount:
    case Tok::kStringOffset:
    case Tok::kStringLength: return StringReference(out);
    case Tok::kIdentifier: return Identifier(out);
    default: return tokens_.Unexpected("an expression");
  }
}

bool ExpressionParser::ReadInteger(Typed& out) {
  const Token token = tokens_.token();
  tokens_.Advance();
  if (!tokens_.Expect(Tok::kLeftParen)) return false;
  Typed offset;
  if (!Boolean(offset)) return false;
  if (!tokens_.Expect(Tok::kRightParen)) return false;
  CheckInteger(offset, "the offset to read from");
  out = Node(Op::kReadInteger, TypeKind::kInteger, tokens_.SpanFrom(token.begin));
  out.expr.integer = token.integer;
  return Adopt(out, std::move(offset));
}

bool ExpressionParser::RegexpLiteral(Typed& out) {
  const Span span = tokens_.span();
  const RegexpText regexp = SplitRegexp(tokens_.text());
  out = Node(Op::kRegexp, TypeKind::kRegexp, span);
  out.expr.text = regexp.source;
  out.expr.nocase = regexp.nocase;
  out.expr.dot_all = regexp.dot_all;
  session_.pattern_bytes += regexp.source.size() * 2;
  if (session_.pattern_bytes > kMaxPatternBytes || regexp.source.size() > kMaxOnePatternBytes) {
    Error(code::kPatternTooLong, span, "too long a regular expression, or too many");
    session_.stopped = session_.pattern_bytes > kMaxPatternBytes;
    return false;
  }
  const auto parsed = match::ParseRegexp(
      regexp.source, {.nocase = regexp.nocase, .dot_all = regexp.dot_all, .dialect = session_.options.dialect});
  if (!parsed) {
    failed_ = true;
    ReportRegexpError(session_.diagnostics, parsed.error(), {span.file, span.begin + 1, span.end});
  } else if (!CheckRegexpSize(session_.diagnostics, *parsed, span)) {
    failed_ = true;
  }
  tokens_.Advance();
  return true;
}

std::uint32_t ExpressionParser::ResolveString(std::string_view text, const Span& span) {
  if (text.size() == 1) {
    if (for_of_ == 0) {
      Error(code::kAnonymousOutsideLoop, span, fmt::format("`{}` outside a `for ... of` loop", text), "",
            "it stands for the current string of such a loop; elsewhere name the string");
    }
    return kCurrentString;
  }
  const std::string name = fmt::format("${}", text.substr(1));
  const auto [first, last] = strings_.Find(name, false);
  if (first == last) {
    std::string hint = "declare it under `strings:`";
    for (const StringDefinition& string : rule_.strings) {
      if (Distance(string.identifier, name, 1) > 1) continue;
      hint = fmt::format("did you mean \"{}\"?", string.identifier);
      break;
    }
    Error(code::kUndefinedString, span, fmt::format("undefined string \"{}\"", name),
          fmt::format("this string is not declared in rule \"{}\"", rule_.identifier), std::move(hint));
    return kCurrentString;
  }
  const std::uint32_t index = strings_.index(first);
  rule_.strings[index].referenced = true;
  return index;
}

// $a, $a at x, $a in (x..y).
bool ExpressionParser::StringFound(Typed& out) {
  const Token token = tokens_.token();
  const std::uint32_t index = ResolveString(tokens_.text(), tokens_.span());
  out = Node(Op::kStringFound, TypeKind::kBoolean, tokens_.span());
  out.expr.index = index;
  tokens_.Advance();
  if (tokens_.Accept(Tok::kAt)) {
    Typed offset;
    if (!Arithmetic(1, offset)) return false;
    CheckInteger(offset, "the offset after `at`");
    out.expr.op = Op::kStringFoundAt;
    if (!Adopt(out, std::move(offset))) return false;
  } else if (tokens_.Accept(Tok::kIn)) {
    Typed low;
    Typed high;
    if (!Range(low, high)) return false;
    out.expr.op = Op::kStringFoundIn;
    if (!Adopt(out, std::move(low)) || !Adopt(out, std::move(high))) return false;
  }
  out.expr.span = tokens_.SpanFrom(token.begin);
  return true;
}

// #a, #a in (x..y), @a, @a[i], !a, !a[i].
bool ExpressionParser::StringReference(Typed& out) {
  const Token token = tokens_.token();
  const std::uint32_t index = ResolveString(tokens_.text(), tokens_.span());
  out = Node(Op::kStringCount, TypeKind::kInteger, tokens_.span());
  out.expr.index = index;
  tokens_.Advance();
  if (token.kind == Tok::kStringCount) {
    if (!tokens_.Is(Tok::kIn) || for_header_) return true;
    tokens_.Advance();
    Typed low;
    Typed high;
    if (!Range(low, high)) return false;
    out.expr.op = Op::kStringCountIn;
    out.expr.span = tokens_.SpanFrom(token.begin);
    return Adopt(out, std::move(low)) && Adopt(out, std::move(high));
  }
  out.expr.op = token.kind == Tok::kStringOffset ? Op::kStringOffset : Op::kStringLength;
  Typed item = Node(Op::kInteger, TypeKind::kInteger, tokens_.span(token));
  item.expr.integer = 1;
  if (tokens_.Accept(Tok::kLeftBracket)) {
    if (!Boolean(item)) return false;
    if (!tokens_.Expect(Tok::kRightBracket)) return false;
    CheckInteger(item, "the number of a match");
    if (session_.yara_x() && item.expr.op == Op::kInteger && item.expr.integer < 1) {
      Error(code::kNegativeValue, item.expr.span, "the number of a match is less than 1", "", "the first match is 1");
    }
  }
  out.expr.span = tokens_.SpanFrom(token.begin);
  return Adopt(out, std::move(item));
}

// (low..high)
bool ExpressionParser::Range(Typed& low, Typed& high) {
  const std::uint32_t begin = tokens_.token().begin;
  if (!tokens_.Expect(Tok::kLeftParen, "a range such as `(0..100)`")) return false;
  if (!Arithmetic(1, low)) return false;
  if (!tokens_.Expect(Tok::kDotDot)) return false;
  if (!Arithmetic(1, high)) return false;
  if (!tokens_.Expect(Tok::kRightParen)) return false;
  CheckRange(low, high, tokens_.SpanFrom(begin));
  return true;
}

void ExpressionParser::CheckRange(const Typed& low, const Typed& high, const Span& span) {
  CheckInteger(low, "the lower bound of a range");
  CheckInteger(high, "the upper bound of a range");
  const auto constant = [](const Typed& bound) { return bound.expr.op == Op::kInteger; };
  if (session_.yara_x()) {
    for (const Typed* bound : {&low, &high}) {
      if (!constant(*bound) || bound->expr.integer >= 0) continue;
      Error(code::kNegativeValue, bound->expr.span, "a bound of a range is negative");
      return;
    }
  }
  if (!constant(low) || !constant(high) || low.expr.integer <= high.expr.integer) return;
  const std::string message = "the lower bound of the range is greater than the upper one";
  if (session_.yara_x()) {
    Error(code::kInvalidRange, span, message);
  } else {
    session_.diagnostics.Warning(code::kUnsatisfiable, span, message, "the range is empty");
  }
}

}  // namespace dl::yara
