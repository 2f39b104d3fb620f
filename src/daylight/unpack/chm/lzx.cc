#include "daylight/unpack/chm/lzx.h"

#include <algorithm>
#include <cstring>

namespace dl::unpack {

namespace {

constexpr std::size_t kLiterals = 256;
constexpr std::size_t kLengthSymbols = 249;
constexpr std::size_t kMinMatch = 2;
// Of windows of 2^15 to 2^21 bytes.
constexpr std::size_t kSlots[] = {30, 32, 34, 36, 38, 42, 50};
// Calls are translated in so many frames.
constexpr std::uint64_t kTranslatedFrames = 32768;

// Position slots: two for each number of bits, up to 17 of them.
constexpr unsigned SlotBits(std::size_t slot) {
  return slot < 4 ? 0 : static_cast<unsigned>(std::min<std::size_t>(slot / 2 - 1, 17));
}
constexpr std::array<std::uint32_t, 50> MakeBases() {
  std::array<std::uint32_t, 50> bases{};
  for (std::size_t slot = 1; slot < bases.size(); ++slot) {
    bases[slot] = bases[slot - 1] + (std::uint32_t{1} << SlotBits(slot - 1));
  }
  return bases;
}
constexpr auto kBases = MakeBases();

}  // namespace

std::uint32_t LzxBits::Peek(unsigned count) {
  while (have_ < count) {
    std::uint32_t word = 0;
    if (bytes_.size() - at_ >= 2) {
      word = std::to_integer<std::uint32_t>(bytes_[at_]) | std::to_integer<std::uint32_t>(bytes_[at_ + 1]) << 8;
      at_ += 2;
    } else {
      // An odd byte at the end is no word.
      at_ = bytes_.size();
      made_up_ += 16;
    }
    held_ = held_ << 16 | word;
    have_ += 16;
  }
  return static_cast<std::uint32_t>(held_ >> (have_ - count) & ((std::uint64_t{1} << count) - 1));
}

void LzxBits::Align(bool takes_whole_word) {
  if (have_ % 16 == 0 && takes_whole_word) static_cast<void>(Take(16));
  Skip(have_ % 16);
}

Bytes LzxBits::TakeBytes(std::size_t n) {
  // Words that are held already go back.
  at_ = bytes_.size() - rest().size();
  if (!is_past_end()) made_up_ = 0;
  have_ = 0;
  const Bytes bytes = bytes_.subspan(at_, std::min(n, bytes_.size() - at_));
  at_ += bytes.size();
  return bytes;
}

bool LzxCode::Set(std::span<const std::uint8_t> lengths) {
  std::array<std::uint32_t, kMaxBits + 2> counts{};
  for (const std::uint8_t length : lengths) ++counts[length];
  counts[0] = 0;
  std::array<std::uint32_t, kMaxBits + 2> next{};
  std::uint32_t code = 0;
  std::uint32_t place = 0;
  for (unsigned bits = 1; bits <= kMaxBits; ++bits) {
    firsts_[bits] = code;
    places_[bits] = next[bits] = place;
    code += counts[bits];
    place += counts[bits];
    if (code > std::uint32_t{1} << bits) return false;
    limits_[bits] = code << (kMaxBits - bits);
    code <<= 1;
  }
  symbols_.resize(place);
  for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
    if (lengths[symbol] != 0) symbols_[next[lengths[symbol]]++] = static_cast<std::uint16_t>(symbol);
  }
  return true;
}

std::size_t LzxCode::Decode(LzxBits& bits) const {
  const std::uint32_t ahead = bits.Peek(kMaxBits);
  for (unsigned length = 1; length <= kMaxBits; ++length) {
    if (ahead >= limits_[length]) continue;
    bits.Skip(length);
    return symbols_[places_[length] + (ahead >> (kMaxBits - length)) - firsts_[length]];
  }
  return kNone;
}

LzxDecoder::LzxDecoder(unsigned window_bits)
    : window_(std::size_t{1} << window_bits),
      frame_(kFrameBytes),
      main_lengths_(kLiterals + 8 * kSlots[window_bits - kMinWindowBits]),
      length_lengths_(kLengthSymbols) {
  Reset({});
}

void LzxDecoder::Reset(Bytes compressed) {
  bits_ = LzxBits(compressed);
  has_failed_ = has_header_ = false;
  translated_size_ = 0;
  begun_ = 0;
  last_distances_ = {1, 1, 1};
  block_ = Block::kNone;
  block_left_ = block_size_ = 0;
  std::fill(main_lengths_.begin(), main_lengths_.end(), std::uint8_t{0});
  std::fill(length_lengths_.begin(), length_lengths_.end(), std::uint8_t{0});
  filled_ = 0;
  // Whole frames lie in the window as wholes.
  at_ = (at_ + kFrameBytes - 1) / kFrameBytes * kFrameBytes % window_.size();
}

