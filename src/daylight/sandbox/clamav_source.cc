#include "daylight/sandbox/clamav_source.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <memory>

#include "daylight/os/fd.h"
#include "daylight/os/paths.h"
#include "daylight/report/protocol.h"
#include "daylight/sandbox/rule_source.h"

namespace dl::sandbox {

namespace {

// clamscan's own list, readdb.h's; a file of another suffix is left alone.
constexpr std::string_view kSuffixes[] = {"db",  "hdb", "hdu", "hsb", "hsu",  "fp",   "sfp", "mdb",  "mdu", "msb",
                                          "msu", "imp", "ndb", "ndu", "sdb",  "ldb",  "ldu", "idb",  "cdb", "zmd",
                                          "rmd", "pdb", "gdb", "wdb", "cbc",  "ftm",  "cfg", "cvd",  "cld", "cud",
                                          "cat", "crb", "ioc", "yar", "yara", "pwdb", "ign", "ign2", "info"};

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

std::string Absolute(const std::string& path) {
  const auto folder = os::WorkingFolder();
  return os::Absolute(path, folder ? *folder : "/");
}

void AddFile(FoundClamav& found, const std::string& path, int folder, const char* name) {
  struct stat info {};
  if (::fstatat(folder, name, &info, 0) != 0) {
    // What freshclam is just replacing, or a link to nowhere.
    found.warnings.push_back(path + ": left out, " + std::strerror(errno));
  } else if (!S_ISREG(info.st_mode)) {
    found.warnings.push_back(path + ": left out, it is not a regular file");
  } else {
    found.source.files.push_back({path, StampOf(info)});
  }
}

void Search(FoundClamav& found) {
  const std::string& path = found.source.path;
  const std::unique_ptr<DIR, CloseFolder> folder(::opendir(path.c_str()));
  if (folder == nullptr) {
    found.problem = path + ": " + std::strerror(errno);
    return;
  }
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(folder.get())) {
    if (entry->d_name[0] != '.' && IsClamavFile(entry->d_name)) names.emplace_back(entry->d_name);
  }
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) AddFile(found, os::Join(path, name), ::dirfd(folder.get()), name.c_str());
  if (found.source.files.empty()) {
    found.problem = path + ": no file of ClamAV signatures in this folder";
    found.is_missing = true;
  } else if (found.source.files.size() > report::kMaxClamavFiles) {
    found.problem = path + ": more than " + std::to_string(report::kMaxClamavFiles) + " files of signatures";
  }
}

}  // namespace

FileStamp StampOf(const struct stat& info) {
  const auto ns = [](const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; };
  return {info.st_dev, info.st_ino, static_cast<std::uint64_t>(info.st_size), ns(info.st_mtim), ns(info.st_ctim)};
}

bool IsClamavFile(std::string_view name) {
  std::string suffix(os::Extension(name));
  if (suffix.size() < 2) return false;
  suffix.erase(0, 1);
  for (char& c : suffix) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::find(std::begin(kSuffixes), std::end(kSuffixes), suffix) != std::end(kSuffixes);
}

FoundClamav FindClamav(const std::string& path) {
  FoundClamav found;
  ClamavSource& source = found.source;
  source.path = path;
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    found.problem = path + ": " + std::strerror(errno);
    found.is_missing = errno == ENOENT || errno == ENOTDIR;
    return found;
  }
  source.absolute = Absolute(path);
  source.name = os::BaseName(source.absolute);
  if (S_ISDIR(info.st_mode)) {
    source.licence = FindLicence(source.absolute);
    Search(found);
  } else if (!S_ISREG(info.st_mode)) {
    found.problem = path + ": not a regular file";
  } else if (!IsClamavFile(os::BaseName(path))) {
    found.problem = path + ": not a kind of file that ClamAV has (by its suffix)";
  } else {
    source.licence = FindLicence(os::ParentFolder(source.absolute));
    source.files.push_back({path, StampOf(info)});
  }
  return found;
}

}  // namespace dl::sandbox
