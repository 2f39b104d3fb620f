// Projects of Visual Basic made in memory, for tests.
//
//   MakeCompound({{u"VBA/dir", CompressVba(MakeVbaDir({{"Module1", "Module1", 7}}))},
//                 {u"VBA/Module1", "pcode.." + CompressVba(source)}});
#pragma once

#include <algorithm>
#include <bit>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/unpack/ole/compound_testing.h"
#include "daylight/unpack/ole/vba.h"

namespace dl::unpack {

// The obvious way: the longest of all copies there may be.
inline std::string CompressVba(std::string_view text) {
  std::string out = "\x01";
  for (std::size_t begin = 0; begin < text.size(); begin += 4096) {
    const std::string_view chunk = text.substr(begin, 4096);
    std::string data;
    std::size_t at = 0;
    while (at < chunk.size()) {
      unsigned flags = 0;
      std::string tokens;
      for (unsigned bit = 0; bit < 8 && at < chunk.size(); ++bit) {
        const int offset_bits = at == 0 ? 4 : std::max(4, static_cast<int>(std::bit_width(at - 1)));
        const std::size_t most = std::min((0xffffu >> offset_bits) + std::size_t{3}, chunk.size() - at);
        std::size_t best = 0;
        std::size_t back = 0;
        for (std::size_t b = 1; b <= at; ++b) {
          std::size_t n = 0;
          while (n < most && chunk[at + n] == chunk[at + n - b]) ++n;
          if (n > best) best = n, back = b;
        }
        if (best >= 3) {
          flags |= 1u << bit;
          tokens += CompoundWriter::U16(static_cast<std::uint32_t>((back - 1) << (16 - offset_bits) | (best - 3)));
          at += best;
        } else {
          tokens += chunk[at++];
        }
      }
      data += static_cast<char>(static_cast<unsigned char>(flags));
      data += tokens;
    }
    out += CompoundWriter::U16(static_cast<std::uint32_t>(0xb000 | (data.size() - 1))) + data;
  }
  return out;
}

struct VbaDirOptions {
  std::uint32_t code_page = 1252;
  std::string name = "VBAProject";
  std::vector<std::string> references = {};
  std::vector<std::string> controls = {};  // References of another kind.
};

// [MS-OVBA] 2.3.4.2; modules of no type are procedural.
inline std::string MakeVbaDir(const std::vector<VbaModule>& modules, const VbaDirOptions& options = {}) {
  const auto record = [](std::uint32_t id, const std::string& data) {
    return CompoundWriter::U16(id) + CompoundWriter::U32(static_cast<std::uint32_t>(data.size())) + data;
  };
  const auto wide = [](const std::string& text) {
    std::string out;
    for (const char c : text) out += CompoundWriter::U16(static_cast<unsigned char>(c));
    return out;
  };
  std::string dir = record(0x0001, CompoundWriter::U32(1));
  dir += record(0x0002, CompoundWriter::U32(0x409)) + record(0x0014, CompoundWriter::U32(0x409));
  dir += record(0x0003, CompoundWriter::U16(options.code_page)) + record(0x0004, options.name);
  dir += record(0x0005, "") + record(0x0040, "") + record(0x0006, "") + record(0x003d, "");
  dir += record(0x0007, CompoundWriter::U32(0)) + record(0x0008, CompoundWriter::U32(0));
  // Says that it has four bytes, and has six.
  dir +=
      CompoundWriter::U16(0x0009) + CompoundWriter::U32(4) + CompoundWriter::U32(1433157262) + CompoundWriter::U16(2);
  dir += record(0x000c, "") + record(0x003c, "");
  for (const std::string& name : options.references) {
    dir += record(0x0016, name) + record(0x003e, wide(name)) + record(0x000d, CompoundWriter::U32(0) + "libid");
  }
  for (const std::string& name : options.controls) {
    dir += record(0x0016, name) + record(0x003e, wide(name)) + record(0x0033, "libid") + record(0x002f, "twiddled");
    dir += record(0x0016, name) + record(0x003e, wide(name)) + record(0x0030, "extended");
  }
  dir += record(0x000f, CompoundWriter::U16(static_cast<std::uint32_t>(modules.size())));
  for (const VbaModule& module : modules) {
    dir += record(0x0019, module.name) + record(0x0047, wide(module.name));
    dir += record(0x001a, module.stream_name) + record(0x0032, wide(module.stream_name));
    dir += record(0x0031, CompoundWriter::U32(module.offset));
    dir += record(module.type == VbaModuleType::kClass ? 0x0022 : 0x0021, "") + record(0x002b, "");
  }
  return dir + record(0x0010, "");
}

}  // namespace dl::unpack
