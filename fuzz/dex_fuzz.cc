// Any bytes as a Dalvik executable: what is there agrees with what is counted.
#include <cstdlib>

#include "daylight/formats/dex/dex.h"

namespace {
void Require(bool condition) {
  if (!condition) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const dl::Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  const auto file = dl::dex::ParseDex(bytes);
  if (!file) return 0;
  Require(dl::dex::HasDexMagic(bytes));
  Require(file->map.size() <= file->map_size.value_or(0));
  Require(file->class_data.size() <= file->classes.size());
  if (file->complete) {
    Require(file->strings.size() == file->header.string_ids_size);
    Require(file->types.size() == file->header.type_ids_size);
    Require(file->method_ids.size() == file->header.method_ids_size);
    Require(file->classes.size() == file->header.class_defs_size);
  }
  for (const auto& method : file->methods) {
    if (method.code && method.code->instructions) {
      Require(method.code->instructions->size() == std::size_t{method.code->instructions_size} * 2);
    }
  }
  return 0;
}
