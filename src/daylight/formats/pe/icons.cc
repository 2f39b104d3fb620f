// Icons of the resource tree ("Microsoft PE Format", 6.9; the layout of icons
// is in "Icons in Win32" of the MSDN library): a group lists the numbers of its
// pictures, each of which is a bitmap without a file header. The tree is walked
// as ClamAV does it, by its own mapping of addresses.
#include "daylight/formats/pe/icons.h"

#include <algorithm>

#include "daylight/formats/pe/icon_metrics.h"

namespace dl::pe {

namespace {

constexpr std::uint32_t kTypeIcon = 3;
constexpr std::uint32_t kTypeIconGroup = 14;
constexpr std::uint32_t kAnyName = 0xffffffff;
// The languages of one icon count as icons only once, but cost as much.
constexpr std::size_t kMaxMeasured = 1000;
// Of all the tree's directories together.
constexpr std::size_t kMaxEntries = 2000000;
constexpr std::size_t kMaxGroups = 65535;  // Languages of one group.
constexpr std::uint32_t kBitmapHeaderSize = 40;

// The file offsets of addresses, by sections that are rounded to alignments.
class AddressMap {
 public:
  static Result<AddressMap> Make(const Image& image) {
    AddressMap map;
    const Headers& headers = image.headers();
    if (headers.number_of_sections == 0 || headers.number_of_sections > kMaxSections ||
        image.sections().size() != headers.number_of_sections) {
      return Fail(ErrorCode::kMalformed, "pe: number of sections");
    }
    map.file_size_ = image.bytes().size();
    std::uint32_t file_alignment = headers.file_alignment;
    map.header_size_ = RoundUp(headers.size_of_headers, headers.section_alignment);
    // Files that keep to sectors but not to their own alignment.
    for (const Section& section : image.sections()) {
      if (file_alignment != 0 && section.raw_data_size != 0 && section.raw_data_offset % file_alignment != 0 &&
          section.raw_data_offset % 0x200 == 0) {
        file_alignment = 0x200;
      }
    }
    for (const Section& section : image.sections()) {
      Piece piece;
      piece.address = RoundDown(section.virtual_address, headers.section_alignment);
      piece.offset = RoundDown(section.raw_data_offset, file_alignment);
      piece.size = RoundUp(section.raw_data_size, file_alignment);
      if (piece.size != 0 && piece.offset < map.file_size_) {
        piece.size = static_cast<std::uint32_t>(std::min<std::uint64_t>(piece.size, map.file_size_ - piece.offset));
      }
      map.pieces_.push_back(piece);
    }
    return map;
  }

  // May lie past the end of the file.
  std::optional<std::uint32_t> Offset(std::uint32_t address) const {
    if (address < header_size_) {
      if (address >= file_size_) return std::nullopt;
      return address;
    }
    for (auto piece = pieces_.rbegin(); piece != pieces_.rend(); ++piece) {
      if (piece->address <= address && piece->size > address - piece->address) {
        return address - piece->address + piece->offset;
      }
    }
    return std::nullopt;
  }

 private:
  struct Piece {
    std::uint32_t address = 0;
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
  };
  static std::uint32_t RoundDown(std::uint32_t value, std::uint32_t unit) {
    return unit == 0 ? value : value / unit * unit;
  }
  static std::uint32_t RoundUp(std::uint32_t value, std::uint32_t unit) {
    return unit == 0 ? value : (value / unit + (value % unit != 0 ? 1 : 0)) * unit;
  }

  std::uint64_t file_size_ = 0;
  std::uint32_t header_size_ = 0;
  std::vector<Piece> pieces_;
};

// Directories of the resource tree, three levels: type, name, language.
class ResourceTree {
 public:
  ResourceTree(const Image& image, const AddressMap& map, std::uint32_t root)
      : file_(image.bytes()), map_(map), root_(root) {}

  // Calls visit(name, address of the data entry) until it returns false.
  template <typename F>
  void Find(std::uint32_t type, std::uint32_t name, F visit) {
    const auto types = Open(root_);
    if (!types) return;
    // Numbers come after the names.
    ForEach(*types, types->names, types->numbers, [&](std::uint32_t id, std::uint32_t target) {
      if (id != type || target >> 31 == 0) return true;
      const auto names = Open(root_ + (target & 0x7fffffff));
      if (names) VisitNames(*names, name, visit);
      return false;
    });
  }

 private:
  struct Directory {
    std::uint64_t entries = 0;  // File offset.
    std::uint32_t names = 0;
    std::uint32_t numbers = 0;
  };

