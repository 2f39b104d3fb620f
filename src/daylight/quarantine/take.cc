// Taking a file. docs/quarantine.md has the steps and what can happen between them.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "daylight/crypto/digest.h"
#include "daylight/os/paths.h"
#include "daylight/quarantine/attributes.h"
#include "daylight/quarantine/packages.h"
#include "daylight/quarantine/parts.h"

namespace dl::quarantine {

namespace {

using Kind = TakeOutcome::Kind;

// How often a name that is changed under our hands is tried. Whoever changes it can
// do so for ever.
constexpr int kAttempts = 20;

bool SameFile(const os::FileState& a, const os::FileState& b) { return a.device == b.device && a.inode == b.inode; }

// Whether it is what was scanned, as far as a rename by ourselves leaves it. (On an
// overlay a rename makes a new file of one that is below, born now.)
bool SameContent(const os::FileState& a, const os::FileState& b) {
  return SameFile(a, b) && a.size == b.size && a.modified_ns == b.modified_ns;
}

bool IsAmong(const os::FileState& file, const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0 && info.st_dev == file.device && info.st_ino == file.inode) return true;
  }
  return false;
}

// Whether the open folder is one of ours or below one, by walking up, whatever the
// path that led there looks like.
bool IsInOwnFolder(const Context& context, int folder) {
  os::Fd at(::openat(folder, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  std::optional<os::FileState> here = os::StateOf(at.get());
  while (at.valid() && here) {
    if (context.store.IsFolder(here->device, here->inode) || IsAmong(*here, context.options.own_folders)) return true;
    at = os::Fd(::openat(at.get(), "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
    const auto above = os::StateOf(at.get());
    if (above && SameFile(*above, *here)) return false;  // The root.
    here = above;
  }
  return false;
}

struct Refusal {
  Kind kind = Kind::kFailed;
  std::string detail;
};

Refusal RefusalOf(const Error& error) {
  const bool io = error.code == ErrorCode::kIo;
  const int number = io ? static_cast<int>(error.offset) : 0;
  const Kind kind = number == ENOSPC || number == EDQUOT || number == EFBIG                     ? Kind::kNoSpace
                    : number == EROFS || number == EACCES || number == EPERM || number == EBUSY ? Kind::kNotPermitted
                                                                                                : Kind::kFailed;
  return {kind, Words(error)};
}

// Copies all of `fd` into the blob; `sha256` is of what was copied.
Status Copy(const Context& context, int fd, const os::FileState& state, int blob, std::string_view record,
            std::array<std::uint8_t, 32>& sha256) {
  DL_TRY(SealedWriter writer, SealedWriter::Start(blob, context.store.key(), record));
  crypto::Sha256 digest;
  std::string buffer(1u << 20, '\0');
  std::uint64_t at = 0;
  bool half = false;
  for (;;) {
    // At its size and not a byte further: one that grows is noticed afterwards.
    const std::size_t want = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), state.size - at));
    const ssize_t n = want == 0 ? 0 : ::pread(fd, buffer.data(), want, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Fail(ErrorCode::kIo, "cannot read the file", static_cast<std::uint64_t>(errno));
    if (n == 0) break;
    const Bytes part = AsBytes(std::string_view(buffer).substr(0, static_cast<std::size_t>(n)));
    digest.Update(part);
    DL_TRY_STATUS(writer.Write(part));
    at += static_cast<std::uint64_t>(n);
    if (!std::exchange(half, true)) context.At(Step::kHalfCopied);
  }
  if (at != state.size) return Fail(ErrorCode::kTruncated, "the file became shorter while it was copied");
  DL_TRY_STATUS(writer.Finish());
  const auto value = digest.Finish();
  std::memcpy(sha256.data(), value.data(), sha256.size());
  context.At(Step::kCopied);
  return {};
}

// Whoever asks may be taken over: what he says is kept, but not without end.
constexpr std::size_t kMaxTextBytes = 4096;
constexpr std::size_t kMaxDetections = 100;

void TakeOver(const Request& request, Item& item) {
  const auto bounded = [](const std::string& text) { return text.substr(0, kMaxTextBytes); };
  for (const Detection& found : request.detections) {
    if (item.detections.size() == kMaxDetections) break;
    item.detections.push_back(
        {bounded(found.engine), bounded(found.name), bounded(found.source), bounded(found.object)});
  }
  item.reason = bounded(request.reason);
  item.requester = bounded(request.requester);
}

// Two that take one file at once would each have a copy.
bool IsBeingTaken(const Context& context, const os::FileState& state) {
  const auto items = context.index.BeingTaken();
  return items && std::any_of(items->begin(), items->end(),
                              [&](const Item& item) { return SameFile(item.origin.state, state); });
}

// Whether the file is what was copied. Who renames it all the time moves its change
// time, and must not keep it from being taken: then its bytes are looked at again.
bool IsStill(int fd, const os::FileState& before, const std::array<std::uint8_t, 32>& sha256) {
  const auto now = os::StateOf(fd);
  if (!now || *now == before) return now.has_value();
  if (!SameContent(*now, before)) return false;
  const auto digest = DigestOfFile(fd);
  return digest && *digest == sha256;
}

// What speaks against taking it, before anything is done.
std::optional<Refusal> Objection(const Context& context, const Request& request, const Place& place,
                                 const Origin& origin, std::string& package) {
  if (IsAmong(origin.state, context.options.own_files) || IsInOwnFolder(context, place.folder())) {
    return Refusal{Kind::kOwnFile, "it belongs to Daylight itself"};
  }
  if (!request.insist && !context.options.package_database.empty()) {
    const auto found = PristinePackage(context.options.package_database, place.PathOf(place.leaf()), request.fd);
    if (found) {
      package = *found;
      return Refusal{Kind::kPackageFile, "it is as the installed package " + *found + " has it"};
    }
  }
  if (HoldingFlags(origin.flags) != 0 && !request.clear_flags) {
    return Refusal{Kind::kHeld, "it is immutable or append-only (chattr)"};
  }
  if (::faccessat(place.folder(), ".", W_OK | X_OK, AT_EACCESS) != 0) {
    return RefusalOf(Error{ErrorCode::kIo, "its folder cannot be written", static_cast<std::uint64_t>(errno)});
  }
  // The record is small beside what file systems keep for themselves.
  const std::uint64_t needed = SealedBytes(origin.state.size, 1u << 16);
  const std::uint64_t free = context.store.FreeBytes();
  if (needed > free || free - needed < context.options.keep_free_bytes) {
    return Refusal{Kind::kNoSpace, "the quarantine's file system has no space for it"};
  }
  return std::nullopt;
}

// Takes the file's name away, round by round while somebody changes it.
class Remover {
 public:
  Remover(Context& context, Item& item, int fd) : context_(context), item_(item), fd_(fd) {}

  Removal Run(Place place) {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      if (attempt > 0) {
        auto found = Locate(fd_, item_.origin.state, item_.origin.path);
        if (!found) break;
        place = std::move(*found);
      }
      if (Round(place)) continue;
      if (result_.removed || !unlinked_) return std::move(result_);
      result_.warnings.push_back(result_.problem);
      break;
    }
    // A name was removed, so the copy must stay, whatever else there is.
    if (unlinked_) return Keep();
    return Stop(Kind::kMoved, "it is not at its path any more, or its name keeps changing");
  }

 private:
  Removal Stop(Kind kind, std::string problem) {
    result_.kind = kind;
    result_.problem = std::move(problem);
    return std::move(result_);
  }
  bool Refuse(const Error& error) {
    const Refusal refusal = RefusalOf(error);
    result_.kind = refusal.kind;
    result_.problem = refusal.detail;
    return false;
  }

  Removal Keep() {
    item_.state = State::kKept;
    if (const auto noted = context_.index.Update(item_); !noted) {
      // Recover() finds it as kAside and comes to the same end.
      result_.warnings.push_back(Words(noted.error()));
    }
    context_.At(Step::kKeptNoted);
    result_.removed = true;
    result_.kind = Kind::kTaken;
    result_.links_left = LinksOf(fd_);
    return std::move(result_);
  }

  // What was moved aside gets its name back. Never over what has the name now.
  void MoveBack(const Place& place) {
    if (const auto back = place.MoveBack(item_.aside); !back) {
      result_.warnings.push_back("what had the name " + place.PathOf(place.leaf()) + " is at " +
                                 place.PathOf(item_.aside) + " now: " + Words(back.error()));
    }
    context_.At(Step::kMovedBack);
  }

  // True when it is to be tried again.
  bool Round(const Place& place) {
    item_.state = State::kCopied;
    item_.origin.path = place.PathOf(place.leaf());
    item_.aside = RandomName();
    if (const auto noted = context_.index.Update(item_); !noted) return Refuse(noted.error());
    context_.At(Step::kCopiedNoted);
    if (HoldingFlags(FlagsOf(fd_)) != 0) {
      if (!ClearHoldingFlags(fd_)) {
        return Refuse(Error{ErrorCode::kIo, "cannot clear its flags", static_cast<std::uint64_t>(errno)});
      }
      context_.At(Step::kFlagsCleared);
    }
    if (const auto moved = place.MoveAside(item_.aside); !moved) {
      if (moved.error().offset == ENOENT || moved.error().offset == EEXIST) return true;
      return Refuse(moved.error());
    }
    context_.At(Step::kMovedAside);
    // Whatever had the name at that moment is aside now. Is it what was scanned?
    if (!place.Is(item_.aside, item_.origin.state.device, item_.origin.state.inode)) {
      MoveBack(place);
      return true;
    }
    const auto state = os::StateOf(fd_);
    if (!state || !SameContent(*state, item_.origin.state)) {
      MoveBack(place);
      result_.kind = Kind::kChanged;
      result_.problem = "it was changed while it was taken";
      return false;
    }
    context_.At(Step::kCompared);
    // The new name must be on the disk before the journal relies on it.
    auto noted = place.Sync();
    if (noted) {
      item_.state = State::kAside;
      noted = context_.index.Update(item_);
    }
    if (!noted) {
      item_.state = State::kCopied;
      MoveBack(place);
      return Refuse(noted.error());
    }
    context_.At(Step::kAsideNoted);
    result_.still_open = IsOpenElsewhere(fd_);
    const std::uint64_t links = LinksOf(fd_);
    if (const auto removed = place.Remove(item_.aside); !removed) {
      // Gone already: by somebody who may write there.
      if (removed.error().offset == ENOENT) return true;
      MoveBack(place);
      return Refuse(removed.error());
    }
    unlinked_ = true;
    context_.At(Step::kRemoved);
    if (const auto synced = place.Sync(); !synced) result_.warnings.push_back(Words(synced.error()));
    // Had somebody put another file (of his own: he could have removed it himself)
    // in its place, this one would have as many names as before.
    if (LinksOf(fd_) >= links && links != 0 && PathOfOpen(fd_)) return true;
    result_ = Keep();
    return false;
  }

  Context& context_;
  Item& item_;
  int fd_;
  bool unlinked_ = false;
  Removal result_;
};

}  // namespace