Result<Bytes> LzxDecoder::Next(std::size_t size) {
  filled_ = 0;
  if (has_failed_) return Fail(ErrorCode::kMalformed, "decompressed no further");
  size = std::min(size, kFrameBytes - at_ % kFrameBytes);
  const std::size_t begin = at_;
  const Status status = Fill(begin + size);
  filled_ = at_ - begin;
  std::memcpy(frame_.data(), window_.data() + begin, filled_);
  written_ += filled_;
  if (at_ == window_.size()) at_ = 0;
  if (!status) {
    has_failed_ = true;
    return Forward(status.error());
  }
  Translate(filled_);
  begun_ += filled_;
  return partial();
}

Status LzxDecoder::Fill(std::size_t end) {
  if (!has_header_) {
    if (bits_.Take(1) != 0) {
      translated_size_ = bits_.Take(16) << 16;
      translated_size_ |= bits_.Take(16);
    }
    has_header_ = true;
  }
  while (at_ < end) {
    if (block_left_ == 0) DL_TRY_STATUS(BeginBlock());
    const std::size_t begin = at_;
    const std::size_t block_end = at_ + std::min(block_left_, end - at_);
    if (block_ == Block::kUncompressed) {
      const Bytes bytes = bits_.TakeBytes(block_end - at_);
      std::memcpy(window_.data() + at_, bytes.data(), bytes.size());
      at_ += bytes.size();
      if (at_ != block_end) return Fail(ErrorCode::kTruncated, "the compressed bytes end too early");
    } else {
      // A match may reach past the end of its block, never past that of the frame.
      while (at_ < block_end) DL_TRY_STATUS(Decode(end));
    }
    block_left_ -= std::min(block_left_, at_ - begin);
    if (block_left_ == 0) DL_TRY_STATUS(EndBlock());
  }
  // Each frame begins with a word; bytes as they are need none.
  if (block_ != Block::kUncompressed || block_left_ == 0) bits_.Align(false);
  return {};
}

Status LzxDecoder::BeginBlock() {
  const std::uint32_t kind = bits_.Take(3);
  const std::uint32_t high = bits_.Take(16);
  block_size_ = block_left_ = high << 8 | bits_.Take(8);
  if (bits_.is_past_end()) return Fail(ErrorCode::kTruncated, "the compressed bytes end too early");
  if (kind == 0 || kind > 3) return Fail(ErrorCode::kMalformed, "a block of no known kind");
  block_ = static_cast<Block>(kind);
  if (block_ != Block::kUncompressed) return ReadCodes();
  bits_.Align(true);
  const Bytes distances = bits_.TakeBytes(12);
  if (distances.size() < 12) return Fail(ErrorCode::kTruncated, "the compressed bytes end too early");
  for (std::size_t i = 0; i < 3; ++i) {
    last_distances_[i] = 0;
    for (std::size_t k = 4; k-- > 0;) {
      last_distances_[i] = last_distances_[i] << 8 | std::to_integer<std::uint32_t>(distances[4 * i + k]);
    }
  }
  return {};
}

Status LzxDecoder::EndBlock() {
  // Words go on behind an odd number of bytes.
  if (block_ == Block::kUncompressed && block_size_ % 2 != 0) static_cast<void>(bits_.TakeBytes(1));
  return {};
}

Status LzxDecoder::ReadCodes() {
  if (block_ == Block::kAligned) {
    std::array<std::uint8_t, 8> lengths;
    for (std::uint8_t& length : lengths) length = static_cast<std::uint8_t>(bits_.Take(3));
    if (!aligned_.Set(lengths)) return Fail(ErrorCode::kMalformed, "more codes than fit");
  }
  DL_TRY_STATUS(ReadLengths(std::span(main_lengths_).first(kLiterals)));
  DL_TRY_STATUS(ReadLengths(std::span(main_lengths_).subspan(kLiterals)));
  DL_TRY_STATUS(ReadLengths(length_lengths_));
  if (!main_.Set(main_lengths_) || !lengths_.Set(length_lengths_)) {
    return Fail(ErrorCode::kMalformed, "more codes than fit");
  }
  return {};
}

