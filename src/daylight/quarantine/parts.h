// What the operations of a quarantine share. Private to the room.
#pragma once

#include <cstring>
#include <string>
#include <utility>

#include "daylight/quarantine/index.h"
#include "daylight/quarantine/place.h"
#include "daylight/quarantine/quarantine.h"
#include "daylight/quarantine/store.h"

namespace dl::quarantine {

struct Context {
  Store store;
  Index index;
  Options options;

  void At(Step step) const {
    if (options.at_step) options.at_step(step);
  }
};

struct Quarantine::Parts {
  Context context;
};

TakeOutcome TakeFile(Context& context, const Request& request);
std::vector<Recovered> RecoverAll(Context& context);
Quarantine::Done<RestoreOutcome> RestoreItem(Context& context, const RestoreRequest& request);
Quarantine::Done<void> DeleteItem(Context& context, const std::string& id);
Quarantine::Done<void> ExportItem(Context& context, const std::string& id, int to, bool zip);

std::int64_t NowNs();
// "what: the system's words", for people.
std::string Words(const Error& error);

// The digest of a sealed file, once all of it is known to be authentic.
Result<std::array<std::uint8_t, 32>> DigestOfSealed(int blob, const Key& key);
Result<std::array<std::uint8_t, 32>> DigestOfFile(int fd);

// The way from kCopied to kKept: the file, open as `fd`, loses the name that it has
// at `place`. The item's copy is complete.
struct Removal {
  bool removed = false;  // The item is kept. Else the file is at its name, unless `stranded`.
  TakeOutcome::Kind kind = TakeOutcome::Kind::kFailed;
  std::string problem;
  std::uint64_t links_left = 0;
  std::optional<bool> still_open;
  std::vector<std::string> warnings;
};
Removal RemoveOriginal(Context& context, Item& item, int fd, Place place);

// Whichever of the path given and the one that the kernel knows leads to the file.
Result<Place> Locate(int fd, const os::FileState& state, const std::string& path);

// Back to before kCopying: the file, if it is open as `fd`, gets the flags it had,
// and the item is forgotten.
Status Abandon(Context& context, const Item& item, int fd);

// A kept item, and its sealed file, locked for the caller.
struct Held {
  Item item;
  os::Fd blob;
};
Quarantine::Done<Held> HoldKept(Context& context, const std::string& id);
tl::unexpected<Quarantine::Problem> Trouble(std::string text);
tl::unexpected<Quarantine::Problem> Trouble(const Error& error);

// Has the copy of an item go that is kRestored or kDeleted already.
Status RemoveBlob(Context& context, const Item& item);

}  // namespace dl::quarantine
