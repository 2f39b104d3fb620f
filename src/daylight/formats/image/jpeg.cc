// JPEG (ITU-T T.81), baseline and progressive. libjpeg-turbo reads the markers
// and the coefficients; samples are made of them here, because the hash needs
// those of ClamAV's decoder to the bit.
#include <array>
#include <csetjmp>
#include <cstdio>

// After <cstdio>, which it needs.
#include <jpeglib.h>

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
    DL_TRY_STATUS(MakeComponents());
    if (!MakeRows([this](std::size_t y, const Rows& rows) {
          const std::span<std::uint8_t> to = plane_.row(y);
          for (std::size_t x = 0; x < to.size(); ++x) to[x] = Pixel(rows, x);
        })) {
      return tl::unexpected(error_);
    }
    return std::move(plane_);
  }

  Result<JpegSamples> ReadSamples() {
    if (!ReadHeader()) return tl::unexpected(error_);
    const std::uint64_t pixels = std::uint64_t{info_.image_width} * info_.image_height;
    if (pixels > limits_.max_pixels || pixels * kMaxComponents > limits_.max_decoder_bytes) {
      return Fail(ErrorCode::kBudget, "jpeg: too many pixels");
    }
    DL_TRY_STATUS(MakeComponents());
    samples_.width = info_.image_width;
    samples_.height = info_.image_height;
    samples_.components = count_;
    samples_.values.resize(samples_.width * samples_.height * count_);
    if (!MakeRows([this](std::size_t y, const Rows& rows) {
          std::uint8_t* to = samples_.values.data() + y * samples_.width * count_;
          for (std::size_t x = 0; x < samples_.width; ++x) {
            for (std::size_t i = 0; i < count_; ++i) *to++ = static_cast<std::uint8_t>(rows[i][x]);
          }
        })) {
      return tl::unexpected(error_);
    }
    return std::move(samples_);
  }

 private:
  using Rows = std::array<std::span<const std::int16_t>, kMaxComponents>;

  Status MakeComponents() {
    DL_TRY_STATUS(CheckKind());
    if (!ReadCoefficients()) return tl::unexpected(error_);
    for (std::size_t i = 0; i < count_; ++i) {
      if (info_.comp_info[i].quant_table == nullptr) return Fail(ErrorCode::kMalformed, "jpeg: a component is missing");
      components_[i] = Component(info_, i, arrays_[i]);
    }
    return {};
  }

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
    // The coefficients (see CheckKind()), their padding and the tables.
    info_.mem->max_memory_to_use = static_cast<long>(limits_.max_decoder_bytes * 2);
    ::jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(bytes_.data()), bytes_.size());
    ::jpeg_read_header(&info_, TRUE);
    return true;
  }

  Status CheckKind() {
    if (info_.arith_code) return Fail(ErrorCode::kUnsupported, "jpeg: arithmetic coding");
    count_ = static_cast<std::size_t>(info_.num_components);
    if (count_ != 1 && count_ != 3 && count_ != 4) return Fail(ErrorCode::kUnsupported, "jpeg: components");
    std::uint64_t blocks = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      blocks += std::uint64_t{info_.comp_info[i].width_in_blocks} * info_.comp_info[i].height_in_blocks;
    }
    if (blocks * sizeof(JBLOCK) > limits_.max_decoder_bytes) {
      return Fail(ErrorCode::kBudget, "jpeg: too many coefficients");
    }
    // What ClamAV's decoder refuses or, where the first component is not the
    // widest, decodes in a way of its own.
    const int widest = info_.max_h_samp_factor;
    if (count_ > 1 &&
        (widest == 3 || (widest > 2 && info_.image_width < 16) || info_.comp_info[0].h_samp_factor != widest)) {
      return Fail(ErrorCode::kUnsupported, "jpeg: sampling");
    }
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

  // put(y, rows) for each row; it must not keep the rows.
  template <typename F>
  bool MakeRows(const F& put) {
    if (setjmp(out_) != 0) return false;
    for (std::size_t y = 0; y < info_.image_height; ++y) {
      for (std::size_t i = 0; i < count_; ++i) rows_[i] = components_[i].Row(y);
      put(y, rows_);
    }
    return true;
  }

  std::uint8_t Pixel(const Rows& rows, std::size_t x) const {
    switch (info_.jpeg_color_space) {
      case JCS_GRAYSCALE: {
        const auto grey = static_cast<std::uint8_t>(rows[0][x]);
        return Luma(grey, grey, grey);
      }
      case JCS_RGB:
        return Luma(static_cast<std::uint8_t>(rows[0][x]), static_cast<std::uint8_t>(rows[1][x]),
                    static_cast<std::uint8_t>(rows[2][x]));
      case JCS_CMYK: {  // Inverted, as Adobe writes it.
        const std::int32_t black = rows[3][x];
        return Luma(Multiply(rows[0][x], black), Multiply(rows[1][x], black), Multiply(rows[2][x], black));
      }
      case JCS_YCCK: {
        const Rgb rgb = FromYcc(rows[0][x], rows[1][x], rows[2][x]);
        const std::int32_t black = rows[3][x];
        return Luma(Multiply(255 - rgb.r, black), Multiply(255 - rgb.g, black), Multiply(255 - rgb.b, black));
      }
      default: return Luma(FromYcc(rows[0][x], rows[1][x], rows[2][x]));
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
  Rows rows_;
  LumaPlane plane_;
  JpegSamples samples_;
};

}  // namespace

Result<LumaPlane> DecodeJpeg(Bytes bytes, const Limits& limits) {
  JpegReader reader(bytes, limits);
  return reader.Read();
}

Result<JpegSamples> DecodeJpegSamples(Bytes bytes, const Limits& limits) {
  JpegReader reader(bytes, limits);
  return reader.ReadSamples();
}

}  // namespace dl::image
