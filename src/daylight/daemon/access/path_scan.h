// A path that a client names, scanned with its rights: one outcome for all that is
// there.
//
//   ScanTicket ticket = ScanPath(walking, scanning, peer, "/srv/x", Protocol::kKav, done);
//
// The first file in which something is found ends it; else what could not be read
// counts for more than what is clean. `done` is called later, once.
#pragma once

#include <string>

#include "daylight/daemon/service/scanning.h"
#include "daylight/daemon/service/walking.h"

namespace dl::daemon {

ScanTicket ScanPath(Walking& walking, Scanning& scanning, const PeerInfo& peer, const std::string& path,
                    Protocol protocol, Scanning::Done done);

}  // namespace dl::daemon
