// Any lines are taken or refused, and whatever was taken can be asked about any
// link: the first lines are those of a .pdb or .wdb, what follows an empty one
// are links. Meaning: a link that shows its own target is never told, and the
// answer is the same a second time.
#include <cstdint>
#include <string_view>
#include <vector>

#include "daylight/base/check.h"
#include "daylight/rules/clamav/phishing.h"

namespace {

std::string_view TakeLine(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using dl::clamav::CheckedLink;
  using dl::clamav::FileKind;
  constexpr std::size_t kMaxLinkBytes = 1024;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  dl::clamav::Phishing phishing;
  while (!rest.empty()) {
    const std::string_view line = TakeLine(rest);
    if (line.empty()) break;
    const bool is_allowed = line[0] == 'X' || line[0] == 'Y' || line[0] == 'M';
    static_cast<void>(phishing.Add(is_allowed ? FileKind::kWdb : FileKind::kPdb, line));
  }
  std::vector<CheckedLink> links;
  while (!rest.empty() && links.size() < 8) {
    const std::string_view target = TakeLine(rest).substr(0, kMaxLinkBytes);
    const std::string_view shown = TakeLine(rest).substr(0, kMaxLinkBytes);
    const auto kind = static_cast<CheckedLink::Kind>(links.size() % 3);
    links.push_back({kind, std::string(target), std::string(shown)});
  }
  const auto verdict = phishing.Check(links);
  DL_CHECK(verdict.names == phishing.Check(links).names);
  for (CheckedLink& link : links) link.shown = link.target;
  for (const std::string& name : phishing.Check(links).names) {
    DL_CHECK(name.find("Safebrowsing") != std::string::npos || name.find("URL.Blocked") != std::string::npos);
  }
  return 0;
}
