#include "daylight/unpack/mail/compressed_rtf.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace dl::unpack::mail {

namespace {

constexpr std::uint32_t kCompressed = 0x75465a4c;    // "LZFu"
constexpr std::uint32_t kUncompressed = 0x414c454d;  // "MELA"

// [MS-OXRTFCP] 2.1.2.1: what the dictionary begins with.
constexpr std::string_view kInitial =
    "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS "
    "Sans "
    "SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    "\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab"
    "\\tx";
static_assert(kInitial.size() == 207);

// 2.1.3.2: zip's polynomial, without its inversions.
std::uint32_t Crc(Bytes bytes) {
  if (bytes.empty()) return 0;  // Without a pointer, zlib gives where it begins.
  const uLong crc = ::crc32_z(0xffffffff, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  return ~static_cast<std::uint32_t>(crc);
}

}  // namespace

// 2.1.3.1: COMPSIZE (what follows it), RAWSIZE, COMPTYPE, CRC.
CompressedRtf::CompressedRtf(Bytes bytes) : cursor_(bytes) {
  const auto size = cursor_.ReadU32Le();
  const auto raw_size = cursor_.ReadU32Le();
  const auto kind = cursor_.ReadU32Le();
  const auto crc = cursor_.ReadU32Le();
  if (!crc || (*kind != kCompressed && *kind != kUncompressed)) return;
  is_one_ = true;
  is_compressed_ = *kind == kCompressed;
  left_ = *raw_size;
  const std::uint64_t wanted = *size < 12 ? 0 : *size - 12;
  is_damaged_ = *size < 12 || wanted > cursor_.remaining();
  const auto contents = cursor_.ReadBytes(std::min<std::uint64_t>(wanted, cursor_.remaining()));
  cursor_ = Cursor(contents ? *contents : Bytes());
  is_damaged_ = is_damaged_ || (is_compressed_ && Crc(cursor_.bytes()) != *crc);
  dictionary_.fill(std::byte{0});
  std::memcpy(dictionary_.data(), kInitial.data(), kInitial.size());
  write_ = kInitial.size();
}

void CompressedRtf::End(bool is_damaged) {
  has_ended_ = true;
  is_damaged_ = is_damaged_ || is_damaged;
}

bool CompressedRtf::Put(std::byte byte, std::span<std::byte> out, std::size_t& n) {
  dictionary_[write_] = byte;
  write_ = (write_ + 1) % kDictionaryBytes;
  out[n++] = byte;
  return n < out.size();
}

std::size_t CompressedRtf::Read(std::span<std::byte> out) {
  std::size_t n = 0;
  if (!is_one_) return n;
  if (!is_compressed_) {
    const std::size_t count =
        static_cast<std::size_t>(std::min<std::uint64_t>({out.size(), cursor_.remaining(), left_}));
    if (const auto bytes = cursor_.ReadBytes(count)) std::copy(bytes->begin(), bytes->end(), out.begin());
    left_ -= count;
    return count;
  }
  while (!has_ended_ && n < out.size()) {
    if (copy_left_ > 0) {
      --copy_left_;
      const std::byte byte = dictionary_[copy_from_];
      copy_from_ = (copy_from_ + 1) % kDictionaryBytes;
      Put(byte, out, n);
      continue;
    }
    if (controls_left_ == 0) {
      const auto control = cursor_.ReadU8();
      if (!control) {
        End(true);
        break;
      }
      control_ = *control;
      controls_left_ = 8;
    }
    --controls_left_;
    const bool is_reference = (control_ & 1) != 0;
    control_ >>= 1;
    if (!is_reference) {
      const auto byte = cursor_.ReadU8();
      if (!byte) {
        End(true);
        break;
      }
      Put(std::byte{*byte}, out, n);
      continue;
    }
    // 2.1.3.1.5: 12 bits where, 4 bits how long, and where it is written to is the end.
    const auto reference = cursor_.ReadU16Be();
    if (!reference) {
      End(true);
      break;
    }
    copy_from_ = *reference >> 4;
    copy_left_ = (*reference & 15u) + 2;
    if (copy_from_ == write_) {
      copy_left_ = 0;
      End(false);
    }
  }
  return n;
}

}  // namespace dl::unpack::mail
