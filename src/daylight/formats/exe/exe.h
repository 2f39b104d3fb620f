// Executables as ClamAV 1.4 sees them: the entry point, the sections and what
// else its signatures are anchored to, so that an offset such as `EP+16` or
// `S2+0`, and a section's hash, mean the same bytes here as there.
//
//   const auto info = exe::ParsePe(bytes);                    // EP+n, Sx+n, SL+n, SEx, VI
//   if (info && info->sections.size() > 2) Use(info->sections[2].raw + 16);
//   for (const exe::SectionToHash& s : exe::SectionsToHash(bytes)) Use(Hash(s), s.size);
//
// This is a second opinion on purpose: formats/pe, formats/elf and
// formats/macho say what a file is and follow libyara where files are odd. Here
// the oddities are ClamAV's own, alignment and all; each is named at the block
// that has it, and tests/differential/clamav_exe.py holds them against the
// installed clamscan.
//
// Everything is copied out of `bytes`; nothing is shared, so any number of
// threads may parse at once. Time and memory are bounded by the file's size and
// the limits below.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"

namespace dl::exe {

// More sections than these make a file broken.
inline constexpr std::uint16_t kMaxPeSections = 96;
inline constexpr std::uint16_t kMaxElfSections = 256;
inline constexpr std::uint16_t kMaxElfSegments = 128;
inline constexpr std::uint32_t kMaxMachoCommands = 1024;
inline constexpr std::uint32_t kMaxMachoSectionsOfSegment = 255;
// Libraries of which imports are read.
inline constexpr unsigned kMaxImportedLibraries = 1024;
// Functions that are imported, and bytes of their names, all libraries together.
// ClamAV has no bound: overlapping tables make it hash for hours. The largest
// import table known has 200,000 bytes.
inline constexpr std::uint32_t kMaxImportedFunctions = 1u << 20;
inline constexpr std::size_t kMaxImportTextBytes = 16u << 20;
// Version resources that are read.
inline constexpr unsigned kMaxVersionResources = 16;
// Entries of resource tables that one walk looks at; ClamAV would look at four
// billion when told to. Real files have some thousands.
inline constexpr std::uint32_t kMaxResourceEntries = 1u << 20;
// Binaries inside a universal one; smaller ones are not looked at.
inline constexpr std::uint32_t kMaxUniversalMembers = 32;
inline constexpr std::uint32_t kMinUniversalMemberBytes = 6;

// In bytes. 32 bits are all that ClamAV keeps, of 64-bit files too.
struct Section {
  std::uint32_t raw = 0;       // Offset in the file.
  std::uint32_t raw_size = 0;  // In the file; PE: within the file's end.
  std::uint32_t rva = 0;       // Address when loaded; PE: from the image's base.
  std::uint32_t virtual_size = 0;
};

struct Info {
  std::uint32_t entry_point = 0;  // Offset in the file.
  std::vector<Section> sections;  // In the header's order.

  // PE only.
  // Where a `VI` pattern may begin: the keys of the version information's
  // strings. Ascending, each once.
  std::vector<std::uint32_t> version_offsets;
  std::uint32_t header_size = 0;   // Aligned; what FileOffset needs.
  std::uint32_t resource_rva = 0;  // Of the resource directory; 0 without one.
  bool is_dll = false;             // DLLs are never matched by icon.
  std::uint32_t icon_resource_rva() const { return is_dll ? 0 : resource_rva; }
};

// An error is what makes ClamAV give up on the header: no relative offset (EOF-n
// included) of a signature for this kind of file matches then, and conditions
// on EntryPoint and NumberOfSections fail.
Result<Info> ParsePe(Bytes bytes);
Result<Info> ParseElf(Bytes bytes);
Result<Info> ParseMachO(Bytes bytes);

// The file offset of an address in a PE file, or nullopt when no section's bytes
// lie there. `file_size` is that of the file parsed.
std::optional<std::uint32_t> FileOffset(const Info& pe, std::uint32_t rva, std::size_t file_size);

struct Resource {
  std::uint32_t type = 0;
  std::uint32_t name = 0;  // Bit 31: an offset to a text, else a number.
  std::uint32_t language = 0;
  std::uint32_t data_rva = 0;  // Of the 16-byte data entry.
};
// Calls `use` for the resources of a numbered type until it returns false. The
// walk ends quietly at the first entry that does not lie in the file, and after
// kMaxResourceEntries.
void ForEachResource(Bytes pe_bytes, const Info& pe, std::uint32_t type,
                     const std::function<bool(const Resource&)>& use);

// The parts of a PE file that `.mdb` and `.msb` signatures hash, in order; the
// size is the one that a signature's size must equal. Empty when ClamAV would
// not look: its parser for that purpose drops sections that lie past the end,
// so a file may have an Info and nothing to hash, or the reverse.
struct SectionToHash {
  std::uint32_t offset = 0;
  std::uint32_t size = 0;  // At least 1, wholly within the file.
};
std::vector<SectionToHash> SectionsToHash(Bytes pe_bytes);

// The text whose digest is in `.imp` signatures ("kernel32.exitprocess,..."),
// whose length is the size there. nullopt when ClamAV would not compare it: 64
// bit, no import table, or one that is broken. A text of no length matches
// signatures of any size ("*") only.
std::optional<std::string> ImportText(Bytes pe_bytes);

// The binaries inside a universal Mach-O file, as ClamAV cuts them out to scan
// each on its own: those that begin in the file, cut at its end. The universal
// file itself has no Info: ParseMachO fails. Whether a file is universal at all
// is its type's matter (ClamAV's knows up to 31 binaries).
struct UniversalMember {
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
};
std::vector<UniversalMember> UniversalMembers(Bytes bytes);

}  // namespace dl::exe
