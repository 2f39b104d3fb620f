#include "daylight/unpack/mail/tnef.h"

#include <algorithm>
#include <optional>
#include <string>

#include "daylight/bytes/cursor.h"
#include "daylight/bytes/utf16.h"
#include "daylight/unpack/mail/compressed_rtf.h"

namespace dl::unpack {

namespace {

using namespace std::string_view_literals;

// [MS-OXTNEF] 2.1.3.1, 2.1.3.3: the attributes that are read.
constexpr std::uint32_t kBody = 0x0002800c;
constexpr std::uint32_t kMessageProperties = 0x00069003;
constexpr std::uint32_t kAttachmentBegins = 0x00069002;
constexpr std::uint32_t kAttachmentTitle = 0x00018010;
constexpr std::uint32_t kAttachmentData = 0x0006800f;
constexpr std::uint32_t kAttachmentProperties = 0x00069005;

// [MS-OXPROPS]: and the properties.
constexpr std::uint16_t kBodyText = 0x1000;
constexpr std::uint16_t kBodyRtf = 0x1009;
constexpr std::uint16_t kBodyHtml = 0x1013;
constexpr std::uint16_t kAttachedObject = 0x3701;
constexpr std::uint16_t kAttachedName = 0x3704;
constexpr std::uint16_t kAttachedLongName = 0x3707;

// [MS-OXCDATA] 2.11.1: property types.
constexpr std::uint16_t kMultiple = 0x1000;
constexpr std::uint16_t kObject = 0x000d;
constexpr std::uint16_t kString8 = 0x001e;
constexpr std::uint16_t kUnicode = 0x001f;

// 0: not of a fixed size; absent: no such type.
std::optional<std::size_t> SizeOfType(std::uint16_t type) {
  switch (type) {
    case 0x0001: return 4;  // Null.
    case 0x0002:            // Integers, booleans, floats and errors,
    case 0x0003:            // padded.
    case 0x0004:
    case 0x000a:
    case 0x000b: return 4;
    case 0x0005:
    case 0x0006:
    case 0x0007:
    case 0x0014:
    case 0x0040: return 8;
    case 0x0048: return 16;
    case kObject:
    case kString8:
    case kUnicode:
    case 0x0102: return 0;
    default: return std::nullopt;
  }
}

std::string TextOf(std::uint16_t type, Bytes bytes) {
  if (type == kUnicode) return Utf8FromWide(bytes);
  const std::string_view text = AsText(bytes);
  return std::string(text.substr(0, text.find('\0')));
}

class Unpacking {
 public:
  Unpacking(Bytes bytes, Sink& sink) : cursor_(bytes), sink_(sink) {}

  void Run() {
    if (!cursor_.Skip(4 + 2)) return Damage();  // TNEFSignature, LegacyKey
    while (!IsAtEnd()) {
      const Status status = TakeAttribute();
      if (is_stopped_) return;
      if (!status) {
        Damage();
        break;
      }
    }
    GiveAttachment();
  }

 private:
  void Damage() {
    if (!is_damaged_) sink_.Closed("", kDamaged, "TNEF that ends early or contradicts itself");
    is_damaged_ = true;
  }

  // Some have ends of lines behind.
  bool IsAtEnd() const {
    const std::string_view rest = AsText(cursor_.bytes().subspan(cursor_.position()));
    return rest.size() < 9 && rest.find_first_not_of("\r\n\0"sv) == std::string_view::npos;
  }

  // 2.1.3: level, identifier, length, data, and the sum of its bytes, which no reader checks.
  Status TakeAttribute() {
    DL_TRY_STATUS(cursor_.Skip(1));
    DL_TRY(const std::uint32_t id, cursor_.ReadU32Le());
    DL_TRY(const std::uint32_t size, cursor_.ReadU32Le());
    const bool is_whole = size <= cursor_.remaining();
    DL_TRY(const Bytes data, cursor_.ReadBytes(is_whole ? size : cursor_.remaining()));
    switch (id) {
      case kBody: Give("body.txt", AsBytes(AsText(data).substr(0, AsText(data).find('\0')))); break;
      case kAttachmentBegins: GiveAttachment(); break;
      case kAttachmentTitle: title_ = TextOf(kString8, data); break;
      case kAttachmentData: content_ = data; break;
      case kMessageProperties:
      case kAttachmentProperties: {
        const Status status = TakeProperties(Cursor(data), id == kAttachmentProperties);
        if (!status && is_whole && !is_stopped_) Damage();
        break;
      }
      default: break;
    }
    if (!is_whole) return Fail(ErrorCode::kTruncated, "attribute");
    // Of the last one half may be missing; nothing is unread then.
    return cursor_.Skip(std::min<std::size_t>(2, cursor_.remaining()));
  }

