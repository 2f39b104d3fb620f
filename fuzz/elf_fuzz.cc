// Any bytes as an ELF file: what is there agrees with what is counted.
#include <cstdlib>

#include "daylight/formats/elf/elf.h"
#include "daylight/formats/elf/telfhash.h"

namespace {
void Require(bool condition) {
  if (!condition) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const dl::Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  const auto entry_point = dl::elf::ElfEntryPointOffset(bytes);
  const auto file = dl::elf::ParseElf(bytes);
  if (!file) return 0;
  Require(entry_point.has_value());
  Require(file->sections.empty() || file->sections.size() == file->section_count);
  Require(file->segments.empty() || file->segments.size() == file->segment_count);
  Require(file->dynamic.size() >= file->dynamic_count.value_or(0));
  for (const auto& table : {file->symtab, file->dynsym}) {
    if (!table) continue;
    Require(table->symbols.size() == table->count || file->stopped.has_value());
    for (const dl::elf::Symbol& symbol : table->symbols) {
      if (symbol.name) Require(symbol.name->find('\0') == std::string_view::npos);
    }
    if (const auto hash = dl::elf::Telfhash(table->symbols)) Require(hash->empty() || hash->size() == 72);
  }
  return 0;
}
