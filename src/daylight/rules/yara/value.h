// Value is what a condition computes with; the *Value containers are the facts
// that a module derived from an object, shaped by the module's StructType.
//
//   StructValue& section = root.Array("sections").AppendStruct();
//   section.SetString("name", name);          // copied into the arena
//   section.SetInteger("raw_data_size", size);
//
// Everything lives in one Arena for one object, so a Value is a cheap copy and
// a string is a view. What was never set is undefined.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/bytes/bytes.h"

namespace dl::yara {

class StructType;
class StructValue;
class ArrayValue;
class DictionaryValue;

enum class TypeKind : std::uint8_t {
  kUndefined,
  kBoolean,
  kInteger,
  kFloat,
  kString,
  kRegexp,
  kStruct,
  kArray,
  kDictionary,
  kFunction,
};
std::string_view TypeKindName(TypeKind kind);

// A compiled regular expression as a function argument; opaque to modules,
// which hand it to ModuleContext::RegexpMatches.
struct RegexpRef {
  std::uint32_t index;
};

struct Value {
  TypeKind kind = TypeKind::kUndefined;
  union {
    bool boolean;
    std::int64_t integer = 0;
    double real;
    RegexpRef regexp;
    const StructValue* structure;
    const ArrayValue* array;
    const DictionaryValue* dictionary;
  };
  std::string_view string;  // For kString.

  static Value Undefined() { return {}; }
  static Value Boolean(bool b) {
    Value v;
    v.kind = TypeKind::kBoolean;
    v.boolean = b;
    return v;
  }
  static Value Integer(std::int64_t i) {
    Value v;
    v.kind = TypeKind::kInteger;
    v.integer = i;
    return v;
  }
  static Value Float(double d) {
    Value v;
    v.kind = TypeKind::kFloat;
    v.real = d;
    return v;
  }
  static Value String(std::string_view s) {
    Value v;
    v.kind = TypeKind::kString;
    v.string = s;
    return v;
  }
  static Value Regexp(RegexpRef r) {
    Value v;
    v.kind = TypeKind::kRegexp;
    v.regexp = r;
    return v;
  }
  static Value Struct(const StructValue* s) {
    Value v;
    v.kind = TypeKind::kStruct;
    v.structure = s;
    return v;
  }
  static Value Array(const ArrayValue* a) {
    Value v;
    v.kind = TypeKind::kArray;
    v.array = a;
    return v;
  }
  static Value Dictionary(const DictionaryValue* d) {
    Value v;
    v.kind = TypeKind::kDictionary;
    v.dictionary = d;
    return v;
  }
  bool defined() const { return kind != TypeKind::kUndefined; }
};

// Owns the containers and strings of one object's facts.
class Arena {
 public:
  Arena();
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  std::string_view Copy(std::string_view text);
  std::string_view Copy(Bytes bytes) { return Copy(AsText(bytes)); }
  StructValue& NewStruct(const StructType& type);
  ArrayValue& NewArray(const StructType* element_type);
  DictionaryValue& NewDictionary(const StructType* element_type);
  void Clear();

 private:
  std::deque<std::string> strings_;
  std::deque<StructValue> structs_;
  std::deque<ArrayValue> arrays_;
  std::deque<DictionaryValue> dictionaries_;
};

// Fields in the order of the StructType. Setting a field that the type lacks,
// or with another kind than declared, is our own bug (DL_CHECK).
class StructValue {
 public:
  StructValue(Arena& arena, const StructType& type);
  const StructType& type() const { return *type_; }

  void SetInteger(std::string_view field, std::int64_t value);
  void SetFloat(std::string_view field, double value);
  void SetBoolean(std::string_view field, bool value);
  void SetString(std::string_view field, std::string_view value);  // Copies.
  void SetString(std::string_view field, Bytes value) { SetString(field, AsText(value)); }
  // The nested container, made when first asked for.
  StructValue& Struct(std::string_view field);
  ArrayValue& Array(std::string_view field);
  DictionaryValue& Dictionary(std::string_view field);

  const Value& field(std::size_t index) const { return fields_[index]; }
  // Undefined when there is no such field. For tests and module functions.
  Value Get(std::string_view field) const;

 private:
  Value& Slot(std::string_view field, TypeKind kind);
  Arena* arena_;
  const StructType* type_;
  std::vector<Value> fields_;
};

class ArrayValue {
 public:
  ArrayValue(Arena& arena, const StructType* element_type) : arena_(&arena), element_type_(element_type) {}
  StructValue& AppendStruct();
  void AppendInteger(std::int64_t value) { items_.push_back(Value::Integer(value)); }
  void AppendFloat(double value) { items_.push_back(Value::Float(value)); }
  void AppendString(std::string_view value) { items_.push_back(Value::String(arena_->Copy(value))); }
  void AppendUndefined() { items_.push_back(Value::Undefined()); }
  std::size_t size() const { return items_.size(); }
  // Undefined past the end.
  Value at(std::int64_t index) const;

 private:
  Arena* arena_;
  const StructType* element_type_;
  std::vector<Value> items_;
};

// Keeps the order of insertion; a repeated key replaces the value.
class DictionaryValue {
 public:
  struct Item {
    std::string_view key;
    Value value;
  };
  DictionaryValue(Arena& arena, const StructType* element_type) : arena_(&arena), element_type_(element_type) {}
  void SetString(std::string_view key, std::string_view value);
  void SetInteger(std::string_view key, std::int64_t value);
  StructValue& Struct(std::string_view key);
  std::size_t size() const { return items_.size(); }
  const std::vector<Item>& items() const { return items_; }
  Value at(std::string_view key) const;

 private:
  Value& Slot(std::string_view key);
  Arena* arena_;
  const StructType* element_type_;
  std::vector<Item> items_;
};

// The facts as readable lines, sorted as declared, for goldens:
//   pe.sections[0].name = ".text"
// Undefined fields are left out; bytes outside printable ASCII are \xHH.
std::string DumpFacts(std::string_view module_name, const StructValue& root);

}  // namespace dl::yara
