#include "daylight/unpack/onenote/onenote.h"

#include <algorithm>

#include "daylight/bytes/cursor.h"
#include "daylight/unpack/onenote/packaged.h"

namespace dl::unpack {

namespace {

// [MS-ONESTORE] 2.3.1: guidFileType of sections and of tables of contents.
constexpr std::string_view kSection("\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", 16);
constexpr std::string_view kContents("\xa1\x2f\xff\x43\xd9\xef\x76\x4c\x9e\xe2\x10\xea\x57\x22\x76\x5f", 16);
// 2.8.1: guidFileFormat of a package store, in the place where other files have theirs.
constexpr std::string_view kPackaged("\x2f\xe9\x8d\x63\xd4\xa6\xc1\x4b\x9a\x36\xb3\xfc\x25\x11\xa5\xb7", 16);
constexpr std::size_t kFormatOffset = 48;
// 2.6.13: guidHeader of a FileDataStoreObject, and guidFooter.
constexpr std::string_view kHeader("\xe7\x16\xe3\xbd\x65\x26\x11\x45\xa4\xc4\x8d\x4d\x0b\x7a\x9e\xac", 16);
constexpr std::string_view kFooter("\x22\xa7\xfb\x71\x79\x0f\x0b\x4a\xbb\x13\x89\x92\x56\x42\x6b\x24", 16);
constexpr std::size_t kHeaderBytes = 36;

bool Opens(const Probe& probe) { return probe.Has(0, kSection) || probe.Has(0, kContents); }

void UnpackPackaged(Bytes section, Sink& sink) {
  PackagedFiles files(section);
  int number = 0;
  while (const auto file = files.Next()) {
    if (!sink.Add({"file" + std::to_string(++number), file->size()}, *file)) return;
  }
  if (files.is_damaged()) sink.Closed("", kDamaged, "the package contradicts itself or is cut off");
  if (files.has_fragments()) sink.Closed("", kUnsupported, "objects that are packaged in several parts");
}

void Unpack(const Probe& probe, const ChildInfo&, Sink& sink) {
  const auto whole = probe.object.Whole(kMaxWholeBytes);
  if (!whole) {
    const bool is_large = whole.error().code == ErrorCode::kBudget || whole.error().code == ErrorCode::kUnsupported;
    return sink.Closed("", is_large ? kTooLarge : kDamaged, whole.error().what);
  }
  if (probe.Has(kFormatOffset, kPackaged)) return UnpackPackaged(*whole, sink);
  const std::string_view text = AsText(*whole);
  int number = 0;
  for (std::size_t at = text.find(kHeader); at != std::string_view::npos; at = text.find(kHeader, at)) {
    Cursor object(whole->subspan(at));
    at += kHeader.size();
    static_cast<void>(object.Skip(kHeader.size()));
    const auto size = object.ReadU64Le();
    if (!size || !object.SeekTo(kHeaderBytes)) {
      return sink.Closed("", kDamaged, "the last file that is stored is cut off");
    }
    const bool is_cut = *size > object.remaining();
    const Bytes data = *object.ReadBytes(std::min<std::uint64_t>(*size, object.remaining()));
    const std::string name = "file" + std::to_string(++number);
    if (!sink.Add({name, data.size()}, data)) return;
    if (is_cut) sink.Closed(name, kDamaged, "longer than the section it is stored in");
    // Behind padding to eight bytes the end is marked. Where it is not, the size may
    // have been wrong, and what it covered is searched.
    static_cast<void>(object.Skip(std::min<std::size_t>(object.remaining(), (8 - object.position() % 8) % 8)));
    const std::string_view rest = AsText(object.bytes()).substr(object.position());
    if (rest.starts_with(kFooter) || AsText(object.bytes()).substr(kHeaderBytes + data.size()).starts_with(kFooter)) {
      at += kHeaderBytes - kHeader.size() + data.size();
    }
  }
}

}  // namespace

const Unpacker kOneNote = {"onenote", Opens, Unpack};

}  // namespace dl::unpack
