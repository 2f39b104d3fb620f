// JPEG (ITU-T T.81), baseline and progressive. libjpeg-turbo reads the markers
// and the coefficients; samples are made of them here, because the hash needs
// those of ClamAV's decoder to the bit.
#include <jpeglib.h>

#include <array>
#include <csetjmp>
#include <cstdio>  // jpeglib.h needs it first.

#include "daylight/formats/image/idct.h"
#include "daylight/formats/image/luma.h"

namespace dl::image {

namespace {

constexpr std::size_t kMaxComponents = 4;
// Each scan of a progressive file can cost a walk over the whole picture.
constexpr int kMaxScans = 100;

// Samples of one component, a row at a time; three rows of blocks are kept.
class Component {
 public:
  Component() = default;
  Component(jpeg_decompress_struct& info, std::size_t index, jvirt_barray_ptr coefficients)
      : info_(&info), coefficients_(coefficients), component_(&info.comp_info[index]) {
    const auto padded = [](std::size_t n, int factor) {
      const auto f = static_cast<std::size_t>(factor);
      return (n + f - 1) / f * f;
    };
    blocks_wide_ = padded(component_->width_in_blocks, component_->h_samp_factor);
    blocks_high_ = padded(component_->height_in_blocks, component_->v_samp_factor);
    step_x_ = static_cast<std::size_t>(info.max_h_samp_factor / component_->h_samp_factor);
    step_y_ = static_cast<std::size_t>(info.max_v_samp_factor / component_->v_samp_factor);
    for (BlockRow& row : kept_) row.samples.resize(blocks_wide_ * 64);
    row_.resize(blocks_wide_ * 8 * step_x_);
    mixed_.resize(blocks_wide_ * 8);
  }

  // One row of the picture at full size. May longjmp.
  std::span<const std::int16_t> Row(std::size_t y) {
    const std::size_t own_y = y / step_y_;
    std::span<const std::int16_t> row = Samples(own_y);
    if (step_y_ == 2 && step_x_ <= 2) row = Mixed(own_y, y % 2 == 0);
    if (step_x_ == 1) return row;
    if (step_x_ == 2 && step_y_ <= 2) {
      UpsampleRow(row, row_);
    } else {  // No filter for the rarer ratios.
      for (std::size_t x = 0; x < row_.size(); ++x) row_[x] = row[x / step_x_];
    }
    return row_;
  }

 private:
  struct BlockRow {
    std::size_t index = SIZE_MAX;
    std::vector<std::int16_t> samples;  // Eight rows.
  };

  std::span<const std::int16_t> Mixed(std::size_t y, bool upper) {
    const std::size_t last = blocks_high_ * 8 - 1;
    const std::size_t other = upper ? (y == 0 ? 0 : y - 1) : std::min(y + 1, last);
    const std::span<const std::int16_t> far = Samples(other);
    const std::span<const std::int16_t> near = Samples(y);
    for (std::size_t x = 0; x < mixed_.size(); ++x) mixed_[x] = Between(near[x], far[x]);
    return mixed_;
  }

  std::span<const std::int16_t> Samples(std::size_t y) {
    BlockRow& row = kept_[y / 8 % kept_.size()];
    if (row.index != y / 8) MakeSamples(row, y / 8);
    return std::span(row.samples).subspan(y % 8 * blocks_wide_ * 8, blocks_wide_ * 8);
  }

  void MakeSamples(BlockRow& row, std::size_t index) {
    row.index = index;
    const JBLOCKARRAY blocks = info_->mem->access_virt_barray(reinterpret_cast<j_common_ptr>(info_), coefficients_,
                                                              static_cast<JDIMENSION>(index), 1, FALSE);
    const std::size_t stride = blocks_wide_ * 8;
    for (std::size_t x = 0; x < blocks_wide_; ++x) {
      std::array<std::int32_t, 64> values{};
      for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = std::int32_t{blocks[0][x][i]} * component_->quant_table->quantval[i];
      }
      InverseDct(values, std::span(row.samples).subspan(x * 8), stride);
    }
  }

