// DEX: the Dalvik executables inside Android applications.
//
//   DL_TRY(const dex::DexFile file, dex::ParseDex(bytes));
//   for (const dex::Method& method : file.methods) Use(method.class_name, method.name);
//
// Numbers are copied, strings are views into `bytes`, which must outlive the
// DexFile. Nothing is shared: any number of threads may parse at once. Time and
// memory are bounded by the limits below, however hostile the file.
//
// The specification is "Dalvik Executable format", source.android.com. What is
// a fact in a malformed file follows libyara 4.5, whose rules these facts feed:
// it reads the tables in order and stops at the first that does not fit.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"

namespace dl::dex {

// Records of all tables; fields and methods of all classes; and bytes of all
// strings and code, which may overlap. A file refers to 65,536 methods at most.
inline constexpr std::size_t kMaxTableRecords = 1u << 20;
inline constexpr std::size_t kMaxFields = 1u << 17;
inline constexpr std::size_t kMaxMethods = 1u << 17;
inline constexpr std::size_t kMaxStringBytes = 64u << 20;
// No larger index is followed into a table.
inline constexpr std::uint32_t kMaxIndex = 0x80000;

// header_item
struct Header {
  std::string_view magic;  // Up to its NUL, "dex\n035".
  std::uint32_t checksum = 0;
  std::string_view signature;  // Up to the first NUL that it happens to have.
  std::uint32_t file_size = 0;
  std::uint32_t header_size = 0;
  std::uint32_t endian_tag = 0;
  std::uint32_t link_size = 0;
  std::uint32_t link_offset = 0;
  std::uint32_t map_offset = 0;
  std::uint32_t string_ids_size = 0;
  std::uint32_t string_ids_offset = 0;
  std::uint32_t type_ids_size = 0;
  std::uint32_t type_ids_offset = 0;
  std::uint32_t proto_ids_size = 0;
  std::uint32_t proto_ids_offset = 0;
  std::uint32_t field_ids_size = 0;
  std::uint32_t field_ids_offset = 0;
  std::uint32_t method_ids_size = 0;
  std::uint32_t method_ids_offset = 0;
  std::uint32_t class_defs_size = 0;
  std::uint32_t class_defs_offset = 0;
  std::uint32_t data_size = 0;
  std::uint32_t data_offset = 0;
};

// string_id_item with its string_data_item. `size` counts UTF-16 units, but so
// many bytes are `value`: right for ASCII, and what rules were written for.
struct StringId {
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
  std::string_view value;
};

// proto_id_item
struct ProtoId {
  std::uint32_t shorty_index = 0;
  std::uint32_t return_type_index = 0;
  std::uint32_t parameters_offset = 0;
};

// field_id_item: a type; method_id_item: a prototype.
struct MemberId {
  std::uint16_t class_index = 0;
  std::uint16_t type_or_proto_index = 0;
  std::uint32_t name_index = 0;
};

// map_item
struct MapItem {
  std::uint16_t type = 0;
  std::uint16_t unused = 0;
  std::uint32_t size = 0;
  std::uint32_t offset = 0;
};

// class_def_item
struct ClassDef {
  std::uint32_t class_index = 0;
  std::uint32_t access_flags = 0;
  std::uint32_t super_class_index = 0;
  std::uint32_t interfaces_offset = 0;
  std::uint32_t source_file_index = 0;
  std::uint32_t annotations_offset = 0;
  std::uint32_t class_data_offset = 0;
  std::uint32_t static_values_offset = 0;
};

// The head of a class_data_item.
struct ClassData {
  std::uint32_t static_fields = 0;
  std::uint32_t instance_fields = 0;
  std::uint32_t direct_methods = 0;
  std::uint32_t virtual_methods = 0;
};

// encoded_field, with what its index leads to.
struct Field {
  std::optional<std::string_view> class_name;
  std::optional<std::string_view> name;
  std::optional<std::string_view> type;
  bool is_static = false;
  std::uint32_t index_difference = 0;  // From the field before it.
  std::uint32_t access_flags = 0;
};

// code_item
struct Code {
  std::uint16_t registers = 0;
  std::uint16_t ins = 0;
  std::uint16_t outs = 0;
  std::uint16_t tries = 0;
  std::uint32_t debug_info_offset = 0;
  std::uint32_t instructions_size = 0;  // In 16-bit units.
  std::optional<Bytes> instructions;
};

// encoded_method, with what its index leads to.
struct Method {
  std::optional<std::string_view> class_name;
  std::optional<std::string_view> name;
  std::optional<std::string_view> shorty;
  bool is_direct = false;
  std::uint32_t index_difference = 0;  // From the method before it.
  std::uint32_t access_flags = 0;
  std::uint32_t code_offset = 0;
  std::optional<Code> code;
};

struct DexFile {
  Header header;
  std::vector<std::optional<StringId>> strings;  // Absent: not within the file.
  std::vector<std::uint32_t> types;              // Indices of strings.
  std::vector<ProtoId> protos;
  std::vector<MemberId> field_ids;
  std::vector<MemberId> method_ids;
  std::optional<std::uint32_t> map_size;
  std::vector<MapItem> map;
  std::vector<ClassDef> classes;
  std::vector<ClassData> class_data;
  std::vector<Field> fields;
  std::vector<Method> methods;
  // A field or method whose index leads nowhere, if one was met after the last
  // good one. It is not counted, but libyara shows it.
  std::optional<Field> broken_field;
  std::optional<Method> broken_method;
  // Whether everything was read: only then do the members have a number.
  bool complete = false;

  // Set when a limit was met; what is there is still valid.
  std::optional<Error> stopped;
};

// kUnsupported when `file` has none of the versions 035 to 039; kTruncated when
// the header does not fit.
Result<DexFile> ParseDex(Bytes file);

// Whether a file that begins so is DEX; eight bytes are enough.
bool HasDexMagic(Bytes head);

}  // namespace dl::dex
