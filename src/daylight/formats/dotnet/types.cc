#include "daylight/formats/dotnet/types.h"

#include <array>

namespace dl::formats {
namespace {

// YARA's bounds for corrupt files.
constexpr unsigned kMaxTypeDepth = 16;
constexpr unsigned kMaxNamespaceDepth = 10;
constexpr std::uint32_t kMaxArrayRank = 50;
constexpr std::uint32_t kMaxGenericArguments = 1000;
constexpr std::uint32_t kMaxParameters = 2000;

// II.23.1.16, element types with a name of their own.
std::optional<std::string_view> PrimitiveName(std::uint8_t element) {
  switch (element) {
    case 0x01: return "void";
    case 0x02: return "bool";
    case 0x03: return "char";
    case 0x04: return "sbyte";
    case 0x05: return "byte";
    case 0x06: return "short";
    case 0x07: return "ushort";
    case 0x08: return "int";
    case 0x09: return "uint";
    case 0x0a: return "long";
    case 0x0b: return "ulong";
    case 0x0c: return "float";
    case 0x0d: return "double";
    case 0x0e: return "string";
    case 0x16: return "TypedReference";
    case 0x18: return "IntPtr";
    case 0x19: return "UIntPtr";
    case 0x1c: return "object";
    default: return std::nullopt;
  }
}

std::optional<std::string_view> View(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return std::string_view(*text);
}

}  // namespace

bool IsNestedType(std::uint32_t flags) { return (flags & 7) >= 2; }

std::optional<std::string> JoinName(std::optional<std::string_view> name, std::optional<std::string_view> name_space) {
  if (!name || name->empty()) return name_space ? std::optional<std::string>(*name_space) : std::nullopt;
  std::string full;
  if (name_space && !name_space->empty()) {
    full += *name_space;
    full += '.';
  }
  full += *name;
  if (const std::size_t end = full.find('`'); end != std::string::npos) full.resize(end);
  return full;
}

TypeNames::TypeNames(const Metadata& metadata, DotnetBudget& budget) : metadata_(metadata), budget_(budget) {
  for (std::uint32_t row = 1; row <= metadata.rows(Table::kNestedClass); ++row) {
    const auto nested = metadata.Cell(Table::kNestedClass, row, 0);
    if (nested) enclosing_.try_emplace(*nested, row);
  }
}

std::optional<std::string> TypeNames::Paid(std::optional<std::string> name) {
  if (name && !budget_.TakeText(name->size())) return std::nullopt;
  return name;
}

// II.22.32, NestedClass. The pseudo-class <Module> encloses nothing.
std::optional<std::string> TypeNames::EnclosingAt(std::uint32_t nested_row, unsigned depth) {
  if (depth > kMaxNamespaceDepth || !budget_.TakeStep()) return std::nullopt;
  const auto found = enclosing_.find(nested_row);
  if (found == enclosing_.end()) return std::nullopt;
  const auto outer = metadata_.Cell(Table::kNestedClass, found->second, 1);
  if (!outer) return std::nullopt;
  const auto flags = metadata_.Cell(Table::kTypeDef, *outer, 0);
  if (!flags) return std::nullopt;
  const auto name = metadata_.String(metadata_.Cell(Table::kTypeDef, *outer, 1));
  if (name == "<Module>") return std::nullopt;
  const auto name_space = metadata_.String(metadata_.Cell(Table::kTypeDef, *outer, 2));
  if (IsNestedType(*flags) && *outer != nested_row) {
    const auto around = EnclosingAt(*outer, depth + 1);
    return Paid(JoinName(name, View(JoinName(name_space, View(around)))));
  }
  return Paid(JoinName(name, name_space));
}

// II.24.2.6, TypeDefOrRef.
std::optional<std::string> TypeNames::OfIndex(std::uint32_t coded, GenericScope scope, unsigned depth) {
  const CodedIndex index = DecodeIndex(coded, 2);
  if (index.row == 0 || !budget_.TakeStep()) return std::nullopt;
  const auto text = [&](Table table, std::size_t column) {
    return metadata_.String(metadata_.Cell(table, index.row, column));
  };
  if (index.tag == 0) {
    const auto flags = metadata_.Cell(Table::kTypeDef, index.row, 0);
    if (!flags) return std::nullopt;
    const auto name = text(Table::kTypeDef, 1);
    const auto name_space = text(Table::kTypeDef, 2);
    if (!IsNestedType(*flags)) return Paid(JoinName(name, name_space));
    const auto around = Enclosing(index.row);
    return Paid(JoinName(name, View(JoinName(name_space, View(around)))));
  }
  if (index.tag == 1) {
    if (!metadata_.HasRow(Table::kTypeRef, index.row)) return std::nullopt;
    return Paid(JoinName(text(Table::kTypeRef, 1), text(Table::kTypeRef, 2)));
  }
  if (index.tag == 2) {
    const auto signature = metadata_.Blob(metadata_.Cell(Table::kTypeSpec, index.row, 0));
    if (!signature) return std::nullopt;
    Cursor cursor(*signature);
    return OfType(cursor, {scope.of_class, {}}, depth);
  }
  return std::nullopt;
}

// Some of `count` types, those that have a name.
std::optional<std::string> TypeNames::OfList(Cursor& cursor, GenericScope scope, unsigned depth, std::uint32_t count,
                                             std::string_view separator) {
  std::string list;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto type = OfType(cursor, scope, depth);
    if (!type) continue;
    if (i > 0) list += separator;
    list += *type;
  }
  return list;
}

