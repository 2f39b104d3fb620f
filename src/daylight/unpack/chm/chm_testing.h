// Compiled help made in memory, for tests.
//
//   const std::string file = MakeChm({{"/page.html", "text", 1}}, {});
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "daylight/unpack/number_testing.h"

namespace dl::unpack {

struct LzxOptions {
  unsigned window_bits = 16;
  unsigned kind = 1;                  // Of the blocks: verbatim, aligned, uncompressed; 0: one after the other.
  std::size_t block = 10'001;         // Bytes in each.
  std::uint64_t interval = 65536;     // Between resets; 0: none.
  std::uint32_t translated_size = 0;  // What is given is translated already.
};

// Compresses by LZX with codes of nearly one length, as good as any for a test.
class LzxWriter {
 public:
  explicit LzxWriter(const LzxOptions& options) : options_(options) {
    constexpr std::size_t kSlots[] = {30, 32, 34, 36, 38, 42, 50};
    slots_ = kSlots[options.window_bits - 15];
    main_symbols_ = 256 + 8 * slots_;
  }

  std::string Write(const std::string& text) {
    for (std::size_t at = 0; at < text.size();) {
      if (at % 32768 == 0) {
        Align();
        frames_.push_back(out_.size());
        if (at == 0 || (options_.interval != 0 && at % options_.interval == 0)) Begin();
      }
      // The block may go on in the next frame, never over a reset.
      if (left_ == 0) {
        std::size_t size = std::min(options_.block, text.size() - at);
        if (options_.interval != 0) {
          size = std::min<std::size_t>(size, static_cast<std::size_t>(options_.interval - at % options_.interval));
        }
        BeginBlock(size);
      }
      const std::size_t n = Step(text, at, std::min(left_, 32768 - at % 32768));
      at += n;
      left_ -= n;
      if (left_ == 0 && kind_ == 3 && block_ % 2 != 0) out_ += '\0';
    }
    Align();
    return out_;
  }
  const std::vector<std::size_t>& frames() const { return frames_; }

 private:
  void Put(std::uint32_t value, unsigned count) {
    for (unsigned i = count; i-- > 0;) {
      word_ = word_ << 1 | (value >> i & 1);
      if (++bits_ == 16) {
        out_ += LittleEndian(word_, 2);
        word_ = bits_ = 0;
      }
    }
  }
  void Align() {
    if (bits_ != 0) Put(0, 16 - bits_);
  }

  void Begin() {
    Put(options_.translated_size != 0 ? 1 : 0, 1);
    if (options_.translated_size != 0) {
      Put(options_.translated_size >> 16, 16);
      Put(options_.translated_size & 0xffff, 16);
    }
    last_ = {1, 1, 1};
    has_codes_ = false;
  }

  void BeginBlock(std::size_t size) {
    kind_ = options_.kind != 0 ? options_.kind : 1 + blocks_ % 3;
    ++blocks_;
    block_ = left_ = size;
    Put(kind_, 3);
    Put(static_cast<std::uint32_t>(size), 24);
    if (kind_ == 3) {
      Put(0, 16 - bits_);
      for (const std::uint32_t distance : last_) out_ += LittleEndian(distance, 4);
      return;
    }
    if (kind_ == 2) {
      for (int i = 0; i < 8; ++i) Put(3, 3);
    }
    PutLengths(0, 256, 9, main_short());
    PutLengths(256, main_symbols_, 9, main_short());
    PutLengths(0, 249, 8, 7);
    has_codes_ = true;
  }
  // So many symbols have codes one bit shorter, so that all bits are some code's.
  std::size_t main_short() const { return 512 > main_symbols_ ? 512 - main_symbols_ : 0; }
  unsigned main_bits() const { return main_symbols_ <= 512 ? 9 : 10; }

  // Two symbols of the code for differences, of one bit each.
  void PutLengths(std::size_t begin, std::size_t end, unsigned bits, std::size_t count_of_short) {
    if (end == main_symbols_ || end == 256) {
      bits = main_bits();
      count_of_short = bits == 9 ? main_short() : 1024 - main_symbols_;
    }
    const unsigned normal = has_codes_ ? 0 : 17 - bits;
    const unsigned shorter = has_codes_ ? 1 : 18 - bits;
    for (unsigned i = 0; i < 20; ++i) Put(i == normal || i == shorter ? 1 : 0, 4);
    const bool is_shorter_first = shorter < normal;
    for (std::size_t i = begin; i < end; ++i) {
      const bool is_short = !has_codes_ && i < count_of_short;
      Put(is_short != is_shorter_first ? 1 : 0, 1);
    }
  }

