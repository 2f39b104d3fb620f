#include "daylight/formats/dotnet/classes.h"

#include <array>

namespace dl::formats {
namespace {

// YARA's bounds for corrupt files.
constexpr std::uint32_t kMaxMethodsOfClass = 20'000;
constexpr std::uint32_t kMaxParameters = 2000;

// II.23.1.15, TypeAttributes.
std::string_view TypeVisibility(std::uint32_t flags) {
  constexpr std::array<std::string_view, 8> kNames = {
      "internal", "public", "public", "private", "protected", "internal", "private protected", "protected internal"};
  return kNames[flags & 7];
}

// II.23.1.10, MethodAttributes.
std::string_view MethodVisibility(std::uint32_t flags) {
  constexpr std::array<std::string_view, 8> kNames = {
      "private", "private", "private protected", "internal", "protected", "protected internal", "public", "private"};
  return kNames[flags & 7];
}

// What MethodDefSig (II.23.2.1) says of a method.
struct Signature {
  std::uint32_t parameter_count = 0;
  std::string return_type;
  Cursor parameters;  // Where their types begin.
};

class ClassReader {
 public:
  ClassReader(const Metadata& metadata, DotnetBudget& budget)
      : metadata_(metadata), budget_(budget), names_(metadata, budget) {
    // One pass over the tables that point back to their owners, instead of one
    // for each owner.
    for (std::uint32_t row = 1; row <= metadata.rows(Table::kGenericParam); ++row) {
      if (const auto owner = metadata.Cell(Table::kGenericParam, row, 2)) generic_rows_[*owner].push_back(row);
    }
    for (std::uint32_t row = 1; row <= metadata.rows(Table::kInterfaceImpl); ++row) {
      if (const auto owner = metadata.Cell(Table::kInterfaceImpl, row, 0)) interface_rows_[*owner].push_back(row);
    }
  }

  std::vector<DotnetClass> ReadAll() {
    std::vector<DotnetClass> classes;
    for (std::uint32_t row = 1; row <= metadata_.rows(Table::kTypeDef); ++row) {
      if (!budget_.TakeStep()) break;
      if (auto type = ReadClass(row)) classes.push_back(std::move(*type));
    }
    return classes;
  }

 private:
  std::optional<std::string_view> String(Table table, std::uint32_t row, std::size_t column) const {
    return metadata_.String(metadata_.Cell(table, row, column));
  }

  std::optional<DotnetClass> ReadClass(std::uint32_t row) {
    const auto flags = metadata_.Cell(Table::kTypeDef, row, 0);
    const auto name = String(Table::kTypeDef, row, 1);
    // Nameless types and the pseudo-class of global functions are left out.
    if (!flags || !name || name->empty() || *name == "<Module>") return std::nullopt;
    DotnetClass type;
    type.name = name->substr(0, name->find('`'));
    if (type.name.empty() || !budget_.TakeText(type.name.size())) return std::nullopt;

    const auto name_space = String(Table::kTypeDef, row, 2);
    if (IsNestedType(*flags)) {
      const auto around = names_.Enclosing(row);
      type.name_space = JoinName(name_space, around ? std::optional<std::string_view>(*around) : std::nullopt);
    } else if (name_space) {
      type.name_space = std::string(*name_space);
    }
    type.full_name = JoinName(name, type.name_space ? std::optional<std::string_view>(*type.name_space) : std::nullopt);
    if (!budget_.TakeText((type.name_space ? type.name_space->size() : 0) + type.full_name->size()))
      return std::nullopt;

    type.visibility = TypeVisibility(*flags);
    type.is_interface = (*flags & 0x20) != 0;
    type.is_abstract = (*flags & 0x80) != 0;
    type.is_sealed = (*flags & 0x100) != 0;
    type.generic_parameters = GenericParameters(row << 1);
    ReadBaseTypes(row, type);
    ReadMethods(row, type);
    return type;
  }

  // II.22.20, GenericParam of an owner (TypeOrMethodDef). One bad name spoils all.
  std::vector<std::string_view> GenericParameters(std::uint32_t owner) {
    std::vector<std::string_view> names;
    const auto rows = generic_rows_.find(owner);
    if (rows == generic_rows_.end()) return names;
    for (const std::uint32_t row : rows->second) {
      const auto name = String(Table::kGenericParam, row, 3);
      if (!name || name->empty() || !budget_.TakeText(name->size() + sizeof(*name))) return {};
      names.push_back(*name);
    }
    return names;
  }

  // The class that it extends and, from II.22.23 InterfaceImpl, its interfaces.
  void ReadBaseTypes(std::uint32_t row, DotnetClass& type) {
    const GenericScope scope{type.generic_parameters, {}};
    const auto add = [&](std::optional<std::uint32_t> index) {
      if (!index) return;
      if (auto name = names_.OfCodedIndex(*index, scope)) type.base_types.push_back(std::move(*name));
    };
    add(metadata_.Cell(Table::kTypeDef, row, 3));
    const auto rows = interface_rows_.find(row);
    if (rows == interface_rows_.end()) return;
    for (const std::uint32_t interface_row : rows->second) add(metadata_.Cell(Table::kInterfaceImpl, interface_row, 1));
  }

