#include "daylight/unpack/pdf/pdf_filter.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "daylight/unpack/pdf/pdf_stage.h"

namespace dl::unpack::pdf {

namespace {

class Source final : public Stage {
 public:
  Source(Bytes bytes, Work& work) : bytes_(bytes), work_(work) {}
  Result<std::size_t> Pull(std::span<std::byte> out) override {
    const std::size_t n = std::min(out.size(), bytes_.size());
    if (n == 0) return n;
    if (!work_.Charge(n)) return Fail(ErrorCode::kBudget, "streams overlap too often");
    std::memcpy(out.data(), bytes_.data(), n);
    bytes_ = bytes_.subspan(n);
    return n;
  }

 private:
  Bytes bytes_;
  Work& work_;
};

// A stage that decodes byte by byte: Step() puts some bytes into pending_, false at the end.
class ByteStage : public Stage {
 public:
  ByteStage(std::unique_ptr<Stage> stage, Work& work) : input_(std::move(stage), work) {}

  Result<std::size_t> Pull(std::span<std::byte> out) final {
    std::size_t n = 0;
    while (n < out.size()) {
      if (taken_ == pending_.size()) {
        pending_.clear();
        taken_ = 0;
        if (has_ended_ || !Step()) {
          has_ended_ = true;
          // What was decoded before the damage comes first.
          if (pending_.empty()) break;
        }
      }
      const std::size_t m = std::min(out.size() - n, pending_.size() - taken_);
      std::copy_n(pending_.begin() + static_cast<std::ptrdiff_t>(taken_), m,
                  out.begin() + static_cast<std::ptrdiff_t>(n));
      taken_ += m;
      n += m;
    }
    if (n == 0 && input_.failed()) return Forward(input_.error());
    if (n == 0 && damage_ != nullptr) return Fail(ErrorCode::kMalformed, damage_);
    return n;
  }

 protected:
  virtual bool Step() = 0;
  void Put(unsigned byte) { pending_.push_back(static_cast<std::byte>(byte)); }
  bool Damage(const char* what) {
    damage_ = what;
    return false;
  }

  Input input_;
  std::vector<std::byte> pending_;

