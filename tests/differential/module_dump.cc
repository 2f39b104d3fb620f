// Prints the facts that one YARA module derives from each file, as the
// differential tests compare them with a peer's:
//
//   module_dump dotnet a.dll b.dll
//
// Each file's facts follow a line "== PATH".
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "daylight/rules/yara/module_testing.h"

int main(int argc, char** argv) {
  const dl::yara::ModuleInfo* module = argc > 1 ? dl::yara::FindModule(argv[1]) : nullptr;
  if (module == nullptr) {
    std::fprintf(stderr, "usage: module_dump MODULE FILE...\n");
    return 2;
  }
  for (int i = 2; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    if (!file) {
      std::fprintf(stderr, "module_dump: cannot read %s\n", argv[i]);
      return 2;
    }
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    dl::yara::FakeModuleContext context(*module, dl::AsBytes(bytes));
    context.whole_limit_bytes = std::uint64_t{1} << 32;
    std::printf("== %s\n%s", argv[i], context.Dump().c_str());
  }
  return 0;
}
