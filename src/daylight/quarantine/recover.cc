// What becomes of an item that a process left on its way, by what its last note
// says and what is on the disk. docs/quarantine.md has it as a table.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "daylight/quarantine/attributes.h"
#include "daylight/quarantine/parts.h"
#include "daylight/report/escape.h"

namespace dl::quarantine {

namespace {

std::string Shown(const std::string& path) { return report::EscapeLine(path); }

class Recovery {
 public:
  explicit Recovery(Context& context) : context_(context) {}

  std::vector<Recovered> Run() {
    const auto items = context_.index.All();
    if (!items) {
      Say("", false, Words(items.error()));
      return std::move(said_);
    }
    for (const Item& item : *items) {
      if (item.state != State::kKept) One(item.id);
    }
    Sweep();
    return std::move(said_);
  }

 private:
  void Say(const std::string& id, bool done, std::string text) { said_.push_back({id, done, std::move(text)}); }

  void Note(Item& item, State state, std::string text) {
    item.state = state;
    if (state == State::kRestored) item.ended_ns = NowNs();
    const auto noted = context_.index.Update(item);
    Say(item.id, noted.has_value(), noted ? std::move(text) : Words(noted.error()));
  }

  void Forget(const Item& item, int fd, std::string text) {
    const auto done = Abandon(context_, item, fd);
    Say(item.id, done.has_value(), done ? std::move(text) : Words(done.error()));
  }

  void One(const std::string& id) {
    auto blob = context_.store.Lock(id, Store::Want::kAny);
    if (!blob) {
      if (blob.error().code != ErrorCode::kBudget) Say(id, false, Words(blob.error()));
      return;  // Somebody is at work on it.
    }
    auto item = context_.index.Find(id);
    if (!item) return Say(id, false, Words(item.error()));
    if (!*item) return;
    const int fd = *blob ? (*blob)->get() : -1;
    switch ((*item)->state) {
      case State::kKept: return;
      case State::kCopying: return Copying(**item);
      case State::kCopied:
      case State::kAside: return Taking(**item, fd);
      case State::kRestoring:
      case State::kPlacing: return Restoring(**item, fd);
      case State::kRestored:
      case State::kDeleted:
        if (fd < 0) return;
        if (const auto removed = RemoveBlob(context_, **item); !removed) Say(id, false, Words(removed.error()));
        return;
    }
  }

  void Copying(const Item& item) {
    Forget(item, -1, Shown(item.origin.path) + ": it was being copied; it stays where it is");
  }