// II.23.2.13, ArrayShape: rank, sizes, lower bounds.
std::optional<std::string> TypeNames::OfArray(Cursor& cursor, GenericScope scope, unsigned depth) {
  const auto element = OfType(cursor, scope, depth);
  if (!element) return std::nullopt;
  const std::uint32_t rank = ReadCompressedUnsigned(cursor);
  if (rank == 0 || rank > kMaxArrayRank) return std::nullopt;
  std::array<std::int64_t, kMaxArrayRank> sizes{};
  std::array<std::int32_t, kMaxArrayRank> lower{};
  const std::uint32_t size_count = ReadCompressedUnsigned(cursor);
  if (size_count > rank) return std::nullopt;
  for (std::uint32_t i = 0; i < size_count; ++i) sizes[i] = ReadCompressedUnsigned(cursor);
  const std::uint32_t lower_count = ReadCompressedUnsigned(cursor);
  if (lower_count > rank) return std::nullopt;
  for (std::uint32_t i = 0; i < lower_count; ++i) {
    lower[i] = ReadCompressedSigned(cursor);
    // With a lower bound the size is shown as the upper one.
    if (lower[i] != 0) sizes[i] += lower[i] - 1;
  }
  std::string type = *element + "[";
  for (std::uint32_t i = 0; i < rank; ++i) {
    if (i > 0) type += ',';
    if (i < lower_count && lower[i] != 0) type += std::to_string(lower[i]) + "...";
    if (i < size_count) type += std::to_string(sizes[i]);
  }
  return type + "]";
}

// II.23.2.12, Type.
std::optional<std::string> TypeNames::OfType(Cursor& cursor, GenericScope scope, unsigned depth) {
  if (depth > kMaxTypeDepth || !budget_.TakeStep()) return std::nullopt;
  const auto element = cursor.ReadU8();
  if (!element) return std::nullopt;
  if (const auto primitive = PrimitiveName(*element)) return std::string(*primitive);

  const auto wrapped = [&](std::string_view before, std::string_view after) -> std::optional<std::string> {
    auto inner = OfType(cursor, scope, depth + 1);
    if (!inner) return std::nullopt;
    return Paid(std::string(before) + *inner + std::string(after));
  };
  const auto parameter = [&](std::span<const std::string_view> names) -> std::optional<std::string> {
    const std::uint32_t number = ReadCompressedUnsigned(cursor);
    if (number >= names.size()) return std::nullopt;
    return Paid(std::string(names[number]));
  };
  switch (*element) {
    case 0x0f: return wrapped("Ptr<", ">");
    case 0x10: return wrapped("ref ", "");
    case 0x11:  // VALUETYPE
    case 0x12:  // CLASS
      return OfIndex(ReadCompressedUnsigned(cursor), scope, depth + 1);
    case 0x13: return parameter(scope.of_class);
    case 0x1e: return parameter(scope.of_method);
    case 0x14: return Paid(OfArray(cursor, scope, depth + 1));
    case 0x1d: return wrapped("", "[]");
    case 0x15: {  // GENERICINST
      const auto generic = OfType(cursor, scope, depth + 1);
      if (!generic) return std::nullopt;
      const std::uint32_t count = ReadCompressedUnsigned(cursor);
      if (count > kMaxGenericArguments) return std::nullopt;
      return Paid(*generic + "<" + *OfList(cursor, scope, depth + 1, count, ",") + ">");
    }
    case 0x1b: {  // FNPTR: flags, count, return type, parameters.
      if (!cursor.Skip(1)) return std::nullopt;
      const std::uint32_t count = ReadCompressedUnsigned(cursor);
      if (count > kMaxParameters) return std::nullopt;
      const auto result = OfType(cursor, scope, depth + 1);
      if (!result) return std::nullopt;
      return Paid("FnPtr<" + *result + "(" + *OfList(cursor, scope, depth + 1, count, ", ") + ")>");
    }
    case 0x1f:  // CMOD_REQD
    case 0x20:  // CMOD_OPT: modifiers are not shown.
      static_cast<void>(ReadCompressedUnsigned(cursor));
      return OfType(cursor, scope, depth + 1);
    default: return std::nullopt;
  }
}

}  // namespace dl::formats
