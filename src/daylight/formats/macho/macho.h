// Mach-O: the executables, libraries and objects of macOS and its kin, and the
// universal ("fat") files that hold several of them.
//
//   DL_TRY(const macho::MachoFile file, macho::ParseMacho(bytes));
//   if (file.image) Use(file.image->segments);              // Thin.
//   for (const macho::Arch& arch : file.archs) Use(arch.image);  // Universal.
//
// Numbers are copied, names are views into `bytes`, which must outlive the
// MachoFile. Nothing is shared: any number of threads may parse at once. Time
// and memory are bounded by the limits below, however hostile the file: the
// images of a universal file may overlap, so limits are for the whole file.
//
// The specification is Apple's <mach-o/loader.h>, <mach-o/fat.h> and
// <mach-o/nlist.h>. Headers, segments, sections and entry points of malformed
// files follow libyara 4.5, whose rules these facts feed.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"
#include "daylight/formats/macho/code_signature.h"

namespace dl::macho {

inline constexpr std::size_t kMaxArchs = 4096;
inline constexpr std::size_t kMaxLoadCommands = 1u << 16;
inline constexpr std::size_t kMaxSections = 1u << 16;
// Symbols, imports, exports and other names; and their bytes.
inline constexpr std::size_t kMaxNames = 1u << 19;
inline constexpr std::size_t kMaxNameBytes = 64u << 20;

// section, section_64.
struct Section {
  std::string_view name;
  std::string_view segment_name;
  std::uint64_t address = 0;
  std::uint64_t size = 0;
  std::uint32_t offset = 0;
  std::uint32_t alignment = 0;  // A power of two, as its exponent.
  std::uint32_t relocation_offset = 0;
  std::uint32_t relocation_count = 0;
  std::uint32_t flags = 0;
  std::uint32_t reserved1 = 0;
  std::uint32_t reserved2 = 0;
  std::optional<std::uint32_t> reserved3;  // Of LC_SEGMENT_64 only.
};

// segment_command, segment_command_64.
struct Segment {
  std::string_view name;
  std::uint64_t address = 0;
  std::uint64_t memory_size = 0;
  std::uint64_t file_offset = 0;
  std::uint64_t file_size = 0;
  std::uint32_t max_protection = 0;
  std::uint32_t initial_protection = 0;
  std::uint32_t section_count = 0;
  std::uint32_t flags = 0;
  std::vector<Section> sections;  // Those that lie within the command.
};

// dylib_command.
struct Dylib {
  std::string_view name;
  std::uint32_t timestamp = 0;
  std::uint32_t current_version = 0;  // Packed: 16, 8 and 8 bits.
  std::uint32_t compatibility_version = 0;
};

// nlist, nlist_64.
struct Symbol {
  std::uint32_t name_offset = 0;
  std::uint8_t type = 0;
  std::uint8_t section = 0;
  std::uint16_t description = 0;
  std::uint64_t value = 0;
};

// symtab_command.
struct Symtab {
  std::uint32_t symbols_offset = 0;
  std::uint32_t symbols_count = 0;
  std::uint32_t strings_offset = 0;
  std::uint32_t strings_size = 0;
  std::vector<std::string_view> names;  // All of the string table but blank ones.
  std::vector<Symbol> symbols;
};

// linkedit_data_command.
struct LinkeditData {
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
};

// dysymtab_command and dyld_info_command are only numbers, in the order of the
// specification.
inline constexpr std::size_t kDysymtabFields = 18;
inline constexpr std::size_t kDyldInfoFields = 10;
using Dysymtab = std::array<std::uint32_t, kDysymtabFields>;
using DyldInfo = std::array<std::uint32_t, kDyldInfoFields>;

// build_version_command.
struct BuildTool {
  std::uint32_t tool = 0;
  std::uint32_t version = 0;
};
struct BuildVersion {
  std::uint32_t platform = 0;
  std::uint32_t min_os = 0;
  std::uint32_t sdk = 0;
  std::uint32_t tools_count = 0;
  std::vector<BuildTool> tools;
};

// version_min_command.
struct MinVersion {
  std::uint32_t command = 0;  // LC_VERSION_MIN_*
  std::uint32_t version = 0;
  std::uint32_t sdk = 0;
};

// One Mach-O file, for one architecture.
struct Image {
  std::uint32_t magic = 0;  // As the file's first four bytes read, big-endian.
  bool big_endian = false;
  bool is_64_bit = false;
  std::uint32_t cpu_type = 0;
  std::uint32_t cpu_subtype = 0;
  std::uint32_t file_type = 0;
  std::uint32_t command_count = 0;
  std::uint32_t commands_size = 0;
  std::uint32_t flags = 0;
  std::uint32_t reserved = 0;  // 64 bits only.

  // Commands that announce a segment. The last may lack their body, so that
  // `segments` has fewer.
  std::uint64_t segment_count = 0;
  std::vector<Segment> segments;
  std::optional<std::uint64_t> entry_offset;  // From the image's beginning.
  std::optional<std::uint64_t> stack_size;

  std::string_view dynamic_linker;  // Empty: none.
  std::optional<std::uint64_t> source_version;
  Bytes uuid;  // Empty, or 16 bytes.
  std::vector<Dylib> dylibs;
  std::vector<std::string_view> rpaths;
  std::vector<std::string_view> linker_options;
  std::optional<Symtab> symtab;
  std::optional<Dysymtab> dysymtab;
  std::optional<DyldInfo> dyld_info;
  std::optional<LinkeditData> code_signature;
  std::optional<BuildVersion> build_version;
  std::optional<MinVersion> min_version;
  std::vector<std::string> exports;
  std::vector<std::string_view> imports;
  std::vector<std::string> entitlements;
  std::vector<Certificate> certificates;
};

// fat_arch, fat_arch_64.
struct Arch {
  std::uint32_t cpu_type = 0;
  std::uint32_t cpu_subtype = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint32_t alignment = 0;
  std::uint32_t reserved = 0;
  bool within_file = false;  // Whether [offset, offset + size) is.
  std::optional<Image> image;
};

struct MachoFile {
  std::optional<Image> image;  // Of a thin file.

  std::optional<std::uint32_t> fat_magic;  // Of a universal file, this and the rest.
  std::uint32_t arch_count = 0;
  std::vector<Arch> archs;  // Empty where the table does not lie within the file.

  // Set when a limit was met; what is there is still valid.
  std::optional<Error> stopped;
};

// kUnsupported when `file` is neither; kTruncated when its header does not fit.
Result<MachoFile> ParseMacho(Bytes file);

// Whether a file that begins so may be Mach-O or universal; four bytes are
// enough. Java classes begin like universal files.
bool HasMachoMagic(Bytes head);

}  // namespace dl::macho
