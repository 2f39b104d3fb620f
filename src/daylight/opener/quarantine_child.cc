#include "daylight/opener/quarantine_child.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "daylight/opener/child.h"
#include "daylight/opener/mount_table.h"
#include "daylight/opener/packet.h"

namespace dl::opener {

namespace {

Taken Refusal(std::string reason) { return {TakeOutcome::kRefused, {}, std::move(reason)}; }

Taken Run(const TakeRequest& request, int file, const std::vector<std::string>& own_folders,
          const TakeHandler& handler) {
  if (!request.path.starts_with('/') || request.path.find('\0') != std::string::npos) return Refusal("not a path");
  const std::string name = "/proc/self/fd/" + std::to_string(file);
  std::array<char, 8192> target;
  const ssize_t n = ::readlink(name.c_str(), target.data(), target.size());
  const std::string_view real(target.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
  const auto holds = [&](const std::string& folder) { return IsBelow(request.path, folder) || IsBelow(real, folder); };
  if (real.empty() || std::any_of(own_folders.begin(), own_folders.end(), holds)) {
    return Refusal("it belongs to Daylight itself");
  }
  if (!handler) return Refusal("there is no quarantine");
  return handler(request, file);
}

}  // namespace

Result<TakeChild> StartTake(const TakeRequest& request, int file, const std::vector<std::string>& own_folders,
                            const TakeHandler& handler) {
  DL_TRY(PacketPair pair, CreatePacketPair());
  const pid_t pid = ::fork();
  if (pid < 0) return Fail(ErrorCode::kIo, "cannot start a process", static_cast<std::uint64_t>(errno));
  if (pid == 0) {
    BecomeChild({pair.theirs.get(), file});
    // Not ended with its parent: what was begun is finished.
    static_cast<void>(SendPacket(3, Encode(0, Run(request, 4, own_folders, handler)), -1));
    ::_exit(0);
  }
  return TakeChild{std::move(pair.ours), pid};
}

Taken ReadTaken(int socket) {
  std::string buffer(kMaxPacketBytes, '\0');
  const auto packet = ReceivePacket(socket, buffer);
  if (packet && !packet->none && !packet->ended) {
    const auto header = ParseHeader(packet->bytes);
    if (header) {
      if (auto taken = Decode<Taken>(*header, packet->bytes)) return std::move(*taken);
    }
  }
  return {TakeOutcome::kFailed, {}, "the process that moves files ended early"};
}

}  // namespace dl::opener
