// daylight_exe pe|elf|macho: prints, for each file that standard input names,
// what ClamAV signatures are anchored to in it. Used by the differential tests.
//
//   ls *.exe | daylight_exe pe
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "daylight/formats/exe/exe_testing.h"

int main(int argc, char** argv) {
  const std::string_view kind = argc == 2 ? argv[1] : "";
  if (kind != "pe" && kind != "elf" && kind != "macho") {
    std::fprintf(stderr, "usage: daylight_exe pe|elf|macho < LIST\n");
    return 2;
  }
  std::string path;
  while (std::getline(std::cin, path)) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
      std::fprintf(stderr, "daylight_exe: cannot read %s\n", path.c_str());
      return 2;
    }
    const std::vector<char> data{std::istreambuf_iterator<char>(file), {}};
    const std::string facts = dl::exe::DumpExe(kind, dl::AsBytes(std::string_view(data.data(), data.size())));
    std::printf("== %s\n%s", path.c_str(), facts.c_str());
  }
  return 0;
}
