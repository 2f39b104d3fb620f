// Writes documents about handmade facts, some of them hostile, for the validators in tests/inventory:
//
//   inventory-documents FOLDER      # FOLDER/{machine,image,hostile,many,empty}.{cdx.json,spdx.json,txt}
#include <cstdio>
#include <fstream>

#include "daylight/inventory/inventory_testing.h"

namespace {

using dl::inventory::Contents;

bool WriteAll(const Contents& contents, const std::string& path) {
  const dl::inventory::WriteOptions options{.program = "daylight", .version = "0.8.0", .at = 1'764'522'000};
  std::ofstream cyclonedx(path + ".cdx.json", std::ios::binary);
  std::ofstream spdx(path + ".spdx.json", std::ios::binary);
  std::ofstream text(path + ".txt", std::ios::binary);
  const auto into = [](std::ofstream& file) {
    return [&file](std::string_view piece) { return static_cast<bool>(file << piece); };
  };
  return WriteCycloneDx(contents, options, into(cyclonedx)) && WriteSpdx(contents, options, into(spdx)) &&
         WriteText(contents, into(text));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: inventory-documents FOLDER\n", stderr);
    return 2;
  }
  const std::string folder = std::string(argv[1]) + "/";
  const bool written = WriteAll(dl::inventory::testing::Machine(), folder + "machine") &&
                       WriteAll(dl::inventory::testing::Image(), folder + "image") &&
                       WriteAll(dl::inventory::testing::Hostile(), folder + "hostile") &&
                       WriteAll(dl::inventory::testing::Many(), folder + "many") &&
                       WriteAll(dl::inventory::Inventory().Finish(), folder + "empty");
  return written ? 0 : 1;
}
