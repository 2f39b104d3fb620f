// LzxDecoder decompresses LZX as compiled help has it: frames of 32 KiB, out of a
// window of 32 KiB to 2 MiB.
//
//   LzxDecoder decoder(16);
//   decoder.Reset(compressed);
//   const auto frame = decoder.Next(LzxDecoder::kFrameBytes);   // Then decoder.partial() where it failed.
//
// After "Microsoft LZX Data Compression Format" (the cabinet SDK), in the variant of
// [MS-PATCH] 2: at each reset the codes, the last distances and the header begin anew.
//
// Libarchive has such a decoder for cabinets, but no function that would give it any
// other bytes, and it knows no resets. Borrows the bytes.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"

namespace dl::unpack {

// Words of 16 bits, the low byte first, of which the highest bit comes first.
class LzxBits {
 public:
  LzxBits() = default;
  explicit LzxBits(Bytes bytes) : bytes_(bytes) {}

  // Up to 17 bits; zeros past the end.
  std::uint32_t Peek(unsigned count);
  void Skip(unsigned count) { have_ -= count; }
  std::uint32_t Take(unsigned count) {
    const std::uint32_t value = Peek(count);
    Skip(count);
    return value;
  }
  // To the next word; where one just ended, past the whole of the next if so wanted.
  void Align(bool takes_whole_word);
  // What comes behind an alignment.
  Bytes TakeBytes(std::size_t n);
  // From the next word on.
  Bytes rest() const {
    return bytes_.subspan(at_ - std::min<std::size_t>(at_, (have_ - std::min(have_, made_up_)) / 8));
  }
  bool is_past_end() const { return made_up_ > have_; }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
  std::uint64_t held_ = 0;  // The have_ low ones are the next.
  unsigned have_ = 0;
  unsigned made_up_ = 0;  // Of those that were ever held.
};

// A canonical Huffman code of up to 16 bits. It is decoded by comparing with the
// first code of each length: a table would cost more than the many tiny blocks of a
// hostile file.
class LzxCode {
 public:
  static constexpr unsigned kMaxBits = 16;
  // False: more codes than fit.
  bool Set(std::span<const std::uint8_t> lengths);
  // At least the number of symbols where the bits are no code.
  std::size_t Decode(LzxBits& bits) const;

 private:
  static constexpr std::size_t kNone = ~std::size_t{0};
  std::array<std::uint32_t, kMaxBits + 1> limits_ = {};  // Behind the last code, as 16 bits.
  std::array<std::uint32_t, kMaxBits + 1> firsts_ = {};  // The first code.
  std::array<std::uint32_t, kMaxBits + 1> places_ = {};  // Its symbol's place in symbols_.
  std::vector<std::uint16_t> symbols_;
};

class LzxDecoder {
 public:
  static constexpr std::size_t kFrameBytes = 32768;
  static constexpr unsigned kMinWindowBits = 15;
  static constexpr unsigned kMaxWindowBits = 21;

  explicit LzxDecoder(unsigned window_bits);
  // The window stays, as nothing says that it is empty.
  void Reset(Bytes compressed);
  // The next `size` bytes, at most a frame's; all but the last frame are whole. Valid
  // until the next call. After an error nothing comes before the next reset.
  Result<Bytes> Next(std::size_t size);
  // What is compressed behind the last frame.
  Bytes rest() const { return bits_.rest(); }
  // What of the frame came before the error.
  Bytes partial() const { return Bytes(frame_).first(filled_); }

 private:
  enum class Block : std::uint8_t { kNone, kVerbatim, kAligned, kUncompressed };

  Status Fill(std::size_t end);
  Status BeginBlock();
  Status EndBlock();
  Status ReadCodes();
  Status ReadLengths(std::span<std::uint8_t> lengths);
  Status Decode(std::size_t end);
  Result<std::size_t> TakeDistance(std::size_t slot);
  void Translate(std::size_t size);

  std::vector<std::byte> window_;
  std::size_t at_ = 0;         // Where in the window the next byte goes.
  std::uint64_t written_ = 0;  // Ever; no distance is larger.
  std::vector<std::byte> frame_;
  std::size_t filled_ = 0;

  // Since the last reset.
  LzxBits bits_;
  bool has_failed_ = false;
  bool has_header_ = false;
  std::uint32_t translated_size_ = 0;  // 0: addresses of calls are as they are.
  std::uint64_t begun_ = 0;            // Bytes of the frames before.
  std::array<std::uint32_t, 3> last_distances_ = {};
  Block block_ = Block::kNone;
  std::size_t block_size_ = 0;
  std::size_t block_left_ = 0;
  std::vector<std::uint8_t> main_lengths_;
  std::vector<std::uint8_t> length_lengths_;
  LzxCode main_;
  LzxCode lengths_;
  LzxCode aligned_;
};

}  // namespace dl::unpack
