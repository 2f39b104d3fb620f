#include "daylight/formats/dotnet/pe_image.h"

#include <algorithm>
#include <array>

#include "daylight/bytes/cursor.h"

namespace dl::formats {
namespace {

constexpr std::array<std::uint16_t, 22> kMachines = {0x0,   0x1d3,  0x8664, 0x1c0, 0x1c4, 0xaa64, 0xebc, 0x14c,
                                                     0x200, 0x9041, 0x266,  0x366, 0x466, 0x1f0,  0x1f1, 0x166,
                                                     0x1a2, 0x1a3,  0x1a6,  0x1a8, 0x1c2, 0x169};
constexpr std::size_t kMaxSections = 96;
constexpr std::size_t kDosHeaderBytes = 64;
// Sizes of the optional headers with all 16 directories.
constexpr std::size_t kOptional32Bytes = 224, kOptional64Bytes = 240;
constexpr std::size_t kCliDirectory = 14;

}  // namespace

Result<PeImage> PeImage::Parse(Bytes bytes) {
  PeImage image;
  image.bytes_ = bytes;
  const Cursor file(bytes);
  if (bytes.size() < kDosHeaderBytes || bytes[0] != std::byte{'M'} || bytes[1] != std::byte{'Z'}) {
    return Fail(ErrorCode::kMalformed, "no DOS header");
  }
  Cursor dos = file;
  DL_TRY_STATUS(dos.SeekTo(60));
  DL_TRY(const std::uint32_t header_offset, dos.ReadU32Le());
  DL_TRY(Cursor header, file.From(header_offset));
  DL_TRY(const std::uint32_t signature, header.ReadU32Le());
  if (signature != 0x4550) return Fail(ErrorCode::kMalformed, "no PE signature", header_offset);

  DL_TRY(const std::uint16_t machine, header.ReadU16Le());
  DL_TRY(const std::uint16_t section_count, header.ReadU16Le());
  DL_TRY_STATUS(header.Skip(12));
  DL_TRY(const std::uint16_t optional_size, header.ReadU16Le());
  DL_TRY_STATUS(header.Skip(2));
  if (std::find(kMachines.begin(), kMachines.end(), machine) == kMachines.end()) {
    return Fail(ErrorCode::kUnsupported, "unknown machine", header_offset + 4U);
  }

  DL_TRY(Cursor optional, header.From(header.position()));
  if (optional.size() < kOptional32Bytes) return Fail(ErrorCode::kTruncated, "optional header past the end");
  Cursor field = optional;
  DL_TRY(const std::uint16_t magic, field.ReadU16Le());
  image.is_64bit_ = magic == 0x20b;
  const std::size_t full_size = image.is_64bit_ ? kOptional64Bytes : kOptional32Bytes;
  if (optional.size() < full_size) return Fail(ErrorCode::kTruncated, "optional header past the end");
  DL_TRY_STATUS(field.SeekTo(36));
  DL_TRY(image.file_alignment_, field.ReadU32Le());
  const std::size_t directories = full_size - 16 * 8;
  DL_TRY_STATUS(field.SeekTo(directories - 4));
  DL_TRY(image.directory_count_, field.ReadU32Le());
  // The count may lie; whether the directory is there depends on the header's size.
  if (directories + kCliDirectory * 8 <= optional_size) {
    DL_TRY_STATUS(field.SeekTo(directories + kCliDirectory * 8));
    DL_TRY(image.cli_header_rva_, field.ReadU32Le());
  }

  Cursor sections = optional;
  image.sections_complete_ = sections.SeekTo(optional_size).has_value();
  for (std::size_t i = 0; image.sections_complete_ && i < std::min<std::size_t>(section_count, kMaxSections); ++i) {
    const auto record = sections.ReadBytes(40);
    if (!record) {
      image.sections_complete_ = false;
      break;
    }
    Cursor fields(*record);
    DL_TRY_STATUS(fields.Skip(8));
    DL_TRY(const std::uint32_t virtual_size, fields.ReadU32Le());
    DL_TRY(const std::uint32_t virtual_address, fields.ReadU32Le());
    DL_TRY(const std::uint32_t raw_size, fields.ReadU32Le());
    DL_TRY(const std::uint32_t raw_offset, fields.ReadU32Le());
    image.sections_.push_back({virtual_size, virtual_address, raw_size, raw_offset});
  }
  return image;
}

std::optional<std::uint64_t> PeImage::OffsetOf(std::uint32_t rva) const {
  if (!sections_complete_) return std::nullopt;
  std::uint32_t lowest = 0xffffffff;
  std::uint64_t start = 0, offset = 0, raw_size = 0;
  for (const Section& section : sections_) {
    lowest = std::min(lowest, section.virtual_address);
    // Of sections that overlap, the one that begins last counts.
    if (rva < section.virtual_address || rva - section.virtual_address >= section.virtual_size ||
        start > section.virtual_address) {
      continue;
    }
    start = section.virtual_address;
    offset = section.raw_offset;
    raw_size = section.raw_size;
    // The loader rounds down to the alignment, which it takes for at most 0x200.
    if (const std::uint32_t alignment = std::min(file_alignment_, 0x200U); alignment != 0) offset -= offset % alignment;
  }
  // What lies before the first section is mapped as it is in the file.
  if (rva < lowest) {
    start = offset = 0;
    raw_size = bytes_.size();
  }
  if (rva - start >= raw_size || offset + (rva - start) >= bytes_.size()) return std::nullopt;
  return offset + (rva - start);
}

}  // namespace dl::formats
