#include "daylight/opener/messages.h"

#include <algorithm>
#include <cstring>

#include "daylight/bytes/cursor.h"
#include "daylight/report/encoder.h"

namespace dl::opener {

namespace {

constexpr std::uint32_t kMagic = 0x314f4c44;  // "DLO1"

// Each message's members are named once, below, for both of these.
class Writer {
 public:
  Status Number(const std::uint32_t& value) { return encoder_.PutU32(value), Status(); }
  Status Number(const std::uint64_t& value) { return encoder_.PutU64(value), Status(); }
  Status Number(const std::int64_t& value) { return encoder_.PutU64(static_cast<std::uint64_t>(value)), Status(); }
  Status Flag(const bool& value) { return encoder_.PutU8(value ? 1 : 0), Status(); }
  template <typename E>
  Status Enum(const E& value, E) {
    return encoder_.PutU8(static_cast<std::uint8_t>(value)), Status();
  }
  Status Text(const std::string& text, std::uint32_t limit) {
    return encoder_.PutText(std::string_view(text).substr(0, limit)), Status();
  }
  template <typename T, typename Each>
  Status List(const std::vector<T>& items, std::uint32_t limit, Each each) {
    const auto count = static_cast<std::uint32_t>(std::min<std::size_t>(items.size(), limit));
    encoder_.PutU32(count);
    for (std::uint32_t i = 0; i < count; ++i) DL_TRY_STATUS(each(*this, items[i]));
    return {};
  }
  template <typename T, typename Each>
  Status Optional(const std::optional<T>& value, Each each) {
    encoder_.PutU8(value ? 1 : 0);
    return value ? each(*this, *value) : Status();
  }
  Status Raw(const std::array<std::uint8_t, 32>& bytes) {
    encoder_.PutRaw({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    return {};
  }
  std::string Take() { return encoder_.Take(); }

 private:
  report::Encoder encoder_;
};

class Reader {
 public:
  explicit Reader(Bytes bytes) : cursor_(bytes) {}
  Status Number(std::uint32_t& value) { return Read(value, cursor_.ReadU32Le()); }
  Status Number(std::uint64_t& value) { return Read(value, cursor_.ReadU64Le()); }
  Status Number(std::int64_t& value) {
    DL_TRY(const std::uint64_t bits, cursor_.ReadU64Le());
    value = static_cast<std::int64_t>(bits);
    return {};
  }
  Status Flag(bool& value) {
    DL_TRY(const std::uint8_t byte, cursor_.ReadU8());
    if (byte > 1) return Malformed("a flag that is neither 0 nor 1");
    value = byte == 1;
    return {};
  }
  template <typename E>
  Status Enum(E& value, E last) {
    DL_TRY(const std::uint8_t byte, cursor_.ReadU8());
    if (byte > static_cast<std::uint8_t>(last)) return Malformed("a number that names nothing");
    value = static_cast<E>(byte);
    return {};
  }
  Status Text(std::string& text, std::uint32_t limit) {
    DL_TRY(const std::uint32_t size, cursor_.ReadU32Le());
    if (size > limit) return Malformed("a text that is too long");
    DL_TRY(const Bytes bytes, cursor_.ReadBytes(size));
    text = AsText(bytes);
    return {};
  }
  // Elements take at least four bytes each, so a packet bounds what they take in memory.
  template <typename T, typename Each>
  Status List(std::vector<T>& items, std::uint32_t limit, Each each) {
    DL_TRY(const std::uint32_t count, cursor_.ReadU32Le());
    if (count > limit || count > cursor_.remaining() / 4) return Malformed("a list that is too long");
    items.resize(count);
    for (T& item : items) DL_TRY_STATUS(each(*this, item));
    return {};
  }
  template <typename T, typename Each>
  Status Optional(std::optional<T>& value, Each each) {
    bool there = false;
    DL_TRY_STATUS(Flag(there));
    return there ? each(*this, value.emplace()) : Status();
  }
  Status Raw(std::array<std::uint8_t, 32>& bytes) {
    DL_TRY(const Bytes read, cursor_.ReadBytes(bytes.size()));
    std::memcpy(bytes.data(), read.data(), read.size());
    return {};
  }
  bool AtEnd() const { return cursor_.AtEnd(); }

 private:
  template <typename T>
  static Status Read(T& value, Result<T> read) {
    if (!read) return Forward(read.error());
    value = *read;
    return {};
  }
  tl::unexpected<Error> Malformed(std::string_view what) const {
    return Fail(ErrorCode::kMalformed, what, cursor_.position());
  }
  Cursor cursor_;
};

// `Message`: the type, const for the writer.
template <typename Io, typename Message>
Status Fields(Io& io, Message& m) requires std::is_same_v<std::remove_const_t<Message>, WalkRequest> {
  DL_TRY_STATUS(io.Number(m.uid));
  DL_TRY_STATUS(io.Number(m.gid));
  DL_TRY_STATUS(io.List(m.groups, kMaxGroups, [](auto& o, auto& group) { return o.Number(group); }));
  DL_TRY_STATUS(io.Text(m.path, kMaxPathBytes));
  DL_TRY_STATUS(io.List(m.exclude, kMaxExcludes, [](auto& o, auto& glob) { return o.Text(glob, kMaxExcludeBytes); }));
  DL_TRY_STATUS(io.Flag(m.recursive));
  DL_TRY_STATUS(io.Flag(m.follow));
  DL_TRY_STATUS(io.Flag(m.one_file_system));
  DL_TRY_STATUS(io.Flag(m.idle));
  return io.Number(m.limit);
}

template <typename Io, typename Message>
Status Fields(Io& io, Message& m) requires std::is_same_v<std::remove_const_t<Message>, WalkStarted> {
  DL_TRY_STATUS(io.Flag(m.started));
  return io.Text(m.reason, kMaxTextBytes);
}

template <typename Io, typename Message>
Status Fields(Io& io, Message& m) requires std::is_same_v<std::remove_const_t<Message>, WalkFile> {
  DL_TRY_STATUS(io.Text(m.path, kMaxPathBytes));
  DL_TRY_STATUS(io.Flag(m.failed));
  DL_TRY_STATUS(io.Text(m.reason, kMaxTextBytes));
  DL_TRY_STATUS(io.Number(m.size));
  DL_TRY_STATUS(io.Number(m.modified_ns));
  return io.Number(m.owner);
}

template <typename Io, typename Message>
Status Fields(Io& io, Message& m) requires std::is_same_v<std::remove_const_t<Message>, WalkEnd> {
  DL_TRY_STATUS(io.Number(m.files));
  DL_TRY_STATUS(io.Number(m.failed));
  DL_TRY_STATUS(io.Number(m.skipped));
  return io.Flag(m.limit_reached);
}

template <typename Io, typename Message>
Status Fields(Io& io, Message& m) requires std::is_same_v<std::remove_const_t<Message>, AccessEvent> {
  DL_TRY_STATUS(io.Enum(m.kind, AccessKind::kWritten));
  DL_TRY_STATUS(io.Flag(m.path_is_foreign));
  DL_TRY_STATUS(io.Flag(m.deleted));
  DL_TRY_STATUS(io.Number(m.pid));
  DL_TRY_STATUS(io.Number(m.uid));
  DL_TRY_STATUS(io.Text(m.path, kMaxPathBytes));
  return io.Text(m.program, kMaxTextBytes);
}

template <typename Io, typename Message>
Status Fields(Io& io, Message& m) requires std::is_same_v<std::remove_const_t<Message>, Verdict> {
  DL_TRY_STATUS(io.Flag(m.allow));
  DL_TRY_STATUS(io.Flag(m.cacheable));
  return io.Number(m.generation);
}

template <typename Io, typename Message>
Status Fields(Io&, Message&) requires std::is_same_v<std::remove_const_t<Message>, Generation> ||
    std::is_same_v<std::remove_const_t<Message>, GenerationDone> {
  return {};
}

template <typename Io, typename Detection>
Status DetectionFields(Io& io, Detection& detection) {
  DL_TRY_STATUS(io.Text(detection.engine, kMaxDetectionBytes));
  DL_TRY_STATUS(io.Text(detection.name, kMaxDetectionBytes));
  DL_TRY_STATUS(io.Text(detection.source, kMaxDetectionBytes));
  return io.Text(detection.object, kMaxDetectionBytes);
}

template <typename Io, typename State>
Status StateFields(Io& io, State& state) {
  DL_TRY_STATUS(io.Number(state.device));
  DL_TRY_STATUS(io.Number(state.inode));
  DL_TRY_STATUS(io.Number(state.size));
  DL_TRY_STATUS(io.Number(state.modified_ns));
  DL_TRY_STATUS(io.Number(state.changed_ns));
  DL_TRY_STATUS(io.Number(state.born_ns));
  DL_TRY_STATUS(io.Number(state.owner));
  return io.Number(state.mode);
}

template <typename Io, typename Message>
Status Fields(Io& io, Message& m) requires std::is_same_v<std::remove_const_t<Message>, TakeRequest> {
  DL_TRY_STATUS(io.Text(m.path, kMaxPathBytes));
  DL_TRY_STATUS(io.List(m.detections, kMaxDetections, [](auto& o, auto& one) { return DetectionFields(o, one); }));
  DL_TRY_STATUS(io.Text(m.reason, kMaxTextBytes));
  DL_TRY_STATUS(io.Text(m.requester, kMaxDetectionBytes));
  DL_TRY_STATUS(io.Flag(m.insist));
  DL_TRY_STATUS(io.Optional(m.expected, [](auto& o, auto& state) { return StateFields(o, state); }));
  return io.Optional(m.sha256, [](auto& o, auto& digest) { return o.Raw(digest); });
}

template <typename Io, typename Message>
Status Fields(Io& io, Message& m) requires std::is_same_v<std::remove_const_t<Message>, Taken> {
  DL_TRY_STATUS(io.Enum(m.outcome, TakeOutcome::kFailed));
  DL_TRY_STATUS(io.Text(m.id, kMaxTextBytes));
  return io.Text(m.reason, kMaxTextBytes);
}

template <typename Io, typename Message>
Status Fields(Io& io, Message& m) requires std::is_same_v<std::remove_const_t<Message>, Hello> {
  DL_TRY_STATUS(io.Number(m.version));
  DL_TRY_STATUS(io.Flag(m.on_access));
  DL_TRY_STATUS(io.Flag(m.on_written));
  DL_TRY_STATUS(io.Number(m.wait_ms));
  DL_TRY_STATUS(io.Number(m.generation));
  return io.Flag(m.allow_on_timeout);
}

template <typename Io, typename Message>
Status Fields(Io& io, Message& m) requires std::is_same_v<std::remove_const_t<Message>, Notice> {
  DL_TRY_STATUS(io.Enum(m.kind, kLastNotice));
  DL_TRY_STATUS(io.Flag(m.allowed));
  DL_TRY_STATUS(io.Number(m.count));
  DL_TRY_STATUS(io.Number(m.pid));
  DL_TRY_STATUS(io.Text(m.path, kMaxPathBytes));
  DL_TRY_STATUS(io.Text(m.text, kMaxTextBytes));
  DL_TRY_STATUS(io.Number(m.from_s));
  return io.Number(m.until_s);
}

}  // namespace

Result<Header> ParseHeader(std::string_view packet) {
  Cursor cursor(AsBytes(packet));
  DL_TRY(const std::uint32_t magic, cursor.ReadU32Le());
  DL_TRY(const std::uint16_t kind, cursor.ReadU16Le());
  DL_TRY(const std::uint16_t zero, cursor.ReadU16Le());
  DL_TRY(const std::uint32_t length, cursor.ReadU32Le());
  DL_TRY(const std::uint64_t id, cursor.ReadU64Le());
  if (magic != kMagic || zero != 0) return Fail(ErrorCode::kMalformed, "not a message of the opener's");
  if (length != cursor.remaining()) return Fail(ErrorCode::kMalformed, "a message of another length than it says");
  return Header{static_cast<MessageKind>(kind), id};
}

template <typename T>
std::string Encode(std::uint64_t id, const T& value) {
  Writer writer;
  // Writing cannot fail.
  static_cast<void>(Fields(writer, value));
  const std::string body = writer.Take();
  report::Encoder encoder;
  encoder.PutU32(kMagic);
  encoder.PutU16(static_cast<std::uint16_t>(T::kKind));
  encoder.PutU16(0);
  encoder.PutU32(static_cast<std::uint32_t>(body.size()));
  encoder.PutU64(id);
  encoder.PutRaw(body);
  return encoder.Take();
}

template <typename T>
Result<T> Decode(const Header& header, std::string_view packet) {
  if (header.kind != T::kKind || packet.size() < kHeaderBytes) {
    return Fail(ErrorCode::kMalformed, "a message of another kind than is due");
  }
  T value{};
  Reader reader(AsBytes(packet.substr(kHeaderBytes)));
  DL_TRY_STATUS(Fields(reader, value));
  if (!reader.AtEnd()) return Fail(ErrorCode::kMalformed, "a message with more than it has fields");
  return value;
}

#define DL_MESSAGE(T)                                   \
  template std::string Encode(std::uint64_t, const T&); \
  template Result<T> Decode(const Header&, std::string_view)
DL_MESSAGE(WalkRequest);
DL_MESSAGE(WalkStarted);
DL_MESSAGE(WalkFile);
DL_MESSAGE(WalkEnd);
DL_MESSAGE(AccessEvent);
DL_MESSAGE(Verdict);
DL_MESSAGE(Generation);
DL_MESSAGE(GenerationDone);
DL_MESSAGE(TakeRequest);
DL_MESSAGE(Taken);
DL_MESSAGE(Hello);
DL_MESSAGE(Notice);
#undef DL_MESSAGE

}  // namespace dl::opener
