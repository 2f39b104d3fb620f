#include "daylight/unpack/archive/rar_headers.h"

#include <zlib.h>

#include <algorithm>

#include "daylight/bytes/cursor.h"

namespace dl::unpack {

namespace {

using namespace std::string_view_literals;

// So many headers are looked at, and so many names kept.
constexpr std::size_t kMaxHeaders = 1'000'000;
constexpr std::size_t kMaxNames = 1000;
constexpr std::uint64_t kMaxHeaderBytes = 2u << 20;

std::uint32_t Sum(Bytes bytes) {
  return static_cast<std::uint32_t>(
      ::crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

class Walk {
 public:
  Walk(ObjectSource& object, std::uint64_t position) : object_(object), position_(position) {}

  // A view of `count` bytes at the position; fewer at the end.
  Bytes Look(std::uint64_t count) {
    buffer_.resize(static_cast<std::size_t>(std::min(count, kMaxHeaderBytes)));
    const auto n = object_.ReadAt(position_, buffer_);
    return Bytes(buffer_).first(n ? *n : 0);
  }
  bool Advance(std::uint64_t count) { return !__builtin_add_overflow(position_, count, &position_); }
  std::uint64_t position() const { return position_; }

 private:
  ObjectSource& object_;
  std::uint64_t position_;
  std::vector<std::byte> buffer_;
};

void Keep(std::vector<std::string>& names, Bytes name) {
  if (names.size() < kMaxNames) names.emplace_back(AsText(name));
}

// unrar's technote.txt, "Archive header" and "File header".
std::optional<RarNotes> ReadRar4(Walk walk) {
  RarNotes notes;
  bool is_first = true;
  for (std::size_t i = 0; i < kMaxHeaders; ++i) {
    notes.end = walk.position();
    Cursor fixed(walk.Look(7));
    const std::uint16_t sum = fixed.ReadU16Le().value_or(0);
    const std::uint8_t type = fixed.ReadU8().value_or(0);
    const std::uint16_t flags = fixed.ReadU16Le().value_or(0);
    const std::uint16_t size = fixed.ReadU16Le().value_or(0);
    if (type < 0x72 || type > 0x7b || size < 7) break;
    const Bytes header = walk.Look(size);
    if (header.size() < size) break;
    if (is_first && (Sum(header.subspan(2)) & 0xffff) != sum) return std::nullopt;
    is_first = false;
    Cursor fields(header);
    static_cast<void>(fields.Skip(7));
    std::uint64_t data = (flags & 0x8000) != 0 ? fields.ReadU32Le().value_or(0) : 0;
    if (type == 0x73 && (flags & 0x80) != 0) {
      notes.is_closed = true;
      break;
    }
    if (type == 0x74) {
      if (data == 0) data = Cursor(header).From(7).value_or(Cursor()).ReadU32Le().value_or(0);
      Cursor file(header);
      static_cast<void>(file.Skip(26));
      const std::uint16_t name_bytes = file.ReadU16Le().value_or(0);
      static_cast<void>(file.Skip(4));
      if ((flags & 0x100) != 0) {
        data += std::uint64_t{file.ReadU32Le().value_or(0)} << 32;
        static_cast<void>(file.Skip(4));
      }
      Bytes name = file.ReadBytes(name_bytes).value_or(Bytes{});
      name = name.first(std::min(name.size(), AsText(name).find('\0')));
      if ((flags & 0x04) != 0) Keep(notes.encrypted, name);
      if ((flags & 0x03) != 0) Keep(notes.split, name);
    }
    if (!walk.Advance(size) || !walk.Advance(data)) break;
    notes.end = walk.position();
    if (type == 0x7b) break;
  }
  return is_first ? std::nullopt : std::optional(std::move(notes));
}

// RAR 5.0's technical note, "General archive block format" and on.
std::optional<RarNotes> ReadRar5(Walk walk) {
  RarNotes notes;
  bool is_first = true;
  for (std::size_t i = 0; i < kMaxHeaders; ++i) {
    notes.end = walk.position();
    Cursor fixed(walk.Look(14));
    const auto sum = fixed.ReadU32Le();
    const std::uint64_t size = fixed.ReadUleb128().value_or(0);
    const std::size_t head = fixed.position();
    if (!sum || size == 0 || size > kMaxHeaderBytes - head) break;
    const Bytes header = walk.Look(head + size);
    if (header.size() < head + size) break;
    if (is_first && Sum(header.subspan(4)) != *sum) return std::nullopt;
    is_first = false;
    Cursor fields(header.subspan(head));
    const std::uint64_t type = fields.ReadUleb128().value_or(0);
    const std::uint64_t flags = fields.ReadUleb128().value_or(0);
    const std::uint64_t extra = (flags & 1) != 0 ? fields.ReadUleb128().value_or(0) : 0;
    const std::uint64_t data = (flags & 2) != 0 ? fields.ReadUleb128().value_or(0) : 0;
    if (type == 4) {
      notes.is_closed = true;
      break;
    }
    if (type == 2 || type == 3) {  // A file, or a service's data such as a comment.
      const std::uint64_t file_flags = fields.ReadUleb128().value_or(0);
      static_cast<void>(fields.ReadUleb128());                        // Its size,
      static_cast<void>(fields.ReadUleb128());                        // attributes,
      static_cast<void>(fields.Skip((file_flags & 2) != 0 ? 4 : 0));  // time,
      static_cast<void>(fields.Skip((file_flags & 4) != 0 ? 4 : 0));  // sum,
      static_cast<void>(fields.ReadUleb128());                        // method,
      static_cast<void>(fields.ReadUleb128());                        // and system.
      const Bytes name = fields.ReadBytes(fields.ReadUleb128().value_or(0)).value_or(Bytes{});
      bool is_encrypted = false;
      Cursor records(extra <= size ? header.last(static_cast<std::size_t>(extra)) : Bytes{});
      while (records.remaining() != 0) {
        const auto record = records.ReadBytes(records.ReadUleb128().value_or(0));
        if (!record || record->empty()) break;
        is_encrypted = is_encrypted || Cursor(*record).ReadUleb128().value_or(0) == 1;
      }
      if (is_encrypted && type == 2) Keep(notes.encrypted, name);
      if ((flags & 0x18) != 0 && type == 2) Keep(notes.split, name);
    }
    if (!walk.Advance(head + size) || !walk.Advance(data)) break;
    notes.end = walk.position();
    if (type == 5) break;
  }
  return is_first ? std::nullopt : std::optional(std::move(notes));
}

}  // namespace

std::optional<RarNotes> ReadRarHeaders(ObjectSource& object, std::uint64_t offset) {
  Walk walk(object, offset);
  const Bytes magic = walk.Look(8);
  if (AsText(magic).starts_with("Rar!\x1a\x07\x01\x00"sv)) {
    return walk.Advance(8) ? ReadRar5(std::move(walk)) : std::nullopt;
  }
  if (AsText(magic).starts_with("Rar!\x1a\x07\x00"sv)) {
    return walk.Advance(7) ? ReadRar4(std::move(walk)) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace dl::unpack
