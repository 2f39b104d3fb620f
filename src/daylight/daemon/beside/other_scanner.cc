#include "daylight/daemon/beside/other_scanner.h"

#include <poll.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "daylight/daemon/beside/asking.h"
#include "daylight/events/syslog_sink.h"

namespace dl::daemon {

namespace {

constexpr std::size_t kMaxNameBytes = 1024;

std::string_view Shortened(std::string_view text) { return text.substr(0, kMaxNameBytes); }

// What ClamAV calls a find, and is none: it has not read what it was given.
bool MeansUnread(std::string_view name) {
  return name.starts_with("Heuristics.Encrypted.") || name.starts_with("Heuristics.Limits.Exceeded") ||
         name == "Heuristics.Daylight.Incomplete" || name == "Heuristics.Broken.Container";
}

std::optional<sockaddr_storage> AddressOf(const std::string& where, socklen_t& bytes) {
  // One that names no port is refused here: none is usual for all scanners.
  const std::size_t end = where.rfind(where.starts_with('[') ? "]:" : ":");
  if (!where.starts_with('/') && end == std::string::npos) return std::nullopt;
  const auto target = events::ParseSyslogTarget((where.starts_with('/') ? "unix:" : "tcp:") + where);
  if (!target) return std::nullopt;
  bytes = target->address_bytes;
  return target->address;
}

}  // namespace

std::int64_t AskedObject::ReadAt(std::uint64_t offset, std::span<char> out) const {
  if (offset >= size) return 0;
  const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size - offset));
  if (fd < 0) {
    if (offset >= bytes.size()) return 0;
    return static_cast<std::int64_t>(bytes.copy(out.data(), most, static_cast<std::size_t>(offset)));
  }
  for (;;) {
    const ssize_t n = ::pread(fd, out.data(), most, static_cast<off_t>(offset));
    if (n >= 0 || errno != EINTR) return n;
  }
}

int Patience::Remaining() const {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until_ - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1 << 30));
}

bool Patience::WaitFor(int fd, short events) const {
  pollfd fds[2] = {{fd, events, 0}, {stop_fd_, POLLIN, 0}};
  for (;;) {
    const int left = Remaining();
    const int n = ::poll(fds, 2, left);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0 || fds[1].revents != 0) return false;
    // A peer that always has something could go on for ever.
    return left > 0;
  }
}

bool Patience::WaitForAny(const std::array<int, 3>& fds) const {
  pollfd watched[4] = {{fds[0], POLLIN, 0}, {fds[1], POLLIN, 0}, {fds[2], POLLIN, 0}, {stop_fd_, POLLIN, 0}};
  for (;;) {
    const int left = Remaining();
    const int n = ::poll(watched, 4, left);
    if (n < 0 && errno == EINTR) continue;
    return n > 0 && watched[3].revents == 0 && left > 0;
  }
}

bool Patience::is_over() const {
  pollfd stop{stop_fd_, POLLIN, 0};
  return Clock::now() >= until_ || (stop_fd_ >= 0 && ::poll(&stop, 1, 0) > 0);
}

std::optional<OtherScanner> OtherScanner::Clamd(const std::string& where) {
  OtherScanner other;
  const auto address = AddressOf(where, other.address_bytes_);
  if (!address) return std::nullopt;
  other.kind_ = Kind::kClamd;
  other.address_ = *address;
  return other;
}

std::optional<OtherScanner> OtherScanner::Kav(const std::string& where) {
  std::optional<OtherScanner> other = Clamd(where);
  if (other) other->kind_ = Kind::kKav;
  return other;
}

std::optional<OtherScanner> OtherScanner::Command(std::vector<std::string> argv) {
  const auto has_path = [](const std::string& part) {
    return part == "-" || part.find(kPathMark) != std::string::npos;
  };
  const auto has_nul = [](const std::string& part) { return part.find('\0') != std::string::npos; };
  if (argv.empty() || !argv.front().starts_with('/') || std::any_of(argv.begin(), argv.end(), has_nul) ||
      std::none_of(argv.begin() + 1, argv.end(), has_path)) {
    return std::nullopt;
  }
  // It passes over links, and says OK.
  const bool is_blind = argv.front().ends_with("/clamdscan") && std::find(argv.begin(), argv.end(), "-") == argv.end();
  if (is_blind) return std::nullopt;
  OtherScanner other;
  other.kind_ = Kind::kCommand;
  other.argv_ = std::move(argv);
  return other;
}

