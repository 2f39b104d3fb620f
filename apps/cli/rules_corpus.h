// What rules cost on a corpus of files: `daylight rules check --corpus DIR`.
//
//   const auto costs = MeasureOnCorpus(worker_program, databases, {"/usr/bin"}, content);
//   if (costs) std::cout << CorpusText(*costs);
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "content_options.h"
#include "daylight/report/profile.h"

namespace dl::cli {

// Scans all files of `folders` in workers. Nothing when that was not possible;
// said on standard error. `databases`: borrowed descriptors.
std::optional<report::CorpusCosts> MeasureOnCorpus(const sandbox::WorkerProgram& worker_program,
                                                   const std::vector<int>& databases,
                                                   const std::vector<std::string>& folders,
                                                   const ContentOptions& content);

// The tables, and a warning for each string and condition that is slow.
std::string CorpusText(const report::CorpusCosts& costs);

}  // namespace dl::cli
