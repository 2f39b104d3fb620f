// ELF: the executables, libraries, objects and core files of Unix.
//
//   DL_TRY(const elf::ElfFile file, elf::ParseElf(bytes));
//   for (const elf::Section& section : file.sections) Use(section.name);
//   if (file.dynsym) Use(elf::Telfhash(file.dynsym->symbols));
//
// Numbers are copied, names are views into `bytes`, which must outlive the
// ElfFile. Nothing is shared: any number of threads may parse at once. Time and
// memory are bounded by the limits below, however hostile the file.
//
// The specification is the System V ABI, chapters 4 and 5 ("gABI"). Where a
// file breaks it, what is a fact follows libyara 4.5, whose rules these facts
// feed: a table that does not lie wholly within the file has no entries, and
// entries have the specification's size, whatever the header says.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"

namespace dl::elf {

// Entries of all symbol tables, entries of all dynamic sections, and bytes of
// all names that one file may have. Names overlap in a file (".rela.text" also
// holds ".text"), so their sum is not bounded by the file's size. Chromium with
// its symbols, the largest binary we know of in daily use, has 400,000 symbols.
inline constexpr std::size_t kMaxSymbols = 1u << 19;
inline constexpr std::size_t kMaxDynamicEntries = 1u << 18;
inline constexpr std::size_t kMaxNameBytes = 64u << 20;

enum class ByteOrder : std::uint8_t { kLittle, kBig };

// gABI, "Section Header Table". Absent names do not lie in the string table.
struct Section {
  std::optional<std::string_view> name;
  std::uint32_t type = 0;  // SHT_*
  std::uint64_t flags = 0;
  std::uint64_t address = 0;
  std::uint64_t offset = 0;  // In the file, bytes.
  std::uint64_t size = 0;
  std::uint32_t link = 0;  // Index of a related section.
};

// gABI, "Program Header".
struct Segment {
  std::uint32_t type = 0;  // PT_*
  std::uint32_t flags = 0;
  std::uint64_t offset = 0;  // In the file, bytes.
  std::uint64_t virtual_address = 0;
  std::uint64_t physical_address = 0;
  std::uint64_t file_size = 0;
  std::uint64_t memory_size = 0;
  std::uint64_t alignment = 0;
};

// gABI, "Dynamic Section".
struct DynamicEntry {
  std::uint64_t tag = 0;  // DT_*
  std::uint64_t value = 0;
};

// gABI, "Symbol Table".
struct Symbol {
  std::optional<std::string_view> name;
  std::uint8_t type = 0;        // STT_*
  std::uint8_t binding = 0;     // STB_*
  std::uint8_t visibility = 0;  // STV_*
  std::uint16_t section_index = 0;
  std::uint64_t value = 0;
  std::uint64_t size = 0;
};

struct SymbolTable {
  std::uint64_t count = 0;      // As the section's size says.
  std::vector<Symbol> symbols;  // Fewer than `count` only where a limit was met.
};

struct ElfFile {
  bool is_64_bit = false;
  ByteOrder byte_order = ByteOrder::kLittle;
  std::uint16_t type = 0;     // ET_*
  std::uint16_t machine = 0;  // EM_*
  std::uint64_t entry_address = 0;
  // Where that address lies in the file; absent when nothing maps it.
  std::optional<std::uint64_t> entry_offset;

  std::uint64_t section_table_offset = 0;
  std::uint16_t section_entry_size = 0;
  std::uint16_t section_count = 0;
  std::uint16_t section_names_index = 0;
  std::vector<Section> sections;  // Empty, or section_count of them.

  std::uint64_t segment_table_offset = 0;
  std::uint16_t segment_entry_size = 0;
  std::uint16_t segment_count = 0;
  std::vector<Segment> segments;  // Empty, or segment_count of them.

  // Entries of the last PT_DYNAMIC segment, with DT_NULL; absent without such
  // a segment. An earlier segment that had more leaves the rest in `dynamic`.
  std::optional<std::uint64_t> dynamic_count;
  std::vector<DynamicEntry> dynamic;

  std::optional<SymbolTable> symtab;
  std::optional<SymbolTable> dynsym;

  // Set when a limit was met; what is there is still valid.
  std::optional<Error> stopped;
};

// kUnsupported when `file` is not ELF of a known class and byte order;
// kTruncated when the header does not fit. Anything else that is broken just
// leaves its facts out.
Result<ElfFile> ParseElf(Bytes file);

// Whether a file that begins so is ELF at all; four bytes are enough.
bool HasElfMagic(Bytes head);

// YARA's deprecated `entrypoint`: the file offset of the entry point, 0 when
// nothing maps it, absent when `file` is not ELF. Reads every file as
// little-endian, as libyara does: a big-endian file has 0.
std::optional<std::uint64_t> ElfEntryPointOffset(Bytes file);

}  // namespace dl::elf
