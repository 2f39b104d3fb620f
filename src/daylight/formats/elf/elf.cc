#include "daylight/formats/elf/elf.h"

#include <algorithm>

#include "daylight/bytes/cursor.h"

namespace dl::elf {
namespace {

constexpr std::string_view kMagic =
    "\x7f"
    "ELF";
// Positions and values in e_ident (gABI, "ELF Identification").
constexpr std::uint64_t kIdentBytes = 16;
constexpr std::size_t kIdentClass = 4;
constexpr std::size_t kIdentData = 5;
constexpr std::byte kClass32{1};
constexpr std::byte kClass64{2};
constexpr std::byte kData2Lsb{1};
constexpr std::byte kData2Msb{2};

constexpr std::uint16_t kTypeExecutable = 2;         // ET_EXEC
constexpr std::uint32_t kSectionNull = 0;            // SHT_NULL
constexpr std::uint32_t kSectionSymtab = 2;          // SHT_SYMTAB
constexpr std::uint32_t kSectionStrtab = 3;          // SHT_STRTAB
constexpr std::uint32_t kSectionNobits = 8;          // SHT_NOBITS
constexpr std::uint32_t kSectionDynsym = 11;         // SHT_DYNSYM
constexpr std::uint16_t kSectionLoReserve = 0xff00;  // SHN_LORESERVE
constexpr std::uint32_t kSegmentDynamic = 2;         // PT_DYNAMIC
constexpr std::uint16_t kSegmentXnum = 0xffff;       // PN_XNUM
constexpr std::uint64_t kDynamicNull = 0;            // DT_NULL

// How the file writes its numbers, and with that the size of its records.
struct Encoding {
  bool is_64_bit;
  ByteOrder byte_order;

  std::uint64_t header_bytes() const { return is_64_bit ? 64 : 52; }
  std::uint64_t section_bytes() const { return is_64_bit ? 64 : 40; }
  std::uint64_t segment_bytes() const { return is_64_bit ? 56 : 32; }
  std::uint64_t dynamic_bytes() const { return is_64_bit ? 16 : 8; }
  std::uint64_t symbol_bytes() const { return is_64_bit ? 24 : 16; }
};

// Reads fields by the names the specification has for their sizes.
class FieldReader {
 public:
  FieldReader(Encoding encoding, Cursor cursor) : encoding_(encoding), cursor_(cursor) {}

  Result<std::uint8_t> Byte() { return cursor_.ReadU8(); }
  Result<std::uint16_t> Half() { return little() ? cursor_.ReadU16Le() : cursor_.ReadU16Be(); }
  Result<std::uint32_t> Word() { return little() ? cursor_.ReadU32Le() : cursor_.ReadU32Be(); }
  // Elf32_Addr, Elf32_Off or Elf32_Word; Elf64_Addr, Elf64_Off or Elf64_Xword.
  Result<std::uint64_t> Native() {
    if (encoding_.is_64_bit) return little() ? cursor_.ReadU64Le() : cursor_.ReadU64Be();
    DL_TRY(const std::uint32_t word, Word());
    return std::uint64_t{word};
  }
  Status Skip(std::uint64_t n) { return cursor_.Skip(n); }
  bool is_64_bit() const { return encoding_.is_64_bit; }

