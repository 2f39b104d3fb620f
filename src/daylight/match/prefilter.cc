#include "daylight/match/prefilter.h"

#include <cstdlib>
#include <cstring>
#include <string_view>

#include "daylight/match/prefilter_kernels.h"

namespace dl::match {

namespace {

template <std::size_t kKind>
std::size_t PortableScan(const std::uint32_t* bitmap, const std::uint8_t* bytes, std::size_t count,
                         std::uint32_t factor, std::uint32_t* out) {
  std::size_t found = 0;
  const auto look = [&](std::uint32_t window, std::size_t at) {
    const std::uint32_t bit = BitOf(window, kKind, factor);
    // Written always and kept when the bit is set: a branch would be
    // mispredicted at every candidate.
    out[found] = static_cast<std::uint32_t>(at);
    found += (bitmap[bit >> 5] >> (bit & 31)) & 1;
  };
  std::size_t at = 0;
  for (; at + 4 <= count; at += 4) {
    // One load serves four positions.
    std::uint64_t word;
    std::memcpy(&word, bytes + at, sizeof word);
    word &= ~((word >> 1) & 0x2020202020202020);  // FoldWindow, eight bytes at once.
    look(static_cast<std::uint32_t>(word), at);
    look(static_cast<std::uint32_t>(word >> 8), at + 1);
    look(static_cast<std::uint32_t>(word >> 16), at + 2);
    look(static_cast<std::uint32_t>(word >> 24), at + 3);
  }
  for (; at < count; ++at) {
    std::uint32_t window;
    std::memcpy(&window, bytes + at, sizeof window);
    look(FoldWindow(window), at);
  }
  return found;
}

}  // namespace

std::size_t PortableKernel(const std::uint32_t* bitmap, const std::uint8_t* bytes, std::size_t count, std::size_t kind,
                           std::uint32_t factor, std::uint32_t* out) {
  return kind == kBitmap4 ? PortableScan<kBitmap4>(bitmap, bytes, count, factor, out)
                          : PortableScan<kBitmapShort>(bitmap, bytes, count, factor, out);
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
  if (const KernelInfo* kernel = FindKernel("avx512"); kernel != nullptr) return *kernel;
  // Gathers of eight lose to single loads (Zen 4: 0.6 GB/s against 1.0; with
  // sixteen 1.7), so AVX2 is only taken when asked for.
  return AvailableKernels().front();
}

const KernelInfo& KernelFromEnvironment() {
  const char* name = std::getenv("DAYLIGHT_KERNEL");
  const KernelInfo* kernel = name != nullptr ? FindKernel(name) : nullptr;
  return kernel != nullptr ? *kernel : BestKernel();
}

}  // namespace dl::match
