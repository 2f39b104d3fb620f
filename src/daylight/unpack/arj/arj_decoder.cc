#include "daylight/unpack/arj/arj_decoder.h"

#include <algorithm>

namespace dl::unpack {

namespace {

constexpr unsigned kNoSymbol = 0xffff;
constexpr unsigned kSymbols = 510;  // 256 bytes, and match lengths from 3 to 256.
constexpr unsigned kLengthCodes = 19;
constexpr unsigned kDistanceCodes = 17;
constexpr unsigned kMinMatch = 3;

}  // namespace

void ArjBits::Fill() {
  while (bits_ <= 48) {
    if (begin_ == end_) {
      begin_ = 0;
      end_ = missing_ == 0 ? refill_(buffer_) : 0;
    }
    std::uint64_t byte = 0;
    if (begin_ < end_) {
      byte = std::to_integer<std::uint64_t>(buffer_[begin_++]);
    } else {
      ++missing_;
    }
    held_ = held_ << 8 | byte;
    bits_ += 8;
  }
}

unsigned ArjBits::Peek(unsigned count) {
  if (bits_ < count) Fill();
  return static_cast<unsigned>(held_ >> (bits_ - count) & ((1u << count) - 1));
}

unsigned ArjBits::Take(unsigned count) {
  const unsigned value = Peek(count);
  bits_ -= count;
  return value;
}

bool HuffmanCode::Set(std::span<const std::uint8_t> lengths) {
  is_single_ = false;
  counts_ = {};
  for (const std::uint8_t length : lengths) {
    if (length > kMaxBits) return false;
    ++counts_[length];
  }
  counts_[0] = 0;
  std::array<std::uint16_t, kMaxBits + 2> next = {};
  std::uint32_t room = 1;
  for (unsigned length = 1; length <= kMaxBits; ++length) {
    room *= 2;
    if (counts_[length] > room) return false;
    room -= counts_[length];
    next[length + 1] = static_cast<std::uint16_t>(next[length] + counts_[length]);
  }
  symbols_.assign(lengths.size(), 0);
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    if (lengths[i] != 0) symbols_[next[lengths[i]]++] = static_cast<std::uint16_t>(i);
  }
  return true;
}

void HuffmanCode::SetSingle(unsigned symbol) {
  is_single_ = true;
  symbols_.assign(1, static_cast<std::uint16_t>(symbol));
}

unsigned HuffmanCode::Decode(ArjBits& bits) const {
  if (is_single_) return symbols_[0];
  const unsigned ahead = bits.Peek(kMaxBits);
  unsigned code = 0;
  unsigned first = 0;
  unsigned index = 0;
  for (unsigned length = 1; length <= kMaxBits; ++length) {
    code = code << 1 | (ahead >> (kMaxBits - length) & 1);
    const unsigned count = counts_[length];
    if (code - first < count) {
      static_cast<void>(bits.Take(length));
      return symbols_[index + (code - first)];
    }
    index += count;
    first = (first + count) << 1;
  }
  return kNoSymbol;
}

ArjDecoder::ArjDecoder(unsigned method, ArjBits::Refill refill, std::uint64_t size)
    : method_(method), bits_(std::move(refill)), left_(size), window_(kWindow) {}

std::size_t ArjDecoder::Read(std::span<std::byte> out) {
  std::size_t n = 0;
  while (n < out.size() && left_ != 0 && !failed_) {
    if (match_left_ == 0) {
      if (!(method_ == 4 ? NextFast() : NextStep()) || bits_.IsPastEnd()) {
        failed_ = true;
        break;
      }
      // A byte was put into the window where there is no match.
      if (match_left_ == 0) {
        out[n++] = window_[(at_ + kWindow - 1) % kWindow];
        --left_;
        continue;
      }
    }
    const std::byte byte = window_[match_from_];
    match_from_ = match_from_ + 1 == kWindow ? 0 : match_from_ + 1;
    window_[at_] = byte;
    at_ = at_ + 1 == kWindow ? 0 : at_ + 1;
    --match_left_;
    out[n++] = byte;
    --left_;
  }
  return n;
}

