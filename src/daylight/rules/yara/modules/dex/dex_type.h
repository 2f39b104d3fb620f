// The shape of the `dex` module's facts: what a rule may write after `dex.`.
//
//   const StructType& root = DexType();
//   root.Find("method");
//
// Built once and immutable after that; share it freely.
#pragma once

#include "daylight/rules/yara/module.h"

namespace dl::yara {

const StructType& DexType();

// The functions that DexType() declares; defined in dex_module.cc.
Value DexHasMethodString(ModuleContext& context, std::span<const Value> args);
Value DexHasClassAndMethodString(ModuleContext& context, std::span<const Value> args);
Value DexHasMethodRegexp(ModuleContext& context, std::span<const Value> args);
Value DexHasClassAndMethodRegexp(ModuleContext& context, std::span<const Value> args);
Value DexHasClassString(ModuleContext& context, std::span<const Value> args);
Value DexHasClassRegexp(ModuleContext& context, std::span<const Value> args);

}  // namespace dl::yara
