// The olecf module: what compound files ([MS-CFB]) have inside of them, with
// the names that YARA-X gives it.
#include <array>
#include <limits>

#include "daylight/bytes/cursor.h"
#include "daylight/bytes/utf16.h"
#include "daylight/rules/yara/module.h"
#include "daylight/unpack/ole/compound_file.h"

namespace dl::yara {
namespace {

using unpack::CompoundFile;

// [MS-CFB] 2.6.1, Object Type.
enum StreamType : std::int64_t { kUnknown = 0, kStorage = 1, kStream = 2, kRoot = 5 };

const StructType& StreamTypeType() {
  static const StructType type = [] {
    StructType t;
    t.Constant("UNKNOWN", kUnknown).Constant("STORAGE", kStorage).Constant("STREAM", kStream).Constant("ROOT", kRoot);
    return t;
  }();
  return type;
}

const StructType& StreamFactsType() {
  static const StructType type = [] {
    StructType t;
    t.String("name").Integer("type").Integer("size");
    return t;
  }();
  return type;
}

const StructType& OlecfType() {
  static const StructType type = [] {
    StructType t;
    t.Struct("StreamType", StreamTypeType());
    t.Boolean("is_olecf").StructArray("streams", StreamFactsType());
    return t;
  }();
  return type;
}

void AddStream(ArrayValue& streams, Bytes record, StreamType type, std::uint64_t size) {
  StructValue& stream = streams.AppendStruct();
  // Names of the system's own streams begin with a control character, which YARA-X leaves out.
  std::string name = Utf8FromUtf16(CompoundFile::NameIn(record), /*is_big_endian=*/false);
  if (!name.empty() && static_cast<unsigned char>(name.front()) < 0x20) name.erase(0, 1);
  stream.SetString("name", name);
  stream.SetInteger("type", type);
  if (size <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    stream.SetInteger("size", static_cast<std::int64_t>(size));
  }
}

// Whether the first record is a root's, and what it says of its size.
std::optional<std::uint64_t> RootSize(Bytes record) {
  Cursor fields(record);
  if (!fields.SeekTo(0x42) || fields.ReadU8().value_or(0) != kRoot || !fields.SeekTo(0x78)) return std::nullopt;
  // Its upper half means nothing in most files, and no mini stream needs it.
  return fields.ReadU32Le().value_or(0);
}

void Load(ModuleContext& context, StructValue& root) {
  root.Struct("StreamType");
  ArrayValue& streams = root.Array("streams");
  // Most objects are no compound files, and that is known from the first bytes.
  std::array<std::byte, unpack::kCompoundMagic.size()> head{};
  const auto got = context.object().ReadAt(0, head);
  if (got && AsText(Bytes(head).first(*got)) != unpack::kCompoundMagic) {
    root.SetBoolean("is_olecf", false);
    return;
  }
  const auto bytes = context.WholeObject();
  if (!bytes) return;
  const auto file = CompoundFile::Parse(*bytes);
  root.SetBoolean("is_olecf", file && !file->root_record().empty());
  if (!file) return;
  if (const auto size = RootSize(file->root_record())) AddStream(streams, file->root_record(), kRoot, *size);
  for (const CompoundFile::Entry& entry : file->entries()) {
    AddStream(streams, entry.record, entry.is_stream ? kStream : kStorage, entry.stated_size);
  }
  if (file->entries().size() >= CompoundFile::kMaxEntries) context.MarkIncomplete("more streams than are listed");
}

}  // namespace

extern const ModuleInfo module_olecf;
const ModuleInfo module_olecf = {"olecf", &OlecfType, &Load};

}  // namespace dl::yara
