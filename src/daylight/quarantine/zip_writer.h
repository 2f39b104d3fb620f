// ZipWriter writes one file into a ZIP archive with a password, the way samples
// are exchanged (traditional PKWARE encryption, which every tool opens; it keeps
// scanners and fingers off, not secrets).
//
//   ZipWriter zip(fd, "name", size, crc, "infected");
//   DL_TRY_STATUS(zip.Begin());
//   DL_TRY_STATUS(zip.Write(part));   // `size` bytes in all.
//   DL_TRY_STATUS(zip.End());
//
// APPNOTE.TXT 6.3.10; with its ZIP64 fields where 4 GiB do not do. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"

namespace dl::quarantine {

// Of ZIP (ISO 3309); begin with 0.
std::uint32_t Crc32(std::uint32_t crc, Bytes bytes);

class ZipWriter {
 public:
  // `name`: ASCII.
  ZipWriter(int fd, std::string name, std::uint64_t size, std::uint32_t crc, std::string_view password);
  Status Begin();
  Status Write(Bytes bytes);
  Status End();

 private:
  void Stir(std::uint8_t byte);
  std::string Encrypt(std::string_view plain);
  std::string Header(bool central) const;

  int fd_;
  std::string name_;
  std::uint64_t size_;
  std::uint32_t crc_;
  std::array<std::uint32_t, 3> keys_{0x12345678, 0x23456789, 0x34567890};
};

}  // namespace dl::quarantine
