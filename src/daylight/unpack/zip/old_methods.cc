#include "daylight/unpack/zip/old_methods.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "daylight/unpack/zip/bit_reader.h"

namespace dl::unpack {

namespace {

constexpr unsigned kMaxBits = 16;

std::uint32_t Reversed(std::uint32_t code, unsigned bits) {
  std::uint32_t out = 0;
  for (unsigned i = 0; i < bits; ++i) out |= (code >> i & 1) << (bits - 1 - i);
  return out;
}

// A prefix code by the next 16 bits of the stream: which symbol, and how many bits.
class Decoder {
 public:
  Decoder() : entries_(std::size_t{1} << kMaxBits) {}

  // `code`: its `bits` bits, the first in the stream highest.
  void Add(std::uint32_t code, unsigned bits, std::uint16_t symbol) {
    const std::uint32_t first = Reversed(code, bits);
    for (std::uint32_t at = first; at < entries_.size(); at += 1u << bits) entries_[at] = {symbol, bits};
  }
  void Clear() { std::fill(entries_.begin(), entries_.end(), Entry{}); }
  std::optional<std::uint16_t> Next(BitReader& bits) const {
    const Entry entry = entries_[bits.Peek(kMaxBits)];
    if (entry.bits == 0) return std::nullopt;
    bits.Skip(entry.bits);
    return entry.symbol;
  }

 private:
  struct Entry {
    std::uint16_t symbol = 0;
    unsigned bits = 0;
  };
  std::vector<Entry> entries_;
};

// Codes by their lengths, as RFC 1951 3.2.2 assigns them.
Status Assign(std::span<const std::uint8_t> lengths, Decoder& decoder) {
  std::array<std::uint32_t, kMaxBits + 1> count{};
  for (const std::uint8_t length : lengths) ++count[length];
  count[0] = 0;
  std::array<std::uint32_t, kMaxBits + 1> next{};
  std::uint32_t code = 0;
  for (unsigned bits = 1; bits <= kMaxBits; ++bits) {
    code = (code + count[bits - 1]) << 1;
    next[bits] = code;
    if (code + count[bits] > std::uint32_t{1} << bits) return Fail(ErrorCode::kMalformed, "codes of too many lengths");
  }
  decoder.Clear();
  for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
    const unsigned bits = lengths[symbol];
    if (bits != 0) decoder.Add(next[bits]++, bits, static_cast<std::uint16_t>(symbol));
  }
  return {};
}

// Bytes from `distance` back, which may be those that this copies; before the
// beginning are zeros.
void Copy(std::size_t distance, std::size_t length, std::size_t size, std::vector<std::byte>& out) {
  for (std::size_t i = 0; i < length && out.size() < size; ++i) {
    out.push_back(distance <= out.size() ? out[out.size() - distance] : std::byte{0});
  }
}

class Inflater {
 public:
  Inflater(Bytes packed, std::size_t size, std::vector<std::byte>& out) : bits_(packed), size_(size), out_(out) {}

  Status Run() {
    for (bool is_last = false; !is_last && out_.size() < size_;) {
      is_last = bits_.Take(1) != 0;
      switch (bits_.Take(2)) {
        case 0: DL_TRY_STATUS(Stored()); break;
        case 1: DL_TRY_STATUS(FixedCodes()); break;
        case 2: DL_TRY_STATUS(OwnCodes()); break;
        default: return Fail(ErrorCode::kMalformed, "a block of no known kind");
      }
    }
    return {};
  }

 private:
  Status Stored() {
    bits_.ToByte();
    const std::uint32_t length = bits_.Take(16);
    if ((length ^ bits_.Take(16)) != 0xffff) return Fail(ErrorCode::kMalformed, "a stored block of two lengths");
    for (std::uint32_t i = 0; i < length && out_.size() < size_; ++i) {
      out_.push_back(static_cast<std::byte>(bits_.Take(8)));
      if (bits_.is_past_end()) return Fail(ErrorCode::kTruncated, "ends in the middle");
    }
    return {};
  }

  Status FixedCodes() {
    std::array<std::uint8_t, 288> lengths;
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      lengths[i] = i < 144 ? std::uint8_t{8} : i < 256 ? std::uint8_t{9} : i < 280 ? std::uint8_t{7} : std::uint8_t{8};
    }
    DL_TRY_STATUS(Assign(lengths, literals_));
    std::array<std::uint8_t, 32> distances;
    distances.fill(5);
    DL_TRY_STATUS(Assign(distances, distances_));
    return Block();
  }

