// DL_CHECK stops the process when our own code is wrong. It is never a
// judgement about input: hostile input is answered with an Error.
#pragma once

namespace dl {

[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);

}  // namespace dl

#define DL_CHECK(condition) \
  (static_cast<bool>(condition) ? static_cast<void>(0) : ::dl::CheckFailed(#condition, __FILE__, __LINE__))
