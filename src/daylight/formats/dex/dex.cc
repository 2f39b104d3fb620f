#include "daylight/formats/dex/dex.h"

#include <algorithm>

#include "daylight/bytes/cursor.h"

namespace dl::dex {
namespace {

constexpr std::size_t kMagicBytes = 8;
constexpr std::uint64_t kSignatureBytes = 20;
constexpr std::uint64_t kHeaderBytes = 112;
constexpr std::uint64_t kMapItemBytes = 12;
constexpr std::uint64_t kMapSizeBytes = 4;

std::string_view UpToNul(Bytes bytes) {
  const std::string_view text = AsText(bytes);
  return text.substr(0, text.find('\0'));
}

// "LEB128": five bytes at most; what the fifth has above bit 3 is dropped.
Result<std::uint32_t> ReadUleb128(Cursor& cursor) {
  std::uint32_t value = 0;
  for (unsigned shift = 0; shift <= 28; shift += 7) {
    DL_TRY(const std::uint8_t byte, cursor.ReadU8());
    value |= (byte & (shift == 28 ? 0xffU : 0x7fU)) << shift;
    if ((byte & 0x80) == 0) break;
  }
  return value;
}

template <typename T>
const T* At(const std::vector<T>& table, std::uint64_t index) {
  return index <= kMaxIndex && index < table.size() ? &table[static_cast<std::size_t>(index)] : nullptr;
}

class Parser {
 public:
  explicit Parser(Bytes bytes) : file_(bytes) {}

  Result<DexFile> Parse() {
    DL_TRY_STATUS(ReadHeader());
    // What follows stops at the first table that does not fit.
    if (ReadTables()) dex_.complete = true;
    return std::move(dex_);
  }

 private:
  Status ReadHeader() {
    Cursor cursor = file_;
    DL_TRY(const Bytes magic, cursor.ReadBytes(kMagicBytes));
    Header& h = dex_.header;
    h.magic = UpToNul(magic);
    DL_TRY(h.checksum, cursor.ReadU32Le());
    DL_TRY(const Bytes signature, cursor.ReadBytes(kSignatureBytes));
    h.signature = UpToNul(signature);
    for (std::uint32_t* const field :
         {&h.file_size,         &h.header_size,      &h.endian_tag,        &h.link_size,        &h.link_offset,
          &h.map_offset,        &h.string_ids_size,  &h.string_ids_offset, &h.type_ids_size,    &h.type_ids_offset,
          &h.proto_ids_size,    &h.proto_ids_offset, &h.field_ids_size,    &h.field_ids_offset, &h.method_ids_size,
          &h.method_ids_offset, &h.class_defs_size,  &h.class_defs_offset, &h.data_size,        &h.data_offset}) {
      DL_TRY(*field, cursor.ReadU32Le());
    }
    return {};
  }

  Status ReadTables() {
    const Header& h = dex_.header;
    DL_TRY_STATUS(ReadTable(h.string_ids_offset, h.string_ids_size, 4, [this](Cursor& record) -> Status {
      DL_TRY(const std::uint32_t offset, record.ReadU32Le());
      dex_.strings.push_back(ReadString(offset));
      return {};
    }));
    DL_TRY_STATUS(ReadTable(h.type_ids_offset, h.type_ids_size, 4, [this](Cursor& record) -> Status {
      DL_TRY(const std::uint32_t descriptor, record.ReadU32Le());
      dex_.types.push_back(descriptor);
      return {};
    }));
    DL_TRY_STATUS(ReadTable(h.proto_ids_offset, h.proto_ids_size, 12, [this](Cursor& record) -> Status {
      ProtoId proto;
      DL_TRY(proto.shorty_index, record.ReadU32Le());
      DL_TRY(proto.return_type_index, record.ReadU32Le());
      DL_TRY(proto.parameters_offset, record.ReadU32Le());
      dex_.protos.push_back(proto);
      return {};
    }));
    DL_TRY_STATUS(ReadMemberIds(h.field_ids_offset, h.field_ids_size, dex_.field_ids));
    DL_TRY_STATUS(ReadMemberIds(h.method_ids_offset, h.method_ids_size, dex_.method_ids));
    DL_TRY_STATUS(ReadMap());
    return ReadTable(h.class_defs_offset, h.class_defs_size, 32, [this](Cursor& record) { return ReadClass(record); });
  }

  template <typename ReadRecord>
  Status ReadTable(std::uint64_t offset, std::uint64_t count, std::uint64_t record_bytes, ReadRecord read_record) {
    DL_TRY(Cursor table, file_.Window(offset, count * record_bytes));
    for (std::uint64_t i = 0; i < count; ++i) {
      if (records_left_ == 0) return Stop("more records than the limit");
      --records_left_;
      DL_TRY_STATUS(read_record(table));
    }
    return {};
  }

