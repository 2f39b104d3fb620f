// TIFF (Adobe, "TIFF Revision 6.0") through libtiff, the first directory of
// the file. Only what ClamAV's decoder knows is let through.
#include <tiffio.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

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
struct FreeOptions {
  void operator()(TIFFOpenOptions* options) const { ::TIFFOpenOptionsFree(options); }
};
using OptionsPtr = std::unique_ptr<TIFFOpenOptions, FreeOptions>;
using TiffPtr = std::unique_ptr<TIFF, CloseTiff>;

struct Layout {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint16_t bits = 1;
  std::uint16_t samples = 1;
  std::uint16_t photometric = 0;
  std::uint16_t compression = COMPRESSION_NONE;
  // Of one strip or tile.
  std::uint32_t chunk_width = 0;
  std::uint32_t chunk_height = 0;
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
  const unsigned bits = layout.bits;
  switch (layout.photometric) {
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_MINISWHITE: return layout.samples == 1 && (bits == 1 || bits == 8 || bits == 16);
    case PHOTOMETRIC_RGB:
      return (layout.samples == 3 || layout.samples == 4) && (bits == 8 || bits == 16 || bits == 32);
    case PHOTOMETRIC_SEPARATED: return layout.samples == 4 && (bits == 8 || bits == 16);
    default: return false;
  }
}

// 0 to 1, to 0 to 255. What is no number is white.
std::uint8_t To8Bits(float value) {
  const float clamped = value < 1.0F ? std::max(value, 0.0F) : 1.0F;
  return static_cast<std::uint8_t>(std::lround(clamped * 255.0F));
}

class TiffReader {
 public:
  TiffReader(TIFF* tiff, const Limits& limits) : tiff_(tiff), limits_(limits), is_tiled_(::TIFFIsTiled(tiff) != 0) {}

