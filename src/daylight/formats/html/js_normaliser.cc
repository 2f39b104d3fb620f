#include "daylight/formats/html/js_normaliser.h"

#include <cstdio>
#include <utility>

namespace dl::html {
namespace {

constexpr std::size_t kMaxTokens = 8'000'000;
constexpr std::size_t kMaxScopes = 250'000;
constexpr std::uint64_t kMaxDeclared = 1'000'000;
constexpr std::size_t kMaxArenaBytes = 128 * 1024 * 1024;
// Deeper nesting of functions is not looked through for a name.
constexpr int kMaxScopeDepth = 500;
constexpr std::uint64_t kUndeclared = ~std::uint64_t{0};

bool IsAlnum(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Writes as clamscan does: in lower case, all white space as a blank.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void Raw(char c) {
    if (filled_ == kBuffer) filled_ = 0;
    out_.push_back(c);
    ++filled_;
  }
  void Text(std::string_view text) {
    for (const char c : text) {
      if (c == ' ' || (c >= '\t' && c <= '\r')) {
        out_.push_back(' ');
      } else {
        out_.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c);
      }
      if (++filled_ == kBuffer) filled_ = 0;
    }
  }
  void SpaceBetween(char last, char next) {
    if (IsAlnum(last) && IsAlnum(next)) Raw(' ');
  }
  // Whether the text ends in `tail`, as far as its buffer goes back.
  bool EndsIn(std::string_view tail) const { return filled_ >= tail.size() && out_.ends_with(tail); }

 private:
  static constexpr std::size_t kBuffer = 65536;
  std::string& out_;
  std::size_t filled_ = 0;
};

}  // namespace

JsNormaliser::JsNormaliser() : scopes_(1) {}

std::string_view JsNormaliser::TextOf(const JsToken& token) const {
  if (token.value != JsToken::Value::kName && token.value != JsToken::Value::kString) return {};
  return std::string_view(arena_).substr(token.offset, token.size);
}

void JsNormaliser::Add(const JsToken& token) {
  if (tokens_.size() >= kMaxTokens) {
    complete_ = false;
    return;
  }
  tokens_.push_back(token);
}

JsToken JsNormaliser::MakeToken(const JsLexeme& lexeme) {
  JsToken token;
  token.kind = lexeme.kind;
  if (lexeme.kind == JsKind::kInteger) {
    token.value = JsToken::Value::kInteger;
    token.integer = lexeme.integer;
  } else if (lexeme.kind == JsKind::kFloat) {
    token.value = JsToken::Value::kReal;
    token.real = lexeme.real;
  } else {
    token.value = lexeme.kind == JsKind::kString ? JsToken::Value::kString : JsToken::Value::kName;
    token.offset = arena_.size();
    token.size = static_cast<std::uint32_t>(lexeme.text.size());
    arena_.append(lexeme.text);
  }
  return token;
}

// A string after a string and a plus is joined with it.
bool JsNormaliser::FoldString(std::string_view text) {
  if (tokens_.size() < 2 || tokens_.back().kind != JsKind::kPlus) return false;
  JsToken& before = tokens_[tokens_.size() - 2];
  if (before.kind != JsKind::kString) return false;
  const std::uint64_t plus = tokens_.back().offset;
  tokens_.pop_back();
  // The plus is the arena's last text, and mostly the string the one before.
  if (plus + 1 == arena_.size()) arena_.pop_back();
  if (before.offset + before.size != arena_.size()) {
    const std::string copy(TextOf(before));
    before.offset = arena_.size();
    arena_.append(copy);
  }
  arena_.append(text);
  before.size += static_cast<std::uint32_t>(text.size());
  return true;
}

// What a token means for the function under way: which names it declares.
void JsNormaliser::Track(const JsLexeme& lexeme, JsToken& token) {
  Scope& scope = scopes_[current_];
  switch (lexeme.kind) {
    case JsKind::kVar: scope.phase = Phase::kInVar; break;
    case JsKind::kName:
      if (scope.last == JsKind::kDot) {
        token.kind = JsKind::kMember;
        token.value = JsToken::Value::kString;
      } else if (scope.phase == Phase::kInVar || scope.phase == Phase::kInParameters) {
        scope.names[std::string(lexeme.text)] = next_number_++;
        scope.phase = Phase::kInInitialiser;
        scope.brackets = 0;
      } else if (scope.phase == Phase::kWantFunctionName) {
        scope.names[std::string(lexeme.text)] = next_number_++;
        scope.phase = Phase::kWantParameters;
      }
      break;
    case JsKind::kParOpen:
      if (scope.phase == Phase::kWantFunctionName || scope.phase == Phase::kWantParameters)
        scope.phase = Phase::kInParameters;
      break;
    case JsKind::kParClose:
      if (scope.phase == Phase::kWantParameters) scope.phase = Phase::kBase;
      break;
    case JsKind::kCurlyOpen:
      if (scope.phase == Phase::kWantFunctionName || scope.phase == Phase::kWantParameters ||
          scope.phase == Phase::kInParameters) {
        scope.phase = Phase::kBase;
      }
      ++scope.blocks;
      break;
    case JsKind::kCurlyClose: CloseBlock(token); break;
    case JsKind::kBracketOpen: ++scope.brackets; break;
    case JsKind::kBracketClose:
      if (scope.brackets > 0) --scope.brackets;
      break;
    case JsKind::kComma:
      if (scope.phase == Phase::kInInitialiser && scope.brackets == 0 && scope.blocks == 0) scope.phase = Phase::kInVar;
      break;
    case JsKind::kSemicolon:
      if (scope.brackets == 0 && scope.blocks == 0) scope.phase = Phase::kBase;
      break;
    case JsKind::kFunction: {
      token.value = JsToken::Value::kScope;
      token.scope = static_cast<std::uint32_t>(scopes_.size());
      Scope function;
      function.parent = current_;
      function.phase = Phase::kWantFunctionName;
      scopes_.push_back(std::move(function));
      current_ = token.scope;
      break;
    }
    default: break;
  }
}