 private:
  bool little() const { return encoding_.byte_order == ByteOrder::kLittle; }
  Encoding encoding_;
  Cursor cursor_;
};

// gABI, "ELF Header".
Result<ElfFile> ReadHeader(Bytes file, Encoding encoding) {
  ElfFile elf;
  elf.is_64_bit = encoding.is_64_bit;
  elf.byte_order = encoding.byte_order;
  FieldReader fields(encoding, Cursor(file));
  DL_TRY_STATUS(fields.Skip(kIdentBytes));
  DL_TRY(elf.type, fields.Half());
  DL_TRY(elf.machine, fields.Half());
  DL_TRY_STATUS(fields.Skip(4));  // e_version
  DL_TRY(elf.entry_address, fields.Native());
  DL_TRY(elf.segment_table_offset, fields.Native());
  DL_TRY(elf.section_table_offset, fields.Native());
  DL_TRY_STATUS(fields.Skip(4 + 2));  // e_flags, e_ehsize
  DL_TRY(elf.segment_entry_size, fields.Half());
  DL_TRY(elf.segment_count, fields.Half());
  DL_TRY(elf.section_entry_size, fields.Half());
  DL_TRY(elf.section_count, fields.Half());
  DL_TRY(elf.section_names_index, fields.Half());
  return elf;
}

Result<Section> ReadSection(FieldReader& fields, std::uint32_t& name_offset) {
  Section section;
  DL_TRY(name_offset, fields.Word());
  DL_TRY(section.type, fields.Word());
  DL_TRY(section.flags, fields.Native());
  DL_TRY(section.address, fields.Native());
  DL_TRY(section.offset, fields.Native());
  DL_TRY(section.size, fields.Native());
  DL_TRY(section.link, fields.Word());
  DL_TRY_STATUS(fields.Skip(4));                            // sh_info
  DL_TRY_STATUS(fields.Skip(fields.is_64_bit() ? 16 : 8));  // sh_addralign, sh_entsize
  return section;
}

Result<Segment> ReadSegment(FieldReader& fields) {
  Segment segment;
  DL_TRY(segment.type, fields.Word());
  // p_flags moved in the 64-bit class, so that the fields stay aligned.
  if (fields.is_64_bit()) {
    DL_TRY(segment.flags, fields.Word());
  }
  DL_TRY(segment.offset, fields.Native());
  DL_TRY(segment.virtual_address, fields.Native());
  DL_TRY(segment.physical_address, fields.Native());
  DL_TRY(segment.file_size, fields.Native());
  DL_TRY(segment.memory_size, fields.Native());
  if (!fields.is_64_bit()) {
    DL_TRY(segment.flags, fields.Word());
  }
  DL_TRY(segment.alignment, fields.Native());
  return segment;
}

Result<Symbol> ReadSymbol(FieldReader& fields, std::uint32_t& name_offset) {
  Symbol symbol;
  std::uint8_t info = 0;   // Type and binding.
  std::uint8_t other = 0;  // Visibility.
  DL_TRY(name_offset, fields.Word());
  if (!fields.is_64_bit()) {
    DL_TRY(symbol.value, fields.Native());
    DL_TRY(symbol.size, fields.Native());
  }
  DL_TRY(info, fields.Byte());
  DL_TRY(other, fields.Byte());
  DL_TRY(symbol.section_index, fields.Half());
  if (fields.is_64_bit()) {
    DL_TRY(symbol.value, fields.Native());
    DL_TRY(symbol.size, fields.Native());
  }
  symbol.type = info & 0xf;
  symbol.binding = info >> 4;
  symbol.visibility = other & 0x3;
  return symbol;
}

Result<DynamicEntry> ReadDynamicEntry(FieldReader& fields) {
  DynamicEntry entry;
  DL_TRY(entry.tag, fields.Native());
  DL_TRY(entry.value, fields.Native());
  return entry;
}

// Whether [begin, begin + size) holds `address`. The sum wraps at the class's
// width, as in libyara, so that a range up to the top of memory is empty.
bool Covers(std::uint64_t begin, std::uint64_t size, std::uint64_t address, bool is_64_bit) {
  const std::uint64_t end = is_64_bit ? begin + size : (begin + size) & 0xffffffff;
  return address >= begin && address < end;
}

// One parse of one file. Every method leaves out what it cannot read.
class Parser {
 public:
  Parser(Bytes file, Encoding encoding, ElfFile header) : file_(file), encoding_(encoding), elf_(std::move(header)) {}

  ElfFile Parse() {
    if (elf_.entry_address != 0) elf_.entry_offset = OffsetOf(elf_.entry_address);
    ReadSections();
    ReadSymbolTables();
    ReadSegments();
    return std::move(elf_);
  }

  // The segments say where an executable's address lies, the sections where
  // another file's does.
  std::optional<std::uint64_t> OffsetOf(std::uint64_t address) const {
    return elf_.type == kTypeExecutable ? OffsetBySegments(address) : OffsetBySections(address);
  }

 private:
  Result<Cursor> Table(std::uint64_t offset, std::uint64_t count, std::uint64_t entry_bytes) const {
    return file_.Window(offset, count * entry_bytes);  // At most 16 bits times 7.
  }

