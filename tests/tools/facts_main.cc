// daylight_facts MODULE FILE...: prints the facts that a YARA module derives
// from a file, in the form of the goldens. Used by the differential tests.
//
//   daylight_facts pe a.exe
//   daylight_facts --calls pe a.exe        # also functions without arguments
//   daylight_facts --data report.json cuckoo a.exe
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "daylight/rules/yara/module.h"
#include "module_context.h"

namespace dl::yara {
namespace {

std::vector<char> ReadFile(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "daylight_facts: cannot read %s\n", path);
    std::exit(2);
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

Bytes AsBytesOf(const std::vector<char>& data) { return AsBytes(std::string_view(data.data(), data.size())); }

// The results of the module's functions that take no arguments.
std::string DumpCalls(testing::ModuleTestContext& context, const ModuleInfo& module) {
  StructType results;
  for (const FieldType& field : module.type().fields()) {
    for (const FunctionOverload& overload : field.overloads) {
      if (!overload.parameters.empty()) continue;
      if (overload.result == TypeKind::kString) results.String(field.name + "()");
      if (overload.result == TypeKind::kInteger) results.Integer(field.name + "()");
    }
  }
  StructValue& values = context.arena().NewStruct(results);
  for (const FieldType& field : results.fields()) {
    const Value value = context.Call(std::string_view(field.name).substr(0, field.name.size() - 2));
    if (value.kind == TypeKind::kString) values.SetString(field.name, value.string);
    if (value.kind == TypeKind::kInteger) values.SetInteger(field.name, value.integer);
  }
  return DumpFacts(module.name, values);
}

int Main(int argc, char** argv) {
  std::vector<char> data;
  bool with_calls = false;
  int next = 1;
  for (; next < argc && argv[next][0] == '-'; ++next) {
    const std::string_view option = argv[next];
    if (option == "--calls") {
      with_calls = true;
    } else if (option == "--data" && next + 1 < argc) {
      data = ReadFile(argv[++next]);
    } else {
      break;
    }
  }
  if (argc < next + 2 || argv[next][0] == '-') {
    std::fprintf(stderr, "usage: daylight_facts [--calls] [--data FILE] MODULE FILE...\n");
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
    testing::ModuleTestContext context(AsBytesOf(file), AsBytesOf(data));
    if (several) std::printf("== %s\n", argv[i]);
    std::string facts = DumpFacts(module->name, context.Load(*module));
    if (with_calls) facts += DumpCalls(context, *module);
    std::fwrite(facts.data(), 1, facts.size(), stdout);
  }
  return 0;
}

}  // namespace
}  // namespace dl::yara

int main(int argc, char** argv) { return dl::yara::Main(argc, argv); }
