// The shape of the `elf` module's facts: what a rule may write after `elf.`.
//
//   const StructType& root = ElfType();
//   root.Find("sections");
//
// Built once and immutable after that; share it freely.
#pragma once

#include "daylight/rules/yara/module.h"

namespace dl::yara {

const StructType& ElfType();

// The functions that ElfType() declares; defined in elf_module.cc.
Value ElfTelfhash(ModuleContext& context, std::span<const Value> args);
Value ElfImportMd5(ModuleContext& context, std::span<const Value> args);

}  // namespace dl::yara