std::string_view TakeKindName(Kind kind) {
  switch (kind) {
    case Kind::kTaken: return "taken";
    case Kind::kPackageFile: return "package file";
    case Kind::kOwnFile: return "own file";
    case Kind::kHeld: return "immutable";
    case Kind::kChanged: return "changed";
    case Kind::kGone: return "gone";
    case Kind::kMoved: return "moved";
    case Kind::kNotPermitted: return "not permitted";
    case Kind::kNoSpace: return "no space";
    case Kind::kBusy: return "busy";
    case Kind::kNotRegular: return "not a regular file";
    case Kind::kFailed: return "failed";
  }
  return "failed";
}

Result<Place> Locate(int fd, const os::FileState& state, const std::string& path) {
  auto place = Place::Open(path);
  if (place && place->Is(place->leaf(), state.device, state.inode)) return place;
  // Renamed since, or reached by a link: the kernel knows where it is now.
  if (const auto now = PathOfOpen(fd); now && *now != path) {
    auto other = Place::Open(*now);
    if (other && other->Is(other->leaf(), state.device, state.inode)) return other;
  }
  if (!place) return place;
  return Fail(ErrorCode::kUnsupported, "it is not at its path any more");
}

Removal RemoveOriginal(Context& context, Item& item, int fd, Place place) {
  return Remover(context, item, fd).Run(std::move(place));
}

