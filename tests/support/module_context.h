// A ModuleContext over bytes in memory, for tests of YARA modules.
//
//   ModuleTestContext context(bytes);
//   const StructValue& facts = context.Load(*FindModule("pe"));
//   context.Call("imphash").string
#pragma once

#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "daylight/rules/yara/module.h"

namespace dl::testing {

class ModuleTestContext final : public yara::ModuleContext {
 public:
  // Both are borrowed; so is `module_data`, the file of --module-data.
  explicit ModuleTestContext(Bytes bytes, Bytes module_data = {}) : source_(bytes), module_data_(module_data) {}

  ObjectSource& object() override { return source_; }
  Result<Bytes> WholeObject() override {
    ++whole_object_calls;
    return source_.Whole(UINT64_MAX);
  }
  yara::Arena& arena() override { return arena_; }
  const yara::StructValue& root() const override { return *root_; }
  std::int64_t now() const override { return 0; }
  Bytes module_data() const override { return module_data_; }
  bool RegexpMatches(yara::RegexpRef regexp, std::string_view text) override { return regexps.at(regexp.index)(text); }
  void Log(std::string_view line) override { log.emplace_back(line); }

  const yara::StructValue& Load(const yara::ModuleInfo& module) {
    yara::StructValue& root = arena_.NewStruct(module.type());
    root_ = &root;
    if (module.load != nullptr) module.load(*this, root);
    return root;
  }

  // Calls the overload whose parameters have the kinds of `args`, on the root
  // or on `on`. Ends the test program when there is none.
  yara::Value Call(std::string_view name, const std::vector<yara::Value>& args = {},
                   const yara::StructValue* on = nullptr) {
    const yara::StructValue& receiver = on != nullptr ? *on : *root_;
    std::string kinds;
    for (const yara::Value& arg : args) kinds += Letter(arg.kind);
    const auto index = receiver.type().Find(name);
    if (!index) std::abort();
    for (const yara::FunctionOverload& overload : receiver.type().fields()[*index].overloads) {
      if (overload.parameters != kinds) continue;
      self = &receiver;
      return overload.call(*this, args);
    }
    std::abort();
  }

  // RegexpRef{i} matches where regexps[i] says so.
  std::vector<std::function<bool(std::string_view)>> regexps;
  std::vector<std::string> log;
  int whole_object_calls = 0;

 private:
  static char Letter(yara::TypeKind kind) {
    switch (kind) {
      case yara::TypeKind::kInteger: return 'i';
      case yara::TypeKind::kFloat: return 'f';
      case yara::TypeKind::kString: return 's';
      case yara::TypeKind::kRegexp: return 'r';
      case yara::TypeKind::kBoolean: return 'b';
      default: return '?';
    }
  }

  MemorySource source_;
  Bytes module_data_;
  yara::Arena arena_;
  const yara::StructValue* root_ = nullptr;
};

}  // namespace dl::testing