  // string_data_item. Like libyara, we take the string to begin after one byte
  // of size, also where the size has more.
  std::optional<StringId> ReadString(std::uint32_t offset) {
    constexpr std::uint64_t kRoomForSize = 4;
    if (!file_.Window(offset, kRoomForSize)) return std::nullopt;
    auto data = file_.From(offset);
    if (!data) return std::nullopt;
    const auto size = ReadUleb128(*data);
    if (!size) return std::nullopt;
    const auto value = file_.Window(std::uint64_t{offset} + 1, *size);
    if (!value || !TakeBytes(*size)) return std::nullopt;
    return StringId{offset, *size, AsText(value->bytes())};
  }

  Status ReadMemberIds(std::uint64_t offset, std::uint64_t count, std::vector<MemberId>& members) {
    return ReadTable(offset, count, 8, [&members](Cursor& record) -> Status {
      MemberId member;
      DL_TRY(member.class_index, record.ReadU16Le());
      DL_TRY(member.type_or_proto_index, record.ReadU16Le());
      DL_TRY(member.name_index, record.ReadU32Le());
      members.push_back(member);
      return {};
    });
  }

  // map_list. libyara wants it to be no larger than the file, and then reads
  // the items that do lie within.
  Status ReadMap() {
    const std::uint64_t offset = dex_.header.map_offset;
    if (offset == 0 || !file_.Window(offset, kMapSizeBytes)) return {};
    DL_TRY(Cursor map, file_.From(offset));
    DL_TRY(const std::uint32_t size, map.ReadU32Le());
    dex_.map_size = size;
    if (kMapSizeBytes + size * kMapItemBytes > file_.size())
      return Fail(ErrorCode::kTruncated, "map too large", offset);
    for (std::uint32_t i = 0; i < size; ++i) {
      if (records_left_ == 0) return Stop("more records than the limit");
      --records_left_;
      DL_TRY(const Bytes bytes, map.ReadBytes(kMapItemBytes));
      Cursor record(bytes);
      MapItem item;
      DL_TRY(item.type, record.ReadU16Le());
      DL_TRY(item.unused, record.ReadU16Le());
      DL_TRY(item.size, record.ReadU32Le());
      DL_TRY(item.offset, record.ReadU32Le());
      dex_.map.push_back(item);
    }
    return {};
  }

  // class_def_item, and the class_data_item that it leads to.
  Status ReadClass(Cursor& record) {
    ClassDef def;
    for (std::uint32_t* const field :
         {&def.class_index, &def.access_flags, &def.super_class_index, &def.interfaces_offset, &def.source_file_index,
          &def.annotations_offset, &def.class_data_offset, &def.static_values_offset}) {
      DL_TRY(*field, record.ReadU32Le());
    }
    dex_.classes.push_back(def);
    if (def.class_data_offset == 0) return {};

    constexpr std::uint64_t kRoomForCounts = 16;
    DL_TRY_STATUS(file_.Window(def.class_data_offset, kRoomForCounts));
    DL_TRY(Cursor data, file_.From(def.class_data_offset));
    ClassData counts;
    DL_TRY(counts.static_fields, ReadUleb128(data));
    DL_TRY(counts.instance_fields, ReadUleb128(data));
    DL_TRY(counts.direct_methods, ReadUleb128(data));
    DL_TRY(counts.virtual_methods, ReadUleb128(data));
    dex_.class_data.push_back(counts);
    ReadFields(data, counts.static_fields, true);
    ReadFields(data, counts.instance_fields, false);
    ReadMethods(data, counts.direct_methods, true);
    ReadMethods(data, counts.virtual_methods, false);
    return {};
  }

  // Up to the first that cannot be read; the next group begins there.
  void ReadFields(Cursor& data, std::uint32_t count, bool is_static) {
    std::uint32_t index = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      if (dex_.fields.size() == kMaxFields) return (void)Stop("more fields than the limit");
      if (!ReadField(data, is_static, index)) return;
    }
  }

  void ReadMethods(Cursor& data, std::uint32_t count, bool is_direct) {
    std::uint32_t index = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      if (dex_.methods.size() == kMaxMethods) return (void)Stop("more methods than the limit");
      if (!ReadMethod(data, is_direct, index)) return;
    }
  }

