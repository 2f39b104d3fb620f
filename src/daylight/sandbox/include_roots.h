// IncludeRoots answers `include "path"` for a worker that compiles rule text:
// beneath the folder of the rule file that the user named, or beneath a folder
// given by --include-dir, and nowhere else.
//
//   DL_TRY(sandbox::IncludeRoots roots, IncludeRoots::Open({"shared"}));
//   const std::string identity = roots.AddRuleFile("rules/a.yar", fd);
//   IncludeRoots::Answer answer = roots.Resolve("b.yar", identity);
//
// The worker is not believed: identities are ours, and it gets only what the
// folders hold. Used by one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/os/fd.h"
#include "daylight/report/protocol.h"

namespace dl::sandbox {

class IncludeRoots {
 public:
  struct Answer {
    report::IncludeOutcome outcome = report::IncludeOutcome::kNotFound;
    std::string text;
    std::string identity;
    std::string name;  // For diagnostics.
  };

  // `folders`: those of --include-dir. kIo when one cannot be opened.
  static Result<IncludeRoots> Open(const std::vector<std::string>& folders);
  // The identity of a rule file that the user named: equal for the same file.
  std::string AddRuleFile(const std::string& path, int fd);
  Answer Resolve(const std::string& path, const std::string& from_identity);

 private:
  struct Root {
    os::Fd folder;
    std::string shown;     // As the user wrote it.
    std::string absolute;  // Resolved; empty when unknown.
  };
  struct File {
    std::size_t root = 0;
    std::string folder;  // Below the root, "" for the root itself.
  };
  // True when there was something to say about `path` below this root.
  bool Try(std::size_t root, const std::string& path, Answer& answer);
  std::size_t RootOf(const std::string& folder);

  std::vector<Root> roots_;
  std::size_t shared_roots_ = 0;  // The first ones: --include-dir.
  std::map<std::string, std::size_t> by_folder_;
  std::map<std::string, File> files_;  // By identity.
  std::uint64_t text_bytes_ = 0;
  std::uint32_t answers_ = 0;
};

}  // namespace dl::sandbox
