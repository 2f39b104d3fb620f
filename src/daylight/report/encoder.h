// Encoder lays numbers and texts out little-endian; Cursor reads them back.
//
//   Encoder encoder;
//   encoder.PutU32(7);
//   encoder.PutText("abc");   // Its length in four bytes, then the bytes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace dl::report {

class Encoder {
 public:
  void PutU8(std::uint8_t value) { bytes_ += static_cast<char>(value); }
  void PutU16(std::uint16_t value) { Put(value); }
  void PutU32(std::uint32_t value) { Put(value); }
  void PutU64(std::uint64_t value) { Put(value); }
  void PutText(std::string_view text) {
    PutU32(static_cast<std::uint32_t>(text.size()));
    bytes_ += text;
  }
  void PutRaw(std::string_view bytes) { bytes_ += bytes; }
  std::string Take() { return std::move(bytes_); }

 private:
  template <typename T>
  void Put(T value) {
    std::array<char, sizeof(T)> raw;
    for (std::size_t i = 0; i < sizeof(T); ++i) raw[i] = static_cast<char>((value >> (8 * i)) & 0xff);
    bytes_.append(raw.data(), raw.size());
  }
  std::string bytes_;
};

}  // namespace dl::report