Status Abandon(Context& context, const Item& item, int fd) {
  if (fd >= 0) SetHoldingFlags(fd, item.origin.flags);
  // The copy first: one that no entry knows would be taken for a lost item.
  DL_TRY_STATUS(context.store.Remove(item.id));
  context.At(Step::kBlobRemoved);
  return context.index.Remove(item.id);
}

TakeOutcome TakeFile(Context& context, const Request& request) {
  TakeOutcome outcome;
  outcome.path = request.path;
  const auto stop = [&](Kind kind, std::string detail) {
    outcome.kind = kind;
    outcome.detail = std::move(detail);
    return std::move(outcome);
  };
  auto state = os::StateOf(request.fd);
  // Left on its way by a process that is gone?
  if (state && IsBeingTaken(context, *state)) {
    static_cast<void>(RecoverAll(context));
    if (LinksOf(request.fd) == 0)
      return stop(Kind::kGone, "it is in quarantine already: what was interrupted is finished now");
    state = os::StateOf(request.fd);
  }
  if (!state) return stop(Kind::kFailed, "cannot look at the open file");
  if (!state->is_regular()) return stop(Kind::kNotRegular, "it is not a regular file");
  outcome.inode = state->inode;
  if (request.expected && *state != *request.expected && !(request.sha256 && SameContent(*state, *request.expected))) {
    return stop(Kind::kChanged, "it is not as it was scanned");
  }
  if (LinksOf(request.fd) == 0) return stop(Kind::kGone, "it is removed already");
  auto place = Locate(request.fd, *state, request.path);
  if (!place) {
    const Refusal refusal = RefusalOf(place.error());
    return stop(refusal.kind == Kind::kNotPermitted ? refusal.kind : Kind::kMoved, refusal.detail);
  }
  outcome.path = place->PathOf(place->leaf());

  Item item;
  item.origin = ReadOrigin(request.fd, *state, outcome.warnings);
  item.origin.path = outcome.path;
  if (auto objection = Objection(context, request, *place, item.origin, outcome.package)) {
    return stop(objection->kind, std::move(objection->detail));
  }
  TakeOver(request, item);
  item.taken_ns = NowNs();
  item.aside = RandomName();

  // The first traces, which Recover() must not see one by one.
  os::Fd blob;
  {
    const auto lock = context.store.LockAll();
    if (!lock) return stop(Kind::kFailed, Words(lock.error()));
    if (IsBeingTaken(context, *state)) return stop(Kind::kBusy, "another process is taking it");
    item.id = RandomId();
    auto made = context.store.Create(item.id);
    if (!made) {
      const Refusal refusal = RefusalOf(made.error());
      return stop(refusal.kind, refusal.detail);
    }
    blob = std::move(*made);
    context.At(Step::kBlobMade);
    if (const auto noted = context.index.Add(item); !noted) {
      static_cast<void>(context.store.Remove(item.id));
      const Refusal refusal = RefusalOf(noted.error());
      return stop(refusal.kind, refusal.detail);
    }
    context.At(Step::kCopyingNoted);
  }
  const auto give_up = [&](Kind kind, std::string detail) {
    if (const auto done = Abandon(context, item, request.fd); !done) detail += "; " + Words(done.error());
    return stop(kind, std::move(detail));
  };
  auto copied = Copy(context, request.fd, *state, blob.get(), EncodeRecord(item), item.sha256);
  if (copied) copied = context.store.Complete(item.id, blob.get());
  if (!copied) {
    const Refusal refusal = RefusalOf(copied.error());
    return give_up(copied.error().code == ErrorCode::kTruncated ? Kind::kChanged : refusal.kind, refusal.detail);
  }
  context.At(Step::kCompleted);
  if (request.sha256 && *request.sha256 != item.sha256) {
    return give_up(Kind::kChanged, "it is not as it was scanned");
  }
  if (!IsStill(request.fd, *state, item.sha256)) return give_up(Kind::kChanged, "it was changed while it was copied");

  Removal removal = RemoveOriginal(context, item, request.fd, std::move(*place));
  outcome.warnings.insert(outcome.warnings.end(), removal.warnings.begin(), removal.warnings.end());
  if (!removal.removed) return give_up(removal.kind, std::move(removal.problem));
  outcome.kind = Kind::kTaken;
  outcome.id = item.id;
  outcome.path = item.origin.path;
  outcome.links_left = removal.links_left;
  outcome.still_open = removal.still_open;
  return outcome;
}

}  // namespace dl::quarantine
