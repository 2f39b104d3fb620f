// Prints what the mail unpackers find in a message, and in the messages within it:
// size, CRC-32 and name of each child, a line each.
//
//   mail_parts FILE...
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

#include "daylight/unpack/mail/mail.h"
#include "daylight/unpack/unpack_testing.h"

namespace {

using namespace dl::unpack;

std::uint32_t Crc(std::string_view bytes) {
  std::uint32_t crc = ~0u;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int k = 0; k < 8; ++k) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xedb88320u : crc >> 1;
  }
  return ~crc;
}

class Printer final : public Sink {
 public:
  void Open(std::string_view object) {
    const dl::Bytes bytes = dl::AsBytes(object);
    dl::MemorySource source(bytes);
    const Probe probe{bytes.first(std::min(bytes.size(), Probe::kHeadBytes)), {}, bytes.size(), source};
    for (const Unpacker* unpacker : {&kMail, &kMbox}) {
      if (unpacker->opens(probe)) unpacker->unpack(probe, {}, *this);
    }
  }
  bool Add(const ChildInfo& info, dl::Bytes bytes) override {
    const std::string_view text = dl::AsText(bytes);
    std::printf("%zu %08x %s\n", text.size(), Crc(text), info.name.c_str());
    Open(text);
    return true;
  }
  bool AddStream(const ChildInfo& info, const dl::StreamSource::Pull& pull) override {
    std::string whole;
    std::string piece(4096, '\0');
    while (const auto n = pull(std::as_writable_bytes(std::span(piece)))) {
      if (*n == 0) break;
      whole.append(piece, 0, *n);
    }
    return Add(info, dl::AsBytes(whole));
  }
  bool Pass() override {
    std::puts("0 00000000 ");
    return true;
  }
  void Closed(std::string_view, std::string_view reason, std::string_view detail) override {
    std::cerr << reason << ": " << detail << "\n";
  }
  std::span<const std::string> passwords() const override { return {}; }
};

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    std::printf("file %s\n", argv[i]);
    Printer().Open(text.str());
  }
  return 0;
}
