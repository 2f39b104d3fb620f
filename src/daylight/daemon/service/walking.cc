#include "daylight/daemon/service/walking.h"

#include <utility>

#include "daylight/os/open_file.h"
#include "daylight/os/paths.h"

namespace dl::daemon {

ScanRequest RequestOf(WalkedFile& file, Protocol protocol, const PeerInfo& peer) {
  ScanRequest request;
  request.fd = std::move(file.fd);
  request.size = file.size;
  // A network file system lets nobody in the daemon wait but for its worker.
  const auto looked = os::LookAtOpen(request.fd.get());
  request.is_prompt = looked && looked->is_prompt;
  request.modified_ns = file.modified_ns;
  request.path = file.path;
  request.names.filename = os::BaseName(file.path);
  request.names.object = request.names.filename;
  request.names.filepath = file.path;
  request.names.extension = os::Extension(file.path);
  request.protocol = protocol;
  request.peer = peer;
  return request;
}

}  // namespace dl::daemon
