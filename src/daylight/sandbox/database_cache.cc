#include "daylight/sandbox/database_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>

#include "daylight/os/io.h"
#include "daylight/os/memfd.h"
#include "daylight/os/paths.h"
#include "daylight/sandbox/cache_folder.h"

namespace dl::sandbox {

namespace {

constexpr std::string_view kDatabaseSuffix = ".dldb";
constexpr std::string_view kNotesSuffix = ".notes";
constexpr std::string_view kDraftSuffix = ".new";
constexpr std::size_t kMaxEntries = 8;
constexpr std::time_t kMaxAge = 30 * 24 * 3600;
// Of a file that is being written; one that is older was left by a power cut.
constexpr std::time_t kMaxDraftAge = 24 * 3600;
// Use is told by the file's time, which need not be set more often than this.
constexpr std::time_t kUseGrain = 3600;
constexpr std::uint64_t kMaxNotesBytes = 64 * 1024;
constexpr std::size_t kKeyDigits = 64;

tl::unexpected<Error> FailErrno(std::string_view what) {
  return Fail(ErrorCode::kIo, what, static_cast<std::uint64_t>(errno));
}

// What this class names its files by. Whatever else lies in the folder is let be.
bool IsKey(std::string_view text) {
  return text.size() == kKeyDigits && text.find_first_not_of("0123456789abcdef") == text.npos;
}

// A name that no other process has, also one in a container that has the same
// number there.
Result<std::string> DraftName(const std::string& key) {
  std::uint64_t random = 0;
  if (::getrandom(&random, sizeof random, 0) != static_cast<ssize_t>(sizeof random)) {
    return Fail(ErrorCode::kIo, "no random numbers", static_cast<std::uint64_t>(errno));
  }
  return key + "." + std::to_string(random) + std::string(kDraftSuffix);
}

Status CopyAll(int from, int to) {
  DL_TRY(const std::uint64_t size, os::FileSize(from));
  off_t at = 0;
  while (static_cast<std::uint64_t>(at) < size) {
    const ssize_t n = ::sendfile(to, from, &at, static_cast<std::size_t>(size) - static_cast<std::size_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FailErrno("cannot copy the database");
    if (n == 0) return Fail(ErrorCode::kTruncated, "the database is shorter than it was");
  }
  return {};
}

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

}  // namespace

Result<DatabaseCache> DatabaseCache::OpenIn(const std::string& folder) {
  DL_TRY(os::Fd fd, OpenCacheFolderIn(folder));
  return DatabaseCache(std::move(fd));
}

Result<DatabaseCache> DatabaseCache::Open(std::string& folder) {
  DL_TRY(os::Fd fd, OpenCacheFolder(folder));
  return DatabaseCache(std::move(fd));
}

std::optional<DatabaseCache::Entry> DatabaseCache::Find(const std::string& key, std::string& problem) {
  const auto open = [&](std::string_view suffix) {
    const std::string name = key + std::string(suffix);
    return os::Fd(::openat(folder_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  };
  Entry entry;
  entry.fd = open(kDatabaseSuffix);
  if (!entry.fd.valid()) {
    if (errno == ELOOP) {
      problem = "it is a symbolic link";
    } else if (errno != ENOENT) {
      problem = os::Describe({ErrorCode::kIo, "", static_cast<std::uint64_t>(errno)});
    }
    return std::nullopt;
  }
  struct stat info {};
  if (::fstat(entry.fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    problem = "it is not a regular file";
    return std::nullopt;
  }
  if (!IsOnlyOurs(info)) {
    problem = "it belongs to somebody else, or others may write to it";
    return std::nullopt;
  }
  auto database = database::Database::Open(entry.fd.get());
  if (!database) {
    problem = database.error().what;
    return std::nullopt;
  }
  entry.database = std::move(*database);
  // Without its notes nobody would hear what was left out. Another process may
  // have removed them just now.
  const os::Fd notes = open(kNotesSuffix);
  if (!notes.valid()) return std::nullopt;
  struct stat notes_info {};
  if (::fstat(notes.get(), &notes_info) != 0 || !S_ISREG(notes_info.st_mode) || !IsOnlyOurs(notes_info)) {
    problem = "its notes are not a regular file of our own";
    return std::nullopt;
  }
  const auto text = os::ReadAll(notes.get(), kMaxNotesBytes);
  if (!text) {
    problem = text.error().what;
    return std::nullopt;
  }
  entry.notes = Lines(*text);
  // It is in use; a failure costs no more than a compilation some day.
  if (std::time(nullptr) - info.st_mtime > kUseGrain) ::futimens(entry.fd.get(), nullptr);
  return entry;
}

Status DatabaseCache::Keep(const std::string& key, int database, const std::vector<std::string>& notes) {
  if (!IsKey(key)) return Fail(ErrorCode::kMalformed, "not a key");
  DL_TRY(const std::string draft, DraftName(key));
  const auto write = [&](std::string_view suffix, auto fill) -> Status {
    const os::Fd fd(::openat(folder_.get(), draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd.valid()) return FailErrno("cannot create the file");
    DL_TRY_STATUS(fill(fd.get()));
    if (::fsync(fd.get()) != 0) return FailErrno("cannot write the file");
    const std::string name = key + std::string(suffix);
    if (::renameat(folder_.get(), draft.c_str(), folder_.get(), name.c_str()) != 0) {
      return FailErrno("cannot name the file");
    }
    return {};
  };
  const auto kept = [&]() -> Status {
    std::string text;
    for (const std::string& note : notes) {
      text += note + "\n";
      std::replace(text.end() - static_cast<std::ptrdiff_t>(note.size() + 1), text.end() - 1, '\n', ' ');
    }
    if (text.size() > kMaxNotesBytes) return Fail(ErrorCode::kBudget, "there is too much to tell about them");
    // Also when there are none: a database without its notes is not used.
    DL_TRY_STATUS(write(kNotesSuffix, [&](int fd) { return os::WriteAll(fd, text); }));
    return write(kDatabaseSuffix, [&](int fd) { return CopyAll(database, fd); });
  }();
  if (!kept) ::unlinkat(folder_.get(), draft.c_str(), 0);
  RemoveOld(key);
  return kept;
}

void DatabaseCache::Remove(const std::string& key) {
  ::unlinkat(folder_.get(), (key + std::string(kDatabaseSuffix)).c_str(), 0);
  ::unlinkat(folder_.get(), (key + std::string(kNotesSuffix)).c_str(), 0);
}

void DatabaseCache::RemoveOld(const std::string& but_not) {
  struct Old {
    std::time_t used;
    std::string key;
  };
  std::vector<Old> entries;
  std::vector<std::string> drafts;
  const int fd = ::openat(folder_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, CloseFolder> folder(fd < 0 ? nullptr : ::fdopendir(fd));
  if (folder == nullptr) return;
  const std::time_t now = std::time(nullptr);
  while (const dirent* item = ::readdir(folder.get())) {
    const std::string_view name(item->d_name);
    const std::string_view key = name.substr(0, name.find('.'));
    const std::string_view suffix = name.substr(key.size());
    struct stat info {};
    if (!IsKey(key) || ::fstatat(folder_.get(), item->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (suffix == kDatabaseSuffix) {
      entries.push_back({info.st_mtime, std::string(key)});
    } else if (now - info.st_mtime > kMaxDraftAge &&
               (suffix.ends_with(kDraftSuffix) ||
                (suffix == kNotesSuffix &&
                 ::faccessat(folder_.get(), (std::string(key) + std::string(kDatabaseSuffix)).c_str(), F_OK,
                             AT_SYMLINK_NOFOLLOW) != 0))) {
      drafts.emplace_back(name);  // Or notes whose database was never written.
    }
  }
  for (const std::string& draft : drafts) ::unlinkat(folder_.get(), draft.c_str(), 0);
  std::sort(entries.begin(), entries.end(), [](const Old& a, const Old& b) { return a.used > b.used; });
  std::size_t kept = 1;  // The one that was made just now.
  for (const Old& entry : entries) {
    if (entry.key == but_not) continue;
    if (kept < kMaxEntries && now - entry.used <= kMaxAge) {
      ++kept;
    } else {
      Remove(entry.key);
    }
  }
}

}  // namespace dl::sandbox