const char* OtherScanner::name() const {
  switch (kind_) {
    case Kind::kClamd: return "clamd";
    case Kind::kKav: return "kav";
    case Kind::kCommand: return "command";
  }
  return "";
}

OtherAnswer OtherScanner::Ask(const AskedObject& object, const Patience& patience) const {
  switch (kind_) {
    case Kind::kClamd: return AskClamd(address_, address_bytes_, object, patience);
    case Kind::kKav: return AskKav(address_, address_bytes_, object, patience);
    case Kind::kCommand: return AskCommand(argv_, object, patience);
  }
  return {};
}

OtherAnswer NoAnswer(std::string_view why, int error) {
  OtherAnswer answer;
  answer.problem = why;
  if (error != 0) answer.problem += std::string(": ") + std::strerror(error);
  return answer;
}

OtherAnswer Unfit(std::string_view why) {
  OtherAnswer answer;
  answer.kind = OtherAnswer::Kind::kUnfit;
  answer.problem = why;
  return answer;
}

OtherAnswer Says(report::Verdict verdict, std::string_view name) {
  OtherAnswer answer;
  answer.kind = OtherAnswer::Kind::kVerdict;
  answer.verdict = verdict;
  if (!name.empty()) answer.names.emplace_back(Shortened(name));
  return answer;
}

OtherAnswer ReadClamdLine(std::string_view line) {
  const std::size_t colon = line.find(": ");
  if (colon == std::string_view::npos) {
    // "INSTREAM size limit exceeded. ERROR" and the like have no object in front.
    if (!line.ends_with(" ERROR")) return NoAnswer("an answer that is none of clamd's");
    OtherAnswer answer = Says(report::Verdict::kFailed, {});
    answer.problem = Shortened(line.substr(0, line.size() - 6));
    return answer;
  }
  const std::string_view text = line.substr(colon + 2);
  if (text == "OK") return Says(report::Verdict::kClean, {});
  if (text.ends_with(" ERROR")) {
    OtherAnswer answer = Says(report::Verdict::kFailed, {});
    answer.problem = Shortened(text.substr(0, text.size() - 6));
    return answer;
  }
  constexpr std::string_view kFound = " FOUND";
  if (!text.ends_with(kFound) || text.size() == kFound.size()) return NoAnswer("an answer that is none of clamd's");
  const std::string_view name = text.substr(0, text.size() - kFound.size());
  return Says(MeansUnread(name) ? report::Verdict::kIncomplete : report::Verdict::kDetected, name);
}

OtherAnswer ReadKavLine(std::string_view line) {
  // docs/protocols/kav.md has the words; rspamd takes one byte of white space off at most.
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line == "CLEAN" || line == "CLEAN AND CONTAINS OFFICE MACRO") return Says(report::Verdict::kClean, {});
  if (line == "SERVER_ERROR") {
    OtherAnswer answer = Says(report::Verdict::kFailed, {});
    answer.problem = "SERVER_ERROR";
    return answer;
  }
  for (const std::string_view word : {"DETECT ", "DISINFECTED ", "DELETED "}) {
    if (line.starts_with(word) && line.size() > word.size())
      return Says(report::Verdict::kDetected, line.substr(word.size()));
  }
  if (line == "DISINFECTED" || line == "DELETED" || line == "DETECT") return Says(report::Verdict::kDetected, {});
  if (line == "NON_SCANNED" || line.starts_with("NON_SCANNED ")) {
    OtherAnswer answer = Says(report::Verdict::kIncomplete, {});
    answer.problem = Shortened(line);
    return answer;
  }
  return NoAnswer("an answer that is none of this protocol's");
}

}  // namespace dl::daemon
