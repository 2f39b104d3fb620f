// The zip module: what the directory of a zip archive lists, with the names
// that YARA-X gives it.
#include <algorithm>
#include <array>
#include <limits>

#include "daylight/formats/lnk/text.h"
#include "daylight/rules/yara/module.h"
#include "daylight/unpack/zip/zip_directory.h"

namespace dl::yara {
namespace {

// As in YARA-X.
constexpr std::size_t kMaxEntries = 100'000;
constexpr std::uint64_t kMaxDirectoryBytes = std::uint64_t{64} << 20;

struct Method {
  const char* name;
  std::uint16_t number;  // APPNOTE.TXT 4.4.5.
};
constexpr std::array kMethods{
    Method{"STORED", 0},    Method{"SHRUNK", 1},
    Method{"REDUCED_1", 2}, Method{"REDUCED_2", 3},
    Method{"REDUCED_3", 4}, Method{"REDUCED_4", 5},
    Method{"IMPLODED", 6},  Method{"DEFLATED", 8},
    Method{"DEFLATE64", 9}, Method{"PKWARE_IMPLODING", 10},
    Method{"BZIP2", 12},    Method{"LZMA", 14},
    Method{"ZSTD", 93},     Method{"XZ", 95},
};
constexpr std::int64_t kUnknownMethod = 255;

const StructType& EntryType() {
  static const StructType type = [] {
    StructType t;
    t.String("file_path").Integer("compression").Integer("uncompressed_size").Integer("compressed_size");
    return t;
  }();
  return type;
}

const StructType& ZipType() {
  static const StructType type = [] {
    StructType t;
    for (const Method& method : kMethods) t.Constant(method.name, method.number);
    t.Constant("UNKNOWN", kUnknownMethod);
    t.Boolean("is_zip").StructArray("entries", EntryType());
    return t;
  }();
  return type;
}

void SetSize(StructValue& to, std::string_view field, std::uint64_t size) {
  if (size <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    to.SetInteger(field, static_cast<std::int64_t>(size));
  }
}

void SetEntry(const unpack::ZipEntry& entry, StructValue& to) {
  to.SetString("file_path", formats::ReplaceInvalidUtf8(AsBytes(entry.name)));
  const bool is_known = std::any_of(kMethods.begin(), kMethods.end(),
                                    [&](const Method& method) { return method.number == entry.method; });
  to.SetInteger("compression", is_known ? entry.method : kUnknownMethod);
  SetSize(to, "uncompressed_size", entry.size);
  SetSize(to, "compressed_size", entry.packed);
}

void Load(ModuleContext& context, StructValue& root) {
  ArrayValue& entries = root.Array("entries");
  // Archives may begin with anything: the end decides, and it alone is read of most objects.
  ObjectSource& object = context.object();
  const auto size = object.size();
  if (!size) return context.MarkIncomplete("the object's end is not known");
  std::vector<std::byte> tail(static_cast<std::size_t>(std::min<std::uint64_t>(*size, unpack::Probe::kTailBytes)));
  const auto got = object.ReadAt(*size - tail.size(), tail);
  if (!got || *got != tail.size()) return;
  const unpack::Probe probe{{}, tail, *size, object};
  const auto directory = unpack::FindZipDirectory(probe);
  root.SetBoolean("is_zip", directory.has_value() || unpack::IsEmptyZip(probe));
  if (!directory) return;
  if (directory->size > kMaxDirectoryBytes) return context.MarkIncomplete("the directory is too large");
  std::vector<std::byte> bytes(static_cast<std::size_t>(directory->size));
  const auto n = object.ReadAt(directory->begin, bytes);
  if (!n) return;
  Cursor records(Bytes(bytes).first(*n));
  for (auto entry = unpack::ReadZipEntry(records); entry; entry = unpack::ReadZipEntry(records)) {
    if (entries.size() == kMaxEntries) return context.MarkIncomplete("more entries than are listed");
    SetEntry(*entry, entries.AppendStruct());
  }
}

}  // namespace

extern const ModuleInfo module_zip;
const ModuleInfo module_zip = {"zip", &ZipType, &Load};

}  // namespace dl::yara
