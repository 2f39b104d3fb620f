// What PDFs are made of, for tests.
//
//   const std::string file = MakePdf({"<</Length 2>>stream\nab\nendstream", "(text)"});
#pragma once

#include <zlib.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dl::unpack::pdf {

inline std::string Deflate(std::string_view text) {
  uLongf n = ::compressBound(text.size());
  std::string out(n, '\0');
  ::compress2(reinterpret_cast<Bytef*>(out.data()), &n, reinterpret_cast<const Bytef*>(text.data()), text.size(), 9);
  out.resize(n);
  return out;
}

// The slow, obvious way.
inline std::string Lzw(std::string_view text, bool early) {
  std::map<std::string, unsigned> table;
  std::string out;
  unsigned bits = 0;
  unsigned count = 0;
  unsigned width = 9;
  const auto put = [&](unsigned code) {
    bits = bits << width | code;
    for (count += width; count >= 8; count -= 8) out.push_back(static_cast<char>(bits >> (count - 8)));
    bits &= (1u << count) - 1;
  };
  const auto clear = [&] {
    put(256);
    table.clear();
    width = 9;
  };
  const auto code_of = [&](const std::string& run) {
    return run.size() == 1 ? static_cast<unsigned char>(run[0]) : table.at(run);
  };
  clear();
  std::string run;
  for (const char c : text) {
    const std::string longer = run + c;
    if (longer.size() == 1 || table.contains(longer)) {
      run = longer;
      continue;
    }
    put(code_of(run));
    const auto next = 258 + static_cast<unsigned>(table.size());
    table.emplace(longer, next);
    // The decoder knows one entry less.
    if (next + (early ? 1 : 0) >= 1u << width && width < 12) ++width;
    if (next == 4093) clear();
    run = std::string(1, c);
  }
  if (!run.empty()) put(code_of(run));
  put(257);
  out.push_back(static_cast<char>(bits << (8 - count)));
  return out;
}

inline std::string StreamOf(std::string_view dictionary, std::string_view bytes) {
  return "<<" + std::string(dictionary) + "/Length " + std::to_string(bytes.size()) + ">>stream\n" +
         std::string(bytes) + "\nendstream";
}

// Objects from number 1 on, with a table and a trailer whose /Root is the first.
inline std::string MakePdf(const std::vector<std::string>& objects, const std::string& trailer = "") {
  std::string out = "%PDF-1.7\n";
  std::string table = "0000000000 65535 f \n";
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const std::string offset = std::to_string(out.size());
    table += std::string(10 - offset.size(), '0') + offset + " 00000 n \n";
    out += std::to_string(i + 1) + " 0 obj\n" + objects[i] + "\nendobj\n";
  }
  const std::string begin = std::to_string(out.size());
  const std::string size = std::to_string(objects.size() + 1);
  out += "xref\n0 " + size + "\n" + table + "trailer\n<</Size " + size + "/Root 1 0 R" + trailer + ">>\nstartxref\n" +
         begin + "\n%%EOF\n";
  return out;
}

}  // namespace dl::unpack::pdf
