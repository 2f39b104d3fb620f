#include "daylight/sandbox/include_roots.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <memory>

#include "daylight/os/beneath.h"
#include "daylight/os/io.h"
#include "daylight/os/paths.h"

namespace dl::sandbox {

namespace {

// More includes than any rule set has; a worker may not keep us busy for ever.
constexpr std::uint32_t kMaxAnswers = 100000;

std::string Identity(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return {};
  return std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
}

std::string Resolved(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
  return real == nullptr ? std::string() : std::string(real.get());
}

}  // namespace

Result<IncludeRoots> IncludeRoots::Open(const std::vector<std::string>& folders) {
  IncludeRoots roots;
  for (const std::string& folder : folders) {
    DL_TRY(os::Fd fd, os::OpenFolder(folder));
    roots.roots_.push_back({std::move(fd), folder, Resolved(folder)});
  }
  roots.shared_roots_ = roots.roots_.size();
  return roots;
}

std::size_t IncludeRoots::RootOf(const std::string& folder) {
  const auto known = by_folder_.find(folder);
  if (known != by_folder_.end()) return known->second;
  auto fd = os::OpenFolder(folder);
  roots_.push_back({fd ? std::move(*fd) : os::Fd(), folder, Resolved(folder)});
  by_folder_[folder] = roots_.size() - 1;
  return roots_.size() - 1;
}

std::string IncludeRoots::AddRuleFile(const std::string& path, int fd) {
  std::string identity = Identity(fd);
  files_.emplace(identity, File{RootOf(os::ParentFolder(path)), ""});
  return identity;
}

bool IncludeRoots::Try(std::size_t index, const std::string& path, Answer& answer) {
  const Root& root = roots_[index];
  if (!root.folder.valid()) return false;
  const auto fd = os::OpenBeneath(root.folder.get(), path);
  if (!fd) {
    if (fd.error().code == ErrorCode::kUnsupported) answer.outcome = report::IncludeOutcome::kNotAllowed;
    return false;
  }
  auto text = os::ReadAll(fd->get(), report::kMaxRuleTextBytes - text_bytes_);
  if (!text) {
    if (text.error().code == ErrorCode::kBudget) answer.outcome = report::IncludeOutcome::kTooLarge;
    return text.error().code == ErrorCode::kBudget;
  }
  text_bytes_ += text->size();
  answer.outcome = report::IncludeOutcome::kFound;
  answer.text = std::move(*text);
  answer.identity = Identity(fd->get());
  answer.name = root.shown == "." ? path : os::Join(root.shown, path);
  const std::string folder = os::ParentFolder(path);
  files_.emplace(answer.identity, File{index, folder == "." ? "" : folder});
  return true;
}

IncludeRoots::Answer IncludeRoots::Resolve(const std::string& path, const std::string& from_identity) {
  Answer answer;
  if (++answers_ > kMaxAnswers) {
    answer.outcome = report::IncludeOutcome::kTooLarge;
    return answer;
  }
  const auto from = files_.find(from_identity);
  if (path.empty() || from == files_.end()) return answer;
  const File file = from->second;
  if (path.front() == '/') {
    // An absolute path is good where it plainly lies beneath an allowed folder.
    answer.outcome = report::IncludeOutcome::kNotAllowed;
    std::vector<std::size_t> allowed{file.root};
    for (std::size_t i = 0; i < shared_roots_; ++i) allowed.push_back(i);
    for (const std::size_t i : allowed) {
      const std::string prefix = roots_[i].absolute == "/" ? "/" : roots_[i].absolute + "/";
      if (roots_[i].absolute.empty() || !path.starts_with(prefix)) continue;
      answer.outcome = report::IncludeOutcome::kNotFound;
      if (Try(i, path.substr(prefix.size()), answer)) return answer;
    }
    return answer;
  }
  if (Try(file.root, os::Join(file.folder, path), answer)) return answer;
  for (std::size_t i = 0; i < shared_roots_; ++i) {
    if (Try(i, path, answer)) return answer;
  }
  return answer;
}

}  // namespace dl::sandbox
