// PNG (W3C, "Portable Network Graphics, Third Edition") through libpng.
#include <png.h>

#include <array>
#include <csetjmp>
#include <cstring>
#include <memory>

#include "daylight/formats/image/luma.h"

namespace dl::image {

namespace {

// libpng leaves by longjmp, which runs no destructors: everything with one
// lives here, outside of the functions that are left.
class PngReader {
 public:
  PngReader(Bytes bytes, const Limits& limits) : rest_(bytes), limits_(limits) {
    png_ = ::png_create_read_struct(PNG_LIBPNG_VER_STRING, this, &OnError, &OnWarning);
    if (png_ != nullptr) info_ = ::png_create_info_struct(png_);
  }
  ~PngReader() { ::png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  Result<LumaPlane> Read() {
    if (info_ == nullptr) return Fail(ErrorCode::kBudget, "png: no memory");
    if (!ReadHeader()) return tl::unexpected(error_);
    DL_TRY(plane_, LumaPlane::Make(width_, height_, limits_));
    const std::size_t row_bytes = ::png_get_rowbytes(png_, info_);
    if (row_bytes > limits_.max_decoder_bytes) return Fail(ErrorCode::kBudget, "png: rows too long");
    row_.resize(row_bytes);
    if (!ReadRows()) return tl::unexpected(error_);
    // ClamAV's decoder wants to see what the next chunk is, whatever it is.
    if (rest_.size() < 8) return Fail(ErrorCode::kTruncated, "png: cut after the picture");
    return std::move(plane_);
  }

 private:
  static void OnError(png_structp png, png_const_charp /*text*/) {
    // NOLINTNEXTLINE(cert-err52-cpp): the library's only way out.
    std::longjmp(static_cast<PngReader*>(::png_get_error_ptr(png))->out_, 1);
  }
  static void OnWarning(png_structp /*png*/, png_const_charp /*text*/) {}
  static void OnRead(png_structp png, png_bytep to, std::size_t size) {
    auto& self = *static_cast<PngReader*>(::png_get_io_ptr(png));
    if (size > self.rest_.size()) {
      self.error_ = Error{ErrorCode::kTruncated, "png: cut"};
      ::png_error(png, "cut");
    }
    std::memcpy(to, self.rest_.data(), size);
    self.rest_ = self.rest_.subspan(size);
  }

  bool ReadHeader() {
    if (setjmp(out_) != 0) return false;
    ::png_set_read_fn(png_, this, &OnRead);
    ::png_set_user_limits(png_, 0xffff, 0xffff);
    ::png_set_chunk_malloc_max(png_, 1U << 20);
    ::png_set_chunk_cache_max(png_, 64);
    // Comments, profiles and the like are passed over.
    ::png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, 0);
    ::png_set_option(png_, PNG_MAXIMUM_INFLATE_WINDOW, PNG_OPTION_ON);
    ::png_set_option(png_, PNG_IGNORE_ADLER32, PNG_OPTION_ON);
    ::png_set_check_for_invalid_index(png_, 0);
    ::png_read_info(png_, info_);
    int depth = 0;
    int colour = 0;
    ::png_get_IHDR(png_, info_, &width_, &height_, &depth, &colour, &interlace_, nullptr, nullptr);
    // What remains has 8 or 16 bits and 1, 2, 3 or 4 channels.
    if (colour == PNG_COLOR_TYPE_PALETTE) ::png_set_palette_to_rgb(png_);
    if (colour == PNG_COLOR_TYPE_GRAY && depth < 8) ::png_set_expand_gray_1_2_4_to_8(png_);
    ::png_read_update_info(png_, info_);
    channels_ = ::png_get_channels(png_, info_);
    sample_bytes_ = ::png_get_bit_depth(png_, info_) / 8U;
    return true;
  }

  bool ReadRows() {
    if (setjmp(out_) != 0) return false;
    if (interlace_ == PNG_INTERLACE_NONE) {
      for (std::size_t y = 0; y < height_; ++y) ReadRow(y, 0, 1);
      return true;
    }
    // Clause 8.1, Adam7: seven pictures of every so many pixels.
    for (int pass = 0; pass < PNG_INTERLACE_ADAM7_PASSES; ++pass) {
      const auto first_x = static_cast<std::size_t>(PNG_PASS_START_COL(pass));
      const auto step_x = static_cast<std::size_t>(PNG_PASS_COL_OFFSET(pass));
      const auto step_y = static_cast<std::size_t>(PNG_PASS_ROW_OFFSET(pass));
      if (first_x >= width_) continue;
      for (auto y = static_cast<std::size_t>(PNG_PASS_START_ROW(pass)); y < height_; y += step_y) {
        ReadRow(y, first_x, step_x);
      }
    }
    return true;
  }

  void ReadRow(std::size_t y, std::size_t first_x, std::size_t step_x) {
    ::png_read_row(png_, row_.data(), nullptr);
    const std::span<std::uint8_t> to = plane_.row(y);
    const std::size_t pixel_bytes = channels_ * sample_bytes_;
    const std::uint8_t* from = row_.data();
    for (std::size_t x = first_x; x < to.size(); x += step_x, from += pixel_bytes) {
      to[x] = channels_ >= 3 ? Luma(Sample(from, 0), Sample(from, 1), Sample(from, 2))
                             : Luma(Sample(from, 0), Sample(from, 0), Sample(from, 0));
    }
  }
  std::uint8_t Sample(const std::uint8_t* pixel, std::size_t channel) const {
    if (sample_bytes_ == 1) return pixel[channel];
    return To8Bits(static_cast<std::uint16_t>(pixel[channel * 2] << 8 | pixel[channel * 2 + 1]));
  }

  Bytes rest_;
  Limits limits_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::jmp_buf out_{};
  Error error_{ErrorCode::kMalformed, "png: damaged"};
  png_uint_32 width_ = 0;
  png_uint_32 height_ = 0;
  int interlace_ = 0;
  std::size_t channels_ = 0;
  std::size_t sample_bytes_ = 0;
  std::vector<std::uint8_t> row_;
  LumaPlane plane_;
};

}  // namespace

Result<LumaPlane> DecodePng(Bytes bytes, const Limits& limits) {
  PngReader reader(bytes, limits);
  return reader.Read();
}

}  // namespace dl::image
