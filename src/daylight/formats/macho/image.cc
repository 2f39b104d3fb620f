#include "daylight/formats/macho/image.h"

#include <algorithm>

#include "daylight/bytes/cursor.h"
#include "daylight/formats/macho/linkedit.h"

namespace dl::macho {
namespace {

constexpr std::uint32_t kMagic = 0xfeedface;    // Big-endian, 32 bits.
constexpr std::uint32_t kCigam = 0xcefaedfe;    // Little-endian, 32 bits.
constexpr std::uint32_t kMagic64 = 0xfeedfacf;  // Big-endian, 64 bits.
constexpr std::uint32_t kCigam64 = 0xcffaedfe;  // Little-endian, 64 bits.
constexpr std::uint32_t kFatMagic = 0xcafebabe;
constexpr std::uint32_t kFatMagic64 = 0xcafebabf;
constexpr std::uint64_t kHeaderBytes = 28;
constexpr std::uint64_t kHeader64Bytes = 32;
constexpr std::uint64_t kCommandBytes = 8;  // Its type and its size.
constexpr std::size_t kNameBytes = 16;

// <mach-o/loader.h>
enum LoadCommand : std::uint32_t {
  kSegment = 0x1,
  kSymtab = 0x2,
  kUnixThread = 0x5,
  kDysymtab = 0xb,
  kLoadDylib = 0xc,
  kIdDylib = 0xd,
  kLoadDylinker = 0xe,
  kIdDylinker = 0xf,
  kLoadWeakDylib = 0x80000018,
  kSegment64 = 0x19,
  kUuid = 0x1b,
  kRpath = 0x8000001c,
  kCodeSignature = 0x1d,
  kReexportDylib = 0x8000001f,
  kDyldInfo = 0x22,
  kDyldInfoOnly = 0x80000022,
  kVersionMinMacosx = 0x24,
  kVersionMinIphoneos = 0x25,
  kDyldEnvironment = 0x27,
  kMain = 0x80000028,
  kSourceVersion = 0x2a,
  kLinkerOption = 0x2d,
  kVersionMinTvos = 0x2f,
  kVersionMinWatchos = 0x30,
  kBuildVersion = 0x32,
  kDyldExportsTrie = 0x80000033,
  kDyldChainedFixups = 0x80000034,
};

// Where the saved program counter lies in a thread's state: <mach/*/_structs.h>.
struct ThreadState {
  std::uint32_t cpu_type;
  std::uint64_t state_bytes;
  std::uint64_t counter_offset;
  bool is_64_bit;
};
constexpr ThreadState kThreadStates[] = {
    {0x00000006, 72, 68, false},    // MC680x0
    {0x0000000d, 136, 124, false},  // MC88000
    {0x0000000e, 76, 4, false},     // SPARC
    {0x00000012, 160, 0, false},    // PowerPC
    {0x00000007, 64, 40, false},    // x86
    {0x0000000c, 68, 60, false},    // ARM
    {0x01000007, 168, 128, true},   // x86-64
    {0x0100000c, 272, 256, true},   // ARM64
    {0x01000012, 304, 0, true},     // PowerPC 64
};

class FieldReader {
 public:
  FieldReader(bool big_endian, Cursor cursor) : big_endian_(big_endian), cursor_(cursor) {}

  Result<std::uint8_t> U8() { return cursor_.ReadU8(); }
  Result<std::uint16_t> U16() { return big_endian_ ? cursor_.ReadU16Be() : cursor_.ReadU16Le(); }
  Result<std::uint32_t> U32() { return big_endian_ ? cursor_.ReadU32Be() : cursor_.ReadU32Le(); }
  Result<std::uint64_t> U64() { return big_endian_ ? cursor_.ReadU64Be() : cursor_.ReadU64Le(); }
  Result<std::uint64_t> Word(bool is_64_bit) {
    if (is_64_bit) return U64();
    DL_TRY(const std::uint32_t word, U32());
    return std::uint64_t{word};
  }
  // A name in 16 bytes, up to its first NUL.
  Result<std::string_view> Name() {
    DL_TRY(const Bytes bytes, cursor_.ReadBytes(kNameBytes));
    const std::string_view name = AsText(bytes);
    return name.substr(0, name.find('\0'));
  }
  // The rest, without the NULs that pad it.
  std::string_view RestAsName() const {
    const std::string_view rest = AsText(cursor_.bytes().subspan(cursor_.position()));
    return rest.substr(0, rest.find_last_not_of('\0') + 1);
  }
  Status Skip(std::uint64_t n) { return cursor_.Skip(n); }
  Cursor& cursor() { return cursor_; }

