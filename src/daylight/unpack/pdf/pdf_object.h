// Objects of PDF (ISO 32000-1, 7.3), read as leniently as readers do.
//
//   Parser parser(text, position, work);
//   const Value value = parser.ReadValue();
//   if (const Value* filter = value.Find("Filter")) ...
//
// What is not an object is skipped; what ends early is what there is of it, and
// is_damaged() says so. Nesting is bounded, and what parsing costs is charged.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daylight/unpack/pdf/pdf_filter.h"

namespace dl::unpack::pdf {

struct Value {
  enum class Kind : std::uint8_t { kNull, kNumber, kName, kString, kArray, kDictionary, kReference, kKeyword };
  Kind kind = Kind::kNull;
  std::uint16_t generation = 0;  // Of a reference.
  std::int64_t number = 0;       // A real number's integer part; the object that a reference means.
  std::string text;              // Of a name, without its slash; a string; a keyword.
  std::vector<Value> items;      // An array's; a dictionary's keys and values, by turns.

  bool Is(Kind what) const { return kind == what; }
  bool IsName(std::string_view name) const { return kind == Kind::kName && text == name; }
  // The last one, as readers have it; null when there is none, or this is no dictionary.
  const Value* Find(std::string_view key) const;
};

inline bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == '\0'; }
bool IsRegular(char c);  // Neither white space nor a delimiter.

class Parser {
 public:
  // So many values of one object are kept.
  static constexpr std::size_t kMaxValues = 400'000;
  static constexpr int kMaxDepth = 100;

  Parser(std::string_view text, std::size_t position, Work& work) : text_(text), at_(position), work_(work) {}

  // The next object, or a keyword such as "endobj". kNull with is_damaged() at the end.
  Value ReadValue();
  // Where the next token begins.
  std::size_t position() const { return at_; }
  // Ended inside, or not as the format says. Values may be missing.
  bool is_damaged() const { return is_damaged_; }
  // Past one of the bounds: more was there than is kept.
  bool is_too_large() const { return is_too_large_; }
  void SkipSpace();

 private:
  Value Read(int depth);
  Value ReadNumberOrReference();
  Value ReadName();
  Value ReadLiteral();
  Value ReadHex();
  void ReadItems(Value& into, int depth, bool is_dictionary);
  bool AtEnd() const { return at_ >= text_.size(); }
  bool IsAt(std::string_view what) const { return text_.substr(at_, what.size()) == what; }

  std::string_view text_;
  std::size_t at_;
  Work& work_;
  std::size_t values_ = 0;
  bool is_damaged_ = false;
  bool is_too_large_ = false;
  bool ends_object_ = false;  // A keyword that cannot be inside of an object.
};

}  // namespace dl::unpack::pdf
