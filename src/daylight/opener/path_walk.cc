#include "daylight/opener/path_walk.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>

#include "daylight/opener/child.h"
#include "daylight/os/io.h"
#include "daylight/os/paths.h"
#include "daylight/os/priority.h"
#include "daylight/os/walk.h"

namespace dl::opener {

namespace {

constexpr int kSocket = 3;

// The other side is gone when this fails.
template <typename T>
bool Tell(std::uint64_t id, const T& message, int fd = -1) {
  const auto sent = SendPacket(kSocket, Encode(id, message), fd);
  return sent && *sent;
}

WalkFile FailedFile(std::string path, std::string reason) {
  WalkFile file;
  file.path = std::move(path);
  file.failed = true;
  file.reason = std::move(reason);
  return file;
}

void Walk(const WalkRequest& request) {
  os::WalkOptions options;
  options.follow = request.follow;
  options.one_file_system = request.one_file_system;
  options.exclude = request.exclude;
  if (auto masks = os::PathMasks::Parse(request.exclude_masks, request.only_masks)) options.masks = std::move(*masks);
  const bool has_masks = !options.masks.empty();
  os::Walker walker(std::move(options));
  // Masks are held against paths as they are, not as somebody may spell them.
  walker.Add(has_masks ? os::Absolute(request.path, "/") : request.path);
  WalkEnd end;
  std::uint64_t number = 0;
  while (auto entry = walker.Next()) {
    using Kind = os::WalkEntry::Kind;
    if (entry->kind == Kind::kSkipped) {
      ++end.skipped;
      continue;
    }
    if (entry->kind == Kind::kEntered) {
      if (request.recursive) continue;
      ++end.failed;
      Tell(number, FailedFile(entry->path, "a folder"));
      break;
    }
    if (request.limit > 0 && end.files + end.failed >= request.limit) {
      end.limit_reached = true;
      break;
    }
    if (entry->kind == Kind::kFailed) {
      ++end.failed;
      if (!Tell(++number, FailedFile(std::move(entry->path), std::move(entry->reason)))) return;
      continue;
    }
    ++end.files;
    WalkFile file;
    file.path = std::move(entry->path);
    file.size = entry->size;
    file.modified_ns = entry->modified_ns;
    file.owner = entry->owner;
    if (!Tell(++number, file, entry->fd.get())) return;
  }
  Tell(number, end);
}

[[noreturn]] void RunChild(const WalkRequest& request, WalkRights rights, int socket, pid_t parent) {
  BecomeChild({socket});
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  if (request.idle) os::MakeIdle(0);
  if (rights == WalkRights::kOfRequest) {
    if (const auto taken = TakeRights(request.uid, request.gid, request.groups); !taken) {
      const std::string why = std::string(taken.error().what) + ": " + os::Describe(taken.error());
      if (Tell(0, FailedFile(request.path, why))) Tell(0, WalkEnd{.failed = 1});
      ::_exit(1);
    }
  }
  EndWithParent(parent);
  Walk(request);
  // Not exit(): what the parent has registered is the parent's.
  ::_exit(0);
}

}  // namespace

Status CheckWalkRequest(const WalkRequest& request) {
  if (!request.path.starts_with('/') || request.path.find('\0') != std::string::npos) {
    return Fail(ErrorCode::kMalformed, "a path to walk must be absolute");
  }
  if (request.path.size() > kMaxPathBytes) return Fail(ErrorCode::kBudget, "the path is too long");
  // Fewer groups could be more rights, where a file shuts one out.
  if (request.groups.size() > kMaxGroups) return Fail(ErrorCode::kBudget, "too many groups");
  if (request.exclude.size() > kMaxExcludes) return Fail(ErrorCode::kBudget, "too many patterns");
  for (const std::string& glob : request.exclude) {
    if (glob.size() > kMaxExcludeBytes) return Fail(ErrorCode::kBudget, "a pattern is too long");
  }
  // Each costs its length besides; with fewer of them more files would be walked than may be.
  if (request.exclude_masks.size() > kMaxMasks || request.only_masks.size() > kMaxMasks) {
    return Fail(ErrorCode::kBudget, "too many masks");
  }
  std::size_t together = 0;
  for (const auto* masks : {&request.exclude_masks, &request.only_masks}) {
    for (const std::string& mask : *masks) together += mask.size();
  }
  if (together > kMaxMaskBytesTogether) return Fail(ErrorCode::kBudget, "the masks are too long, all together");
  DL_TRY_STATUS(os::PathMasks::Parse(request.exclude_masks, request.only_masks));
  return {};
}

Result<PathWalk> StartPathWalk(const WalkRequest& request, WalkRights rights) {
  DL_TRY_STATUS(CheckWalkRequest(request));
  DL_TRY(PacketPair pair, CreatePacketPair());
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return Fail(ErrorCode::kIo, "cannot start a process", static_cast<std::uint64_t>(errno));
  if (pid == 0) RunChild(request, rights, pair.theirs.get(), parent);
  return PathWalk{std::move(pair.ours), std::move(pair.theirs), pid};
}

WalkReader::WalkReader(os::Fd socket) : socket_(std::move(socket)), buffer_(kMaxPacketBytes, '\0') {}

Result<WalkReader::Step> WalkReader::Next() {
  DL_TRY(Packet packet, ReceivePacket(socket_.get(), buffer_));
  Step step;
  if (packet.none) return step;
  if (packet.ended) return Fail(ErrorCode::kTruncated, "the walk broke off");
  DL_TRY(const Header header, ParseHeader(packet.bytes));
  if (header.kind == MessageKind::kWalkEnd) {
    DL_TRY(step.end, Decode<WalkEnd>(header, packet.bytes));
    step.kind = Step::Kind::kEnd;
    return step;
  }
  DL_TRY(step.file, Decode<WalkFile>(header, packet.bytes));
  if (step.file.failed == packet.fd.valid()) {
    return Fail(ErrorCode::kMalformed, "a file without a descriptor, or one too many");
  }
  step.kind = Step::Kind::kFile;
  step.fd = std::move(packet.fd);
  return step;
}

}  // namespace dl::opener
