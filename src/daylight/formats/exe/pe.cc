#include <algorithm>

#include "daylight/formats/exe/internal.h"

namespace dl::exe {

namespace {

using internal::DataDirectory;
using internal::MissingSections;
using internal::PeHeader;
using internal::ReadAt;

// Sizes of the records ("PE Format", Microsoft): the COFF header with its
// signature, the optional headers without data directories, a section's header.
constexpr std::uint32_t kFileHeaderSize = 24;
constexpr std::uint32_t kOptionalHeaderSize32 = 96;
constexpr std::uint32_t kOptionalHeaderSize64 = 112;
constexpr std::uint32_t kSectionHeaderSize = 40;

constexpr std::uint16_t kMagic64 = 0x20b;
constexpr std::uint16_t kFileIsDll = 0x2000;
constexpr std::uint32_t kResourceDirectory = 2;

// Both wrap like the 32-bit numbers that they are there.
std::uint32_t AlignDown(std::uint32_t value, std::uint32_t alignment) {
  return alignment == 0 ? value : value / alignment * alignment;
}
std::uint32_t AlignUp(std::uint32_t value, std::uint32_t alignment) {
  return alignment == 0 ? value : (value / alignment + (value % alignment != 0 ? 1 : 0)) * alignment;
}

// A section as the header has it.
struct RawHeader {
  std::uint32_t virtual_size = 0;
  std::uint32_t rva = 0;
  std::uint32_t raw_size = 0;
  std::uint32_t raw = 0;
};

// A section that begins in the file ends there at the latest.
std::uint32_t Clip(std::uint32_t offset, std::uint32_t size, std::uint64_t file_size) {
  if (size > 0 && size <= file_size && std::uint64_t{offset} + size <= file_size) return size;
  return static_cast<std::uint32_t>(file_size - offset);
}

bool HasSign(std::uint32_t value) { return (value >> 31) != 0; }

Result<std::vector<RawHeader>> ReadSectionHeaders(Bytes bytes, std::uint64_t offset, std::uint16_t count) {
  DL_TRY(Cursor cursor, ReadAt(bytes, offset, std::uint64_t{count} * kSectionHeaderSize));
  std::vector<RawHeader> headers(count);
  for (RawHeader& header : headers) {
    DL_TRY_STATUS(cursor.Skip(8));  // Name.
    DL_TRY(header.virtual_size, cursor.ReadU32Le());
    DL_TRY(header.rva, cursor.ReadU32Le());
    DL_TRY(header.raw_size, cursor.ReadU32Le());
    DL_TRY(header.raw, cursor.ReadU32Le());
    DL_TRY_STATUS(cursor.Skip(16));  // Relocations, line numbers, characteristics.
  }
  return headers;
}

Result<std::vector<Section>> AlignSections(const std::vector<RawHeader>& headers, std::uint32_t section_alignment,
                                           std::uint32_t file_alignment, std::uint64_t file_size,
                                           MissingSections missing) {
  // One section that is not where the alignment wants it puts all of them on
  // sectors.
  constexpr std::uint32_t kSector = 0x200;
  if (file_alignment != 0 && std::any_of(headers.begin(), headers.end(), [file_alignment](const RawHeader& header) {
        return header.raw_size != 0 && header.raw % file_alignment != 0 && header.raw % kSector == 0;
      })) {
    file_alignment = kSector;
  }

  std::vector<Section> sections;
  sections.reserve(headers.size());
  std::size_t left = headers.size();
  for (const RawHeader& header : headers) {
    Section section;
    section.rva = AlignDown(header.rva, section_alignment);
    section.virtual_size = AlignUp(header.virtual_size, section_alignment);
    section.raw = AlignDown(header.raw, file_alignment);
    section.raw_size = AlignUp(header.raw_size, file_alignment);
    std::uint32_t unaligned_size = header.raw_size;

    if (section.raw_size != 0) {
      if (section.raw >= file_size || header.raw >= file_size) {
        if (missing == MissingSections::kRemove) {
          if (left == 1) return Fail(ErrorCode::kMalformed, "no section lies in the file");
          --left;
          continue;
        }
        section.raw_size = 0;
        unaligned_size = 0;
      } else {
        section.raw_size = Clip(section.raw, section.raw_size, file_size);
        unaligned_size = Clip(header.raw, unaligned_size, file_size);
      }
    }
    if (section.virtual_size == 0 && section.raw_size != 0) {
      section.virtual_size = AlignUp(unaligned_size, section_alignment);
    }
    if (HasSign(header.rva) || HasSign(header.virtual_size) || (section.raw_size != 0 && HasSign(header.raw)) ||
        HasSign(unaligned_size)) {
      return Fail(ErrorCode::kMalformed, "a section's address or size is negative");
    }
    sections.push_back(section);
  }
  return sections;
}

}  // namespace

namespace internal {

Result<PeHeader> ParsePeHeader(Bytes bytes, MissingSections missing) {
  // The DOS header; both orders of its magic will do.
  DL_TRY(Cursor dos, ReadAt(bytes, 0, 2));
  DL_TRY(const std::uint16_t dos_magic, dos.ReadU16Le());
  if (dos_magic != 0x5a4d && dos_magic != 0x4d5a) return Fail(ErrorCode::kMalformed, "no DOS header");
  DL_TRY(Cursor lfanew, ReadAt(bytes, 60, 4));
  DL_TRY(const std::uint32_t pe_offset, lfanew.ReadU32Le());
  if (pe_offset == 0) return Fail(ErrorCode::kMalformed, "no PE header", 60);

  PeHeader pe;
  DL_TRY(Cursor file, ReadAt(bytes, pe_offset, kFileHeaderSize));
  DL_TRY(const std::uint32_t signature, file.ReadU32Le());
  if (signature != 0x4550) return Fail(ErrorCode::kMalformed, "no PE signature", pe_offset);
  DL_TRY_STATUS(file.Skip(2));  // Machine.
  DL_TRY(const std::uint16_t section_count, file.ReadU16Le());
  DL_TRY_STATUS(file.Skip(12));  // Time, symbol table.
  DL_TRY(const std::uint16_t optional_size, file.ReadU16Le());
  DL_TRY(const std::uint16_t characteristics, file.ReadU16Le());
  pe.info.is_dll = (characteristics & kFileIsDll) != 0;
  if (section_count == 0 || section_count > kMaxPeSections) {
    return Fail(ErrorCode::kMalformed, "number of sections", pe_offset + std::uint64_t{6});
  }

  // The optional header. Any magic but PE32+'s is PE32; the fields that count
  // are at the same places in both, but for the number of directories.
  if (optional_size < kOptionalHeaderSize32) return Fail(ErrorCode::kMalformed, "size of optional header", pe_offset);
  std::uint64_t offset = std::uint64_t{pe_offset} + kFileHeaderSize;
  DL_TRY(Cursor optional, ReadAt(bytes, offset, kOptionalHeaderSize32));
  DL_TRY(const std::uint16_t magic, optional.ReadU16Le());
  pe.is_64_bit = magic == kMagic64;
  const std::uint32_t header_size = pe.is_64_bit ? kOptionalHeaderSize64 : kOptionalHeaderSize32;
  if (optional_size < header_size) return Fail(ErrorCode::kMalformed, "size of optional header", pe_offset);
  DL_TRY(optional, ReadAt(bytes, offset, header_size));
  DL_TRY_STATUS(optional.SeekTo(16));
  DL_TRY(const std::uint32_t entry_rva, optional.ReadU32Le());
  DL_TRY_STATUS(optional.SeekTo(32));
  DL_TRY(const std::uint32_t section_alignment, optional.ReadU32Le());
  DL_TRY(const std::uint32_t file_alignment, optional.ReadU32Le());
  DL_TRY_STATUS(optional.SeekTo(60));
  DL_TRY(const std::uint32_t headers_size, optional.ReadU32Le());
  DL_TRY_STATUS(optional.SeekTo(header_size - 4));
  DL_TRY(const std::uint32_t directory_count_field, optional.ReadU32Le());
  offset += header_size;

  const auto directory_count = std::min<std::uint32_t>(directory_count_field, pe.directories.size());
  const std::uint32_t directories_size = directory_count * 8;
  if (optional_size < header_size + directories_size) {
    return Fail(ErrorCode::kMalformed, "size of optional header", pe_offset);
  }
  DL_TRY(Cursor table, Cursor(bytes).Window(offset, directories_size));
  for (std::uint32_t i = 0; i < directory_count; ++i) {
    DL_TRY(pe.directories[i].rva, table.ReadU32Le());
    DL_TRY(pe.directories[i].size, table.ReadU32Le());
  }
  offset += optional_size - header_size;

  // ClamAV maps the headers to their size rounded up as sections are.
  pe.info.header_size = AlignUp(headers_size, section_alignment);
  DL_TRY(const std::vector<RawHeader> headers, ReadSectionHeaders(bytes, offset, section_count));
  DL_TRY(pe.info.sections, AlignSections(headers, section_alignment, file_alignment, bytes.size(), missing));

  // Of a DLL without an entry point too: address 0 is that of the header.
  const auto entry_point = FileOffset(pe.info, entry_rva, bytes.size());
  if (!entry_point) return Fail(ErrorCode::kMalformed, "entry point is not in the file", pe_offset);
  pe.info.entry_point = *entry_point;

  const DataDirectory& resources = pe.directories[kResourceDirectory];
  if (resources.size != 0) pe.info.resource_rva = resources.rva;
  return pe;
}

}  // namespace internal

std::optional<std::uint32_t> FileOffset(const Info& pe, std::uint32_t rva, std::size_t file_size) {
  if (rva < pe.header_size) {
    if (rva >= file_size) return std::nullopt;
    return rva;
  }
  // Where sections overlap the last one counts, and their size in the file.
  for (auto section = pe.sections.rbegin(); section != pe.sections.rend(); ++section) {
    if (section->rva <= rva && rva - section->rva < section->raw_size) return rva - section->rva + section->raw;
  }
  return std::nullopt;
}

Result<Info> ParsePe(Bytes bytes) {
  DL_TRY(PeHeader pe, internal::ParsePeHeader(bytes, MissingSections::kKeepEmpty));
  if (pe.directories[kResourceDirectory].size != 0) {
    pe.info.version_offsets = internal::FindVersionOffsets(bytes, pe.info);
  }
  return std::move(pe.info);
}

std::vector<SectionToHash> SectionsToHash(Bytes pe_bytes) {
  std::vector<SectionToHash> result;
  const auto pe = internal::ParsePeHeader(pe_bytes, MissingSections::kRemove);
  if (!pe) return result;
  for (const Section& section : pe->info.sections) {
    if (section.raw_size != 0) result.push_back({section.raw, section.raw_size});
  }
  return result;
}

}  // namespace dl::exe
