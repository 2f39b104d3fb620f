// A bug planted on purpose, to prove that the alarm works: `./dev fuzz canary`
// and `./dev test --all` fail unless fuzzing finds it within a minute.
//
// It lies behind a magic number of four bytes, a version and a length that is
// one past what it may be. Blind luck needs 2^40 tries for that; a fuzzer that
// is told which code it reached finds it step by step. The seed is nowhere near.
#include "daylight/base/check.h"
#include "daylight/bytes/cursor.h"

namespace {

// How a parser should not do it: the length is held against the wrong end.
dl::Status ParseCanary(dl::Bytes bytes) {
  dl::Cursor cursor(bytes);
  for (const char expected : {'B', 'I', 'R', 'D'}) {
    DL_TRY(const std::uint8_t byte, cursor.ReadU8());
    if (byte != static_cast<std::uint8_t>(expected)) return dl::Fail(dl::ErrorCode::kMalformed, "not a canary");
  }
  DL_TRY(const std::uint8_t version, cursor.ReadU8());
  if (version != 2) return dl::Fail(dl::ErrorCode::kUnsupported, "another version");
  DL_TRY(const std::uint16_t length, cursor.ReadU16Le());
  if (length > bytes.size()) return dl::Fail(dl::ErrorCode::kTruncated, "a length past the end");
  DL_CHECK(length <= cursor.remaining());  // The planted bug: up to seven bytes too far.
  return {};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static_cast<void>(ParseCanary({reinterpret_cast<const std::byte*>(data), size}));
  return 0;
}
