// Image is a PE file's headers and the mapping from addresses to file offsets
// that everything else in the file is found through.
//
//   DL_TRY(const Image image, Image::Parse(bytes));
//   if (const auto offset = image.RvaToOffset(image.headers().entry_point_rva)) ...
//
// Borrows the file's bytes. Immutable once parsed: share it between threads.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "daylight/bytes/cursor.h"

namespace dl::pe {

// libyara looks at no more sections than Windows loads (96), and rules see it.
inline constexpr std::size_t kMaxSections = 96;
inline constexpr std::size_t kDirectoryCount = 16;
inline constexpr std::size_t kSectionHeaderSize = 40;

enum DirectoryIndex : std::size_t {
  kExportDirectory = 0,
  kImportDirectory = 1,
  kResourceDirectory = 2,
  kSecurityDirectory = 4,
  kDebugDirectory = 6,
  kDelayImportDirectory = 13,
};

struct VersionPair {
  std::uint16_t major = 0;
  std::uint16_t minor = 0;
};

// "Microsoft PE Format": 3.3 COFF file header and 3.4 optional header, under
// their names there. Addresses are relative to the image base (RVA).
struct Headers {
  std::uint64_t nt_offset = 0;  // File offset of the signature "PE\0\0".
  bool is_64bit = false;        // PE32+.

  std::uint16_t machine = 0;
  std::uint16_t number_of_sections = 0;
  std::uint32_t timestamp = 0;  // Seconds since 1970.
  std::uint32_t pointer_to_symbol_table = 0;
  std::uint32_t number_of_symbols = 0;
  std::uint16_t size_of_optional_header = 0;
  std::uint16_t characteristics = 0;

  std::uint16_t magic = 0;
  VersionPair linker_version;
  std::uint32_t size_of_code = 0;
  std::uint32_t size_of_initialized_data = 0;
  std::uint32_t size_of_uninitialized_data = 0;
  std::uint32_t entry_point_rva = 0;
  std::uint32_t base_of_code = 0;
  std::optional<std::uint32_t> base_of_data;  // PE32 only.
  std::uint64_t image_base = 0;
  std::uint32_t section_alignment = 0;
  std::uint32_t file_alignment = 0;
  VersionPair os_version;
  VersionPair image_version;
  VersionPair subsystem_version;
  std::uint32_t win32_version_value = 0;
  std::uint32_t size_of_image = 0;
  std::uint32_t size_of_headers = 0;
  std::uint32_t checksum = 0;
  std::uint16_t subsystem = 0;
  std::uint16_t dll_characteristics = 0;
  std::uint64_t size_of_stack_reserve = 0;
  std::uint64_t size_of_stack_commit = 0;
  std::uint64_t size_of_heap_reserve = 0;
  std::uint64_t size_of_heap_commit = 0;
  std::uint32_t loader_flags = 0;
  std::uint32_t number_of_rva_and_sizes = 0;

  std::uint64_t optional_header_offset() const { return nt_offset + 24; }
};

struct DataDirectory {
  std::uint32_t virtual_address = 0;  // A file offset for the security directory.
  std::uint32_t size = 0;
};

// "Microsoft PE Format", 4 Section table.
struct Section {
  std::string_view raw_name;  // The eight bytes.
  std::string_view name;      // Without trailing NULs; those inside stay.
  std::uint32_t virtual_size = 0;
  std::uint32_t virtual_address = 0;
  std::uint32_t raw_data_size = 0;
  std::uint32_t raw_data_offset = 0;
  std::uint32_t pointer_to_relocations = 0;
  std::uint32_t pointer_to_line_numbers = 0;
  std::uint16_t number_of_relocations = 0;
  std::uint16_t number_of_line_numbers = 0;
  std::uint32_t characteristics = 0;
};

class Image {
 public:
  // Fails for what YARA does not call a PE file: no "MZ", no "PE\0\0" where
  // the DOS header says, or an optional header that is cut.
  static Result<Image> Parse(Bytes bytes);

  Bytes bytes() const { return bytes_; }
  const Headers& headers() const { return headers_; }
  // At most kMaxSections, and fewer when the file ends within the table.
  std::span<const Section> sections() const { return sections_; }
  // Directories that exist by NumberOfRvaAndSizes, at most 16.
  std::span<const DataDirectory> declared_directories() const;
  // A directory by its place in the optional header, whatever
  // NumberOfRvaAndSizes and SizeOfOptionalHeader say (they can lie).
  const DataDirectory& Directory(DirectoryIndex index) const { return directories_[index]; }

  // The file offset that the loader maps to `rva`; absent when no file byte
  // is mapped there. Always smaller than the file's size.
  std::optional<std::uint64_t> RvaToOffset(std::uint64_t rva) const;

  // Whether `size` bytes at `offset` lie inside the file.
  bool Fits(std::uint64_t offset, std::uint64_t size) const {
    return offset <= bytes_.size() && size <= bytes_.size() - offset;
  }
  Result<Cursor> At(std::uint64_t offset) const { return Cursor(bytes_).From(offset); }

 private:
  Status ParseHeaders();
  Status ParseOptionalHeader(Cursor& cursor);
  void ParseSections();

  Bytes bytes_;
  Headers headers_;
  DataDirectory directories_[kDirectoryCount];
  std::vector<Section> sections_;
  bool section_table_cut_ = false;
};

// Where YARA's deprecated `entrypoint` keyword points: the file offset of the
// entry point of an x86 or x86-64 PE file, by the older and laxer mapping that
// the keyword has always used. Absent when `bytes` is no such file. May lie
// past the end of `bytes`.
std::optional<std::uint64_t> PeEntryPointOffset(Bytes bytes);

}  // namespace dl::pe
