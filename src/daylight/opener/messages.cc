#include "daylight/opener/messages.h"

#include "daylight/bytes/cursor.h"
#include "daylight/report/field_io.h"

namespace dl::opener {

namespace {

constexpr std::uint32_t kMagic = 0x314f4c44;  // "DLO1"

// Each message's members, named once. `Message`: the type, const for the writer.
template <typename Io, typename Message>
Status Fields(Io& io, Message& m) requires std::is_same_v<std::remove_const_t<Message>, WalkRequest> {
  DL_TRY_STATUS(io.Number(m.uid));
  DL_TRY_STATUS(io.Number(m.gid));
  DL_TRY_STATUS(io.List(m.groups, kMaxGroups, [](auto& o, auto& group) { return o.Number(group); }));
  DL_TRY_STATUS(io.Text(m.path, kMaxPathBytes));
  DL_TRY_STATUS(io.List(m.exclude, kMaxExcludes, [](auto& o, auto& glob) { return o.Text(glob, kMaxExcludeBytes); }));
  const auto mask = [](auto& o, auto& text) { return o.Text(text, kMaxMaskBytes); };
  DL_TRY_STATUS(io.List(m.exclude_masks, kMaxMasks, mask));
  DL_TRY_STATUS(io.List(m.only_masks, kMaxMasks, mask));
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
  return io.Digest(m.sha256);
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
  report::FieldWriter writer;
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
  report::FieldReader reader(AsBytes(packet.substr(kHeaderBytes)));
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
