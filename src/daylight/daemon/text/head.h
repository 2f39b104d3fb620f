// Head reads the lines before a body, which ICAP, HTTP and MIME write alike: a start
// line, fields, an empty line.
//
//   DL_TRY(const Head head, Head::Parse(text, Head::Manner::kStrict));
//   head.start_line(); head.Find("Encapsulated"); head.HasToken("Allow", "204");
//
// Borrows the text. Names are compared without case.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "daylight/base/error.h"

namespace dl::daemon {

bool EqualNoCase(std::string_view a, std::string_view b);
// Without spaces and tabs at both ends.
std::string_view Trim(std::string_view text);
// The next item of a list with commas, trimmed; nullopt at the end.
std::optional<std::string_view> NextItem(std::string_view& list, char separator = ',');
// Digits and nothing else, no more than 64 bits.
std::optional<std::uint64_t> ParseDecimal(std::string_view text);
// RFC 9110, section 5.6.2.
bool IsToken(std::string_view text);

class Head {
 public:
  enum class Manner : std::uint8_t {
    kStrict,   // What is said to us: lines end in CR LF, every field is a token, a colon and a value.
    kLenient,  // What is passed on from others: lines may end in LF, what is no field is passed over.
  };
  struct Field {
    std::string_view name;
    std::string_view value;  // Trimmed.
  };
  static constexpr std::size_t kMaxFields = 200;

  // `text`: up to and including the empty line, which may be missing. kMalformed.
  static Result<Head> Parse(std::string_view text, Manner manner, bool has_start_line = true);

  std::string_view start_line() const { return start_line_; }
  const std::vector<Field>& fields() const { return fields_; }
  // The first of that name.
  std::optional<std::string_view> Find(std::string_view name) const;
  std::size_t Count(std::string_view name) const;
  // Whether a list, over all fields of that name, has `token`.
  bool HasToken(std::string_view name, std::string_view token) const;

 private:
  std::string_view start_line_;
  std::vector<Field> fields_;
};

}  // namespace dl::daemon
