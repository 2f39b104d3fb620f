// The parts of YARA's `pe` module: its type, its functions, and the loader
// that turns a parsed PE file (formats/pe) into the module's facts.
//
//   const ModuleInfo module_pe = {"pe", &pe_module::PeType, &pe_module::LoadPe};
//
// Types are immutable once built. The loader and the functions run on the
// thread of their ModuleContext and keep nothing beyond it.
#pragma once

#include <span>

#include "daylight/rules/yara/module.h"

namespace dl::yara::pe_module {

const StructType& PeType();
void LoadPe(ModuleContext& context, StructValue& root);

void AddConstants(StructType& type);

// Functions, named after what a rule writes. Every function answers undefined
// for an object that is not a PE file.
using Args = std::span<const Value>;
Value CalculateChecksum(ModuleContext& context, Args args);
Value Imphash(ModuleContext& context, Args args);
Value SectionIndexByName(ModuleContext& context, Args args);
Value SectionIndexByOffset(ModuleContext& context, Args args);
Value ExportsName(ModuleContext& context, Args args);
Value ExportsRegexp(ModuleContext& context, Args args);
Value ExportsOrdinal(ModuleContext& context, Args args);
Value ExportsIndexName(ModuleContext& context, Args args);
Value ExportsIndexRegexp(ModuleContext& context, Args args);
Value ExportsIndexOrdinal(ModuleContext& context, Args args);
Value ImportsName(ModuleContext& context, Args args);       // dll, function
Value ImportsOrdinal(ModuleContext& context, Args args);    // dll, ordinal
Value ImportsDll(ModuleContext& context, Args args);        // dll
Value ImportsRegexp(ModuleContext& context, Args args);     // dll, function
Value ImportsFlagsName(ModuleContext& context, Args args);  // flags first, then as above
Value ImportsFlagsOrdinal(ModuleContext& context, Args args);
Value ImportsFlagsDll(ModuleContext& context, Args args);
Value ImportsFlagsRegexp(ModuleContext& context, Args args);
Value ImportRvaName(ModuleContext& context, Args args);
Value ImportRvaOrdinal(ModuleContext& context, Args args);
Value DelayedImportRvaName(ModuleContext& context, Args args);
Value DelayedImportRvaOrdinal(ModuleContext& context, Args args);
Value Locale(ModuleContext& context, Args args);
Value Language(ModuleContext& context, Args args);
Value IsDll(ModuleContext& context, Args args);
Value Is32Bit(ModuleContext& context, Args args);
Value Is64Bit(ModuleContext& context, Args args);
Value RvaToOffset(ModuleContext& context, Args args);
Value RichVersion(ModuleContext& context, Args args);        // version
Value RichVersionToolid(ModuleContext& context, Args args);  // version, toolid
Value RichToolid(ModuleContext& context, Args args);         // toolid
Value RichToolidVersion(ModuleContext& context, Args args);  // toolid, version
// On one signature: whether `timestamp` lies in its certificate's validity.
Value ValidOn(ModuleContext& context, Args args);

}  // namespace dl::yara::pe_module