  std::optional<Directory> Open(std::uint32_t address) const {
    const auto offset = map_.Offset(address);
    if (!offset) return std::nullopt;
    Cursor cursor(file_);
    if (!cursor.SeekTo(*offset) || cursor.remaining() < 16 || !cursor.Skip(12)) return std::nullopt;
    Directory directory;
    directory.names = cursor.ReadU16Le().value_or(std::uint16_t{0});
    directory.numbers = cursor.ReadU16Le().value_or(std::uint16_t{0});
    directory.entries = cursor.position();
    return directory;
  }

  template <typename F>
  bool ForEach(const Directory& directory, std::uint32_t first, std::uint32_t count, F visit) {
    Cursor cursor(file_);
    if (!cursor.SeekTo(directory.entries) || !cursor.Skip(std::uint64_t{first} * 8)) return false;
    for (std::uint32_t i = 0; i < count; ++i) {
      if (++entries_seen_ > kMaxEntries) return false;
      const auto id = cursor.ReadU32Le();
      if (!id) return false;
      const auto target = cursor.ReadU32Le();
      if (!target || !visit(*id, *target)) return false;
    }
    return true;
  }

  template <typename F>
  void VisitNames(const Directory& names, std::uint32_t name, F& visit) {
    const bool any = name == kAnyName;
    const std::uint32_t first = any ? 0 : names.names;
    // Both counts in 16 bits.
    const std::uint32_t count = any ? (names.names + names.numbers) & 0xffff : names.numbers;
    ForEach(names, first, count, [&](std::uint32_t id, std::uint32_t target) {
      if ((!any && id != name) || target >> 31 == 0) return true;
      const auto languages = Open(root_ + (target & 0x7fffffff));
      if (!languages) return false;
      return ForEach(
          *languages, 0, languages->names + languages->numbers,
          [&](std::uint32_t /*language*/, std::uint32_t leaf) { return leaf >> 31 != 0 || visit(id, root_ + leaf); });
    });
  }

  Bytes file_;
  const AddressMap& map_;
  std::uint32_t root_;
  std::size_t entries_seen_ = 0;
};

struct BitmapHeader {
  std::uint32_t size = 0;
  std::uint32_t width = 0;
  std::uint32_t height = 0;  // Of the picture; the mask below it is as high.
  std::uint32_t depth = 0;

