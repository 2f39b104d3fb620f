// The time module: now(), which is the time of the job, not of a clock here.
#include "daylight/rules/yara/module.h"

namespace dl::yara {
namespace {

Value Now(ModuleContext& context, std::span<const Value>) { return Value::Integer(context.now()); }

const StructType& TimeType() {
  static const StructType type = [] {
    StructType t;
    t.Function("now", "", TypeKind::kInteger, &Now);
    return t;
  }();
  return type;
}

void Load(ModuleContext&, StructValue&) {}

}  // namespace

extern const ModuleInfo module_time;
const ModuleInfo module_time = {"time", &TimeType, &Load};

}  // namespace dl::yara
