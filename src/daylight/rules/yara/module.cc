#include "daylight/rules/yara/module.h"

#include <algorithm>

#include "daylight/base/check.h"

namespace dl::yara {

FieldType& StructType::Add(std::string name, TypeKind kind) {
  const auto at = std::lower_bound(by_name_.begin(), by_name_.end(), name,
                                   [](const auto& entry, const std::string& n) { return entry.first < n; });
  DL_CHECK(at == by_name_.end() || at->first != name);
  by_name_.insert(at, {name, fields_.size()});
  FieldType& field = fields_.emplace_back();
  field.name = std::move(name);
  field.kind = kind;
  return field;
}

std::optional<std::size_t> StructType::Find(std::string_view name) const {
  const auto at = std::lower_bound(by_name_.begin(), by_name_.end(), name,
                                   [](const auto& entry, std::string_view n) { return entry.first < n; });
  if (at == by_name_.end() || at->first != name) return std::nullopt;
  return at->second;
}

StructType& StructType::Integer(std::string name) {
  Add(std::move(name), TypeKind::kInteger);
  return *this;
}
StructType& StructType::Float(std::string name) {
  Add(std::move(name), TypeKind::kFloat);
  return *this;
}
StructType& StructType::Boolean(std::string name) {
  Add(std::move(name), TypeKind::kBoolean);
  return *this;
}
StructType& StructType::String(std::string name) {
  Add(std::move(name), TypeKind::kString);
  return *this;
}
StructType& StructType::Constant(std::string name, std::int64_t value) {
  Add(std::move(name), TypeKind::kInteger).constant = Value::Integer(value);
  return *this;
}
StructType& StructType::FloatConstant(std::string name, double value) {
  Add(std::move(name), TypeKind::kFloat).constant = Value::Float(value);
  return *this;
}
StructType& StructType::Struct(std::string name, const StructType& type) {
  Add(std::move(name), TypeKind::kStruct).structure = &type;
  return *this;
}
StructType& StructType::StructArray(std::string name, const StructType& type) {
  FieldType& field = Add(std::move(name), TypeKind::kArray);
  field.structure = &type;
  field.element = TypeKind::kStruct;
  return *this;
}
StructType& StructType::Array(std::string name, TypeKind element) {
  Add(std::move(name), TypeKind::kArray).element = element;
  return *this;
}
StructType& StructType::StructDictionary(std::string name, const StructType& type) {
  FieldType& field = Add(std::move(name), TypeKind::kDictionary);
  field.structure = &type;
  field.element = TypeKind::kStruct;
  return *this;
}
StructType& StructType::Dictionary(std::string name, TypeKind element) {
  Add(std::move(name), TypeKind::kDictionary).element = element;
  return *this;
}
StructType& StructType::Function(std::string name, std::string parameters, TypeKind result, ModuleFunction call) {
  const auto index = Find(name);
  FieldType& field = index ? fields_[*index] : Add(std::move(name), TypeKind::kFunction);
  field.overloads.push_back({std::move(parameters), result, nullptr, call});
  return *this;
}

}  // namespace dl::yara
