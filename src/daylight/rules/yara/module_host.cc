#include "daylight/rules/yara/module_host.h"

#include <algorithm>
#include <functional>

namespace dl::yara {

namespace {
// What rules write through the console module is kept up to these bounds.
constexpr std::size_t kMaxLogLines = 10'000;
constexpr std::size_t kMaxLogLineBytes = 4096;

std::string_view ReasonOf(const Error& error) {
  if (error.code == ErrorCode::kIo) return "io";
  return error.code == ErrorCode::kBudget ? "size" : "window";
}
std::string_view WhyNotWhole(const Error& error) {
  if (error.code == ErrorCode::kIo) return "the object could not be read";
  return error.code == ErrorCode::kBudget ? "the object is too large" : "the object was not kept as a whole";
}
}  // namespace

// The object as a module sees it: what cannot be read is noted, so that facts
// that are missing for this reason make the object incomplete.
class NotingSource final : public ObjectSource {
 public:
  using Note = std::function<void(const Error&)>;
  explicit NotingSource(Note note) : note_(std::move(note)) {}
  void Watch(ObjectSource* object) { object_ = object; }

  std::optional<std::uint64_t> size() const override { return object_->size(); }
  Result<Window> NextWindow(std::size_t overlap_bytes) override { return Noted(object_->NextWindow(overlap_bytes)); }
  Status Rewind() override { return object_->Rewind(); }
  Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> out) override {
    return Noted(object_->ReadAt(offset, out));
  }
  Result<Bytes> Whole(std::uint64_t limit_bytes) override { return Noted(object_->Whole(limit_bytes)); }

 private:
  template <typename T>
  Result<T> Noted(Result<T> result) {
    if (!result) note_(result.error());
    return result;
  }
  Note note_;
  ObjectSource* object_ = nullptr;
};

class ModuleHost::Context final : public ModuleContext {
 public:
  Context(ModuleHost& host, const ModuleInfo& module)
      : host_(host), module_(module), source_([this](const Error& error) { NoteUnread(error); }) {}

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

  ObjectSource& object() override {
    source_.Watch(host_.job_.object);
    return source_;
  }
  Result<Bytes> WholeObject() override { return object().Whole(host_.job_.whole_object_limit_bytes); }
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
    if (host_.log_.size() == kMaxLogLines) host_.log_.emplace_back("(what was said after this was not kept)");
    if (host_.log_.size() < kMaxLogLines) host_.log_.emplace_back(line.substr(0, kMaxLogLineBytes));
  }
  void MarkIncomplete(std::string_view why) override {
    host_.AddGap("limit", "module " + std::string(module_.name) + ": " + std::string(why));
  }

 private:
  void NoteUnread(const Error& error) {
    host_.AddGap(std::string(ReasonOf(error)),
                 std::string(WhyNotWhole(error)) + " for the facts of module " + std::string(module_.name));
  }

  ModuleHost& host_;
  const ModuleInfo& module_;
  NotingSource source_;
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
  AddGap(std::string(ReasonOf(whole.error())), std::string(WhyNotWhole(whole.error())) + " to find its entry point");
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
