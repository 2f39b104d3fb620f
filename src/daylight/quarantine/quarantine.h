// Quarantine moves detected files to where they do no harm, and back.
//
//   DL_TRY(auto quarantine, Quarantine::Open("/var/lib/daylight/quarantine", options));
//   for (const Recovered& done : quarantine->Recover()) Log(done.text);   // Once, at the start.
//   const TakeOutcome taken = quarantine->Take({.fd = fd, .path = path, .expected = state, .reason = "detected"});
//   if (taken.kind != TakeOutcome::Kind::kTaken) Log(taken.detail);
//
// However a process ends during any of this, every file is in exactly one place,
// its own or the quarantine, once Recover() has run. Recover() leaves alone what
// another process is at work on. docs/quarantine.md tells how.
//
// One thread, and the process that opened it: not across fork(). Several processes
// may have the same folder open at once.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/quarantine/item.h"

namespace dl::quarantine {

// Between which a process may be killed; tests do it at each.
enum class Step : std::uint8_t {
  kBlobMade,
  kCopyingNoted,
  kHalfCopied,
  kCopied,
  kCompleted,
  kCopiedNoted,
  kFlagsCleared,
  kMovedAside,
  kCompared,
  kAsideNoted,
  kRemoved,
  kKeptNoted,
  kMovedBack,
  kBlobRemoved,
  kRestoringNoted,
  kTemporaryMade,
  kPlacingNoted,
  kHalfRestored,
  kRestored,
  kPlaced,
  kRestoredNoted,
  kDeletedNoted,
};
inline constexpr Step kLastStep = Step::kDeletedNoted;

struct Options {
  bool make_folder = true;  // If it is not there.
  // Never moved: what lies in these folders, or is one of these files (whatever
  // other name it is called by). The quarantine's own folder always counts.
  std::vector<std::string> own_folders;
  std::vector<std::string> own_files;
  std::string package_database = "/var/lib/dpkg";  // Empty: there is none.
  std::uint64_t keep_free_bytes = 0;               // On the quarantine's file system.
  std::function<void(Step)> at_step;               // For tests.
};

// With what belongs to an installation whose programs are in this folder.
void AddOwnParts(Options& options, const std::string& program_folder);

struct Request {
  // What was scanned, open for reading. Borrowed; its offset is left alone, leases on
  // it are given up.
  int fd = -1;
  // As it was reached; where that does not lead to the file (any more), the kernel is
  // asked for its name.
  std::string path = {};
  // When it was scanned; without, as it is now. A change time that moved since (a
  // rename, chmod()) is forgiven to a file with this digest.
  std::optional<os::FileState> expected = {};
  std::optional<std::array<std::uint8_t, 32>> sha256 = {};
  // Of these the first hundred are kept, and 4 KiB of each text.
  std::vector<Detection> detections = {};
  std::string reason = {};     // For people.
  std::string requester = {};  // Who asks, for people: "root", "on access"...
  bool insist = false;         // Files of packages, too.
  bool clear_flags = false;    // Immutable and append-only files, too.
};

struct TakeOutcome {
  enum class Kind : std::uint8_t {
    kTaken,
    // Everything else: the file is where it was.
    kPackageFile,   // `package` has it, and its checksum is right.
    kOwnFile,       // Daylight's.
    kHeld,          // Immutable or append-only.
    kChanged,       // It is not what was scanned any more.
    kGone,          // It has no name any more.
    kMoved,         // It is not at its path, nor where the kernel says.
    kNotPermitted,  // A read-only mount, a folder without the right to write, a mount point...
    kNoSpace,
    kBusy,  // Another process is taking it.
    kNotRegular,
    kFailed,  // The quarantine has a trouble of its own.
  };
  Kind kind = Kind::kFailed;
  std::string id;      // For kTaken.
  std::string path;    // Where it was; for kTaken the one that it was taken from.
  std::string detail;  // For people, unless kTaken.
  std::string package;
  std::uint64_t links_left = 0;  // Names that it still has elsewhere; `inode` finds them.
  std::uint64_t inode = 0;
  std::optional<bool> still_open;     // By somebody, who can go on with it; nothing when that is not known.
  std::vector<std::string> warnings;  // Attributes that could not be read; another file that had to be left aside.
};
std::string_view TakeKindName(TakeOutcome::Kind kind);  // "taken", "package file"...

struct RestoreRequest {
  std::string id = {};
  std::string target = {};  // Empty: where it was.
  bool overwrite = false;   // What has the name.
};
struct RestoreOutcome {
  std::string path;
  std::vector<std::string> not_set;  // Attributes that could not be given back.
};

struct Recovered {
  std::string id;
  bool done = true;  // False: another process has it, or it needs somebody to look.
  std::string text;  // For people.
};

class Quarantine {
 public:
  // Makes the folder if need be. `folder` must be for the caller only (0700).
  static Result<std::unique_ptr<Quarantine>> Open(const std::string& folder, Options options);
  ~Quarantine();
  Quarantine(const Quarantine&) = delete;
  Quarantine& operator=(const Quarantine&) = delete;

  TakeOutcome Take(const Request& request);

  // All, in the order in which they were taken; with what was restored and deleted.
  Result<std::vector<Item>> List() const;
  // By an id or the beginning of one (four letters at least). kUnsupported when
  // there is none or more than one.
  Result<Item> Find(const std::string& id) const;

  // Problems are for people; they name what stands in the way.
  struct Problem {
    std::string text;
  };
  template <typename T>
  using Done = tl::expected<T, Problem>;

  // Ids are whole ones from here on.
  Done<RestoreOutcome> Restore(const RestoreRequest& request);
  Done<void> Delete(const std::string& id);
  // Entries of what was restored or deleted before this time; how many there were.
  Result<std::size_t> Forget(std::int64_t ended_before_ns);
  // The file's bytes to a descriptor, after a look at all of them: nothing is
  // written of what is damaged. `zip`: in a ZIP with the password "infected".
  Done<void> Export(const std::string& id, int to, bool zip);

  // Finishes or rolls back what processes left undone that are gone.
  std::vector<Recovered> Recover();

 private:
  struct Parts;
  explicit Quarantine(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace dl::quarantine
