#include "daylight/survey/machine.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <memory>
#include <optional>
#include <string_view>

#include "daylight/os/io.h"

namespace dl::survey {

namespace {

constexpr std::string_view kDeleted = " (deleted)";
constexpr std::uint64_t kMaxProcFileBytes = 4u << 20;

std::string ReadProcFile(const std::string& path) {
  auto text = os::ReadFile(path, kMaxProcFileBytes);
  return text ? std::move(*text) : std::string();
}

std::optional<std::string> ReadLink(const std::string& path) {
  std::string target(PATH_MAX, '\0');
  const ssize_t n = ::readlink(path.c_str(), target.data(), target.size());
  if (n < 0) return std::nullopt;
  target.resize(static_cast<std::size_t>(n));
  return target;
}

// The last part of the control group that is a unit: "/system.slice/kesl.service" (systemd.resource-control(5)).
std::string UnitOf(std::string_view cgroups) {
  for (const std::string_view ending : {".service", ".scope"}) {
    const std::size_t end = cgroups.rfind(ending);
    if (end == std::string_view::npos) continue;
    const std::size_t begin = cgroups.rfind('/', end);
    if (begin == std::string_view::npos) continue;
    return std::string(cgroups.substr(begin + 1, end + ending.size() - begin - 1));
  }
  return {};
}

}  // namespace

std::vector<report::ProcessFact> Processes(std::uint64_t& hidden, const std::string& proc) {
  hidden = 0;
  std::vector<report::ProcessFact> processes;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(proc.c_str()), &::closedir);
  if (folder == nullptr) return processes;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    report::ProcessFact process;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), process.pid);
    if (parsed.ec != std::errc() || parsed.ptr != name.data() + name.size()) continue;
    const std::string at = proc + "/" + std::string(name);
    process.name = ReadProcFile(at + "/comm");
    if (process.name.ends_with('\n')) process.name.pop_back();
    if (process.name.empty()) continue;  // It has ended.
    if (auto program = ReadLink(at + "/exe")) {
      if (program->ends_with(kDeleted)) {
        program->resize(program->size() - kDeleted.size());
        process.program_deleted = true;
      }
      process.program = program->substr(std::min(program->find_first_not_of('/'), program->size()));
    } else if (errno == EACCES || errno == EPERM) {
      // Of another user's process everyone may read what it was started as.
      const std::string arguments = ReadProcFile(at + "/cmdline");
      const std::string first = arguments.substr(0, arguments.find('\0'));
      if (first.starts_with('/')) {
        process.program = first.substr(std::min(first.find_first_not_of('/'), first.size()));
        process.by_own_word = true;
      } else {
        ++hidden;
      }
    }
    process.unit = UnitOf(ReadProcFile(at + "/cgroup"));
    processes.push_back(std::move(process));
  }
  std::sort(processes.begin(), processes.end(), [](const auto& a, const auto& b) { return a.pid < b.pid; });
  return processes;
}

std::vector<report::KernelModuleFact> KernelModules(const std::string& proc) {
  std::vector<report::KernelModuleFact> modules;
  const std::string text = ReadProcFile(proc + "/modules");
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const std::string_view name = line.substr(0, line.find(' '));
    if (!name.empty()) modules.push_back({std::string(name)});
  }
  return modules;
}

}  // namespace dl::survey
