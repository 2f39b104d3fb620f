// Mach-O ("OS X ABI Mach-O File Format Reference", Apple), as far as ClamAV
// reads it.
#include "daylight/formats/exe/internal.h"

namespace dl::exe {

namespace {

using internal::ReadAt;

constexpr std::uint32_t kSegment32 = 0x1;
constexpr std::uint32_t kThread = 0x4;
constexpr std::uint32_t kUnixThread = 0x5;
constexpr std::uint32_t kSegment64 = 0x19;

constexpr std::uint32_t kCpu64Bit = 0x1000000;
constexpr std::uint32_t kCpuX86 = 7;
constexpr std::uint32_t kCpuPowerPc = 18;
constexpr std::uint32_t kCpuPowerPc64 = kCpuPowerPc | kCpu64Bit;

// Sizes of the thread states; of PowerPC the first field is the instruction
// pointer. x86's is read, and its instruction pointer then forgotten.
constexpr std::uint32_t kStateSizeX86 = 64;
constexpr std::uint32_t kStateSizePowerPc = 160;
constexpr std::uint32_t kStateSizePowerPc64 = 312;

// Sections of these types have no bytes in the file: S_ZEROFILL, S_GB_ZEROFILL,
// S_THREAD_LOCAL_ZEROFILL.
bool IsZeroFilled(std::uint32_t flags) {
  const std::uint32_t type = flags & 0xff;
  return type == 0x1 || type == 0xc || type == 0x12;
}

class Parser {
 public:
  explicit Parser(Bytes bytes) : bytes_(bytes) {}

  Result<Info> Parse() {
    DL_TRY_STATUS(ReadHeader());
    for (std::uint32_t i = 0; i < command_count_; ++i) DL_TRY_STATUS(ReadCommand());
    if (entry_ != 0) DL_TRY_STATUS(FindEntryPoint());
    info_.entry_point = entry_;
    // The number of sections has 16 bits there.
    info_.sections.resize(info_.sections.size() & 0xffff);
    return std::move(info_);
  }

 private:
  Status ReadHeader() {
    DL_TRY(Cursor cursor, ReadAt(bytes_, 0, 28));
    DL_TRY(const std::uint32_t magic, cursor.ReadU32Le());
    switch (magic) {
      case 0xfeedface: break;
      case 0xcefaedfe: big_endian_ = true; break;
      case 0xfeedfacf: is_64_bit_ = true; break;
      case 0xcffaedfe: big_endian_ = is_64_bit_ = true; break;
      default: return Fail(ErrorCode::kMalformed, "not a Mach-O file");
    }
    DL_TRY(cpu_, Word(cursor));
    DL_TRY_STATUS(cursor.Skip(8));  // Subtype, kind of file.
    DL_TRY(command_count_, Word(cursor));
    if (command_count_ == 0 || command_count_ > kMaxMachoCommands) {
      return Fail(ErrorCode::kMalformed, "number of load commands", 16);
    }
    at_ = is_64_bit_ ? 32 : 28;
    return {};
  }

  Status ReadCommand() {
    DL_TRY(Cursor cursor, ReadAt(bytes_, at_, 8));
    DL_TRY(const std::uint32_t command, Word(cursor));
    DL_TRY(const std::uint32_t size, Word(cursor));
    at_ += 8;
    if (command == (is_64_bit_ ? kSegment64 : kSegment32)) return ReadSegment();
    const bool has_state = cpu_ == kCpuX86 || cpu_ == kCpuPowerPc || cpu_ == kCpuPowerPc64;
    if (has_state && (command == kThread || command == kUnixThread)) return ReadThread();
    if (size > 8) at_ += size - 8;
    return {};
  }

  // The next command is looked for behind the sections, whatever the segment's
  // size says, and so it is behind a thread's state.
  Status ReadSegment() {
    const std::uint32_t segment_size = is_64_bit_ ? 64 : 48;
    DL_TRY(Cursor cursor, ReadAt(bytes_, at_, segment_size));
    DL_TRY_STATUS(cursor.SeekTo(segment_size - 8));
    DL_TRY(const std::uint32_t count, Word(cursor));
    at_ += segment_size;
    if (count > kMaxMachoSectionsOfSegment) return Fail(ErrorCode::kMalformed, "number of sections", at_);
    for (std::uint32_t i = 0; i < count; ++i) DL_TRY_STATUS(ReadSection());
    return {};
  }

