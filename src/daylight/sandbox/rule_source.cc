#include "daylight/sandbox/rule_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "daylight/os/beneath.h"
#include "daylight/os/io.h"
#include "daylight/os/paths.h"
#include "daylight/os/walk.h"
#include "daylight/report/escape.h"
#include "daylight/report/protocol.h"

namespace dl::sandbox {

namespace {

bool HasRuleExtension(std::string_view path) {
  const std::string_view extension = os::Extension(path);
  return extension == ".yar" || extension == ".yara";
}

// The folder's name, or that of the one above where it only says what is inside.
std::string SourceName(const std::string& absolute) {
  const std::string name(os::BaseName(absolute));
  if (name != "rules" && name != "yara" && name != "yar" && name != "signatures") return name;
  const std::string above(os::BaseName(os::ParentFolder(absolute)));
  return above.empty() || above == "/" ? name : above;
}

class Loader {
 public:
  explicit Loader(LoadedSources& loaded) : loaded_(loaded) {}

  void Load(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return Problem(path, std::strerror(errno));
    source_ = {};
    source_.path = path;
    const std::string absolute = AbsoluteOf(path);
    source_.name = SourceName(absolute);
    if (S_ISDIR(info.st_mode)) {
      source_.licence = FindLicence(absolute);
      Search(path);
    } else {
      source_.licence = FindLicence(os::ParentFolder(absolute));
      auto fd = os::OpenRegular(path);
      if (!fd) return Problem(path, os::Describe(fd.error()));
      Add(path, std::move(*fd));
    }
    loaded_.sources.push_back(std::move(source_));
  }

 private:
  void Problem(const std::string& path, const std::string& reason) { loaded_.errors.push_back(path + ": " + reason); }

  static std::string AbsoluteOf(const std::string& path) {
    const auto folder = os::WorkingFolder();
    return os::Absolute(path, folder ? *folder : "/");
  }

  void Add(const std::string& path, os::Fd fd) {
    auto text = os::ReadAll(fd.get(), report::kMaxRuleTextBytes - bytes_);
    if (!text) return Problem(path, os::Describe(text.error()));
    bytes_ += text->size();
    source_.files.push_back({path, std::string(os::Stem(path)), std::move(*text), std::move(fd)});
  }

  void Search(const std::string& path) {
    const std::size_t prefix = os::Join(path, "").size();
    os::Walker walker(os::WalkOptions{.skip_hidden = true});
    walker.Add(path);
    auto root = os::OpenFolder(path);
    const std::size_t errors = loaded_.errors.size();
    while (auto entry = walker.Next()) {
      using Kind = os::WalkEntry::Kind;
      if (entry->kind == Kind::kFailed) {
        Problem(entry->path, entry->reason);
      } else if (entry->kind == Kind::kFile && HasRuleExtension(entry->path)) {
        Add(entry->path, std::move(entry->fd));
      } else if (entry->kind == Kind::kSkipped && HasRuleExtension(entry->path) && root) {
        auto fd = os::OpenBeneath(root->get(), entry->path.substr(std::min(prefix, entry->path.size())));
        if (fd) {
          Add(entry->path, std::move(*fd));
        } else {
          loaded_.warnings.push_back(entry->path + ": left out, " + entry->reason + " that leads nowhere below " +
                                     path);
        }
      }
    }
    if (source_.files.empty() && loaded_.errors.size() == errors)
      Problem(path, "no *.yar or *.yara file in this folder");
  }

  LoadedSources& loaded_;
  RuleSource source_;
  std::uint64_t bytes_ = 0;
};

}  // namespace

LoadedSources LoadRuleSources(const std::vector<std::string>& paths) {
  LoadedSources loaded;
  for (const std::string& path : paths) Loader(loaded).Load(path);
  std::size_t files = 0;
  for (const RuleSource& source : loaded.sources) files += source.files.size();
  if (files == 1) {
    for (RuleSource& source : loaded.sources) {
      for (RuleFile& file : source.files) file.name_space = "default";
    }
  }
  return loaded;
}

namespace {

bool IsInRepository(std::string folder) {
  for (int level = 0; level < 4 && folder != "/"; ++level) {
    if (::access(os::Join(folder, ".git").c_str(), F_OK) == 0) return true;
    folder = os::ParentFolder(folder);
  }
  return false;
}

}  // namespace

std::string FindLicence(const std::string& start) {
  std::string folder = start;
  const bool in_repository = IsInRepository(start);
  for (int level = 0; level < (in_repository ? 4 : 2); ++level) {
    // Anybody may have put a file into /tmp.
    struct stat info {};
    if (::stat(folder.c_str(), &info) != 0 || (info.st_mode & S_ISVTX) != 0) break;
    for (const char* stem : {"LICENSE", "LICENCE", "COPYING"}) {
      for (const char* extension : {"", ".txt", ".md"}) {
        const auto fd = os::OpenRegular(os::Join(folder, std::string(stem) + extension));
        if (!fd) continue;
        char head[4096];
        const ssize_t n = ::read(fd->get(), head, sizeof head);
        std::string_view text(head, n > 0 ? static_cast<std::size_t>(n) : 0);
        while (!text.empty()) {
          std::string_view line = text.substr(0, text.find('\n'));
          text.remove_prefix(std::min(line.size() + 1, text.size()));
          const std::size_t first = line.find_first_not_of(" \t\r#*=-");
          if (first == line.npos) continue;
          line = line.substr(first);
          line = line.substr(0, line.find_last_not_of(" \t\r#*=") + 1);
          return report::EscapeLine(line.substr(0, 200));
        }
      }
    }
    // A repository's own root is as far as its licence reaches.
    if (::access(os::Join(folder, ".git").c_str(), F_OK) == 0 || folder == "/") break;
    folder = os::ParentFolder(folder);
  }
  return {};
}

}  // namespace dl::sandbox
