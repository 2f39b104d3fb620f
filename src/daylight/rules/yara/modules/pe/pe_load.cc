// Turns the parsed file into the module's facts, field by field.
#include <array>

#include "daylight/rules/yara/modules/pe/pe_module.h"
#include "daylight/rules/yara/modules/pe/pe_state.h"
#include "daylight/rules/yara/modules/pe/signature_facts.h"

namespace dl::yara::pe_module {

namespace {

std::int64_t Signed(std::uint64_t value) { return static_cast<std::int64_t>(value); }

void SetIfAny(StructValue& to, std::string_view field, const std::optional<std::string_view>& value) {
  if (value) to.SetString(field, *value);
}
void SetIfAny(StructValue& to, std::string_view field, const std::optional<std::string>& value) {
  if (value) to.SetString(field, *value);
}
template <typename Number>
void SetIfAny(StructValue& to, std::string_view field, const std::optional<Number>& value) {
  if (value) to.SetInteger(field, Signed(*value));
}

void SetVersionPair(StructValue& to, const pe::VersionPair& version) {
  to.SetInteger("major", version.major);
  to.SetInteger("minor", version.minor);
}

void SetHeaders(const pe::PeFile& file, StructValue& root) {
  const pe::Headers& h = file.image.headers();
  root.SetInteger("machine", h.machine);
  root.SetInteger("number_of_sections", h.number_of_sections);
  root.SetInteger("timestamp", h.timestamp);
  root.SetInteger("pointer_to_symbol_table", h.pointer_to_symbol_table);
  root.SetInteger("number_of_symbols", h.number_of_symbols);
  root.SetInteger("size_of_optional_header", h.size_of_optional_header);
  root.SetInteger("characteristics", h.characteristics);
  // YARA sets -1, not undefined, when the entry point is nowhere in the file.
  root.SetInteger("entry_point", file.entry_point_offset ? Signed(*file.entry_point_offset) : -1);
  root.SetInteger("entry_point_raw", h.entry_point_rva);
  root.SetInteger("image_base", Signed(h.image_base));
  root.SetInteger("number_of_rva_and_sizes", h.number_of_rva_and_sizes);
  root.SetInteger("opthdr_magic", h.magic);
  root.SetInteger("size_of_code", h.size_of_code);
  root.SetInteger("size_of_initialized_data", h.size_of_initialized_data);
  root.SetInteger("size_of_uninitialized_data", h.size_of_uninitialized_data);
  root.SetInteger("base_of_code", h.base_of_code);
  SetIfAny(root, "base_of_data", h.base_of_data);
  root.SetInteger("section_alignment", h.section_alignment);
  root.SetInteger("file_alignment", h.file_alignment);
  SetVersionPair(root.Struct("linker_version"), h.linker_version);
  SetVersionPair(root.Struct("os_version"), h.os_version);
  SetVersionPair(root.Struct("image_version"), h.image_version);
  SetVersionPair(root.Struct("subsystem_version"), h.subsystem_version);
  root.SetInteger("win32_version_value", h.win32_version_value);
  root.SetInteger("size_of_image", h.size_of_image);
  root.SetInteger("size_of_headers", h.size_of_headers);
  root.SetInteger("checksum", h.checksum);
  root.SetInteger("subsystem", h.subsystem);
  root.SetInteger("dll_characteristics", h.dll_characteristics);
  root.SetInteger("size_of_stack_reserve", Signed(h.size_of_stack_reserve));
  root.SetInteger("size_of_stack_commit", Signed(h.size_of_stack_commit));
  root.SetInteger("size_of_heap_reserve", Signed(h.size_of_heap_reserve));
  root.SetInteger("size_of_heap_commit", Signed(h.size_of_heap_commit));
  root.SetInteger("loader_flags", h.loader_flags);
}

void SetSections(const pe::PeFile& file, StructValue& root) {
  ArrayValue& directories = root.Array("data_directories");
  for (const pe::DataDirectory& directory : file.image.declared_directories()) {
    StructValue& item = directories.AppendStruct();
    item.SetInteger("virtual_address", directory.virtual_address);
    item.SetInteger("size", directory.size);
  }
  ArrayValue& sections = root.Array("sections");
  for (std::size_t i = 0; i < file.image.sections().size(); ++i) {
    const pe::Section& section = file.image.sections()[i];
    StructValue& item = sections.AppendStruct();
    item.SetString("name", section.name);
    SetIfAny(item, "full_name", file.section_full_names[i]);
    item.SetInteger("characteristics", section.characteristics);
    item.SetInteger("virtual_address", section.virtual_address);
    item.SetInteger("virtual_size", section.virtual_size);
    item.SetInteger("raw_data_offset", section.raw_data_offset);
    item.SetInteger("raw_data_size", section.raw_data_size);
    item.SetInteger("pointer_to_relocations", section.pointer_to_relocations);
    item.SetInteger("pointer_to_line_numbers", section.pointer_to_line_numbers);
    item.SetInteger("number_of_relocations", section.number_of_relocations);
    item.SetInteger("number_of_line_numbers", section.number_of_line_numbers);
  }
  StructValue& overlay = root.Struct("overlay");
  overlay.SetInteger("offset", Signed(file.overlay.offset));
  overlay.SetInteger("size", Signed(file.overlay.size));
}

void SetRichSignature(const pe::PeFile& file, StructValue& root) {
  if (!file.rich_signature) return;
  StructValue& rich = root.Struct("rich_signature");
  rich.SetInteger("offset", Signed(file.rich_signature->offset));
  rich.SetInteger("length", Signed(file.rich_signature->raw_data.size()));
  rich.SetInteger("key", file.rich_signature->key);
  rich.SetString("raw_data", file.rich_signature->raw_data);
  rich.SetString("clear_data", file.rich_signature->clear_data);
  SetIfAny(rich, "version_data", file.rich_signature->version_data);
}

void SetNameOrNumber(StructValue& to, std::string_view name_field, const std::optional<std::string_view>& name,
                     std::string_view number_field, std::int32_t number) {
  if (name) {
    to.SetString(name_field, *name);
  } else if (number != -1) {
    to.SetInteger(number_field, number);
  }
}

void SetResources(const pe::PeFile& file, StructValue& root) {
  const pe::Resources& resources = file.resources;
  if (resources.timestamp) {
    root.SetInteger("resource_timestamp", *resources.timestamp);
    SetVersionPair(root.Struct("resource_version"), resources.version);
  }
  ArrayValue& items = root.Array("resources");
  for (const pe::Resource& resource : resources.items) {
    StructValue& item = items.AppendStruct();
    item.SetInteger("rva", resource.rva);
    SetIfAny(item, "offset", resource.offset);
    item.SetInteger("length", resource.length);
    SetNameOrNumber(item, "type_string", resource.type_name, "type", resource.type);
    SetNameOrNumber(item, "name_string", resource.name, "id", resource.id);
    SetNameOrNumber(item, "language_string", resource.language_name, "language", resource.language);
  }
  root.SetInteger("number_of_resources", Signed(resources.items.size()));

  DictionaryValue& version_info = root.Dictionary("version_info");
  ArrayValue& version_list = root.Array("version_info_list");
  for (const pe::VersionString& string : resources.version_strings) {
    version_info.SetString(string.key, string.value);
    StructValue& item = version_list.AppendStruct();
    item.SetString("key", string.key);
    item.SetString("value", string.value);
  }
  root.SetInteger("number_of_version_infos", Signed(resources.version_strings.size()));
}

// Returns the number of functions in all libraries.
std::int64_t SetImports(const std::vector<pe::ImportedLibrary>& libraries, ArrayValue& to) {
  std::int64_t total = 0;
  for (const pe::ImportedLibrary& library : libraries) {
    StructValue& item = to.AppendStruct();
    item.SetString("library_name", library.name);
    item.SetInteger("number_of_functions", Signed(library.functions.size()));
    total += Signed(library.functions.size());
    ArrayValue& functions = item.Array("functions");
    for (const pe::ImportedFunction& function : library.functions) {
      StructValue& entry = functions.AppendStruct();
      SetIfAny(entry, "name", function.name);
      SetIfAny(entry, "ordinal", function.ordinal);
      if (function.rva != 0) entry.SetInteger("rva", Signed(function.rva));
    }
  }
  return total;
}

void SetImportTables(const pe::PeFile& file, StructValue& root) {
  root.SetInteger("number_of_imports", Signed(file.imports.size()));
  root.SetInteger("number_of_imported_functions", SetImports(file.imports, root.Array("import_details")));
  root.SetInteger("number_of_delayed_imports", Signed(file.delayed_imports.size()));
  root.SetInteger("number_of_delayed_imported_functions",
                  SetImports(file.delayed_imports, root.Array("delayed_import_details")));
  SetImports(file.delayed_imports, root.Array("delay_import_details"));
}

void SetExports(const pe::PeFile& file, StructValue& root) {
  root.SetInteger("number_of_exports", Signed(file.exports.functions.size()));
  SetIfAny(root, "dll_name", file.exports.dll_name);
  SetIfAny(root, "export_timestamp", file.exports.timestamp);
  ArrayValue& exports = root.Array("export_details");
  for (const pe::ExportedFunction& function : file.exports.functions) {
    StructValue& item = exports.AppendStruct();
    SetIfAny(item, "offset", function.offset);
    SetIfAny(item, "name", function.name);
    SetIfAny(item, "forward_name", function.forward_name);
    item.SetInteger("ordinal", function.ordinal);
    item.SetInteger("rva", function.rva);
  }
}

void SetSignatures(const pe::PeFile& file, StructValue& root) {
  ArrayValue& signatures = root.Array("signatures");
  for (const pe::Signature& signature : file.authenticode.signatures)
    SetSignature(signature, signatures.AppendStruct());
  root.SetInteger("number_of_signatures", Signed(file.authenticode.signatures.size()));
  root.SetInteger("is_signed", file.authenticode.is_signed ? 1 : 0);
}

}  // namespace

void LoadPe(ModuleContext& context, StructValue& root) {
  root.SetInteger("is_pe", 0);
  // Two bytes decide for nearly every object, whatever its size.
  std::array<std::byte, 2> magic{};
  const auto read = context.object().ReadAt(0, magic);
  if (!read || *read < magic.size() || magic[0] != std::byte{'M'} || magic[1] != std::byte{'Z'}) return;
  const auto bytes = context.WholeObject();
  if (!bytes) return;
  auto file = pe::ParsePe(*bytes);
  if (!file) return;

  const auto state = std::make_shared<PeState>();
  state->file = std::move(*file);
  context.state = state;
  root.SetInteger("is_pe", 1);
  SetHeaders(state->file, root);
  SetSections(state->file, root);
  SetRichSignature(state->file, root);
  SetResources(state->file, root);
  SetImportTables(state->file, root);
  SetExports(state->file, root);
  SetIfAny(root, "pdb_path", state->file.pdb_path);
  SetSignatures(state->file, root);
}

}  // namespace dl::yara::pe_module