void JsNormaliser::CloseBlock(JsToken& token) {
  Scope& scope = scopes_[current_];
  if (scope.blocks > 0) --scope.blocks;
  if (scope.blocks > 0 || scope.parent == JsToken::kNoScope) return;
  Add(token);
  token.kind = JsKind::kFunction;  // The mark of its end.
  token.value = JsToken::Value::kScope;
  token.scope = JsToken::kNoScope;
  current_ = scope.parent;
}

void JsNormaliser::Process(std::string_view piece) {
  scanner_.Feed(piece);
  while (const auto lexeme = scanner_.Next()) {
    if (tokens_.size() >= kMaxTokens || arena_.size() >= kMaxArenaBytes || scopes_.size() >= kMaxScopes ||
        next_number_ >= kMaxDeclared) {
      complete_ = false;
      return;
    }
    if (lexeme->kind == JsKind::kString && FoldString(lexeme->text)) continue;
    JsToken token = MakeToken(*lexeme);
    Track(*lexeme, token);
    Add(token);
    scopes_[current_].last = lexeme->kind;
  }
}

void JsNormaliser::Feed(std::string_view piece) { Process(piece); }

bool JsNormaliser::EnterScope(const JsToken& token) {
  if (token.kind != JsKind::kFunction || token.value != JsToken::Value::kScope) return true;
  if (token.scope != JsToken::kNoScope) {
    current_ = token.scope;
    return true;
  }
  if (scopes_[current_].parent != JsToken::kNoScope) current_ = scopes_[current_].parent;
  return false;
}

std::uint64_t JsNormaliser::NumberOf(std::string_view name) const {
  const std::string key(name);
  std::uint32_t scope = current_;
  for (int depth = 0; scope != JsToken::kNoScope && depth < kMaxScopeDepth; ++depth) {
    const auto found = scopes_[scope].names.find(key);
    if (found != scopes_[scope].names.end()) return found->second;
    scope = scopes_[scope].parent;
  }
  return kUndeclared;
}

void JsNormaliser::Finish(std::string& out) {
  if (const char quote = scanner_.OpenQuote(); quote != '\0') Process({&quote, 1});
  std::size_t open = 0;
  for (const JsToken& token : tokens_) {
    if (token.kind == JsKind::kParOpen) ++open;
    if (token.kind == JsKind::kParClose && open > 0) --open;
  }
  const JsToken close = MakeToken({JsKind::kParClose, ")", 0, 0});
  for (; open > 0; --open) Add(close);
  UndoUnescape();
  RunDecoders();
  Output(out);
}

void JsNormaliser::Output(std::string& out) {
  Writer writer(out);
  if (!out.empty()) writer.Raw('\n');
  writer.Text("<script>");
  current_ = 0;
  char last = '\0';
  char number[64];
  for (const JsToken& token : tokens_) {
    if (!EnterScope(token)) continue;
    const std::string_view text = TextOf(token);
    switch (token.kind) {
      case JsKind::kString:
        writer.SpaceBetween(last, '"');
        writer.Raw('"');
        writer.Text(text);
        writer.Raw('"');
        last = '"';
        break;
      case JsKind::kInteger:
        writer.SpaceBetween(last, '0');
        std::snprintf(number, sizeof number, "%lld", static_cast<long long>(token.integer));
        writer.Text(number);
        last = '0';
        break;
      case JsKind::kFloat:
        writer.SpaceBetween(last, '0');
        std::snprintf(number, sizeof number, "%g", token.real);
        writer.Text(number);
        last = '0';
        break;
      case JsKind::kName: {
        writer.SpaceBetween(last, 'a');
        const std::uint64_t id = NumberOf(text);
        if (id == kUndeclared) {
          writer.Text(text);
        } else {
          std::snprintf(number, sizeof number, "n%03llu", static_cast<unsigned long long>(id));
          writer.Text(number);
        }
        last = 'a';
        break;
      }
      case JsKind::kFunction:
        writer.SpaceBetween(last, 'a');
        writer.Text("function");
        last = 'a';
        break;
      default:
        if (!text.empty()) {
          writer.SpaceBetween(last, text.front());
          writer.Text(text);
        }
        last = text.empty() ? '\0' : text.back();
        break;
    }
  }
  if (!writer.EndsIn("</script>")) writer.Text("</script>");
}

}  // namespace dl::html
