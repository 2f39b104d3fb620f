#include "daylight/formats/dotnet/metadata.h"

#include <algorithm>
#include <initializer_list>

#include "daylight/base/check.h"

namespace dl::formats {
namespace {

// Kinds of columns: the number of a table is an index into it.
enum : std::uint8_t {
  kU16 = 0x80,
  kU32,
  kString,
  kGuid,
  kBlob,
  kTypeDefOrRef,
  kHasConstant,
  kHasCustomAttribute,
  kHasFieldMarshal,
  kHasDeclSecurity,
  kMemberRefParent,
  kHasSemantics,
  kMethodDefOrRef,
  kMemberForwarded,
  kImplementation,
  kCustomAttributeType,
  kResolutionScope,
  kTypeOrMethodDef,
};
constexpr std::uint8_t To(Table table) { return static_cast<std::uint8_t>(table); }

// II.22, each table's columns. The *Ptr and Enc* tables are those of
// uncompressed metadata (#-), which the standard leaves out.
struct Schema {
  std::array<std::uint8_t, kMaxTableColumns> columns{};
  std::size_t count = 0;
  constexpr Schema(std::initializer_list<std::uint8_t> list) {
    for (const std::uint8_t column : list) columns[count++] = column;
  }
};
constexpr std::array<Schema, kTableCount> kSchemas = {{
    {kU16, kString, kGuid, kGuid, kGuid},                                               // Module
    {kResolutionScope, kString, kString},                                               // TypeRef
    {kU32, kString, kString, kTypeDefOrRef, To(Table::kField), To(Table::kMethodDef)},  // TypeDef
    {To(Table::kField)},                                                                // FieldPtr
    {kU16, kString, kBlob},                                                             // Field
    {To(Table::kMethodDef)},                                                            // MethodPtr
    {kU32, kU16, kU16, kString, kBlob, To(Table::kParam)},                              // MethodDef
    {To(Table::kParam)},                                                                // ParamPtr
    {kU16, kU16, kString},                                                              // Param
    {To(Table::kTypeDef), kTypeDefOrRef},                                               // InterfaceImpl
    {kMemberRefParent, kString, kBlob},                                                 // MemberRef
    {kU16, kHasConstant, kBlob},                                                        // Constant
    {kHasCustomAttribute, kCustomAttributeType, kBlob},                                 // CustomAttribute
    {kHasFieldMarshal, kBlob},                                                          // FieldMarshal
    {kU16, kHasDeclSecurity, kBlob},                                                    // DeclSecurity
    {kU16, kU32, To(Table::kTypeDef)},                                                  // ClassLayout
    {kU32, To(Table::kField)},                                                          // FieldLayout
    {kBlob},                                                                            // StandAloneSig
    {To(Table::kTypeDef), To(Table::kEvent)},                                           // EventMap
    {To(Table::kEvent)},                                                                // EventPtr
    {kU16, kString, kTypeDefOrRef},                                                     // Event
    {To(Table::kTypeDef), To(Table::kProperty)},                                        // PropertyMap
    {To(Table::kProperty)},                                                             // PropertyPtr
    {kU16, kString, kBlob},                                                             // Property
    {kU16, To(Table::kMethodDef), kHasSemantics},                                       // MethodSemantics
    {To(Table::kTypeDef), kMethodDefOrRef, kMethodDefOrRef},                            // MethodImpl
    {kString},                                                                          // ModuleRef
    {kBlob},                                                                            // TypeSpec
    {kU16, kMemberForwarded, kString, To(Table::kModuleRef)},                           // ImplMap
    {kU32, To(Table::kField)},                                                          // FieldRVA
    {kU32, kU32},                                                                       // EncLog
    {kU32},                                                                             // EncMap
    {kU32, kU16, kU16, kU16, kU16, kU32, kBlob, kString, kString},                      // Assembly
    {kU32},                                                                             // AssemblyProcessor
    {kU32, kU32, kU32},                                                                 // AssemblyOS
    {kU16, kU16, kU16, kU16, kU32, kBlob, kString, kString, kBlob},                     // AssemblyRef
    {kU32, To(Table::kAssemblyRef)},                                                    // AssemblyRefProcessor
    {kU32, kU32, kU32, To(Table::kAssemblyRef)},                                        // AssemblyRefOS
    {kU32, kString, kBlob},                                                             // File
    {kU32, kU32, kString, kString, kImplementation},                                    // ExportedType
    {kU32, kU32, kString, kImplementation},                                             // ManifestResource
    {To(Table::kTypeDef), To(Table::kTypeDef)},                                         // NestedClass
    {kU16, kU16, kTypeOrMethodDef, kString},                                            // GenericParam
    {kMethodDefOrRef, kBlob},                                                           // MethodSpec
    {To(Table::kGenericParam), kTypeDefOrRef},                                          // GenericParamConstraint
}};

// II.24.2.6: the tables that a coded index may point to, and the bits that say
// which.
struct Coding {
  unsigned tag_bits = 0;
  std::array<Table, 22> tables{};
  std::size_t count = 0;
  constexpr Coding(unsigned bits, std::initializer_list<Table> list) : tag_bits(bits) {
    for (const Table table : list) tables[count++] = table;
  }
};
Coding CodingOf(std::uint8_t column) {
  using enum Table;
  switch (column) {
    case kTypeDefOrRef: return {2, {kTypeDef, kTypeRef, kTypeSpec}};
    case kHasConstant: return {2, {kField, kParam, kProperty}};
    case kHasCustomAttribute:
      return {5, {kMethodDef,        kField,        kTypeRef,
                  kTypeDef,          kParam,        kInterfaceImpl,
                  kMemberRef,        kModule,       kDeclSecurity,
                  kProperty,         kEvent,        kStandAloneSig,
                  kModuleRef,        kTypeSpec,     kAssembly,
                  kAssemblyRef,      kFile,         kExportedType,
                  kManifestResource, kGenericParam, kGenericParamConstraint,
                  kMethodSpec}};
    case kHasFieldMarshal: return {1, {kField, kParam}};
    case kHasDeclSecurity: return {2, {kTypeDef, kMethodDef, kAssembly}};
    case kMemberRefParent: return {3, {kTypeDef, kTypeRef, kModuleRef, kMethodDef, kTypeSpec}};
    case kHasSemantics: return {1, {kEvent, kProperty}};
    case kMethodDefOrRef: return {1, {kMethodDef, kMemberRef}};
    case kMemberForwarded: return {1, {kField, kMethodDef}};
    case kImplementation: return {2, {kFile, kAssemblyRef, kExportedType}};
    case kCustomAttributeType: return {3, {kMethodDef, kMemberRef}};
    case kResolutionScope: return {2, {kModule, kModuleRef, kAssemblyRef, kTypeRef}};
    default: DL_CHECK(column == kTypeOrMethodDef); return {1, {kTypeDef, kMethodDef}};
  }
}

constexpr std::uint32_t kMetadataMagic = 0x424a5342;  // "BSJB"
constexpr std::size_t kMaxStreamName = 32;
constexpr std::size_t kMaxStringBytes = 1024;

}  // namespace

std::optional<Metadata> Metadata::Parse(const PeImage& image) {
  // II.25.3.3, CLI header: its own size, versions, then the metadata's place.
  const auto read = [&image](Metadata& metadata) -> Status {
    if (!image.cli_header_rva()) return Fail(ErrorCode::kMalformed, "no CLI header");
    // A 64-bit header that counts fewer directories has none; a 32-bit one may lie.
    if (image.is_64bit() && image.directory_count() < 14) return Fail(ErrorCode::kMalformed, "no CLI header");
    const auto offset = image.OffsetOf(*image.cli_header_rva());
    if (!offset) return Fail(ErrorCode::kMalformed, "CLI header outside the file");
    DL_TRY(Cursor header, Cursor(image.bytes()).Window(*offset, 72));
    DL_TRY(const std::uint32_t size, header.ReadU32Le());
    if (size != 72) return Fail(ErrorCode::kMalformed, "CLI header of another size");
    DL_TRY_STATUS(header.Skip(4));
    DL_TRY(const std::uint32_t metadata_rva, header.ReadU32Le());
    DL_TRY_STATUS(header.Skip(12));  // Metadata size, flags, entry point.
    DL_TRY(metadata.resources_rva_, header.ReadU32Le());
    const auto root = image.OffsetOf(metadata_rva);
    if (!root) return Fail(ErrorCode::kMalformed, "metadata outside the file");
    return metadata.ReadRoot(*root);
  };
  Metadata metadata;
  metadata.image_ = &image;
  if (!read(metadata)) return std::nullopt;
  // A file without usable tables is a .NET file nevertheless.
  static_cast<void>(metadata.LayOutTables());
  return metadata;
}

// II.24.2.1, metadata root.
Status Metadata::ReadRoot(std::uint64_t root) {
  DL_TRY(Cursor cursor, Cursor(image_->bytes()).From(root));
  DL_TRY(const std::uint32_t magic, cursor.ReadU32Le());
  if (magic != kMetadataMagic) return Fail(ErrorCode::kMalformed, "no metadata", root);
  DL_TRY_STATUS(cursor.Skip(8));  // Versions, reserved.
  DL_TRY(const std::uint32_t length, cursor.ReadU32Le());
  if (length == 0 || length > 255 || length % 4 != 0) return Fail(ErrorCode::kMalformed, "version length", root + 12);
  DL_TRY(const Bytes version, cursor.ReadBytes(length));
  const std::string_view text = AsText(version);
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) version_ = text.substr(0, nul);
  // YARA reads one byte of the count; no writer makes more than 255 streams.
  if (!cursor.Skip(2)) return {};
  const auto count = cursor.ReadU16Le();
  if (count) ReadStreams(cursor, root, *count & 0xff);
  return {};
}

