// JsonText appends JSON to a string as it goes, and minds the commas.
//
//   JsonText json(out);
//   json.BeginObject();
//   json.Key("size");
//   json.Unsigned(7);
//   json.EndObject();      // {"size":7}
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dl::report {

class JsonText {
 public:
  explicit JsonText(std::string& out) : out_(out) {}
  void BeginObject() { Open('{'); }
  void EndObject() { Close('}'); }
  void BeginArray() { Open('['); }
  void EndArray() { Close(']'); }
  // What comes next, or closes, is on a line of its own.
  void Line() { line_ = true; }
  // `key` is ours: it needs no escaping.
  void Key(std::string_view key);
  // A key that a stranger chose.
  void StrangeKey(std::string_view key);
  void String(std::string_view bytes);
  void Unsigned(std::uint64_t value);
  void Signed(std::int64_t value);
  void Real(double value);  // null when it is no number.
  void Bool(bool value);
  void Null();
  // Key and value in one.
  void Field(std::string_view key, std::string_view bytes) { Key(key), String(bytes); }
  void Field(std::string_view key, const char* text) { Key(key), String(text); }
  void Field(std::string_view key, std::uint64_t value) { Key(key), Unsigned(value); }
  void Field(std::string_view key, bool value) { Key(key), Bool(value); }

 private:
  void Open(char bracket);
  void Close(char bracket);
  void Separate();
  void Break();
  std::string& out_;
  bool comma_ = false;  // One is due before the next item.
  bool line_ = false;   // A new line is.
};

}  // namespace dl::report
