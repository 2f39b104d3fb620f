// Item: one file in quarantine, and what is known of where it came from.
//
//   const std::string record = EncodeRecord(item);   // Into the index and the sealed file.
//   DL_TRY_STATUS(DecodeRecord(record, item));
//
// Plain values.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/os/file_state.h"

namespace dl::quarantine {

struct Detection {
  std::string engine;  // "yara"
  std::string name;
  std::string source;
  std::string object;  // The way to the object, e.g. "a.zip//b.doc".
};

struct ExtendedAttribute {
  std::string name;  // "user.x", "security.capability", "system.posix_acl_access"...
  std::string value;
};

// The file as it was before anybody touched it.
struct Origin {
  std::string path;     // Absolute; its exact bytes.
  os::FileState state;  // As it was scanned; `mode` has the file's type.
  std::uint32_t group = 0;
  std::uint64_t links = 1;  // Names that it had.
  std::int64_t accessed_ns = 0;
  std::uint32_t flags = 0;  // Of FS_IOC_GETFLAGS; 0 where there are none.
  std::vector<ExtendedAttribute> attributes;
};

// How far an item is. Everything but kKept, kRestored and kDeleted is work under
// way, or interrupted; Quarantine::Recover() says what becomes of each.
enum class State : std::uint8_t {
  kCopying,    // Being copied; the file stands untouched.
  kCopied,     // The copy is complete and on the disk; the file is at its name, or at `aside`.
  kAside,      // The file was moved to `aside` and held against what was scanned: it may be removed.
  kKept,       // In quarantine, and nowhere else.
  kRestoring,  // `temporary` may exist beside `target`.
  kPlacing,    // `temporary` is `placed`; it may have got the name `target`.
  kRestored,   // Back at `target`; the copy may go.
  kDeleted,    // The copy may go.
};
inline constexpr State kLastState = State::kDeleted;
// "kept", "restored", "deleted", "being taken", "being restored".
std::string_view StateName(State state);
bool IsUnfinished(State state);

struct Item {
  std::string id;  // Ten letters and digits.
  State state = State::kCopying;
  Origin origin;
  std::vector<Detection> detections;
  std::string reason;                     // For people.
  std::string requester;                  // Who asked.
  std::int64_t taken_ns = 0;              // Since 1970.
  std::array<std::uint8_t, 32> sha256{};  // From kCopied on.
  std::string aside;                      // A name in the file's folder.

  std::string target;     // The path it is restored to.
  std::string temporary;  // A name in that folder.
  std::uint64_t placed_device = 0;
  std::uint64_t placed_inode = 0;
  std::int64_t ended_ns = 0;  // When it was restored or deleted.
};

// What does not change once the file is in: all from `origin` to `aside`, but for
// the digest.
std::string EncodeRecord(const Item& item);
Status DecodeRecord(std::string_view record, Item& item);

}  // namespace dl::quarantine
