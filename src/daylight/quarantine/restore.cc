// Putting a file back: complete under a temporary name in its folder first, then
// named, then noted, and only then is the copy removed.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "daylight/crypto/digest.h"
#include "daylight/os/io.h"
#include "daylight/quarantine/attributes.h"
#include "daylight/quarantine/parts.h"
#include "daylight/report/escape.h"

namespace dl::quarantine {

namespace {

// The item is kept as before; `temporary` goes.
tl::unexpected<Quarantine::Problem> RollBack(Context& context, Item& item, const Place& place, std::string problem) {
  static_cast<void>(place.Remove(item.temporary));
  item.state = State::kKept;
  if (const auto noted = context.index.Update(item); !noted) problem += "; " + Words(noted.error());
  return Trouble(std::move(problem));
}

Status Fill(const Context& context, const Item& item, int blob, int to) {
  crypto::Sha256 digest;
  bool half = false;
  const auto filled = ReadSealed(blob, context.store.key(), [&](Bytes part) {
    digest.Update(part);
    auto written = os::WriteAll(to, AsText(part));
    if (!std::exchange(half, true)) context.At(Step::kHalfRestored);
    return written;
  });
  if (!filled) return filled;
  const auto value = digest.Finish();
  if (std::memcmp(value.data(), item.sha256.data(), value.size()) != 0) {
    return Fail(ErrorCode::kMalformed, "the sealed file has another digest than the item");
  }
  return {};
}

}  // namespace

Quarantine::Done<RestoreOutcome> RestoreItem(Context& context, const RestoreRequest& request) {
  auto held = HoldKept(context, request.id);
  if (!held) return Trouble(held.error().text);
  Item& item = held->item;
  item.target = request.target.empty() ? item.origin.path : request.target;
  const std::string shown = report::EscapeLine(item.target);
  auto place = Place::Open(item.target);
  if (!place) return Trouble(shown + ": " + Words(place.error()));
  if (!request.overwrite && place->Exists(place->leaf())) {
    return Trouble(shown + ": something has that name already");
  }
  item.temporary = RandomName();
  item.state = State::kRestoring;
  if (const auto noted = context.index.Update(item); !noted) return Trouble(noted.error());
  context.At(Step::kRestoringNoted);

  const os::Fd file(::openat(place->folder(), item.temporary.c_str(),
                             O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600));
  const auto made = os::StateOf(file.get());
  if (!file.valid() || !made) {
    return RollBack(context, item, *place, shown + ": cannot make a file in its folder: " + std::strerror(errno));
  }
  context.At(Step::kTemporaryMade);
  item.placed_device = made->device;
  item.placed_inode = made->inode;
  item.state = State::kPlacing;
  if (const auto noted = context.index.Update(item); !noted) {
    return RollBack(context, item, *place, Words(noted.error()));
  }
  context.At(Step::kPlacingNoted);

  RestoreOutcome outcome;
  outcome.path = item.target;
  if (const auto filled = Fill(context, item, held->blob.get(), file.get()); !filled) {
    return RollBack(context, item, *place, shown + ": " + Words(filled.error()));
  }
  ApplyOrigin(file.get(), item.origin, outcome.not_set);
  if (::fsync(file.get()) != 0) {
    return RollBack(context, item, *place, shown + ": cannot sync the file: " + std::strerror(errno));
  }
  context.At(Step::kRestored);
  const auto placed = request.overwrite ? place->MoveOver(item.temporary) : place->MoveBack(item.temporary);
  if (!placed) return RollBack(context, item, *place, shown + ": " + Words(placed.error()));
  // Somebody who may write in that folder can have put another file there.
  if (!place->Is(place->leaf(), item.placed_device, item.placed_inode)) {
    return RollBack(context, item, *place, shown + ": another file has that name; the item stays in quarantine");
  }
  const auto synced = place->Sync();
  context.At(Step::kPlaced);
  if (!SetHoldingFlags(file.get(), item.origin.flags)) {
    outcome.not_set.push_back(std::string("flags of chattr: ") + std::strerror(errno));
  }
  if (!synced) outcome.not_set.push_back(Words(synced.error()));
  item.state = State::kRestored;
  item.ended_ns = NowNs();
  // Without the note Recover() finds the file in its place and comes to the same end.
  if (const auto noted = context.index.Update(item); !noted)
    return Trouble(shown + ": it is back, but " + Words(noted.error()));
  context.At(Step::kRestoredNoted);
  if (const auto removed = RemoveBlob(context, item); !removed) return Trouble(removed.error());
  return outcome;
}

}  // namespace dl::quarantine
