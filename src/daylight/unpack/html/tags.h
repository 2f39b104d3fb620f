// The tags of HTML and XML, as leniently as browsers read them.
//
//   ForEachTag(text, [&](const Tag& tag) { ... return true; });
//
// Comments and CDATA are read as what is around them: what is commented out for one
// reader is not for another.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace dl::unpack::html {

struct Attribute {
  std::string_view name;
  std::string_view value;  // As it is written.
};

struct Tag {
  std::string_view name;  // Without a prefix before ":", and without "/" of an end tag.
  bool is_end = false;
  bool is_empty = false;  // "/>"
  std::size_t begin = 0;  // Of "<", in the text.
  std::size_t end = 0;    // Behind ">".
  std::vector<Attribute> attributes;

  // By its name without a prefix; null if it has none.
  const Attribute* Find(std::string_view name) const;
};

// Where to go on: Tag::end, or behind what the tag holds.
using VisitTag = std::function<std::size_t(const Tag& tag)>;
void ForEachTag(std::string_view text, const VisitTag& visit);

// Of ASCII, whatever the case.
bool Equals(std::string_view text, std::string_view lower);
// The first `</…name` at or behind `from`, at its "<"; the text's size if there is none.
std::size_t FindEndTag(std::string_view text, std::string_view lower_name, std::size_t from);
// Character references (&#109; &#x6d; &quot; and the other few that scripts need), no other entities.
std::string DecodeReferences(std::string_view text);

}  // namespace dl::unpack::html
