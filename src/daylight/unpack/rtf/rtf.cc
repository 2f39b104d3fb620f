#include "daylight/unpack/rtf/rtf.h"

#include <algorithm>

#include "daylight/bytes/cursor.h"
#include "daylight/unpack/ole/compound_file.h"
#include "daylight/unpack/ole/package.h"
#include "daylight/unpack/rtf/rtf_reader.h"

namespace dl::unpack {

namespace {

constexpr std::size_t kMaxClassBytes = 64;
constexpr std::uint32_t kEmbedded = 2;

struct OldObject {
  std::string name;  // Of its class.
  Bytes native;
  Bytes rest;  // How it looks, mostly.
};

// [MS-OLEDS] 2.2.4 and 2.2.5: an embedded object of OLE 1.0.
Result<OldObject> ParseOldObject(Bytes bytes) {
  Cursor object(bytes);
  // The version can be anything.
  DL_TRY_STATUS(object.Skip(4));
  DL_TRY(const std::uint32_t format, object.ReadU32Le());
  if (format != kEmbedded) return Fail(ErrorCode::kUnsupported, "a link, or a picture of an object");
  OldObject found;
  for (int i = 0; i < 3; ++i) {  // Its class, a topic, an item.
    DL_TRY(const std::uint32_t size, object.ReadU32Le());
    DL_TRY(const Bytes text, object.ReadBytes(size));
    if (i > 0) continue;
    for (const char c : AsText(text).substr(0, kMaxClassBytes)) {
      if (c == '\0') break;
      found.name += c > 0x20 && c < 0x7f && c != '/' && c != '\\' ? c : '_';
    }
  }
  DL_TRY(const std::uint32_t size, object.ReadU32Le());
  // What is claimed beyond the end is of no matter to Word.
  found.native = *object.ReadBytes(std::min<std::uint64_t>(size, object.remaining()));
  found.rest = *object.ReadBytes(object.remaining());
  if (found.native.empty()) return Fail(ErrorCode::kMalformed, "an object without data");
  return found;
}

bool GiveObject(const std::string& name, Bytes bytes, Sink& sink) {
  const auto object = ParseOldObject(bytes);
  if (!object) return sink.Add({name, bytes.size()}, bytes);
  if (const auto package = ParsePackage(object->native); package) {
    const std::string file = name + "/" + (package->name.empty() ? "package" : package->name);
    if (!sink.Add({file, package->data.size()}, package->data)) return false;
    if (package->is_cut) sink.Closed(file, kDamaged, "the embedded file ends before it should");
  } else {
    const std::string native = name + "/" + (object->name.empty() ? "native" : object->name);
    if (!sink.Add({native, object->native.size()}, object->native)) return false;
  }
  const bool is_padding =
      std::all_of(object->rest.begin(), object->rest.end(), [](std::byte b) { return b == std::byte{0}; });
  return is_padding || sink.Add({name + "/rest", object->rest.size()}, object->rest);
}

bool Give(const std::string& name, RtfKind kind, Bytes bytes, Sink& sink) {
  if (kind != RtfKind::kObject) return sink.Add({name, bytes.size()}, bytes);
  return GiveObject(name, bytes, sink);
}

std::string_view NameOf(RtfKind kind) {
  switch (kind) {
    case RtfKind::kObject: return "object";
    case RtfKind::kPicture: return "picture";
    case RtfKind::kData:
    case RtfKind::kNone: break;
  }
  return "data";
}

bool Opens(const Probe& probe) {
  // Whatever stands before, Word goes by these four characters.
  constexpr std::string_view kBefore("\xef\xbb\xbf \t\r\n\0", 8);
  const std::string_view head = AsText(probe.head);
  const std::size_t begin = head.substr(0, 256).find_first_not_of(kBefore);
  return begin != std::string_view::npos && head.substr(begin).starts_with("{\\rt");
}

void Unpack(const Probe& probe, const ChildInfo&, Sink& sink) {
  const auto whole = probe.object.Whole(kMaxWholeBytes);
  if (!whole) {
    const bool is_large = whole.error().code == ErrorCode::kBudget || whole.error().code == ErrorCode::kUnsupported;
    return sink.Closed("", is_large ? kTooLarge : kDamaged, whole.error().what);
  }
  RtfReader reader(AsText(*whole));
  int number = 0;
  while (const auto data = reader.Next()) {
    const std::string name = std::string(NameOf(data->kind)) + std::to_string(++number);
    if (!data->bytes.empty() && !Give(name, data->kind, data->bytes, sink)) return;
    if (!data->other.empty() && !Give(name + "b", data->kind, data->other, sink)) return;
  }
  if (reader.is_too_deep()) sink.Closed("", kUnsupported, "groups nested too deeply");
}

}  // namespace

const Unpacker kRtf = {"rtf", Opens, Unpack};

}  // namespace dl::unpack
