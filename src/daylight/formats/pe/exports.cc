// "Microsoft PE Format", 6.3 The .edata section.
#include <algorithm>

#include "daylight/formats/pe/internal.h"

namespace dl::pe {

namespace {

constexpr std::uint32_t kMaxExports = 16384;  // libyara's bounds.
constexpr std::uint64_t kMaxExportName = 512;
constexpr std::uint64_t kExportDirectorySize = 40;

struct ExportDirectory {
  std::uint32_t timestamp = 0;
  std::uint32_t name_rva = 0;
  std::uint32_t ordinal_base = 0;
  std::uint32_t number_of_functions = 0;
  std::uint32_t number_of_names = 0;
  std::uint32_t functions_rva = 0;
  std::uint32_t names_rva = 0;
  std::uint32_t name_ordinals_rva = 0;
};

Result<ExportDirectory> ReadExportDirectory(const Image& image, std::uint64_t offset) {
  DL_TRY(Cursor cursor, Cursor(image.bytes()).Window(offset, kExportDirectorySize));
  ExportDirectory directory;
  DL_TRY_STATUS(cursor.Skip(4));
  DL_TRY(directory.timestamp, cursor.ReadU32Le());
  DL_TRY_STATUS(cursor.Skip(4));
  DL_TRY(directory.name_rva, cursor.ReadU32Le());
  DL_TRY(directory.ordinal_base, cursor.ReadU32Le());
  DL_TRY(directory.number_of_functions, cursor.ReadU32Le());
  DL_TRY(directory.number_of_names, cursor.ReadU32Le());
  DL_TRY(directory.functions_rva, cursor.ReadU32Le());
  DL_TRY(directory.names_rva, cursor.ReadU32Le());
  DL_TRY(directory.name_ordinals_rva, cursor.ReadU32Le());
  return directory;
}

// A table of `count` records of `size` bytes at an RVA.
Result<Cursor> TableAt(const Image& image, std::uint32_t rva, std::uint64_t count, std::uint64_t size) {
  const auto offset = image.RvaToOffset(rva);
  if (!offset) return Fail(ErrorCode::kMalformed, "export table is not in the file", rva);
  DL_TRY(Cursor cursor, image.At(*offset));
  DL_TRY(const Bytes table, cursor.ReadRecords(count, size));
  return Cursor(table);
}

}  // namespace

void ParseExports(PeFile& file) {
  const Image& image = file.image;
  Exports& exports = file.exports;
  const DataDirectory& directory_entry = image.Directory(kExportDirectory);
  if (directory_entry.virtual_address == 0) return;
  const auto start = image.RvaToOffset(directory_entry.virtual_address);
  if (!start) return;
  const auto directory = ReadExportDirectory(image, *start);
  if (!directory) return;

  Work work;
  exports.timestamp = directory->timestamp;
  const auto name_offset = image.RvaToOffset(directory->name_rva);
  if (name_offset && *name_offset > 0) {
    const std::string_view name = TextAt(image, *name_offset, UINT64_MAX);
    if (work.Text(name.size())) exports.dll_name = name;
  }

  const std::uint32_t count = std::min(directory->number_of_functions, kMaxExports);
  // libyara compares the address table with what follows the library's name.
  if (!name_offset) {
    if (count * std::uint64_t{4} > image.bytes().size() + 1) return;
  } else if (count * std::uint64_t{4} > image.bytes().size() - *name_offset) {
    return;
  }
  std::optional<Cursor> names;
  if (directory->number_of_names > 0) {
    const auto table = TableAt(image, directory->names_rva, directory->number_of_names, 4);
    if (!table) return;
    names = *table;
  }
  // As many ordinals as functions are asked for, though only names have one.
  auto ordinals = TableAt(image, directory->name_ordinals_rva, count, 2);
  if (!ordinals) return;
  auto functions = TableAt(image, directory->functions_rva, count, 4);
  if (!functions) return;

  // The first name of each function; libyara searches the ordinals anew for
  // every function, which is quadratic.
  const std::uint32_t name_count = std::min(directory->number_of_names, count);
  std::vector<std::optional<std::uint32_t>> name_rvas(count);
  for (std::uint32_t i = 0; names && i < name_count; ++i) {
    const auto index = ordinals->ReadU16Le();
    const auto name_rva = names->ReadU32Le();
    if (!index || !name_rva) break;
    if (*index < count && !name_rvas[*index]) name_rvas[*index] = *name_rva;
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto rva = functions->ReadU32Le();
    if (!rva) break;
    ExportedFunction function;
    function.ordinal = directory->ordinal_base + i;
    function.rva = *rva;
    const auto offset = image.RvaToOffset(*rva);
    // An address inside the export directory is no function but the name of
    // one in another library.
    if (offset && *offset > *start && *offset < *start + directory_entry.size) {
      function.forward_name = TextAt(image, *offset, kMaxExportName);
    } else {
      function.offset = offset;
    }
    if (name_rvas[i]) {
      const auto text = image.RvaToOffset(*name_rvas[i]);
      if (text && *text > 0) function.name = TextAt(image, *text, kMaxExportName);
    }
    if (!work.Text(function.name.value_or("").size() + function.forward_name.value_or("").size())) break;
    exports.functions.push_back(function);
  }
  file.stopped = file.stopped || work.stopped();
}

}  // namespace dl::pe
