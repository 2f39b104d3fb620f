// Microsoft's Script Encoder ("#@~^" ... "^#~@"), as clamscan undoes it.
//
//   ScriptDecoder decoder(EncodedLength(header));
//   decoder.Decode(line, at);  // In place; for each piece of the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace dl::html {

// The length that the first 6 of the 8 characters after the marker state.
std::uint32_t EncodedLength(std::string_view header);

class ScriptDecoder {
 public:
  ScriptDecoder() = default;
  explicit ScriptDecoder(std::uint32_t length) : left_(length) {}
  // Decodes line[at...] in place and shortens the line. When the stated length
  // ends in it, the checksum and end marker after it vanish too.
  void Decode(std::string& line, std::size_t at);
  bool done() const { return left_ == 0; }

 private:
  std::uint32_t left_ = 0;
  std::uint8_t position_ = 0;  // In the order of the three tables.
};

}  // namespace dl::html
