// Metadata is the CLI metadata of a .NET file as tables and heaps: ECMA-335
// (6th edition) partition II.24 on disk, II.22 for the columns.
//
//   const auto metadata = Metadata::Parse(image);
//   for (std::uint32_t row = 1; row <= metadata->rows(Table::kTypeRef); ++row)
//     if (const auto name = metadata->String(metadata->Cell(Table::kTypeRef, row, 1))) ...
//
// Borrows the file's bytes; every read is checked against the file. Immutable;
// any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "daylight/bytes/cursor.h"
#include "daylight/formats/dotnet/pe_image.h"

namespace dl::formats {

enum class Table : std::uint8_t {
  kModule = 0x00,
  kTypeRef,
  kTypeDef,
  kFieldPtr,
  kField,
  kMethodPtr,
  kMethodDef,
  kParamPtr,
  kParam = 0x08,
  kInterfaceImpl,
  kMemberRef,
  kConstant,
  kCustomAttribute,
  kFieldMarshal,
  kDeclSecurity,
  kClassLayout,
  kFieldLayout = 0x10,
  kStandAloneSig,
  kEventMap,
  kEventPtr,
  kEvent,
  kPropertyMap,
  kPropertyPtr,
  kProperty,
  kMethodSemantics = 0x18,
  kMethodImpl,
  kModuleRef,
  kTypeSpec,
  kImplMap,
  kFieldRva,
  kEncLog,
  kEncMap,
  kAssembly = 0x20,
  kAssemblyProcessor,
  kAssemblyOs,
  kAssemblyRef,
  kAssemblyRefProcessor,
  kAssemblyRefOs,
  kFile,
  kExportedType,
  kManifestResource = 0x28,
  kNestedClass,
  kGenericParam,
  kMethodSpec,
  kGenericParamConstraint,
};
inline constexpr std::size_t kTableCount = 0x2d;
inline constexpr std::size_t kMaxTableColumns = 9;
// YARA stops at a table with more rows; mscorlib has such tables.
inline constexpr std::uint32_t kMaxTableRows = 15000;

class Metadata {
 public:
  struct Stream {
    std::string_view name;
    std::uint64_t offset = 0;  // In the file; may lie beyond its end.
    std::uint32_t size = 0;
  };

  // nullopt when the file has no CLI header with metadata: it is no .NET file.
  static std::optional<Metadata> Parse(const PeImage& image);

  // The runtime's version, e.g. "v4.0.30319"; absent without its NUL.
  std::optional<std::string_view> version() const { return version_; }
  const std::vector<Stream>& streams() const { return streams_; }
  const Stream* guid_stream() const { return At(guid_); }
  const Stream* user_string_stream() const { return At(user_strings_); }
  std::uint32_t resources_rva() const { return resources_rva_; }
  const PeImage& image() const { return *image_; }

  // Whether the table is there and all tables before it could be laid out.
  bool Has(Table table) const { return tables_[Index(table)].present; }
  // Whether all tables could be laid out.
  bool complete() const { return complete_; }
  std::uint32_t rows(Table table) const { return tables_[Index(table)].rows; }
  // A column of a row (numbered from 1); nullopt when there is no such row or
  // any of it lies past the file's end.
  std::optional<std::uint32_t> Cell(Table table, std::uint32_t row, std::size_t column) const;
  // Whether the whole row can be read.
  bool HasRow(Table table, std::uint32_t row) const;

  // Text at an index of #Strings; nullopt outside of it, without a NUL, or
  // with more than 1024 bytes.
  std::optional<std::string_view> String(std::optional<std::uint32_t> index) const;
  // The blob at an index of #Blob.
  std::optional<Bytes> Blob(std::optional<std::uint32_t> index) const;

 private:
  struct TableInfo {
    bool present = false;
    std::uint32_t rows = 0;
    std::uint32_t row_size = 0;
    std::uint64_t offset = 0;
    std::array<std::uint8_t, kMaxTableColumns + 1> column_offsets{};  // In the row; then its size.
  };
  static constexpr std::size_t Index(Table table) { return static_cast<std::size_t>(table); }
  const Stream* At(std::optional<std::size_t> index) const { return index ? &streams_[*index] : nullptr; }
  Status ReadRoot(std::uint64_t root);
  void ReadStreams(Cursor cursor, std::uint64_t root, unsigned count);
  Status LayOutTables();
  std::uint32_t ColumnSize(std::uint8_t column) const;
  std::optional<Cursor> Row(Table table, std::uint32_t row) const;

  const PeImage* image_ = nullptr;
  std::optional<std::string_view> version_;
  std::uint32_t resources_rva_ = 0;
  std::vector<Stream> streams_;
  std::optional<std::size_t> tilde_, guid_, strings_, blob_, user_strings_;
  std::uint8_t heap_sizes_ = 0;
  bool complete_ = false;
  // Rows as declared, of all tables: they decide how wide indexes are.
  std::array<std::uint32_t, kTableCount> declared_rows_{};
  std::array<TableInfo, kTableCount> tables_{};
};

// One length-prefixed entry of #Blob or #US at the cursor (II.24.2.4).
Result<Bytes> ReadBlob(Cursor& cursor);

// Compressed integers of signatures (II.23.2). An integer that is cut or not
// well formed is 0 and moves nothing.
std::uint32_t ReadCompressedUnsigned(Cursor& cursor);
std::int32_t ReadCompressedSigned(Cursor& cursor);

// A coded index (II.24.2.6) taken apart.
struct CodedIndex {
  std::uint32_t tag = 0;
  std::uint32_t row = 0;
};
constexpr CodedIndex DecodeIndex(std::uint32_t value, unsigned tag_bits) {
  return {value & ((1U << tag_bits) - 1), value >> tag_bits};
}

}  // namespace dl::formats
