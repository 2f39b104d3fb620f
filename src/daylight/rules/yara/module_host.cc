#include "daylight/rules/yara/module_host.h"

#include <algorithm>

namespace dl::yara {

namespace {
// What rules write through the console module is kept up to these bounds.
constexpr std::size_t kMaxLogLines = 10'000;
constexpr std::size_t kMaxLogLineBytes = 4096;
}  // namespace

class ModuleHost::Context final : public ModuleContext {
 public:
  Context(ModuleHost& host, const ModuleInfo& module) : host_(host), module_(module) {}

  void Reset() {
    root_ = nullptr;
    state.reset();
  }
  const StructValue& Load() {
    if (root_ == nullptr) {
      host_.arena_used_ = true;
      StructValue& root = host_.arena_.NewStruct(module_.type());
      root_ = &root;
      module_.load(*this, root);
    }
    return *root_;
  }

  ObjectSource& object() override { return *host_.job_.object; }
  Result<Bytes> WholeObject() override {
    auto whole = host_.job_.object->Whole(host_.job_.whole_object_limit_bytes);
    if (!whole) host_.AddGap("size", "the object is too large for the facts of module " + std::string(module_.name));
    return whole;
  }
  Arena& arena() override {
    host_.arena_used_ = true;
    return host_.arena_;
  }
  const StructValue& root() const override { return *root_; }
  std::int64_t now() const override { return host_.job_.now; }
  Bytes module_data() const override {
    if (host_.job_.module_data == nullptr) return {};
    const auto found = host_.job_.module_data->find(std::string(module_.name));
    return found == host_.job_.module_data->end() ? Bytes() : AsBytes(found->second);
  }
  bool RegexpMatches(RegexpRef regexp, std::string_view text) override {
    return host_.RegexpMatches(regexp.index, text);
  }
  void Log(std::string_view line) override {
    if (host_.log_.size() < kMaxLogLines) host_.log_.emplace_back(line.substr(0, kMaxLogLineBytes));
  }
  void MarkIncomplete(std::string_view why) override {
    host_.AddGap("limit", "module " + std::string(module_.name) + ": " + std::string(why));
  }

 private:
  ModuleHost& host_;
  const ModuleInfo& module_;
  const StructValue* root_ = nullptr;
};

ModuleHost::ModuleHost(const RuleSet& rules) : rules_(rules) {
  for (std::uint32_t i = 0; i < rules.module_count(); ++i) {
    contexts_.push_back(std::make_unique<Context>(*this, *rules.module(i)));
  }
}
ModuleHost::~ModuleHost() = default;

void ModuleHost::Begin(const EvaluationJob& job) {
  job_ = job;
  gaps_.clear();
  log_.clear();
  if (!arena_used_) return;
  for (const auto& context : contexts_) context->Reset();
  arena_.Clear();
  arena_used_ = false;
}

const StructValue* ModuleHost::Root(std::uint32_t module) {
  return module < contexts_.size() ? &contexts_[module]->Load() : nullptr;
}

Value ModuleHost::Call(std::uint32_t module, const FunctionOverload& overload, const StructValue* self,
                       std::span<const Value> args) {
  if (module >= contexts_.size() || overload.call == nullptr) return {};
  contexts_[module]->Load();
  contexts_[module]->self = self;
  return overload.call(*contexts_[module], args);
}

Bytes ModuleHost::WholeObject() {
  auto whole = job_.object->Whole(job_.whole_object_limit_bytes);
  if (whole) return *whole;
  AddGap("size", "the object is too large to find its entry point");
  return {};
}

bool ModuleHost::RegexpMatches(std::uint32_t regexp, std::string_view text) {
  return searcher_.Search(rules_.regexp_program(regexp), text);
}

void ModuleHost::AddGap(std::string reason, std::string detail) {
  EvaluationGap gap{std::move(reason), std::move(detail)};
  if (std::find(gaps_.begin(), gaps_.end(), gap) == gaps_.end()) gaps_.push_back(std::move(gap));
}

}  // namespace dl::yara
