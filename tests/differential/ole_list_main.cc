// Compound files for comparison with 7z.
//
//   ole_list --make FOLDER COUNT   writes random ones
//   ole_list FILE...               prints "FILE<tab>CRC32<tab>SIZE<tab>PATH" for each stream
#include <zlib.h>

#include <fstream>
#include <iostream>
#include <random>
#include <sstream>

#include "daylight/unpack/ole/compound_file.h"
#include "daylight/unpack/ole/compound_testing.h"

namespace {

using dl::unpack::CompoundFile;

std::u16string RandomName(std::mt19937& random, std::size_t number) {
  std::u16string name;
  const unsigned kind = random() % 4;
  if (kind == 0) name += static_cast<char16_t>(1 + random() % 6);
  // As installers pack names; and letters of several bytes.
  const char16_t first = kind == 1 ? u'\x3800' : kind == 2 ? u'\x0430' : u'a';
  for (std::size_t n = 1 + random() % 8; n > 0; --n) {
    name += static_cast<char16_t>(first + random() % (kind == 1 ? 0x1000u : 26u));
  }
  if (kind == 1) return name;
  for (const char c : std::to_string(number)) name += static_cast<char16_t>(c);
  return name;
}

void Make(const std::string& folder, std::size_t count) {
  std::mt19937 random(6);
  for (std::size_t i = 0; i < count; ++i) {
    dl::unpack::CompoundStreams streams;
    std::u16string storage;
    for (std::size_t n = 1 + random() % 30; n > 0; --n) {
      if (random() % 4 == 0) storage = random() % 3 == 0 ? u"" : storage + RandomName(random, n) + u"/";
      std::string bytes(random() % (random() % 8 == 0 ? 300'000 : 6'000), '\0');
      for (char& c : bytes) c = static_cast<char>(random() % 251);
      streams.emplace_back(storage + RandomName(random, n), std::move(bytes));
    }
    const dl::unpack::CompoundOptions options{random() % 2 == 0 ? 9u : 12u, random() % 2 == 0};
    std::ofstream(folder + "/" + std::to_string(i) + ".ole", std::ios::binary)
        << dl::unpack::MakeCompound(streams, options);
  }
}

void List(const std::string& path) {
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  const std::string bytes = content.str();
  const auto file = CompoundFile::Parse(dl::AsBytes(bytes));
  if (!file) {
    std::cout << path << "\t-\t0\t" << file.error().what << '\n';
    return;
  }
  for (const std::string_view problem : file->problems()) std::cout << path << "\t-\t0\t" << problem << '\n';
  for (const CompoundFile::Entry& entry : file->entries()) {
    if (!entry.is_stream) continue;
    std::vector<std::byte> scratch;
    const dl::Bytes stream = file->Read(entry, entry.size, scratch);
    const auto crc = ::crc32_z(0, reinterpret_cast<const ::Bytef*>(stream.data()), stream.size());
    std::cout << path << '\t' << crc << '\t' << stream.size() << '\t' << entry.path << '\n';
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4 && std::string_view(argv[1]) == "--make") {
    Make(argv[2], std::stoul(argv[3]));
    return 0;
  }
  for (int i = 1; i < argc; ++i) List(argv[i]);
  return 0;
}
