// ParsePe derives the facts of a PE file (Windows .exe, .dll, .sys, EFI): its
// headers, tables, resources and signatures.
//
//   DL_TRY(const PeFile pe, ParsePe(bytes));
//   for (const ImportedLibrary& library : pe.imports) ...
//
// Views borrow from `bytes`, which must outlive the PeFile. No shared state:
// any number of threads may parse at once. Work and memory are bounded by
// constants, however hostile the file (see `stopped`).
//
// What rules can see follows libyara 4.5 also for malformed files: what it
// takes for an import, this takes for an import.
#pragma once

#include <deque>
#include <string>

#include "daylight/formats/pe/authenticode.h"
#include "daylight/formats/pe/image.h"

namespace dl::pe {

struct ImportedFunction {
  std::optional<std::string_view> name;  // For ordinals "ordN", or the known name.
  std::optional<std::uint16_t> ordinal;
  std::uint64_t rva = 0;  // Of the slot in the import address table.
};

struct ImportedLibrary {
  std::string_view name;
  std::vector<ImportedFunction> functions;
};

struct ExportedFunction {
  std::uint32_t ordinal = 0;
  std::uint32_t rva = 0;
  std::optional<std::string_view> name;
  std::optional<std::string_view> forward_name;  // "NTDLL.RtlAllocateHeap"
  std::optional<std::uint64_t> offset;           // Absent when forwarded or unmapped.
};

struct Exports {
  std::optional<std::string_view> dll_name;
  std::optional<std::uint32_t> timestamp;
  std::vector<ExportedFunction> functions;
};

// One leaf of the resource tree. Each level has a number or a UTF-16LE name.
struct Resource {
  std::uint32_t rva = 0;
  std::optional<std::uint64_t> offset;
  std::uint32_t length = 0;
  std::int32_t type = -1;  // -1: no entry of that level yet.
  std::int32_t id = -1;
  std::int32_t language = -1;
  std::optional<std::string_view> type_name;
  std::optional<std::string_view> name;
  std::optional<std::string_view> language_name;
};

struct VersionString {
  std::string key;
  std::string value;  // The low bytes of its characters, which is what rules see.
  std::string text;   // What it says, in UTF-8.
};

struct Resources {
  std::optional<std::uint32_t> timestamp;  // These two: when there is a root directory.
  VersionPair version;
  std::vector<Resource> items;
  std::vector<VersionString> version_strings;
};

// The undocumented block that Microsoft's linker leaves between the DOS stub
// and the PE header: which tools built how many object files.
struct RichSignature {
  std::uint64_t offset = 0;
  std::uint32_t key = 0;  // Every 32-bit word of raw_data is XORed with it.
  std::string_view raw_data;
  std::string clear_data;
  std::optional<std::string> version_data;  // The tool words of clear_data alone.
  struct Tool {
    std::uint16_t version = 0;
    std::uint16_t id = 0;
    std::uint32_t times = 0;
  };
  std::vector<Tool> tools;
};

struct Overlay {  // Bytes after the last section; zero size when there are none.
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

struct PeFile {
  Image image;
  std::optional<std::uint64_t> entry_point_offset;
  // One for each of image.sections(): names longer than eight bytes lie in
  // the COFF string table. Absent when such a reference is broken.
  std::vector<std::optional<std::string_view>> section_full_names;
  Overlay overlay;
  std::optional<RichSignature> rich_signature;
  Resources resources;
  std::vector<ImportedLibrary> imports;
  std::vector<ImportedLibrary> delayed_imports;
  Exports exports;
  std::optional<std::string_view> pdb_path;
  Authenticode authenticode;
  // A bound on work or memory was reached: some table is not complete.
  bool stopped = false;
  std::deque<std::string> owned_names;  // Behind some views above.
};

Result<PeFile> ParsePe(Bytes bytes);

// Only what tells where a file comes from, for those who look at thousands: the
// rest of ParsePe() takes most of its time. Borrows nothing.
struct Origin {
  std::vector<VersionString> version_strings;
  Authenticode authenticode;
};
Result<Origin> ParseOrigin(Bytes bytes);

// The CheckSum that the optional header should hold.
std::uint64_t CalculateChecksum(const Image& image);

// MD5 over the imports in order, in lowercase hexadecimal: "dll.function" in
// lowercase without .dll/.ocx/.sys, joined by commas.
std::string Imphash(std::span<const ImportedLibrary> imports);

}  // namespace dl::pe
