// Errors are values: hostile input is an ordinary outcome, never an exception.
//
//   Result<std::uint32_t> ReadCount(Cursor& cursor) {
//     DL_TRY(const std::uint32_t count, cursor.ReadU32Le());
//     if (count > kMaxCount) return Fail(ErrorCode::kMalformed, "too many entries");
//     return count;
//   }
//
// Error never allocates: `what` must be a string literal.
#pragma once

#include <cstdint>
#include <string_view>
#include <tl/expected.hpp>
#include <type_traits>
#include <utility>

namespace dl {

enum class ErrorCode : std::uint8_t {
  kTruncated,    // Input ended before the field did.
  kMalformed,    // A field contradicts the format or another field.
  kUnsupported,  // Well-formed, but a variant we do not decode.
  kBudget,       // A budget ran out; partial results are still valid.
  kIo,           // The operating system refused.
};

// The code's name as reports print it, e.g. "truncated".
std::string_view ErrorCodeName(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::kMalformed;
  std::string_view what;     // A string literal.
  std::uint64_t offset = 0;  // Byte offset in the input, or errno for kIo.
};

template <typename T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};
using Status = Result<void>;

// An error to return from any function that returns a Result.
inline tl::unexpected<Error> Fail(ErrorCode code, std::string_view what, std::uint64_t offset = 0) {
  return tl::unexpected<Error>(Error{code, what, offset});
}

inline tl::unexpected<Error> Forward(const Error& error) { return tl::unexpected<Error>(error); }

#define DL_CONCAT_INNER(a, b) a##b
#define DL_CONCAT(a, b) DL_CONCAT_INNER(a, b)

// DL_TRY(declaration, expression): declares the value or returns the error.
// DL_TRY_STATUS(expression): the same for a Status.
#define DL_TRY_IMPL(result, declaration, ...)        \
  auto&& result = (__VA_ARGS__);                     \
  if (!result) return ::dl::Forward(result.error()); \
  declaration = std::move(*result)
#define DL_TRY(declaration, ...) DL_TRY_IMPL(DL_CONCAT(dl_try_, __LINE__), declaration, __VA_ARGS__)
#define DL_TRY_STATUS(...)                                                                     \
  do {                                                                                         \
    if (auto&& dl_status = (__VA_ARGS__); !dl_status) return ::dl::Forward(dl_status.error()); \
  } while (false)

}  // namespace dl