  // 2.1.3.4: property tag, name where it has one, values.
  Status TakeProperties(Cursor cursor, bool is_of_attachment) {
    DL_TRY(const std::uint32_t count, cursor.ReadU32Le());
    for (std::uint32_t i = 0; i < count && !is_stopped_; ++i) {
      DL_TRY(const std::uint16_t type, cursor.ReadU16Le());
      DL_TRY(const std::uint16_t id, cursor.ReadU16Le());
      if (id >= 0x8000) DL_TRY_STATUS(SkipName(cursor));
      const auto fixed = SizeOfType(static_cast<std::uint16_t>(type & 0xefffu));
      if (!fixed) return Fail(ErrorCode::kMalformed, "property of no known type");
      std::uint32_t values = 1;
      if (*fixed == 0 || (type & kMultiple) != 0) {
        DL_TRY(values, cursor.ReadU32Le());
      }
      if (*fixed > 0) {
        DL_TRY_STATUS(Skipped(cursor.ReadRecords(values, *fixed)));
        continue;
      }
      for (std::uint32_t k = 0; k < values && !is_stopped_; ++k) {
        DL_TRY(const std::uint32_t size, cursor.ReadU32Le());
        DL_TRY(const Bytes value, cursor.ReadBytes(size));
        // The last may lack what fills it up to four bytes.
        DL_TRY_STATUS(cursor.Skip(std::min<std::size_t>((4 - size % 4) % 4, cursor.remaining())));
        TakeProperty(id, type, value, is_of_attachment);
      }
    }
    return {};
  }

  static Status Skipped(const Result<Bytes>& bytes) {
    if (!bytes) return Forward(bytes.error());
    return {};
  }

  static Status SkipName(Cursor& cursor) {
    DL_TRY_STATUS(cursor.Skip(16));
    DL_TRY(const std::uint32_t kind, cursor.ReadU32Le());
    DL_TRY(const std::uint32_t size, cursor.ReadU32Le());  // Kind 0: the number itself.
    if (kind == 0) return {};
    return cursor.Skip(std::uint64_t{size} + (4 - size % 4) % 4);
  }

  void TakeProperty(std::uint16_t id, std::uint16_t type, Bytes value, bool is_of_attachment) {
    if (!is_of_attachment) {
      if (id == kBodyText) Give("body.txt", type == kUnicode ? AsBytes(unicode_ = Utf8FromWide(value)) : value);
      if (id == kBodyHtml) Give("body.html", type == kUnicode ? AsBytes(unicode_ = Utf8FromWide(value)) : value);
      if (id == kBodyRtf) GiveRtf(value);
      return;
    }
    if (id == kAttachedName && long_name_.empty()) short_name_ = TextOf(type, value);
    if (id == kAttachedLongName) long_name_ = TextOf(type, value);
    // An interface's name, 16 bytes, is before an object: a message, again as TNEF, or an OLE file.
    if (id == kAttachedObject) object_ = type == kObject && value.size() >= 16 ? value.subspan(16) : value;
  }

  void GiveRtf(Bytes value) {
    mail::CompressedRtf rtf(value);
    if (!rtf.is_one()) return Give("body.rtf", value);
    is_stopped_ = !sink_.AddStream({"body.rtf", std::nullopt},
                                   [&](std::span<std::byte> out) -> Result<std::size_t> { return rtf.Read(out); });
    if (!is_stopped_ && rtf.is_damaged()) {
      sink_.Closed("body.rtf", kDamaged, "compressed RTF that ends early or contradicts itself");
    }
  }

  void Give(const std::string& name, Bytes bytes) {
    if (is_stopped_) return;
    is_stopped_ = bytes.empty() ? !sink_.Pass() : !sink_.Add({name, bytes.size()}, bytes);
  }

  // The properties, with the name, come after the data.
  void GiveAttachment() {
    std::string name = !long_name_.empty() ? long_name_ : !title_.empty() ? title_ : short_name_;
    if (content_) Give(name, *content_);
    if (object_) Give(name.empty() ? "object" : name, *object_);
    content_ = object_ = std::nullopt;
    title_ = short_name_ = long_name_ = {};
  }

  Cursor cursor_;
  Sink& sink_;
  bool is_stopped_ = false;
  bool is_damaged_ = false;
  std::string unicode_;
  // The attachment at hand.
  std::string title_;
  std::string short_name_;
  std::string long_name_;
  std::optional<Bytes> content_;
  std::optional<Bytes> object_;
};

bool Opens(const Probe& probe) { return probe.Has(0, "\x78\x9f\x3e\x22"sv); }

void Unpack(const Probe& probe, const ChildInfo&, Sink& sink) {
  const auto whole = probe.object.Whole(kMaxWholeBytes);
  if (!whole) return sink.Closed("", kTooLarge, "too large to be read as TNEF");
  Unpacking(*whole, sink).Run();
}

}  // namespace

const Unpacker kTnef = {"tnef", Opens, Unpack};

}  // namespace dl::unpack