// II.24.2.2, stream headers. Of streams with equal names the first counts, for
// #GUID the last. Each name's field must be readable in full.
void Metadata::ReadStreams(Cursor cursor, std::uint64_t root, unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    const auto offset = cursor.ReadU32Le();
    const auto size = cursor.ReadU32Le();
    Cursor ahead = cursor;
    const auto field = ahead.ReadBytes(kMaxStreamName);
    if (!offset || !size || !field) return;
    const std::size_t length = AsText(*field).find('\0');
    if (length == std::string_view::npos) return;
    const std::string_view name = AsText(*field).substr(0, length);
    const auto is = [name](std::string_view prefix) { return name.substr(0, prefix.size()) == prefix; };
    if ((is("#~") || is("#-")) && !tilde_) {
      tilde_ = streams_.size();
    } else if (is("#GUID")) {
      guid_ = streams_.size();
    } else if (is("#Strings") && !strings_) {
      strings_ = streams_.size();
    } else if (is("#Blob") && !blob_) {
      blob_ = streams_.size();
    } else if (is("#US") && !user_strings_) {
      user_strings_ = streams_.size();
    }
    streams_.push_back({name, root + *offset, *size});
    // The name with its NUL is padded to a multiple of four bytes.
    if (!cursor.Skip(length + 4 - length % 4)) return;
  }
}

