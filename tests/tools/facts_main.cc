// daylight_facts MODULE FILE...: prints the facts that a YARA module derives
// from a file, in the form of the goldens. Used by the differential tests.
//
//   daylight_facts pe a.exe
//   daylight_facts --data report.json cuckoo a.exe
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "daylight/rules/yara/module.h"

namespace dl::yara {
namespace {

class FileContext final : public ModuleContext {
 public:
  FileContext(Bytes bytes, Bytes data) : source_(bytes), data_(data) {}
  ObjectSource& object() override { return source_; }
  Result<Bytes> WholeObject() override { return source_.Whole(UINT64_MAX); }
  Arena& arena() override { return arena_; }
  const StructValue& root() const override { return *root_; }
  std::int64_t now() const override { return 0; }
  Bytes module_data() const override { return data_; }
  bool RegexpMatches(RegexpRef /*regexp*/, std::string_view /*text*/) override { return false; }
  void Log(std::string_view /*line*/) override {}

  const StructValue& Load(const ModuleInfo& module) {
    StructValue& root = arena_.NewStruct(module.type());
    root_ = &root;
    if (module.load != nullptr) module.load(*this, root);
    return root;
  }

 private:
  MemorySource source_;
  Bytes data_;
  Arena arena_;
  const StructValue* root_ = nullptr;
};

std::vector<char> ReadFile(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "daylight_facts: cannot read %s\n", path);
    std::exit(2);
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

Bytes AsBytesOf(const std::vector<char>& data) { return AsBytes(std::string_view(data.data(), data.size())); }

int Main(int argc, char** argv) {
  std::vector<char> data;
  int next = 1;
  if (argc > 2 && std::string_view(argv[1]) == "--data") {
    data = ReadFile(argv[2]);
    next = 3;
  }
  if (argc < next + 2) {
    std::fprintf(stderr, "usage: daylight_facts [--data FILE] MODULE FILE...\n");
    return 2;
  }
  const ModuleInfo* module = FindModule(argv[next]);
  if (module == nullptr) {
    std::fprintf(stderr, "daylight_facts: no module %s\n", argv[next]);
    return 2;
  }
  const bool several = argc > next + 2;
  for (int i = next + 1; i < argc; ++i) {
    const std::vector<char> file = ReadFile(argv[i]);
    FileContext context(AsBytesOf(file), AsBytesOf(data));
    if (several) std::printf("== %s\n", argv[i]);
    const std::string facts = DumpFacts(module->name, context.Load(*module));
    std::fwrite(facts.data(), 1, facts.size(), stdout);
  }
  return 0;
}

}  // namespace
}  // namespace dl::yara

int main(int argc, char** argv) { return dl::yara::Main(argc, argv); }
