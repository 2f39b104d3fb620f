#include "daylight/base/error.h"

namespace dl {

std::string_view ErrorCodeName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kTruncated: return "truncated";
    case ErrorCode::kMalformed: return "malformed";
    case ErrorCode::kUnsupported: return "unsupported";
    case ErrorCode::kBudget: return "budget";
    case ErrorCode::kIo: return "io";
  }
  return "unknown";
}

}  // namespace dl