  // A type's methods are those from its MethodList to the next type's.
  void ReadMethods(std::uint32_t row, DotnetClass& type) {
    const auto first = metadata_.Cell(Table::kTypeDef, row, 5);
    if (!first || *first == 0) return;
    std::uint32_t count = 0;
    if (row < metadata_.rows(Table::kTypeDef)) {
      const auto next = metadata_.Cell(Table::kTypeDef, row + 1, 5);
      if (next && *next >= *first) count = *next - *first;
    } else if (metadata_.rows(Table::kMethodDef) >= *first) {
      count = metadata_.rows(Table::kMethodDef) + 1 - *first;
    }
    if (count > kMaxMethodsOfClass) return;
    std::vector<DotnetMethod>& methods = type.methods.emplace();
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t method_row = *first + i;
      if (method_row > metadata_.rows(Table::kMethodDef) || !budget_.TakeMethod()) break;
      if (auto method = ReadMethod(method_row, type)) methods.push_back(std::move(*method));
    }
  }

  std::optional<DotnetMethod> ReadMethod(std::uint32_t row, const DotnetClass& type) {
    const auto flags = metadata_.Cell(Table::kMethodDef, row, 2);
    const auto name = String(Table::kMethodDef, row, 3);
    if (!flags || !name || name->empty() || !budget_.TakeText(name->size())) return std::nullopt;
    DotnetMethod method;
    method.name = *name;
    method.generic_parameters = GenericParameters(row << 1 | 1);
    const GenericScope scope{type.generic_parameters, method.generic_parameters};
    auto signature = ReadSignature(metadata_.Blob(metadata_.Cell(Table::kMethodDef, row, 4)), scope);
    if (!signature) return std::nullopt;
    const auto parameters_row = metadata_.Cell(Table::kMethodDef, row, 5);
    if (parameters_row && *parameters_row != 0) {
      method.parameters = ReadParameters(*parameters_row, *signature, scope);
      if (!method.parameters) return std::nullopt;
    }
    method.visibility = MethodVisibility(*flags);
    method.is_static = (*flags & 0x10) != 0;
    method.is_final = (*flags & 0x20) != 0;
    method.is_virtual = (*flags & 0x40) != 0;
    method.is_abstract = (*flags & 0x400) != 0;
    if (*name != ".ctor" && *name != ".cctor") method.return_type = std::move(signature->return_type);
    return method;
  }

  std::optional<Signature> ReadSignature(std::optional<Bytes> blob, GenericScope scope) {
    constexpr std::uint8_t kGeneric = 0x10;
    if (!blob || blob->size() < 3) return std::nullopt;
    Signature signature;
    Cursor cursor(*blob);
    const auto flags = cursor.ReadU8();
    if (!flags) return std::nullopt;
    // How many generic parameters there are is known from their table.
    if ((*flags & kGeneric) != 0) static_cast<void>(ReadCompressedUnsigned(cursor));
    signature.parameter_count = ReadCompressedUnsigned(cursor);
    auto return_type = names_.OfSignature(cursor, scope);
    if (!return_type || signature.parameter_count > kMaxParameters) return std::nullopt;
    signature.return_type = std::move(*return_type);
    signature.parameters = cursor;
    return signature;
  }

  // Types come from the signature and names from the rows of Param that start
  // at `first`; a parameter beyond that table is called P_ and its number.
  std::optional<std::vector<DotnetParameter>> ReadParameters(std::uint32_t first, const Signature& signature,
                                                             GenericScope scope) {
    std::vector<DotnetParameter> parameters;
    Cursor cursor = signature.parameters;
    for (std::uint32_t i = 0; i < signature.parameter_count; ++i) {
      DotnetParameter& parameter = parameters.emplace_back();
      const std::uint64_t row = std::uint64_t{first} + i;
      if (row > metadata_.rows(Table::kParam)) {
        parameter.name = "P_" + std::to_string(i);
      } else {
        const auto name_index = metadata_.Cell(Table::kParam, static_cast<std::uint32_t>(row), 2);
        if (!name_index) return std::nullopt;
        if (const auto name = metadata_.String(name_index)) parameter.name = std::string(*name);
      }
      auto type = names_.OfSignature(cursor, scope);
      if (!type || !budget_.TakeText((parameter.name ? parameter.name->size() : 0) + sizeof(parameter))) {
        return std::nullopt;
      }
      parameter.type = std::move(*type);
    }
    return parameters;
  }

  const Metadata& metadata_;
  DotnetBudget& budget_;
  TypeNames names_;
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> generic_rows_;
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> interface_rows_;
};

}  // namespace

std::vector<DotnetClass> ReadClasses(const Metadata& metadata, DotnetBudget& budget) {
  return ClassReader(metadata, budget).ReadAll();
}

}  // namespace dl::formats
