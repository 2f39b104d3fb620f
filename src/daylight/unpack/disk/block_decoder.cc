#include "daylight/unpack/disk/block_decoder.h"

#include <lz4.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <limits>
#include <memory>

namespace dl::unpack {

namespace {

// A dictionary is never larger than a block (1 MiB, or 8 MiB by hand).
constexpr std::uint64_t kMaxLzmaMemory = std::uint64_t{64} << 20;
constexpr int kMaxZstdWindowLog = 24;

Status Damaged() { return Fail(ErrorCode::kMalformed, "a compressed block is damaged"); }

Status Inflate(Bytes packed, int window_bits, std::vector<std::byte>& out) {
  z_stream stream{};
  if (::inflateInit2(&stream, window_bits) != Z_OK) return Damaged();
  const std::unique_ptr<z_stream, int (*)(z_stream*)> owner(&stream, ::inflateEnd);
  // zlib does not write to it, whatever its type says.
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = ::inflate(&stream, Z_FINISH);
  // A full block whose end mark was not reached is whole all the same.
  if (result != Z_STREAM_END && (result != Z_BUF_ERROR || stream.avail_out != 0)) return Damaged();
  out.resize(out.size() - stream.avail_out);
  return {};
}

Status DecodeLzma(Bytes packed, bool is_xz, std::vector<std::byte>& out) {
  lzma_stream stream = LZMA_STREAM_INIT;
  const lzma_ret begun =
      is_xz ? ::lzma_stream_decoder(&stream, kMaxLzmaMemory, 0) : ::lzma_alone_decoder(&stream, kMaxLzmaMemory);
  if (begun != LZMA_OK) return Damaged();
  const std::unique_ptr<lzma_stream, void (*)(lzma_stream*)> owner(&stream, ::lzma_end);
  stream.next_in = reinterpret_cast<const std::uint8_t*>(packed.data());
  stream.avail_in = packed.size();
  stream.next_out = reinterpret_cast<std::uint8_t*>(out.data());
  stream.avail_out = out.size();
  lzma_ret result = LZMA_OK;
  while (result == LZMA_OK && (stream.avail_in != 0 || stream.avail_out != 0)) {
    const std::size_t left = stream.avail_in + stream.avail_out;
    result = ::lzma_code(&stream, LZMA_FINISH);
    if (result == LZMA_OK && stream.avail_in + stream.avail_out == left) break;
  }
  if (result != LZMA_STREAM_END && stream.avail_out != 0) return Damaged();
  out.resize(out.size() - stream.avail_out);
  return {};
}

Status DecodeLz4(Bytes packed, std::vector<std::byte>& out) {
  constexpr auto kMost = static_cast<std::size_t>(std::numeric_limits<int>::max());
  if (packed.size() > kMost || out.size() > kMost) return Damaged();
  const int n = ::LZ4_decompress_safe(reinterpret_cast<const char*>(packed.data()), reinterpret_cast<char*>(out.data()),
                                      static_cast<int>(packed.size()), static_cast<int>(out.size()));
  if (n < 0) return Damaged();
  out.resize(static_cast<std::size_t>(n));
  return {};
}

Status DecodeZstd(Bytes packed, std::vector<std::byte>& out) {
  const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(::ZSTD_createDCtx(), ::ZSTD_freeDCtx);
  if (context == nullptr) return Damaged();
  static_cast<void>(::ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kMaxZstdWindowLog));
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  ZSTD_outBuffer into{out.data(), out.size(), 0};
  for (;;) {
    const std::size_t in_before = in.pos;
    const std::size_t out_before = into.pos;
    const std::size_t result = ::ZSTD_decompressStream(context.get(), &into, &in);
    if (::ZSTD_isError(result) != 0) return Damaged();
    if (result == 0 || into.pos == into.size) break;
    if (in.pos == in_before && into.pos == out_before) return Damaged();
  }
  out.resize(into.pos);
  return {};
}

}  // namespace

Status DecodeBlock(Compression kind, Bytes packed, std::size_t limit, std::vector<std::byte>& out) {
  out.resize(limit);
  switch (kind) {
    case Compression::kZlib: return Inflate(packed, MAX_WBITS, out);
    case Compression::kDeflate: return Inflate(packed, -MAX_WBITS, out);
    case Compression::kLzma: return DecodeLzma(packed, false, out);
    case Compression::kXz: return DecodeLzma(packed, true, out);
    case Compression::kLz4: return DecodeLz4(packed, out);
    case Compression::kZstd: return DecodeZstd(packed, out);
  }
  return Damaged();
}

}  // namespace dl::unpack
