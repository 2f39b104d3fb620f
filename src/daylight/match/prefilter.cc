#include "daylight/match/prefilter.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "daylight/match/prefilter_kernels.h"

namespace dl::match {

namespace {

std::uint64_t FoldedEight(const std::uint8_t* bytes) {
  std::uint64_t eight;
  std::memcpy(&eight, bytes, sizeof eight);
  return eight & ~((eight >> 1) & 0x2020202020202020);  // FoldWindow, eight bytes at once.
}

std::size_t ScanFilter(const PrefilterTable& table, const std::uint8_t* bytes, std::size_t count, std::uint32_t* out) {
  const std::uint32_t* words = table.words;
  const std::uint32_t factor = table.factor;
  const unsigned shift = 32 - table.filter_log2;
  std::size_t found = 0;
  // The window's bit alone first: that leaves one position in ten, so what is
  // behind them hardly costs.
  const auto look = [&](std::uint32_t window, std::size_t at) {
    const std::uint32_t hash = window * factor;
    // Written always and kept when the bit is set: a branch would be
    // mispredicted at every candidate.
    out[found] = static_cast<std::uint32_t>(at);
    found += (words[hash >> shift] >> ((hash >> kWindowBitShift) & 7)) & 1;
  };
  std::size_t at = 0;
  for (; at + 4 <= count; at += 4) {
    // One load serves four positions.
    const std::uint64_t eight = FoldedEight(bytes + at);
    look(static_cast<std::uint32_t>(eight), at);
    look(static_cast<std::uint32_t>(eight >> 8), at + 1);
    look(static_cast<std::uint32_t>(eight >> 16), at + 2);
    look(static_cast<std::uint32_t>(eight >> 24), at + 3);
  }
  for (; at < count; ++at) look(static_cast<std::uint32_t>(FoldedEight(bytes + at)), at);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < found; ++i) {
    const std::uint64_t eight = FoldedEight(bytes + out[i]);
    const std::uint32_t hash = static_cast<std::uint32_t>(eight) * factor;
    const std::uint32_t bits = FilterBits(hash, static_cast<std::uint32_t>(eight >> 32) * factor);
    out[kept] = out[i];
    kept += static_cast<std::size_t>((~words[hash >> shift] & bits) == 0);
  }
  return kept;
}

std::size_t ScanShort(const PrefilterTable& table, const std::uint8_t* bytes, std::size_t count, std::uint32_t* out) {
  std::size_t found = 0;
  for (std::size_t at = 0; at < count; ++at) {
    const std::uint32_t bit =
        BitOf(FoldWindow(bytes[at] | std::uint32_t{bytes[at + 1]} << 8), kBitmapShort, table.factor);
    out[found] = static_cast<std::uint32_t>(at);
    found += (table.words[bit >> 5] >> (bit & 31)) & 1;
  }
  return found;
}

}  // namespace

std::uint32_t FilterKey(std::uint32_t window, std::uint32_t next, std::size_t known, std::uint32_t factor) {
  std::uint32_t key = (window * factor) & (0xffffffffu << kWindowBitShift);
  if (known < 2) return key | kAnyNextTwo | kAnyNextFour;
  key |= ((next * factor >> kNextTwoShift) & 7) << 9;
  if (known < 4) return key | kAnyNextFour;
  return key | (next * factor >> kNextFourShift) << 5;
}

void AddToFilter(std::uint32_t key, unsigned log2_words, std::uint32_t* words) {
  std::uint32_t bits = 1u << ((key >> kWindowBitShift) & 7);
  bits |= (key & kAnyNextTwo) != 0 ? 0xff00 : 0x100u << ((key >> 9) & 7);
  bits |= (key & kAnyNextFour) != 0 ? 0xffff0000 : 0x10000u << ((key >> 5) & 15);
  words[key >> (32 - log2_words)] |= bits;
}

unsigned FilterLog2(std::size_t keys) {
  // A word for a key or two; more while they fit the first level of cache, as
  // atoms that know only their window need them.
  const auto bits = static_cast<unsigned>(std::bit_width(keys));
  return std::clamp(bits < 15 ? bits + 2 : std::max(bits, 16u), kMinFilterLog2, kMaxFilterLog2);
}

std::size_t PortableKernel(const PrefilterTable& table, const std::uint8_t* bytes, std::size_t count,
                           std::uint32_t* out) {
  return table.kind == kFilter ? ScanFilter(table, bytes, count, out) : ScanShort(table, bytes, count, out);
}

std::span<const KernelInfo> AvailableKernels() {
  static KernelInfo kernels[3];
  static const std::size_t available = [] {
    std::size_t n = 0;
    kernels[n++] = {"portable", PortableKernel};
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2")) kernels[n++] = {"avx2", Avx2Kernel};
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")) {
      kernels[n++] = {"avx512", Avx512Kernel};
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