std::uint32_t Metadata::ColumnSize(std::uint8_t column) const {
  const auto wide = [](bool is_wide) { return is_wide ? 4U : 2U; };
  switch (column) {
    case kU16: return 2;
    case kU32: return 4;
    // II.24.2.6, HeapSizes.
    case kString: return wide((heap_sizes_ & 0x01) != 0);
    case kGuid: return wide((heap_sizes_ & 0x02) != 0);
    case kBlob: return wide((heap_sizes_ & 0x04) != 0);
    default: break;
  }
  if (column < kTableCount) return wide(declared_rows_[column] > 0xffff);
  const Coding coding = CodingOf(column);
  std::uint32_t most = 0;
  for (std::size_t i = 0; i < coding.count; ++i) most = std::max(most, declared_rows_[Index(coding.tables[i])]);
  return wide(most > (0xffffU >> coding.tag_bits));
}

// II.24.2.6, #~ stream. The tables follow each other without gaps, so one that
// is unknown or absurd hides all after it.
Status Metadata::LayOutTables() {
  if (!tilde_ || !strings_ || !blob_) return Fail(ErrorCode::kMalformed, "a stream is missing");
  DL_TRY(Cursor cursor, Cursor(image_->bytes()).From(streams_[*tilde_].offset));
  DL_TRY_STATUS(cursor.Skip(6));
  DL_TRY(heap_sizes_, cursor.ReadU8());
  DL_TRY_STATUS(cursor.Skip(1));
  DL_TRY(const std::uint64_t valid, cursor.ReadU64Le());
  DL_TRY_STATUS(cursor.Skip(8));  // Sorted.

  const auto is_valid = [valid](std::size_t table) { return ((valid >> table) & 1) != 0; };
  Cursor counts = cursor;
  std::uint64_t count_bytes = 0;
  for (std::size_t table = 0; table < 64; ++table) {
    if (!is_valid(table)) continue;
    count_bytes += 4;
    if (const auto rows = counts.ReadU32Le(); rows && table < kTableCount) declared_rows_[table] = *rows;
  }
  // Undocumented: bit 6 says that four more bytes precede the tables.
  std::uint64_t offset =
      streams_[*tilde_].offset + cursor.position() + count_bytes + ((heap_sizes_ & 0x40) != 0 ? 4 : 0);

  for (std::size_t table = 0; table < 64; ++table) {
    if (!is_valid(table)) continue;
    DL_TRY(const std::uint32_t rows, cursor.ReadU32Le());
    if (table >= kTableCount) return Fail(ErrorCode::kUnsupported, "unknown table", offset);
    if (rows > kMaxTableRows) return Fail(ErrorCode::kBudget, "too many rows", offset);
    TableInfo& info = tables_[table];
    for (std::size_t i = 0; i < kSchemas[table].count; ++i) {
      info.column_offsets[i] = static_cast<std::uint8_t>(info.row_size);
      info.row_size += ColumnSize(kSchemas[table].columns[i]);
    }
    info.column_offsets[kSchemas[table].count] = static_cast<std::uint8_t>(info.row_size);
    info.present = true;
    info.rows = rows;
    info.offset = offset;
    offset += std::uint64_t{rows} * info.row_size;
  }
  complete_ = true;
  return {};
}

