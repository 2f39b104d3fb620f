// The messages between the opener, its client (daylightd) and the children that
// walk: a header of fixed size, then fields, little-endian, every length checked.
//
//   std::string bytes = opener::Encode(id, opener::Verdict{.allow = true});
//   DL_TRY(const opener::Header header, opener::ParseHeader(packet));
//   DL_TRY(const auto verdict, opener::Decode<opener::Verdict>(header, packet));
//
// Whatever is decoded came from a process that may have been taken over: what does
// not fit exactly is kMalformed, and the connection is given up. Texts are bytes
// that strangers chose; who prints them escapes them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/os/file_state.h"

namespace dl::opener {

enum class MessageKind : std::uint16_t {
  // From the client.
  kWalkRequest = 1,
  kVerdict = 2,
  kGeneration = 3,
  kTakeRequest = 4,  // With the descriptor that was scanned.
  // From the opener.
  kHello = 101,
  kWalkStarted = 102,  // With the descriptor of the walk, when it was.
  kAccessEvent = 103,  // With the file's descriptor, for reading.
  kGenerationDone = 104,
  kTaken = 105,
  kNotice = 106,
  // From a child that walks.
  kWalkFile = 201,  // With the file's descriptor, unless it failed.
  kWalkEnd = 202,
};

inline constexpr std::size_t kHeaderBytes = 20;
inline constexpr std::uint32_t kMaxPathBytes = 32 * 1024;
inline constexpr std::uint32_t kMaxTextBytes = 8 * 1024;
inline constexpr std::uint32_t kMaxGroups = 4096;
inline constexpr std::uint32_t kMaxExcludes = 48;  // So that the largest request is still one packet.
inline constexpr std::uint32_t kMaxExcludeBytes = 256;
inline constexpr std::uint32_t kMaxMasks = 512;  // Of each kind; all together at most kMaxMaskBytesTogether.
inline constexpr std::uint32_t kMaxMaskBytes = 4096;
inline constexpr std::uint32_t kMaxMaskBytesTogether = 32 * 1024;
inline constexpr std::uint32_t kMaxDetections = 16;
inline constexpr std::uint32_t kMaxDetectionBytes = 256;  // Of each of its texts.

struct Header {
  MessageKind kind{};
  std::uint64_t id = 0;  // What it is about: of a request, an event, a generation.
};

// Whose rights, what and how. The answer is a WalkStarted of the same id.
struct WalkRequest {
  static constexpr auto kKind = MessageKind::kWalkRequest;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups;       // Supplementary.
  std::string path;                        // Absolute.
  std::vector<std::string> exclude;        // See os/glob.h.
  std::vector<std::string> exclude_masks;  // See os/path_mask.h.
  std::vector<std::string> only_masks;
  bool recursive = true;  // Else a folder is no file.
  bool follow = false;    // Symbolic links met on the way.
  bool one_file_system = false;
  bool idle = false;        // SCHED_IDLE, and the disk only when nobody else wants it.
  std::uint64_t limit = 0;  // Of files; 0: none.
};

struct WalkStarted {
  static constexpr auto kKind = MessageKind::kWalkStarted;
  bool started = false;
  std::string reason;  // When not.
};

struct WalkFile {
  static constexpr auto kKind = MessageKind::kWalkFile;
  std::string path;  // Cut off past kMaxPathBytes.
  bool failed = false;
  std::string reason;  // When failed.
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;  // Since 1970.
  std::uint32_t owner = 0;
};

struct WalkEnd {
  static constexpr auto kKind = MessageKind::kWalkEnd;
  std::uint64_t files = 0;
  std::uint64_t failed = 0;
  std::uint64_t skipped = 0;
  bool limit_reached = false;
};

enum class AccessKind : std::uint8_t { kOpen, kExec, kWritten };

// Somebody opens a file and waits (kOpen, kExec), or has written one (kWritten).
// The answer is a Verdict of the same id.
struct AccessEvent {
  static constexpr auto kKind = MessageKind::kAccessEvent;
  AccessKind kind = AccessKind::kOpen;
  bool path_is_foreign = false;  // As another mount namespace (a container) sees it.
  bool deleted = false;          // No name is left; `path` is the last one.
  std::uint32_t pid = 0;
  std::uint32_t uid = 0;  // Effective; 0xffffffff when unknown.
  std::string path;
  std::string program;  // Of the process, as its namespace sees it; empty when unknown.
};

struct Verdict {
  static constexpr auto kKind = MessageKind::kVerdict;
  bool allow = true;
  // It depends on nothing but the bytes (not on names, times, or chance), and they were read whole.
  bool cacheable = false;
  std::uint64_t generation = 0;  // Of the content that it was found by.
};

// The content that verdicts count by from now on; the header's id is its number.
// Once GenerationDone of that number is there, nothing older counts any more.
struct Generation {
  static constexpr auto kKind = MessageKind::kGeneration;
};
struct GenerationDone {
  static constexpr auto kKind = MessageKind::kGenerationDone;
};

struct TakeDetection {
  std::string engine;  // "yara"
  std::string name;
  std::string source;
  std::string object;  // The way to the object, e.g. "a.zip//b.doc".
  bool operator==(const TakeDetection&) const = default;
};

struct TakeRequest {
  static constexpr auto kKind = MessageKind::kTakeRequest;
  std::string path = {};
  std::vector<TakeDetection> detections = {};
  std::string reason = {};  // For people, as is the next.
  std::string requester = {};
  bool insist = false;  // Files of packages too.
  // As it was when it was scanned (os::StateOf), and what its bytes were.
  std::optional<os::FileState> expected = {};
  std::optional<std::array<std::uint8_t, 32>> sha256 = {};
};

enum class TakeOutcome : std::uint8_t { kTaken, kRefused, kFailed };
struct Taken {
  static constexpr auto kKind = MessageKind::kTaken;
  TakeOutcome outcome = TakeOutcome::kFailed;
  std::string id;      // In quarantine, when taken.
  std::string reason;  // Why not; when taken, what is worth knowing (warnings), or nothing.
};

struct Hello {
  static constexpr auto kKind = MessageKind::kHello;
  std::uint32_t version = 1;
  bool on_access = false;  // Permission events are answered by the client from now on.
  bool on_written = false;
  std::uint32_t wait_ms = 0;
  std::uint64_t generation = 0;
  bool allow_on_timeout = true;  // What the client is to say of a file that it cannot get to in time, too.
};

enum class NoticeKind : std::uint8_t {
  kTimedOut,       // No verdict in time; the administrator's choice applied.
  kQueueFull,      // Too many wait; the choice applied.
  kDaemonDown,     // While no client was there, `count` opens were answered by the choice.
  kWritesLost,     // Files that were written and not scanned.
  kGap,            // From `text`: the opener did not run, and the kernel let everything through.
  kMarkFailed,     // Something that is to be watched is not.
  kWatching,       // What is watched has changed.
  kKernelRefused,  // An event could not be taken in; the kernel denied it.
};
inline constexpr auto kLastNotice = NoticeKind::kKernelRefused;

struct Notice {
  static constexpr auto kKind = MessageKind::kNotice;
  NoticeKind kind{};
  bool allowed = true;  // What the choice was.
  std::uint64_t count = 1;
  std::uint32_t pid = 0;
  std::string path;
  std::string text;
  std::int64_t from_s = 0;  // Of a gap; since 1970.
  std::int64_t until_s = 0;
};

// Whole packets. Texts past their limits are cut off.
template <typename T>
std::string Encode(std::uint64_t id, const T& value);

// `packet`: all of it; its length must be what the header says.
Result<Header> ParseHeader(std::string_view packet);
// kMalformed also when the header is of another kind.
template <typename T>
Result<T> Decode(const Header& header, std::string_view packet);

}  // namespace dl::opener
