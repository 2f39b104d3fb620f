#include "daylight/daemon/service/scanning.h"

#include <utility>

namespace dl::daemon {

Status TakeStream(SpooledStream& stream, ScanRequest& request) {
  if (auto small = stream.TakeBytes()) {
    request.size = small->bytes.size();
    request.bytes = std::move(small->bytes);
    request.share = std::move(small->share);
    return {};
  }
  DL_TRY(SpooledObject object, stream.Finish());
  request.fd = std::move(object.fd);
  request.size = object.size;
  request.share = std::move(object.share);
  return {};
}

}  // namespace dl::daemon
