#include "daylight/unpack/onenote/packaged.h"

namespace dl::unpack {

namespace {

// [MS-ONESTORE] 2.8.1: behind four GUIDs and four bytes.
constexpr std::size_t kPackageOffset = 68;
// Packages, elements and groups are nested four deep.
constexpr std::size_t kMaxDepth = 64;
constexpr std::uint64_t kFileData = 2;

// [MS-FSSHTTPB] 2.2.1.5.1 and 2.2.1.5.2: types of objects.
enum : unsigned {
  kBlob = 0x02,
  kExcludedObject = 0x03,
  kBlobDeclaration = 0x05,
  kObject = 0x16,
  kDeclaration = 0x18,
  kBlobReference = 0x1c,
  kDeclarations = 0x1d,
  kFragment = 0x6a,
};

// 2.2.1.1: how many bytes follow is told by the lowest bit that is set.
Result<std::uint64_t> ReadCompact(Cursor& cursor) {
  DL_TRY(const std::uint8_t first, cursor.ReadU8());
  if (first == 0) return std::uint64_t{0};
  unsigned more = 0;
  while ((first >> more & 1) == 0) ++more;
  if (more == 7) return cursor.ReadU64Le();
  std::uint64_t value = first;
  for (unsigned i = 1; i <= more; ++i) {
    DL_TRY(const std::uint8_t byte, cursor.ReadU8());
    value |= std::uint64_t{byte} << (8 * i);
  }
  return value >> (more + 1);
}

// 2.2.1.7: a GUID with a number before it, whose size the first byte tells.
Status SkipExtendedGuid(Cursor& cursor) {
  DL_TRY(const std::uint8_t first, cursor.ReadU8());
  if (first == 0) return {};
  constexpr std::size_t kGuid = 16;
  if ((first & 0x07) == 0x04) return cursor.Skip(kGuid);
  if ((first & 0x3f) == 0x20) return cursor.Skip(1 + kGuid);
  if ((first & 0x7f) == 0x40) return cursor.Skip(2 + kGuid);
  if (first == 0x80) return cursor.Skip(4 + kGuid);
  return Fail(ErrorCode::kMalformed, "an identifier of no known size");
}

// Arrays of identifiers, of `each` in an entry; what the data has not cannot be counted.
Status SkipExtendedGuids(Cursor& cursor, unsigned each) {
  DL_TRY(const std::uint64_t count, ReadCompact(cursor));
  for (std::uint64_t i = 0; i < count; ++i) {
    for (unsigned k = 0; k < each; ++k) DL_TRY_STATUS(SkipExtendedGuid(cursor));
  }
  return {};
}

// 2.2.1.3.
Result<Bytes> ReadBinaryItem(Cursor& cursor) {
  DL_TRY(const std::uint64_t size, ReadCompact(cursor));
  return cursor.ReadBytes(size);
}

}  // namespace

PackagedFiles::PackagedFiles(Bytes section) : stream_(section) {
  is_damaged_ = is_done_ = !stream_.SeekTo(kPackageOffset);
}

// 2.2.1.5.1 to 2.2.1.5.4.
Result<PackagedFiles::Object> PackagedFiles::ReadObject() {
  DL_TRY(const std::uint32_t first, stream_.ReadU8());
  Object object;
  const unsigned kind = first & 3;
  object.is_end = (kind & 1) != 0;
  if (kind == 1) {
    object.type = first >> 2;
    return object;
  }
  DL_TRY(const std::uint32_t second, stream_.ReadU8());
  std::uint32_t header = first | second << 8;
  if (kind == 3) {
    object.type = header >> 2;
    return object;
  }
  object.is_compound = (first & 4) != 0;
  std::uint64_t size = header >> 9;
  object.type = header >> 3 & 0x3f;
  if (kind == 2) {
    DL_TRY(const std::uint32_t rest, stream_.ReadU16Le());
    header |= rest << 16;
    object.type = header >> 3 & 0x3fff;
    size = header >> 17;
    if (size == 0x7fff) {
      DL_TRY(size, ReadCompact(stream_));
    }
  }
  DL_TRY(object.data, stream_.ReadBytes(size));
  return object;
}

std::optional<Bytes> PackagedFiles::Next() {
  while (!is_done_) {
    const auto object = ReadObject();
    if (!object) {
      is_damaged_ = is_done_ = true;
      break;
    }
    if (object->is_end) {
      if (open_.empty() || open_.back() != object->type) is_damaged_ = true;
      if (!open_.empty()) open_.pop_back();
      // Zeros may follow.
      is_done_ = open_.empty();
      continue;
    }
    if (object->is_compound) {
      if (open_.size() == kMaxDepth) {
        is_damaged_ = is_done_ = true;
        break;
      }
      open_.push_back(object->type);
    }
    const auto file = Take(*object);
    is_damaged_ = is_damaged_ || !file;
    if (file && *file) return *file;
    // The package is one object.
    is_done_ = open_.empty();
    is_damaged_ = is_damaged_ || is_done_;
  }
  return std::nullopt;
}

// A file, where the object holds one.
Result<std::optional<Bytes>> PackagedFiles::Take(const Object& object) {
  const std::optional<Bytes> none;
  Cursor data(object.data);
  switch (object.type) {
    case kDeclarations:
      partitions_.clear();
      next_object_ = 0;
      return none;
    // 2.2.1.12.6.1 and 2.2.1.12.6.2.
    case kDeclaration:
    case kBlobDeclaration: {
      DL_TRY_STATUS(SkipExtendedGuid(data));
      if (object.type == kBlobDeclaration) DL_TRY_STATUS(SkipExtendedGuid(data));
      DL_TRY(const std::uint64_t partition, ReadCompact(data));
      partitions_.push_back(partition);
      return none;
    }
    case kExcludedObject:
    case kBlobReference: ++next_object_; return none;
    // 2.2.1.12.6.4.
    case kObject: {
      const std::size_t number = next_object_++;
      if (number >= partitions_.size() || partitions_[number] != kFileData) return none;
      DL_TRY_STATUS(SkipExtendedGuids(data, 1));
      DL_TRY_STATUS(SkipExtendedGuids(data, 2));
      DL_TRY(const Bytes bytes, ReadBinaryItem(data));
      return std::optional<Bytes>(bytes);
    }
    // 2.2.1.12.8.
    case kBlob: {
      DL_TRY(const Bytes bytes, ReadBinaryItem(data));
      return std::optional<Bytes>(bytes);
    }
    case kFragment: has_fragments_ = true; return none;
    default: return none;
  }
}

}  // namespace dl::unpack
