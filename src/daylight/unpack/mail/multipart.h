// How a multipart falls into parts (RFC 2046, 5.1), whatever is broken about it.
//
//   Multipart multipart(body, boundaries);
//   while (const auto section = multipart.Next()) Use(*section);
//
// One pass over the body, two where no delimiter is as it should be. Borrows both.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace dl::unpack::mail {

class Multipart {
 public:
  struct Section {
    std::string_view text;
    bool is_part = false;  // Else what stands before the first part, or behind the last.
  };

  Multipart(std::string_view body, std::span<const std::string> boundaries);
  // Whether anything delimits parts.
  bool has_parts() const { return has_parts_; }
  std::optional<Section> Next();

 private:
  struct Delimiter {
    std::size_t begin;  // Of its line,
    std::size_t end;    // and behind it.
    bool is_last;       // "--boundary--"
  };
  enum class Way { kExact, kPrefix };

  std::optional<Delimiter> Find(std::size_t from) const;
  std::optional<Delimiter> Match(std::size_t line_begin) const;
  bool Guess();

  std::string_view body_;
  std::span<const std::string> boundaries_;
  std::string guessed_;
  Way way_ = Way::kExact;
  bool has_parts_ = false;
  std::size_t at_ = 0;
  std::optional<Delimiter> next_;
  bool is_part_ = false;  // What begins at at_.
  bool has_ended_ = false;
};

}  // namespace dl::unpack::mail
