#include "daylight/unpack/szdd/szdd.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <memory>

#include "daylight/bytes/cursor.h"

namespace dl::unpack {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view kSzddMagic = "SZDD\x88\xf0\x27\x33"sv;
constexpr std::string_view kQbasicMagic = "SZ\x20\x88\xf0\x27\x33\xd1"sv;
constexpr std::string_view kKwajMagic = "KWAJ\x88\xf0\x27\xd1"sv;

enum class Method : std::uint8_t { kStored, kXor, kLzss, kLzHuffman, kMsZip };

// A file's packed bytes, one at a time.
class Input {
 public:
  Input(ObjectSource& object, std::uint64_t begin) : object_(object), at_(begin), buffer_(16u << 10) {}

  // -1: the end.
  int Next() { return begin_ < end_ || Fill() ? std::to_integer<int>(buffer_[begin_++]) : -1; }
  Bytes Ahead() { return begin_ < end_ || Fill() ? Bytes(buffer_).subspan(begin_, end_ - begin_) : Bytes{}; }
  void Skip(std::size_t n) { begin_ += n; }

 private:
  bool Fill() {
    const auto n = object_.ReadAt(at_, buffer_);
    begin_ = 0;
    end_ = n ? *n : 0;
    at_ += end_;
    return end_ != 0;
  }

  ObjectSource& object_;
  std::uint64_t at_;
  std::vector<std::byte> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

// Eight flags, then eight literals or matches: 12 bits of place and 4 of length.
class Lzss {
 public:
  Lzss(Input& input, std::size_t begin) : input_(input), at_(begin) { window_.fill(std::byte{' '}); }

  std::size_t Read(std::span<std::byte> out) {
    std::size_t n = 0;
    while (n < out.size()) {
      if (match_left_ == 0 && !Next()) break;
      const std::byte byte = literal_ >= 0 ? std::byte(literal_) : window_[match_from_];
      match_from_ = (match_from_ + 1) % window_.size();
      window_[at_] = byte;
      at_ = (at_ + 1) % window_.size();
      --match_left_;
      out[n++] = byte;
    }
    return n;
  }

 private:
  bool Next() {
    if (flags_left_ == 0) {
      flags_ = input_.Next();
      if (flags_ < 0) return false;
      flags_left_ = 8;
    }
    --flags_left_;
    const bool is_literal = (flags_ & 1) != 0;
    flags_ >>= 1;
    const int low = input_.Next();
    if (low < 0) return false;
    literal_ = is_literal ? low : -1;
    match_left_ = 1;
    if (is_literal) return true;
    const int high = input_.Next();
    if (high < 0) {
      match_left_ = 0;
      return false;
    }
    match_from_ = static_cast<std::size_t>(low | (high & 0xf0) << 4);
    match_left_ = static_cast<unsigned>(high & 0x0f) + 3;
    return true;
  }

  Input& input_;
  std::array<std::byte, 4096> window_;
  std::size_t at_;
  std::size_t match_from_ = 0;
  unsigned match_left_ = 0;
  int literal_ = -1;
  int flags_ = 0;
  unsigned flags_left_ = 0;
};

// Blocks of deflate, each with a length and "CK" before it, and the last 32 KiB as its dictionary.
class MsZip {
 public:
  explicit MsZip(Input& input) : input_(input) {
    if (::inflateInit2(&stream_, -15) == Z_OK) is_ready_ = true;
  }
  ~MsZip() {
    if (is_ready_) ::inflateEnd(&stream_);
  }
  MsZip(const MsZip&) = delete;
  MsZip& operator=(const MsZip&) = delete;

  std::size_t Read(std::span<std::byte> out) {
    while (is_ready_ && !failed_ && !out.empty()) {
      if (!in_block_ && !BeginBlock()) return 0;
      const Bytes ahead = input_.Ahead();
      // Zlib does not write there.
      stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(ahead.data()));  // NOLINT
      stream_.avail_in = static_cast<uInt>(ahead.size());
      stream_.next_out = reinterpret_cast<Bytef*>(out.data());
      stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(out.size(), 1u << 16));
      const uInt room = stream_.avail_out;
      const int result = ::inflate(&stream_, Z_NO_FLUSH);
      input_.Skip(ahead.size() - stream_.avail_in);
      const std::size_t n = room - stream_.avail_out;
      Remember(out.first(n));
      if (result == Z_STREAM_END) {
        in_block_ = false;
      } else if (result != Z_OK || (n == 0 && ahead.empty())) {
        failed_ = true;
      }
      if (n != 0) return n;
    }
    return 0;
  }
  bool failed() const { return failed_; }

 private:
  bool BeginBlock() {
    const int low = input_.Next();
    const int high = input_.Next();
    if (high < 0 || (low == 0 && high == 0)) return false;
    failed_ = input_.Next() != 'C' || input_.Next() != 'K' || ::inflateReset(&stream_) != Z_OK;
    if (!failed_ && !window_.empty()) {
      failed_ = ::inflateSetDictionary(&stream_, reinterpret_cast<const Bytef*>(window_.data()),
                                       static_cast<uInt>(window_.size())) != Z_OK;
    }
    in_block_ = !failed_;
    return in_block_;
  }
  void Remember(Bytes bytes) {
    constexpr std::size_t kWindow = 32u << 10;
    window_.insert(window_.end(), bytes.begin(), bytes.end());
    if (window_.size() > kWindow) window_.erase(window_.begin(), window_.end() - kWindow);
  }

