#include "daylight/formats/filetype/office_zip.h"

#include <algorithm>
#include <string_view>

#include "daylight/bytes/cursor.h"

namespace dl::filetype {
namespace {

using std::string_view_literals::operator""sv;

// APPNOTE.TXT 4.3.7, 4.3.12, 4.3.16.
constexpr std::string_view kLocalMagic = "PK\3\4"sv;
constexpr std::string_view kCentralMagic = "PK\1\2"sv;
constexpr std::string_view kEndMagic = "PK\5\6"sv;
constexpr std::size_t kLocalHeader = 30;
constexpr std::size_t kCentralHeader = 46;
constexpr std::size_t kEndRecord = 22;

struct Part {
  std::string_view name;
  ClamType type;  // kZip: typical of Office, and no more.
};
constexpr Part kParts[] = {
    {"xl/", ClamType::kOoxmlXl},
    {"ppt/", ClamType::kOoxmlPpt},
    {"word/", ClamType::kOoxmlWord},
    {"BinData", ClamType::kZip},
    {"mimetype", ClamType::kZip},
    {"Contents", ClamType::kZip},
    {"docProps/", ClamType::kZip},
    {"customXml/", ClamType::kZip},
    {"version.xml", ClamType::kZip},
    {"settings.xml", ClamType::kZip},
    {"_.rels/.rels", ClamType::kZip},
    {"[ContentTypes].xml", ClamType::kZip},
    {"[Content_Types].xml", ClamType::kZip},
    {"Preview/PrvText.txt", ClamType::kZip},
    {"Contents/content.hpf", ClamType::kOoxmlHwp},
    {"META-INF/container.xml", ClamType::kZip},
};
constexpr std::size_t kLongestName = 22;

// The first entry of the central directory that is a part of a document.
ClamType TypeFromDirectory(std::string_view text) {
  if (text.size() < kEndRecord) return ClamType::kZip;
  const std::size_t end = text.rfind(kEndMagic, text.size() - kEndRecord);
  if (end == std::string_view::npos) return ClamType::kZip;
  Cursor cursor(AsBytes(text));
  constexpr std::size_t kMaxEntries = 10000;
  if (!cursor.SeekTo(end + 16)) return ClamType::kZip;
  const auto directory = cursor.ReadU32Le();
  if (!directory || !cursor.SeekTo(*directory)) return ClamType::kZip;
  for (std::size_t i = 0; i < kMaxEntries; ++i) {
    const auto header = cursor.ReadBytes(kCentralHeader);
    if (!header || !AsText(*header).starts_with(kCentralMagic)) break;
    Cursor fields(*header);
    if (!fields.SeekTo(28)) break;
    const auto name_size = fields.ReadU16Le();
    const auto extra_size = fields.ReadU16Le();
    const auto comment_size = fields.ReadU16Le();
    if (!name_size || !extra_size || !comment_size) break;
    const auto name = cursor.ReadBytes(*name_size);
    if (!name) break;
    for (const Part& part : kParts) {
      if (part.type != ClamType::kZip && AsText(*name).starts_with(part.name)) return part.type;
    }
    if (!cursor.Skip(std::uint64_t{*extra_size} + *comment_size)) break;
  }
  return ClamType::kZip;
}

}  // namespace

ClamType OfficeTypeOf(Bytes object) {
  const std::string_view text = AsText(object);
  constexpr std::size_t kHead = 1024;
  constexpr std::size_t kWindow = 1028;
  const std::size_t head = std::min(text.size(), kHead);
  if (head <= 2 * (kLocalHeader + 5)) return ClamType::kZip;

  // Windows of the file, each beginning a little before the last one's end.
  std::size_t window_end = head;
  std::size_t at = 0;
  bool likely = false;
  int headers = 0;
  for (int step = 0; step < 32; ++step) {
    const std::size_t found = text.substr(0, window_end).find(kLocalMagic, at);
    if (found != std::string_view::npos) {
      const std::size_t name = found + kLocalHeader;
      if (name + kLongestName < window_end) {
        for (const Part& part : kParts) {
          if (!text.substr(name).starts_with(part.name)) continue;
          if (part.type != ClamType::kZip) return part.type;
          likely = true;
        }
        at = name;
        if (++headers == 3) return likely ? TypeFromDirectory(text) : ClamType::kZip;
        continue;
      }
    }
    if (text.size() - window_end <= kLocalHeader) break;
    at = window_end - (kLocalHeader + kLongestName + 1);
    window_end = std::min(text.size(), at + kWindow);
  }
  return ClamType::kZip;
}

}  // namespace dl::filetype
