// The System V ABI, chapter 4 and 5 ("gABI"), as far as ClamAV reads it.
#include "daylight/formats/exe/internal.h"

namespace dl::exe {

namespace {

using internal::ReadAt;

// Numbers in the file's order and of its width.
class Reader {
 public:
  Reader(bool big_endian, bool is_64_bit) : big_endian_(big_endian), is_64_bit_(is_64_bit) {}
  bool is_64_bit() const { return is_64_bit_; }
  Result<std::uint16_t> Half(Cursor& cursor) const { return big_endian_ ? cursor.ReadU16Be() : cursor.ReadU16Le(); }
  Result<std::uint32_t> Word(Cursor& cursor) const { return big_endian_ ? cursor.ReadU32Be() : cursor.ReadU32Le(); }
  // An address, offset or size.
  Result<std::uint64_t> Wide(Cursor& cursor) const {
    if (is_64_bit_) return big_endian_ ? cursor.ReadU64Be() : cursor.ReadU64Le();
    DL_TRY(const std::uint32_t word, Word(cursor));
    return word;
  }
  // Sums of addresses have the file's width.
  std::uint64_t Wrap(std::uint64_t value) const { return is_64_bit_ ? value : value & 0xffffffff; }

 private:
  bool big_endian_;
  bool is_64_bit_;
};

struct Header {
  std::uint64_t entry = 0;
  std::uint64_t segments_offset = 0;
  std::uint64_t sections_offset = 0;
  std::uint16_t segment_size = 0;
  std::uint16_t segment_count = 0;
  std::uint16_t section_size = 0;
  std::uint16_t section_count = 0;
};

// gABI, "Program Header". Of all segments, of whatever type, the first that has
// the address in memory says where it is in the file. ClamAV reads them only to
// find the entry point, so they may be broken in a file without one.
Result<std::uint64_t> EntryPoint(Bytes bytes, const Reader& reader, const Header& header) {
  if (header.segment_count > kMaxElfSegments) return Fail(ErrorCode::kMalformed, "number of segments");
  if (header.segment_count == 0 || header.entry == 0) return std::uint64_t{0};
  const std::uint16_t size = reader.is_64_bit() ? 56 : 32;
  if (header.segment_size != size) return Fail(ErrorCode::kMalformed, "size of a program header");
  DL_TRY(Cursor table, ReadAt(bytes, header.segments_offset, std::uint64_t{header.segment_count} * size));
  for (std::uint16_t i = 0; i < header.segment_count; ++i) {
    DL_TRY_STATUS(table.SeekTo(std::uint64_t{i} * size));
    DL_TRY_STATUS(table.Skip(reader.is_64_bit() ? 8 : 4));  // Type; of 64 bits also flags.
    DL_TRY(const std::uint64_t offset, reader.Wide(table));
    DL_TRY(const std::uint64_t address, reader.Wide(table));
    DL_TRY_STATUS(table.Skip(reader.is_64_bit() ? 16 : 8));  // Physical address, size in the file.
    DL_TRY(const std::uint64_t memory_size, reader.Wide(table));
    if (address <= header.entry && reader.Wrap(address + memory_size) > header.entry) {
      return reader.Wrap(header.entry - address + offset);
    }
  }
  return Fail(ErrorCode::kMalformed, "entry point is in no segment");
}

// gABI, "Section Header Table".
Result<std::vector<Section>> ReadSections(Bytes bytes, const Reader& reader, const Header& header) {
  if (header.section_count > kMaxElfSections) return Fail(ErrorCode::kMalformed, "number of sections");
  // Checked of a file without sections too.
  const std::uint16_t size = reader.is_64_bit() ? 64 : 40;
  if (header.section_size != size) return Fail(ErrorCode::kMalformed, "size of a section header");
  std::vector<Section> sections(header.section_count);
  if (sections.empty()) return sections;
  DL_TRY(Cursor table, ReadAt(bytes, header.sections_offset, std::uint64_t{header.section_count} * size));
  for (std::size_t i = 0; i < sections.size(); ++i) {
    DL_TRY_STATUS(table.SeekTo(i * size));
    DL_TRY_STATUS(table.Skip(reader.is_64_bit() ? 16 : 12));  // Name, type, flags.
    DL_TRY(const std::uint64_t address, reader.Wide(table));
    DL_TRY(const std::uint64_t offset, reader.Wide(table));
    DL_TRY(const std::uint64_t section_size, reader.Wide(table));
    sections[i].rva = static_cast<std::uint32_t>(address);
    sections[i].raw = static_cast<std::uint32_t>(offset);
    sections[i].raw_size = static_cast<std::uint32_t>(section_size);
  }
  return sections;
}

}  // namespace

Result<Info> ParseElf(Bytes bytes) {
  // gABI, "ELF Header".
  constexpr std::size_t kHeaderSize32 = 52;
  constexpr std::size_t kHeaderSize64 = 64;
  DL_TRY(Cursor cursor, ReadAt(bytes, 0, kHeaderSize32));
  DL_TRY(const std::uint32_t magic, cursor.ReadU32Be());
  if (magic != 0x7f454c46) return Fail(ErrorCode::kMalformed, "not an ELF file");
  DL_TRY(const std::uint8_t width, cursor.ReadU8());
  if (width != 1 && width != 2) return Fail(ErrorCode::kMalformed, "ELF class", 4);
  // Whatever does not say little is big.
  DL_TRY(const std::uint8_t order, cursor.ReadU8());
  const Reader reader(order != 1, width == 2);
  if (reader.is_64_bit()) {
    DL_TRY(cursor, ReadAt(bytes, 0, kHeaderSize64));
  }
  DL_TRY_STATUS(cursor.SeekTo(24));
  Header header;
  DL_TRY(header.entry, reader.Wide(cursor));
  DL_TRY(header.segments_offset, reader.Wide(cursor));
  DL_TRY(header.sections_offset, reader.Wide(cursor));
  DL_TRY_STATUS(cursor.Skip(6));  // Flags, size of this header.
  DL_TRY(header.segment_size, reader.Half(cursor));
  DL_TRY(header.segment_count, reader.Half(cursor));
  DL_TRY(header.section_size, reader.Half(cursor));
  DL_TRY(header.section_count, reader.Half(cursor));

  Info info;
  DL_TRY(const std::uint64_t entry_point, EntryPoint(bytes, reader, header));
  info.entry_point = static_cast<std::uint32_t>(entry_point);
  DL_TRY(info.sections, ReadSections(bytes, reader, header));
  return info;
}

}  // namespace dl::exe
