// Any bytes, and the four modules of containers. Meaning: whether an object is of a kind is always told, only such
// objects have facts, what is not told is marked incomplete, and a signature that is intact covers the digest.
#include <cstdint>
#include <string_view>

#include "daylight/base/check.h"
#include "daylight/crypto/digest.h"
#include "daylight/rules/yara/module_testing.h"

namespace dl::yara {
extern const ModuleInfo module_msi;
extern const ModuleInfo module_olecf;
extern const ModuleInfo module_vba;
extern const ModuleInfo module_zip;
}  // namespace dl::yara

namespace {

using dl::yara::StructValue;
using dl::yara::Value;

std::size_t SizeOf(const StructValue& facts, const char* array) {
  const Value value = facts.Get(array);
  DL_CHECK(value.defined());
  return value.array->size();
}

class Facts {
 public:
  Facts(const dl::yara::ModuleInfo& module, dl::Bytes bytes) : context_(module, bytes) { context_.Load(); }
  const StructValue& root() const { return context_.root(); }
  // Whether the object is of the kind; an array has nothing where it is not.
  bool Is(const char* flag, const char* array) const {
    const Value value = root().Get(flag);
    DL_CHECK(value.defined() || !context_.incomplete.empty());
    const bool is = value.defined() && value.boolean;
    if (value.defined() && !is) DL_CHECK(SizeOf(root(), array) == 0);
    return is;
  }

 private:
  dl::yara::FakeModuleContext context_;
};

void CheckSignatures(dl::Bytes bytes) {
  const Facts facts(dl::yara::module_msi, bytes);
  if (!facts.Is("is_signed", "signatures")) return;
  for (std::size_t i = 0; i < SizeOf(facts.root(), "signatures"); ++i) {
    const StructValue& signature = *facts.root().Get("signatures").array->at(static_cast<std::int64_t>(i)).structure;
    if (!signature.Get("verified").boolean) continue;
    DL_CHECK(signature.Get("digest").defined());
    DL_CHECK(signature.Get("digest").string == signature.Get("file_digest").string);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool initialized = dl::crypto::Init();
  DL_CHECK(initialized);
  const dl::Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  const std::string_view text = dl::AsText(bytes);
  const bool has_magic = text.starts_with("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
  const Facts olecf(dl::yara::module_olecf, bytes);
  if (olecf.Is("is_olecf", "streams")) DL_CHECK(has_magic);
  DL_CHECK(SizeOf(olecf.root(), "streams") <= size / 128);
  const Facts zip(dl::yara::module_zip, bytes);
  if (zip.Is("is_zip", "entries")) DL_CHECK(text.find("PK\x05\x06") != std::string_view::npos);
  DL_CHECK(SizeOf(zip.root(), "entries") <= size / 46);
  const Facts vba(dl::yara::module_vba, bytes);
  if (vba.Is("has_macros", "modules")) DL_CHECK(has_magic || text.starts_with("PK\x03\x04"));
  CheckSignatures(bytes);
  return 0;
}
