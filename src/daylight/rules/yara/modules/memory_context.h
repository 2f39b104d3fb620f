// MemoryContext runs one module over bytes in memory: for tests and tools.
//
//   MemoryContext context(module_elf, bytes);
//   EXPECT_EQ(context.root().Get("machine").integer, 62);
//   EXPECT_EQ(context.Call("telfhash", "").string, "T1...");
//
// Borrows the bytes. Used by one thread.
#pragma once

#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/base/check.h"
#include "daylight/rules/yara/module.h"

namespace dl::yara {

class MemoryContext final : public ModuleContext {
 public:
  MemoryContext(const ModuleInfo& module, Bytes bytes)
      : module_(module), source_(bytes), root_(arena_.NewStruct(module.type())) {
    module.load(*this, root_);
  }

  ObjectSource& object() override { return source_; }
  Result<Bytes> WholeObject() override {
    ++whole_object_calls_;
    return source_.Whole(std::uint64_t{1} << 40);
  }
  Arena& arena() override { return arena_; }
  const StructValue& root() const override { return root_; }
  std::int64_t now() const override { return 0; }
  Bytes module_data() const override { return {}; }
  // A regular expression is any that AddRegexp() took.
  bool RegexpMatches(RegexpRef regexp, std::string_view text) override {
    return std::regex_search(text.begin(), text.end(), std::regex(regexps_[regexp.index]));
  }
  void Log(std::string_view) override {}
  void MarkIncomplete(std::string_view why) override { incomplete_.emplace_back(why); }

  Value AddRegexp(std::string source) {
    regexps_.push_back(std::move(source));
    return Value::Regexp({static_cast<std::uint32_t>(regexps_.size() - 1)});
  }
  // Calls the function with that name and those parameters' letters.
  Value Call(std::string_view name, std::string_view parameters, const std::vector<Value>& args = {}) {
    const auto index = module_.type().Find(name);
    DL_CHECK(index.has_value());
    for (const FunctionOverload& overload : module_.type().fields()[*index].overloads) {
      if (overload.parameters == parameters) return overload.call(*this, args);
    }
    DL_CHECK(false);
    return Value::Undefined();
  }
  std::string Dump() const { return DumpFacts(module_.name, root_); }
  int whole_object_calls() const { return whole_object_calls_; }
  const std::vector<std::string>& incomplete() const { return incomplete_; }

 private:
  const ModuleInfo& module_;
  MemorySource source_;
  Arena arena_;
  StructValue& root_;
  std::vector<std::string> regexps_;
  std::vector<std::string> incomplete_;
  int whole_object_calls_ = 0;
};

}  // namespace dl::yara
