#include "sockets.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "daylight/daemon/net/server.h"
#include "daylight/os/io.h"
#include "log.h"

namespace dl::daemon {

namespace {

bool IsLocal(const std::string& where) {
  return where.starts_with('/') || where.starts_with("127.") || where.starts_with("[::1]");
}

bool BindOne(Protocol protocol, const std::string& name, const std::string& where, std::uint32_t mode,
             const std::string& group, const std::optional<Account>& account, std::vector<BoundSocket>& bound) {
  BoundSocket one{protocol, name, where, {}, !where.empty() && where.front() == '/'};
  if (one.is_unix) {
    int gid = -1;
    if (!group.empty()) {
      const auto found = FindGroup(group);
      if (!found) {
        Log(Level::kError, name + ": there is no group " + group);
        return false;
      }
      gid = static_cast<int>(*found);
    } else if (account && ::geteuid() == 0) {
      gid = static_cast<int>(account->gid);
    }
    // By root it is given to its owners below, without following links.
    const bool is_given = account && ::geteuid() == 0;
    auto socket = ListenUnix(where, is_given ? std::optional<unsigned>() : mode, is_given ? -1 : gid);
    if (!socket) {
      Log(Level::kError,
          name + ": " + where + ": " + std::string(socket.error().what) + ": " + os::Describe(socket.error()));
      return false;
    }
    one.socket = std::move(*socket);
    if (account && ::geteuid() == 0) {
      GiveAway(where, S_IFSOCK, account->uid, static_cast<gid_t>(gid), static_cast<mode_t>(mode));
    }
  } else {
    auto socket = ListenTcp(where);
    if (!socket) {
      Log(Level::kError,
          name + ": " + where + ": " + std::string(socket.error().what) + ": " + os::Describe(socket.error()));
      return false;
    }
    one.socket = std::move(*socket);
  }
  bound.push_back(std::move(one));
  return true;
}

}  // namespace

bool BoundSocket::is_guarded() const { return !is_unix && !IsLocal(where); }

bool BindSockets(const DaemonConfig& config, std::vector<PassedSocket> passed_sockets,
                 const std::optional<Account>& account, std::vector<BoundSocket>& bound) {
  // Sockets that systemd has made take the place of ours of that kind: Unix sockets of Unix sockets, and others of
  // others.
  std::vector<std::pair<std::string, bool>> passed;
  for (PassedSocket& socket : passed_sockets) {
    struct Kind {
      const char* name;
      Protocol protocol;
    };
    constexpr Kind kKinds[] = {{"clamd", Protocol::kClamd},
                               {"icap", Protocol::kIcap},
                               {"http", Protocol::kHttp},
                               {"kav-http", Protocol::kKav},
                               {"kav-line", Protocol::kKav}};
    bool known = false;
    for (const Kind& kind : kKinds) {
      if (socket.name != kind.name) continue;
      int domain = 0;
      socklen_t size = sizeof(domain);
      ::getsockopt(socket.fd.get(), SOL_SOCKET, SO_DOMAIN, &domain, &size);
      bound.push_back({kind.protocol, socket.name, "a socket of systemd", std::move(socket.fd), domain == AF_UNIX});
      passed.emplace_back(socket.name, domain == AF_UNIX);
      known = true;
    }
    if (!known) {
      Log(Level::kWarning, "a socket of systemd with an unknown name: " + socket.name);
    }
  }
  bool good = true;
  const auto bind = [&](Protocol protocol, const std::string& name, const std::string& where, std::uint32_t mode,
                        const std::string& group) {
    const bool is_unix = !where.empty() && where.front() == '/';
    if (std::find(passed.begin(), passed.end(), std::pair(name, is_unix)) != passed.end()) return;
    good = BindOne(protocol, name, where, mode, group, account, bound) && good;
  };
  const ClamdConfig& clamd_of = config.clamd;
  if (!clamd_of.socket.empty()) bind(Protocol::kClamd, "clamd", clamd_of.socket, clamd_of.mode, clamd_of.group);
  for (const std::string& where : clamd_of.tcp) bind(Protocol::kClamd, "clamd", where, 0, "");
  for (const std::string& where : config.icap.listen) bind(Protocol::kIcap, "icap", where, 0, "");
  const HttpConfig& http = config.http;
  for (const std::string& where : http.listen) bind(Protocol::kHttp, "http", where, http.mode, http.group);
  const KavConfig& kav = config.kav;
  for (const std::string& where : kav.http) bind(Protocol::kKav, "kav-http", where, kav.mode, kav.group);
  for (const std::string& where : kav.line) bind(Protocol::kKav, "kav-line", where, kav.mode, kav.group);
  return good;
}

}  // namespace dl::daemon
