#include "daylight/unpack/mail/cms.h"

#include <algorithm>
#include <optional>
#include <string>

#include "daylight/bytes/cursor.h"
#include "daylight/unpack/mail/header.h"
#include "daylight/unpack/mail/mail.h"

namespace dl::unpack {

namespace {

using namespace std::string_view_literals;

// RFC 5652: 4, 5.1, 6.1, 8; RFC 3274; RFC 5083.
constexpr std::string_view kData = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"sv;
constexpr std::string_view kSigned = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"sv;
constexpr std::string_view kEnveloped = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"sv;
constexpr std::string_view kEncryptedData = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06"sv;
constexpr std::string_view kCompressed = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x09"sv;
constexpr std::string_view kAuthEnveloped = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17"sv;

constexpr std::uint8_t kOctets = 0x04;
constexpr std::uint8_t kObjectId = 0x06;
constexpr std::uint8_t kConstructed = 0x20;
constexpr std::uint8_t kSequence = 0x30;
constexpr std::uint8_t kExplicit0 = 0xa0;
constexpr int kMaxDepth = 16;
// What is put together of pieces to be read as a message.
constexpr std::size_t kMaxJoinedBytes = 16u << 20;

// X.690, 8.1: a tag of one byte, and a length, or none where an end is marked.
struct Element {
  std::uint8_t tag = 0;
  std::optional<std::uint64_t> length;
};

Result<Element> ReadElement(Cursor& cursor) {
  Element element;
  DL_TRY(element.tag, cursor.ReadU8());
  DL_TRY(const std::uint8_t first, cursor.ReadU8());
  if (first == 0x80) return element;
  element.length = first;
  if (first < 0x80) return element;
  if (first > 0x88) return Fail(ErrorCode::kMalformed, "length");
  DL_TRY(const Bytes bytes, cursor.ReadBytes(first & 0x7fu));
  element.length = 0;
  for (const std::byte byte : bytes) *element.length = *element.length << 8 | std::to_integer<std::uint64_t>(byte);
  return element;
}

// What is in an element of this tag: up to its end, or to that of what is around it.
Result<Cursor> Enter(Cursor& cursor, std::uint8_t tag) {
  DL_TRY(const Element element, ReadElement(cursor));
  if (element.tag != tag) return Fail(ErrorCode::kMalformed, "tag");
  const std::uint64_t left = cursor.remaining();
  DL_TRY(const Bytes bytes, cursor.ReadBytes(std::min(element.length.value_or(left), left)));
  return Cursor(bytes);
}

Status Pass(Cursor& cursor, int depth = 0) {
  if (depth > kMaxDepth) return Fail(ErrorCode::kUnsupported, "depth");
  DL_TRY(const Element element, ReadElement(cursor));
  if (element.length) return cursor.Skip(*element.length);
  for (;;) {
    Cursor ahead = cursor;
    DL_TRY(const std::uint16_t end, ahead.ReadU16Be());
    if (end == 0) return cursor.Skip(2);
    DL_TRY_STATUS(Pass(cursor, depth + 1));
  }
}

// An octet string, or pieces of one, piece by piece.
class Octets {
 public:
  // Absent: these are none.
  static std::optional<Octets> Begin(Cursor cursor) {
    const auto element = ReadElement(cursor);
    if (!element || (element->tag != kOctets && element->tag != (kOctets | kConstructed))) return std::nullopt;
    Octets out;
    const bool is_whole = element->length.value_or(0) <= cursor.remaining();
    const auto bytes =
        cursor.ReadBytes(std::min<std::uint64_t>(element->length.value_or(cursor.remaining()), cursor.remaining()));
    if (!bytes) return std::nullopt;
    out.is_damaged_ = !is_whole;
    if (element->tag == kOctets) {
      out.piece_ = *bytes;
    } else {
      out.pieces_ = Cursor(*bytes);
      out.has_mark_ = !element->length;
    }
    return out;
  }

  std::size_t Read(std::span<std::byte> out) {
    std::size_t n = 0;
    while (n < out.size() && (!piece_.empty() || NextPiece())) {
      const std::size_t count = std::min(out.size() - n, piece_.size());
      std::copy_n(piece_.begin(), count, out.begin() + static_cast<std::ptrdiff_t>(n));
      piece_ = piece_.subspan(count);
      n += count;
    }
    return n;
  }
  bool is_damaged() const { return is_damaged_; }
  std::uint64_t size_limit() const { return piece_.size() + pieces_.remaining(); }

