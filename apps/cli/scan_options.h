// The options of `daylight scan`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "content_options.h"
#include "daylight/report/writer.h"

namespace CLI {
class App;
}

namespace dl::cli {

struct ScanArguments {
  ContentOptions content;
  std::vector<std::string> paths;
  std::vector<std::string> exclude;
  std::string files_from;
  std::string output;
  std::string format_name = "text";
  std::string matches;  // "", "true", "all".
  std::string on_incomplete = "fail";
  std::string isolation = "batch";
  std::string max_size = "0";
  std::string max_total = "16G";
  std::string timeout = "120s";
  std::string max_memory = "2G";
  std::uint32_t max_depth = 16;
  std::uint32_t max_children = 100000;
  std::uint32_t threads = 0;
  bool hash = false;
  bool no_unpack = false;
  bool one_file_system = false;
  bool follow = false;
  bool all = false;
  bool quiet = false;
  bool pua = false;
  std::vector<std::string> passwords;
  bool profile = false;
  bool cache = false;

  // By FinishScanArguments.
  report::Format format = report::Format::kText;
  report::BudgetValues budget;
  std::uint64_t max_worker_bytes = 0;
};

void AddScanOptions(CLI::App& app, ScanArguments& arguments);
// False when a value is wrong; said on standard error.
bool FinishScanArguments(ScanArguments& arguments);

}  // namespace dl::cli
