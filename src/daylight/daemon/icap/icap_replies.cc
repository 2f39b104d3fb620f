#include "daylight/daemon/icap/icap_replies.h"

#include <array>
#include <charconv>

#include "daylight/daemon/text/safe_text.h"

namespace dl::daemon {
namespace {

constexpr std::size_t kMaxTagBytes = 32;
constexpr std::size_t kMaxNames = 20;

constexpr std::string_view kPage =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Blocked</title></head>\n"
    "<body><h1>This content is blocked</h1>\n<p>{reason}</p>\n<p><b>{name}</b></p>\n<p>{url}</p>\n</body></html>\n";

void Append(std::string& out, std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts) out += part;
}

}  // namespace

std::string_view IcapReason(int status) {
  switch (status) {
    case 200: return "OK";
    case 204: return "No Content";
    case 400: return "Bad Request";
    case 404: return "Service Not Found";
    case 405: return "Method Not Allowed For Service";
    case 408: return "Request Timeout";
    case 501: return "Method Not Implemented";
    case 503: return "Service Overloaded";
    case 505: return "ICAP Version Not Supported";
    default: return "Server Error";
  }
}

std::string IcapTag(std::string_view state) {
  std::string tag = "\"" + HeaderText(state, kMaxTagBytes) + "\"";
  // Within the quotes nothing may end them.
  for (std::size_t i = 1; i + 1 < tag.size(); ++i) {
    if (tag[i] == '"' || tag[i] == '\\') tag[i] = '_';
  }
  return tag;
}

std::string IncompleteReason(const ScanOutcome& outcome) {
  if (outcome.kind == ScanOutcome::Kind::kFailed) return "failed: " + HeaderText(outcome.problem);
  if (!outcome.report.incomplete.empty()) return HeaderText(outcome.report.incomplete.front().reason);
  return outcome.problem.empty() ? "unread" : HeaderText(outcome.problem);
}

std::string FoundLines(const ScanOutcome& outcome) {
  // Type 0: a virus; 2: a container that breaks a policy (encrypted, too large, too deep). Resolution 2: rejected.
  const bool is_virus = outcome.kind == ScanOutcome::Kind::kInfected;
  std::vector<std::string> names;
  for (const std::string& name : outcome.names) {
    if (names.size() < kMaxNames && !name.empty()) names.push_back(HeaderPart(name));
  }
  if (names.empty()) names.push_back(is_virus ? "unknown" : HeaderPart(IncompleteReason(outcome)));
  std::string lines;
  Append(lines, {"X-Infection-Found: Type=", is_virus ? "0" : "2", "; Resolution=2; Threat=", names.front(), ";\r\n"});
  Append(lines, {"X-Virus-ID: ", names.front(), "\r\n"});
  // The number, and for each: the file, what it is, its number, what was done; a line each, as c-icap and
  // Symantec's engine do. Some clients look for fields in these lines, too: no colon is left in them.
  Append(lines, {"X-Violations-Found: ", std::to_string(names.size()), "\r\n"});
  for (std::string& name : names) {
    for (char& c : name) {
      if (c == ':') c = '_';
    }
    Append(lines, {"\t-\r\n\t", name, "\r\n\t0\r\n\t2\r\n"});
  }
  return lines;
}

BlockPage MakeBlockPage(std::string_view text, std::string_view name, std::string_view reason, std::string_view url) {
  if (text.empty()) text = kPage;
  BlockPage block;
  while (!text.empty()) {
    const std::size_t brace = text.find('{');
    block.page += text.substr(0, brace);
    if (brace == std::string_view::npos) break;
    text.remove_prefix(brace);
    if (text.starts_with("{name}")) {
      block.page += HtmlText(name);
      text.remove_prefix(6);
    } else if (text.starts_with("{reason}")) {
      block.page += HtmlText(reason);
      text.remove_prefix(8);
    } else if (text.starts_with("{url}")) {
      block.page += HtmlText(url);
      text.remove_prefix(5);
    } else {
      block.page += '{';
      text.remove_prefix(1);
    }
  }
  // An empty chunk would be the last one.
  if (block.page.empty()) block.page = "\n";
  Append(block.head, {"HTTP/1.1 403 Forbidden\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: ",
                      std::to_string(block.page.size()),
                      "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
                      "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n\r\n"});
  return block;
}

std::string Chunk(std::string_view bytes) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), bytes.size(), 16).ptr;
  std::string chunk;
  chunk.reserve(bytes.size() + digits.size() + 4);
  Append(chunk,
         {std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())), "\r\n", bytes, "\r\n"});
  return chunk;
}

}  // namespace dl::daemon
