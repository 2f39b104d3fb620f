#include "daylight/opener/processes.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "daylight/os/fd.h"

namespace dl::opener {

namespace {

// Chains longer than that are none of ours: daemon, template, worker.
constexpr int kMaxAncestors = 16;

// The first bytes of a file of /proc.
std::string_view ReadSmall(pid_t pid, const char* name, std::span<char> buffer) {
  char path[64];
  ::snprintf(path, sizeof path, "/proc/%d/%s", static_cast<int>(pid), name);
  const os::Fd fd(::open(path, O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return {};
  const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
  return n > 0 ? std::string_view(buffer.data(), static_cast<std::size_t>(n)) : std::string_view();
}

template <typename T>
std::optional<T> TakeNumber(std::string_view& text) {
  while (!text.empty() && (text[0] == ' ' || text[0] == '\t')) text.remove_prefix(1);
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

}  // namespace

std::optional<pid_t> ParentIn(std::string_view stat) {
  // proc(5): number (name) state parent. A name may have parentheses and blanks itself, so from the last one.
  const std::size_t close = stat.rfind(')');
  if (close == stat.npos || stat.size() < close + 4) return std::nullopt;
  stat.remove_prefix(close + 3);
  return TakeNumber<pid_t>(stat);
}

std::optional<Users> UsersIn(std::string_view status) {
  const std::size_t at = status.find("\nUid:");
  if (at == status.npos) return std::nullopt;
  status.remove_prefix(at + 5);
  std::array<std::uint32_t, 4> ids{};
  for (std::uint32_t& id : ids) {
    const auto number = TakeNumber<std::uint32_t>(status);
    if (!number) return std::nullopt;
    id = *number;
  }
  return Users{ids[1], std::all_of(ids.begin(), ids.end(), [&](std::uint32_t id) { return id == ids[0]; })};
}

bool IsWithin(pid_t pid, std::span<const pid_t> roots) {
  std::array<char, 1024> buffer;
  for (int i = 0; i < kMaxAncestors && pid > 1; ++i) {
    if (std::find(roots.begin(), roots.end(), pid) != roots.end()) return true;
    const auto parent = ParentIn(ReadSmall(pid, "stat", buffer));
    if (!parent) return false;
    pid = *parent;
  }
  return false;
}

std::optional<Users> UsersOf(pid_t pid) {
  std::array<char, 1024> buffer;
  return UsersIn(ReadSmall(pid, "status", buffer));
}

std::string ProgramOf(pid_t pid) {
  char path[64];
  ::snprintf(path, sizeof path, "/proc/%d/exe", static_cast<int>(pid));
  std::array<char, 4096> target;
  const ssize_t n = ::readlink(path, target.data(), target.size());
  return n > 0 ? std::string(target.data(), static_cast<std::size_t>(n)) : std::string();
}

}  // namespace dl::opener