  std::uint32_t row_bytes() const { return (width * depth + 31) / 32 * 4; }
  std::uint32_t mask_row_bytes() const { return (width + 31) / 32 * 4; }
  // 32-bit icons have their transparency in the fourth byte.
  bool has_mask() const { return depth != 32; }
};

std::optional<BitmapHeader> ParseBitmapHeader(Cursor& cursor) {
  BitmapHeader header;
  Cursor fields = cursor;
  if (fields.remaining() < kBitmapHeaderSize) return std::nullopt;
  header.size = *fields.ReadU32Le();
  header.width = *fields.ReadU32Le();
  header.height = *fields.ReadU32Le() / 2;
  if (!fields.Skip(2)) return std::nullopt;
  header.depth = *fields.ReadU16Le();
  return header;
}

bool IsMeasured(const BitmapHeader& header) {
  if (header.size < kBitmapHeaderSize) return false;
  const std::uint32_t w = header.width;
  const std::uint32_t h = header.height;
  if (w > 256 || h > 256 || w < 16 || h < 16) return false;
  if (w < h * 3 / 4 || h < w * 3 / 4) return false;
  const std::uint32_t d = header.depth;
  return d == 1 || d == 4 || d == 8 || d == 16 || d == 24 || d == 32;
}

std::uint32_t Byte(Bytes bytes, std::size_t i) { return std::to_integer<std::uint32_t>(bytes[i]); }

// Five bits of each colour; the green and red ones where ClamAV looks for them.
std::uint32_t From16Bits(std::uint32_t low, std::uint32_t high) {
  const std::uint32_t blue = low & 0x1f;
  const std::uint32_t green = low >> 5 | (high & 3) << 3;
  const std::uint32_t red = high & 0xfc;
  return (blue << 3 | blue >> 2) | (green << 3 | green >> 2) << 11 | (red << 3 | red >> 2) << 17;
}

// Colours as 0xAARRGGBB, from the top; the highest byte is the file's own.
std::vector<std::uint32_t> DecodeColours(const BitmapHeader& header, Bytes palette, Bytes rows) {
  std::vector<std::uint32_t> pixels(std::size_t{header.width} * header.height);
  for (std::uint32_t y = 0; y < header.height; ++y) {
    const Bytes row = rows.subspan(std::size_t{y} * header.row_bytes(), header.row_bytes());
    std::uint32_t* to = &pixels[std::size_t{header.height - 1 - y} * header.width];
    for (std::uint32_t x = 0; x < header.width; ++x) {
      switch (header.depth) {
        case 16: to[x] = From16Bits(Byte(row, x * 2), Byte(row, x * 2 + 1)); break;
        case 24: to[x] = Byte(row, x * 3) | Byte(row, x * 3 + 1) << 8 | Byte(row, x * 3 + 2) << 16; break;
        case 32:
          to[x] =
              Byte(row, x * 4) | Byte(row, x * 4 + 1) << 8 | Byte(row, x * 4 + 2) << 16 | Byte(row, x * 4 + 3) << 24;
          break;
        default: {
          const std::uint32_t bit = x * header.depth;
          const std::size_t index = Byte(row, bit / 8) >> (8 - header.depth - bit % 8) & ((1U << header.depth) - 1);
          to[x] = Byte(palette, index * 4) | Byte(palette, index * 4 + 1) << 8 | Byte(palette, index * 4 + 2) << 16 |
                  Byte(palette, index * 4 + 3) << 24;
        }
      }
    }
  }
  return pixels;
}

void ApplyMask(const BitmapHeader& header, Bytes rows, std::vector<std::uint32_t>& pixels) {
  for (std::uint32_t y = 0; y < header.height; ++y) {
    const Bytes row = rows.subspan(std::size_t{y} * header.mask_row_bytes(), header.mask_row_bytes());
    for (std::uint32_t x = 0; x < header.width; ++x) {
      const bool is_transparent = (Byte(row, x / 8) >> (7 - x % 8) & 1) != 0;
      if (!is_transparent) pixels[std::size_t{header.height - 1 - y} * header.width + x] |= 0xff000000;
    }
  }
}

// On white.
void Blend(std::vector<std::uint32_t>& pixels) {
  for (std::uint32_t& pixel : pixels) {
    const std::uint32_t alpha = pixel >> 24;
    const auto blend = [&](std::uint32_t channel) { return 0xff - alpha + alpha * channel / 0xff; };
    pixel = 0xff000000 | blend(pixel >> 16 & 0xff) << 16 | blend(pixel >> 8 & 0xff) << 8 | blend(pixel & 0xff);
  }
}

// The average of two colours, channel by channel, rounded down.
std::uint32_t Average(std::uint32_t a, std::uint32_t b) { return (((a ^ b) & 0xfefefefe) >> 1) + (a & b); }

void Halve(IconPixels& pixels) {
  const std::uint32_t width = pixels.width / 2;
  const std::uint32_t height = pixels.height / 2;
  for (std::uint32_t y = 0; y < height; ++y) {
    for (std::uint32_t x = 0; x < width; ++x) {
      const std::size_t at = std::size_t{y} * 2 * pixels.width + std::size_t{x} * 2;
      const auto& v = pixels.values;
      pixels.values[std::size_t{y} * width + x] =
          Average(Average(v[at], v[at + 1]), Average(v[at + pixels.width], v[at + pixels.width + 1]));
    }
  }
  pixels.width = width;
  pixels.height = height;
  pixels.values.resize(std::size_t{width} * height);
}

std::uint32_t Nearness(const IconPixels& pixels, std::uint32_t size) {
  const auto apart = [&](std::uint32_t side) { return side > size ? side - size : size - side; };
  return apart(pixels.width) + apart(pixels.height);
}

// To the nearest of the three sizes, by picking pixels.
IconPixels Resample(const IconPixels& pixels) {
  std::uint32_t size = 16;
  if (Nearness(pixels, 32) < Nearness(pixels, 24)) {
    size = 32;
  } else if (Nearness(pixels, 24) < Nearness(pixels, 16)) {
    size = 24;
  }
  const double scale_x = static_cast<double>(pixels.width) / size;
  const double scale_y = static_cast<double>(pixels.height) / size;
  IconPixels out{size, size, std::vector<std::uint32_t>(std::size_t{size} * size)};
  for (std::uint32_t y = 0; y < size; ++y) {
    const auto from_y = static_cast<std::uint32_t>(y * scale_y);
    for (std::uint32_t x = 0; x < size; ++x) {
      // The last may be the first of the next row; of the last row, it is lost.
      const std::size_t from = std::size_t{from_y} * pixels.width + static_cast<std::uint32_t>(x * scale_x + 0.5F);
      out.values[std::size_t{y} * size + x] = from < pixels.values.size() ? pixels.values[from] : 0;
    }
  }
  return out;
}

void Scale(IconPixels& pixels) {
  const std::uint32_t side = pixels.width;
  if (pixels.width != pixels.height || (side % 32 != 0 && side % 24 != 0 && side != 16)) {
    pixels = Resample(pixels);
    return;
  }
  while (pixels.width > 32) Halve(pixels);
}

class IconWalk {
 public:
  IconWalk(const Image& image, const AddressMap& map, std::uint32_t root)
      : file_(image.bytes()), map_(map), tree_(image, map, root) {}

