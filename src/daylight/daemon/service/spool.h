// Spool keeps the bytes of streams until they are whole and can be scanned, within
// one budget for all of them.
//
//   SpooledStream stream = spool.Begin(limit_bytes);
//   switch (stream.Append(bytes)) ...      // kTaken, kTooLarge, kNoRoom, kFailed
//   DL_TRY(SpooledObject object, stream.Finish());   // fd, size, share
//
// Small streams lie in memory, the smallest of them as plain bytes (TakeBytes()); one
// that grows past `memory_bytes` goes on in a file without a name in the spool's folder. Bytes are charged before they
// are kept, and given back when the share is destroyed. The Spool outlives its streams and shares. Used by one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "daylight/base/error.h"
#include "daylight/os/fd.h"

namespace dl::daemon {

struct SpoolOptions {
  std::string folder;                                     // For what is large; empty: in memory only.
  std::uint64_t memory_bytes = 1u << 20;                  // What of one stream stays in memory.
  std::uint64_t max_memory_bytes = 256u << 20;            // All streams.
  std::uint64_t max_disk_bytes = std::uint64_t{8} << 30;  // The same.
  bool operator==(const SpoolOptions&) const = default;
};

// What is no longer than this needs no file.
inline constexpr std::size_t kSmallStreamBytes = 64u << 10;

struct SpoolUse {
  std::uint64_t memory_bytes = 0;
  std::uint64_t disk_bytes = 0;
};

// Part of the budget; gives it back.
class SpoolShare {
 public:
  SpoolShare() = default;
  SpoolShare(SpoolShare&& other) noexcept { *this = std::move(other); }
  SpoolShare& operator=(SpoolShare&& other) noexcept {
    if (this != &other) {
      Return();
      total_ = std::exchange(other.total_, nullptr);
      bytes_ = std::exchange(other.bytes_, 0);
    }
    return *this;
  }
  SpoolShare(const SpoolShare&) = delete;
  SpoolShare& operator=(const SpoolShare&) = delete;
  ~SpoolShare() { Return(); }

 private:
  friend class SpooledStream;
  SpoolShare(std::uint64_t* total, std::uint64_t bytes) : total_(total), bytes_(bytes) { *total_ += bytes_; }
  void Grow(std::uint64_t bytes) {
    *total_ += bytes;
    bytes_ += bytes;
  }
  void Return() {
    if (total_ != nullptr) *total_ -= bytes_;
    total_ = nullptr;
    bytes_ = 0;
  }
  std::uint64_t* total_ = nullptr;
  std::uint64_t bytes_ = 0;
};

struct SpooledObject {
  os::Fd fd;  // Sealed in memory, or open for reading only.
  std::uint64_t size = 0;
  SpoolShare share;
};

class Spool;

class SpooledStream {
 public:
  enum class Outcome : std::uint8_t {
    kTaken,
    kTooLarge,  // Past the stream's own limit.
    kNoRoom,    // Past the budget of all: the client may try again later.
    kFailed,    // The disk is full, or worse.
  };
  SpooledStream() = default;
  // After any other outcome than kTaken nothing is kept, and more is refused in the
  // same way.
  Outcome Append(std::string_view bytes);
  // The bytes as an object; this is empty afterwards.
  Result<SpooledObject> Finish();
  // The same without a file, of what is small enough; nothing changes when it is not.
  struct SmallObject {
    std::string bytes;
    SpoolShare share;
  };
  std::optional<SmallObject> TakeBytes();
  std::uint64_t size() const { return size_; }

 private:
  friend class Spool;
  SpooledStream(Spool* spool, std::uint64_t limit_bytes) : spool_(spool), limit_bytes_(limit_bytes) {}
  Outcome Give(Outcome outcome);
  Outcome MoveToFile();
  Outcome MoveToDisk();
  Spool* spool_ = nullptr;
  std::uint64_t limit_bytes_ = 0;
  std::uint64_t size_ = 0;
  bool on_disk_ = false;
  std::string small_;  // All of it, as long as there is no file.
  os::Fd fd_;
  SpoolShare share_;
  Outcome state_ = Outcome::kTaken;
};

class Spool {
 public:
  explicit Spool(SpoolOptions options) : options_(std::move(options)) {}
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;
  // `limit_bytes`: of this stream.
  SpooledStream Begin(std::uint64_t limit_bytes) { return {this, limit_bytes}; }
  const SpoolUse& use() const { return use_; }
  const SpoolOptions& options() const { return options_; }

 private:
  friend class SpooledStream;
  SpoolOptions options_;
  SpoolUse use_;
};

}  // namespace dl::daemon
