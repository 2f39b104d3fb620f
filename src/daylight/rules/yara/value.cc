#include "daylight/rules/yara/value.h"

#include <fmt/format.h>

#include <algorithm>

#include "daylight/base/check.h"
#include "daylight/rules/yara/module.h"

namespace dl::yara {

std::string_view TypeKindName(TypeKind kind) {
  switch (kind) {
    case TypeKind::kUndefined: return "undefined";
    case TypeKind::kBoolean: return "boolean";
    case TypeKind::kInteger: return "integer";
    case TypeKind::kFloat: return "float";
    case TypeKind::kString: return "string";
    case TypeKind::kRegexp: return "regular expression";
    case TypeKind::kStruct: return "struct";
    case TypeKind::kArray: return "array";
    case TypeKind::kDictionary: return "dictionary";
    case TypeKind::kFunction: return "function";
  }
  return "unknown";
}

Arena::Arena() = default;
Arena::~Arena() = default;

std::string_view Arena::Copy(std::string_view text) { return strings_.emplace_back(text); }
StructValue& Arena::NewStruct(const StructType& type) { return structs_.emplace_back(*this, type); }
ArrayValue& Arena::NewArray(const StructType* element_type) { return arrays_.emplace_back(*this, element_type); }
DictionaryValue& Arena::NewDictionary(const StructType* element_type) {
  return dictionaries_.emplace_back(*this, element_type);
}
void Arena::Clear() {
  dictionaries_.clear();
  arrays_.clear();
  structs_.clear();
  strings_.clear();
}

StructValue::StructValue(Arena& arena, const StructType& type) : arena_(&arena), type_(&type) {
  fields_.resize(type.fields().size());
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (type.fields()[i].constant) fields_[i] = *type.fields()[i].constant;
  }
}

Value& StructValue::Slot(std::string_view field, TypeKind kind) {
  const auto index = type_->Find(field);
  DL_CHECK(index.has_value());
  DL_CHECK(type_->fields()[*index].kind == kind);
  return fields_[*index];
}

void StructValue::SetInteger(std::string_view field, std::int64_t value) {
  Slot(field, TypeKind::kInteger) = Value::Integer(value);
}
void StructValue::SetFloat(std::string_view field, double value) {
  Slot(field, TypeKind::kFloat) = Value::Float(value);
}
void StructValue::SetBoolean(std::string_view field, bool value) {
  Slot(field, TypeKind::kBoolean) = Value::Boolean(value);
}
void StructValue::SetString(std::string_view field, std::string_view value) {
  Slot(field, TypeKind::kString) = Value::String(arena_->Copy(value));
}

// The containers are ours, so they may be changed through the const pointer
// that Value keeps for its readers.
StructValue& StructValue::Struct(std::string_view field) {
  Value& slot = Slot(field, TypeKind::kStruct);
  if (!slot.defined()) slot = Value::Struct(&arena_->NewStruct(*type_->fields()[*type_->Find(field)].structure));
  return *const_cast<StructValue*>(slot.structure);
}
ArrayValue& StructValue::Array(std::string_view field) {
  Value& slot = Slot(field, TypeKind::kArray);
  if (!slot.defined()) slot = Value::Array(&arena_->NewArray(type_->fields()[*type_->Find(field)].structure));
  return *const_cast<ArrayValue*>(slot.array);
}
DictionaryValue& StructValue::Dictionary(std::string_view field) {
  Value& slot = Slot(field, TypeKind::kDictionary);
  if (!slot.defined()) slot = Value::Dictionary(&arena_->NewDictionary(type_->fields()[*type_->Find(field)].structure));
  return *const_cast<DictionaryValue*>(slot.dictionary);
}

Value StructValue::Get(std::string_view field) const {
  const auto index = type_->Find(field);
  return index ? fields_[*index] : Value::Undefined();
}

StructValue& ArrayValue::AppendStruct() {
  DL_CHECK(element_type_ != nullptr);
  StructValue& element = arena_->NewStruct(*element_type_);
  items_.push_back(Value::Struct(&element));
  return element;
}

Value ArrayValue::at(std::int64_t index) const {
  if (index < 0 || static_cast<std::uint64_t>(index) >= items_.size()) return Value::Undefined();
  return items_[static_cast<std::size_t>(index)];
}

Value& DictionaryValue::Slot(std::string_view key) {
  for (Item& item : items_) {
    if (item.key == key) return item.value;
  }
  return items_.emplace_back(Item{arena_->Copy(key), Value::Undefined()}).value;
}
void DictionaryValue::SetString(std::string_view key, std::string_view value) {
  Slot(key) = Value::String(arena_->Copy(value));
}
void DictionaryValue::SetInteger(std::string_view key, std::int64_t value) { Slot(key) = Value::Integer(value); }
StructValue& DictionaryValue::Struct(std::string_view key) {
  DL_CHECK(element_type_ != nullptr);
  Value& slot = Slot(key);
  if (!slot.defined()) slot = Value::Struct(&arena_->NewStruct(*element_type_));
  return *const_cast<StructValue*>(slot.structure);
}
Value DictionaryValue::at(std::string_view key) const {
  for (const Item& item : items_) {
    if (item.key == key) return item.value;
  }
  return Value::Undefined();
}

namespace {

std::string Escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f || c == '"' || c == '\\') {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

void Dump(const std::string& path, const Value& value, std::string& out) {
  switch (value.kind) {
    case TypeKind::kBoolean: out += fmt::format("{} = {}\n", path, value.boolean); break;
    case TypeKind::kInteger: out += fmt::format("{} = {}\n", path, value.integer); break;
    case TypeKind::kFloat: out += fmt::format("{} = {}\n", path, value.real); break;
    case TypeKind::kString: out += fmt::format("{} = \"{}\"\n", path, Escape(value.string)); break;
    case TypeKind::kStruct: {
      const auto& fields = value.structure->type().fields();
      for (std::size_t i = 0; i < fields.size(); ++i) {
        if (!fields[i].constant) Dump(path + "." + fields[i].name, value.structure->field(i), out);
      }
      break;
    }
    case TypeKind::kArray:
      for (std::size_t i = 0; i < value.array->size(); ++i) {
        Dump(fmt::format("{}[{}]", path, i), value.array->at(static_cast<std::int64_t>(i)), out);
      }
      break;
    case TypeKind::kDictionary:
      for (const auto& item : value.dictionary->items()) {
        Dump(fmt::format("{}[\"{}\"]", path, Escape(item.key)), item.value, out);
      }
      break;
    case TypeKind::kUndefined:
    case TypeKind::kRegexp:
    case TypeKind::kFunction: break;
  }
}

}  // namespace

std::string DumpFacts(std::string_view module_name, const StructValue& root) {
  std::string out;
  Dump(std::string(module_name), Value::Struct(&root), out);
  return out;
}

}  // namespace dl::yara
