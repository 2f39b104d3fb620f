#include "daylight/formats/lnk/lnk.h"

#include <algorithm>
#include <array>

#include "daylight/bytes/cursor.h"
#include "daylight/bytes/utf16.h"
#include "daylight/formats/lnk/text.h"

namespace dl::formats {
namespace {

// 2.1.1, LinkFlags.
constexpr std::uint32_t kHasLinkTargetIdList = 1u << 0;
constexpr std::uint32_t kHasLinkInfo = 1u << 1;
constexpr std::uint32_t kHasName = 1u << 2;
constexpr std::uint32_t kHasRelativePath = 1u << 3;
constexpr std::uint32_t kHasWorkingDir = 1u << 4;
constexpr std::uint32_t kHasArguments = 1u << 5;
constexpr std::uint32_t kHasIconLocation = 1u << 6;
constexpr std::uint32_t kIsUnicode = 1u << 7;

// 2.1: HeaderSize, then LinkCLSID 00021401-0000-0000-C000-000000000046.
constexpr std::array<unsigned char, 20> kBeginning = {0x4c, 0, 0,    0, 0x01, 0x14, 0x02, 0, 0, 0,
                                                      0,    0, 0xc0, 0, 0,    0,    0,    0, 0, 0x46};

// FILETIME counts 100 ns since 1601-01-01.
std::optional<std::uint64_t> UnixTime(std::uint64_t filetime) {
  constexpr std::uint64_t kSecondsFrom1601To1970 = 11'644'473'600;
  const std::uint64_t seconds = filetime / 10'000'000;
  if (seconds < kSecondsFrom1601To1970) return std::nullopt;
  return seconds - kSecondsFrom1601To1970;
}

// Braceless, lowercase: the first three groups are little-endian numbers.
Result<std::string> ReadGuid(Cursor& cursor) {
  DL_TRY(const Bytes guid, cursor.ReadBytes(16));
  constexpr std::array<std::size_t, 16> kOrder = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
  std::string out;
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    const auto b = std::to_integer<unsigned>(guid[kOrder[i]]);
    out += "0123456789abcdef"[b >> 4];
    out += "0123456789abcdef"[b & 15];
  }
  return out;
}

Status ReadHeader(Cursor& cursor, LnkFacts& facts) {
  // 2.1, ShellLinkHeader.
  DL_TRY_STATUS(cursor.Skip(kBeginning.size()));
  DL_TRY(facts.flags, cursor.ReadU32Le());
  DL_TRY(facts.file_attributes, cursor.ReadU32Le());
  for (std::optional<std::uint64_t>* time : {&facts.creation_time, &facts.access_time, &facts.write_time}) {
    DL_TRY(const std::uint64_t filetime, cursor.ReadU64Le());
    *time = UnixTime(filetime);
  }
  DL_TRY(facts.file_size, cursor.ReadU32Le());
  DL_TRY(facts.icon_index, cursor.ReadU32Le());
  DL_TRY(facts.show_command, cursor.ReadU32Le());
  DL_TRY(facts.hotkey, cursor.ReadU16Le());
  return cursor.Skip(10);  // Reserved1 to Reserved3.
}

std::optional<ShellItem::Class> ClassOf(std::uint8_t indicator) {
  using Class = ShellItem::Class;
  switch (indicator) {
    case 0x00: return Class::kControlPanelFile;
    case 0x01: return Class::kControlPanelCategory;
    case 0x1e:
    case 0x1f: return Class::kRootFolder;
    case 0x52: return Class::kCompressedFolder;
    case 0x61: return Class::kUri;
    case 0x70:
    case 0x71: return Class::kControlPanel;
    case 0x72: return Class::kPrinters;
    case 0x73: return Class::kCommonPlacesFolder;
    case 0x74: return Class::kUsersFilesFolder;
    default: break;
  }
  // Bits 4 to 6 are the class, the others are flags of it.
  switch (indicator & 0x70) {
    case 0x20: return Class::kVolume;
    case 0x30: return Class::kFileEntry;
    case 0x40: return Class::kNetworkLocation;
    default: return std::nullopt;
  }
}

// Offsets are those of libfwsi's tables less 3: size and class come before.
void DecodeItem(ShellItem& item) {
  if (!item.item_class) return;
  const Cursor data(item.data);
  switch (*item.item_class) {
    case ShellItem::Class::kControlPanelFile: {
      // The older form has its texts in the code page here; the newer one an
      // empty text, and UTF-16 further on.
      const auto older = data.From(9);
      const auto newer = data.From(21);
      if (older && older->size() > 0 && older->bytes()[0] != std::byte{0}) {
        item.control_panel_path = ReplaceInvalidUtf8(BeforeNul(older->bytes()));
      } else if (newer) {
        item.control_panel_path = Utf8FromWide(newer->bytes());
      }
      break;
    }
    case ShellItem::Class::kRootFolder:  // A sort index, then the identifier.
      if (auto rest = data.From(1)) {
        if (auto guid = ReadGuid(*rest)) item.root_folder_id = *guid;
      }
      break;
    case ShellItem::Class::kVolume:
      if ((item.indicator & 0x01) != 0) {
        Cursor name = data;
        if (const auto field = name.ReadBytes(20)) item.volume_name = ReplaceInvalidUtf8(BeforeNul(*field));
      } else if (auto rest = data.From(1)) {
        if (auto guid = ReadGuid(*rest)) item.volume_id = *guid;
      }
      break;
    case ShellItem::Class::kFileEntry:  // Unknown, size, time, attributes; then the primary name.
      if (const auto name = data.From(11)) {
        const bool wide = (item.indicator & 0x04) != 0;
        item.file_name = wide ? Utf8FromWide(name->bytes()) : ReplaceInvalidUtf8(BeforeNul(name->bytes()));
      }
      break;
    case ShellItem::Class::kNetworkLocation:
      if (const auto location = data.From(2)) item.network_location = ReplaceInvalidUtf8(BeforeNul(location->bytes()));
      break;
    default: break;
  }
}

// 2.2, LinkTargetIDList. A list or an item that is longer than what there is
// gives what there is; then the rest of the file cannot be found.
Status ReadTargetIdList(Cursor& cursor, LnkFacts& facts) {
  DL_TRY(const std::uint16_t declared, cursor.ReadU16Le());
  const bool cut = declared > cursor.remaining();
  DL_TRY(const Bytes bytes, cursor.ReadBytes(std::min<std::uint64_t>(declared, cursor.remaining())));
  Cursor list(bytes);
  for (auto size = list.ReadU16Le(); size && *size != 0; size = list.ReadU16Le()) {
    const std::uint64_t wanted = *size < 2 ? 0 : *size - 2;
    DL_TRY(const Bytes body, list.ReadBytes(std::min<std::uint64_t>(wanted, list.remaining())));
    if (body.empty()) continue;
    ShellItem item;
    item.indicator = std::to_integer<std::uint8_t>(body[0]);
    item.item_class = ClassOf(item.indicator);
    item.data = body.subspan(1);
    DecodeItem(item);
    facts.target_id_list.push_back(std::move(item));
  }
  if (cut) return Fail(ErrorCode::kTruncated, "target ID list past the end", cursor.position());
  return {};
}

// 2.3.1, VolumeID. Both offsets of the label are relative to its beginning.
Status ReadVolumeId(Cursor cursor, LnkFacts& facts) {
  const Cursor beginning = cursor;
  DL_TRY(const std::uint32_t size, cursor.ReadU32Le());
  DL_TRY(const std::uint32_t drive_type, cursor.ReadU32Le());
  DL_TRY(const std::uint32_t serial_number, cursor.ReadU32Le());
  DL_TRY(const std::uint32_t label_offset, cursor.ReadU32Le());
  facts.drive_type = drive_type;
  facts.drive_serial_number = serial_number;
  DL_TRY(const Cursor volume, beginning.Window(0, size));
  // 0x14 says that VolumeLabelOffsetUnicode follows and counts instead.
  if (label_offset == 0x14) {
    DL_TRY(const std::uint32_t unicode_offset, cursor.ReadU32Le());
    DL_TRY(const Cursor label, volume.From(unicode_offset));
    facts.volume_label = Utf8FromWide(label.bytes());
  } else {
    DL_TRY(const Cursor label, volume.From(label_offset));
    facts.volume_label = ReplaceInvalidUtf8(BeforeNul(label.bytes()));
  }
  return {};
}

// The text at one of two offsets: the Unicode one when it is there and not 0.
std::optional<std::string> TextAt(const Cursor& info, std::uint32_t offset, std::uint32_t unicode_offset) {
  const auto text = info.From(unicode_offset != 0 ? unicode_offset : offset);
  if (!text) return std::nullopt;
  return unicode_offset != 0 ? Utf8FromWide(text->bytes()) : ReplaceInvalidUtf8(BeforeNul(text->bytes()));
}

// 2.3, LinkInfo. Its fields are read even when LinkInfoSize is too small for
// them, since shells that only follow the offsets do so too.
Status ReadLinkInfo(Cursor& cursor, LnkFacts& facts) {
  constexpr std::uint32_t kVolumeIdAndLocalBasePath = 1;
  constexpr std::uint32_t kCommonNetworkRelativeLinkAndPathSuffix = 2;
  Cursor fields = cursor;
  DL_TRY(const std::uint32_t size, fields.ReadU32Le());
  DL_TRY(const std::uint32_t header_size, fields.ReadU32Le());
  DL_TRY(const std::uint32_t flags, fields.ReadU32Le());
  DL_TRY(const std::uint32_t volume_id_offset, fields.ReadU32Le());
  DL_TRY(const std::uint32_t base_path_offset, fields.ReadU32Le());
  DL_TRY_STATUS(fields.Skip(4));  // CommonNetworkRelativeLinkOffset.
  DL_TRY(const std::uint32_t suffix_offset, fields.ReadU32Le());
  std::uint32_t unicode_base_path_offset = 0, unicode_suffix_offset = 0;
  if (header_size >= 0x24) {
    DL_TRY(unicode_base_path_offset, fields.ReadU32Le());
    DL_TRY(unicode_suffix_offset, fields.ReadU32Le());
  }
  DL_TRY(const Bytes bytes, cursor.ReadBytes(size));
  const Cursor info(bytes);
  if ((flags & kVolumeIdAndLocalBasePath) != 0) {
    if (const auto volume = info.From(volume_id_offset)) {
      // A bad volume does not spoil the paths.
      static_cast<void>(ReadVolumeId(*volume, facts));
    }
    facts.local_base_path = TextAt(info, base_path_offset, unicode_base_path_offset);
  }
  if ((flags & kCommonNetworkRelativeLinkAndPathSuffix) != 0) {
    facts.common_path_suffix = TextAt(info, suffix_offset, unicode_suffix_offset);
  }
  return {};
}

// 2.4, StringData: counted characters, without a NUL.
Status ReadStrings(Cursor& cursor, LnkFacts& facts) {
  const bool unicode = (facts.flags & kIsUnicode) != 0;
  struct Field {
    std::uint32_t flag;
    std::optional<std::string>& text;
  };
  for (const Field& field :
       {Field{kHasName, facts.name}, Field{kHasRelativePath, facts.relative_path},
        Field{kHasWorkingDir, facts.working_dir}, Field{kHasArguments, facts.command_line_arguments},
        Field{kHasIconLocation, facts.icon_location}}) {
    if ((facts.flags & field.flag) == 0) continue;
    DL_TRY(const std::uint16_t characters, cursor.ReadU16Le());
    DL_TRY(const Bytes text, cursor.ReadRecords(characters, unicode ? 2 : 1));
    field.text = unicode ? Utf8FromWide(text) : ReplaceInvalidUtf8(text);
  }
  return {};
}

// 2.5.10, TrackerDataBlock, after its signature.
Result<LnkTracker> ReadTracker(Cursor cursor) {
  LnkTracker tracker;
  DL_TRY_STATUS(cursor.Skip(4));  // Length.
  DL_TRY(tracker.version, cursor.ReadU32Le());
  DL_TRY(const Bytes machine, cursor.ReadBytes(16));
  tracker.machine_id = ReplaceInvalidUtf8(BeforeNul(machine));
  DL_TRY(tracker.droid_volume_id, ReadGuid(cursor));
  DL_TRY(tracker.droid_file_id, ReadGuid(cursor));
  DL_TRY(tracker.birth_droid_volume_id, ReadGuid(cursor));
  DL_TRY(tracker.birth_droid_file_id, ReadGuid(cursor));
  return tracker;
}

// 2.5, ExtraData: blocks until one whose size is below 4.
Status ReadExtraData(Cursor& cursor, LnkFacts& facts) {
  constexpr std::uint32_t kTrackerSignature = 0xa0000003;
  while (true) {
    DL_TRY(const std::uint32_t size, cursor.ReadU32Le());
    if (size < 4) break;
    DL_TRY(const Bytes bytes, cursor.ReadBytes(size - 4));
    Cursor block(bytes);
    const auto signature = block.ReadU32Le();
    if (!signature || *signature != kTrackerSignature) continue;
    if (auto tracker = ReadTracker(block)) facts.tracker = std::move(*tracker);
  }
  facts.overlay_size = cursor.remaining();
  if (cursor.remaining() > 0) facts.overlay_offset = cursor.position();
  return {};
}

Status ReadBody(Cursor& cursor, LnkFacts& facts) {
  if ((facts.flags & kHasLinkTargetIdList) != 0) DL_TRY_STATUS(ReadTargetIdList(cursor, facts));
  if ((facts.flags & kHasLinkInfo) != 0) DL_TRY_STATUS(ReadLinkInfo(cursor, facts));
  DL_TRY_STATUS(ReadStrings(cursor, facts));
  return ReadExtraData(cursor, facts);
}

}  // namespace

bool IsLnk(Bytes head) {
  return head.size() >= kBeginning.size() &&
         std::equal(kBeginning.begin(), kBeginning.end(), head.begin(),
                    [](unsigned char a, std::byte b) { return a == std::to_integer<unsigned char>(b); });
}

Result<LnkFacts> ParseLnk(Bytes bytes) {
  if (!IsLnk(bytes)) return Fail(ErrorCode::kMalformed, "not a shortcut");
  LnkFacts facts;
  Cursor cursor(bytes);
  DL_TRY_STATUS(ReadHeader(cursor, facts));
  if (const Status status = ReadBody(cursor, facts); !status) facts.damage = status.error();
  return facts;
}

}  // namespace dl::formats