  Result<LumaPlane> Read() {
    DL_TRY_STATUS(ReadLayout());
    DL_TRY(plane_, LumaPlane::Make(layout_.width, layout_.height, limits_));
    const tmsize_t size = is_tiled_ ? ::TIFFTileSize(tiff_) : ::TIFFStripSize(tiff_);
    const std::uint64_t row_size = (std::uint64_t{layout_.chunk_width} * layout_.samples * layout_.bits + 7) / 8;
    if (size <= 0 || static_cast<std::uint64_t>(size) > limits_.max_decoder_bytes) {
      return Fail(ErrorCode::kBudget, "tiff: strips too large");
    }
    if (row_size * layout_.chunk_height > static_cast<std::uint64_t>(size)) {
      return Fail(ErrorCode::kMalformed, "tiff: strips too small");
    }
    chunk_.resize(static_cast<std::size_t>(size));
    row_size_ = static_cast<std::size_t>(row_size);
    for (std::uint32_t y = 0; y < layout_.height; y += std::min(layout_.chunk_height, layout_.height - y)) {
      for (std::uint32_t x = 0; x < layout_.width; x += std::min(layout_.chunk_width, layout_.width - x)) {
        DL_TRY_STATUS(ReadChunk(x, y));
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
    ::TIFFGetFieldDefaulted(tiff_, TIFFTAG_COMPRESSION, &layout_.compression);
    if (layout_.width == 0 || layout_.height == 0) return Fail(ErrorCode::kMalformed, "tiff: no pixels");
    if (::TIFFGetField(tiff_, TIFFTAG_PHOTOMETRIC, &layout_.photometric) != 1) {
      return Fail(ErrorCode::kUnsupported, "tiff: no interpretation");
    }
    if (!IsKnownCompression(layout_.compression)) return Fail(ErrorCode::kUnsupported, "tiff: compression");
    std::uint16_t planar = PLANARCONFIG_CONTIG;
    ::TIFFGetFieldDefaulted(tiff_, TIFFTAG_PLANARCONFIG, &planar);
    if (!IsKnownKind(layout_) || planar != PLANARCONFIG_CONTIG) {
      return Fail(ErrorCode::kUnsupported, "tiff: kind of picture");
    }
    // Without the tag, 32 bits are taken for a float all the same.
    std::uint16_t format = SAMPLEFORMAT_UINT;
    if (::TIFFGetField(tiff_, TIFFTAG_SAMPLEFORMAT, &format) == 1 &&
        format != (layout_.bits == 32 ? SAMPLEFORMAT_IEEEFP : SAMPLEFORMAT_UINT)) {
      return Fail(ErrorCode::kUnsupported, "tiff: kind of samples");
    }
    // ClamAV's decoder knows no order of bits but the usual one.
    ::TIFFSetField(tiff_, TIFFTAG_FILLORDER, FILLORDER_MSB2LSB);
    if (is_tiled_) {
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

  Status ReadChunk(std::uint32_t x, std::uint32_t y) {
    const std::uint32_t rows = std::min(layout_.chunk_height, layout_.height - y);
    const std::uint32_t index = is_tiled_ ? ::TIFFComputeTile(tiff_, x, y, 0, 0) : ::TIFFComputeStrip(tiff_, y, 0);
    if (layout_.compression == COMPRESSION_JPEG) {
      DL_TRY_STATUS(DecodeJpegChunk(index, rows));
    } else {
      const auto size = static_cast<tmsize_t>(chunk_.size());
      const tmsize_t got = is_tiled_ ? ::TIFFReadEncodedTile(tiff_, index, chunk_.data(), size)
                                     : ::TIFFReadEncodedStrip(tiff_, index, chunk_.data(), size);
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

  // "TIFF Technical Note 2": a JPEG stream a strip, and the tables that they
  // share apart. Decoded here for the samples that the hash needs.
  Status DecodeJpegChunk(std::uint32_t index, std::uint32_t rows) {
    if (layout_.bits != 8) return Fail(ErrorCode::kUnsupported, "tiff: jpeg of these samples");
    const std::uint64_t size = ::TIFFGetStrileByteCount(tiff_, index);
    if (size < 2 || size > limits_.max_decoder_bytes) return Fail(ErrorCode::kMalformed, "tiff: strip size");
    std::uint32_t tables_size = 0;
    const std::uint8_t* tables = nullptr;
    if (::TIFFGetField(tiff_, TIFFTAG_JPEGTABLES, &tables_size, &tables) != 1 || tables_size < 2) tables_size = 2;
    // Both begin with a start and end with an end of image; the tables' end
    // and the strip's start go.
    std::vector<std::uint8_t> stream(tables_size - 2 + static_cast<std::size_t>(size));
    std::uint8_t* to = stream.data() + (tables_size - 2);
    const tmsize_t got = is_tiled_ ? ::TIFFReadRawTile(tiff_, index, to, static_cast<tmsize_t>(size))
                                   : ::TIFFReadRawStrip(tiff_, index, to, static_cast<tmsize_t>(size));
    if (got != static_cast<tmsize_t>(size)) return Fail(ErrorCode::kTruncated, "tiff: cut strip");
    if (tables_size > 2) {
      std::memcpy(stream.data(), tables, tables_size - 2);
      stream.erase(stream.begin() + (tables_size - 2), stream.begin() + tables_size);
    }
    DL_TRY(const JpegSamples samples, DecodeJpegSamples(std::as_bytes(std::span(stream)), limits_));
    if (samples.width != layout_.chunk_width || samples.height < rows || samples.components != layout_.samples) {
      return Fail(ErrorCode::kMalformed, "tiff: a strip of another size");
    }
    std::copy_n(samples.values.begin(), row_size_ * rows, chunk_.begin());
    return {};
  }

  std::uint16_t Wide(const std::uint8_t* at) const {  // In this machine's order.
    std::uint16_t value = 0;
    std::memcpy(&value, at, sizeof value);
    return value;
  }

  std::uint8_t Sample(const std::uint8_t* row, std::size_t index) const {
    switch (layout_.bits) {
      case 1: return (row[index / 8] >> (7 - index % 8) & 1) != 0 ? 255 : 0;
      case 8: return row[index];
      case 16: return image::To8Bits(Wide(row + index * 2));
      default: {
        float value = 0;
        std::memcpy(&value, row + index * 4, sizeof value);
        return To8Bits(value);
      }
    }
  }

  // Ink is subtracted in the samples' own depth.
  std::uint8_t Ink(const std::uint8_t* row, std::size_t index, std::size_t black) const {
    if (layout_.bits == 8) {
      const float light = 1.0F - static_cast<float>(row[black]) / 255.0F;
      return static_cast<std::uint8_t>((255.0F - static_cast<float>(row[index])) * light);
    }
    const float light = 1.0F - static_cast<float>(Wide(row + black * 2)) / 65535.0F;
    const float value = (65535.0F - static_cast<float>(Wide(row + index * 2))) * light;
    return image::To8Bits(static_cast<std::uint16_t>(value));
  }

  std::uint8_t Pixel(std::uint32_t y, std::uint32_t x) const {
    const std::uint8_t* row = chunk_.data() + y * row_size_;
    const std::size_t first = std::size_t{x} * layout_.samples;
    switch (layout_.photometric) {
      case PHOTOMETRIC_MINISBLACK: {
        const std::uint8_t grey = Sample(row, first);
        return Luma(grey, grey, grey);
      }
      case PHOTOMETRIC_MINISWHITE: {
        const auto grey = static_cast<std::uint8_t>(255 - Sample(row, first));
        return Luma(grey, grey, grey);
      }
      case PHOTOMETRIC_SEPARATED:
        return Luma(Ink(row, first, first + 3), Ink(row, first + 1, first + 3), Ink(row, first + 2, first + 3));
      default: return Luma(Sample(row, first), Sample(row, first + 1), Sample(row, first + 2));
    }
  }

  TIFF* tiff_;
  Limits limits_;
  bool is_tiled_;
  Layout layout_;
  std::size_t row_size_ = 0;
  std::vector<std::uint8_t> chunk_;
  LumaPlane plane_;
};

}  // namespace

Result<LumaPlane> DecodeTiff(Bytes bytes, const Limits& limits) {
  // Global, and always to the same: nothing is printed.
  ::TIFFSetErrorHandler(nullptr);
  ::TIFFSetWarningHandler(nullptr);
  MemoryFile file{bytes};
  const OptionsPtr options(::TIFFOpenOptionsAlloc());
  if (!options) return Fail(ErrorCode::kBudget, "tiff: no memory");
  ::TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), static_cast<tmsize_t>(limits.max_decoder_bytes));
  const TiffPtr tiff(::TIFFClientOpenExt("image", "rm", &file, &ReadFile, &WriteFile, &SeekFile, &CloseFile, &FileSize,
                                         &MapFile, &UnmapFile, options.get()));
  if (!tiff) return Fail(ErrorCode::kMalformed, "tiff: damaged directory");
  TiffReader reader(tiff.get(), limits);
  return reader.Read();
}

}  // namespace dl::image