 private:
  bool big_endian_;
  Cursor cursor_;
};

class ImageReader {
 public:
  ImageReader(Bytes bytes, Limits& limits) : file_(bytes), limits_(limits) {}

  std::optional<Image> Read() {
    if (file_.size() < kHeader64Bytes || !ReadHeader()) return std::nullopt;
    CollectCommands();
    for (const Command& command : commands_) ReadSegmentCommand(command);
    // Entry points need the segments.
    for (const Command& command : commands_) ReadEntryPoint(command);
    for (const Command& command : commands_) {
      // A command that is too short for its type says nothing.
      (void)ReadOther(command);
    }
    ReadLinkedit();
    return std::move(image_);
  }

 private:
  struct Command {
    std::uint32_t type;
    std::uint32_t size;
    std::uint64_t offset;
  };

  FieldReader Fields(Cursor cursor) const { return {image_.big_endian, cursor}; }

  // mach_header, mach_header_64
  Status ReadHeader() {
    Cursor start = file_;
    DL_TRY(image_.magic, start.ReadU32Be());
    const std::uint32_t magic = image_.magic;
    image_.is_64_bit = magic != kMagic && magic != kCigam;
    image_.big_endian = magic == kMagic || magic == kMagic64 || magic == kFatMagic || magic == kFatMagic64;
    FieldReader fields = Fields(start);
    DL_TRY(image_.cpu_type, fields.U32());
    DL_TRY(image_.cpu_subtype, fields.U32());
    DL_TRY(image_.file_type, fields.U32());
    DL_TRY(image_.command_count, fields.U32());
    DL_TRY(image_.commands_size, fields.U32());
    DL_TRY(image_.flags, fields.U32());
    if (image_.is_64_bit) {
      DL_TRY(image_.reserved, fields.U32());
    }
    return {};
  }

  // The commands that lie within the file, up to the first that does not.
  void CollectCommands() {
    std::uint64_t offset = image_.is_64_bit ? kHeader64Bytes : kHeaderBytes;
    for (std::uint32_t i = 0; i < image_.command_count; ++i) {
      const auto rest = file_.From(offset);
      if (!rest) return;
      FieldReader fields = Fields(*rest);
      const auto type = fields.U32();
      const auto size = fields.U32();
      if (!type || !size || *size > rest->size() || *size < kCommandBytes || !limits_.TakeCommand()) return;
      commands_.push_back({*type, *size, offset});
      offset += *size;
    }
  }

  // The fields of a command, after its type and size. `lax` lets them reach to
  // the end of the file, as libyara does for the commands that it knows.
  FieldReader FieldsOf(const Command& command, bool lax = false) const {
    const std::uint64_t begin = command.offset + kCommandBytes;
    const auto cursor = lax ? file_.From(begin) : file_.Window(begin, command.size - kCommandBytes);
    return Fields(cursor ? *cursor : Cursor());
  }

  void ReadSegmentCommand(const Command& command) {
    if (command.type != kSegment && command.type != kSegment64) return;
    ++image_.segment_count;
    const bool is_64_bit = command.type == kSegment64;
    auto segment = ReadSegment(FieldsOf(command, true), is_64_bit);
    if (!segment) return;
    const std::uint64_t header_bytes = is_64_bit ? 72 : 56;
    if (const auto body = file_.Window(command.offset, command.size); body && command.size > header_bytes) {
      if (const auto sections = body->From(header_bytes)) ReadSections(Fields(*sections), is_64_bit, *segment);
    }
    image_.segments.push_back(*std::move(segment));
  }

