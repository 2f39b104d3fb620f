// Perl-compatible expressions of signatures, by PCRE2, bounded and without JIT.
//
//   DL_TRY(const PerlRegexp regexp, PerlRegexp::Compile("a+b", "is"));
//   regexp.Search(bytes, from, anchored);
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"

namespace dl::clamav {

class PerlRegexp {
 public:
  // `flags`: i s m x A E U as in the signature; others are ignored here.
  // kMalformed where PCRE2 refuses the expression.
  static Result<PerlRegexp> Compile(std::string_view pattern, std::string_view flags);
  ~PerlRegexp();
  PerlRegexp(PerlRegexp&& other) noexcept;
  PerlRegexp& operator=(PerlRegexp&& other) noexcept;

  struct Match {
    std::size_t start = 0;
    std::size_t end = 0;
  };
  // The first match from `from` on. kBudget when it would take too long.
  Result<std::optional<Match>> Search(Bytes bytes, std::size_t from, bool anchored) const;

 private:
  class Impl;
  explicit PerlRegexp(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dl::clamav
