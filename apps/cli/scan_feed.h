// ScanFeed turns the arguments of a scan into items, one at a time: walks
// folders, reads lists of files, takes in standard input.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "daylight/os/passwd.h"
#include "daylight/os/walk.h"
#include "daylight/sandbox/scan_session.h"
#include "scan_cache.h"

namespace dl::cli {

// The paths in a list: ended by newlines, or by NUL bytes if there are any.
std::vector<std::string> SplitFileList(const std::string& text);

class ScanFeed {
 public:
  // `stdin_limit_bytes`: how much of standard input is taken in.
  // `cache` may be null, and is borrowed.
  ScanFeed(os::WalkOptions walk, const std::vector<std::string>& paths, std::uint64_t stdin_limit_bytes,
           ScanCache* cache = nullptr);
  std::optional<sandbox::ScanItem> Next();
  std::uint64_t skipped() const { return skipped_; }

 private:
  sandbox::ScanItem FromStdin();
  sandbox::ScanItem FromWalk(os::WalkEntry entry);
  os::WalkOptions WithCache(os::WalkOptions walk);
  report::ObjectNames Names(const std::string& path, std::uint32_t owner) const;

  ScanCache* cache_;
  os::Walker walker_;
  std::deque<std::string> paths_;
  std::uint64_t stdin_limit_bytes_;
  std::string working_folder_;
  os::OwnerNames owners_;
  std::uint64_t skipped_ = 0;
  bool stdin_taken_ = false;
};

}  // namespace dl::cli