  // encoded_field. Moves `data` and `index` only where libyara does.
  Status ReadField(Cursor& data, bool is_static, std::uint32_t& index) {
    constexpr std::uint64_t kRoom = 8;
    if (data.remaining() < kRoom) return Fail(ErrorCode::kTruncated, "field past the end", data.position());
    Cursor ahead = data;
    Field field;
    field.is_static = is_static;
    DL_TRY(field.index_difference, ReadUleb128(ahead));
    DL_TRY(field.access_flags, ReadUleb128(ahead));
    index += field.index_difference;
    const MemberId* const id = At(dex_.field_ids, index);
    if (id == nullptr) {
      dex_.broken_field = field;
      return Fail(ErrorCode::kMalformed, "field without an id", data.position());
    }
    field.name = StringAt(id->name_index);
    field.class_name = TypeAt(id->class_index);
    field.type = TypeAt(id->type_or_proto_index);
    dex_.fields.push_back(field);
    dex_.broken_field.reset();
    data = ahead;
    return {};
  }

  // encoded_method
  Status ReadMethod(Cursor& data, bool is_direct, std::uint32_t& index) {
    constexpr std::uint64_t kRoom = 12;
    if (data.remaining() < kRoom) return Fail(ErrorCode::kTruncated, "method past the end", data.position());
    Cursor ahead = data;
    Method method;
    method.is_direct = is_direct;
    DL_TRY(method.index_difference, ReadUleb128(ahead));
    DL_TRY(method.access_flags, ReadUleb128(ahead));
    DL_TRY(method.code_offset, ReadUleb128(ahead));
    index += method.index_difference;
    const MemberId* const id = At(dex_.method_ids, index);
    if (id == nullptr) {
      dex_.broken_method = method;
      return Fail(ErrorCode::kMalformed, "method without an id", data.position());
    }
    method.name = StringAt(id->name_index);
    method.class_name = TypeAt(id->class_index);
    if (const ProtoId* const proto = At(dex_.protos, id->type_or_proto_index)) {
      method.shorty = StringAt(proto->shorty_index);
    }
    if (method.code_offset != 0) {
      if (auto code = ReadCode(method.code_offset)) method.code = *std::move(code);
    }
    dex_.methods.push_back(std::move(method));
    dex_.broken_method.reset();
    data = ahead;
    return {};
  }

  // code_item
  Result<Code> ReadCode(std::uint32_t offset) {
    DL_TRY(Cursor item, file_.From(offset));
    Code code;
    DL_TRY(code.registers, item.ReadU16Le());
    DL_TRY(code.ins, item.ReadU16Le());
    DL_TRY(code.outs, item.ReadU16Le());
    DL_TRY(code.tries, item.ReadU16Le());
    DL_TRY(code.debug_info_offset, item.ReadU32Le());
    DL_TRY(code.instructions_size, item.ReadU32Le());
    const auto instructions = item.ReadBytes(std::uint64_t{code.instructions_size} * 2);
    if (instructions && TakeBytes(instructions->size())) code.instructions = *instructions;
    return code;
  }

  std::optional<std::string_view> StringAt(std::uint32_t index) const {
    const auto* const string = At(dex_.strings, index);
    if (string == nullptr || !*string) return std::nullopt;
    return (*string)->value;
  }

  std::optional<std::string_view> TypeAt(std::uint32_t index) const {
    const std::uint32_t* const descriptor = At(dex_.types, index);
    return descriptor == nullptr ? std::nullopt : StringAt(*descriptor);
  }

  bool TakeBytes(std::size_t n) {
    if (n > string_bytes_left_) {
      (void)Stop("strings of more bytes than the limit");
      return false;
    }
    string_bytes_left_ -= n;
    return true;
  }

  Status Stop(std::string_view why) {
    if (!dex_.stopped) dex_.stopped = Error{ErrorCode::kBudget, why};
    return Forward(*dex_.stopped);
  }

  Cursor file_;
  DexFile dex_;
  std::size_t records_left_ = kMaxTableRecords;
  std::size_t string_bytes_left_ = kMaxStringBytes;
};

}  // namespace

bool HasDexMagic(Bytes head) {
  const std::string_view text = AsText(head.first(std::min(head.size(), kMagicBytes)));
  return text.size() == kMagicBytes && text.starts_with("dex\n03") && text[6] >= '5' && text[6] <= '9' &&
         text[7] == '\0';
}

Result<DexFile> ParseDex(Bytes file) {
  if (!HasDexMagic(file)) return Fail(ErrorCode::kUnsupported, "not DEX");
  if (file.size() < kHeaderBytes) return Fail(ErrorCode::kTruncated, "DEX header past the end");
  return Parser(file).Parse();
}

}  // namespace dl::dex
