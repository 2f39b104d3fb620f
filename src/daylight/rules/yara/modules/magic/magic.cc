#include "daylight/rules/yara/modules/magic/magic.h"

#include <magic.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "daylight/rules/yara/module.h"

namespace dl::yara {
namespace {

// libmagic looks at no more than its own limit, 1 MiB unless told otherwise
// (MAGIC_PARAM_BYTES_MAX), so a longer object need not be read for it. YARA
// hands it the whole file.
constexpr std::size_t kMagicBytes = 1u << 20;

class MagicLibrary {
 public:
  MagicLibrary() : cookie_(magic_open(MAGIC_NONE), &Close) {
    loaded_ = cookie_ != nullptr && magic_load(cookie_.get(), nullptr) == 0;
  }
  bool loaded() const { return loaded_; }

  // nullopt when libmagic fails on these bytes.
  std::optional<std::string> Describe(Bytes bytes, int flags) {
    if (!loaded_) return std::nullopt;
    const std::lock_guard lock(mutex_);
    if (magic_setflags(cookie_.get(), flags) != 0) return std::nullopt;
    const char* text = magic_buffer(cookie_.get(), bytes.data(), bytes.size());
    if (text == nullptr) return std::nullopt;
    return std::string(text);
  }

 private:
  static void Close(magic_t cookie) {
    if (cookie != nullptr) magic_close(cookie);
  }
  std::unique_ptr<magic_set, decltype(&Close)> cookie_;
  std::mutex mutex_;
  bool loaded_ = false;
};

MagicLibrary& Library() {
  static MagicLibrary library;
  return library;
}

struct Answers {
  std::optional<Value> type;
  std::optional<Value> mime_type;
};

Value Describe(ModuleContext& context, int flags) {
  // YARA has no block to show for an empty file, so nothing is defined there.
  thread_local std::vector<std::byte> buffer;
  const auto size = context.object().size();
  buffer.resize(static_cast<std::size_t>(std::min<std::uint64_t>(size.value_or(kMagicBytes), kMagicBytes)));
  const auto got = context.object().ReadAt(0, buffer);
  if (!got || *got == 0) return Value::Undefined();
  const auto text = Library().Describe(Bytes(buffer).first(*got), flags);
  return text ? Value::String(context.arena().Copy(*text)) : Value::Undefined();
}

template <std::optional<Value> Answers::*kAnswer, int kFlags>
Value Answer(ModuleContext& context, std::span<const Value>) {
  if (!context.state) context.state = std::make_shared<Answers>();
  std::optional<Value>& answer = static_cast<Answers*>(context.state.get())->*kAnswer;
  if (!answer) answer = Describe(context, kFlags);
  return *answer;
}

const StructType& MagicType() {
  static const StructType type = [] {
    StructType t;
    t.Function("type", "", TypeKind::kString, &Answer<&Answers::type, MAGIC_NONE>);
    t.Function("mime_type", "", TypeKind::kString, &Answer<&Answers::mime_type, MAGIC_MIME_TYPE>);
    return t;
  }();
  return type;
}

void Load(ModuleContext&, StructValue&) {}

}  // namespace

Status PrepareMagic() {
  if (!Library().loaded()) return Fail(ErrorCode::kIo, "libmagic's database cannot be loaded");
  return {};
}

extern const ModuleInfo module_magic;
const ModuleInfo module_magic = {"magic", &MagicType, &Load};

}  // namespace dl::yara
