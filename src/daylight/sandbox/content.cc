#include "daylight/sandbox/content.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "daylight/os/paths.h"

namespace dl::sandbox {

namespace {

std::vector<std::string> DatabasesIn(const std::string& folder) {
  std::vector<std::string> found;
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".dldb") found.push_back(it->path().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

std::vector<std::string> DefaultContent() {
  std::vector<std::string> found;
  const auto folder = os::ProgramFolder();
  if (folder) found = DatabasesIn(*folder);
  if (found.empty() && folder) found = DatabasesIn(os::Join(os::ParentFolder(*folder), "share/daylight"));
  if (found.empty()) found = DatabasesIn("/usr/share/daylight");
  for (std::string& path : DatabasesIn("/etc/daylight")) found.push_back(std::move(path));
  return found;
}

std::vector<std::string> DefaultPolicies() {
  std::vector<std::string> found;
  const auto take = [&found](const std::string& folder) {
    std::error_code error;
    if (std::filesystem::is_directory(folder, error)) found.push_back(folder);
    return !found.empty();
  };
  const auto folder = os::ProgramFolder();
  if (!folder ||
      (!take(os::Join(*folder, "policies")) && !take(os::Join(os::ParentFolder(*folder), "share/daylight/policies")))) {
    take("/usr/share/daylight/policies");
  }
  take("/etc/daylight/policies");
  return found;
}

std::string DefaultClamavFolder() {
  const char* named = std::getenv("DAYLIGHT_CLAMAV_FOLDER");
  return named != nullptr && *named != '\0' ? named : "/var/lib/clamav";
}

}  // namespace dl::sandbox