  // Canonical: shorter codes first.
  void PutSymbol(std::size_t symbol, unsigned bits, std::size_t count_of_short) {
    if (symbol < count_of_short) return Put(static_cast<std::uint32_t>(symbol), bits - 1);
    Put(static_cast<std::uint32_t>(2 * count_of_short + symbol - count_of_short), bits);
  }
  void PutMain(std::size_t symbol) {
    PutSymbol(symbol, main_bits(), main_bits() == 9 ? main_short() : 1024 - main_symbols_);
  }

  std::size_t Step(const std::string& text, std::size_t at, std::size_t most) {
    if (kind_ == 3) {
      out_ += text.substr(at, most);
      return most;
    }
    // Back to the last reset, in the window.
    std::size_t reach = std::min<std::size_t>(at, (std::size_t{1} << options_.window_bits) - 3);
    if (options_.interval != 0) reach = std::min<std::size_t>(reach, static_cast<std::size_t>(at % options_.interval));
    std::size_t length = 0;
    std::size_t distance = 0;
    const auto consider = [&](std::size_t candidate) {
      if (candidate == 0 || candidate > reach) return;
      std::size_t n = 0;
      while (n < std::min<std::size_t>(most, 257) && text[at + n] == text[at + n - candidate]) ++n;
      if (n > length) {
        length = n;
        distance = candidate;
      }
    };
    for (const std::uint32_t last : last_) consider(last);
    for (const std::size_t candidate : {std::size_t{4}, std::size_t{1000}, std::size_t{31'000}, std::size_t{60'000}}) {
      consider(candidate);
    }
    if (length < 2) {
      PutMain(static_cast<unsigned char>(text[at]));
      return 1;
    }
    PutMatch(length, static_cast<std::uint32_t>(distance));
    return length;
  }

  void PutMatch(std::size_t length, std::uint32_t distance) {
    std::size_t slot = 0;
    while (slot < 3 && last_[slot] != distance) ++slot;
    std::uint32_t more = 0;
    unsigned extra = 0;
    if (slot < 3) {
      std::swap(last_[0], last_[slot]);
    } else {
      std::uint32_t base = 0;
      for (slot = 0;; ++slot) {
        extra = slot < 4 ? 0 : static_cast<unsigned>(std::min<std::size_t>(slot / 2 - 1, 17));
        if (distance + 2 < base + (1u << extra)) break;
        base += 1u << extra;
      }
      more = distance + 2 - base;
      last_ = {distance, last_[0], last_[1]};
    }
    const std::size_t header = std::min<std::size_t>(length - 2, 7);
    PutMain(256 + slot * 8 + header);
    if (header == 7) PutSymbol(length - 9, 8, 7);
    if (kind_ == 2 && extra >= 3) {
      Put(more >> 3, extra - 3);
      Put(more & 7, 3);
    } else {
      Put(more, extra);
    }
  }

