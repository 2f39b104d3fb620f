// ClamavSource is what one --clamav option names: which files, by their names
// and stamps alone.
//
//   const FoundClamav found = sandbox::FindClamav("/var/lib/clamav");
//   if (!found.problem.empty()) ...
//
// Nothing is opened and read here, so that an unchanged folder is known within
// a millisecond; PackClamav() reads. A folder is not searched below, as clamscan
// does not: files with a suffix of ClamAV's count, hidden ones do not.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dl::sandbox {

// Tells a file from another, and from itself once it was changed.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;  // ctime: who sets a file's time back cannot set this.
  bool operator==(const FileStamp&) const = default;
};
FileStamp StampOf(const struct stat& info);

struct ClamavFile {
  std::string path;  // As shown to the user.
  FileStamp stamp;
};

struct ClamavSource {
  std::string name;               // The base name of what was given; `clamav` for /var/lib/clamav.
  std::string path;               // As given.
  std::string absolute;           // The same from the root.
  std::string licence;            // As of a RuleSource.
  std::vector<ClamavFile> files;  // Sorted by name.
};

struct FoundClamav {
  ClamavSource source;
  std::string problem;      // "path: reason": there is nothing to be used.
  bool is_missing = false;  // Because nothing is there, or no file of ClamAV's.
  std::vector<std::string> warnings;
};

FoundClamav FindClamav(const std::string& path);

// By its suffix, in upper or lower case.
bool IsClamavFile(std::string_view name);

}  // namespace dl::sandbox
