// The shape of the `macho` module's facts: what a rule may write after
// `macho.`. YARA 4.5's fields and functions, and those that YARA-X adds.
//
//   const StructType& root = MachoType();
//   root.Find("segments");
//
// Built once and immutable after that; share it freely.
#pragma once

#include "daylight/rules/yara/module.h"

namespace dl::yara {

const StructType& MachoType();

// The functions that MachoType() declares; defined in macho_functions.cc.
Value MachoFileIndexForType(ModuleContext& context, std::span<const Value> args);
Value MachoFileIndexForSubtype(ModuleContext& context, std::span<const Value> args);
Value MachoEntryPointForType(ModuleContext& context, std::span<const Value> args);
Value MachoEntryPointForSubtype(ModuleContext& context, std::span<const Value> args);
Value MachoHasDylib(ModuleContext& context, std::span<const Value> args);
Value MachoHasRpath(ModuleContext& context, std::span<const Value> args);
Value MachoHasEntitlement(ModuleContext& context, std::span<const Value> args);
Value MachoHasImport(ModuleContext& context, std::span<const Value> args);
Value MachoHasExport(ModuleContext& context, std::span<const Value> args);
Value MachoDylibHash(ModuleContext& context, std::span<const Value> args);
Value MachoEntitlementHash(ModuleContext& context, std::span<const Value> args);
Value MachoImportHash(ModuleContext& context, std::span<const Value> args);
Value MachoExportHash(ModuleContext& context, std::span<const Value> args);
Value MachoSymHash(ModuleContext& context, std::span<const Value> args);

}  // namespace dl::yara
