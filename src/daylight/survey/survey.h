// Survey collects facts about the software of a target: a machine, a tree of files, one
// file. It walks and opens; what is in files is read by contained workers.
//
//   survey::Survey survey(options, [&](report::SoftwareFacts&& facts) { judge.Add(std::move(facts)); });
//   const survey::Looked looked = survey.Run({survey::TargetKind::kRoot, "/mnt"});
//
// All paths are relative to their root, the target being root 0. A folder that looks like a
// system of its own (it has an os-release or a package database), and the file systems of
// containers, are roots of their own. Used by one thread; calls back on it.
#pragma once

#include <atomic>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "daylight/report/software.h"
#include "daylight/survey/asker.h"

namespace dl::survey {

enum class TargetKind : std::uint8_t {
  kMachine,  // "/", processes and kernel modules
  kRoot,     // A folder that is a system's root.
  kPath,     // A folder or a file.
};

struct Target {
  TargetKind kind = TargetKind::kPath;
  std::string path;
};

// What is done about archives and disk images that are met in a tree. Package files, container
// images and SBOMs are always looked into, and so is a file that is the target itself.
enum class Archives : std::uint8_t { kAll, kImages };

struct Options : AskerOptions {
  Archives archives = Archives::kImages;
  // Else what is installed is asked for, by the databases of package managers, and no other file is opened.
  bool contents = true;
  std::vector<std::string> words;    // To be looked for in configuration, lower case.
  std::vector<std::string> exclude;  // See os/glob.h.
  bool one_file_system = false;
  std::uint64_t max_bytes = std::uint64_t{64} << 30;
  std::uint32_t max_depth = 8;
  std::function<void(std::uint64_t files)> tick;  // Now and then. May be empty.
};

struct Looked {
  std::string
      kind;  // "this machine", "root", "folder", "image", "package", "disk image", "archive", "sbom", "program", "file"
  std::string host;
  std::string operating_system;
  std::string sha256;                           // Of a file that is the target, lowercase hexadecimal.
  std::map<std::string, std::uint64_t> counts;  // "files", "packages (dpkg)", …
  std::string failure;                          // Why it could not be looked at at all; empty when it was.
};

// SHA-256 of an open file, lowercase hexadecimal; empty when it cannot be read, is larger than `max_bytes`, or `stop`
// was set meanwhile. Of one that grows, as much as there was at first.
std::string HashFile(int fd, const std::atomic<bool>* stop = nullptr,
                     std::uint64_t max_bytes = std::numeric_limits<std::uint64_t>::max());

class Survey {
 public:
  using Take = std::function<void(report::SoftwareFacts&&)>;
  Survey(Options options, Take take) : options_(std::move(options)), take_(std::move(take)) {}
  Looked Run(const Target& target);

 private:
  Options options_;
  Take take_;
};

}  // namespace dl::survey
