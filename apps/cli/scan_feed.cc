#include "scan_feed.h"

#include <sys/stat.h>
#include <unistd.h>

#include "daylight/os/io.h"
#include "daylight/os/paths.h"
#include "daylight/os/spool.h"
#include "messages.h"
#include "signals.h"

namespace dl::cli {

std::vector<std::string> SplitFileList(const std::string& text) {
  const char end = text.find('\0') != std::string::npos ? '\0' : '\n';
  std::vector<std::string> paths;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t stop = std::min(text.find(end, at), text.size());
    if (stop > at) paths.push_back(text.substr(at, stop - at));
    at = stop + 1;
  }
  return paths;
}

ScanFeed::ScanFeed(os::WalkOptions walk, const std::vector<std::string>& paths, std::uint64_t stdin_limit_bytes,
                   ScanCache* cache)
    : cache_(cache),
      walker_(WithCache(std::move(walk))),
      paths_(paths.begin(), paths.end()),
      stdin_limit_bytes_(stdin_limit_bytes),
      owners_(os::OwnerNames::Load("/etc/passwd")) {
  const auto folder = os::WorkingFolder();
  working_folder_ = folder ? *folder : "/";
}

os::WalkOptions ScanFeed::WithCache(os::WalkOptions walk) {
  if (cache_ == nullptr) return walk;
  walk.is_known = [this](const os::FoundFile& file) {
    return cache_->IsKnown(file, cache_->uses_names() ? Names(file.path, file.state.owner) : report::ObjectNames());
  };
  return walk;
}

report::ObjectNames ScanFeed::Names(const std::string& path, std::uint32_t owner) const {
  report::ObjectNames names;
  names.filename = os::BaseName(path);
  names.object = names.filename;
  names.filepath = os::Absolute(path, working_folder_);
  names.extension = os::Extension(path);
  names.owner = owners_.Name(owner);
  return names;
}

std::optional<sandbox::ScanItem> ScanFeed::Next() {
  for (;;) {
    std::optional<os::WalkEntry> entry = walker_.Next();
    if (!entry) {
      if (paths_.empty()) return std::nullopt;
      std::string path = std::move(paths_.front());
      paths_.pop_front();
      if (path == "-") return FromStdin();
      walker_.Add(std::move(path));
      continue;
    }
    switch (entry->kind) {
      case os::WalkEntry::Kind::kEntered: continue;
      case os::WalkEntry::Kind::kSkipped: ++skipped_; continue;
      case os::WalkEntry::Kind::kFailed:
      case os::WalkEntry::Kind::kFile: break;
    }
    return FromWalk(std::move(*entry));
  }
}

sandbox::ScanItem ScanFeed::FromWalk(os::WalkEntry entry) {
  sandbox::ScanItem item;
  item.size = entry.size;
  if (entry.known) {
    item.path = std::move(entry.path);
    item.report.emplace();
    item.report->cached = true;
    return item;
  }
  item.names = Names(entry.path, entry.owner);
  item.path = std::move(entry.path);
  item.fd = std::move(entry.fd);
  item.modified_ns = entry.modified_ns;
  if (entry.kind == os::WalkEntry::Kind::kFailed) {
    item.report.emplace();
    item.report->verdict = report::Verdict::kFailed;
    item.report->failure = std::move(entry.reason);
  }
  if (cache_ != nullptr) cache_->Begin(item);
  return item;
}

sandbox::ScanItem ScanFeed::FromStdin() {
  sandbox::ScanItem item;
  item.path = "-";
  item.names = Names("-", ::geteuid());
  item.names.filepath = "-";
  const auto fail = [&](std::string reason) {
    item.report.emplace();
    item.report->verdict = report::Verdict::kFailed;
    item.report->failure = std::move(reason);
  };
  if (std::exchange(stdin_taken_, true)) {
    fail("standard input was read already");
    return item;
  }
  auto spooled = os::Spool(STDIN_FILENO, stdin_limit_bytes_, StopFlag());
  if (!spooled) {
    fail(os::Describe(spooled.error()));
    return item;
  }
  item.fd = std::move(spooled->fd);
  item.size = spooled->size;
  if (spooled->cut) item.unread.push_back({"-", "budget", "standard input is longer than is taken in"});
  return item;
}

}  // namespace dl::cli
