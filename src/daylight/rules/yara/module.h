// Module describes one YARA module: the shape of its facts, its functions, and
// how the facts of an object are derived. One line in registry.cc adds a module.
//
//   const ModuleInfo kElfModule = {"elf", &ElfType, &LoadElf};
//
//   const StructType& ElfType() {
//     static const StructType type = [] {
//       StructType t;
//       t.Constant("ET_EXEC", 2).Integer("machine").Array("sections", SectionType());
//       t.Function("import_md5", "", TypeKind::kString, &ImportMd5);
//       return t;
//     }();
//     return type;
//   }
//
// A StructType is built once and immutable after that; share it freely.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/bytes/object_source.h"
#include "daylight/rules/yara/value.h"

namespace dl::yara {

class ModuleContext;

// `args` match one of the declared signatures; an undefined argument never
// reaches a function (the call is undefined then). Returns kUndefined or the
// declared kind. Strings that are made here go through context.arena().
using ModuleFunction = Value (*)(ModuleContext& context, std::span<const Value> args);

// The kinds of a signature's parameters, one letter each:
// i integer, f float, s string, r regular expression, b boolean.
struct FunctionOverload {
  std::string parameters;
  TypeKind result;
  const StructType* result_type = nullptr;  // For kStruct results.
  ModuleFunction call = nullptr;
};

struct FieldType {
  std::string name;
  TypeKind kind = TypeKind::kUndefined;
  // Struct: its type. Array, dictionary: type of struct elements, else null.
  const StructType* structure = nullptr;
  TypeKind element = TypeKind::kUndefined;  // Array, dictionary.
  std::optional<Value> constant;            // Known at compile time.
  std::vector<FunctionOverload> overloads;  // Function.
};

class StructType {
 public:
  StructType& Integer(std::string name);
  StructType& Float(std::string name);
  StructType& Boolean(std::string name);
  StructType& String(std::string name);
  StructType& Constant(std::string name, std::int64_t value);
  StructType& FloatConstant(std::string name, double value);
  // `type` must outlive this one (a function-local static).
  StructType& Struct(std::string name, const StructType& type);
  StructType& StructArray(std::string name, const StructType& type);
  StructType& Array(std::string name, TypeKind element);
  StructType& StructDictionary(std::string name, const StructType& type);
  StructType& Dictionary(std::string name, TypeKind element);
  // Call again with the same name for a further overload.
  StructType& Function(std::string name, std::string parameters, TypeKind result, ModuleFunction call);

  const std::vector<FieldType>& fields() const { return fields_; }
  // Index in fields(), or nullopt.
  std::optional<std::size_t> Find(std::string_view name) const;

 private:
  FieldType& Add(std::string name, TypeKind kind);
  std::vector<FieldType> fields_;
  std::vector<std::pair<std::string, std::size_t>> by_name_;  // Sorted.
};

// What a module may see while it loads or is called. It opens no path and
// reads no clock: everything comes with the job.
class ModuleContext {
 public:
  virtual ~ModuleContext() = default;
  virtual ObjectSource& object() = 0;
  // The whole object, loaded if the budget allows; otherwise an error, and the
  // object is reported incomplete by the caller of this context.
  virtual Result<Bytes> WholeObject() = 0;
  virtual Arena& arena() = 0;
  // Facts of this module for this object; valid in functions.
  virtual const StructValue& root() const = 0;
  // Seconds since 1970, as given with the job.
  virtual std::int64_t now() const = 0;
  // A file given with --module-data NAME=FILE for this module, or empty.
  virtual Bytes module_data() const = 0;
  // Whether the expression matches anywhere in `text`.
  virtual bool RegexpMatches(RegexpRef regexp, std::string_view text) = 0;
  // A line for the user (console module).
  virtual void Log(std::string_view line) = 0;
  // Facts of the object were left out because a limit was met: it is reported
  // incomplete, with `why` (a string literal), never clean.
  virtual void MarkIncomplete(std::string_view /*why*/) {}
  // Per-object storage of the module itself, e.g. parsed facts that functions
  // need beside root(); empty until set. Destroyed with the object's facts.
  std::shared_ptr<void> state;
  // The struct that a function was called on (`pe.signatures[1]` in
  // `pe.signatures[1].valid_on(t)`); the evaluator sets it before every call.
  const StructValue* self = nullptr;
};

struct ModuleInfo {
  std::string_view name;
  const StructType& (*type)();
  // Fills `root`; called at most once for an object, and only when a rule asks
  // for a non-constant field. Malformed input just leaves fields undefined.
  void (*load)(ModuleContext& context, StructValue& root);
};

// Null when there is no such module.
const ModuleInfo* FindModule(std::string_view name);
std::span<const ModuleInfo* const> AllModules();

}  // namespace dl::yara
