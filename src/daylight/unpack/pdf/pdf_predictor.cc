#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "daylight/unpack/pdf/pdf_stage.h"

namespace dl::unpack::pdf {

namespace {

// 7.4.4.4: rows that are stored as differences, by PNG's filters or TIFF's.
class PredictorStage final : public Stage {
 public:
  static constexpr std::int64_t kMaxRowBytes = 1 << 20;

  PredictorStage(const FilterParameters& p, std::size_t row_bytes, std::unique_ptr<Stage> stage, Work& work)
      : input_(std::move(stage), work),
        is_png_(p.predictor >= 10),
        bits_(static_cast<unsigned>(p.bits)),
        colors_(static_cast<std::size_t>(p.colors)),
        pixel_(std::max<std::size_t>(1, colors_ * bits_ / 8)),
        row_(row_bytes),
        above_(row_bytes),
        taken_(row_bytes) {}

  Result<std::size_t> Pull(std::span<std::byte> out) override {
    if (taken_ == row_.size() && !NextRow()) {
      if (input_.failed()) return Forward(input_.error());
      return std::size_t{0};
    }
    const std::size_t n = std::min(out.size(), row_.size() - taken_);
    std::memcpy(out.data(), row_.data() + taken_, n);
    taken_ += n;
    return n;
  }

 private:
  // The last row may be short.
  bool NextRow() {
    if (has_ended_) return false;
    std::swap(row_, above_);
    const std::size_t width = above_.size();
    row_.resize(width);
    int filter = 0;
    if (is_png_) filter = input_.Next();
    std::size_t n = 0;
    while (filter >= 0 && n < width) {
      const Bytes block = input_.Block();
      if (block.empty()) break;
      const std::size_t m = std::min(block.size(), width - n);
      std::memcpy(row_.data() + n, block.data(), m);
      input_.Consume(m);
      n += m;
    }
    has_ended_ = n < width;
    row_.resize(n);
    taken_ = 0;
    if (n == 0) return false;
    if (is_png_) {
      UndoPng(filter);
    } else {
      UndoTiff();
    }
    return true;
  }

  void UndoPng(int filter) {
    const auto value = [](const std::vector<std::uint8_t>& row, std::size_t i) { return int{row[i]}; };
    for (std::size_t i = 0; i < row_.size(); ++i) {
      const int left = i >= pixel_ ? value(row_, i - pixel_) : 0;
      const int up = value(above_, i);
      const int corner = i >= pixel_ ? value(above_, i - pixel_) : 0;
      int add = 0;
      switch (filter) {
        case 1: add = left; break;
        case 2: add = up; break;
        case 3: add = (left + up) / 2; break;
        case 4: {
          const int p = left + up - corner;
          const int a = std::abs(p - left);
          const int b = std::abs(p - up);
          const int c = std::abs(p - corner);
          add = a <= b && a <= c ? left : b <= c ? up : corner;
          break;
        }
        default: break;
      }
      row_[i] = static_cast<std::uint8_t>(value(row_, i) + add);
    }
  }

  void UndoTiff() {
    if (bits_ == 8) {
      for (std::size_t i = colors_; i < row_.size(); ++i) {
        row_[i] = static_cast<std::uint8_t>(row_[i] + row_[i - colors_]);
      }
    } else if (bits_ == 16) {
      for (std::size_t i = 2 * colors_; i + 1 < row_.size(); i += 2) {
        const auto word = [&](std::size_t at) { return unsigned{row_[at]} * 256 + row_[at + 1]; };
        const unsigned sum = word(i) + word(i - 2 * colors_);
        row_[i] = static_cast<std::uint8_t>(sum >> 8);
        row_[i + 1] = static_cast<std::uint8_t>(sum);
      }
    } else {
      std::vector<unsigned> left(colors_);
      const unsigned mask = (1u << bits_) - 1;
      std::size_t bit = 0;
      for (std::size_t i = 0; bit + bits_ <= row_.size() * 8; ++i, bit += bits_) {
        const auto shift = static_cast<unsigned>(8 - bits_ - bit % 8);
        std::uint8_t& byte = row_[bit / 8];
        unsigned& last = left[i % colors_];
        last = (last + (unsigned{byte} >> shift)) & mask;
        byte = static_cast<std::uint8_t>((byte & ~(mask << shift)) | last << shift);
      }
    }
  }

  Input input_;
  bool is_png_;
  unsigned bits_;
  std::size_t colors_;
  std::size_t pixel_;  // Bytes of one, at least 1.
  std::vector<std::uint8_t> row_;
  std::vector<std::uint8_t> above_;
  std::size_t taken_;
  bool has_ended_ = false;
};

}  // namespace

std::unique_ptr<Stage> UndoPredictor(const FilterParameters& p, std::unique_ptr<Stage> input, Work& work) {
  if (p.predictor != 2 && p.predictor < 10) return input;
  const bool can_be = p.predictor <= 15 && p.colors >= 1 && p.colors <= 64 && p.columns >= 1 &&
                      p.columns <= PredictorStage::kMaxRowBytes * 8 &&
                      (p.bits == 1 || p.bits == 2 || p.bits == 4 || p.bits == 8 || p.bits == 16);
  if (!can_be) return nullptr;
  const std::int64_t row_bytes = (p.colors * p.bits * p.columns + 7) / 8;
  if (row_bytes > PredictorStage::kMaxRowBytes) return nullptr;
  return std::make_unique<PredictorStage>(p, static_cast<std::size_t>(row_bytes), std::move(input), work);
}

}  // namespace dl::unpack::pdf