  // segment_command, segment_command_64
  static Result<Segment> ReadSegment(FieldReader fields, bool is_64_bit) {
    Segment segment;
    DL_TRY(segment.name, fields.Name());
    DL_TRY(segment.address, fields.Word(is_64_bit));
    DL_TRY(segment.memory_size, fields.Word(is_64_bit));
    DL_TRY(segment.file_offset, fields.Word(is_64_bit));
    DL_TRY(segment.file_size, fields.Word(is_64_bit));
    DL_TRY(segment.max_protection, fields.U32());
    DL_TRY(segment.initial_protection, fields.U32());
    DL_TRY(segment.section_count, fields.U32());
    DL_TRY(segment.flags, fields.U32());
    return segment;
  }

  void ReadSections(FieldReader fields, bool is_64_bit, Segment& segment) {
    for (std::uint32_t i = 0; i < segment.section_count; ++i) {
      auto section = ReadSection(fields, is_64_bit);
      if (!section || !limits_.TakeSection()) return;
      segment.sections.push_back(*std::move(section));
    }
  }

  // section, section_64
  static Result<Section> ReadSection(FieldReader& fields, bool is_64_bit) {
    Section section;
    DL_TRY(section.name, fields.Name());
    DL_TRY(section.segment_name, fields.Name());
    DL_TRY(section.address, fields.Word(is_64_bit));
    DL_TRY(section.size, fields.Word(is_64_bit));
    DL_TRY(section.offset, fields.U32());
    DL_TRY(section.alignment, fields.U32());
    DL_TRY(section.relocation_offset, fields.U32());
    DL_TRY(section.relocation_count, fields.U32());
    DL_TRY(section.flags, fields.U32());
    DL_TRY(section.reserved1, fields.U32());
    DL_TRY(section.reserved2, fields.U32());
    if (is_64_bit) {
      DL_TRY(section.reserved3, fields.U32());
    }
    return section;
  }

  void ReadEntryPoint(const Command& command) {
    if (command.type == kMain) {
      FieldReader fields = FieldsOf(command, true);
      const auto entry_offset = fields.U64();
      const auto stack_size = fields.U64();
      if (!entry_offset || !stack_size) return;
      image_.entry_offset = *entry_offset;
      image_.stack_size = *stack_size;
    } else if (command.type == kUnixThread) {
      const auto address = ReadProgramCounter(command);
      if (!address) return;
      if (const auto offset = OffsetOf(*address)) image_.entry_offset = offset;
    }
  }

  // thread_command: a flavor, a count, and the registers. libyara reads the
  // command's size as little-endian here, so that a big-endian state may reach
  // past its command.
  Result<std::uint64_t> ReadProgramCounter(const Command& command) const {
    constexpr std::uint64_t kThreadHeaderBytes = 16;
    DL_TRY(Cursor rest, file_.From(command.offset));
    Cursor size_at = rest;
    DL_TRY_STATUS(size_at.Skip(4));
    DL_TRY(const std::uint32_t size, size_at.ReadU32Le());
    DL_TRY(Cursor body, rest.Window(0, std::min<std::uint64_t>(size, rest.size())));
    DL_TRY_STATUS(body.Skip(kThreadHeaderBytes));
    for (const ThreadState& state : kThreadStates) {
      if (state.cpu_type != image_.cpu_type) continue;
      DL_TRY(const Bytes registers, body.ReadBytes(state.state_bytes));
      DL_TRY(const Cursor counter, Cursor(registers).From(state.counter_offset));
      return Fields(counter).Word(state.is_64_bit);
    }
    return Fail(ErrorCode::kUnsupported, "unknown thread state");
  }

  std::optional<std::uint64_t> OffsetOf(std::uint64_t address) const {
    for (const Segment& segment : image_.segments) {
      if (address >= segment.address && address < segment.address + segment.memory_size) {
        return segment.file_offset + (address - segment.address);
      }
    }
    return std::nullopt;
  }

