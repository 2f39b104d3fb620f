#include "daylight/match/prefilter.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "daylight/match/prefilter_kernels.h"

namespace dl::match {

namespace {

std::uint64_t FoldedEight(const std::uint8_t* bytes) {
  std::uint64_t eight;
  std::memcpy(&eight, bytes, sizeof eight);
  return eight & ~((eight >> 1) & 0x2020202020202020);  // FoldWindow, eight bytes at once.
}

template <std::uint32_t kStride>
std::size_t ScanFilter(const FilterTable& table, const std::uint8_t* bytes, std::size_t count, std::uint32_t* out) {
  constexpr std::uint32_t kMask = WindowMask(kStride);
  constexpr unsigned kNextShift = 8 * WindowBytes(kStride);
  const std::uint32_t* words = table.words;
  const std::uint32_t factor = table.factor;
  const unsigned shift = 32 - table.log2;
  std::size_t found = 0;
  // The window's bit alone first: that leaves one position in ten, so what is
  // behind them hardly costs.
  const auto look = [&](std::uint64_t eight, std::size_t at) {
    const std::uint32_t hash = (static_cast<std::uint32_t>(eight) & kMask) * factor;
    // Written always and kept when the bit is set: a branch would be
    // mispredicted at every candidate.
    out[found] = static_cast<std::uint32_t>(at);
    found += (words[hash >> shift] >> ((hash >> kWindowBitShift) & 7)) & 1;
  };
  std::size_t at = 0;
  for (; at + 4 <= count; at += 4) {
    // One load serves four positions.
    const std::uint64_t eight = FoldedEight(bytes + at);
    for (unsigned i = 0; i < 4; i += kStride) look(eight >> (8 * i), at + i);
  }
  for (; at < count; at += kStride) look(FoldedEight(bytes + at), at);
  constexpr std::uint64_t kLooked = ~std::uint64_t{0} >> (32 - kNextShift);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < found; ++i) {
    const std::uint64_t eight = FoldedEight(bytes + out[i]);
    if (table.skips_zeros && (eight & kLooked) == 0) continue;
    const std::uint32_t hash = (static_cast<std::uint32_t>(eight) & kMask) * factor;
    const std::uint32_t bits = FilterBits(hash, static_cast<std::uint32_t>(eight >> kNextShift) * factor, kStride);
    out[kept] = out[i];
    kept += static_cast<std::size_t>((~words[hash >> shift] & bits) == 0);
  }
  return kept;
}

// Windows that share one bit of the nibble tables: which lower and upper halves
// their bytes have, a bit each.
struct Bucket {
  std::uint16_t low[kShortBytes] = {};
  std::uint16_t high[kShortBytes] = {};
  double share = 0;  // Of positions that it lets pass, were bytes independent of each other.

  void Add(const ShortWindow& window) {
    for (std::size_t place = 0; place < kShortBytes; ++place) {
      const bool is_known = place < window.length;
      const std::uint32_t byte = window.bytes >> (8 * place) & 0xff;
      low[place] = static_cast<std::uint16_t>(low[place] | (is_known ? 1u << (byte & 15) : 0xffffu));
      high[place] = static_cast<std::uint16_t>(high[place] | (is_known ? 1u << (byte >> 4) : 0xffffu));
    }
    share = 1;
    for (std::size_t place = 0; place < kShortBytes; ++place) share *= ShareOfBytes(low[place], high[place]);
  }

 private:
  // Of all bytes, those with these halves.
  static double ShareOfBytes(unsigned lows, unsigned highs) {
    static const std::array<double, 256> shares = [] {
      std::array<double, 256> all = {};
      for (unsigned byte = 0; byte < 256; ++byte) {
        if (Fold(static_cast<std::uint8_t>(byte)) != byte) continue;
        all[byte] = std::exp2(-static_cast<double>(kFoldedByteBits[byte]) / 8);
      }
      return all;
    }();
    if (lows == 0xffff && highs == 0xffff) return 1;
    double share = 0;
    for (unsigned high = highs; high != 0; high &= high - 1) {
      const auto upper = static_cast<unsigned>(std::countr_zero(high)) << 4;
      for (unsigned low = lows; low != 0; low &= low - 1) {
        share += shares[upper | static_cast<unsigned>(std::countr_zero(low))];
      }
    }
    return share;
  }
};

}  // namespace

std::uint32_t FilterKey(std::uint32_t window, std::uint32_t next, std::size_t known, std::uint32_t factor,
                        std::uint32_t stride) {
  std::uint32_t key = ((window & WindowMask(stride)) * factor) & (0xffffffffu << kWindowBitShift);
  if (known < SecondBytes(stride)) return key | kAnySecond | kAnyThird;
  key |= ((next * factor >> SecondShift(stride)) & 7) << 9;
  if (known < 4) return key | kAnyThird;
  return key | (next * factor >> kThirdShift) << 5;
}

