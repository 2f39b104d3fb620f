#include "daylight/survey/tree.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "daylight/os/open.h"
#include "daylight/os/paths.h"
#include "daylight/survey/peek.h"

namespace dl::survey {

namespace {

// Facts are handed on in pieces of about so many.
constexpr std::size_t kPiece = 4096;
constexpr std::uint64_t kTickFiles = 1024;
constexpr std::size_t kMaxLayoutFiles = report::kMaxBatchObjects;

// `path` without its last `n` parts, which are given back in `parts`, last first.
bool LastParts(std::string_view path, std::array<std::string_view, 4>& parts) {
  for (std::string_view& part : parts) {
    const std::size_t slash = path.rfind('/');
    part = slash == std::string_view::npos ? path : path.substr(slash + 1);
    if (part.empty()) return false;
    path = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
  }
  return true;
}

report::FileKind KindOf(const os::WalkEntry& entry) {
  if (entry.kind == os::WalkEntry::Kind::kFile) return report::FileKind::kRegular;
  return entry.reason.find("symbolic link") != std::string::npos ? report::FileKind::kLink : report::FileKind::kOther;
}

}  // namespace

bool IsContainerStorage(std::string_view path) {
  std::array<std::string_view, 4> parts;
  if (!LastParts(path, parts)) return false;
  if (parts[0] == "diff" && (parts[2] == "overlay2" || parts[2] == "overlay")) return true;
  if (parts[0] == "fs" && parts[2] == "snapshots") return true;
  return parts[1] == "dir" && parts[2] == "vfs";
}

void Tree::Walk(const std::string& folder) {
  os::WalkOptions walk;
  walk.exclude = options_.exclude;
  walk.one_file_system = options_.one_file_system;
  if (!options_.contents) walk.is_known = [this](const os::FoundFile& file) { return !IsDatabase(file.path); };
  os::Walker walker(std::move(walk));
  walker.Add(folder);
  folder_ = folder.ends_with('/') ? folder : folder + "/";
  while (std::optional<os::WalkEntry> entry = walker.Next()) {
    if (options_.stop != nullptr && options_.stop->load(std::memory_order_relaxed)) break;
    const std::string path = entry->path.size() > folder_.size() ? entry->path.substr(folder_.size()) : std::string();
    while (!nested_.empty() && !(path + "/").starts_with(nested_.back().prefix)) nested_.pop_back();
    switch (entry->kind) {
      case os::WalkEntry::Kind::kEntered: Folder(path); break;
      case os::WalkEntry::Kind::kFile: File(*entry, path); break;
      case os::WalkEntry::Kind::kFailed: Failed(*entry, path); break;
      case os::WalkEntry::Kind::kSkipped:
        if (entry->reason.starts_with("on ")) ++looked_.counts["file systems left out"];
        facts_.files.push_back({PlaceOf(path), KindOf(*entry), 0, {}, {}});
        break;
    }
    Flush(false);
  }
  for (const std::string& image : images_) ReadImageFolder(image);
  Flush(true);
  looked_.counts["files"] += files_;
}

// Whether it says what is installed. `path`: as the walk shows it.
bool Tree::IsDatabase(std::string_view path) const {
  path.remove_prefix(std::min(folder_.size(), path.size()));
  for (auto nested = nested_.rbegin(); nested != nested_.rend(); ++nested) {
    if (!path.starts_with(nested->prefix)) continue;
    path.remove_prefix(nested->prefix.size());
    break;
  }
  const auto kind = report::SurveyKindOfPath(path);
  return kind && *kind != report::SurveyKind::kText && *kind != report::SurveyKind::kUnit;
}

report::FactPlace Tree::PlaceOf(const std::string& path) {
  if (nested_.empty()) return {0, path, report::Presence::kPresent};
  const Nested& nested = nested_.back();
  return {nested.root, path.size() > nested.prefix.size() ? path.substr(nested.prefix.size()) : std::string(),
          report::Presence::kPresent};
}

// By what every system has that one could be: see os-release(5), dpkg(1), rpm(8), apk(8).
bool Tree::IsSystem(const std::string& path) const {
  for (const char* name : {"/etc/os-release", "/usr/lib/os-release", "/var/lib/dpkg/status", "/lib/apk/db/installed"}) {
    const os::OpenHow how{.want = os::Want::kAny, .follow = true, .cross = false, .look_only = true};
    if (os::Open(AT_FDCWD, (folder_ + path + name).c_str(), how).error == 0) return true;
  }
  return false;
}

void Tree::Folder(const std::string& path) {
  if (path.empty()) return;
  facts_.files.push_back({PlaceOf(path), report::FileKind::kFolder, 0, {}, {}});
  ++looked_.counts["folders"];
  const bool is_container = IsContainerStorage(path);
  if (!is_container && !IsSystem(path)) return;
  const report::FactPlace place = PlaceOf(path);
  report::RootFact root;
  root.id = asker_.NewRoot();
  root.parent = place.root;
  root.kind = is_container ? report::RootKind::kContainer : report::RootKind::kFolder;
  root.path = place.path;
  facts_.roots.push_back(std::move(root));
  nested_.push_back({path + "/", facts_.roots.back().id});
  ++looked_.counts[is_container ? "container file systems" : "systems within"];
}

void Tree::Failed(const os::WalkEntry& entry, const std::string& path) {
  if (entry.reason == std::strerror(ENOENT)) return;  // It went while we came.
  facts_.unread.push_back({PlaceOf(path), "failed", entry.reason});
}

void Tree::File(os::WalkEntry& entry, const std::string& path) {
  if (++files_ % kTickFiles == 0 && options_.tick) options_.tick(files_);
  const report::FactPlace place = PlaceOf(path);
  facts_.files.push_back({place, report::FileKind::kRegular, entry.size, {}, {}});
  if (auto package = report::PackageOfPath(place.path)) {
    package->place = place;
    facts_.packages.push_back(std::move(*package));
  }
  if (!options_.contents && entry.known) return;
  const std::string_view name = os::BaseName(place.path);
  if (name == "oci-layout") images_.push_back(os::ParentFolder(path));
  if (const auto kind = report::SurveyKindOfPath(place.path)) {
    if (*kind != report::SurveyKind::kText || !options_.words.empty()) Read(entry, path, *kind, false);
    return;
  }
  if (!options_.contents) return;
  std::array<std::byte, kPeekBytes> head;
  const ssize_t n = entry.size == 0 ? 0 : ::pread(entry.fd.get(), head.data(), head.size(), 0);
  if (n <= 0) return;
  const bool all = options_.archives == Archives::kAll;
  switch (PeekAt(Bytes(head).first(static_cast<std::size_t>(n)), name)) {
    case Peek::kNothing: return;
    case Peek::kElf: {
      report::ProgramFact program;
      program.place = place;
      program.size = entry.size;
      facts_.programs.push_back(std::move(program));
      return;
    }
    case Peek::kContainer:
      if (!all) {
        ++looked_.counts["archives not opened"];
        return;
      }
      [[fallthrough]];
    case Peek::kPackage:
    case Peek::kProgram:
    case Peek::kTar:
    case Peek::kSbom: Read(entry, path, report::SurveyKind::kAny, all); return;
  }
}

void Tree::Read(os::WalkEntry& entry, const std::string& path, report::SurveyKind kind, bool open_archives) {
  // Its facts may speak of a root that was just found.
  Flush(true);
  const report::FactPlace place = PlaceOf(path);
  Question question;
  question.root = place.root;
  question.path = place.path;
  question.message.kind = kind;
  question.message.files.push_back({place.path, entry.size});
  question.message.open_archives = open_archives;
  question.message.max_bytes = options_.max_bytes;
  question.message.max_depth = options_.max_depth;
  if (kind == report::SurveyKind::kText) question.message.words = options_.words;
  question.files.push_back(std::move(entry.fd));
  if (kind == report::SurveyKind::kRpmDatabase) {
    // SQLite's log beside it, with what was not yet written into it (sqlite.org/wal.html).
    os::Opened log = os::Open(AT_FDCWD, (folder_ + path + "-wal").c_str(), {.want = os::Want::kFile, .cross = false});
    if (log.error == 0 && S_ISREG(log.info.st_mode)) {
      question.message.files.push_back({place.path + "-wal", static_cast<std::uint64_t>(log.info.st_size)});
      question.files.push_back(std::move(log.fd));
    }
  }
  asker_.Ask(std::move(question));
}

// A container image as a folder: all its blobs go to one worker.
void Tree::ReadImageFolder(const std::string& path) {
  Question question;
  question.message.kind = report::SurveyKind::kImageFolder;
  question.message.max_bytes = options_.max_bytes;
  question.message.max_depth = options_.max_depth;
  question.path = path;
  os::Walker walker({});
  const std::string folder = folder_ + path;
  walker.Add(folder);
  const std::size_t skip = folder.ends_with('/') ? folder.size() : folder.size() + 1;
  while (std::optional<os::WalkEntry> entry = walker.Next()) {
    if (entry->kind != os::WalkEntry::Kind::kFile) continue;
    if (question.files.size() == kMaxLayoutFiles) {
      facts_.unread.push_back({PlaceOf(path), "max-children", "an image layout of too many files"});
      return;
    }
    question.message.files.push_back({entry->path.substr(skip), entry->size});
    question.files.push_back(std::move(entry->fd));
  }
  Flush(true);
  asker_.Ask(std::move(question));
}

void Tree::Flush(bool always) {
  const std::size_t n = facts_.files.size() + facts_.programs.size() + facts_.packages.size() + facts_.unread.size();
  if (n >= kPiece || (always && (n > 0 || !facts_.roots.empty()))) take_(std::exchange(facts_, {}));
}

}  // namespace dl::survey