  std::vector<IconMetrics> Run() {
    // Only the first group, in all its languages.
    std::optional<std::uint32_t> first;
    std::vector<std::uint32_t> groups;
    tree_.Find(kTypeIconGroup, kAnyName, [&](std::uint32_t name, std::uint32_t entry) {
      if (first && *first != name) return false;
      first = name;
      groups.push_back(entry);
      return groups.size() < kMaxGroups;
    });
    for (const std::uint32_t entry : groups) {
      if (!ReadGroup(entry)) break;
    }
    return std::move(icons_);
  }

 private:
  // The data that a resource's leaf names: its address and size.
  std::optional<std::pair<std::uint32_t, std::uint32_t>> ReadLeaf(std::uint32_t entry, std::size_t needed) const {
    const auto offset = map_.Offset(entry);
    Cursor cursor(file_);
    if (!offset || !cursor.SeekTo(*offset) || cursor.remaining() < needed) return std::nullopt;
    const std::uint32_t address = *cursor.ReadU32Le();
    return std::pair(address, cursor.ReadU32Le().value_or(0U));
  }

  // False when as many icons were looked at as may be.
  bool ReadGroup(std::uint32_t entry) {
    const auto leaf = ReadLeaf(entry, 16);
    if (!leaf || leaf->second <= 6) return true;
    const auto offset = map_.Offset(leaf->first);
    if (!offset) return true;
    const auto window = Cursor(file_).Window(*offset, leaf->second);
    if (!window) return true;
    Cursor cursor = *window;
    if (!cursor.Skip(4)) return true;
    std::uint32_t count = cursor.ReadU16Le().value_or(std::uint16_t{0});
    for (; count > 0 && cursor.remaining() >= 14; --count) {
      if (!cursor.Skip(12)) return true;
      const std::uint16_t id = *cursor.ReadU16Le();
      tree_.Find(kTypeIcon, id, [&](std::uint32_t /*name*/, std::uint32_t icon) {
        MeasureBitmap(icon);
        return icons_.size() < kMaxMeasured;
      });
      if (++entries_ >= kMaxIcons) return false;
    }
    return true;
  }

  void MeasureBitmap(std::uint32_t entry) {
    const auto leaf = ReadLeaf(entry, 4);
    if (!leaf) return;
    const auto offset = map_.Offset(leaf->first);
    Cursor cursor(file_);
    if (!offset || !cursor.SeekTo(*offset)) return;
    const auto header = ParseBitmapHeader(cursor);
    if (!header || !IsMeasured(*header) || !cursor.SeekTo(*offset + std::uint64_t{header->size})) return;
    Bytes palette;
    if (header->depth <= 8) {
      const auto entries = cursor.ReadRecords(1U << header->depth, 4);
      if (!entries) return;
      palette = *entries;
    }
    const auto rows = cursor.ReadRecords(header->height, header->row_bytes());
    if (!rows) return;
    const auto mask = cursor.ReadRecords(header->height, header->mask_row_bytes());
    if (header->has_mask() && !mask) return;
    IconPixels pixels{header->width, header->height, DecodeColours(*header, palette, *rows)};
    const bool has_alpha =
        header->depth == 32 && std::ranges::any_of(pixels.values, [](std::uint32_t pixel) { return pixel >> 24 != 0; });
    if (!has_alpha) {
      if (mask) {
        ApplyMask(*header, *mask, pixels.values);
      } else {
        for (std::uint32_t& pixel : pixels.values) pixel |= 0xff000000;
      }
    }
    Blend(pixels.values);
    Scale(pixels);
    icons_.push_back(MeasureIcon(pixels));
  }

  Bytes file_;
  const AddressMap& map_;
  ResourceTree tree_;
  std::size_t entries_ = 0;
  std::vector<IconMetrics> icons_;
};

}  // namespace

Result<std::vector<IconMetrics>> PeIcons(const Image& image) {
  DL_TRY(const AddressMap map, AddressMap::Make(image));
  const auto directories = image.declared_directories();
  if (directories.size() <= kResourceDirectory || directories[kResourceDirectory].virtual_address == 0) {
    return std::vector<IconMetrics>{};
  }
  IconWalk walk(image, map, directories[kResourceDirectory].virtual_address);
  return walk.Run();
}

}  // namespace dl::pe