  Status OwnCodes() {
    const std::size_t literals = bits_.Take(5) + 257;
    const std::size_t distances = bits_.Take(5) + 1;
    const std::size_t count = bits_.Take(4) + 4;
    constexpr std::uint8_t kOrder[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    std::array<std::uint8_t, 19> of_lengths{};
    for (std::size_t i = 0; i < count; ++i) of_lengths[kOrder[i]] = static_cast<std::uint8_t>(bits_.Take(3));
    DL_TRY_STATUS(Assign(of_lengths, literals_));
    std::vector<std::uint8_t> lengths;
    while (lengths.size() < literals + distances) {
      const auto symbol = literals_.Next(bits_);
      if (!symbol || bits_.is_past_end()) return Fail(ErrorCode::kMalformed, "a length that is no code");
      if (*symbol < 16) {
        lengths.push_back(static_cast<std::uint8_t>(*symbol));
        continue;
      }
      if (*symbol == 16 && lengths.empty()) return Fail(ErrorCode::kMalformed, "repeats nothing");
      const std::uint8_t value = *symbol == 16 ? lengths.back() : std::uint8_t{0};
      const std::size_t times = *symbol == 16   ? 3 + bits_.Take(2)
                                : *symbol == 17 ? 3 + bits_.Take(3)
                                                : 11 + bits_.Take(7);
      lengths.insert(lengths.end(), times, value);
    }
    if (lengths.size() > literals + distances) return Fail(ErrorCode::kMalformed, "repeats past the last code");
    DL_TRY_STATUS(Assign(std::span(lengths).first(literals), literals_));
    DL_TRY_STATUS(Assign(std::span(lengths).subspan(literals), distances_));
    return Block();
  }

  Status Block() {
    // Of 257 on; the last differs from RFC 1951: 3 and sixteen bits (5.5.4).
    constexpr std::uint16_t kLength[] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                         31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 3};
    constexpr std::uint8_t kLengthBits[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                            2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 16};
    while (out_.size() < size_) {
      const auto symbol = literals_.Next(bits_);
      if (!symbol) return Fail(ErrorCode::kMalformed, "bits that are no code");
      if (bits_.is_past_end()) return Fail(ErrorCode::kTruncated, "ends in the middle");
      if (*symbol < 256) {
        out_.push_back(static_cast<std::byte>(*symbol));
        continue;
      }
      if (*symbol == 256) return {};
      const std::size_t which = *symbol - 257u;
      if (which >= std::size(kLength)) return Fail(ErrorCode::kMalformed, "a length of no known kind");
      const std::size_t length = kLength[which] + bits_.Take(kLengthBits[which]);
      const auto far = distances_.Next(bits_);
      if (!far || *far > 31) return Fail(ErrorCode::kMalformed, "a distance that is no code");
      // Two codes for each number of bits, from the fourth on.
      const unsigned extra = *far < 4 ? 0 : *far / 2u - 1;
      const std::size_t base = *far < 4 ? *far + 1u : ((2u + (*far & 1u)) << extra) + 1;
      Copy(base + bits_.Take(extra), length, size_, out_);
    }
    return {};
  }

  BitReader bits_;
  std::size_t size_;
  std::vector<std::byte>& out_;
  Decoder literals_;
  Decoder distances_;
};

// A tree as APPNOTE 5.3.7 stores it: runs of code lengths; codes are assigned from
// the longest on.
Status ReadTree(BitReader& bits, std::size_t symbols, Decoder& decoder) {
  struct Leaf {
    std::uint8_t bits;
    std::uint16_t symbol;
  };
  std::vector<Leaf> leaves;
  const std::size_t runs = bits.Take(8) + 1;
  for (std::size_t i = 0; i < runs; ++i) {
    const std::uint32_t run = bits.Take(8);
    for (std::uint32_t n = 0; n <= run >> 4; ++n) {
      leaves.push_back({static_cast<std::uint8_t>((run & 15) + 1), static_cast<std::uint16_t>(leaves.size())});
    }
  }
  if (leaves.size() != symbols || bits.is_past_end()) return Fail(ErrorCode::kMalformed, "a tree of another size");
  std::stable_sort(leaves.begin(), leaves.end(), [](const Leaf& a, const Leaf& b) { return a.bits < b.bits; });
  std::uint32_t code = 0;
  std::uint32_t step = 0;
  unsigned last = 0;
  for (std::size_t i = leaves.size(); i-- > 0;) {
    code += step;
    if (leaves[i].bits != last) {
      last = leaves[i].bits;
      step = 1u << (kMaxBits - last);
    }
    if (code >> kMaxBits != 0) return Fail(ErrorCode::kMalformed, "codes of too many lengths");
    decoder.Add(code >> (kMaxBits - last), last, leaves[i].symbol);
  }
  return {};
}

}  // namespace

Status Inflate64(Bytes packed, std::size_t size, std::vector<std::byte>& out) {
  return Inflater(packed, size, out).Run();
}

Status Explode(Bytes packed, bool has_large_window, bool has_literal_tree, std::size_t size,
               std::vector<std::byte>& out) {
  BitReader bits(packed);
  Decoder literals;
  Decoder lengths;
  Decoder distances;
  if (has_literal_tree) DL_TRY_STATUS(ReadTree(bits, 256, literals));
  DL_TRY_STATUS(ReadTree(bits, 64, lengths));
  DL_TRY_STATUS(ReadTree(bits, 64, distances));
  const unsigned low_bits = has_large_window ? 7 : 6;
  const std::size_t shortest = has_literal_tree ? 3 : 2;
  while (out.size() < size) {
    if (bits.is_past_end()) return Fail(ErrorCode::kTruncated, "ends in the middle");
    if (bits.Take(1) != 0) {
      const auto literal = has_literal_tree ? literals.Next(bits) : static_cast<std::uint16_t>(bits.Take(8));
      if (!literal) return Fail(ErrorCode::kMalformed, "bits that are no code");
      out.push_back(static_cast<std::byte>(*literal));
      continue;
    }
    const std::uint32_t low = bits.Take(low_bits);
    const auto high = distances.Next(bits);
    const auto length = lengths.Next(bits);
    if (!high || !length) return Fail(ErrorCode::kMalformed, "bits that are no code");
    const std::size_t more = *length == 63 ? bits.Take(8) : 0;
    Copy((std::size_t{*high} << low_bits | low) + 1, shortest + *length + more, size, out);
  }
  return {};
}

}  // namespace dl::unpack
