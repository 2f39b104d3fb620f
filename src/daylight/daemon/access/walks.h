// Walks opens what clients name, with the clients' own rights: by the opener where
// there is one, by a forked child that takes on the rights where we are root, else
// only for the user that we are.
//
//   Walks walks(loop, &link, {.tcp_user = 65534});
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <vector>

#include "daylight/daemon/access/opener_link.h"
#include "daylight/daemon/net/event_loop.h"
#include "daylight/daemon/service/walking.h"

namespace dl::daemon {

struct TcpUser {
  std::uint32_t uid = 65534;
  std::uint32_t gid = 65534;
};

class Walks : public Walking {
 public:
  // `link` may be null; both are borrowed. `tcp_user`: whose rights clients on TCP
  // have; without one their paths are refused.
  Walks(EventLoop& loop, OpenerLink* link, std::optional<TcpUser> tcp_user)
      : loop_(loop), link_(link), tcp_user_(tcp_user) {}
  std::unique_ptr<Walk> Start(const PeerInfo& peer, const std::string& path, const WalkWants& wants,
                              OnFile on_file) override;

 private:
  class OneWalk;
  EventLoop& loop_;
  OpenerLink* link_;
  std::optional<TcpUser> tcp_user_;
  std::shared_ptr<std::size_t> running_ = std::make_shared<std::size_t>(0);             // Children of ours.
  std::shared_ptr<std::vector<pid_t>> ended_ = std::make_shared<std::vector<pid_t>>();  // To be reaped.
};

}  // namespace dl::daemon
