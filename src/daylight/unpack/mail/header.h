// What the header of a message, or of one of its parts, says of the body.
//
//   const Entity entity = ReadEntity(text);
//   Use(entity.header.name, entity.body);
//
// Fields that stand there twice, to be read differently by different programs, are
// kept all: boundaries and encodings are sets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daylight/unpack/mail/transfer.h"

namespace dl::unpack::mail {

struct Header {
  std::string type;  // "text/plain", in lower case; empty: nothing says.
  std::string name;  // Of the file, decoded; empty: it has none.
  bool is_multipart = false;
  std::vector<std::string> boundaries;  // As multiparts have them; of kMaxRepeated fields.
  std::vector<Encoding> encodings;      // At least one; each once.
  bool is_attachment = false;           // Shown as a file, whatever its type.
  std::string smime_type;               // In lower case.

  bool IsText() const { return type.empty() || type.starts_with("text"); }
  bool IsMessage() const { return type == "message/rfc822" || type == "message/global" || type == "message/news"; }
};

struct Entity {
  Header header;
  std::string_view body;
};

inline constexpr std::size_t kMaxRepeated = 4;

// Reads up to the first empty line, or to where no more fields follow.
Entity ReadEntity(std::string_view text);

// Whether a line can begin a header field (RFC 5322, 2.2).
bool IsField(std::string_view line);

// Whether a text begins as messages do: a field, and more of them that mail has and
// other texts hardly have. What stands before the first field is skipped: a byte
// order mark, empty lines, and Apple Mail's line with the message's size.
bool LooksLikeMessage(std::string_view head);
std::string_view SkipToHeader(std::string_view text);

// In lower case, as far as it is ASCII.
std::string Lower(std::string_view text);

}  // namespace dl::unpack::mail