  std::optional<std::uint64_t> OffsetBySegments(std::uint64_t address) const {
    const auto table = Table(elf_.segment_table_offset, elf_.segment_count, encoding_.segment_bytes());
    if (!table || elf_.segment_table_offset == 0) return std::nullopt;
    FieldReader fields(encoding_, *table);
    for (std::uint32_t i = 0; i < elf_.segment_count; ++i) {
      const auto segment = ReadSegment(fields);
      if (!segment) break;
      if (Covers(segment->virtual_address, segment->memory_size, address, encoding_.is_64_bit)) {
        return segment->offset + (address - segment->virtual_address);
      }
    }
    return std::nullopt;
  }

  std::optional<std::uint64_t> OffsetBySections(std::uint64_t address) const {
    const auto table = Table(elf_.section_table_offset, elf_.section_count, encoding_.section_bytes());
    if (!table || elf_.section_table_offset == 0) return std::nullopt;
    FieldReader fields(encoding_, *table);
    for (std::uint32_t i = 0; i < elf_.section_count; ++i) {
      std::uint32_t name_offset = 0;
      const auto section = ReadSection(fields, name_offset);
      if (!section) break;
      if (section->type == kSectionNull || section->type == kSectionNobits) continue;
      if (Covers(section->address, section->size, address, encoding_.is_64_bit)) {
        return section->offset + (address - section->address);
      }
    }
    return std::nullopt;
  }

  // gABI, "Section Header Table". Tables with more than SHN_LORESERVE entries
  // keep their count in section 0; like libyara, we do not follow there.
  void ReadSections() {
    if (elf_.section_count >= kSectionLoReserve || elf_.section_names_index >= elf_.section_count) return;
    if (elf_.section_table_offset >= file_.size()) return;
    const auto table = Table(elf_.section_table_offset, elf_.section_count, encoding_.section_bytes());
    if (!table) return;

    std::vector<std::uint32_t> name_offsets(elf_.section_count);
    elf_.sections.reserve(elf_.section_count);
    FieldReader fields(encoding_, *table);
    for (std::uint32_t& name_offset : name_offsets) {
      auto section = ReadSection(fields, name_offset);
      if (!section) return;
      elf_.sections.push_back(*std::move(section));
    }

    // The names' section may claim any size: like libyara, we let it reach to
    // the end of the file. At offset 0 there can be no table, only the header.
    const std::uint64_t names_offset = elf_.sections[elf_.section_names_index].offset;
    const auto names = file_.From(names_offset);
    if (!names || names_offset == 0) return;
    for (std::size_t i = 0; i < elf_.sections.size(); ++i) {
      elf_.sections[i].name = NameAt(*names, name_offsets[i]);
    }
  }

  // gABI, "String Table": the first byte is NUL, and so is each string's last.
  std::optional<std::string_view> NameAt(Cursor table, std::uint32_t offset) {
    constexpr std::uint32_t kMaxOffset = 0x7fffffff;  // libyara's index is signed.
    if (table.size() == 0 || table.bytes()[0] != std::byte{0} || offset > kMaxOffset) return std::nullopt;
    if (!table.SeekTo(offset)) return std::nullopt;
    const auto name = table.ReadCString(name_bytes_left_);
    if (!name) {
      if (table.remaining() > name_bytes_left_) Stop("names of more bytes than the limit");
      return std::nullopt;
    }
    name_bytes_left_ -= name->size() + 1;
    return *name;
  }

  void ReadSymbolTables() {
    // Of several tables of a kind the last counts, as in libyara.
    const Section* symtab = nullptr;
    const Section* dynsym = nullptr;
    for (const Section& section : elf_.sections) {
      if (section.link >= elf_.sections.size() || elf_.sections[section.link].type != kSectionStrtab) continue;
      if (section.type == kSectionSymtab) symtab = &section;
      if (section.type == kSectionDynsym) dynsym = &section;
    }
    if (symtab) elf_.symtab = ReadSymbolTable(*symtab);
    if (dynsym) elf_.dynsym = ReadSymbolTable(*dynsym);
  }

  // gABI, "Symbol Table".
  std::optional<SymbolTable> ReadSymbolTable(const Section& section) {
    const Section& names_section = elf_.sections[section.link];
    const auto table = file_.Window(section.offset, section.size);
    const auto names = file_.Window(names_section.offset, names_section.size);
    if (!table || !names) return std::nullopt;

    SymbolTable result;
    result.count = section.size / encoding_.symbol_bytes();
    if (result.count > symbols_left_) Stop("more symbols than the limit");
    const std::uint64_t readable = std::min<std::uint64_t>(result.count, symbols_left_);
    symbols_left_ -= static_cast<std::size_t>(readable);
    result.symbols.reserve(static_cast<std::size_t>(readable));
    FieldReader fields(encoding_, *table);
    for (std::uint64_t i = 0; i < readable; ++i) {
      std::uint32_t name_offset = 0;
      auto symbol = ReadSymbol(fields, name_offset);
      if (!symbol) break;
      symbol->name = NameAt(*names, name_offset);
      result.symbols.push_back(*std::move(symbol));
    }
    return result;
  }

