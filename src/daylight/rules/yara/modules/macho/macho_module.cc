#include "daylight/rules/yara/modules/macho/macho_type.h"

namespace dl::yara {

Value MachoFileIndexForType(ModuleContext&, std::span<const Value>) { return Value::Undefined(); }
Value MachoFileIndexForSubtype(ModuleContext&, std::span<const Value>) { return Value::Undefined(); }
Value MachoEntryPointForType(ModuleContext&, std::span<const Value>) { return Value::Undefined(); }
Value MachoEntryPointForSubtype(ModuleContext&, std::span<const Value>) { return Value::Undefined(); }
Value MachoHasDylib(ModuleContext&, std::span<const Value>) { return Value::Undefined(); }
Value MachoHasRpath(ModuleContext&, std::span<const Value>) { return Value::Undefined(); }
Value MachoHasEntitlement(ModuleContext&, std::span<const Value>) { return Value::Undefined(); }
Value MachoHasImport(ModuleContext&, std::span<const Value>) { return Value::Undefined(); }
Value MachoHasExport(ModuleContext&, std::span<const Value>) { return Value::Undefined(); }
Value MachoDylibHash(ModuleContext&, std::span<const Value>) { return Value::Undefined(); }
Value MachoEntitlementHash(ModuleContext&, std::span<const Value>) { return Value::Undefined(); }
Value MachoImportHash(ModuleContext&, std::span<const Value>) { return Value::Undefined(); }
Value MachoExportHash(ModuleContext&, std::span<const Value>) { return Value::Undefined(); }
Value MachoSymHash(ModuleContext&, std::span<const Value>) { return Value::Undefined(); }

namespace {
void LoadMacho(ModuleContext&, StructValue&) {}
}  // namespace

extern const ModuleInfo module_macho;
const ModuleInfo module_macho = {"macho", &MachoType, &LoadMacho};

}  // namespace dl::yara
