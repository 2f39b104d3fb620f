#include "daylight/survey/tree.h"

#include <dirent.h>
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
// Of a folder of a layout: names are held while they are looked through.
constexpr std::size_t kMaxLayoutNames = 4096;

// What says what is installed, and is one file.
constexpr std::array kDatabases = {"var/lib/dpkg/status",
                                   "var/lib/rpm/rpmdb.sqlite",
                                   "var/lib/rpm/Packages.db",
                                   "var/lib/rpm/Packages",
                                   "usr/lib/sysimage/rpm/rpmdb.sqlite",
                                   "usr/lib/sysimage/rpm/Packages.db",
                                   "usr/share/rpm/rpmdb.sqlite",
                                   "lib/apk/db/installed",
                                   "usr/lib/apk/db/installed"};

// The last parts of `path`, last first; what is not there is empty.
std::array<std::string_view, 3> LastParts(std::string_view path) {
  std::array<std::string_view, 3> parts;
  for (std::string_view& part : parts) {
    const std::size_t slash = path.rfind('/');
    part = slash == std::string_view::npos ? path : path.substr(slash + 1);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
  }
  return parts;
}

report::FileKind KindOf(const os::WalkEntry& entry) {
  if (entry.kind == os::WalkEntry::Kind::kFile) return report::FileKind::kRegular;
  return entry.reason.find("symbolic link") != std::string::npos ? report::FileKind::kLink : report::FileKind::kOther;
}

// The second file of one that SurveyKindOfPath() knows: what SQLite has not yet written into a database
// (sqlite.org/wal.html), and what flatpak knows of an application beside its own word (flatpak-metadata(5)).
std::string BesideOf(std::string_view path) {
  const std::string_view name = os::BaseName(path);
  if (name.ends_with(".sqlite")) return std::string(path) + "-wal";
  if (name == "metadata") return "deploy";
  return {};
}

}  // namespace

bool IsContainerStorage(std::string_view path) {
  const auto [last, second, third] = LastParts(path);
  if (last == "diff" && !second.empty() && (third == "overlay2" || third == "overlay")) return true;
  if (last == "fs" && !second.empty() && third == "snapshots") return true;
  return !last.empty() && second == "dir" && third == "vfs";
}

