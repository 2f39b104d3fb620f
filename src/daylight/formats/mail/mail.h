// The parts of a mail that are read as text: what links are looked for in.
//
//   const TextParts found = FindTextParts(message);
//   for (const TextPart& part : found.parts) Use(part.text);
//   if (found.is_limited) Report("not all of the mail was read");
//
// Which parts these are, and how broken mails are read, is what clamscan 1.4
// does: a mailbox is split at its From lines; a body that is text or says no
// type is a part; so is one of a multipart that is shown (no attachment) and
// that is either HTML or encoded. A part above kMaxPartBytes is not.
//
// GMime is not used here. It converts the parameters of headers with iconv
// while it parses, from character sets that the mail names, and iconv loads a
// module of code for each: behind a worker's walls that ends the worker, so any
// mail could. This reader opens nothing and keeps nothing.
//
// Time and memory are linear in the message; bounds are below.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daylight/bytes/bytes.h"

namespace dl::mail {

// As in clamscan, which looks for links in nothing larger.
inline constexpr std::size_t kMaxPartBytes = 100 * 1024;
inline constexpr std::size_t kMaxMessageBytes = std::size_t{1} << 28;
inline constexpr std::size_t kMaxLines = std::size_t{1} << 22;
inline constexpr std::size_t kMaxParts = 1024;
inline constexpr std::size_t kMaxDepth = 16;

struct TextPart {
  std::string text;  // Decoded; its lines end in \n.
  bool is_html = false;
};

struct TextParts {
  std::vector<TextPart> parts;
  // A bound was met; there may be more.
  bool is_limited = false;
};

TextParts FindTextParts(Bytes message);

}  // namespace dl::mail
