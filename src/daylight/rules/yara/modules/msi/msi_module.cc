// The msi module: who signed an installer (a compound file), with the names
// that YARA-X gives it.
#include <array>

#include "daylight/rules/yara/module.h"
#include "daylight/rules/yara/modules/msi/msi_digest.h"
#include "daylight/rules/yara/modules/pe/signature_facts.h"

namespace dl::yara {
namespace {

using unpack::CompoundFile;

// No signature of a real file comes near it.
constexpr std::uint64_t kMaxSignatureBytes = std::uint64_t{4} << 20;

const StructType& MsiType() {
  static const StructType type = [] {
    StructType t;
    t.Boolean("is_signed").StructArray("signatures", pe_module::YaraXSignatureType());
    return t;
  }();
  return type;
}

const CompoundFile::Entry* FindSignature(const CompoundFile& file) {
  for (const CompoundFile::Entry& entry : file.entries()) {
    if (msi_module::IsSignature(entry)) return &entry;
  }
  return nullptr;
}

// False: there may be some that are not read.
bool SetSignatures(ModuleContext& context, Bytes bytes, ArrayValue& to) {
  const auto file = CompoundFile::Parse(bytes);
  const CompoundFile::Entry* entry = file ? FindSignature(*file) : nullptr;
  if (entry == nullptr) return true;
  if (entry->size > kMaxSignatureBytes) {
    context.MarkIncomplete("the signature is too large");
    return false;
  }
  std::vector<std::byte> scratch;
  const Bytes pkcs7 = file->Read(*entry, entry->size, scratch);
  const auto authenticode = pe::ParseSignatures(
      pkcs7, [&](const std::string& algorithm) { return msi_module::MsiDigest(*file, bytes.size(), algorithm); });
  for (const pe::Signature& signature : authenticode.signatures) pe_module::SetSignature(signature, to.AppendStruct());
  return true;
}

void Load(ModuleContext& context, StructValue& root) {
  ArrayValue& signatures = root.Array("signatures");
  std::array<std::byte, unpack::kCompoundMagic.size()> head{};
  const auto got = context.object().ReadAt(0, head);
  if (got && AsText(Bytes(head).first(*got)) != unpack::kCompoundMagic) {
    root.SetBoolean("is_signed", false);
    return;
  }
  const auto bytes = context.WholeObject();
  if (!bytes) return;
  // Whether they are intact is for `verified` to say.
  if (SetSignatures(context, *bytes, signatures)) root.SetBoolean("is_signed", signatures.size() != 0);
}

}  // namespace

extern const ModuleInfo module_msi;
const ModuleInfo module_msi = {"msi", &MsiType, &Load};

}  // namespace dl::yara
