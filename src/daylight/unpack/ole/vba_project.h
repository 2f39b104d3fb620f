// The projects of Visual Basic in a compound file: which modules they have, and in which streams the sources are.
//
//   for (const auto& [storage, streams] : file.StreamsByStorage()) {
//     if (const auto project = ReadVbaProject(file, streams, budget)) ... project->sources ...
//   }
//
// Sources that a project does not list, or lists wrongly, are found as well. Borrows nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daylight/unpack/ole/compound_file.h"
#include "daylight/unpack/ole/vba.h"

namespace dl::unpack {

struct VbaSource {
  std::string name;  // The module's; the stream's where no project names it. UTF-8.
  VbaModuleType type = VbaModuleType::kUnknown;
  std::size_t stream = 0;    // In the file's entries().
  std::uint64_t offset = 0;  // Where in it the source is said to begin, for VbaSourceBegin().
};

struct VbaProject {
  // Streams that must lie together to be looked into are no larger.
  static constexpr std::uint64_t kMaxStreamBytes = std::uint64_t{64} << 20;

  std::optional<std::size_t> dir;  // In the file's entries().
  VbaDir facts;
  std::vector<VbaSource> sources;
  std::vector<std::string> without_stream;  // Modules that are listed, and not there.
  std::vector<std::size_t> too_large;       // Streams that were not searched for sources.
  bool has_marker = false;                  // The stream that only projects have.
  bool is_stopped = false;                  // By the budget.
};

// The project in one storage, of which these are the streams; nothing where there is none. What is looked at is taken
// from the budget.
std::optional<VbaProject> ReadVbaProject(const CompoundFile& file, const std::vector<std::size_t>& streams,
                                         std::uint64_t& budget_bytes);

}  // namespace dl::unpack