  jpeg_decompress_struct* info_ = nullptr;
  jvirt_barray_ptr coefficients_ = nullptr;
  const jpeg_component_info* component_ = nullptr;
  std::size_t blocks_wide_ = 0;
  std::size_t blocks_high_ = 0;
  std::size_t step_x_ = 1;
  std::size_t step_y_ = 1;
  std::array<BlockRow, 3> kept_;
  std::vector<std::int16_t> row_;
  std::vector<std::int16_t> mixed_;
};

// libjpeg leaves by longjmp, which runs no destructors: everything with one
// lives here, outside of the functions that are left.
class JpegReader {
 public:
  JpegReader(Bytes bytes, const Limits& limits) : bytes_(bytes), limits_(limits) {
    info_.err = ::jpeg_std_error(&errors_);
    errors_.error_exit = &OnError;
    errors_.emit_message = [](j_common_ptr, int) {};
    errors_.output_message = [](j_common_ptr) {};
    info_.client_data = this;
    progress_.progress_monitor = &OnProgress;
  }
  ~JpegReader() { ::jpeg_destroy_decompress(&info_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  Result<LumaPlane> Read() {
    if (!ReadHeader()) return tl::unexpected(error_);
    DL_TRY(plane_, LumaPlane::Make(info_.image_width, info_.image_height, limits_));
    DL_TRY_STATUS(CheckKind());
    if (!ReadCoefficients()) return tl::unexpected(error_);
    for (std::size_t i = 0; i < count_; ++i) {
      if (info_.comp_info[i].quant_table == nullptr) return Fail(ErrorCode::kMalformed, "jpeg: a component is missing");
      components_[i] = Component(info_, i, arrays_[i]);
    }
    if (!MakeRows()) return tl::unexpected(error_);
    return std::move(plane_);
  }

 private:
  static void OnError(j_common_ptr info) {
    // NOLINTNEXTLINE(cert-err52-cpp): the library's only way out.
    std::longjmp(static_cast<JpegReader*>(info->client_data)->out_, 1);
  }
  static void OnProgress(j_common_ptr info) {
    auto& self = *static_cast<JpegReader*>(info->client_data);
    if (self.info_.input_scan_number > kMaxScans) {
      self.error_ = Error{ErrorCode::kBudget, "jpeg: too many scans"};
      OnError(info);
    }
  }

  bool ReadHeader() {
    if (setjmp(out_) != 0) return false;
    ::jpeg_create_decompress(&info_);
    info_.progress = &progress_;
    info_.mem->max_memory_to_use = static_cast<long>(limits_.max_decoder_bytes);
    ::jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(bytes_.data()), bytes_.size());
    ::jpeg_read_header(&info_, TRUE);
    return true;
  }

  Status CheckKind() {
    if (info_.arith_code) return Fail(ErrorCode::kUnsupported, "jpeg: arithmetic coding");
    count_ = static_cast<std::size_t>(info_.num_components);
    if (count_ != 1 && count_ != 3 && count_ != 4) return Fail(ErrorCode::kUnsupported, "jpeg: components");
    for (std::size_t i = 0; i < count_; ++i) {
      const jpeg_component_info& component = info_.comp_info[i];
      if (info_.max_h_samp_factor % component.h_samp_factor != 0 ||
          info_.max_v_samp_factor % component.v_samp_factor != 0) {
        return Fail(ErrorCode::kUnsupported, "jpeg: sampling");
      }
    }
    return {};
  }

  bool ReadCoefficients() {
    if (setjmp(out_) != 0) return false;
    arrays_ = ::jpeg_read_coefficients(&info_);
    return arrays_ != nullptr;
  }

  bool MakeRows() {
    if (setjmp(out_) != 0) return false;
    std::array<std::span<const std::int16_t>, kMaxComponents> rows;
    for (std::size_t y = 0; y < plane_.height(); ++y) {
      for (std::size_t i = 0; i < count_; ++i) rows[i] = components_[i].Row(y);
      const std::span<std::uint8_t> to = plane_.row(y);
      for (std::size_t x = 0; x < to.size(); ++x) {
        to[x] = Pixel({rows[0][x], count_ > 1 ? rows[1][x] : std::int16_t{0}, count_ > 1 ? rows[2][x] : std::int16_t{0},
                       count_ > 3 ? rows[3][x] : std::int16_t{0}});
      }
    }
    return true;
  }

  std::uint8_t Pixel(const std::array<std::int16_t, kMaxComponents>& c) const {
    switch (info_.jpeg_color_space) {
      case JCS_GRAYSCALE: {
        const auto grey = static_cast<std::uint8_t>(c[0]);
        return Luma(grey, grey, grey);
      }
      case JCS_RGB:
        return Luma(static_cast<std::uint8_t>(c[0]), static_cast<std::uint8_t>(c[1]), static_cast<std::uint8_t>(c[2]));
      case JCS_CMYK:  // Inverted, as Adobe writes it.
        return Luma(Multiply(c[0], c[3]), Multiply(c[1], c[3]), Multiply(c[2], c[3]));
      case JCS_YCCK: {
        const Rgb rgb = FromYcc(c[0], c[1], c[2]);
        return Luma(Multiply(255 - rgb.r, c[3]), Multiply(255 - rgb.g, c[3]), Multiply(255 - rgb.b, c[3]));
      }
      default: return Luma(FromYcc(c[0], c[1], c[2]));
    }
  }

  Bytes bytes_;
  Limits limits_;
  jpeg_decompress_struct info_{};
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf out_{};
  Error error_{ErrorCode::kMalformed, "jpeg: damaged"};
  std::size_t count_ = 0;
  jvirt_barray_ptr* arrays_ = nullptr;
  std::array<Component, kMaxComponents> components_;
  LumaPlane plane_;
};

}  // namespace

Result<LumaPlane> DecodeJpeg(Bytes bytes, const Limits& limits) {
  JpegReader reader(bytes, limits);
  return reader.Read();
}

}  // namespace dl::image