std::optional<Cursor> Metadata::Row(Table table, std::uint32_t row) const {
  const TableInfo& info = tables_[Index(table)];
  if (!info.present || row < 1 || row > info.rows) return std::nullopt;
  const auto window =
      Cursor(image_->bytes()).Window(info.offset + std::uint64_t{row - 1} * info.row_size, info.row_size);
  if (!window) return std::nullopt;
  return *window;
}

bool Metadata::HasRow(Table table, std::uint32_t row) const { return Row(table, row).has_value(); }

std::optional<std::uint32_t> Metadata::Cell(Table table, std::uint32_t row, std::size_t column) const {
  DL_CHECK(column < kSchemas[Index(table)].count);
  auto cursor = Row(table, row);
  if (!cursor) return std::nullopt;
  const auto& offsets = tables_[Index(table)].column_offsets;
  if (!cursor->Skip(offsets[column])) return std::nullopt;
  if (offsets[column + 1] - offsets[column] == 2) {
    const auto value = cursor->ReadU16Le();
    return value ? std::optional<std::uint32_t>(*value) : std::nullopt;
  }
  const auto value = cursor->ReadU32Le();
  return value ? std::optional<std::uint32_t>(*value) : std::nullopt;
}

std::optional<std::string_view> Metadata::String(std::optional<std::uint32_t> index) const {
  const Stream* strings = At(strings_);
  if (!index || strings == nullptr || *index >= strings->size) return std::nullopt;
  auto text = Cursor(image_->bytes()).From(strings->offset + *index);
  if (!text) return std::nullopt;
  const auto value = text->ReadCString(kMaxStringBytes + 1);
  if (!value) return std::nullopt;
  return *value;
}

std::optional<Bytes> Metadata::Blob(std::optional<std::uint32_t> index) const {
  const Stream* blobs = At(blob_);
  if (!index || blobs == nullptr) return std::nullopt;
  auto cursor = Cursor(image_->bytes()).From(blobs->offset + *index);
  if (!cursor) return std::nullopt;
  const auto blob = ReadBlob(*cursor);
  if (!blob) return std::nullopt;
  return *blob;
}

Result<Bytes> ReadBlob(Cursor& cursor) {
  Cursor ahead = cursor;
  DL_TRY(const std::uint8_t first, ahead.ReadU8());
  std::uint32_t length = first;
  if ((first & 0x80) != 0) {
    if ((first & 0xe0) == 0xe0) return Fail(ErrorCode::kMalformed, "blob length", cursor.position());
    ahead = cursor;
    if ((first & 0x40) == 0) {
      DL_TRY(const std::uint16_t two, ahead.ReadU16Be());
      length = two & 0x3fffU;
    } else {
      DL_TRY(const std::uint32_t four, ahead.ReadU32Be());
      length = four & 0x1fffffffU;
    }
  }
  DL_TRY(const Bytes blob, ahead.ReadBytes(length));
  cursor = ahead;
  return blob;
}

namespace {

// The bits of a compressed integer and how many there are; none when the
// integer is cut or its first byte is not one.
struct CompressedBits {
  std::uint32_t bits = 0;
  unsigned width = 0;
};
CompressedBits ReadCompressed(Cursor& cursor) {
  Cursor ahead = cursor;
  const auto first = ahead.ReadU8();
  if (!first) return {};
  CompressedBits result;
  if ((*first & 0x80) == 0) {
    result = {*first, 7};
  } else {
    ahead = cursor;
    if ((*first & 0x40) == 0) {
      const auto two = ahead.ReadU16Be();
      if (!two) return {};
      result = {*two & 0x3fffU, 14};
    } else if ((*first & 0x20) == 0) {
      const auto four = ahead.ReadU32Be();
      if (!four) return {};
      result = {*four & 0x1fffffffU, 29};
    } else {
      return {};
    }
  }
  cursor = ahead;
  return result;
}

}  // namespace

std::uint32_t ReadCompressedUnsigned(Cursor& cursor) { return ReadCompressed(cursor).bits; }

// The sign is rotated into the lowest bit.
std::int32_t ReadCompressedSigned(Cursor& cursor) {
  const CompressedBits value = ReadCompressed(cursor);
  if (value.width == 0) return 0;
  const auto magnitude = static_cast<std::int32_t>(value.bits >> 1);
  return (value.bits & 1) != 0 ? magnitude - (std::int32_t{1} << (value.width - 1)) : magnitude;
}

}  // namespace dl::formats
