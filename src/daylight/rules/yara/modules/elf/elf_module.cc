// The `elf` module: libyara 4.5's facts about ELF files.
#include <array>
#include <limits>

#include "daylight/crypto/digest.h"
#include "daylight/formats/elf/elf.h"
#include "daylight/formats/elf/telfhash.h"
#include "daylight/rules/yara/modules/elf/elf_type.h"

namespace dl::yara {
namespace {

// What the functions need beside the facts, and what they computed.
struct ElfState {
  elf::ByteOrder byte_order;
  std::optional<Value> telfhash;
  std::optional<Value> import_md5;
};

std::int64_t Signed(std::uint64_t value) { return static_cast<std::int64_t>(value); }

void SetSections(const elf::ElfFile& file, StructValue& root) {
  for (const elf::Section& section : file.sections) {
    StructValue& fact = root.Array("sections").AppendStruct();
    fact.SetInteger("type", section.type);
    fact.SetInteger("flags", Signed(section.flags));
    fact.SetInteger("address", Signed(section.address));
    if (section.name) fact.SetString("name", *section.name);
    fact.SetInteger("size", Signed(section.size));
    fact.SetInteger("offset", Signed(section.offset));
  }
}

void SetSegments(const elf::ElfFile& file, StructValue& root) {
  for (const elf::Segment& segment : file.segments) {
    StructValue& fact = root.Array("segments").AppendStruct();
    fact.SetInteger("type", segment.type);
    fact.SetInteger("flags", segment.flags);
    fact.SetInteger("offset", Signed(segment.offset));
    fact.SetInteger("virtual_address", Signed(segment.virtual_address));
    fact.SetInteger("physical_address", Signed(segment.physical_address));
    fact.SetInteger("file_size", Signed(segment.file_size));
    fact.SetInteger("memory_size", Signed(segment.memory_size));
    fact.SetInteger("alignment", Signed(segment.alignment));
  }
}

void SetDynamic(const elf::ElfFile& file, StructValue& root) {
  if (!file.dynamic_count) return;
  root.SetInteger("dynamic_section_entries", Signed(*file.dynamic_count));
  for (const elf::DynamicEntry& entry : file.dynamic) {
    StructValue& fact = root.Array("dynamic").AppendStruct();
    fact.SetInteger("type", Signed(entry.tag));
    fact.SetInteger("val", Signed(entry.value));
  }
}

void SetSymbols(const std::optional<elf::SymbolTable>& table, const char* count, const char* array, StructValue& root) {
  if (!table) return;
  root.SetInteger(count, Signed(table->count));
  for (const elf::Symbol& symbol : table->symbols) {
    StructValue& fact = root.Array(array).AppendStruct();
    if (symbol.name) fact.SetString("name", *symbol.name);
    fact.SetInteger("value", Signed(symbol.value));
    fact.SetInteger("size", Signed(symbol.size));
    fact.SetInteger("type", symbol.type);
    fact.SetInteger("bind", symbol.binding);
    fact.SetInteger("shndx", symbol.section_index);
    fact.SetInteger("visibility", symbol.visibility);
  }
}

void LoadElf(ModuleContext& context, StructValue& root) {
  // A foreign object of any size costs one look at its first bytes.
  std::array<std::byte, 4> head{};
  const auto head_size = context.object().ReadAt(0, head);
  if (!head_size || !elf::HasElfMagic(Bytes(head).first(*head_size))) return;
  const auto bytes = context.WholeObject();
  if (!bytes) return;
  const auto file = elf::ParseElf(*bytes);
  if (!file) return;
  if (file->stopped) context.MarkIncomplete(file->stopped->what);

  root.SetInteger("type", file->type);
  root.SetInteger("machine", file->machine);
  if (file->entry_offset) root.SetInteger("entry_point", Signed(*file->entry_offset));
  root.SetInteger("number_of_sections", file->section_count);
  root.SetInteger("sh_offset", Signed(file->section_table_offset));
  root.SetInteger("sh_entry_size", file->section_entry_size);
  root.SetInteger("number_of_segments", file->segment_count);
  root.SetInteger("ph_offset", Signed(file->segment_table_offset));
  root.SetInteger("ph_entry_size", file->segment_entry_size);
  SetSections(*file, root);
  SetSegments(*file, root);
  SetDynamic(*file, root);
  SetSymbols(file->symtab, "symtab_entries", "symtab", root);
  SetSymbols(file->dynsym, "dynsym_entries", "dynsym", root);
  context.state = std::make_shared<ElfState>(ElfState{file->byte_order, {}, {}});
}

// The symbols that name what the file links with, read back from the facts:
// the object's bytes may have moved since they were loaded, the facts have not.
std::vector<elf::Symbol> LinkedSymbols(const StructValue& root, elf::ByteOrder byte_order) {
  const bool has_dynamic = root.Get("dynsym_entries").defined();
  const Value array = root.Get(has_dynamic ? "dynsym" : "symtab");
  std::vector<elf::Symbol> symbols;
  if (!array.defined()) return symbols;
  symbols.reserve(array.array->size());
  for (std::size_t i = 0; i < array.array->size(); ++i) {
    const StructValue& fact = *array.array->at(static_cast<std::int64_t>(i)).structure;
    elf::Symbol& symbol = symbols.emplace_back();
    if (const Value name = fact.Get("name"); name.defined()) symbol.name = name.string;
    symbol.type = static_cast<std::uint8_t>(fact.Get("type").integer);
    symbol.binding = static_cast<std::uint8_t>(fact.Get("bind").integer);
    symbol.section_index = static_cast<std::uint16_t>(fact.Get("shndx").integer);
    // libyara swaps the bytes of this one-byte field, so that every symbol of
    // a big-endian file counts as visible; published hashes were made with it.
    if (byte_order == elf::ByteOrder::kLittle) {
      symbol.visibility = static_cast<std::uint8_t>(fact.Get("visibility").integer);
    }
  }
  return symbols;
}

Value ToValue(ModuleContext& context, const std::optional<std::string>& text) {
  return text ? Value::String(context.arena().Copy(*text)) : Value::Undefined();
}

}  // namespace

Value ElfTelfhash(ModuleContext& context, std::span<const Value>) {
  const auto state = std::static_pointer_cast<ElfState>(context.state);
  if (!state) return Value::Undefined();
  if (!state->telfhash) {
    state->telfhash = ToValue(context, elf::Telfhash(LinkedSymbols(context.root(), state->byte_order)));
  }
  return *state->telfhash;
}

Value ElfImportMd5(ModuleContext& context, std::span<const Value>) {
  const auto state = std::static_pointer_cast<ElfState>(context.state);
  if (!state) return Value::Undefined();
  if (!state->import_md5) {
    const auto list = elf::ImportList(LinkedSymbols(context.root(), state->byte_order));
    state->import_md5 = list ? ToValue(context, crypto::Hex(crypto::Md5::Of(AsBytes(*list)))) : Value::Undefined();
  }
  return *state->import_md5;
}

extern const ModuleInfo module_elf;
const ModuleInfo module_elf = {"elf", &ElfType, &LoadElf};

}  // namespace dl::yara
