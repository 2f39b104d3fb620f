#include "daylight/quarantine/item.h"

#include "daylight/bytes/cursor.h"
#include "daylight/report/encoder.h"

namespace dl::quarantine {

namespace {

constexpr std::uint32_t kVersion = 1;

Status Read(Cursor& cursor, std::string& text) {
  DL_TRY(const std::uint32_t size, cursor.ReadU32Le());
  DL_TRY(const Bytes bytes, cursor.ReadBytes(size));
  text.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return {};
}

Status Read(Cursor& cursor, std::uint32_t& value) {
  DL_TRY(value, cursor.ReadU32Le());
  return {};
}

Status Read(Cursor& cursor, std::uint64_t& value) {
  DL_TRY(value, cursor.ReadU64Le());
  return {};
}

Status Read(Cursor& cursor, std::int64_t& value) {
  DL_TRY(const std::uint64_t bits, cursor.ReadU64Le());
  value = static_cast<std::int64_t>(bits);
  return {};
}

template <typename... Values>
Status ReadAllOf(Cursor& cursor, Values&... values) {
  Status status;
  static_cast<void>(((status = Read(cursor, values)).has_value() && ...));
  return status;
}

void Put(report::Encoder& out, std::string_view text) { out.PutText(text); }
void Put(report::Encoder& out, std::uint32_t value) { out.PutU32(value); }
void Put(report::Encoder& out, std::uint64_t value) { out.PutU64(value); }
void Put(report::Encoder& out, std::int64_t value) { out.PutU64(static_cast<std::uint64_t>(value)); }

template <typename... Values>
void PutAllOf(report::Encoder& out, const Values&... values) {
  (Put(out, values), ...);
}

// The members of both directions, in their order.
template <typename Item, typename Each>
auto WithFields(Item& item, Each each) {
  auto& origin = item.origin;
  auto& state = origin.state;
  return each(origin.path, state.device, state.inode, state.size, state.modified_ns, state.changed_ns, state.born_ns,
              state.owner, state.mode, origin.group, origin.links, origin.accessed_ns, origin.flags, item.reason,
              item.requester, item.taken_ns, item.aside);
}

}  // namespace

std::string_view StateName(State state) {
  switch (state) {
    case State::kCopying:
    case State::kCopied:
    case State::kAside: return "being taken";
    case State::kKept: return "kept";
    case State::kRestoring:
    case State::kPlacing: return "being restored";
    case State::kRestored: return "restored";
    case State::kDeleted: return "deleted";
  }
  return "unknown";
}

bool IsUnfinished(State state) {
  return state != State::kKept && state != State::kRestored && state != State::kDeleted;
}

std::string EncodeRecord(const Item& item) {
  report::Encoder out;
  out.PutU32(kVersion);
  WithFields(item, [&](const auto&... fields) { PutAllOf(out, fields...); });
  out.PutU32(static_cast<std::uint32_t>(item.origin.attributes.size()));
  for (const ExtendedAttribute& attribute : item.origin.attributes) PutAllOf(out, attribute.name, attribute.value);
  out.PutU32(static_cast<std::uint32_t>(item.detections.size()));
  for (const Detection& found : item.detections) PutAllOf(out, found.engine, found.name, found.source, found.object);
  return out.Take();
}

Status DecodeRecord(std::string_view record, Item& item) {
  Cursor cursor(std::as_bytes(std::span(record)));
  DL_TRY(const std::uint32_t version, cursor.ReadU32Le());
  if (version != kVersion) return Fail(ErrorCode::kUnsupported, "the record is of another version");
  DL_TRY_STATUS(WithFields(item, [&](auto&... fields) { return ReadAllOf(cursor, fields...); }));
  // Each element takes some bytes of the record, so both loops are bounded by it.
  DL_TRY(const std::uint32_t attributes, cursor.ReadU32Le());
  item.origin.attributes.clear();
  for (std::uint32_t i = 0; i < attributes; ++i) {
    ExtendedAttribute& attribute = item.origin.attributes.emplace_back();
    DL_TRY_STATUS(ReadAllOf(cursor, attribute.name, attribute.value));
  }
  DL_TRY(const std::uint32_t detections, cursor.ReadU32Le());
  item.detections.clear();
  for (std::uint32_t i = 0; i < detections; ++i) {
    Detection& found = item.detections.emplace_back();
    DL_TRY_STATUS(ReadAllOf(cursor, found.engine, found.name, found.source, found.object));
  }
  if (cursor.remaining() != 0) return Fail(ErrorCode::kMalformed, "the record has more than it should");
  return {};
}

}  // namespace dl::quarantine