  // gABI, "Program Header".
  void ReadSegments() {
    if (elf_.segment_count == kSegmentXnum || elf_.segment_table_offset >= file_.size()) return;
    const auto table = Table(elf_.segment_table_offset, elf_.segment_count, encoding_.segment_bytes());
    if (!table) return;
    elf_.segments.reserve(elf_.segment_count);
    FieldReader fields(encoding_, *table);
    for (std::uint32_t i = 0; i < elf_.segment_count; ++i) {
      auto segment = ReadSegment(fields);
      if (!segment) return;
      if (segment->type == kSegmentDynamic) ReadDynamic(segment->offset);
      elf_.segments.push_back(*std::move(segment));
    }
  }

  // gABI, "Dynamic Section": up to DT_NULL or, without it, the end of the file.
  // Thousands of segments may point at the same bytes, hence the limit.
  void ReadDynamic(std::uint64_t offset) {
    std::uint64_t count = 0;
    if (const auto table = file_.From(offset)) {
      FieldReader fields(encoding_, *table);
      while (const auto entry = ReadDynamicEntry(fields)) {
        if (dynamic_left_ == 0) {
          Stop("more dynamic entries than the limit");
          break;
        }
        --dynamic_left_;
        if (count < elf_.dynamic.size()) {
          elf_.dynamic[static_cast<std::size_t>(count)] = *entry;
        } else {
          elf_.dynamic.push_back(*entry);
        }
        ++count;
        if (entry->tag == kDynamicNull) break;
      }
    }
    elf_.dynamic_count = count;
  }

  void Stop(std::string_view why) {
    if (!elf_.stopped) elf_.stopped = Error{ErrorCode::kBudget, why};
  }

  Cursor file_;
  Encoding encoding_;
  ElfFile elf_;
  std::size_t symbols_left_ = kMaxSymbols;
  std::size_t dynamic_left_ = kMaxDynamicEntries;
  std::size_t name_bytes_left_ = kMaxNameBytes;
};

}  // namespace

bool HasElfMagic(Bytes head) { return AsText(head).starts_with(kMagic); }

Result<ElfFile> ParseElf(Bytes file) {
  if (!HasElfMagic(file)) return Fail(ErrorCode::kUnsupported, "not ELF");
  if (file.size() < kIdentBytes) return Fail(ErrorCode::kTruncated, "ELF identification past the end");
  const std::byte file_class = file[kIdentClass];
  const std::byte data = file[kIdentData];
  if (file_class != kClass32 && file_class != kClass64) return Fail(ErrorCode::kUnsupported, "unknown ELF class", 4);
  if (data != kData2Lsb && data != kData2Msb) return Fail(ErrorCode::kUnsupported, "unknown ELF byte order", 5);
  const Encoding encoding = {file_class == kClass64, data == kData2Lsb ? ByteOrder::kLittle : ByteOrder::kBig};
  // Like libyara, we want a byte more than the header.
  if (file.size() <= encoding.header_bytes()) return Fail(ErrorCode::kTruncated, "nothing after the ELF header");
  DL_TRY(ElfFile header, ReadHeader(file, encoding));
  return Parser(file, encoding, std::move(header)).Parse();
}

std::optional<std::uint64_t> ElfEntryPointOffset(Bytes file) {
  if (!HasElfMagic(file) || file.size() < kIdentBytes) return std::nullopt;
  const std::byte file_class = file[kIdentClass];
  if (file_class != kClass32 && file_class != kClass64) return std::nullopt;
  const Encoding encoding = {file_class == kClass64, ByteOrder::kLittle};
  auto header = ReadHeader(file, encoding);
  if (!header) return std::nullopt;
  const std::uint64_t entry = header->entry_address;
  return Parser(file, encoding, *std::move(header)).OffsetOf(entry).value_or(0);
}

}  // namespace dl::elf