  LzxOptions options_;
  std::size_t slots_;
  std::size_t main_symbols_;
  std::string out_;
  std::vector<std::size_t> frames_;
  std::uint32_t word_ = 0;
  unsigned bits_ = 0;
  std::array<std::uint32_t, 3> last_ = {1, 1, 1};
  bool has_codes_ = false;
  unsigned kind_ = 0;
  unsigned blocks_ = 0;
  std::size_t block_ = 0;
  std::size_t left_ = 0;
};

struct ChmFile {
  std::string name;
  std::string bytes;
  unsigned section = 1;
};

struct ChmOptions {
  LzxOptions lzx = {};
  bool has_table = true;
  std::size_t chunk = 4096;
  std::vector<std::string> more = {};  // Entries as they stand in the directory.
  void (*damage)(std::string& compressed) = nullptr;
};

inline std::string EncodedInteger(std::uint64_t value) {
  std::string out(1, static_cast<char>(value & 0x7f));
  while ((value >>= 7) != 0) out.insert(out.begin(), static_cast<char>(0x80 | (value & 0x7f)));
  return out;
}

inline std::string ChmEntry(const std::string& name, std::uint64_t section, std::uint64_t offset, std::uint64_t size) {
  return EncodedInteger(name.size()) + name + EncodedInteger(section) + EncodedInteger(offset) + EncodedInteger(size);
}

inline std::string MakeChm(const std::vector<ChmFile>& files, const ChmOptions& options = {}) {
  std::vector<std::pair<std::string, std::string>> entries;  // Sorted by name below.
  std::string plain;
  std::string packed;
  const auto add = [&](const std::string& name, unsigned section, const std::string& bytes) {
    std::string& to = section == 0 ? plain : packed;
    entries.emplace_back(name, ChmEntry(name, section, to.size(), bytes.size()));
    to += bytes;
  };
  for (const ChmFile& file : files) add(file.name, file.section, file.bytes);
  LzxWriter writer(options.lzx);
  // The last frame is a whole one, too.
  const std::size_t packed_size = packed.size();
  packed.resize((packed.size() + 32767) / 32768 * 32768);
  std::string compressed = writer.Write(packed);
  if (options.damage != nullptr) options.damage(compressed);
  const auto wide = [](const std::string& text) {
    std::string out = LittleEndian(text.size(), 2);
    for (const char c : text) out += std::string(1, c) + '\0';
    return out + std::string(2, '\0');
  };
  const std::string names = wide("Uncompressed") + wide("MSCompressed");
  const std::string folder = "::DataSpace/Storage/MSCompressed/";
  add("::DataSpace/NameList", 0, LittleEndian(names.size() / 2 + 2, 2) + LittleEndian(2, 2) + names);
  add(folder + "ControlData", 0,
      LittleEndian(6, 4) + "LZXC" + LittleEndian(2, 4) + LittleEndian(options.lzx.interval / 32768, 4) +
          LittleEndian((1u << options.lzx.window_bits) / 32768, 4) + LittleEndian(1, 4) + LittleEndian(0, 4));
  add(folder + "SpanInfo", 0, LittleEndian(packed_size, 8));
  // The GUID is written as text of two bytes a character, and cut to 38 bytes.
  const std::string guid = "{7FC28940-9D31-11D0-9B27-00A0C91E9C7C}";
  std::string list;
  for (const char c : guid) list += std::string(1, c) + '\0';
  add(folder + "Transform/List", 0, list.substr(0, 38));
  if (options.has_table) {
    std::string table = LittleEndian(2, 4) + LittleEndian(writer.frames().size(), 4) + LittleEndian(8, 4) +
                        LittleEndian(0x28, 4) + LittleEndian(packed_size, 8) + LittleEndian(compressed.size(), 8) +
                        LittleEndian(32768, 8);
    for (const std::size_t frame : writer.frames()) table += LittleEndian(frame, 8);
    add(folder + "Transform/" + guid + "/InstanceData/ResetTable", 0, table);
  }
  add(folder + "Content", 0, compressed);
  std::sort(entries.begin(), entries.end());
  for (const std::string& entry : options.more) entries.emplace_back("", entry);

  std::vector<std::string> chunks(1);
  std::vector<std::size_t> counts(1);
  for (const auto& [name, entry] : entries) {
    // Their number comes last.
    if (20 + chunks.back().size() + entry.size() + 2 > options.chunk) {
      chunks.emplace_back();
      counts.emplace_back();
    }
    chunks.back() += entry;
    ++counts.back();
  }
  std::string directory = "ITSP" + LittleEndian(1, 4) + LittleEndian(0x54, 4) + LittleEndian(10, 4) +
                          LittleEndian(options.chunk, 4) + LittleEndian(2, 4) + LittleEndian(1, 4) +
                          LittleEndian(0xffffffff, 4) + LittleEndian(0, 4) + LittleEndian(chunks.size() - 1, 4) +
                          LittleEndian(0xffffffff, 4) + LittleEndian(chunks.size(), 4) + LittleEndian(0x409, 4);
  directory += std::string("\x6a\x92\x02\x5d\x2e\x21\xd0\x11\x9d\xf9\x00\xa0\xc9\x22\xe6\xec", 16);
  directory += LittleEndian(0x54, 4) + std::string(12, '\xff');
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const std::size_t free = options.chunk - 20 - chunks[i].size();
    std::string chunk = "PMGL" + LittleEndian(free, 4) + LittleEndian(0, 4) +
                        LittleEndian(i == 0 ? 0xffffffff : i - 1, 4) +
                        LittleEndian(i + 1 == chunks.size() ? 0xffffffff : i + 1, 4) + chunks[i];
    chunk.resize(options.chunk - 2);
    chunk += LittleEndian(counts[i], 2);
    directory += chunk;
  }
  const std::size_t content = 0x60 + 0x18 + directory.size();
  const std::string guids("\x10\xfd\x01\x7c\xaa\x7b\xd0\x11\x9e\x0c\x00\xa0\xc9\x22\xe6\xec", 16);
  std::string header = "ITSF" + LittleEndian(3, 4) + LittleEndian(0x60, 4) + LittleEndian(1, 4) + LittleEndian(0, 4) +
                       LittleEndian(0x409, 4) + guids + "\x11" + guids.substr(1);
  header += LittleEndian(0x60, 8) + LittleEndian(0x18, 8) + LittleEndian(0x78, 8) + LittleEndian(directory.size(), 8) +
            LittleEndian(content, 8);
  header += LittleEndian(0x1fe, 8) + LittleEndian(content + plain.size(), 8) + LittleEndian(0, 8);
  return header + directory + plain;
}

}  // namespace dl::unpack
