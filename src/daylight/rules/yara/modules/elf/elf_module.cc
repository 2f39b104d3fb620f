#include "daylight/rules/yara/modules/elf/elf_type.h"

namespace dl::yara {

Value ElfTelfhash(ModuleContext&, std::span<const Value>) { return Value::Undefined(); }
Value ElfImportMd5(ModuleContext&, std::span<const Value>) { return Value::Undefined(); }

namespace {
void LoadElf(ModuleContext&, StructValue&) {}
}  // namespace

extern const ModuleInfo module_elf;
const ModuleInfo module_elf = {"elf", &ElfType, &LoadElf};

}  // namespace dl::yara
