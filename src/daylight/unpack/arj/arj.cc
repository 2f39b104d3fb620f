#include "daylight/unpack/arj/arj.h"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "daylight/bytes/cursor.h"
#include "daylight/unpack/arj/arj_decoder.h"

namespace dl::unpack {

namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMinHeader = 30;
constexpr std::size_t kMaxHeader = 2600;
// Garbled files are decoded once for each password until the sum is right.
constexpr std::uint64_t kMaxGarbled = 16u << 20;
constexpr unsigned kTypeComment = 2;
constexpr unsigned kTypeFolder = 3;

std::uint32_t Sum(std::uint32_t sum, Bytes bytes) {
  return static_cast<std::uint32_t>(
      ::crc32(sum, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

struct Header {
  bool is_end = false;
  std::uint64_t data_begin = 0;
  unsigned min_version = 0;
  unsigned flags = 0;
  unsigned method = 0;
  unsigned type = 0;
  unsigned modifier = 0;
  std::uint32_t packed = 0;
  std::uint32_t size = 0;
  std::uint32_t sum = 0;
  std::string name;

  bool is_garbled() const { return (flags & 0x01) != 0; }
  bool is_split() const { return (flags & 0x0c) != 0; }
};

// "Structure of archive block": the basic header and its sum, then extended ones.
Result<Header> ReadHeader(ObjectSource& object, std::uint64_t offset) {
  std::array<std::byte, kMaxHeader + 10> bytes;
  DL_TRY(const std::size_t n, object.ReadAt(offset, bytes));
  Cursor all(Bytes(bytes).first(n));
  DL_TRY(const std::uint16_t magic, all.ReadU16Le());
  DL_TRY(const std::uint16_t size, all.ReadU16Le());
  if (magic != 0xea60) return Fail(ErrorCode::kMalformed, "no header where one should be");
  Header header;
  header.is_end = size == 0;
  if (header.is_end) return header;
  if (size < kMinHeader || size > kMaxHeader) return Fail(ErrorCode::kMalformed, "a header's size is wrong");
  DL_TRY(const Bytes basic, all.ReadBytes(size));
  DL_TRY(const std::uint32_t sum, all.ReadU32Le());
  if (Sum(0, basic) != sum) return Fail(ErrorCode::kMalformed, "a header's sum is wrong");
  Cursor fields(basic);
  DL_TRY(const std::uint8_t fixed, fields.ReadU8());
  DL_TRY_STATUS(fields.Skip(1));
  DL_TRY(header.min_version, fields.ReadU8());
  DL_TRY_STATUS(fields.Skip(1));
  DL_TRY(header.flags, fields.ReadU8());
  DL_TRY(header.method, fields.ReadU8());
  DL_TRY(header.type, fields.ReadU8());
  DL_TRY(header.modifier, fields.ReadU8());
  DL_TRY_STATUS(fields.Skip(4));
  DL_TRY(header.packed, fields.ReadU32Le());
  DL_TRY(header.size, fields.ReadU32Le());
  DL_TRY(header.sum, fields.ReadU32Le());
  if (!fields.SeekTo(fixed)) return Fail(ErrorCode::kMalformed, "a header's first size is wrong");
  const auto name = fields.ReadCString(kMaxHeader);
  if (name) header.name = *name;
  header.data_begin = offset + all.position();
  for (;;) {
    std::array<std::byte, 2> extended;
    DL_TRY(const std::size_t m, object.ReadAt(header.data_begin, extended));
    DL_TRY(const std::uint16_t extended_size, Cursor(Bytes(extended).first(m)).ReadU16Le());
    header.data_begin += 2;
    if (extended_size == 0) return header;
    header.data_begin += extended_size + std::uint64_t{4};
  }
}

bool IsMainHeader(ObjectSource& object, std::uint64_t offset) {
  const auto header = ReadHeader(object, offset);
  return header && !header->is_end && header->type == kTypeComment;
}

// At the beginning, or within a program.
std::optional<std::uint64_t> FindMainHeader(const Probe& probe) {
  if (probe.Has(0, "\x60\xea"sv)) return IsMainHeader(probe.object, 0) ? std::optional<std::uint64_t>(0) : std::nullopt;
  if (!probe.Has(0, "MZ"sv)) return std::nullopt;
  const std::string_view text = AsText(probe.head);
  for (std::size_t at = text.find("\x60\xea"sv); at != std::string_view::npos; at = text.find("\x60\xea"sv, at + 1)) {
    if (IsMainHeader(probe.object, at)) return at;
  }
  return std::nullopt;
}

// A file's bytes, decrypted where there is a password and decompressed.
class Content {
 public:
  Content(ObjectSource& object, const Header& header, std::string_view password)
      : object_(object),
        header_(header),
        password_(password),
        at_(header.data_begin),
        left_(header.packed),
        decoder_(
            header.method, [this](std::span<std::byte> out) { return ReadPacked(out); }, header.size) {}

  std::size_t Read(std::span<std::byte> out) {
    std::size_t n = 0;
    if (header_.method == 0) {
      n = ReadPacked(out.first(std::min<std::uint64_t>(out.size(), header_.size - total_)));
    } else {
      n = decoder_.Read(out);
    }
    sum_ = Sum(sum_, out.first(n));
    total_ += n;
    return n;
  }
  bool IsRight() const { return total_ == header_.size && sum_ == header_.sum; }

 private:
  std::size_t ReadPacked(std::span<std::byte> out) {
    const auto n = object_.ReadAt(at_, out.first(std::min<std::uint64_t>(out.size(), left_)));
    if (!n) return 0;
    if (!password_.empty()) {
      for (std::size_t i = 0; i < *n; ++i) {
        const auto letter =
            static_cast<unsigned char>(password_[static_cast<std::size_t>((passed_ + i) % password_.size())]);
        out[i] ^= std::byte((letter + header_.modifier) & 0xff);
      }
    }
    at_ += *n;
    passed_ += *n;
    left_ -= *n;
    return *n;
  }

  ObjectSource& object_;
  const Header& header_;
  std::string_view password_;
  std::uint64_t at_;
  std::uint64_t left_;
  std::uint64_t passed_ = 0;
  ArjDecoder decoder_;
  std::uint32_t sum_ = 0;
  std::uint64_t total_ = 0;
};

// The one that opens it; empty where none does.
std::string_view PasswordOf(ObjectSource& object, const Header& header, std::span<const std::string> passwords) {
  if (header.size > kMaxGarbled || header.packed > kMaxGarbled) return {};
  std::vector<std::byte> piece(64u << 10);
  for (const std::string& password : passwords) {
    if (password.empty()) continue;
    Content content(object, header, password);
    while (content.Read(piece) != 0) {
    }
    if (content.IsRight()) return password;
  }
  return {};
}

// False: no more is wanted.
bool TakeFile(ObjectSource& object, const Header& header, Sink& sink) {
  if (header.type == kTypeFolder || header.type > kTypeFolder) return sink.Pass();
  std::string_view password;
  if (header.is_garbled()) {
    password = PasswordOf(object, header, sink.passwords());
    if (password.empty()) {
      sink.Closed(header.name, kEncrypted, "garbled with a password that is not known");
      return sink.Pass();
    }
  }
  if (header.method > 4) {
    sink.Closed(header.name, kUnsupported, "a method of ARJ that is not known");
    return sink.Pass();
  }
  if (header.is_split()) sink.Closed(header.name, kUnsupported, "continues in another volume");
  Content content(object, header, password);
  const auto pull = [&](std::span<std::byte> out) -> Result<std::size_t> {
    const std::size_t n = content.Read(out);
    if (n == 0 && !out.empty() && !content.IsRight() && !header.is_split()) {
      sink.Closed(header.name, kDamaged, "its content contradicts its size or sum");
    }
    return n;
  };
  return sink.AddStream({header.name, header.size}, pull);
}

bool Opens(const Probe& probe) { return FindMainHeader(probe).has_value(); }

void UnpackArj(const Probe& probe, const ChildInfo& /*self*/, Sink& sink) {
  const auto begin = FindMainHeader(probe);
  if (!begin) return;
  auto header = ReadHeader(probe.object, *begin);
  std::uint64_t next = header ? header->data_begin : 0;
  while (header) {
    header = ReadHeader(probe.object, next);
    if (!header) return sink.Closed("", kDamaged, header.error().what);
    if (header->is_end) return;
    if (!TakeFile(probe.object, *header, sink)) return;
    next = header->data_begin + header->packed;
  }
}

}  // namespace

const Unpacker kArj = {"arj", Opens, UnpackArj};

}  // namespace dl::unpack