  Input& input_;
  ::z_stream stream_ = {};
  std::vector<std::byte> window_;
  bool is_ready_ = false;
  bool in_block_ = false;
  bool failed_ = false;
};

struct File {
  Method method = Method::kLzss;
  std::size_t window_begin = 4096 - 16;
  std::uint64_t data_begin = 0;
  std::optional<std::uint64_t> size;
  std::string name;
};

// "setup.ex_" was "setup.exe", the header keeps the letter.
std::string NameWithin(const std::string& name, std::uint8_t letter) {
  if (name.empty() || !name.ends_with('_')) return "content";
  std::string whole = name.substr(0, name.size() - 1);
  if (letter >= 0x20 && letter < 0x7f) whole += static_cast<char>(letter);
  return whole;
}

Result<File> ReadSzdd(Bytes head, const std::string& own_name) {
  Cursor fields(head);
  DL_TRY_STATUS(fields.Skip(8));
  DL_TRY(const std::uint8_t method, fields.ReadU8());
  if (method != 'A') return Fail(ErrorCode::kUnsupported, "a method of SZDD that is not known");
  File file;
  DL_TRY(const std::uint8_t letter, fields.ReadU8());
  file.name = NameWithin(own_name, letter);
  DL_TRY(file.size, fields.ReadU32Le());
  file.data_begin = fields.position();
  return file;
}

Result<File> ReadQbasic(Bytes head, const std::string& own_name) {
  Cursor fields(head);
  DL_TRY_STATUS(fields.Skip(8));
  File file;
  file.window_begin = 4096 - 18;
  file.name = NameWithin(own_name, 0);
  DL_TRY(file.size, fields.ReadU32Le());
  file.data_begin = fields.position();
  return file;
}

Result<File> ReadKwaj(Bytes head, const std::string& own_name) {
  Cursor fields(head);
  DL_TRY_STATUS(fields.Skip(8));
  DL_TRY(const std::uint16_t method, fields.ReadU16Le());
  if (method > 4) return Fail(ErrorCode::kUnsupported, "a method of KWAJ that is not known");
  if (method == 3) return Fail(ErrorCode::kUnsupported, "method 3 of KWAJ is not decoded");
  File file;
  file.method = static_cast<Method>(method);
  DL_TRY(file.data_begin, fields.ReadU16Le());
  DL_TRY(const std::uint16_t flags, fields.ReadU16Le());
  if ((flags & 0x01) != 0) {
    DL_TRY(file.size, fields.ReadU32Le());
  }
  if ((flags & 0x02) != 0) DL_TRY_STATUS(fields.Skip(2));
  if ((flags & 0x04) != 0) {
    DL_TRY(const std::uint16_t more, fields.ReadU16Le());
    DL_TRY_STATUS(fields.Skip(more));
  }
  file.name = NameWithin(own_name, 0);
  if ((flags & 0x08) != 0) {
    DL_TRY(const std::string_view name, fields.ReadCString(9));
    file.name = name;
  }
  if ((flags & 0x10) != 0) {
    DL_TRY(const std::string_view extension, fields.ReadCString(4));
    file.name += "." + std::string(extension);
  }
  return file;
}

bool Opens(const Probe& probe) {
  return probe.Has(0, kSzddMagic) || probe.Has(0, kQbasicMagic) || probe.Has(0, kKwajMagic);
}

void UnpackSzdd(const Probe& probe, const ChildInfo& self, Sink& sink) {
  const auto file = probe.Has(0, kSzddMagic)     ? ReadSzdd(probe.head, self.name)
                    : probe.Has(0, kQbasicMagic) ? ReadQbasic(probe.head, self.name)
                                                 : ReadKwaj(probe.head, self.name);
  if (!file) {
    sink.Closed("", file.error().code == ErrorCode::kUnsupported ? kUnsupported : kDamaged, file.error().what);
    return;
  }
  Input input(probe.object, file->data_begin);
  Lzss lzss(input, file->window_begin);
  MsZip mszip(input);
  std::uint64_t total = 0;
  bool is_told = false;
  const auto pull = [&](std::span<std::byte> out) -> Result<std::size_t> {
    out = out.first(
        static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), file->size.value_or(~std::uint64_t{0}) - total)));
    std::size_t n = 0;
    if (file->method == Method::kLzss) {
      n = lzss.Read(out);
    } else if (file->method == Method::kMsZip) {
      n = mszip.Read(out);
    } else {
      const Bytes ahead = input.Ahead();
      n = std::min(out.size(), ahead.size());
      const std::byte mask{file->method == Method::kXor ? std::uint8_t{0xff} : std::uint8_t{0}};
      std::transform(ahead.begin(), ahead.begin() + static_cast<std::ptrdiff_t>(n), out.begin(),
                     [mask](std::byte b) { return b ^ mask; });
      input.Skip(n);
    }
    total += n;
    const bool is_short = n == 0 && file->size && total < *file->size;
    if ((is_short || (n == 0 && mszip.failed())) && !is_told) {
      sink.Closed(file->name, kDamaged, is_short ? "it ends before its size" : "a block is damaged");
      is_told = true;
    }
    return n;
  };
  static_cast<void>(sink.AddStream({file->name, file->size}, pull));
}

}  // namespace

const Unpacker kSzdd = {"szdd", Opens, UnpackSzdd};

}  // namespace dl::unpack
