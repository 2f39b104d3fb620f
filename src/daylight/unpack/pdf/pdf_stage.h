// What the stages of pdf_filter.h are built with.
#pragma once

#include <array>
#include <memory>

#include "daylight/unpack/pdf/pdf_filter.h"

namespace dl::unpack::pdf {

// What a stage reads from the one before it, byte by byte or block by block.
class Input {
 public:
  Input(std::unique_ptr<Stage> stage, Work& work) : stage_(std::move(stage)), work_(work) {}

  static constexpr int kEnd = -1;
  static constexpr int kError = -2;
  int Next() {
    if (at_ == filled_ && !Fill()) return failed_ ? kError : kEnd;
    return std::to_integer<int>(block_[at_++]);
  }
  int Peek() {
    if (at_ == filled_ && !Fill()) return failed_ ? kError : kEnd;
    return std::to_integer<int>(block_[at_]);
  }
  // What is there of the block; empty at the end or after an error.
  Bytes Block() {
    if (at_ == filled_ && !Fill()) return {};
    return Bytes(block_).subspan(at_, filled_ - at_);
  }
  void Consume(std::size_t n) { at_ += n; }
  bool failed() const { return failed_; }
  const Error& error() const { return error_; }

 private:
  bool Fill() {
    if (failed_ || ended_) return false;
    const auto n = stage_->Pull(block_);
    if (!n || !work_.Charge(*n)) {
      failed_ = true;
      error_ = n ? Error{ErrorCode::kBudget, "filters decode to too much"} : n.error();
      return false;
    }
    ended_ = *n == 0;
    at_ = 0;
    filled_ = *n;
    return !ended_;
  }

  std::unique_ptr<Stage> stage_;
  Work& work_;
  std::array<std::byte, 8192> block_;
  std::size_t at_ = 0;
  std::size_t filled_ = 0;
  bool ended_ = false;
  bool failed_ = false;
  Error error_;
};

// Undoes /Predictor, where there is one; null where its parameters cannot be.
std::unique_ptr<Stage> UndoPredictor(const FilterParameters& parameters, std::unique_ptr<Stage> input, Work& work);

}  // namespace dl::unpack::pdf
