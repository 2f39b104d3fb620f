// TIFF (Adobe, "TIFF Revision 6.0") through libtiff, the first directory of
// the file. Only what ClamAV's decoder knows is let through.
#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "daylight/formats/image/luma.h"

namespace dl::image {

namespace {

// A file in memory for TIFFClientOpen().
struct MemoryFile {
  Bytes bytes;
  std::uint64_t position = 0;
};

tmsize_t ReadFile(thandle_t handle, void* to, tmsize_t size) {
  auto& file = *static_cast<MemoryFile*>(handle);
  if (size < 0 || file.position >= file.bytes.size()) return 0;
  const Bytes rest = file.bytes.subspan(static_cast<std::size_t>(file.position));
  const std::size_t n = std::min(rest.size(), static_cast<std::size_t>(size));
  std::memcpy(to, rest.data(), n);
  file.position += n;
  return static_cast<tmsize_t>(n);
}

tmsize_t WriteFile(thandle_t /*handle*/, void* /*from*/, tmsize_t /*size*/) { return -1; }

toff_t SeekFile(thandle_t handle, toff_t offset, int whence) {
  auto& file = *static_cast<MemoryFile*>(handle);
  if (whence == SEEK_CUR) offset += file.position;
  if (whence == SEEK_END) offset += file.bytes.size();
  file.position = offset;
  return offset;
}

int CloseFile(thandle_t /*handle*/) { return 0; }
toff_t FileSize(thandle_t handle) { return static_cast<MemoryFile*>(handle)->bytes.size(); }

// Not mapped: libtiff then checks the sizes of what it reads itself.
int MapFile(thandle_t /*handle*/, void** /*base*/, toff_t* /*size*/) { return 0; }
void UnmapFile(thandle_t /*handle*/, void* /*base*/, toff_t /*size*/) {}

struct CloseTiff {
  void operator()(TIFF* tiff) const { ::TIFFClose(tiff); }
};
using TiffPtr = std::unique_ptr<TIFF, CloseTiff>;

struct Layout {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint16_t bits = 1;
  std::uint16_t samples = 1;
  std::uint16_t format = SAMPLEFORMAT_UINT;
  std::uint16_t photometric = 0;
  std::uint16_t compression = COMPRESSION_NONE;
  std::uint16_t planar = PLANARCONFIG_CONTIG;
  // Of one strip or tile.
  std::uint32_t chunk_width = 0;
  std::uint32_t chunk_height = 0;

  std::size_t planes() const { return planar == PLANARCONFIG_SEPARATE ? samples : 1; }
  std::size_t samples_in_chunk() const { return planar == PLANARCONFIG_SEPARATE ? 1 : samples; }
};

bool IsKnownCompression(std::uint16_t compression) {
  switch (compression) {
    case COMPRESSION_NONE:
    case COMPRESSION_LZW:
    case COMPRESSION_PACKBITS:
    case COMPRESSION_DEFLATE:
    case COMPRESSION_ADOBE_DEFLATE:
    case COMPRESSION_JPEG:
    case COMPRESSION_CCITTFAX4: return true;
    default: return false;
  }
}

bool IsKnownKind(const Layout& layout) {
  const bool is_byte = layout.bits == 8 || layout.bits == 16;
  switch (layout.photometric) {
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_MINISWHITE: return layout.samples == 1 && is_byte;
    case PHOTOMETRIC_RGB: return (layout.samples == 3 || layout.samples == 4) && is_byte;
    case PHOTOMETRIC_SEPARATED: return layout.samples == 4 && layout.bits == 8;
    default: return false;
  }
}

class TiffReader {
 public:
  TiffReader(TIFF* tiff, const Limits& limits) : tiff_(tiff), limits_(limits) {}

  Result<LumaPlane> Read() {
    DL_TRY_STATUS(ReadLayout());
    DL_TRY(plane_, LumaPlane::Make(layout_.width, layout_.height, limits_));
    const bool is_tiled = ::TIFFIsTiled(tiff_) != 0;
    const tmsize_t size = is_tiled ? ::TIFFTileSize(tiff_) : ::TIFFStripSize(tiff_);
    const std::uint64_t row_size =
        (std::uint64_t{layout_.chunk_width} * layout_.samples_in_chunk() * layout_.bits + 7) / 8;
    if (size <= 0 || static_cast<std::uint64_t>(size) > limits_.max_decoder_bytes / layout_.planes()) {
      return Fail(ErrorCode::kBudget, "tiff: strips too large");
    }
    if (row_size * layout_.chunk_height > static_cast<std::uint64_t>(size)) {
      return Fail(ErrorCode::kMalformed, "tiff: strips too small");
    }
    for (std::size_t i = 0; i < layout_.planes(); ++i) chunks_[i].resize(static_cast<std::size_t>(size));
    row_size_ = static_cast<std::size_t>(row_size);
    for (std::uint32_t y = 0; y < layout_.height; y += std::min(layout_.chunk_height, layout_.height - y)) {
      for (std::uint32_t x = 0; x < layout_.width; x += std::min(layout_.chunk_width, layout_.width - x)) {
        DL_TRY_STATUS(ReadChunk(x, y, is_tiled));
      }
    }
    return std::move(plane_);
  }

