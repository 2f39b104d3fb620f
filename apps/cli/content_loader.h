// Makes the content that the user asked for ready: opens databases, compiles
// rules and signatures, says what is wrong with them.
//
//   std::optional<LoadedContent> content = LoadContent(options);
//   if (!content) return kExitTrouble;   // Said already.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "content_options.h"
#include "daylight/database/database.h"
#include "daylight/os/fd.h"

namespace dl::cli {

struct LoadedContent {
  // What came out of the cache.
  struct Cached {
    std::string folder;
    std::string key;
    std::size_t index = 0;  // Of `files`.
  };
  std::vector<os::Fd> files;
  std::vector<std::shared_ptr<const database::Database>> databases;  // Headers and section tables are checked.
  std::uint64_t rules = 0;                                           // Of what was compiled just now.
  std::uint64_t signatures = 0;                                      // The same of ClamAV's.
  std::vector<Cached> cached;
  std::vector<int> descriptors() const;
};

// `warnings`: show the compiler's warnings too.
std::optional<LoadedContent> LoadContent(const ContentOptions& options, const sandbox::WorkerProgram& worker_program,
                                         bool warnings);

// One database; said on standard error when it is none.
bool AddDatabase(const std::string& path, LoadedContent& content);

}  // namespace dl::cli
