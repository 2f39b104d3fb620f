// "Microsoft PE Format", 6.9 The .rsrc section: a tree of three levels (type,
// name, language) whose leaves are the resources.
#include "daylight/formats/pe/internal.h"

namespace dl::pe {

namespace {

constexpr std::size_t kMaxResources = 65536;  // These four: libyara's bounds.
constexpr std::uint16_t kMaxEntries = 32768;  // Of one kind in one directory.
constexpr std::uint16_t kMaxNameUnits = 1000;
constexpr std::uint32_t kMaxLength = 0x3fffffff;
constexpr std::uint64_t kDirectorySize = 16;
constexpr std::uint64_t kEntrySize = 8;
constexpr std::uint64_t kDataEntrySize = 16;
constexpr std::uint32_t kHighBit = 0x80000000;
constexpr std::int32_t kVersionType = 16;  // RT_VERSION
constexpr int kLeafLevel = 2;

struct Directory {
  std::uint32_t characteristics = 0;
  std::uint32_t timestamp = 0;
  VersionPair version;
  std::uint16_t named_entries = 0;
  std::uint16_t id_entries = 0;
};

Result<Directory> ReadDirectory(const Image& image, std::uint64_t offset) {
  DL_TRY(Cursor cursor, Cursor(image.bytes()).Window(offset, kDirectorySize));
  Directory directory;
  DL_TRY(directory.characteristics, cursor.ReadU32Le());
  DL_TRY(directory.timestamp, cursor.ReadU32Le());
  DL_TRY(directory.version.major, cursor.ReadU16Le());
  DL_TRY(directory.version.minor, cursor.ReadU16Le());
  DL_TRY(directory.named_entries, cursor.ReadU16Le());
  DL_TRY(directory.id_entries, cursor.ReadU16Le());
  return directory;
}

// Walks the tree as libyara does: the numbers of a level stay set until an
// entry of that level replaces them, so a leaf above the last level carries
// those of the leaf before it.
class Walker {
 public:
  Walker(const Image& image, std::uint64_t root, Work& work, Resources& to)
      : image_(image), root_(root), work_(work), to_(to) {}

  // Depth is at most three. What does not look like a directory is passed
  // over; its siblings may be sound.
  void Walk(std::uint64_t offset, int level) {
    const auto directory = ReadDirectory(image_, offset);
    if (!directory || directory->characteristics != 0 || directory->named_entries > kMaxEntries ||
        directory->id_entries > kMaxEntries) {
      return;
    }
    const std::uint32_t count = std::uint32_t{directory->named_entries} + directory->id_entries;
    auto entries = Cursor(image_.bytes()).Window(offset + kDirectorySize, count * kEntrySize);
    if (!entries) return;
    const std::optional<std::string_view> outer = name_[level];
    for (std::uint32_t i = 0; i < count && work_.Step(); ++i) {
      const auto name = entries->ReadU32Le();
      const auto data = entries->ReadU32Le();
      // libyara never gets past an entry that leads nowhere.
      if (!name || !data || *data == 0) break;
      WalkEntry(*name, *data, level);
    }
    name_[level] = outer;
  }

 private:
  void WalkEntry(std::uint32_t name, std::uint32_t data, int level) {
    number_[level] = static_cast<std::int32_t>(name);
    name_[level] = NameAt(name);
    const std::uint64_t target = root_ + (data & ~kHighBit);
    if ((data & kHighBit) != 0 && level < kLeafLevel) {
      Walk(target, level + 1);
    } else {
      AddLeaf(target);
    }
  }

  // A length in UTF-16 units, then the text; absent for a number, and for a
  // name that is too long or leaves the file.
  std::optional<std::string_view> NameAt(std::uint32_t name) const {
    if ((name & kHighBit) == 0) return std::nullopt;
    const auto at = image_.At(root_ + (name & ~kHighBit));
    if (!at) return std::nullopt;
    Cursor cursor = *at;
    const auto length = cursor.ReadU16Le();
    if (!length || *length > kMaxNameUnits) return std::nullopt;
    const auto text = cursor.ReadRecords(*length, 2);
    if (!text) return std::nullopt;
    return AsText(*text);
  }

  void AddLeaf(std::uint64_t offset) {
    const auto window = Cursor(image_.bytes()).Window(offset, kDataEntrySize);
    if (!window || to_.items.size() >= kMaxResources) return;
    Cursor cursor = *window;
    const auto rva = cursor.ReadU32Le();
    const auto length = cursor.ReadU32Le();
    if (!rva || !length || *length == 0 || *length > kMaxLength) return;
    Resource resource;
    resource.rva = *rva;
    resource.offset = image_.RvaToOffset(*rva);
    resource.length = *length;
    resource.type = number_[0];
    resource.id = number_[1];
    resource.language = number_[2];
    resource.type_name = name_[0];
    resource.name = name_[1];
    resource.language_name = name_[2];
    for (const auto& name : name_) {
      if (name && !work_.Text(name->size())) return;
    }
    if (resource.type == kVersionType && resource.offset) {
      ParseVersionInfo(image_, *resource.offset, work_, to_.version_strings);
    }
    to_.items.push_back(resource);
  }

  const Image& image_;
  std::uint64_t root_;
  Work& work_;
  Resources& to_;
  std::int32_t number_[3] = {-1, -1, -1};
  std::optional<std::string_view> name_[3];
};

}  // namespace

void ParseResources(PeFile& file) {
  const Image& image = file.image;
  const DataDirectory& directory_entry = image.Directory(kResourceDirectory);
  if (directory_entry.virtual_address == 0) return;
  const auto root = image.RvaToOffset(directory_entry.virtual_address);
  if (!root) return;
  const auto directory = ReadDirectory(image, *root);
  if (!directory) return;
  file.resources.timestamp = directory->timestamp;
  file.resources.version = directory->version;
  Work work;
  Walker(image, *root, work, file.resources).Walk(*root, 0);
  file.stopped = file.stopped || work.stopped();
}

}  // namespace dl::pe
