// ArjDecoder decompresses one file of an ARJ archive, piece by piece.
//
//   ArjDecoder decoder(method, input, size);
//   const std::size_t n = decoder.Read(out);      // 0: its end, or failed()
//
// Methods 1 to 3 are LZ77 with static Huffman codes for each block, as LHA's -lh6-
// has them; method 4 is LZ77 with fixed codes.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <vector>

#include "daylight/bytes/bytes.h"

namespace dl::unpack {

// Bits from the most significant one on, out of bytes that come in pieces.
class ArjBits {
 public:
  // Fills the span, and returns how many bytes there were; 0 is the end.
  using Refill = std::function<std::size_t(std::span<std::byte>)>;
  explicit ArjBits(Refill refill) : refill_(std::move(refill)), buffer_(16u << 10) {}

  // Up to 16 bits; zeros past the end.
  unsigned Peek(unsigned count);
  unsigned Take(unsigned count);
  // More was taken than there is.
  bool IsPastEnd() const { return missing_ * 8 > bits_; }

 private:
  void Fill();

  Refill refill_;
  std::vector<std::byte> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t held_ = 0;  // The bits_ low ones are the next.
  unsigned bits_ = 0;
  unsigned missing_ = 0;  // Bytes made up.
};

// A canonical Huffman code of up to 16 bits. It is decoded bit by bit: tables would cost
// more than the blocks they are for, where a hostile file has many tiny ones.
class HuffmanCode {
 public:
  static constexpr unsigned kMaxBits = 16;
  // False: more codes than fit.
  bool Set(std::span<const std::uint8_t> lengths);
  // One symbol, and no bits for it.
  void SetSingle(unsigned symbol);
  // No value that is a symbol where there is no such code.
  unsigned Decode(ArjBits& bits) const;

 private:
  std::array<std::uint16_t, kMaxBits + 1> counts_ = {};
  std::vector<std::uint16_t> symbols_;
  bool is_single_ = false;
};

class ArjDecoder {
 public:
  // method: 1 to 4. size: of what comes out, in bytes.
  ArjDecoder(unsigned method, ArjBits::Refill refill, std::uint64_t size);
  std::size_t Read(std::span<std::byte> out);
  bool failed() const { return failed_; }

 private:
  static constexpr std::size_t kWindow = 26624;

  bool NextStep();
  bool NextFast();
  bool ReadBlock();
  bool ReadLengths(HuffmanCode& code, unsigned symbols, unsigned width, unsigned gap_after);
  bool ReadSymbolLengths();
  unsigned FastNumber(unsigned first, unsigned last);

  unsigned method_;
  ArjBits bits_;
  std::uint64_t left_;
  bool failed_ = false;
  std::vector<std::byte> window_;
  std::size_t at_ = 0;
  // The match being copied.
  unsigned match_left_ = 0;
  std::size_t match_from_ = 0;
  unsigned block_left_ = 0;
  HuffmanCode lengths_;
  HuffmanCode symbols_;
  HuffmanCode distances_;
};

}  // namespace dl::unpack
