// The checked tree of a YARA source file: what the parser hands to the code
// generator. Names are resolved, types are known, sets are expanded.
//
// Everything here is a value owned by its RuleFile. Depth of an Expr is bounded
// by kMaxExprDepth, so recursion over it is safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daylight/match/regexp_ast.h"
#include "daylight/rules/yara/module.h"

namespace dl::yara {

using match::Dialect;

inline constexpr int kMaxExprDepth = 1000;

// Where something stands: byte offsets in the text of one file.
struct Span {
  std::uint32_t file = 0;  // Index in Compilation::files.
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

enum class Op : std::uint8_t {
  // Literals: boolean/integer in `integer`, float in `real`, string in `text`.
  // kRegexp: source in `text`, flags in `nocase` and `dot_all`.
  kBoolean,
  kInteger,
  kFloat,
  kString,
  kRegexp,
  kFilesize,
  kEntrypoint,
  // intXX(args[0]): `integer` is the width in bits, negative for the signed
  // ones, plus 1000 (or minus 1000) for the big-endian ones: int16 -16,
  // uint32be 1032, int8be -1008. Of type kFloat: float32, float64 (YARA-X).
  kReadInteger,
  // Strings of this rule: `index` in Rule::strings, or kCurrentString inside
  // `for … of` ($, #, @, !).
  kStringFound,    // $a
  kStringFoundAt,  // $a at args[0]
  kStringFoundIn,  // $a in (args[0]..args[1])
  kStringCount,    // #a
  kStringCountIn,  // #a in (args[0]..args[1])
  kStringOffset,   // @a[args[0]]; plain @a has args[0] = 1
  kStringLength,   // !a[args[0]]
  kAnd,
  kOr,  // Two or more args.
  kNot,
  kDefined,
  kNegate,
  kBitNot,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kBitAnd,
  kBitOr,
  kBitXor,
  kShiftLeft,
  kShiftRight,
  // Of two numbers or two strings; kEqual and kNotEqual also of two booleans, or
  // of a boolean fact and an integer (which YARA has as integers).
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kContains,
  kIContains,
  kStartsWith,
  kIStartsWith,
  kEndsWith,
  kIEndsWith,
  kIEquals,
  kMatches,  // args[1] is kRegexp.
  // QUANTIFIER of SET [at args | in args]: `quantifier`, `set`.
  // kOfStrings: set = string indices; kOfStringsAt: args[k]; kOfStringsIn: args[k], args[k+1],
  // where k is 1 when the quantifier carries an expression in args[0], else 0.
  kOfStrings,
  kOfStringsAt,
  kOfStringsIn,
  kOfRules,        // set = rule indices in Compilation::rules.
  kOfExpressions,  // args after the quantifier's = the boolean expressions (YARA-X).
  // for QUANTIFIER of SET : ( args[k] )
  kForOfStrings,
  // for QUANTIFIER local[,local] in ITERATOR : ( args.back() ); `index` is the first local slot,
  // `integer` the number of locals. kForInRange: args[k], args[k+1]; kForInList: args[k..n-2];
  // kForInArray, kForInDictionary: args[k].
  kForInRange,
  kForInList,
  kForInArray,
  kForInDictionary,
  // with locals index..index+n-1 = args[0..n-1] : ( args[n] ) (YARA-X).
  kWith,
  kRuleReference,   // `index` in Compilation::rules.
  kExternal,        // `index` in Compilation::externals.
  kLocal,           // `index` = local slot, numbered from 0 in each rule.
  kModule,          // `index` in Compilation::modules: its root struct.
  kField,           // args[0].field; `index` = field of args[0]'s StructType.
  kArrayItem,       // args[0][args[1]]
  kDictionaryItem,  // args[0]["key" = args[1]]
  kCall,            // args[0] = kField of the function; `integer` = overload; args[1..] = arguments.
  kLength,          // args[0].len() of a string, array or dictionary (YARA-X).
};

inline constexpr std::uint32_t kCurrentString = 0xffffffff;

enum class Quantifier : std::uint8_t {
  kNoQuantifier,
  kAll,
  kAny,
  kNone,
  kCount,    // At least args[0]; none when it is 0 (a constant 0 is kNone already).
  kPercent,  // At least args[0] percent.
};

struct Expr {
  Op op = Op::kBoolean;
  TypeKind type = TypeKind::kBoolean;
  Quantifier quantifier = Quantifier::kNoQuantifier;
  bool nocase = false;
  bool dot_all = false;
  std::uint32_t index = 0;
  std::int64_t integer = 0;
  double real = 0;
  std::string text;
  std::vector<std::uint32_t> set;
  const StructType* structure = nullptr;    // Of a struct, or of the elements of an array or dictionary.
  TypeKind element = TypeKind::kUndefined;  // Of an array or dictionary.
  std::vector<Expr> args;
  Span span;
};

enum class StringKind : std::uint8_t { kText, kHex, kRegexp };

struct StringDefinition {
  std::string identifier;  // With its $; "$" for an anonymous one.
  StringKind kind = StringKind::kText;
  std::string text;            // kText: the bytes after escapes. Else: the source between the delimiters.
  match::ParsedRegexp parsed;  // kHex, kRegexp.
  bool ascii = false;          // Set when neither ascii nor wide was written.
  bool wide = false;
  bool nocase = false;
  bool dot_all = false;
  bool fullword = false;
  bool is_private = false;
  bool is_xor = false;
  std::uint8_t xor_min = 0;
  std::uint8_t xor_max = 255;
  bool base64 = false;
  bool base64wide = false;
  std::string base64_alphabet;  // 64 bytes; the standard one unless another was given.
  bool referenced = false;      // Named or covered by a set in the condition.
  Span span;
};

struct Meta {
  std::string identifier;
  TypeKind type = TypeKind::kString;  // kString, kInteger, kBoolean; kFloat in YARA-X.
  std::string text;
  std::int64_t integer = 0;
  double real = 0;
};

struct Rule {
  std::string identifier;
  std::uint32_t name_space = 0;  // Index in Compilation::namespaces.
  bool is_global = false;
  bool is_private = false;
  std::vector<std::string> tags;
  std::vector<Meta> metas;
  std::vector<StringDefinition> strings;
  Expr condition;
  std::uint32_t locals = 0;  // Number of local slots the condition needs.
  Span span;                 // Of the identifier.
};

struct External {
  std::string name;
  TypeKind type = TypeKind::kInteger;  // kInteger, kFloat, kBoolean, kString.
  std::int64_t integer = 0;            // Also for booleans.
  double real = 0;
  std::string text;
};

struct SourceFile {
  std::string name;  // As shown in diagnostics.
  std::string text;
  bool is_include = false;
};

// All files of one source, compiled together.
struct Compilation {
  std::vector<SourceFile> files;
  std::vector<std::string> namespaces;  // Names; two may be equal and still be two.
  std::vector<External> externals;
  std::vector<const ModuleInfo*> modules;  // Imported by any file.
  std::vector<Rule> rules;                 // In the order of the text; only those without errors.
};

}  // namespace dl::yara
