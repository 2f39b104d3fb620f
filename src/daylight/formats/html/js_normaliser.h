// JavaScript as ClamAV's HTML signatures see it: comments and white space gone,
// all in lower case, strings in double quotes with their escapes undone and
// constant sums of strings joined, declared names numbered (n000, n001, ...),
// and unescape("..."), eval("...") and two packers undone.
//
//   JsNormaliser script;
//   script.Feed("var foo = 'a' + 'b';");
//   script.Finish(out);  // <script>var n000="ab";</script>
//
// Time and memory are linear in the script: what decoders may do has a limit,
// past which complete() is false.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "daylight/formats/html/js_scanner.h"

namespace dl::html {

struct JsToken {
  // What a value may be taken for; clamscan looks at this, not at the kind.
  enum class Value : std::uint8_t { kName, kString, kScope, kInteger, kReal };
  JsKind kind = JsKind::kOther;
  Value value = Value::kName;
  // kScope: of a function; none for the mark of its end.
  std::uint32_t scope = kNoScope;
  std::uint32_t size = 0;
  union {
    std::uint64_t offset;  // Of the text in the arena.
    std::int64_t integer;
    double real;
  };
  JsToken() : offset(0) {}

  static constexpr std::uint32_t kNoScope = 0xffffffff;
};

class JsNormaliser {
 public:
  JsNormaliser();
  void Feed(std::string_view piece);
  // Appends the normalised script to `out`. Nothing can be fed afterwards.
  void Finish(std::string& out);
  bool complete() const { return complete_; }

 private:
  enum class Phase : std::uint8_t { kBase, kInVar, kInInitialiser, kWantFunctionName, kWantParameters, kInParameters };
  struct Scope {
    std::uint32_t parent = JsToken::kNoScope;
    Phase phase = Phase::kBase;
    JsKind last = JsKind::kOther;
    std::uint32_t brackets = 0;
    std::uint32_t blocks = 0;
    std::unordered_map<std::string, std::uint64_t> names;  // To their numbers.
  };
  struct Decoded {
    std::string text;
    std::size_t begin = 0, end = 0;
    bool append = false;
  };

  void Process(std::string_view piece);
  void Track(const JsLexeme& lexeme, JsToken& token);
  void CloseBlock(JsToken& token);
  bool FoldString(std::string_view text);
  JsToken MakeToken(const JsLexeme& lexeme);
  void Add(const JsToken& token);
  std::string_view TextOf(const JsToken& token) const;
  bool IsCallOf(std::size_t at, std::string_view name) const;

  void UndoUnescape();
  void RunDecoders();
  bool HasParameters(std::size_t at, std::string_view letters) const;
  void DecodePacker(std::size_t start, std::string_view name, Decoded& result);
  void UnpackWords(const std::vector<std::size_t>& arguments, std::string& out);
  void DecodeShifted(std::size_t at, Decoded& result) const;
  void DecodeEval(std::size_t at, Decoded& result);
  void Replace(Decoded& decoded);

  bool EnterScope(const JsToken& token);
  std::uint64_t NumberOf(std::string_view name) const;
  void Output(std::string& out);

  JsScanner scanner_;
  std::string arena_;
  std::vector<JsToken> tokens_;
  std::vector<Scope> scopes_;
  std::uint32_t current_ = 0;
  std::uint64_t next_number_ = 0;
  std::uint64_t work_ = 0;  // Spent by decoders.
  bool complete_ = true;
};

}  // namespace dl::html
