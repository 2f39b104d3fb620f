// FakeModuleContext runs one YARA module over bytes in memory, for unit tests
// and fuzz targets that have no evaluator.
//
//   FakeModuleContext context(module_math, AsBytes("ABCABC"));
//   EXPECT_EQ(context.Call("mean", {Value::Integer(0), Value::Integer(3)}).real, 66.0);
//   EXPECT_EQ(context.Dump(), ReadGolden("x.facts"));
//
// Borrows the object's bytes; owns everything else. One thread.
#pragma once

#include <initializer_list>
#include <regex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daylight/base/check.h"
#include "daylight/bytes/object_source.h"
#include "daylight/rules/yara/module.h"

namespace dl::yara {

class FakeModuleContext final : public ModuleContext {
 public:
  FakeModuleContext(const ModuleInfo& module, Bytes object)
      : module_(&module), memory_(object), source_(&memory_), root_(&arena_.NewStruct(module.type())) {}
  // Over any other source, borrowed.
  FakeModuleContext(const ModuleInfo& module, ObjectSource& object)
      : module_(&module), memory_(Bytes{}), source_(&object), root_(&arena_.NewStruct(module.type())) {}

  ObjectSource& object() override { return *source_; }
  Result<Bytes> WholeObject() override {
    ++whole_requests;
    return source_->Whole(whole_limit_bytes);
  }
  Arena& arena() override { return arena_; }
  const StructValue& root() const override { return *root_; }
  std::int64_t now() const override { return seconds_now; }
  Bytes module_data() const override { return data; }
  bool RegexpMatches(RegexpRef regexp, std::string_view text) override {
    DL_CHECK(regexp.index < expressions_.size());
    return std::regex_search(text.begin(), text.end(), expressions_[regexp.index]);
  }
  void Log(std::string_view line) override { log.emplace_back(line); }
  void MarkIncomplete(std::string_view why) override { incomplete.emplace_back(why); }

  // An argument for functions that take a regular expression (ECMAScript).
  Value Expression(const std::string& pattern) {
    expressions_.emplace_back(pattern);
    return Value::Regexp({static_cast<std::uint32_t>(expressions_.size() - 1)});
  }

  // Parses the object, the first time; afterwards root() has the facts.
  void Load() {
    if (!loaded_) module_->load(*this, *root_);
    loaded_ = true;
  }
  std::string Dump() {
    Load();
    return DumpFacts(module_->name, *root_);
  }

  // Calls `function` ("entropy", or "network.host" in a nested struct) with
  // the overload that the arguments' kinds select. No such overload is an
  // error of the test. An undefined argument makes the call undefined.
  Value Call(std::string_view function, std::initializer_list<Value> args = {}) {
    self = root_;
    for (std::size_t dot = function.find('.'); dot != std::string_view::npos; dot = function.find('.')) {
      self = &const_cast<StructValue*>(self)->Struct(function.substr(0, dot));
      function.remove_prefix(dot + 1);
    }
    const FunctionOverload& overload = FindOverload(self->type(), function, args);
    for (const Value& arg : args) {
      if (!arg.defined()) return Value::Undefined();
    }
    const Value result = overload.call(*this, std::span<const Value>(args.begin(), args.size()));
    DL_CHECK(!result.defined() || result.kind == overload.result);
    return result;
  }

  std::int64_t seconds_now = 1'700'000'000;
  Bytes data;                           // Borrowed: --module-data.
  std::vector<std::string> log;         // What the module said to the user.
  std::vector<std::string> incomplete;  // Why facts were left out.
  std::uint64_t whole_limit_bytes = 64u << 20;
  int whole_requests = 0;

 private:
  static char Letter(TypeKind kind) {
    switch (kind) {
      case TypeKind::kInteger: return 'i';
      case TypeKind::kFloat: return 'f';
      case TypeKind::kString: return 's';
      case TypeKind::kRegexp: return 'r';
      case TypeKind::kBoolean: return 'b';
      default: return '?';  // Undefined: any parameter.
    }
  }
  static const FunctionOverload& FindOverload(const StructType& type, std::string_view name,
                                              std::initializer_list<Value> args) {
    const auto index = type.Find(name);
    DL_CHECK(index.has_value());
    for (const FunctionOverload& overload : type.fields()[*index].overloads) {
      bool fits = overload.parameters.size() == args.size();
      for (std::size_t i = 0; fits && i < args.size(); ++i) {
        const char letter = Letter(args.begin()[i].kind);
        fits = letter == '?' || letter == overload.parameters[i];
      }
      if (fits) return overload;
    }
    ::dl::CheckFailed("an overload takes these arguments", __FILE__, __LINE__);
  }

  const ModuleInfo* module_;
  MemorySource memory_;
  ObjectSource* source_;
  Arena arena_;
  StructValue* root_;
  bool loaded_ = false;
  std::vector<std::regex> expressions_;
};

}  // namespace dl::yara
