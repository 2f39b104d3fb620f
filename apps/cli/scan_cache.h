// ScanCache is the verdict cache as `daylight scan` uses it.
//
//   std::unique_ptr<ScanCache> cache = ScanCache::Open(configuration, content);
//   if (cache && cache->IsKnown(found, names)) ...   // Clean, and not opened.
//   cache->Begin(item);                              // Opened: may be kept.
//   cache->Keep(record);
//   cache->End();
#pragma once

#include <memory>
#include <vector>

#include "content_loader.h"
#include "daylight/os/disks.h"
#include "daylight/os/walk.h"
#include "daylight/sandbox/scan_session.h"
#include "daylight/sandbox/verdict_cache.h"

namespace dl::cli {

class ScanCache {
 public:
  // Null when there can be none, which is said: the scan goes on without it.
  // `content` is borrowed.
  static std::unique_ptr<ScanCache> Open(const sandbox::VerdictCache::Configuration& configuration,
                                         const LoadedContent& content);

  // Whether the file needs its names for the question.
  bool uses_names() const { return cache_.uses_names(); }
  bool IsKnown(const os::FoundFile& file, const report::ObjectNames& names);
  // Of an item whose file was opened just now: what need not be looked for in it,
  // and a lease, so that its verdict can be kept.
  void Begin(sandbox::ScanItem& item);
  void Keep(const sandbox::VerdictRecord& record) { cache_.Keep(record); }
  // Writes it down, unless the content changed under our hands.
  void End();

 private:
  ScanCache(sandbox::VerdictCache cache, const LoadedContent& content, std::string folder);
  std::vector<std::optional<os::FileState>> ContentStates() const;

  sandbox::VerdictCache cache_;
  const LoadedContent& content_;
  std::string folder_;
  std::vector<std::optional<os::FileState>> content_states_;
  os::Disks disks_;
};

}  // namespace dl::cli