  // Whether `name` is the item's file: the inode that was noted, or a file of the
  // same bytes and time of modification. (Numbers of devices, and on some file systems
  // of inodes, are others after a reboot.)
  struct Found {
    bool there = false;
    bool same = false;  // It has the item's bytes.
    os::Fd fd;          // Invalid, though `there`, when it cannot be opened.
  };
  Found Look(const Place& place, const std::string& name, const Item& item, std::uint64_t device, std::uint64_t inode) {
    Found found;
    const os::FileState& was = item.origin.state;
    const auto seen = os::StateOf(place.folder(), name.c_str());
    if (!seen || !seen->is_regular()) return found;
    found.fd =
        os::Fd(::openat(place.folder(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    const auto state = found.fd.valid() ? os::StateOf(found.fd.get()) : seen;
    if (!state || !state->is_regular()) return {};
    if (found.fd.valid() && state->size == was.size) {
      const auto digest = DigestOfFile(found.fd.get());
      found.same = digest && *digest == item.sha256;
    }
    found.there =
        (state->device == device && state->inode == inode) || (found.same && state->modified_ns == was.modified_ns);
    if (!found.there) return {};
    return found;
  }

  bool IsWhole(const Item& item, int blob) {
    if (blob < 0) return false;
    const auto digest = DigestOfSealed(blob, context_.store.key());
    return digest && *digest == item.sha256;
  }

  // Moves what is at `aside` back to its name, whatever it is.
  bool MoveBack(const Item& item, const Place& place) {
    const auto back = place.MoveBack(item.aside);
    if (!back) {
      Say(item.id, false,
          Shown(place.PathOf(item.aside)) + ": cannot have its name " + Shown(place.leaf()) +
              " back: " + Words(back.error()));
    }
    return back.has_value();
  }

  void Taking(Item& item, int blob) {
    os::FileState& was = item.origin.state;
    const std::string shown = Shown(item.origin.path);
    auto place = Place::Open(item.origin.path);
    if (!place) {
      // Without the folder nothing can be said of the file. If it was only renamed,
      // the copy is all there is of it that anybody can find.
      if (item.state == State::kAside || place.error().offset == ENOENT || place.error().offset == ENOTDIR) {
        return IsWhole(item, blob)
                   ? Note(item, State::kKept, shown + ": its folder is gone; it is kept in quarantine")
                   : Say(item.id, false, shown + ": its folder is gone, and the copy in quarantine is not whole");
      }
      return Say(item.id, false, shown + ": " + Words(place.error()));
    }
    const bool something_aside = place->Exists(item.aside);
    Found found = Look(*place, item.aside, item, was.device, was.inode);
    const bool aside = found.there;
    // Another file that had the name for a moment: it gets it back.
    if (something_aside && !aside) static_cast<void>(MoveBack(item, *place));
    if (!aside) found = Look(*place, place->leaf(), item, was.device, was.inode);
    if (found.there && !found.fd.valid()) {
      return Say(item.id, false, shown + ": cannot open the file to see what became of it");
    }
    const bool whole = IsWhole(item, blob);
    if (!found.there) {
      // Once it was known to be aside, nobody but we removed it.
      if (item.state == State::kAside) {
        if (whole) return Note(item, State::kKept, shown + ": it is in quarantine");
        return Say(item.id, false, shown + ": it is gone, and the copy in quarantine is not whole");
      }
      return Forget(item, -1, shown + ": it was moved or removed by somebody else; it is not in quarantine");
    }
    if (!whole || !found.same) {
      if (aside && !MoveBack(item, *place)) return;
      return Forget(item, found.fd.get(),
                    shown + ": it was changed since, or the copy is not whole; it stays where it is");
    }
    if (!aside) {
      if (const auto now = os::StateOf(found.fd.get())) was.device = now->device, was.inode = now->inode;
      Removal removal = RemoveOriginal(context_, item, found.fd.get(), std::move(*place));
      for (const std::string& warning : removal.warnings) Say(item.id, false, warning);
      if (removal.removed) return Say(item.id, true, shown + ": it is in quarantine");
      return Forget(item, found.fd.get(), shown + ": it stays where it is: " + removal.problem);
    }
    item.state = State::kAside;
    auto removed = context_.index.Update(item);
    if (removed) removed = place->Remove(item.aside);
    if (removed) removed = place->Sync();
    if (!removed) return Say(item.id, false, shown + ": " + Words(removed.error()));
    Note(item, State::kKept, shown + ": it is in quarantine");
  }

  void Restoring(Item& item, int blob) {
    const std::string shown = Shown(item.target);
    const auto place = Place::Open(item.target);
    if (!place) {
      if (blob < 0) return Say(item.id, false, shown + ": " + Words(place.error()));
      return Note(item, State::kKept, shown + ": its folder is gone; the item is kept in quarantine");
    }
    if (item.state == State::kPlacing) {
      const Found file = Look(*place, place->leaf(), item, item.placed_device, item.placed_inode);
      // Somebody else's of the same bytes, which ours was to replace?
      const bool ours =
          place->Is(place->leaf(), item.placed_device, item.placed_inode) || !place->Exists(item.temporary);
      if (file.there && !file.fd.valid()) {
        return Say(item.id, false, shown + ": cannot open the file to see whether it is restored");
      }
      if (file.there && file.same && ours) {
        // A file system without renameat2() may have left it both names.
        if (place->Is(item.temporary, item.placed_device, item.placed_inode)) {
          static_cast<void>(place->Remove(item.temporary));
        }
        static_cast<void>(place->Sync());
        SetHoldingFlags(file.fd.get(), item.origin.flags);
        Note(item, State::kRestored, shown + ": it is restored");
        if (item.state == State::kRestored) static_cast<void>(RemoveBlob(context_, item));
        return;
      }
    }
    // A random name in that folder, of a file that we made.
    static_cast<void>(place->Remove(item.temporary));
    static_cast<void>(place->Sync());
    if (blob < 0) return Say(item.id, false, shown + ": it is not there, and the copy in quarantine is missing");
    Note(item, State::kKept, shown + ": it was being restored; the item is kept in quarantine");
  }

  // Files in quarantine that no entry knows: begun and never noted, or of an index
  // that was lost. A complete one is never thrown away.
  void Sweep() {
    const auto lock = context_.store.LockAll();
    if (!lock) return Say("", false, Words(lock.error()));
    const auto blobs = context_.store.Blobs();
    if (!blobs) return Say("", false, Words(blobs.error()));
    for (const Store::Blob& blob : *blobs) {
      const auto known = context_.index.Find(blob.id);
      if (!known || *known) continue;
      auto held = context_.store.Lock(blob.id, Store::Want::kAny);
      if (!held || !*held) continue;
      if (!blob.complete) {
        static_cast<void>(context_.store.Remove(blob.id));
      } else {
        TakeIn(blob.id, (*held)->get());
      }
    }
  }

  void TakeIn(const std::string& id, int blob) {
    Item item;
    item.id = id;
    const auto reader = SealedReader::Open(blob, context_.store.key());
    const auto digest = DigestOfSealed(blob, context_.store.key());
    if (!reader || !digest || !DecodeRecord(reader->record(), item)) {
      return Say(id, false, "a file in quarantine without an entry in the index cannot be read");
    }
    item.sha256 = *digest;
    item.state = State::kAside;
    if (const auto added = context_.index.Add(item); !added) return Say(id, false, Words(added.error()));
    Say(id, true, Shown(item.origin.path) + ": found in quarantine without an entry in the index");
    Taking(item, blob);
  }

  Context& context_;
  std::vector<Recovered> said_;
};

}  // namespace

std::vector<Recovered> RecoverAll(Context& context) { return Recovery(context).Run(); }

}  // namespace dl::quarantine
