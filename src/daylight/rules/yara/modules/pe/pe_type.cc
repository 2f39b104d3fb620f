// The shape of the `pe` module, as YARA 4.5 documents it. Where 4.2 had another
// name for a field (delay_import_details), both are there.
#include "daylight/rules/yara/modules/pe/pe_module.h"
#include "daylight/rules/yara/modules/pe/signature_facts.h"

namespace dl::yara::pe_module {
namespace {

constexpr TypeKind kInt = TypeKind::kInteger;

const StructType& VersionPairType() {
  static const StructType type = [] {
    StructType t;
    t.Integer("major").Integer("minor");
    return t;
  }();
  return type;
}

const StructType& VersionInfoType() {
  static const StructType type = [] {
    StructType t;
    t.String("key").String("value");
    return t;
  }();
  return type;
}

const StructType& DataDirectoryType() {
  static const StructType type = [] {
    StructType t;
    t.Integer("virtual_address").Integer("size");
    return t;
  }();
  return type;
}

const StructType& SectionType() {
  static const StructType type = [] {
    StructType t;
    t.String("name").String("full_name").Integer("characteristics");
    t.Integer("virtual_address").Integer("virtual_size");
    t.Integer("raw_data_offset").Integer("raw_data_size");
    t.Integer("pointer_to_relocations").Integer("pointer_to_line_numbers");
    t.Integer("number_of_relocations").Integer("number_of_line_numbers");
    return t;
  }();
  return type;
}

const StructType& OverlayType() {
  static const StructType type = [] {
    StructType t;
    t.Integer("offset").Integer("size");
    return t;
  }();
  return type;
}

const StructType& RichSignatureType() {
  static const StructType type = [] {
    StructType t;
    t.Integer("offset").Integer("length").Integer("key");
    t.String("raw_data").String("clear_data").String("version_data");
    t.Function("version", "i", kInt, &RichVersion).Function("version", "ii", kInt, &RichVersionToolid);
    t.Function("toolid", "i", kInt, &RichToolid).Function("toolid", "ii", kInt, &RichToolidVersion);
    return t;
  }();
  return type;
}

const StructType& ExportType() {
  static const StructType type = [] {
    StructType t;
    t.Integer("offset").String("name").String("forward_name").Integer("ordinal").Integer("rva");
    return t;
  }();
  return type;
}

const StructType& ImportedFunctionType() {
  static const StructType type = [] {
    StructType t;
    t.String("name").Integer("ordinal").Integer("rva");
    return t;
  }();
  return type;
}

const StructType& ImportType() {
  static const StructType type = [] {
    StructType t;
    t.String("library_name").Integer("number_of_functions").StructArray("functions", ImportedFunctionType());
    return t;
  }();
  return type;
}

const StructType& ResourceType() {
  static const StructType type = [] {
    StructType t;
    t.Integer("rva").Integer("offset").Integer("length");
    t.Integer("type").Integer("id").Integer("language");
    t.String("type_string").String("name_string").String("language_string");
    return t;
  }();
  return type;
}

void AddHeaderFields(StructType& t) {
  t.Integer("is_pe").Integer("machine").Integer("number_of_sections").Integer("timestamp");
  t.Integer("pointer_to_symbol_table").Integer("number_of_symbols");
  t.Integer("size_of_optional_header").Integer("characteristics");
  t.Integer("entry_point").Integer("entry_point_raw").Integer("image_base");
  t.Integer("number_of_rva_and_sizes").Integer("number_of_version_infos");
  t.Dictionary("version_info", TypeKind::kString).StructArray("version_info_list", VersionInfoType());
  t.Integer("opthdr_magic").Integer("size_of_code");
  t.Integer("size_of_initialized_data").Integer("size_of_uninitialized_data");
  t.Integer("base_of_code").Integer("base_of_data");
  t.Integer("section_alignment").Integer("file_alignment");
  t.Struct("linker_version", VersionPairType()).Struct("os_version", VersionPairType());
  t.Struct("image_version", VersionPairType()).Struct("subsystem_version", VersionPairType());
  t.Integer("win32_version_value").Integer("size_of_image").Integer("size_of_headers");
  t.Integer("checksum").Function("calculate_checksum", "", kInt, &CalculateChecksum);
  t.Integer("subsystem").Integer("dll_characteristics");
  t.Integer("size_of_stack_reserve").Integer("size_of_stack_commit");
  t.Integer("size_of_heap_reserve").Integer("size_of_heap_commit").Integer("loader_flags");
  t.StructArray("data_directories", DataDirectoryType()).StructArray("sections", SectionType());
  t.Struct("overlay", OverlayType()).Struct("rich_signature", RichSignatureType());
}

void AddFunctions(StructType& t) {
  t.Function("imphash", "", TypeKind::kString, &Imphash);
  t.Function("section_index", "s", kInt, &SectionIndexByName)
      .Function("section_index", "i", kInt, &SectionIndexByOffset);
  t.Function("exports", "s", kInt, &ExportsName).Function("exports", "r", kInt, &ExportsRegexp);
  t.Function("exports", "i", kInt, &ExportsOrdinal);
  t.Function("exports_index", "s", kInt, &ExportsIndexName).Function("exports_index", "i", kInt, &ExportsIndexOrdinal);
  t.Function("exports_index", "r", kInt, &ExportsIndexRegexp);
  t.Function("imports", "ss", kInt, &ImportsName).Function("imports", "si", kInt, &ImportsOrdinal);
  t.Function("imports", "s", kInt, &ImportsDll).Function("imports", "rr", kInt, &ImportsRegexp);
  t.Function("imports", "iss", kInt, &ImportsFlagsName).Function("imports", "isi", kInt, &ImportsFlagsOrdinal);
  t.Function("imports", "is", kInt, &ImportsFlagsDll).Function("imports", "irr", kInt, &ImportsFlagsRegexp);
  t.Function("import_rva", "ss", kInt, &ImportRvaName).Function("import_rva", "si", kInt, &ImportRvaOrdinal);
  t.Function("delayed_import_rva", "ss", kInt, &DelayedImportRvaName);
  t.Function("delayed_import_rva", "si", kInt, &DelayedImportRvaOrdinal);
  t.Function("locale", "i", kInt, &Locale).Function("language", "i", kInt, &Language);
  t.Function("is_dll", "", kInt, &IsDll);
  t.Function("is_32bit", "", kInt, &Is32Bit).Function("is_64bit", "", kInt, &Is64Bit);
  t.Function("rva_to_offset", "i", kInt, &RvaToOffset);
}

void AddTableFields(StructType& t) {
  t.Integer("number_of_imports").Integer("number_of_imported_functions");
  t.Integer("number_of_delayed_imports").Integer("number_of_delayed_imported_functions");
  t.Integer("number_of_exports").String("dll_name").Integer("export_timestamp");
  t.StructArray("export_details", ExportType()).StructArray("import_details", ImportType());
  t.StructArray("delayed_import_details", ImportType()).StructArray("delay_import_details", ImportType());
  t.Integer("resource_timestamp").Struct("resource_version", VersionPairType());
  t.StructArray("resources", ResourceType()).Integer("number_of_resources").String("pdb_path");
  t.StructArray("signatures", SignatureType()).Integer("is_signed").Integer("number_of_signatures");
}

}  // namespace

const StructType& PeType() {
  static const StructType type = [] {
    StructType t;
    AddConstants(t);
    AddHeaderFields(t);
    AddFunctions(t);
    AddTableFields(t);
    return t;
  }();
  return type;
}

}  // namespace dl::yara::pe_module

namespace dl::yara {

extern const ModuleInfo module_pe;
const ModuleInfo module_pe = {"pe", &pe_module::PeType, &pe_module::LoadPe};

}  // namespace dl::yara
