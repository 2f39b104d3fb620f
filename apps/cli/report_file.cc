#include "report_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "daylight/os/io.h"
#include "daylight/os/paths.h"

namespace dl::cli {

namespace {

constexpr std::size_t kPieceBytes = 64 * 1024;

auto Errno(std::string_view what) { return Fail(ErrorCode::kIo, what, static_cast<std::uint64_t>(errno)); }

// Where a link leads, even if nothing is there yet.
std::string Target(const std::string& path) {
  char resolved[PATH_MAX];
  if (::realpath(path.c_str(), resolved) != nullptr) return resolved;
  return path;
}

}  // namespace

ReportFile& ReportFile::operator=(ReportFile&& other) noexcept {
  Remove();
  name_ = std::move(other.name_);
  path_ = std::move(other.path_);
  temporary_ = std::exchange(other.temporary_, {});
  file_ = std::move(other.file_);
  fd_ = other.fd_;
  terminal_ = other.terminal_;
  cut_ = other.cut_;
  text_ = std::move(other.text_);
  status_ = std::move(other.status_);
  return *this;
}

void ReportFile::Remove() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  temporary_.clear();
}

Result<ReportFile> ReportFile::Open(const std::string& path) {
  ReportFile report;
  report.name_ = path.empty() ? "standard output" : path;
  if (path.empty()) {
    report.fd_ = STDOUT_FILENO;
    report.terminal_ = ::isatty(STDOUT_FILENO) == 1;
    return report;
  }
  struct stat info {};
  const bool exists = ::stat(path.c_str(), &info) == 0;
  struct stat link {};
  const bool dangles = !exists && ::lstat(path.c_str(), &link) == 0;
  if (!dangles && (!exists || S_ISREG(info.st_mode))) {
    // What may not be written to is not replaced either.
    if (exists && ::access(path.c_str(), W_OK) != 0) return Errno("cannot write it");
    std::string target = Target(path);
    std::string temporary = os::Join(os::ParentFolder(target), ".daylight-report-XXXXXX");
    report.file_ = os::Fd(::mkostemp(temporary.data(), O_CLOEXEC));
    if (report.file_.valid()) {
      const mode_t mask = ::umask(0);
      ::umask(mask);
      const mode_t mode = exists ? info.st_mode & 0777 : 0666 & ~mask;
      report.temporary_ = std::move(temporary);
      report.path_ = std::move(target);
      report.fd_ = report.file_.get();
      // Whose it was it stays, where we may say so.
      if (exists) static_cast<void>(!::fchown(report.fd_, info.st_uid, info.st_gid));
      if (::fchmod(report.fd_, mode) != 0) return Errno("cannot create the file");
      return report;
    }
    if (!exists) return Errno("cannot create the file");
  }
  report.file_ = os::Fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666));
  if (!report.file_.valid()) return Errno("cannot create the file");
  report.fd_ = report.file_.get();
  report.terminal_ = ::isatty(report.fd_) == 1;
  report.cut_ = true;
  return report;
}

void ReportFile::Flush() {
  if (!status_) return;
  if (cut_) {
    struct stat info {};
    if (::fstat(fd_, &info) == 0 && S_ISREG(info.st_mode) && ::ftruncate(fd_, 0) != 0) status_ = Errno("cannot write");
    cut_ = false;
  }
  if (status_ && !text_.empty()) status_ = os::WriteAll(fd_, text_);
  text_.clear();
}

bool ReportFile::Write(std::string_view text) {
  text_ += text;
  if (terminal_ || text_.size() >= kPieceBytes) Flush();
  return status_.has_value();
}

Status ReportFile::Finish() {
  Flush();
  if (status_ && !temporary_.empty() && ::fsync(fd_) != 0) status_ = Errno("cannot write");
  return status_;
}

Status ReportFile::Commit() {
  DL_TRY_STATUS(Finish());
  if (temporary_.empty()) return {};
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return Errno("cannot write");
  temporary_.clear();
  return {};
}

Status ReportFile::CommitNew() {
  DL_TRY_STATUS(Finish());
  if (temporary_.empty()) return {};
  // link() has no race with who makes the file meanwhile, and every file system for configurations has it.
  if (::link(temporary_.c_str(), path_.c_str()) != 0) return Errno("cannot create the file");
  Remove();
  return {};
}

}  // namespace dl::cli