 private:
  std::size_t taken_ = 0;
  bool has_ended_ = false;
  const char* damage_ = nullptr;
};

bool IsSpace(int c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0; }

int HexValue(int c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// 7.4.2. An odd digit at the end stands for itself and a zero.
class AsciiHexStage final : public ByteStage {
 public:
  using ByteStage::ByteStage;

 private:
  bool Step() override {
    int high = -1;
    for (;;) {
      const int c = input_.Next();
      if (IsSpace(c)) continue;
      const int value = HexValue(c);
      if (value < 0) {
        if (high >= 0) Put(static_cast<unsigned>(high) * 16);
        if (c >= 0 && c != '>') return Damage("not a hexadecimal digit");
        return false;
      }
      if (high >= 0) {
        Put(static_cast<unsigned>(high * 16 + value));
        return true;
      }
      high = value;
    }
  }
};

// 7.4.3. Sums past 32 bits are cut, as readers do.
class Ascii85Stage final : public ByteStage {
 public:
  using ByteStage::ByteStage;

 private:
  bool Step() override {
    std::uint64_t sum = 0;
    unsigned digits = 0;
    for (;;) {
      const int c = input_.Next();
      if (IsSpace(c)) continue;
      if (c == 'z' && digits == 0) {
        for (int i = 0; i < 4; ++i) Put(0);
        return true;
      }
      // Some writers begin as Adobe's own encoding of PostScript does: "<~".
      if (c == '<' && digits == 0 && input_.Peek() == '~') {
        input_.Next();
        continue;
      }
      if (c < '!' || c > 'u') {
        if (digits > 1) {
          for (unsigned i = digits; i < 5; ++i) sum = sum * 85 + 84;
          for (unsigned i = 0; i + 1 < digits; ++i) Put(static_cast<unsigned>(sum >> (24 - 8 * i)) & 0xff);
        }
        if (c >= 0 && c != '~') return Damage("not a digit of base 85");
        return false;
      }
      sum = sum * 85 + static_cast<unsigned>(c - '!');
      if (++digits == 5) {
        for (unsigned i = 0; i < 4; ++i) Put(static_cast<unsigned>(sum >> (24 - 8 * i)) & 0xff);
        return true;
      }
    }
  }
};

// 7.4.5.
class RunLengthStage final : public ByteStage {
 public:
  using ByteStage::ByteStage;

 private:
  bool Step() override {
    const int length = input_.Next();
    if (length < 0 || length == 128) return false;
    if (length > 128) {
      const int c = input_.Next();
      if (c < 0) return Damage("a run has no byte");
      pending_.assign(static_cast<std::size_t>(257 - length), static_cast<std::byte>(c));
      return true;
    }
    for (int i = 0; i <= length; ++i) {
      const int c = input_.Next();
      if (c < 0) return Damage("a run ends early");
      Put(static_cast<unsigned>(c));
    }
    return true;
  }
};

// 7.4.4.2: codes of 9 to 12 bits, the highest bit first.
class LzwStage final : public ByteStage {
 public:
  LzwStage(bool early_change, std::unique_ptr<Stage> stage, Work& work)
      : ByteStage(std::move(stage), work), early_(early_change ? 1 : 0) {}

 private:
  static constexpr unsigned kClear = 256;
  static constexpr unsigned kEnd = 257;
  static constexpr unsigned kNone = 4096;

  bool Step() override {
    for (;;) {
      while (bit_count_ < width_) {
        const int c = input_.Next();
        if (c < 0) return false;  // The end's code may be left out.
        bits_ = bits_ << 8 | static_cast<unsigned>(c);
        bit_count_ += 8;
      }
      const unsigned code = bits_ >> (bit_count_ - width_) & ((1u << width_) - 1);
      bit_count_ -= width_;
      if (code == kEnd) return false;
      if (code == kClear) {
        next_ = 258;
        width_ = 9;
        last_ = kNone;
        continue;
      }
      if (code > next_ || (code == next_ && last_ == kNone) || (last_ == kNone && code > 255)) {
        return Damage("a code that stands for nothing yet");
      }
      // The code that is being defined by its own use: the last one, and its first byte again.
      const bool is_own = code == next_;
      std::size_t begin = pending_.size();
      if (is_own) Put(first_);
      for (unsigned at = is_own ? last_ : code; at != kNone; at = at < 256 ? kNone : prefix_[at]) {
        Put(at < 256 ? at : suffix_[at]);
      }
      std::reverse(pending_.begin() + static_cast<std::ptrdiff_t>(begin), pending_.end());
      first_ = std::to_integer<unsigned>(pending_[begin]);
      if (last_ != kNone && next_ < 4096) {
        prefix_[next_] = static_cast<std::uint16_t>(last_);
        suffix_[next_] = static_cast<std::uint8_t>(first_);
        ++next_;
      }
      last_ = code;
      if (next_ + early_ >= 1u << width_ && width_ < 12) ++width_;
      return true;
    }
  }

  unsigned early_;
  std::array<std::uint16_t, 4096> prefix_{};
  std::array<std::uint8_t, 4096> suffix_{};
  unsigned next_ = 258;
  unsigned width_ = 9;
  unsigned last_ = kNone;
  unsigned first_ = 0;
  std::uint32_t bits_ = 0;
  unsigned bit_count_ = 0;
};

// 7.4.4. Its checksum is not held against it: readers do not either.
class FlateStage final : public Stage {
 public:
  FlateStage(std::unique_ptr<Stage> stage, Work& work) : input_(std::move(stage), work) {}
  ~FlateStage() override {
    if (is_open_) ::inflateEnd(&zlib_);
  }
  FlateStage(const FlateStage&) = delete;
  FlateStage& operator=(const FlateStage&) = delete;

  Result<std::size_t> Pull(std::span<std::byte> out) override {
    if (!is_open_ && !Open()) return Fail(ErrorCode::kMalformed, "no memory to inflate it");
    zlib_.next_out = reinterpret_cast<Bytef*>(out.data());
    const std::size_t wanted = std::min<std::size_t>(out.size(), 1u << 30);
    zlib_.avail_out = static_cast<uInt>(wanted);
    while (!has_ended_ && zlib_.avail_out != 0) {
      const Bytes block = input_.Block();
      if (block.empty() && !has_input_) {
        has_ended_ = true;
        break;
      }
      has_input_ = true;
      zlib_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(block.data()));
      zlib_.avail_in = static_cast<uInt>(block.size());
      const uInt room = zlib_.avail_out;
      const int result = ::inflate(&zlib_, Z_NO_FLUSH);
      input_.Consume(block.size() - zlib_.avail_in);
      if (result == Z_STREAM_END) {
        has_ended_ = true;
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        has_ended_ = true;
        damage_ = "compressed data are damaged";
      } else if (block.empty() && zlib_.avail_out == room) {
        // What it held back has been given out.
        has_ended_ = true;
        damage_ = "compressed data end early";
      }
    }
    const std::size_t n = wanted - zlib_.avail_out;
    if (n == 0 && input_.failed()) return Forward(input_.error());
    if (n == 0 && damage_ != nullptr) return Fail(ErrorCode::kMalformed, damage_);
    return n;
  }

 private:
  bool Open() {
    // An end of line too many before them.
    while (IsSpace(input_.Peek()) && input_.Peek() != 0) input_.Consume(1);
    const Bytes block = input_.Block();
    const auto at = [&](std::size_t i) { return std::to_integer<unsigned>(block[i]); };
    const bool has_header =
        block.size() >= 2 && (at(0) & 15) == 8 && (at(0) * 256 + at(1)) % 31 == 0 && (at(1) & 32) == 0;
    if (has_header) input_.Consume(2);
    is_open_ = ::inflateInit2(&zlib_, -15) == Z_OK;
    return is_open_;
  }

  Input input_;
  z_stream zlib_{};
  bool is_open_ = false;
  bool has_input_ = false;
  bool has_ended_ = false;
  const char* damage_ = nullptr;
};

}  // namespace

std::optional<FilterKind> FilterOf(std::string_view name) {
  static constexpr std::pair<std::string_view, FilterKind> kFilters[] = {
      {"FlateDecode", FilterKind::kFlate},
      {"Fl", FilterKind::kFlate},
      {"LZWDecode", FilterKind::kLzw},
      {"LZW", FilterKind::kLzw},
      {"ASCII85Decode", FilterKind::kAscii85},
      {"A85", FilterKind::kAscii85},
      {"ASCIIHexDecode", FilterKind::kAsciiHex},
      {"AHx", FilterKind::kAsciiHex},
      {"RunLengthDecode", FilterKind::kRunLength},
      {"RL", FilterKind::kRunLength},
      {"DCTDecode", FilterKind::kImage},
      {"DCT", FilterKind::kImage},
      {"JPXDecode", FilterKind::kImage},
      {"CCITTFaxDecode", FilterKind::kImage},
      {"CCF", FilterKind::kImage},
      {"JBIG2Decode", FilterKind::kImage},
      {"Crypt", FilterKind::kCrypt},
  };
  for (const auto& [known, kind] : kFilters) {
    if (name == known) return kind;
  }
  return std::nullopt;
}

std::unique_ptr<Stage> StartWith(Bytes bytes, Work& work) { return std::make_unique<Source>(bytes, work); }

std::unique_ptr<Stage> Decode(FilterKind kind, const FilterParameters& parameters, std::unique_ptr<Stage> input,
                              Work& work) {
  switch (kind) {
    case FilterKind::kAscii85: return std::make_unique<Ascii85Stage>(std::move(input), work);
    case FilterKind::kAsciiHex: return std::make_unique<AsciiHexStage>(std::move(input), work);
    case FilterKind::kRunLength: return std::make_unique<RunLengthStage>(std::move(input), work);
    case FilterKind::kImage:
    case FilterKind::kCrypt: return input;
    case FilterKind::kFlate: input = std::make_unique<FlateStage>(std::move(input), work); break;
    case FilterKind::kLzw: input = std::make_unique<LzwStage>(parameters.early_change, std::move(input), work); break;
  }
  return UndoPredictor(parameters, std::move(input), work);
}

}  // namespace dl::unpack::pdf