  Status ReadOther(const Command& command) {
    FieldReader fields = FieldsOf(command);
    switch (command.type) {
      case kLoadDylib:
      case kIdDylib:
      case kLoadWeakDylib:
      case kReexportDylib: return ReadDylib(fields);
      case kRpath: {
        DL_TRY_STATUS(fields.Skip(4));
        if (limits_.TakeName(0)) image_.rpaths.push_back(fields.RestAsName());
        return {};
      }
      case kLoadDylinker:
      case kIdDylinker:
      case kDyldEnvironment: {
        DL_TRY_STATUS(fields.Skip(4));
        image_.dynamic_linker = fields.RestAsName();
        return {};
      }
      case kSourceVersion: {
        DL_TRY(image_.source_version, fields.U64());
        return {};
      }
      case kUuid: {
        DL_TRY(image_.uuid, fields.cursor().ReadBytes(16));
        return {};
      }
      case kSymtab: return ReadSymtabCommand(fields);
      case kDysymtab: return ReadNumbers(fields, image_.dysymtab);
      case kDyldInfo:
      case kDyldInfoOnly: return ReadNumbers(fields, image_.dyld_info);
      case kCodeSignature: return ReadLinkeditData(fields, image_.code_signature);
      case kDyldExportsTrie: return ReadLinkeditData(fields, exports_trie_);
      case kDyldChainedFixups: return ReadLinkeditData(fields, chained_fixups_);
      case kBuildVersion: return ReadBuildVersion(fields);
      case kVersionMinMacosx:
      case kVersionMinIphoneos:
      case kVersionMinTvos:
      case kVersionMinWatchos: return ReadMinVersion(fields, command.type);
      case kLinkerOption: return ReadLinkerOptions(fields);
      default: return {};
    }
  }

  Status ReadDylib(FieldReader& fields) {
    Dylib dylib;
    DL_TRY_STATUS(fields.Skip(4));  // The name's offset.
    DL_TRY(dylib.timestamp, fields.U32());
    DL_TRY(dylib.current_version, fields.U32());
    DL_TRY(dylib.compatibility_version, fields.U32());
    dylib.name = fields.RestAsName();
    if (limits_.TakeName(0)) image_.dylibs.push_back(dylib);
    return {};
  }

  Status ReadSymtabCommand(FieldReader& fields) {
    Symtab symtab;
    DL_TRY(symtab.symbols_offset, fields.U32());
    DL_TRY(symtab.symbols_count, fields.U32());
    DL_TRY(symtab.strings_offset, fields.U32());
    DL_TRY(symtab.strings_size, fields.U32());
    image_.symtab = std::move(symtab);
    return {};
  }

  template <std::size_t kCount>
  static Status ReadNumbers(FieldReader& fields, std::optional<std::array<std::uint32_t, kCount>>& out) {
    std::array<std::uint32_t, kCount> numbers{};
    for (std::uint32_t& number : numbers) {
      DL_TRY(number, fields.U32());
    }
    out = numbers;
    return {};
  }

  static Status ReadLinkeditData(FieldReader& fields, std::optional<LinkeditData>& out) {
    LinkeditData data;
    DL_TRY(data.offset, fields.U32());
    DL_TRY(data.size, fields.U32());
    out = data;
    return {};
  }

  Status ReadBuildVersion(FieldReader& fields) {
    BuildVersion version;
    DL_TRY(version.platform, fields.U32());
    DL_TRY(version.min_os, fields.U32());
    DL_TRY(version.sdk, fields.U32());
    DL_TRY(version.tools_count, fields.U32());
    for (std::uint32_t i = 0; i < version.tools_count; ++i) {
      BuildTool tool;
      DL_TRY(tool.tool, fields.U32());
      DL_TRY(tool.version, fields.U32());
      if (!limits_.TakeName(0)) break;
      version.tools.push_back(tool);
    }
    image_.build_version = std::move(version);
    return {};
  }

  Status ReadMinVersion(FieldReader& fields, std::uint32_t command) {
    MinVersion version;
    version.command = command;
    DL_TRY(version.version, fields.U32());
    DL_TRY(version.sdk, fields.U32());
    image_.min_version = version;
    return {};
  }

