// Parsing a command's options with CLI11, which stays out of our headers.
//
//   CLI::App app("Scans files", "daylight scan");
//   std::vector<std::string> paths;
//   if (const auto exit = Parse(app, command_line, {"PATH...", "files and folders"}, paths)) return *exit;
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace dl::cli {

// The arguments that are no options.
struct Positionals {
  std::string usage;  // "PATH..."
  std::string help;
  std::size_t least = 0;
  std::size_t most = static_cast<std::size_t>(-1);
};

// An exit code when the command is to end here: --help was asked for, or an
// option is wrong (said on standard error). `values`: what is no option, byte
// for byte; CLI11 would take "[a,b]" apart, so it never sees them as its own.
std::optional<int> Parse(CLI::App& app, const std::vector<std::string>& arguments, const Positionals& positionals,
                         std::vector<std::string>& values);

// An option that may be repeated, with one value each time.
CLI::Option* AddList(CLI::App& app, const std::string& name, std::vector<std::string>& values, const std::string& help);
// An option with one of a few names as its value, which has a default.
CLI::Option* AddChoice(CLI::App& app, const std::string& name, std::string& value,
                       const std::vector<std::string>& choices, const std::string& help);

}  // namespace dl::cli
