#include "daylight/rules/clamav/perl_regexp.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace dl::clamav {

namespace {

// Steps of PCRE2's matcher for one search. clamscan's default is 100,000, after
// which it takes the expression for not found; here that is told, so that a
// hundred times as much is allowed (about a second at worst).
constexpr std::uint32_t kMatchLimit = 10'000'000;
constexpr std::uint32_t kDepthLimit = 20'000;
constexpr std::uint32_t kHeapLimitKiB = 32 * 1024;
// Of a compiled expression.
constexpr std::uint32_t kMaxParenthesesNested = 250;
constexpr std::size_t kMaxPatternBytes = 64 * 1024;

}  // namespace

class PerlRegexp::Impl {
 public:
  ~Impl() {
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
    pcre2_code_free(code);
  }
  pcre2_code* code = nullptr;
  pcre2_match_context* context = nullptr;
  pcre2_match_data* data = nullptr;
};

PerlRegexp::PerlRegexp(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PerlRegexp::~PerlRegexp() = default;
PerlRegexp::PerlRegexp(PerlRegexp&& other) noexcept = default;
PerlRegexp& PerlRegexp::operator=(PerlRegexp&& other) noexcept = default;

Result<PerlRegexp> PerlRegexp::Compile(std::string_view pattern, std::string_view flags) {
  if (pattern.size() > kMaxPatternBytes) return Fail(ErrorCode::kBudget, "the expression is too long");
  std::uint32_t options = 0;
  for (const char flag : flags) {
    switch (flag) {
      case 'i': options |= PCRE2_CASELESS; break;
      case 's': options |= PCRE2_DOTALL; break;
      case 'm': options |= PCRE2_MULTILINE; break;
      case 'x': options |= PCRE2_EXTENDED; break;
      case 'A': options |= PCRE2_ANCHORED; break;
      case 'E': options |= PCRE2_DOLLAR_ENDONLY; break;
      case 'U': options |= PCRE2_UNGREEDY; break;
      default: break;
    }
  }
  auto impl = std::make_unique<Impl>();
  pcre2_compile_context* compile = pcre2_compile_context_create(nullptr);
  if (compile == nullptr) return Fail(ErrorCode::kBudget, "no memory for an expression");
  pcre2_set_parens_nest_limit(compile, kMaxParenthesesNested);
  int error = 0;
  PCRE2_SIZE offset = 0;
  impl->code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), options, &error, &offset, compile);
  pcre2_compile_context_free(compile);
  if (impl->code == nullptr) return Fail(ErrorCode::kMalformed, "not an expression that PCRE2 takes", offset);
  impl->context = pcre2_match_context_create(nullptr);
  impl->data = pcre2_match_data_create_from_pattern(impl->code, nullptr);
  if (impl->context == nullptr || impl->data == nullptr) return Fail(ErrorCode::kBudget, "no memory for an expression");
  pcre2_set_match_limit(impl->context, kMatchLimit);
  pcre2_set_depth_limit(impl->context, kDepthLimit);
  pcre2_set_heap_limit(impl->context, kHeapLimitKiB);
  return PerlRegexp(std::move(impl));
}

Result<std::optional<PerlRegexp::Match>> PerlRegexp::Search(Bytes bytes, std::size_t from, bool anchored) const {
  const int found = pcre2_match(impl_->code, reinterpret_cast<PCRE2_SPTR>(bytes.data()), bytes.size(), from,
                                (anchored ? PCRE2_ANCHORED : 0u) | PCRE2_NO_JIT, impl_->data, impl_->context);
  if (found == PCRE2_ERROR_NOMATCH) return std::optional<Match>();
  if (found < 0) return Fail(ErrorCode::kBudget, "an expression takes too long");
  const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(impl_->data);
  // \K in a look-ahead may put the start behind the end.
  return std::optional<Match>(Match{ends[0], ends[1] < ends[0] ? ends[0] : ends[1]});
}

}  // namespace dl::clamav
