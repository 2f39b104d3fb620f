// The `macho` module: libyara 4.5's facts about Mach-O and universal files, and
// YARA-X's.
#include <array>
#include <initializer_list>
#include <string>

#include "daylight/formats/macho/macho.h"
#include "daylight/rules/yara/modules/macho/macho_type.h"

namespace dl::yara {
namespace {

std::int64_t Signed(std::uint64_t value) { return static_cast<std::int64_t>(value); }

std::string Dotted(std::initializer_list<std::uint64_t> numbers) {
  std::string text;
  for (const std::uint64_t number : numbers) {
    if (!text.empty()) text += '.';
    text += std::to_string(number);
  }
  return text;
}

// 16, 8 and 8 bits.
std::string VersionText(std::uint32_t version) { return Dotted({version >> 16, version >> 8 & 0xff, version & 0xff}); }

// 24, 10, 10, 10 and 10 bits.
std::string SourceVersionText(std::uint64_t version) {
  return Dotted({version >> 40, version >> 30 & 0x3ff, version >> 20 & 0x3ff, version >> 10 & 0x3ff, version & 0x3ff});
}

std::string UuidText(Bytes uuid) {
  std::string text;
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    const auto byte = std::to_integer<unsigned>(uuid[i]);
    text += "0123456789ABCDEF"[byte >> 4];
    text += "0123456789ABCDEF"[byte & 15];
  }
  return text;
}

void SetSegment(const macho::Segment& segment, StructValue& fact) {
  fact.SetString("segname", segment.name);
  fact.SetInteger("vmaddr", Signed(segment.address));
  fact.SetInteger("vmsize", Signed(segment.memory_size));
  fact.SetInteger("fileoff", Signed(segment.file_offset));
  fact.SetInteger("fsize", Signed(segment.file_size));
  fact.SetInteger("maxprot", segment.max_protection);
  fact.SetInteger("initprot", segment.initial_protection);
  fact.SetInteger("nsects", segment.section_count);
  fact.SetInteger("flags", segment.flags);
  for (const macho::Section& section : segment.sections) {
    StructValue& item = fact.Array("sections").AppendStruct();
    item.SetString("sectname", section.name);
    item.SetString("segname", section.segment_name);
    item.SetInteger("addr", Signed(section.address));
    item.SetInteger("size", Signed(section.size));
    item.SetInteger("offset", section.offset);
    item.SetInteger("align", section.alignment);
    item.SetInteger("reloff", section.relocation_offset);
    item.SetInteger("nreloc", section.relocation_count);
    item.SetInteger("flags", section.flags);
    item.SetInteger("reserved1", section.reserved1);
    item.SetInteger("reserved2", section.reserved2);
    if (section.reserved3) item.SetInteger("reserved3", *section.reserved3);
  }
}

// Each number under its name, in the order that the type declares them.
template <std::size_t kCount>
void SetNumbers(const std::array<std::uint32_t, kCount>& numbers, StructValue& fact) {
  const auto& fields = fact.type().fields();
  for (std::size_t i = 0; i < kCount; ++i) fact.SetInteger(fields[i].name, numbers[i]);
}

void SetSymtab(const macho::Symtab& symtab, StructValue& fact) {
  fact.SetInteger("symoff", symtab.symbols_offset);
  fact.SetInteger("nsyms", symtab.symbols_count);
  fact.SetInteger("stroff", symtab.strings_offset);
  fact.SetInteger("strsize", symtab.strings_size);
  for (const std::string_view name : symtab.names) fact.Array("entries").AppendString(name);
  for (const macho::Symbol& symbol : symtab.symbols) {
    StructValue& item = fact.Array("nlists").AppendStruct();
    item.SetInteger("n_strx", symbol.name_offset);
    item.SetInteger("n_type", symbol.type);
    item.SetInteger("n_sect", symbol.section);
    item.SetInteger("n_desc", symbol.description);
    item.SetInteger("n_value", Signed(symbol.value));
  }
}

void SetVersions(const macho::Image& image, StructValue& fact) {
  if (image.source_version) fact.SetString("source_version", SourceVersionText(*image.source_version));
  if (const auto& version = image.build_version) {
    StructValue& build = fact.Struct("build_version");
    build.SetInteger("platform", version->platform);
    build.SetString("minos", VersionText(version->min_os));
    build.SetString("sdk", VersionText(version->sdk));
    build.SetInteger("ntools", version->tools_count);
    for (const macho::BuildTool& tool : version->tools) {
      StructValue& item = build.Array("tools").AppendStruct();
      item.SetInteger("tool", tool.tool);
      item.SetString("version", Dotted({tool.version >> 16, tool.version >> 8 & 0xff}));
    }
  }
  if (const auto& version = image.min_version) {
    StructValue& minimum = fact.Struct("min_version");
    minimum.SetInteger("device", version->command);
    minimum.SetString("version", VersionText(version->version));
    minimum.SetString("sdk", VersionText(version->sdk));
  }
}

template <typename Strings>
void SetStrings(const Strings& strings, std::string_view field, StructValue& fact) {
  for (const auto& text : strings) fact.Array(field).AppendString(text);
}

void SetImage(const macho::Image& image, StructValue& fact) {
  fact.SetInteger("magic", image.magic);
  fact.SetInteger("cputype", image.cpu_type);
  fact.SetInteger("cpusubtype", image.cpu_subtype);
  fact.SetInteger("filetype", image.file_type);
  fact.SetInteger("ncmds", image.command_count);
  fact.SetInteger("sizeofcmds", image.commands_size);
  fact.SetInteger("flags", image.flags);
  if (image.is_64_bit) fact.SetInteger("reserved", image.reserved);
  fact.SetInteger("number_of_segments", Signed(image.segment_count));
  for (const macho::Segment& segment : image.segments) SetSegment(segment, fact.Array("segments").AppendStruct());
  if (image.entry_offset) fact.SetInteger("entry_point", Signed(*image.entry_offset));
  if (image.stack_size) fact.SetInteger("stack_size", Signed(*image.stack_size));

  if (!image.dynamic_linker.empty()) fact.SetString("dynamic_linker", image.dynamic_linker);
  if (!image.uuid.empty()) fact.SetString("uuid", UuidText(image.uuid));
  for (const macho::Dylib& dylib : image.dylibs) {
    StructValue& item = fact.Array("dylibs").AppendStruct();
    item.SetString("name", dylib.name);
    item.SetInteger("timestamp", dylib.timestamp);
    item.SetString("compatibility_version", VersionText(dylib.compatibility_version));
    item.SetString("current_version", VersionText(dylib.current_version));
  }
  SetStrings(image.rpaths, "rpaths", fact);
  SetStrings(image.linker_options, "linker_options", fact);
  if (image.symtab) SetSymtab(*image.symtab, fact.Struct("symtab"));
  if (image.dysymtab) SetNumbers(*image.dysymtab, fact.Struct("dysymtab"));
  if (image.dyld_info) SetNumbers(*image.dyld_info, fact.Struct("dyld_info"));
  if (image.code_signature) {
    fact.Struct("code_signature_data").SetInteger("dataoff", image.code_signature->offset);
    fact.Struct("code_signature_data").SetInteger("datasize", image.code_signature->size);
  }
  for (const macho::Certificate& certificate : image.certificates) {
    StructValue& item = fact.Array("certificates").AppendStruct();
    item.SetString("issuer", certificate.issuer);
    item.SetString("subject", certificate.subject);
    item.SetBoolean("is_self_signed", certificate.is_self_signed);
  }
  SetStrings(image.entitlements, "entitlements", fact);
  SetVersions(image, fact);
  SetStrings(image.exports, "exports", fact);
  SetStrings(image.imports, "imports", fact);
}

void SetArchs(const macho::MachoFile& file, StructValue& root) {
  root.SetInteger("fat_magic", *file.fat_magic);
  root.SetInteger("nfat_arch", file.arch_count);
  for (std::size_t i = 0; i < file.archs.size(); ++i) {
    const macho::Arch& arch = file.archs[i];
    StructValue& fact = root.Array("fat_arch").AppendStruct();
    fact.SetInteger("cputype", arch.cpu_type);
    fact.SetInteger("cpusubtype", arch.cpu_subtype);
    fact.SetInteger("offset", Signed(arch.offset));
    fact.SetInteger("size", Signed(arch.size));
    fact.SetInteger("align", arch.alignment);
    fact.SetInteger("reserved", arch.reserved);
    // file[i] belongs to fat_arch[i]: entries outside the file leave holes.
    if (!arch.within_file) continue;
    ArrayValue& files = root.Array("file");
    while (files.size() < i) files.AppendUndefined();
    StructValue& image = files.AppendStruct();
    if (arch.image) SetImage(*arch.image, image);
  }
}

void LoadMacho(ModuleContext& context, StructValue& root) {
  // A foreign object of any size costs one look at its first bytes.
  std::array<std::byte, 4> head{};
  const auto head_size = context.object().ReadAt(0, head);
  if (!head_size || !macho::HasMachoMagic(Bytes(head).first(*head_size))) return;
  const auto bytes = context.WholeObject();
  if (!bytes) return;
  const auto file = macho::ParseMacho(*bytes);
  if (!file) return;
  if (file->stopped) context.MarkIncomplete(file->stopped->what);
  if (file->image) SetImage(*file->image, root);
  if (file->fat_magic) SetArchs(*file, root);
}

}  // namespace

extern const ModuleInfo module_macho;
const ModuleInfo module_macho = {"macho", &MachoType, &LoadMacho};

}  // namespace dl::yara