 private:
  bool NextPiece() {
    while (!pieces_.AtEnd() && piece_.empty()) {
      const auto element = ReadElement(pieces_);
      if (element && has_mark_ && element->tag == 0 && element->length == 0u) {
        pieces_ = {};
        return false;
      }
      const auto bytes = element && element->tag == kOctets && element->length
                             ? pieces_.ReadBytes(std::min<std::uint64_t>(*element->length, pieces_.remaining()))
                             : Result<Bytes>(Fail(ErrorCode::kMalformed, "piece"));
      is_damaged_ = is_damaged_ || !bytes || bytes->size() != *element->length;
      if (!bytes) pieces_ = {};
      if (bytes) piece_ = *bytes;
    }
    return !piece_.empty();
  }

  Bytes piece_;
  Cursor pieces_;
  bool has_mark_ = false;
  bool is_damaged_ = false;
};

// The content's type, and what follows it.
struct Info {
  std::string_view type;
  Cursor content;
};
Result<Info> ReadInfo(Cursor& cursor) {
  DL_TRY(Cursor inside, Enter(cursor, kSequence));
  DL_TRY(const Cursor type, Enter(inside, kObjectId));
  return Info{AsText(type.bytes()), Cursor(inside.bytes().subspan(inside.position()))};
}

// RFC 5652, 5.1: version, digestAlgorithms, encapContentInfo.
Result<std::optional<Octets>> ContentOf(Info info) {
  DL_TRY(Cursor content, Enter(info.content, kExplicit0));
  if (info.type == kData) return Octets::Begin(content);
  DL_TRY(Cursor inside, Enter(content, kSequence));
  DL_TRY_STATUS(Pass(inside));
  DL_TRY_STATUS(Pass(inside));
  DL_TRY(Info encapsulated, ReadInfo(inside));
  auto found = Enter(encapsulated.content, kExplicit0);
  // A signature that stands alone; or, in older kinds, something else than a file.
  if (!found) return std::optional<Octets>();
  return Octets::Begin(*found);
}

std::string NameWithin(const std::string& name) {
  constexpr std::string_view kEnding = ".p7m";
  const bool is_one = name.size() > kEnding.size() && mail::Lower(name).ends_with(kEnding);
  if (!is_one || mail::Lower(name) == "smime.p7m") return "content";
  return name.substr(0, name.size() - kEnding.size());
}

std::string_view TypeOf(const Probe& probe) {
  Cursor cursor(probe.head);
  const auto info = ReadInfo(cursor);
  return info ? info->type : std::string_view();
}

bool Opens(const Probe& probe) {
  if (!probe.Has(0, "\x30"sv)) return false;
  const std::string_view type = TypeOf(probe);
  return type == kData || type == kSigned || type == kEnveloped || type == kEncryptedData || type == kCompressed ||
         type == kAuthEnveloped;
}

void GiveContent(Octets content, const std::string& name, Sink& sink) {
  std::string head(64, '\0');
  Octets peek = content;
  head.resize(peek.Read(std::as_writable_bytes(std::span(head))));
  Octets rest = content;
  const auto pull = [&](std::span<std::byte> out) -> Result<std::size_t> { return rest.Read(out); };
  if (!sink.AddStream({name, content.size_limit()}, pull)) return;
  if (rest.is_damaged()) sink.Closed(name, kDamaged, "signed content that ends early or contradicts itself");
  // RFC 8551, 3.1: in mail it is a part with its header, too short a one to tell what it is.
  if (!mail::Lower(head).starts_with("content-")) return;
  std::string joined(static_cast<std::size_t>(std::min<std::uint64_t>(content.size_limit(), kMaxJoinedBytes)), '\0');
  joined.resize(content.Read(std::as_writable_bytes(std::span(joined))));
  if (mail::LooksLikeMessage(joined)) return;
  if (joined.size() == kMaxJoinedBytes) sink.Closed(name, kTooLarge, "a signed message that is too large");
  mail::GiveParts(joined, sink);
}

void Unpack(const Probe& probe, const ChildInfo& self, Sink& sink) {
  const std::string_view type = TypeOf(probe);
  if (type == kCompressed) return sink.Closed("", kUnsupported, "a compressed message (RFC 3274)");
  if (type != kSigned && type != kData) return sink.Closed("", kEncrypted, "an encrypted message (S/MIME)");
  const auto whole = probe.object.Whole(kMaxWholeBytes);
  if (!whole) return sink.Closed("", kTooLarge, "too large to be read as a signed message");
  Cursor cursor(*whole);
  const auto info = ReadInfo(cursor);
  if (!info) return;  // Not as it was a moment ago.
  const auto content = ContentOf(*info);
  if (!content) return sink.Closed("", kDamaged, "a signed message that ends early or contradicts itself");
  if (*content) GiveContent(**content, NameWithin(self.name), sink);
}

}  // namespace

const Unpacker kCms = {"cms", Opens, Unpack};

}  // namespace dl::unpack
