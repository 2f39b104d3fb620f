// "Microsoft PE Format", 6.4 The .idata section, and 5.8 Delay-load import
// tables.
#include <algorithm>

#include "daylight/formats/pe/internal.h"

namespace dl::pe {

namespace {

// libyara's bounds: functions of one table, entries of one library, libraries.
constexpr std::size_t kMaxImports = 16384;
constexpr std::size_t kMaxLibraries = 16384;
constexpr std::uint64_t kMaxFunctionName = 512;
constexpr std::uint64_t kMaxLibraryName = 255;
// No bound in libyara.
constexpr std::uint64_t kMaxDelayedLibraryName = 65535;
constexpr std::uint64_t kDescriptorSize = 20;
constexpr std::uint64_t kDelayDescriptorSize = 32;
constexpr std::uint64_t kHintNameSize = 4;  // A hint, one letter and padding.

// The characters that pefile and libyara accept in a function's name; entries
// with others are not imports to them.
bool IsFunctionName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._?@$()<>").find(c) != std::string_view::npos;
  });
}

// A library's name: printable, what Windows takes for a file name, and ended
// by a NUL after at most `max_length` bytes.
std::optional<std::string_view> LibraryNameAt(const Image& image, std::uint64_t rva, std::uint64_t max_length,
                                              Work& work) {
  const auto offset = image.RvaToOffset(rva);
  if (!offset) return std::nullopt;
  const std::string_view name = TextAt(image, *offset, max_length + 1);
  if (name.empty() || name.size() > max_length || !image.Fits(*offset, name.size() + 1)) return std::nullopt;
  if (!work.Text(name.size())) return std::nullopt;
  const bool valid = std::all_of(name.begin(), name.end(), [](char c) {
    return c >= ' ' && c <= '~' && std::string_view("\"*<>?|").find(c) == std::string_view::npos;
  });
  if (!valid) return std::nullopt;
  return name;
}

std::string_view OrdinalName(PeFile& file, std::string_view library, std::uint16_t ordinal) {
  if (const auto known = KnownOrdinalName(library, ordinal)) return *known;
  return file.owned_names.emplace_back("ord" + std::to_string(ordinal));
}

Result<std::uint64_t> ReadPointer(const Image& image, std::uint64_t offset) {
  DL_TRY(Cursor cursor, image.At(offset));
  if (image.headers().is_64bit) return cursor.ReadU64Le();
  DL_TRY(const std::uint32_t value, cursor.ReadU32Le());
  return std::uint64_t{value};
}

std::uint64_t OrdinalFlag(const Image& image) {
  return image.headers().is_64bit ? std::uint64_t{1} << 63 : std::uint64_t{1} << 31;
}

struct ImportDescriptor {
  std::uint32_t lookup_table_rva = 0;
  std::uint32_t name_rva = 0;
  std::uint32_t address_table_rva = 0;
};

Result<ImportDescriptor> ReadImportDescriptor(const Image& image, std::uint64_t offset) {
  DL_TRY(Cursor cursor, Cursor(image.bytes()).Window(offset, kDescriptorSize));
  ImportDescriptor descriptor;
  DL_TRY(descriptor.lookup_table_rva, cursor.ReadU32Le());
  DL_TRY_STATUS(cursor.Skip(8));
  DL_TRY(descriptor.name_rva, cursor.ReadU32Le());
  DL_TRY(descriptor.address_table_rva, cursor.ReadU32Le());
  return descriptor;
}

// The functions of one library. `total` counts those of the whole table.
std::vector<ImportedFunction> ParseThunks(PeFile& file, const ImportDescriptor& descriptor, std::string_view library,
                                          std::size_t& total, Work& work) {
  const Image& image = file.image;
  const bool is_64bit = image.headers().is_64bit;
  const std::uint64_t pointer_size = is_64bit ? 8 : 4;
  std::vector<ImportedFunction> functions;
  // Some linkers leave the lookup table out; then the address table holds the
  // same entries until the file is loaded.
  auto table = image.RvaToOffset(descriptor.lookup_table_rva);
  if (!table || *table == 0) table = image.RvaToOffset(descriptor.address_table_rva);
  if (!table) return functions;

  const std::uint64_t last_ordinal = OrdinalFlag(image) | 0xffff;
  for (std::uint64_t i = 0; i < kMaxImports && total < kMaxImports; ++i) {
    const auto thunk = ReadPointer(image, *table + i * pointer_size);
    if (!thunk || *thunk == 0) break;
    if (!work.Step()) break;
    ImportedFunction function;
    function.rva = descriptor.address_table_rva + i * pointer_size;
    if (!is_64bit) function.rva = static_cast<std::uint32_t>(function.rva);
    if ((*thunk & OrdinalFlag(image)) != 0) {
      if (*thunk > last_ordinal) continue;
      function.ordinal = static_cast<std::uint16_t>(*thunk & 0xffff);
      function.name = OrdinalName(file, library, *function.ordinal);
    } else {
      const auto hint_name = image.RvaToOffset(*thunk);
      if (!hint_name || !image.Fits(*hint_name, kHintNameSize)) continue;
      const std::string_view name = TextAt(image, *hint_name + 2, kMaxFunctionName);
      if (!work.Text(name.size())) break;
      if (!IsFunctionName(name)) continue;
      function.name = name;
    }
    functions.push_back(function);
    ++total;
  }
  return functions;
}

}  // namespace

