// Prints "HASH PATH" or "- PATH (reason)" for each picture named on the
// command line, for comparison with clamscan.
#include <fstream>
#include <iostream>
#include <sstream>

#include "daylight/formats/image/image.h"

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::ostringstream content;
    content << std::ifstream(argv[i], std::ios::binary).rdbuf();
    const std::string text = content.str();
    const auto hash = dl::image::FuzzyHash(dl::AsBytes(text));
    if (hash) {
      std::cout << dl::image::HashText(*hash) << ' ' << argv[i] << '\n';
    } else {
      std::cout << "- " << argv[i] << " (" << hash.error().what << ")\n";
    }
  }
  return 0;
}
