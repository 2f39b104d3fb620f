#include "daylight/rules/yara/modules/dex/dex_type.h"

namespace dl::yara {

Value DexHasMethodString(ModuleContext&, std::span<const Value>) { return Value::Undefined(); }
Value DexHasClassAndMethodString(ModuleContext&, std::span<const Value>) { return Value::Undefined(); }
Value DexHasMethodRegexp(ModuleContext&, std::span<const Value>) { return Value::Undefined(); }
Value DexHasClassAndMethodRegexp(ModuleContext&, std::span<const Value>) { return Value::Undefined(); }
Value DexHasClassString(ModuleContext&, std::span<const Value>) { return Value::Undefined(); }
Value DexHasClassRegexp(ModuleContext&, std::span<const Value>) { return Value::Undefined(); }

namespace {
void LoadDex(ModuleContext&, StructValue&) {}
}  // namespace

extern const ModuleInfo module_dex;
const ModuleInfo module_dex = {"dex", &DexType, &LoadDex};

}  // namespace dl::yara