  Status ReadSection() {
    const std::uint32_t size = is_64_bit_ ? 80 : 68;
    DL_TRY(Cursor cursor, ReadAt(bytes_, at_, size));
    DL_TRY_STATUS(cursor.Skip(32));  // Its name and its segment's.
    Section section;
    DL_TRY(const std::uint64_t address, Wide(cursor));
    DL_TRY(const std::uint64_t virtual_size, Wide(cursor));
    DL_TRY(section.raw, Word(cursor));
    DL_TRY(const std::uint32_t exponent, Word(cursor));
    DL_TRY_STATUS(cursor.Skip(8));  // Relocations.
    DL_TRY(const std::uint32_t flags, Word(cursor));
    if (exponent > 31) return Fail(ErrorCode::kMalformed, "alignment of a section", at_);
    if (!IsZeroFilled(flags)) {
      // The size is rounded up and must then still fit.
      const std::uint64_t alignment = std::uint64_t{1} << exponent;
      const std::uint64_t rounded = ((virtual_size & 0xffffffff) + alignment - 1) & ~(alignment - 1);
      if (virtual_size > 0xffffffff || rounded > 0xffffffff) {
        return Fail(ErrorCode::kMalformed, "size of a section", at_);
      }
      section.raw_size = static_cast<std::uint32_t>(rounded);
    }
    // Of an address, and of a size that is not in the file, the low half is kept.
    section.rva = static_cast<std::uint32_t>(address);
    section.virtual_size = static_cast<std::uint32_t>(virtual_size);
    info_.sections.push_back(section);
    at_ += size;
    return {};
  }

  Status ReadThread() {
    at_ += 8;  // Flavour, count.
    const std::uint32_t size = cpu_ == kCpuX86       ? kStateSizeX86
                               : cpu_ == kCpuPowerPc ? kStateSizePowerPc
                                                     : kStateSizePowerPc64;
    DL_TRY(Cursor cursor, ReadAt(bytes_, at_, size));
    if (cpu_ == kCpuPowerPc) {
      DL_TRY(entry_, Word(cursor));
    } else if (cpu_ == kCpuPowerPc64) {
      // The low half, whatever the width of the file.
      DL_TRY(const std::uint64_t pointer, big_endian_ ? cursor.ReadU64Be() : cursor.ReadU64Le());
      entry_ = static_cast<std::uint32_t>(pointer);
    }
    at_ += size;
    return {};
  }

  // Without a section an address stays one.
  Status FindEntryPoint() {
    if (info_.sections.empty()) return {};
    const std::size_t count = info_.sections.size() & 0xffff;
    for (std::size_t i = 0; i < count; ++i) {
      const Section& section = info_.sections[i];
      // The sum has 32 bits there.
      const std::uint32_t end = section.rva + section.virtual_size;
      if (section.rva <= entry_ && end > entry_) {
        entry_ = entry_ - section.rva + section.raw;
        return {};
      }
    }
    return Fail(ErrorCode::kMalformed, "entry point is in no section");
  }

  Result<std::uint32_t> Word(Cursor& cursor) const { return big_endian_ ? cursor.ReadU32Be() : cursor.ReadU32Le(); }
  Result<std::uint64_t> Wide(Cursor& cursor) const {
    if (is_64_bit_) return big_endian_ ? cursor.ReadU64Be() : cursor.ReadU64Le();
    DL_TRY(const std::uint32_t word, Word(cursor));
    return word;
  }

  Bytes bytes_;
  std::uint64_t at_ = 0;
  bool big_endian_ = false;
  bool is_64_bit_ = false;
  std::uint32_t cpu_ = 0;
  std::uint32_t command_count_ = 0;
  std::uint32_t entry_ = 0;
  Info info_;
};

}  // namespace

Result<Info> ParseMachO(Bytes bytes) { return Parser(bytes).Parse(); }

std::vector<UniversalMember> UniversalMembers(Bytes bytes) {
  std::vector<UniversalMember> members;
  auto header = ReadAt(bytes, 0, 8);
  if (!header) return members;
  // Always in this order: nothing else is taken for a universal file.
  const auto magic = header->ReadU32Be();
  const auto count = header->ReadU32Be();
  // A Java class has the same magic, and here its version, which is above 38.
  if (!magic || *magic != 0xcafebabe || !count || *count > kMaxUniversalMembers) return members;
  for (std::uint32_t i = 0; i < *count; ++i) {
    auto record = ReadAt(bytes, 8 + std::uint64_t{i} * 20, 20);
    if (!record || !record->Skip(8)) break;  // CPU.
    const auto offset = record->ReadU32Be();
    const auto size = record->ReadU32Be();
    if (!offset || !size || *offset >= bytes.size()) continue;
    // No size means all the rest, and there is never more than that.
    const std::uint64_t rest = bytes.size() - *offset;
    const auto clipped = static_cast<std::uint32_t>(*size == 0 || *size > rest ? rest : *size);
    if (clipped >= kMinUniversalMemberBytes) members.push_back({*offset, clipped});
  }
  return members;
}

}  // namespace dl::exe
