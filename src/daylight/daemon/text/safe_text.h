// What strangers chose (names of files, of signatures from a third party, URLs), made
// fit for the place where it is written.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "daylight/report/jobs.h"

namespace dl::daemon {

// For the value of a header: printable ASCII, anything else is '_', so no line can
// end in it and no reader takes it for another character set.
std::string HeaderText(std::string_view bytes, std::size_t max_bytes = 200);
// For a value with parts of its own ("Threat=NAME;") or a list: neither ';' nor ','.
std::string HeaderPart(std::string_view bytes, std::size_t max_bytes = 200);
// For text and attributes of HTML (UTF-8): escaped, without control characters.
std::string HtmlText(std::string_view bytes, std::size_t max_bytes = 400);

// %41 is A. What is not well-formed stays as it is.
std::string PercentDecode(std::string_view text);
// The filename of a Content-Disposition: `filename*` (RFC 8187) before `filename`;
// empty when there is none. Any bytes.
std::string DispositionFilename(std::string_view value);
// A parameter of `type/subtype; name=value; name="quoted"`, e.g. a boundary.
std::string HeaderParameter(std::string_view value, std::string_view name);

// What rules may ask of a stream that a client calls `name` (a name, a path or a URL
// without its query; any bytes): its last part counts. "-" when nothing is left.
report::ObjectNames NamesOfStream(std::string_view name);

}  // namespace dl::daemon