void Tree::Walk(const std::string& folder) {
  os::WalkOptions walk;
  walk.exclude = options_.exclude;
  walk.one_file_system = options_.one_file_system;
  if (!options_.contents) walk.is_known = [this](const os::FoundFile& file) { return !IsDatabase(file.path); };
  os::Walker walker(std::move(walk));
  walker.Add(folder);
  walker_ = &walker;
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
  walker_ = nullptr;
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

report::FactPlace Tree::PlaceOf(const std::string& path) const {
  if (nested_.empty()) return {0, path, report::Presence::kPresent};
  const Nested& nested = nested_.back();
  return {nested.root, path.size() > nested.prefix.size() ? path.substr(nested.prefix.size()) : std::string(),
          report::Presence::kPresent};
}

// By what every system has that one could be: see os-release(5), dpkg(1), rpm(8), apk(8).
bool Tree::IsSystem(const std::string& path) {
  const auto has = [this](const char* name) {
    const std::string_view text(name);
    if (!walker_->HasName(text.substr(0, text.find('/')))) return false;  // Most folders have none: no call is made.
    const os::Opened opened = walker_->OpenHere(name, {.want = os::Want::kAny, .follow = true, .look_only = true});
    return opened.error == 0 && S_ISREG(opened.info.st_mode);
  };
  if (has("etc/os-release") || has("usr/lib/os-release")) return true;
  // A system's usr has a lib/apk too, and is none of its own.
  const bool is_usr = os::BaseName(path) == "usr";
  return std::any_of(kDatabases.begin(), kDatabases.end(),
                     [&](const char* name) { return !(is_usr && name[0] == 'l') && has(name); });
}

void Tree::Folder(const std::string& path) {
  if (path.empty()) return ReadLinkedDatabases();
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
  ReadLinkedDatabases();
}

// Of the root that was just entered. Who makes var/lib/rpm a link, as OSTree does, or var as a whole, means the same
// place; and a link must not be a way to hide what is installed.
void Tree::ReadLinkedDatabases() {
  std::vector<std::pair<dev_t, ino_t>> read;
  std::vector<const char*> linked;
  for (const char* const name : kDatabases) {
    const std::string_view text(name);
    if (!walker_->HasName(text.substr(0, text.find('/')))) continue;
    const os::Opened opened = walker_->OpenHere(name, {.want = os::Want::kFile});
    if (opened.error == ELOOP) linked.push_back(name);
    if (opened.error == 0 && S_ISREG(opened.info.st_mode)) {
      read.emplace_back(opened.info.st_dev, opened.info.st_ino);  // The walk comes to it.
    } else if (opened.error == 0 || opened.error == ENXIO) {
      facts_.unread.push_back({{Root(), name, report::Presence::kPresent}, "failed", "not a regular file"});
    }
  }
  for (const char* const name : linked) {
    os::Opened opened = walker_->OpenHere(name, {.want = os::Want::kAny, .follow = true});
    const report::FactPlace place{Root(), name, report::Presence::kPresent};
    // An empty place, of links on the way to where nothing is, says nothing; a link in the file's own place does.
    if (opened.error == ENOENT && !IsLink(name)) continue;
    if (opened.error != 0 || !S_ISREG(opened.info.st_mode)) {
      const std::string why = opened.error != 0 ? std::strerror(opened.error) : "not a regular file";
      facts_.unread.push_back({place, "failed", "a link: " + why});
      continue;
    }
    const std::pair<dev_t, ino_t> file(opened.info.st_dev, opened.info.st_ino);
    if (std::find(read.begin(), read.end(), file) != read.end()) continue;
    read.push_back(file);
    Read(std::move(opened.fd), static_cast<std::uint64_t>(opened.info.st_size), place,
         report::SurveyKindOfPath(name).value_or(report::SurveyKind::kAny), false, BesideOf(name));
  }
}

bool Tree::IsLink(const std::string& path) {
  const os::Opened opened = walker_->OpenHere(os::ParentFolder(path), {.want = os::Want::kFolder, .follow = true});
  struct stat info {};
  return opened.error == 0 &&
         ::fstatat(opened.fd.get(), std::string(os::BaseName(path)).c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
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
  if (name == "oci-layout") ReadImageFolder(path.substr(0, path.size() - std::min(path.size(), name.size() + 1)));
  if (const auto kind = report::SurveyKindOfPath(place.path)) {
    if (*kind == report::SurveyKind::kText && options_.words.empty()) return;
    return Read(std::move(entry.fd), entry.size, place, *kind, false, BesideOf(name));
  }
  if (!options_.contents || entry.size == 0) return;
  const bool all = options_.archives == Archives::kAll;
  // A read from there may never end; it is a worker's time that is lost then.
  if (entry.remote) return Read(std::move(entry.fd), entry.size, place, report::SurveyKind::kAny, all, {});
  std::array<std::byte, kPeekBytes> head;
  const ssize_t n = ::pread(entry.fd.get(), head.data(), head.size(), 0);
  if (n < 0) facts_.unread.push_back({place, "failed", std::strerror(errno)});
  if (n <= 0) return;
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
    case Peek::kSbom: return Read(std::move(entry.fd), entry.size, place, report::SurveyKind::kAny, all, {});
  }
}

// `beside`: from the walk's folder, what goes with it where it is there; may be empty.
void Tree::Read(os::Fd file, std::uint64_t size, report::FactPlace place, report::SurveyKind kind, bool open_archives,
                const std::string& beside) {
  // Its facts may speak of a root that was just found.
  Flush(true);
  Question question;
  question.root = place.root;
  question.path = place.path;
  question.message.kind = kind;
  question.message.files.push_back({place.path, size});
  question.message.open_archives = open_archives;
  question.message.max_bytes = options_.max_bytes;
  question.message.max_depth = options_.max_depth;
  if (kind == report::SurveyKind::kText) question.message.words = options_.words;
  question.files.push_back(std::move(file));
  if (!beside.empty()) {
    os::Opened opened = walker_->OpenHere(beside, {.want = os::Want::kAny, .follow = true});
    if (opened.error == 0 && S_ISREG(opened.info.st_mode)) {
      question.message.files.push_back({os::Join(os::ParentFolder(place.path), os::BaseName(beside)),
                                        static_cast<std::uint64_t>(opened.info.st_size)});
      question.files.push_back(std::move(opened.fd));
    }
  }
  asker_.Ask(std::move(question));
}

// A container image as a folder, of which the walk has met oci-layout: all its blobs go to one worker. Opened from the
// folder that is being walked, and through no links.
void Tree::ReadImageFolder(const std::string& path) {
  const report::FactPlace place = PlaceOf(path);
  Question question;
  question.root = place.root;
  question.path = place.path;
  question.message.kind = report::SurveyKind::kImageFolder;
  question.message.max_bytes = options_.max_bytes;
  question.message.max_depth = options_.max_depth;
  const auto tell = [&](const std::string& name, const char* reason, const char* detail) {
    facts_.unread.push_back({{place.root, os::Join(place.path, name), report::Presence::kPresent}, reason, detail});
  };
  std::vector<std::string> names = {"oci-layout", "index.json", "manifest.json"};
  const auto list = [&](const std::string& folder) {
    os::Listed listed = walker_->ListHere(folder);
    if (listed.error != 0 && listed.error != ENOENT) tell(folder, "failed", std::strerror(listed.error));
    if (listed.names.size() > kMaxLayoutNames) listed.names.resize(kMaxLayoutNames);  // Too many in any case.
    std::sort(listed.names.begin(), listed.names.end(), [](const auto& a, const auto& b) { return a.text < b.text; });
    return std::move(listed.names);
  };
  // image-layout.md: blobs/ALGORITHM/DIGEST.
  for (const os::FolderName& algorithm : list("blobs")) {
    if (names.size() > kMaxLayoutFiles) break;
    if (algorithm.type != DT_DIR && algorithm.type != DT_UNKNOWN) continue;
    const std::string folder = "blobs/" + algorithm.text;
    for (const os::FolderName& blob : list(folder)) names.push_back(os::Join(folder, blob.text));
  }
  for (const std::string& name : names) {
    os::Opened opened = walker_->OpenHere(name, {.want = os::Want::kFile});
    if (opened.error == ENOENT) continue;
    if (opened.error != 0 || !S_ISREG(opened.info.st_mode)) {
      tell(name, "failed", opened.error == 0 ? "not a regular file" : std::strerror(opened.error));
      continue;
    }
    if (question.files.size() == kMaxLayoutFiles)
      return tell("blobs", "max-children", "an image layout of too many files");
    question.message.files.push_back({name, static_cast<std::uint64_t>(opened.info.st_size)});
    question.files.push_back(std::move(opened.fd));
  }
  Flush(true);
  asker_.Ask(std::move(question));
}

void Tree::Flush(bool always) {
  const std::size_t n = facts_.files.size() + facts_.programs.size() + facts_.packages.size() + facts_.unread.size();
  if (n >= kPiece || (always && (n > 0 || !facts_.roots.empty()))) take_(std::exchange(facts_, {}));
}

}  // namespace dl::survey