  Status ReadLinkerOptions(FieldReader& fields) {
    DL_TRY(const std::uint32_t count, fields.U32());
    std::vector<std::string_view> options;
    for (std::uint32_t i = 0; i < count; ++i) {
      DL_TRY(const std::string_view option, fields.cursor().ReadCString(fields.cursor().remaining()));
      if (!limits_.TakeName(0)) break;
      options.push_back(option);
    }
    image_.linker_options.insert(image_.linker_options.end(), options.begin(), options.end());
    return {};
  }

  // What the commands point at, mostly in the segment __LINKEDIT.
  void ReadLinkedit() {
    if (image_.symtab) ReadSymtab(*image_.symtab);
    if (image_.code_signature) {
      ReadCodeSignature(BytesAt(image_.code_signature->offset, image_.code_signature->size), limits_,
                        image_.entitlements, image_.certificates);
    }
    if (image_.dyld_info) {
      // dyld_info_command: rebase, bind, weak bind, lazy bind, export; an
      // offset and a size each.
      const DyldInfo& info = *image_.dyld_info;
      ReadExportTrie(BytesAt(info[8], info[9]), limits_, image_.exports);
      ReadBindImports(BytesAt(info[2], info[3]), limits_, image_.imports);
      ReadBindImports(BytesAt(info[6], info[7]), limits_, image_.imports);
      ReadBindImports(BytesAt(info[4], info[5]), limits_, image_.imports);
    }
    if (exports_trie_) {
      ReadExportTrie(BytesAt(exports_trie_->offset, exports_trie_->size), limits_, image_.exports);
    }
    if (chained_fixups_) {
      ReadChainedImports(BytesAt(chained_fixups_->offset, chained_fixups_->size), image_.big_endian, limits_,
                         image_.imports);
    }
  }

  // Empty where they do not lie within the image.
  Bytes BytesAt(std::uint64_t offset, std::uint64_t size) const {
    const auto window = file_.Window(offset, size);
    return window ? window->bytes() : Bytes();
  }

  void ReadSymtab(Symtab& symtab) {
    std::string_view strings = AsText(BytesAt(symtab.strings_offset, symtab.strings_size));
    while (!strings.empty()) {
      const std::string_view name = strings.substr(0, strings.find('\0'));
      strings.remove_prefix(std::min(name.size() + 1, strings.size()));
      if (name.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos) continue;
      if (!limits_.TakeName(name.size())) break;
      symtab.names.push_back(name);
    }
    const std::uint64_t symbol_bytes = image_.is_64_bit ? 16 : 12;
    FieldReader fields = Fields(Cursor(BytesAt(symtab.symbols_offset, symtab.symbols_count * symbol_bytes)));
    for (std::uint32_t i = 0; i < symtab.symbols_count; ++i) {
      const auto symbol = ReadSymbol(fields);
      if (!symbol || !limits_.TakeName(0)) break;
      symtab.symbols.push_back(*symbol);
    }
  }

  // nlist, nlist_64
  Result<Symbol> ReadSymbol(FieldReader& fields) const {
    Symbol symbol;
    DL_TRY(symbol.name_offset, fields.U32());
    DL_TRY(symbol.type, fields.U8());
    DL_TRY(symbol.section, fields.U8());
    DL_TRY(symbol.description, fields.U16());
    DL_TRY(symbol.value, fields.Word(image_.is_64_bit));
    return symbol;
  }

  Cursor file_;
  Limits& limits_;
  Image image_;
  std::vector<Command> commands_;
  std::optional<LinkeditData> exports_trie_;
  std::optional<LinkeditData> chained_fixups_;
};

}  // namespace

bool IsImageMagic(std::uint32_t magic) {
  return magic == kMagic || magic == kCigam || magic == kMagic64 || magic == kCigam64;
}

std::optional<Image> ReadImage(Bytes bytes, Limits& limits) { return ImageReader(bytes, limits).Read(); }

}  // namespace dl::macho