// As differences from those of the block before, with runs, in a code of their own.
Status LzxDecoder::ReadLengths(std::span<std::uint8_t> lengths) {
  std::array<std::uint8_t, 20> of_differences;
  for (std::uint8_t& length : of_differences) length = static_cast<std::uint8_t>(bits_.Take(4));
  LzxCode differences;
  if (!differences.Set(of_differences)) return Fail(ErrorCode::kMalformed, "more codes than fit");
  for (std::size_t i = 0; i < lengths.size();) {
    std::size_t symbol = differences.Decode(bits_);
    std::size_t times = 1;
    std::uint8_t length = 0;
    if (symbol == 17) {
      times = 4 + bits_.Take(4);
    } else if (symbol == 18) {
      times = 20 + bits_.Take(5);
    } else {
      if (symbol == 19) {
        times = 4 + bits_.Take(1);
        symbol = differences.Decode(bits_);
      }
      if (symbol > 16) return Fail(ErrorCode::kMalformed, "a length that is no code");
      length = static_cast<std::uint8_t>((lengths[i] + 17 - symbol) % 17);
    }
    if (bits_.is_past_end()) return Fail(ErrorCode::kTruncated, "the compressed bytes end too early");
    if (times > lengths.size() - i) return Fail(ErrorCode::kMalformed, "repeats past the last code");
    std::fill_n(lengths.begin() + static_cast<std::ptrdiff_t>(i), times, length);
    i += times;
  }
  return {};
}

// A literal or a match.
Status LzxDecoder::Decode(std::size_t end) {
  const std::size_t symbol = main_.Decode(bits_);
  if (bits_.is_past_end()) return Fail(ErrorCode::kTruncated, "the compressed bytes end too early");
  if (symbol >= main_lengths_.size()) return Fail(ErrorCode::kMalformed, "bits that are no code");
  if (symbol < kLiterals) {
    window_[at_++] = static_cast<std::byte>(symbol);
    return {};
  }
  std::size_t length = (symbol - kLiterals) % 8;
  if (length == 7) {
    const std::size_t more = lengths_.Decode(bits_);
    if (more >= kLengthSymbols) return Fail(ErrorCode::kMalformed, "bits that are no code");
    length += more;
  }
  length += kMinMatch;
  DL_TRY(const std::size_t distance, TakeDistance((symbol - kLiterals) / 8));
  if (bits_.is_past_end()) return Fail(ErrorCode::kTruncated, "the compressed bytes end too early");
  if (length > end - at_) return Fail(ErrorCode::kMalformed, "a match past the end of its frame");
  const std::uint64_t before = written_ + (at_ % kFrameBytes);
  if (distance == 0 || distance > window_.size() || distance > before) {
    return Fail(ErrorCode::kMalformed, "a match from before the beginning");
  }
  std::size_t from = (at_ + window_.size() - distance) % window_.size();
  for (; length > 0; --length) {
    window_[at_++] = window_[from];
    from = from + 1 == window_.size() ? 0 : from + 1;
  }
  return {};
}

Result<std::size_t> LzxDecoder::TakeDistance(std::size_t slot) {
  if (slot < 3) {
    std::swap(last_distances_[0], last_distances_[slot]);
    return last_distances_[0];
  }
  const unsigned extra = SlotBits(slot);
  std::uint32_t more = 0;
  if (block_ == Block::kAligned && extra >= 3) {
    more = bits_.Take(extra - 3) << 3;
    const std::size_t low = aligned_.Decode(bits_);
    if (low >= 8) return Fail(ErrorCode::kMalformed, "bits that are no code");
    more |= static_cast<std::uint32_t>(low);
  } else {
    more = bits_.Take(extra);
  }
  last_distances_ = {kBases[slot] - 2 + more, last_distances_[0], last_distances_[1]};
  return last_distances_[0];
}

// Calls (E8) of programs have absolute addresses in what is compressed.
void LzxDecoder::Translate(std::size_t size) {
  if (translated_size_ == 0 || size <= 10 || begun_ / kFrameBytes >= kTranslatedFrames) return;
  for (std::size_t i = 0; i < size - 10;) {
    if (frame_[i] != std::byte{0xe8}) {
      ++i;
      continue;
    }
    std::uint32_t address = 0;
    for (std::size_t k = 4; k > 0; --k) address = address << 8 | std::to_integer<std::uint32_t>(frame_[i + k]);
    // Below 2^30, and so are the sums as numbers with a sign.
    const auto place = static_cast<std::uint32_t>(begun_ + i);
    const bool is_negative = address >> 31 != 0;
    if (is_negative ? place != 0 && address >= 0u - place : address < translated_size_) {
      address = is_negative ? address + translated_size_ : address - place;
      for (std::size_t k = 1; k <= 4; ++k, address >>= 8) frame_[i + k] = static_cast<std::byte>(address);
    }
    i += 5;
  }
}

}  // namespace dl::unpack
