// What an ICAP server says: heads, and the page that stands in for what is withheld.
#pragma once

#include <string>
#include <string_view>

#include "daylight/daemon/service/scanning.h"

namespace dl::daemon {

// "Service Overloaded" (RFC 3507, section 4.3.3; RFC 9110, section 15).
std::string_view IcapReason(int status);

// Quoted, at most 32 characters between the quotes (section 4.7). `state`: any bytes.
std::string IcapTag(std::string_view state);

// Why an object is not known to be clean, for X-Daylight-Incomplete: "encrypted".
std::string IncompleteReason(const ScanOutcome& outcome);

// X-Infection-Found, X-Virus-ID, X-Violations-Found (draft-stecher-icap-subid-00), as
// lines with their ends. For what was found, and for what is withheld because it was
// not read.
std::string FoundLines(const ScanOutcome& outcome);

// An HTTP response (403) that says so to people: its head, and the page.
struct BlockPage {
  std::string head;
  std::string page;
};
// `text`: HTML in which {name}, {reason} and {url} are replaced by escaped text; empty:
// a page of ours.
BlockPage MakeBlockPage(std::string_view text, std::string_view name, std::string_view reason, std::string_view url);

// One chunk with `bytes`, which are not empty.
std::string Chunk(std::string_view bytes);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace dl::daemon