void AddToFilter(std::uint32_t key, unsigned log2_words, std::uint32_t* words) {
  std::uint32_t bits = 1u << ((key >> kWindowBitShift) & 7);
  bits |= (key & kAnySecond) != 0 ? 0xff00 : 0x100u << ((key >> 9) & 7);
  bits |= (key & kAnyThird) != 0 ? 0xffff0000 : 0x10000u << ((key >> 5) & 15);
  words[key >> (32 - log2_words)] |= bits;
}

unsigned FilterLog2(std::size_t keys) {
  // A word for a key or two; more while they fit the first level of cache, as
  // atoms that know only their window need them.
  const auto bits = static_cast<unsigned>(std::bit_width(keys));
  return std::clamp(bits < 15 ? bits + 2 : std::max(bits, 16u), kMinFilterLog2, kMaxFilterLog2);
}

unsigned ConfirmLog2(std::size_t keys) {
  return std::clamp(static_cast<unsigned>(std::bit_width(keys)) + 4, kBitmapLog2, 24u);
}

bool MakeNibbleTables(std::span<const ShortWindow> windows, NibbleTables& tables) {
  constexpr std::size_t kMaxWindows = 1024;
  constexpr std::size_t kFewWindows = 96;
  // Past it looking at every position in the bitmap is as fast.
  constexpr double kMaxShare = 0.3;
  tables = {};
  if (windows.size() > kMaxWindows) return false;
  tables.sets = windows.size() <= kFewWindows ? 2 : kNibbleSets;
  std::vector<Bucket> buckets(8 * tables.sets);
  for (const ShortWindow& window : windows) {
    Bucket* best = nullptr;
    Bucket best_after;
    for (Bucket& bucket : buckets) {
      Bucket after = bucket;
      after.Add(window);
      if (best != nullptr && after.share - bucket.share >= best_after.share - best->share) continue;
      best = &bucket;
      best_after = after;
    }
    *best = best_after;
  }
  double share = 0;
  for (std::size_t b = 0; b < buckets.size(); ++b) {
    share += buckets[b].share;
    for (std::size_t place = 0; place < kShortBytes; ++place) {
      for (unsigned half = 0; half < 16; ++half) {
        std::uint8_t& low = tables.low[b / 8][place][half];
        std::uint8_t& high = tables.high[b / 8][place][half];
        low = static_cast<std::uint8_t>(low | (buckets[b].low[place] >> half & 1) << b % 8);
        high = static_cast<std::uint8_t>(high | (buckets[b].high[place] >> half & 1) << b % 8);
      }
    }
  }
  return share <= kMaxShare;
}

std::size_t PortableFilter(const FilterTable& table, const std::uint8_t* bytes, std::size_t count, std::uint32_t* out) {
  return table.stride == 1 ? ScanFilter<1>(table, bytes, count, out) : ScanFilter<2>(table, bytes, count, out);
}

std::size_t PortableShorts(const ShortTable& table, const std::uint8_t* bytes, std::size_t count, std::uint32_t* out) {
  std::size_t found = 0;
  for (std::size_t at = 0; at < count; ++at) {
    const std::uint32_t bit = BitOfTwo(FoldWindow(bytes[at] | std::uint32_t{bytes[at + 1]} << 8));
    out[found] = static_cast<std::uint32_t>(at);
    found += (table.bitmap[bit >> 5] >> (bit & 31)) & 1;
  }
  if (table.nibbles == nullptr) return found;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < found; ++i) {
    unsigned any = 0;
    for (std::size_t set = 0; set < table.nibbles->sets; ++set) {
      unsigned buckets = 0xff;
      for (std::size_t place = 0; place < kShortBytes; ++place) {
        const std::uint8_t byte = Fold(bytes[out[i] + place]);
        buckets &= table.nibbles->low[set][place][byte & 15] & table.nibbles->high[set][place][byte >> 4];
      }
      any |= buckets;
    }
    out[kept] = out[i];
    kept += any != 0;
  }
  return kept;
}

std::span<const KernelInfo> AvailableKernels() {
  static KernelInfo kernels[4];
  static const std::size_t available = [] {
    std::size_t n = 0;
    kernels[n++] = {"portable", PortableFilter, PortableShorts};
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2")) kernels[n++] = {"avx2", Avx2Filter, Avx2Shorts};
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")) {
      kernels[n++] = {"avx512", Avx512Filter, Avx512Shorts};
      if (__builtin_cpu_supports("avx512vbmi2")) kernels[n++] = {"avx512vbmi2", Avx512Filter, Vbmi2Shorts};
    }
#endif
    return n;
  }();
  return {kernels, available};
}

namespace {

const KernelInfo* FindKernel(std::string_view name) {
  for (const KernelInfo& kernel : AvailableKernels()) {
    if (name == kernel.name) return &kernel;
  }
  return nullptr;
}

}  // namespace

const KernelInfo& BestKernel() {
  return AvailableKernels().back();  // Each is faster than those before it.
}

const KernelInfo& KernelFromEnvironment() {
  const char* name = std::getenv("DAYLIGHT_KERNEL");
  const KernelInfo* kernel = name != nullptr ? FindKernel(name) : nullptr;
  return kernel != nullptr ? *kernel : BestKernel();
}

}  // namespace dl::match
