// ExpressionParser reads a condition into a checked Expr: names resolved, types
// known, constants folded, sets expanded.
//
//   ExpressionParser expression(session, tokens, rule, name_space, strings);
//   if (expression.Condition(rule.condition) && !expression.failed()) ...
//
// A syntax error ends it (false); after an error of names or types it goes on,
// with a node of type kUndefined in the place, to report what else is wrong.
#pragma once

#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "daylight/rules/yara/session.h"
#include "daylight/rules/yara/token_stream.h"

namespace dl::yara {

// The strings of one rule by name. Borrows the rule's strings.
class StringTable {
 public:
  explicit StringTable(const std::vector<StringDefinition>& strings);
  // Positions in `sorted` of all whose name is, or begins with, `name`.
  std::pair<std::size_t, std::size_t> Find(std::string_view name, bool prefix) const;
  std::uint32_t index(std::size_t position) const { return sorted_[position].second; }
  std::size_t size() const { return sorted_.size(); }

 private:
  std::vector<std::pair<std::string_view, std::uint32_t>> sorted_;
};

// An Expr with the depth of its tree, which stays below kMaxExprDepth.
struct Typed {
  Expr expr;
  int depth = 1;
};

class ExpressionParser {
 public:
  ExpressionParser(Session& session, TokenStream& tokens, Rule& rule, std::uint32_t name_space,
                   const StringTable& strings);
  bool Condition(Expr& out);
  // An error was reported: the rule is to be left out.
  bool failed() const { return failed_; }
  std::uint32_t locals() const { return max_locals_; }

 private:
  struct Local {
    std::string_view name;
    TypeKind type = TypeKind::kUndefined;
    const StructType* structure = nullptr;
    TypeKind element = TypeKind::kUndefined;
    Span span;
    bool used = false;
  };

  // expression.cc: precedence, lowest first.
  bool Boolean(Typed& out);
  bool Conjunction(Typed& out);
  bool Negation(Typed& out);
  bool Comparison(Typed& out);
  bool Arithmetic(int min_precedence, Typed& out);
  bool Prefixed(Typed& out);
  bool CompareOperator(Typed& left);

  // primary.cc
  bool Primary(Typed& out);
  bool Operand(Typed& out);
  bool ReadInteger(Typed& out);
  bool StringReference(Typed& out);
  bool StringFound(Typed& out);
  bool Range(Typed& low, Typed& high);
  void CheckRange(const Typed& low, const Typed& high, const Span& span);
  bool RegexpLiteral(Typed& out);
  // `#a`, `@a`...: index in Rule::strings or kCurrentString.
  std::uint32_t ResolveString(std::string_view text, const Span& span);

  // names.cc: identifiers and what follows them.
  bool Identifier(Typed& out);
  bool Postfix(Typed& out);
  bool Field(Typed& object);
  bool Index(Typed& object);
  bool Call(Typed& function);
  bool CheckArguments(Typed& call, const FieldType& function, std::uint32_t begin);
  bool ResolveName(std::string_view name, const Span& span, Typed& out);
  bool FloatReader(std::string_view name, Typed& out);

  // sets.cc: quantifiers, sets, `of`.
  bool Of(Quantifier quantifier, Typed* count, std::uint32_t begin, Typed& out);
  bool OfPlace(Typed& out);
  bool StartOf(Op op, Quantifier quantifier, Typed* count, std::uint32_t begin, Typed& out);
  bool PercentEndsQuantifier(bool in_for) const;
  void CheckQuantifier(const Typed& count, bool percent);
  void CheckOf(const Expr& of, std::size_t members);
  // Classifies what stands in the parentheses of a set, by looking ahead.
  enum class SetKind : std::uint8_t { kStrings, kRules, kExpressions };
  SetKind LookAtSet() const;
  bool StringSet(Expr& out);
  bool RuleSet(Expr& out);
  bool BooleanTuple(Typed& out);
  bool AddStrings(std::string_view name, bool wildcard, const Span& span, Expr& out);
  bool AddRules(std::string_view name, bool wildcard, const Span& span, Expr& out);
  void Deduplicate(Expr& out) const;

  // loops.cc: for, with.
  bool For(Typed& out);
  bool ForOf(Quantifier quantifier, Typed* count, std::uint32_t begin, Typed& out);
  bool ForIn(Quantifier quantifier, Typed* count, std::uint32_t begin, Typed& out);
  bool LoopVariables(std::vector<Local>& variables);
  // Fills the types of the variables and adds the iterator's arguments to `out`.
  bool Iterator(std::vector<Local>& variables, Typed& out);
  bool ListOrRange(Local& variable, Typed& out);
  bool IterateContainer(std::vector<Local>& variables, Typed& out);
  bool Body(Typed& out);
  bool AtWith() const;
  bool With(Typed& out);

  // operators.cc: type checks and folding. Each takes its operands.
  bool Binary(Op op, Typed& left, Typed&& right, const Span& span);
  bool Unary(Op op, Typed& operand, const Span& span);
  bool Logical(Op op, std::vector<Typed>& operands, Typed& out);
  bool CheckOperands(Op op, const Expr& left, const Expr& right, const Span& span);
  bool FoldBinary(Op op, Typed& left, const Expr& right, const Span& span);
  // Whether it may stand for true or false; warns when it is no boolean.
  bool CheckBoolean(Typed& operand);
  bool CheckInteger(const Typed& operand, std::string_view what);

  // Shared.
  Typed Node(Op op, TypeKind type, const Span& span) const;
  // Makes `operand` the next argument of `parent`.
  bool Adopt(Typed& parent, Typed&& operand);
  bool Charge(std::uint64_t terms, const Span& span);
  bool TooDeep(const Span& span);
  void Error(const char* code, const Span& span, std::string message, std::string label = "", std::string hint = "");
  void Poison(Typed& out, const Span& span);
  const Local* FindLocal(std::string_view name);
  std::optional<std::uint32_t> Declare(std::vector<Local>& variables);
  void EndScope(std::size_t size);
  std::string Suggest(std::string_view name) const;

  Session& session_;
  TokenStream& tokens_;
  Rule& rule_;
  Namespace& namespace_;
  const StringTable& strings_;
  std::vector<Local> scope_;
  std::uint32_t max_locals_ = 0;
  std::uint64_t terms_ = 0;
  int nesting_ = 0;
  bool for_header_ = false;  // Between `for` and its variables, where `%` may end a quantifier.
  int for_of_ = 0;           // How many `for ... of` loops are around us.
  bool failed_ = false;
};

// Names in messages: `boolean`, `struct`...; the operator as written: `+`.
std::string_view OperatorText(Op op);
std::string WithArticle(TypeKind type);  // "an integer"
bool IsConstant(const Expr& expr);
bool IsNumber(const Expr& expr);
// The truth of a constant, as a condition sees it.
bool ConstantTruth(const Expr& expr);
// Edit distance, for "did you mean"; at most `limit` + 1.
std::size_t Distance(std::string_view a, std::string_view b, std::size_t limit);

}  // namespace dl::yara