// One byte into the window, or a match to copy. False: damaged.
bool ArjDecoder::NextStep() {
  if (block_left_ == 0 && !ReadBlock()) return false;
  --block_left_;
  const unsigned symbol = symbols_.Decode(bits_);
  if (symbol < 256) {
    window_[at_] = std::byte(symbol);
    at_ = (at_ + 1) % kWindow;
    return true;
  }
  if (symbol >= kSymbols) return false;
  const unsigned code = distances_.Decode(bits_);
  if (code >= kDistanceCodes) return false;
  const std::size_t distance = code == 0 ? 0 : (std::size_t{1} << (code - 1)) + bits_.Take(code - 1);
  if (distance >= kWindow) return false;
  match_left_ = symbol - 256 + kMinMatch;
  match_from_ = (at_ + kWindow - 1 - distance) % kWindow;
  return true;
}

bool ArjDecoder::ReadBlock() {
  block_left_ = bits_.Take(16);
  if (block_left_ == 0 || bits_.IsPastEnd()) return false;
  return ReadLengths(lengths_, kLengthCodes, 5, 3) && ReadSymbolLengths() &&
         ReadLengths(distances_, kDistanceCodes, 5, kNoSymbol);
}

// Lengths of three bits, or in unary from 7 on; after the `gap_after`th some are left out.
bool ArjDecoder::ReadLengths(HuffmanCode& code, unsigned symbols, unsigned width, unsigned gap_after) {
  const unsigned count = bits_.Take(width);
  if (count == 0) {
    code.SetSingle(bits_.Take(width));
    return true;
  }
  if (count > symbols) return false;
  std::array<std::uint8_t, 32> lengths = {};
  for (unsigned i = 0; i < count;) {
    unsigned length = bits_.Take(3);
    if (length == 7) {
      while (bits_.Take(1) == 1) {
        if (++length > HuffmanCode::kMaxBits) return false;
      }
    }
    lengths[i++] = static_cast<std::uint8_t>(length);
    if (i == gap_after) i = std::min(i + bits_.Take(2), symbols);
  }
  return code.Set(std::span(lengths).first(symbols));
}

bool ArjDecoder::ReadSymbolLengths() {
  const unsigned count = bits_.Take(9);
  if (count == 0) {
    symbols_.SetSingle(bits_.Take(9));
    return true;
  }
  if (count > kSymbols) return false;
  std::array<std::uint8_t, kSymbols> lengths = {};
  for (unsigned i = 0; i < count;) {
    const unsigned code = lengths_.Decode(bits_);
    if (code >= kLengthCodes || bits_.IsPastEnd()) return false;
    if (code > 2) {
      lengths[i++] = static_cast<std::uint8_t>(code - 2);
      continue;
    }
    const unsigned zeros = code == 0 ? 1 : code == 1 ? bits_.Take(4) + 3 : bits_.Take(9) + 20;
    i = std::min(i + zeros, count);
  }
  return symbols_.Set(lengths);
}

// As many one bits as there are lead to wider numbers.
unsigned ArjDecoder::FastNumber(unsigned first, unsigned last) {
  unsigned base = 0;
  unsigned width = first;
  for (; width < last && bits_.Take(1) == 1; ++width) base += 1u << width;
  return base + (width != 0 ? bits_.Take(width) : 0);
}

bool ArjDecoder::NextFast() {
  const unsigned length = FastNumber(0, 7);
  if (length == 0) {
    window_[at_] = std::byte(bits_.Take(8));
    at_ = (at_ + 1) % kWindow;
    return true;
  }
  const std::size_t distance = FastNumber(9, 13);
  if (distance >= kWindow) return false;
  match_left_ = length - 1 + kMinMatch;
  match_from_ = (at_ + kWindow - 1 - distance) % kWindow;
  return true;
}

}  // namespace dl::unpack
