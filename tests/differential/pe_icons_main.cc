// Prints "PATH HASH" for each icon of the PE files named on the command line;
// with --match SIGNATURES (an .idb file) first, "PATH NAME" for each signature
// that matches an icon of a file; with --check LINE, exits 0 if the line is a
// signature. For comparison with clamscan.
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "daylight/formats/pe/icons.h"

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "--check") return dl::pe::ParseIdbLine(argv[2]) ? 0 : 1;
  std::vector<dl::pe::IconSignature> signatures;
  int first = 1;
  const bool match = argc > 2 && std::string_view(argv[1]) == "--match";
  if (match) {
    first = 3;
    std::ifstream file(argv[2]);
    for (std::string line; std::getline(file, line);) {
      const auto signature = dl::pe::ParseIdbLine(line);
      if (signature) signatures.push_back(*signature);
    }
  }
  for (int i = first; i < argc; ++i) {
    std::ostringstream content;
    content << std::ifstream(argv[i], std::ios::binary).rdbuf();
    const std::string text = content.str();
    const auto image = dl::pe::Image::Parse(dl::AsBytes(text));
    if (!image) continue;
    const auto icons = dl::pe::PeIcons(*image);
    if (!icons) continue;
    if (!match) {
      for (const auto& icon : *icons) std::cout << argv[i] << ' ' << dl::pe::IconHash(icon) << '\n';
    }
    for (const auto& signature : signatures) {
      if (dl::pe::AnyIconMatches(*icons, signature)) std::cout << argv[i] << ' ' << signature.name << '\n';
    }
  }
  return 0;
}
