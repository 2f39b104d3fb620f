// What the header of a mail or of one of its parts says of the body.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace dl::mail {

enum class MediaType : std::uint8_t { kNone, kText, kMultipart, kMessage, kOther };
enum class Encoding : std::uint8_t { kNone, kSevenBit, kEightBit, kQuotedPrintable, kBase64, kOther };

struct Header {
  MediaType type = MediaType::kNone;
  std::string subtype;  // In lower case.
  Encoding encoding = Encoding::kNone;
  std::string boundary;
  std::string disposition;     // In lower case.
  bool has_name = false;       // name=
  bool has_file_name = false;  // filename=, or made up for a disposition without.
  // A field was there that only mails have.
  bool is_of_mail = false;

  // Whether a line begins one of the fields that say something of the body.
  static bool IsOfContent(std::string_view line);
  // Takes one field with all its continuations.
  void Add(std::string_view field);

 private:
  void AddType(std::string_view value);
};

// Whether the header line `line` goes on in `next`.
bool GoesOn(std::string_view line, std::string_view next);
std::string ToLower(std::string_view text);
bool StartsWithNoCase(std::string_view text, std::string_view prefix);

}  // namespace dl::mail
