// The PE parser and the `pe` module: whatever the bytes, the facts keep their
// promises and the module's counts are the sizes of its arrays.
#include "../tests/support/module_context.h"
#include "daylight/base/check.h"
#include "daylight/crypto/digest.h"
#include "daylight/formats/pe/invariants.h"

namespace dl::yara {
extern const ModuleInfo module_pe;
}

namespace {

using dl::yara::StructValue;

void CheckCount(const StructValue& facts, const char* count, const char* array) {
  const auto expected = facts.Get(count);
  const auto items = facts.Get(array);
  DL_CHECK(expected.defined() && items.defined());
  DL_CHECK(expected.integer == static_cast<std::int64_t>(items.array->size()));
}

void CheckModule(dl::Bytes bytes, bool is_pe) {
  dl::testing::ModuleTestContext context(bytes);
  const StructValue& root = context.Load(dl::yara::module_pe);
  DL_CHECK(root.Get("is_pe").integer == (is_pe ? 1 : 0));
  if (!is_pe) return;
  CheckCount(root, "number_of_imports", "import_details");
  CheckCount(root, "number_of_delayed_imports", "delayed_import_details");
  CheckCount(root, "number_of_exports", "export_details");
  CheckCount(root, "number_of_resources", "resources");
  CheckCount(root, "number_of_version_infos", "version_info_list");
  CheckCount(root, "number_of_signatures", "signatures");
  DL_CHECK(context.Call("imphash").string.size() == 32);
  DL_CHECK(context.Call("calculate_checksum").integer >= static_cast<std::int64_t>(bytes.size()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool initialized = dl::crypto::Init();
  DL_CHECK(initialized);
  const dl::Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  dl::pe::PeEntryPointOffset(bytes);
  const auto file = dl::pe::ParsePe(bytes);
  if (file) dl::pe::CheckInvariants(*file);
  CheckModule(bytes, file.has_value());
  return 0;
}
