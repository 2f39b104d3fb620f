// Any bytes are a .NET file's facts or an error. Meaning: what is shown of a
// file lies within it, the budget bounds how much, and limits hold.
#include <cstdint>
#include <functional>

#include "daylight/base/check.h"
#include "daylight/formats/dotnet/dotnet.h"
#include "daylight/formats/dotnet/types.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dl::formats;
  const dl::Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  const auto facts = ParseDotnet(bytes);
  if (!facts) return 0;
  if (!facts->is_dotnet) {
    DL_CHECK(!facts->version && !facts->classes && facts->streams.empty());
    return 0;
  }
  std::size_t text = 0;
  const auto within = [&](const void* begin, std::size_t n) {
    const std::less_equal<const void*> not_after;
    DL_CHECK(n == 0 || (not_after(data, begin) && not_after(static_cast<const std::uint8_t*>(begin) + n, data + size)));
    text += n;
  };
  if (facts->user_strings) {
    for (const dl::Bytes& string : *facts->user_strings) within(string.data(), string.size());
  }
  if (facts->constants) {
    for (const dl::Bytes& constant : *facts->constants) within(constant.data(), constant.size());
  }
  if (facts->module_refs) {
    for (const std::string_view name : *facts->module_refs) within(name.data(), name.size());
  }
  if (facts->module_name) within(facts->module_name->data(), facts->module_name->size());
  std::size_t methods = 0;
  if (facts->classes) {
    for (const DotnetClass& type : *facts->classes) {
      DL_CHECK(!type.name.empty() && type.name.find('`') == std::string_view::npos);
      within(type.name.data(), type.name.size());
      for (const std::string& base : type.base_types) text += base.size();
      if (type.methods) methods += type.methods->size();
    }
  }
  DL_CHECK(text <= DotnetBudget::kTextBytes && methods <= DotnetBudget::kMethods);
  if (facts->guids) DL_CHECK(facts->guids->size() <= 16);
  if (facts->field_offsets) {
    for (const std::uint64_t offset : *facts->field_offsets) DL_CHECK(offset < size);
  }
  if (facts->resources) {
    for (const DotnetResource& resource : *facts->resources) DL_CHECK(!resource.offset || *resource.offset <= size);
  }
  return 0;
}
