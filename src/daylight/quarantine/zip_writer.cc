#include "daylight/quarantine/zip_writer.h"

#include <openssl/rand.h>

#include "daylight/base/check.h"
#include "daylight/os/io.h"
#include "daylight/report/encoder.h"

namespace dl::quarantine {

namespace {

constexpr std::size_t kCryptHeaderBytes = 12;
constexpr std::uint32_t kIn64 = 0xffffffff;  // "See the ZIP64 field."
constexpr std::uint16_t kEncrypted = 1;      // General purpose bit 0.
constexpr std::uint16_t kDate1980 = (1u << 5) | 1u;

constexpr std::array<std::uint32_t, 256> MakeTable() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0xedb88320u : 0u);
    table[i] = value;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> kTable = MakeTable();

constexpr std::uint32_t Step(std::uint32_t crc, std::uint32_t byte) { return kTable[(crc ^ byte) & 0xff] ^ (crc >> 8); }

}  // namespace

std::uint32_t Crc32(std::uint32_t crc, Bytes bytes) {
  crc = ~crc;
  for (const std::byte byte : bytes) crc = Step(crc, std::to_integer<std::uint32_t>(byte));
  return ~crc;
}

ZipWriter::ZipWriter(int fd, std::string name, std::uint64_t size, std::uint32_t crc, std::string_view password)
    : fd_(fd), name_(std::move(name)), size_(size), crc_(crc) {
  for (const char c : password) Stir(static_cast<std::uint8_t>(c));
}

// 6.1.5.
void ZipWriter::Stir(std::uint8_t byte) {
  keys_[0] = Step(keys_[0], byte);
  keys_[1] = (keys_[1] + (keys_[0] & 0xff)) * 134775813u + 1;
  keys_[2] = Step(keys_[2], keys_[1] >> 24);
}

std::string ZipWriter::Encrypt(std::string_view plain) {
  std::string out;
  out.reserve(plain.size());
  for (const char c : plain) {
    const std::uint32_t mixed = (keys_[2] | 2) & 0xffff;  // 6.1.6; no product of 32 bits is needed beyond this.
    const auto pad = static_cast<std::uint8_t>((mixed * (mixed ^ 1)) >> 8);
    const auto byte = static_cast<std::uint8_t>(c);
    out += static_cast<char>(byte ^ pad);
    Stir(byte);
  }
  return out;
}

// 4.3.7 and 4.3.12: what the file's own header and the directory share.
std::string ZipWriter::Header(bool central) const {
  const std::uint64_t packed = size_ + kCryptHeaderBytes;
  const bool big = packed >= kIn64;
  report::Encoder out;
  out.PutU32(central ? 0x02014b50 : 0x04034b50);
  if (central) out.PutU16(big ? 45 : 20);  // Made by.
  out.PutU16(big ? 45 : 20);               // Needed to extract.
  out.PutU16(kEncrypted);
  out.PutU16(0);  // Stored.
  out.PutU16(0);
  out.PutU16(kDate1980);
  out.PutU32(crc_);
  out.PutU32(big ? kIn64 : static_cast<std::uint32_t>(packed));
  out.PutU32(big ? kIn64 : static_cast<std::uint32_t>(size_));
  out.PutU16(static_cast<std::uint16_t>(name_.size()));
  out.PutU16(big ? 20 : 0);
  if (central) {
    out.PutU16(0);  // Comment, disk, internal attributes.
    out.PutU16(0);
    out.PutU16(0);
    out.PutU32(0);  // External attributes.
    out.PutU32(0);  // It begins at 0.
  }
  out.PutRaw(name_);
  if (big) {
    out.PutU16(1);  // 4.5.3.
    out.PutU16(16);
    out.PutU64(size_);
    out.PutU64(packed);
  }
  return out.Take();
}

Status ZipWriter::Begin() {
  DL_TRY_STATUS(os::WriteAll(fd_, Header(false)));
  // Eleven random bytes, and the CRC's highest, by which a wrong password is noticed.
  std::string head(kCryptHeaderBytes, '\0');
  DL_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(head.data()), static_cast<int>(head.size())) == 1);
  head.back() = static_cast<char>(crc_ >> 24);
  return os::WriteAll(fd_, Encrypt(head));
}

Status ZipWriter::Write(Bytes bytes) { return os::WriteAll(fd_, Encrypt(AsText(bytes))); }

Status ZipWriter::End() {
  const std::uint64_t directory_at = Header(false).size() + kCryptHeaderBytes + size_;
  const std::string directory = Header(true);
  report::Encoder out;
  out.PutRaw(directory);
  const bool big = directory_at >= kIn64;
  if (big) {
    out.PutU32(0x06064b50);  // 4.3.14.
    out.PutU64(44);
    out.PutU16(45);
    out.PutU16(45);
    out.PutU32(0);
    out.PutU32(0);
    out.PutU64(1);
    out.PutU64(1);
    out.PutU64(directory.size());
    out.PutU64(directory_at);
    out.PutU32(0x07064b50);  // 4.3.15.
    out.PutU32(0);
    out.PutU64(directory_at + directory.size());
    out.PutU32(1);
  }
  out.PutU32(0x06054b50);  // 4.3.16.
  out.PutU16(0);
  out.PutU16(0);
  out.PutU16(1);
  out.PutU16(1);
  out.PutU32(static_cast<std::uint32_t>(directory.size()));
  out.PutU32(big ? kIn64 : static_cast<std::uint32_t>(directory_at));
  out.PutU16(0);
  return os::WriteAll(fd_, out.Take());
}

}  // namespace dl::quarantine