void ParseImports(PeFile& file) {
  const Image& image = file.image;
  const DataDirectory& directory = image.Directory(kImportDirectory);
  if (directory.virtual_address == 0) return;
  const auto table = image.RvaToOffset(directory.virtual_address);
  if (!table) return;
  Work work;
  std::size_t total = 0;
  for (std::size_t i = 0; i < kMaxLibraries && work.Step(); ++i) {
    const auto descriptor = ReadImportDescriptor(image, *table + i * kDescriptorSize);
    if (!descriptor || descriptor->name_rva == 0) break;
    const auto name = LibraryNameAt(image, descriptor->name_rva, kMaxLibraryName, work);
    if (!name) continue;
    auto functions = ParseThunks(file, *descriptor, *name, total, work);
    // A library without functions is none, as libyara counts.
    if (!functions.empty()) file.imports.push_back({*name, std::move(functions)});
  }
  file.stopped = file.stopped || work.stopped() || total >= kMaxImports;
}

namespace {

struct DelayDescriptor {
  std::uint32_t attributes = 0;
  std::uint32_t name_rva = 0;
  std::uint32_t address_table_rva = 0;
  std::uint32_t name_table_rva = 0;
  bool is_terminator = false;
};

Result<DelayDescriptor> ReadDelayDescriptor(const Image& image, std::uint64_t offset) {
  DL_TRY(Cursor cursor, Cursor(image.bytes()).Window(offset, kDelayDescriptorSize));
  DelayDescriptor descriptor;
  const Bytes bytes = cursor.bytes();
  descriptor.is_terminator = std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
  DL_TRY(descriptor.attributes, cursor.ReadU32Le());
  DL_TRY(descriptor.name_rva, cursor.ReadU32Le());
  DL_TRY_STATUS(cursor.Skip(4));
  DL_TRY(descriptor.address_table_rva, cursor.ReadU32Le());
  DL_TRY(descriptor.name_table_rva, cursor.ReadU32Le());
  return descriptor;
}

// Visual C++ 6 stored addresses with the image base in them.
std::uint64_t WithoutBase(const Image& image, std::uint64_t address) {
  const std::uint64_t base = image.headers().image_base;
  return address > base ? address - base : address;
}

std::vector<ImportedFunction> ParseDelayedFunctions(PeFile& file, const DelayDescriptor& descriptor,
                                                    std::string_view library, std::size_t& total, Work& work) {
  const Image& image = file.image;
  const std::uint64_t pointer_size = image.headers().is_64bit ? 8 : 4;
  const auto pointer_at = [&](std::uint64_t rva) -> std::uint64_t {
    const auto offset = image.RvaToOffset(rva);
    return offset ? ReadPointer(image, *offset).value_or(0) : 0;
  };
  std::vector<ImportedFunction> functions;
  std::uint64_t name_slot = descriptor.name_table_rva;
  std::uint64_t address_slot = descriptor.address_table_rva;
  // libyara has no bound here, and every library may name the same table.
  for (; total < kMaxImports && work.Step(); name_slot += pointer_size, address_slot += pointer_size) {
    std::uint64_t name_address = pointer_at(name_slot);
    if (name_address == 0 || pointer_at(address_slot) == 0) break;
    ImportedFunction function;
    function.rva = address_slot;
    if ((name_address & OrdinalFlag(image)) != 0) {
      function.ordinal = static_cast<std::uint16_t>(name_address & 0xffff);
      function.name = OrdinalName(file, library, *function.ordinal);
    } else {
      if (descriptor.attributes == 0) name_address = WithoutBase(image, name_address);
      // Any text goes as a name here.
      const auto offset = image.RvaToOffset(name_address + 2);
      if (!offset) continue;
      function.name = TextAt(image, *offset, kMaxFunctionName);
      if (!work.Text(function.name->size())) break;
    }
    functions.push_back(function);
    ++total;
  }
  return functions;
}

}  // namespace

void ParseDelayedImports(PeFile& file) {
  constexpr std::uint32_t kSmallestRva = 64;  // Nothing is named in the DOS header.
  const Image& image = file.image;
  const DataDirectory& directory = image.Directory(kDelayImportDirectory);
  if (directory.virtual_address == 0) return;
  const auto table = image.RvaToOffset(directory.virtual_address);
  if (!table) return;
  Work work;
  std::size_t total = 0;
  for (std::size_t i = 0; i < kMaxLibraries && work.Step(); ++i) {
    const auto read = ReadDelayDescriptor(image, *table + i * kDelayDescriptorSize);
    if (!read || read->is_terminator || read->attributes > 1) break;
    DelayDescriptor descriptor = *read;
    if (!image.headers().is_64bit && descriptor.attributes == 0) {
      for (std::uint32_t* rva : {&descriptor.name_rva, &descriptor.address_table_rva, &descriptor.name_table_rva}) {
        *rva = static_cast<std::uint32_t>(WithoutBase(image, *rva));
      }
    }
    if (descriptor.name_table_rva >= image.headers().size_of_image ||
        descriptor.address_table_rva >= image.headers().size_of_image || descriptor.name_rva < kSmallestRva ||
        descriptor.name_table_rva < kSmallestRva) {
      break;
    }
    const auto name = LibraryNameAt(image, descriptor.name_rva, kMaxDelayedLibraryName, work);
    if (!name) continue;
    file.delayed_imports.push_back({*name, ParseDelayedFunctions(file, descriptor, *name, total, work)});
  }
  file.stopped = file.stopped || work.stopped() || total >= kMaxImports;
}

}  // namespace dl::pe