 private:
  Status ReadLayout() {
    ::TIFFGetField(tiff_, TIFFTAG_IMAGEWIDTH, &layout_.width);
    ::TIFFGetField(tiff_, TIFFTAG_IMAGELENGTH, &layout_.height);
    ::TIFFGetFieldDefaulted(tiff_, TIFFTAG_BITSPERSAMPLE, &layout_.bits);
    ::TIFFGetFieldDefaulted(tiff_, TIFFTAG_SAMPLESPERPIXEL, &layout_.samples);
    ::TIFFGetFieldDefaulted(tiff_, TIFFTAG_SAMPLEFORMAT, &layout_.format);
    ::TIFFGetFieldDefaulted(tiff_, TIFFTAG_COMPRESSION, &layout_.compression);
    ::TIFFGetFieldDefaulted(tiff_, TIFFTAG_PLANARCONFIG, &layout_.planar);
    if (::TIFFGetField(tiff_, TIFFTAG_PHOTOMETRIC, &layout_.photometric) != 1) {
      return Fail(ErrorCode::kUnsupported, "tiff: no interpretation");
    }
    if (!IsKnownCompression(layout_.compression)) return Fail(ErrorCode::kUnsupported, "tiff: compression");
    if (!IsKnownKind(layout_) || layout_.format != SAMPLEFORMAT_UINT) {
      return Fail(ErrorCode::kUnsupported, "tiff: kind of picture");
    }
    if (::TIFFIsTiled(tiff_) != 0) {
      ::TIFFGetField(tiff_, TIFFTAG_TILEWIDTH, &layout_.chunk_width);
      ::TIFFGetField(tiff_, TIFFTAG_TILELENGTH, &layout_.chunk_height);
    } else {
      layout_.chunk_width = layout_.width;
      ::TIFFGetFieldDefaulted(tiff_, TIFFTAG_ROWSPERSTRIP, &layout_.chunk_height);
      layout_.chunk_height = std::min(layout_.chunk_height, layout_.height);
    }
    if (layout_.chunk_width == 0 || layout_.chunk_height == 0) return Fail(ErrorCode::kMalformed, "tiff: no strips");
    return {};
  }

  Status ReadChunk(std::uint32_t x, std::uint32_t y, bool is_tiled) {
    const std::uint32_t rows = std::min(layout_.chunk_height, layout_.height - y);
    for (std::size_t i = 0; i < layout_.planes(); ++i) {
      std::vector<std::uint8_t>& chunk = chunks_[i];
      const auto plane = static_cast<std::uint16_t>(i);
      const auto size = static_cast<tmsize_t>(chunk.size());
      const tmsize_t got =
          is_tiled ? ::TIFFReadEncodedTile(tiff_, ::TIFFComputeTile(tiff_, x, y, 0, plane), chunk.data(), size)
                   : ::TIFFReadEncodedStrip(tiff_, ::TIFFComputeStrip(tiff_, y, plane), chunk.data(), size);
      if (got < 0 || static_cast<std::size_t>(got) < row_size_ * rows) {
        return Fail(ErrorCode::kMalformed, "tiff: damaged strip");
      }
    }
    const std::uint32_t columns = std::min(layout_.chunk_width, layout_.width - x);
    for (std::uint32_t row = 0; row < rows; ++row) {
      const std::span<std::uint8_t> to = plane_.row(y + row);
      for (std::uint32_t column = 0; column < columns; ++column) to[x + column] = Pixel(row, column);
    }
    return {};
  }

  std::uint8_t Sample(std::uint32_t row, std::uint32_t column, std::size_t channel) const {
    const bool separate = layout_.planes() > 1;
    const std::vector<std::uint8_t>& chunk = chunks_[separate ? channel : 0];
    const std::size_t index = column * layout_.samples_in_chunk() + (separate ? 0 : channel);
    if (layout_.bits == 8) return chunk[row * row_size_ + index];
    std::uint16_t value = 0;  // In this machine's order.
    std::memcpy(&value, &chunk[row * row_size_ + index * 2], sizeof value);
    return To8Bits(value);
  }

  std::uint8_t Pixel(std::uint32_t row, std::uint32_t column) const {
    const auto sample = [&](std::size_t channel) { return Sample(row, column, channel); };
    switch (layout_.photometric) {
      case PHOTOMETRIC_MINISBLACK: return Luma(sample(0), sample(0), sample(0));
      case PHOTOMETRIC_MINISWHITE: {
        const auto grey = static_cast<std::uint8_t>(255 - sample(0));
        return Luma(grey, grey, grey);
      }
      case PHOTOMETRIC_SEPARATED: {
        const float light = 1.0F - static_cast<float>(sample(3)) / 255.0F;
        const auto channel = [&](std::size_t i) {
          return static_cast<std::uint8_t>((255.0F - static_cast<float>(sample(i))) * light);
        };
        return Luma(channel(0), channel(1), channel(2));
      }
      default: return Luma(sample(0), sample(1), sample(2));
    }
  }

  TIFF* tiff_;
  Limits limits_;
  Layout layout_;
  std::size_t row_size_ = 0;
  std::array<std::vector<std::uint8_t>, 4> chunks_;  // One, or one a plane.
  LumaPlane plane_;
};

}  // namespace

Result<LumaPlane> DecodeTiff(Bytes bytes, const Limits& limits) {
  // Global, and always to the same: nothing is printed.
  ::TIFFSetErrorHandler(nullptr);
  ::TIFFSetWarningHandler(nullptr);
  MemoryFile file{bytes};
  const TiffPtr tiff(::TIFFClientOpen("image", "rm", &file, &ReadFile, &WriteFile, &SeekFile, &CloseFile, &FileSize,
                                      &MapFile, &UnmapFile));
  if (!tiff) return Fail(ErrorCode::kMalformed, "tiff: damaged directory");
  TiffReader reader(tiff.get(), limits);
  return reader.Read();
}

}  // namespace dl::image
