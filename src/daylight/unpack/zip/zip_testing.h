// Zip archives made in memory byte by byte, for tests.
//
//   const std::string zip = MakeZip({{"a.txt", "text"}, {"b.txt", "text", 8}});
#pragma once

#include <zlib.h>

#include <string>
#include <vector>

#include "daylight/base/check.h"

namespace dl::unpack {

struct ZipTestEntry {
  std::string name;
  std::string content;
  // 8 is deflated; by any other number the content stands there as it is.
  unsigned method = 0;
  unsigned flags = 0;
};

inline std::string ZipNumber(std::uint64_t n, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(static_cast<unsigned char>(n >> (8 * i)));
  return out;
}

inline std::string DeflateRaw(const std::string& content) {
  ::z_stream zlib{};
  DL_CHECK(::deflateInit2(&zlib, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string input = content;
  std::string out(::deflateBound(&zlib, content.size()), '\0');
  zlib.next_in = reinterpret_cast<::Bytef*>(input.data());
  zlib.avail_in = static_cast<::uInt>(input.size());
  zlib.next_out = reinterpret_cast<::Bytef*>(out.data());
  zlib.avail_out = static_cast<::uInt>(out.size());
  DL_CHECK(::deflate(&zlib, Z_FINISH) == Z_STREAM_END);
  out.resize(out.size() - zlib.avail_out);
  ::deflateEnd(&zlib);
  return out;
}

inline std::string MakeZip(const std::vector<ZipTestEntry>& entries) {
  std::string out;
  std::string directory;
  for (const ZipTestEntry& entry : entries) {
    const std::string data = entry.method == 8 ? DeflateRaw(entry.content) : entry.content;
    const auto crc = ::crc32_z(0, reinterpret_cast<const ::Bytef*>(entry.content.data()), entry.content.size());
    const std::string common = ZipNumber(20, 2) + ZipNumber(entry.flags, 2) + ZipNumber(entry.method, 2) +
                               ZipNumber(0, 4) + ZipNumber(crc, 4) + ZipNumber(data.size(), 4) +
                               ZipNumber(entry.content.size(), 4) + ZipNumber(entry.name.size(), 2) + ZipNumber(0, 2);
    directory +=
        "PK\x01\x02" + ZipNumber(20, 2) + common + std::string(10, '\0') + ZipNumber(out.size(), 4) + entry.name;
    out += "PK\x03\x04" + common + entry.name + data;
  }
  const std::size_t begin = out.size();
  out += directory + "PK\x05\x06" + ZipNumber(0, 4) + ZipNumber(entries.size(), 2) + ZipNumber(entries.size(), 2);
  return out + ZipNumber(directory.size(), 4) + ZipNumber(begin, 4) + ZipNumber(0, 2);
}

}  // namespace dl::unpack
