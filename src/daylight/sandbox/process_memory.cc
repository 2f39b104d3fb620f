#include "daylight/sandbox/process_memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include "daylight/os/fd.h"

namespace dl::sandbox {

namespace {

constexpr int kMaxDepth = 4;
constexpr int kMaxChildren = 16;

// The beginning of a file of /proc.
std::string Read(const std::string& path) {
  char buffer[512];
  const os::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const ssize_t n = fd.valid() ? ::read(fd.get(), buffer, sizeof buffer) : -1;
  return n > 0 ? std::string(buffer, static_cast<std::size_t>(n)) : std::string();
}

std::optional<std::uint64_t> TakeNumber(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

std::optional<std::uint64_t> Sum(pid_t pid, int depth) {
  const std::string folder = "/proc/" + std::to_string(pid);
  // proc(5), statm: size, resident, shared (resident pages of files), ... in pages.
  const std::string statm = Read(folder + "/statm");
  std::string_view rest = statm;
  if (!TakeNumber(rest)) return std::nullopt;
  const auto resident = TakeNumber(rest);
  const auto shared = TakeNumber(rest);
  if (!resident || !shared) return std::nullopt;
  std::uint64_t bytes =
      (*resident - std::min(*resident, *shared)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  if (depth == kMaxDepth) return bytes;
  const std::string children = Read(folder + "/task/" + std::to_string(pid) + "/children");
  rest = children;
  for (int i = 0; i < kMaxChildren; ++i) {
    const auto child = TakeNumber(rest);
    if (!child) break;
    bytes += Sum(static_cast<pid_t>(*child), depth + 1).value_or(0);
  }
  return bytes;
}

}  // namespace

std::optional<std::uint64_t> PrivateBytes(pid_t pid) { return pid > 0 ? Sum(pid, 0) : std::nullopt; }

}  // namespace dl::sandbox
