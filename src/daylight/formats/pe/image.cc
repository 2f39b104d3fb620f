#include "daylight/formats/pe/image.h"

#include <algorithm>

namespace dl::pe {

namespace {

constexpr std::uint16_t kDosMagic = 0x5a4d;         // "MZ"
constexpr std::uint32_t kNtSignature = 0x00004550;  // "PE\0\0"
constexpr std::uint16_t kMagic64 = 0x20b;           // PE32+
constexpr std::uint64_t kDosHeaderSize = 64;
constexpr std::uint64_t kLfanewOffset = 0x3c;
constexpr std::uint64_t kFileHeaderEnd = 24;          // Signature and file header.
constexpr std::uint64_t kOptionalHeaderSize32 = 224;  // With all 16 directories.
constexpr std::uint64_t kOptionalHeaderSize64 = 240;
constexpr std::uint32_t kPageSize = 0x1000;
constexpr std::uint32_t kSectorSize = 0x200;

Result<VersionPair> ReadVersionPair(Cursor& cursor) {
  VersionPair version;
  DL_TRY(version.major, cursor.ReadU16Le());
  DL_TRY(version.minor, cursor.ReadU16Le());
  return version;
}

Result<std::uint64_t> ReadWord(Cursor& cursor, bool is_64bit) {
  if (is_64bit) return cursor.ReadU64Le();
  DL_TRY(const std::uint32_t value, cursor.ReadU32Le());
  return std::uint64_t{value};
}

// The file offset of the NT headers, if "MZ" and "PE\0\0" are in place.
Result<std::uint64_t> FindNtHeaders(Bytes bytes) {
  Cursor cursor(bytes);
  if (bytes.size() < kDosHeaderSize) return Fail(ErrorCode::kTruncated, "shorter than a DOS header");
  DL_TRY(const std::uint16_t dos_magic, cursor.ReadU16Le());
  if (dos_magic != kDosMagic) return Fail(ErrorCode::kUnsupported, "no MZ signature");
  DL_TRY_STATUS(cursor.SeekTo(kLfanewOffset));
  DL_TRY(const std::uint32_t lfanew, cursor.ReadU32Le());
  if (lfanew > 0x7fffffff) return Fail(ErrorCode::kMalformed, "e_lfanew is negative", kLfanewOffset);
  DL_TRY(Cursor nt, Cursor(bytes).Window(lfanew, kFileHeaderEnd));
  DL_TRY(const std::uint32_t signature, nt.ReadU32Le());
  if (signature != kNtSignature) return Fail(ErrorCode::kUnsupported, "no PE signature", lfanew);
  return std::uint64_t{lfanew};
}

}  // namespace

Result<Image> Image::Parse(Bytes bytes) {
  Image image;
  image.bytes_ = bytes;
  DL_TRY(image.headers_.nt_offset, FindNtHeaders(bytes));
  DL_TRY_STATUS(image.ParseHeaders());
  image.ParseSections();
  return image;
}

Status Image::ParseHeaders() {
  Headers& h = headers_;
  DL_TRY(Cursor cursor, At(h.nt_offset + 4));
  DL_TRY(h.machine, cursor.ReadU16Le());
  DL_TRY(h.number_of_sections, cursor.ReadU16Le());
  DL_TRY(h.timestamp, cursor.ReadU32Le());
  DL_TRY(h.pointer_to_symbol_table, cursor.ReadU32Le());
  DL_TRY(h.number_of_symbols, cursor.ReadU32Le());
  DL_TRY(h.size_of_optional_header, cursor.ReadU16Le());
  DL_TRY(h.characteristics, cursor.ReadU16Le());
  // libyara wants the optional header whole, with all 16 directories, also
  // where SizeOfOptionalHeader promises less.
  if (!Fits(h.optional_header_offset(), kOptionalHeaderSize32)) {
    return Fail(ErrorCode::kTruncated, "optional header past the end", h.optional_header_offset());
  }
  DL_TRY(h.magic, cursor.ReadU16Le());
  h.is_64bit = h.magic == kMagic64;
  if (h.is_64bit && !Fits(h.optional_header_offset(), kOptionalHeaderSize64)) {
    return Fail(ErrorCode::kTruncated, "optional header past the end", h.optional_header_offset());
  }
  return ParseOptionalHeader(cursor);
}

// "Microsoft PE Format", 3.4.1 to 3.4.3.
Status Image::ParseOptionalHeader(Cursor& cursor) {
  Headers& h = headers_;
  DL_TRY(h.linker_version.major, cursor.ReadU8());
  DL_TRY(h.linker_version.minor, cursor.ReadU8());
  DL_TRY(h.size_of_code, cursor.ReadU32Le());
  DL_TRY(h.size_of_initialized_data, cursor.ReadU32Le());
  DL_TRY(h.size_of_uninitialized_data, cursor.ReadU32Le());
  DL_TRY(h.entry_point_rva, cursor.ReadU32Le());
  DL_TRY(h.base_of_code, cursor.ReadU32Le());
  if (!h.is_64bit) {
    DL_TRY(h.base_of_data, cursor.ReadU32Le());
  }
  DL_TRY(h.image_base, ReadWord(cursor, h.is_64bit));
  DL_TRY(h.section_alignment, cursor.ReadU32Le());
  DL_TRY(h.file_alignment, cursor.ReadU32Le());
  DL_TRY(h.os_version, ReadVersionPair(cursor));
  DL_TRY(h.image_version, ReadVersionPair(cursor));
  DL_TRY(h.subsystem_version, ReadVersionPair(cursor));
  DL_TRY(h.win32_version_value, cursor.ReadU32Le());
  DL_TRY(h.size_of_image, cursor.ReadU32Le());
  DL_TRY(h.size_of_headers, cursor.ReadU32Le());
  DL_TRY(h.checksum, cursor.ReadU32Le());
  DL_TRY(h.subsystem, cursor.ReadU16Le());
  DL_TRY(h.dll_characteristics, cursor.ReadU16Le());
  DL_TRY(h.size_of_stack_reserve, ReadWord(cursor, h.is_64bit));
  DL_TRY(h.size_of_stack_commit, ReadWord(cursor, h.is_64bit));
  DL_TRY(h.size_of_heap_reserve, ReadWord(cursor, h.is_64bit));
  DL_TRY(h.size_of_heap_commit, ReadWord(cursor, h.is_64bit));
  DL_TRY(h.loader_flags, cursor.ReadU32Le());
  DL_TRY(h.number_of_rva_and_sizes, cursor.ReadU32Le());
  for (DataDirectory& directory : directories_) {
    DL_TRY(directory.virtual_address, cursor.ReadU32Le());
    DL_TRY(directory.size, cursor.ReadU32Le());
  }
  return {};
}

void Image::ParseSections() {
  const std::size_t count = std::min<std::size_t>(headers_.number_of_sections, kMaxSections);
  const std::uint64_t table = headers_.optional_header_offset() + headers_.size_of_optional_header;
  const auto parse = [&](std::uint64_t offset) -> Result<Section> {
    DL_TRY(Cursor cursor, Cursor(bytes_).Window(offset, kSectionHeaderSize));
    Section section;
    DL_TRY(const Bytes name, cursor.ReadBytes(8));
    section.raw_name = AsText(name);
    section.name = section.raw_name.substr(0, section.raw_name.find_last_not_of('\0') + 1);
    DL_TRY(section.virtual_size, cursor.ReadU32Le());
    DL_TRY(section.virtual_address, cursor.ReadU32Le());
    DL_TRY(section.raw_data_size, cursor.ReadU32Le());
    DL_TRY(section.raw_data_offset, cursor.ReadU32Le());
    DL_TRY(section.pointer_to_relocations, cursor.ReadU32Le());
    DL_TRY(section.pointer_to_line_numbers, cursor.ReadU32Le());
    DL_TRY(section.number_of_relocations, cursor.ReadU16Le());
    DL_TRY(section.number_of_line_numbers, cursor.ReadU16Le());
    DL_TRY(section.characteristics, cursor.ReadU32Le());
    return section;
  };
  for (std::size_t i = 0; i < count; ++i) {
    const Result<Section> section = parse(table + i * kSectionHeaderSize);
    if (!section) {
      section_table_cut_ = true;
      return;
    }
    sections_.push_back(*section);
  }
}

std::span<const DataDirectory> Image::declared_directories() const {
  return std::span(directories_).first(std::min<std::size_t>(headers_.number_of_rva_and_sizes, kDirectoryCount));
}

std::optional<std::uint64_t> Image::RvaToOffset(std::uint64_t rva) const {
  // A section table that leaves the file maps nothing in libyara.
  if (section_table_cut_) return std::nullopt;
  std::uint32_t lowest_rva = 0xffffffff;
  const Section* found = nullptr;
  // Of overlapping sections the one that begins last wins.
  for (const Section& section : sections_) {
    lowest_rva = std::min(lowest_rva, section.virtual_address);
    // Linkers that leave VirtualSize small or zero rely on the raw size.
    const std::uint32_t size = std::max(section.virtual_size, section.raw_data_size);
    if (rva >= section.virtual_address && rva - section.virtual_address < size &&
        (found == nullptr || found->virtual_address <= section.virtual_address)) {
      found = &section;
    }
  }
  std::uint64_t offset = rva;
  if (rva < lowest_rva) {
    // What lies before the first section is mapped as it is. libyara keeps the
    // file's size in 32 bits here.
    if (rva >= static_cast<std::uint32_t>(bytes_.size())) return std::nullopt;
  } else {
    // A section is often larger in memory than in the file; the rest has no
    // offset.
    if (found == nullptr || rva - found->virtual_address >= found->raw_data_size) return std::nullopt;
    // The loader rounds PointerToRawData down to a sector; alignments above
    // that are ignored. Images whose sections are less than a page apart are
    // mapped as one piece and only follow FileAlignment.
    std::uint32_t start = found->raw_data_offset;
    const std::uint32_t alignment = std::min<std::uint32_t>(headers_.file_alignment, kSectorSize);
    if (alignment != 0) start -= start % alignment;
    if (headers_.section_alignment >= kPageSize) start &= ~(kSectorSize - 1);
    offset = start + (rva - found->virtual_address);
  }
  if (offset >= bytes_.size()) return std::nullopt;
  return offset;
}

std::optional<std::uint64_t> PeEntryPointOffset(Bytes bytes) {
  constexpr std::uint16_t kMachineI386 = 0x14c;
  constexpr std::uint16_t kMachineAmd64 = 0x8664;
  constexpr std::uint64_t kMaxSectionsHere = 60;
  const auto nt_offset = FindNtHeaders(bytes);
  if (!nt_offset) return std::nullopt;
  // Here PE32's optional header must be followed by at least one byte.
  if (bytes.size() - *nt_offset <= kFileHeaderEnd + kOptionalHeaderSize32) return std::nullopt;
  const auto find = [&]() -> Result<std::uint64_t> {
    DL_TRY(const Cursor nt, Cursor(bytes).From(*nt_offset));
    Cursor cursor = nt;
    DL_TRY_STATUS(cursor.Skip(4));
    DL_TRY(const std::uint16_t machine, cursor.ReadU16Le());
    if (machine != kMachineI386 && machine != kMachineAmd64) return Fail(ErrorCode::kUnsupported, "machine");
    DL_TRY(const std::uint16_t section_count, cursor.ReadU16Le());
    DL_TRY_STATUS(cursor.Skip(12));
    DL_TRY(const std::uint16_t optional_size, cursor.ReadU16Le());
    DL_TRY_STATUS(cursor.SeekTo(kFileHeaderEnd + 16));
    DL_TRY(const std::uint32_t entry_rva, cursor.ReadU32Le());

    std::uint32_t section_rva = 0;
    std::uint32_t section_offset = 0;
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(section_count, kMaxSectionsHere); ++i) {
      const std::uint64_t header = kFileHeaderEnd + optional_size + i * kSectionHeaderSize;
      // The table may not even touch the file's last byte; then it is 0.
      if (header + kSectionHeaderSize >= nt.size()) return std::uint64_t{0};
      DL_TRY(Cursor section, nt.Window(header + 12, 12));
      DL_TRY(const std::uint32_t virtual_address, section.ReadU32Le());
      DL_TRY_STATUS(section.Skip(4));
      DL_TRY(const std::uint32_t raw_data_offset, section.ReadU32Le());
      if (entry_rva >= virtual_address && section_rva <= virtual_address) {
        section_rva = virtual_address;
        section_offset = raw_data_offset;
      }
    }
    return std::uint64_t{section_offset} + (entry_rva - section_rva);
  };
  const Result<std::uint64_t> offset = find();
  if (!offset) return std::nullopt;
  return *offset;
}

}  // namespace dl::pe
