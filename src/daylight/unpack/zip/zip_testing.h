// Zip archives made in memory byte by byte, for tests.
//
//   const std::string zip = MakeZip({{"a.txt", "text"}, {"b.txt", "text", 8}});
#pragma once

#include <zlib.h>

#include <string>
#include <vector>

#include "daylight/base/check.h"
#include "daylight/unpack/number_testing.h"

namespace dl::unpack {

struct ZipTestEntry {
  std::string name;
  std::string content;
  // 8 is deflated; by any other number the content stands there as it is.
  unsigned method = 0;
  unsigned flags = 0;
};

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
    const std::string common = LittleEndian(20, 2) + LittleEndian(entry.flags, 2) + LittleEndian(entry.method, 2) +
                               LittleEndian(0, 4) + LittleEndian(crc, 4) + LittleEndian(data.size(), 4) +
                               LittleEndian(entry.content.size(), 4) + LittleEndian(entry.name.size(), 2) +
                               LittleEndian(0, 2);
    directory +=
        "PK\x01\x02" + LittleEndian(20, 2) + common + std::string(10, '\0') + LittleEndian(out.size(), 4) + entry.name;
    out += "PK\x03\x04" + common + entry.name + data;
  }
  const std::size_t begin = out.size();
  out +=
      directory + "PK\x05\x06" + LittleEndian(0, 4) + LittleEndian(entries.size(), 2) + LittleEndian(entries.size(), 2);
  return out + LittleEndian(directory.size(), 4) + LittleEndian(begin, 4) + LittleEndian(0, 2);
}

}  // namespace dl::unpack
