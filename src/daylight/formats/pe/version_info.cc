// VS_VERSIONINFO of the Windows API: blocks within blocks, each with its
// length, the length of its value, a type, a UTF-16LE key and children, all
// aligned to four bytes from the block's beginning.
#include <algorithm>

#include "daylight/bytes/utf16.h"
#include "daylight/formats/pe/internal.h"

namespace dl::pe {

namespace {

constexpr std::size_t kMaxVersionStrings = 4096;
constexpr std::uint64_t kBlockHeaderSize = 6;
constexpr std::size_t kMaxKey = 63;
constexpr std::size_t kMaxValue = 255;

struct Block {
  std::uint64_t offset = 0;
  std::uint16_t length = 0;
  std::uint16_t value_length = 0;

  std::uint64_t key() const { return offset + kBlockHeaderSize; }
};

std::uint64_t Aligned(std::uint64_t size) { return (size + 3) & ~std::uint64_t{3}; }

std::optional<Block> ReadBlock(const Image& image, std::uint64_t offset) {
  const auto window = Cursor(image.bytes()).Window(offset, kBlockHeaderSize);
  if (!window) return std::nullopt;
  Cursor cursor = *window;
  const auto length = cursor.ReadU16Le();
  const auto value_length = cursor.ReadU16Le();
  if (!length || !value_length) return std::nullopt;
  return Block{offset, *length, *value_length};
}

// Whether the block's key is `key`, with its NUL. Like libyara, only low bytes
// are compared.
bool HasKey(const Image& image, const Block& block, std::string_view key) {
  const std::size_t units = key.size() + 1;
  if (!image.Fits(block.key(), units * 2)) return false;
  const Bytes bytes = image.bytes().subspan(static_cast<std::size_t>(block.key()), units * 2);
  for (std::size_t i = 0; i < units; ++i) {
    const char expected = i < key.size() ? key[i] : '\0';
    if (std::to_integer<char>(bytes[2 * i]) != expected) return false;
  }
  return true;
}

// The number of UTF-16 units before the terminating zero unit; absent without
// one in the file.
std::optional<std::uint64_t> WideLength(const Image& image, std::uint64_t offset, Work& work) {
  if (offset >= image.bytes().size()) return std::nullopt;
  const Bytes bytes = image.bytes().subspan(static_cast<std::size_t>(offset));
  for (std::size_t i = 0; i + 2 <= bytes.size(); i += 2) {
    if (bytes[i] == std::byte{0} && bytes[i + 1] == std::byte{0}) {
      if (!work.Text(i)) return std::nullopt;
      return i / 2;
    }
  }
  work.Text(bytes.size());
  return std::nullopt;
}

// The low bytes of a UTF-16 string that is known to end in the file, up to the
// first that is zero.
std::string Narrow(const Image& image, std::uint64_t offset, std::size_t max_length) {
  const Bytes bytes = image.bytes().subspan(static_cast<std::size_t>(offset));
  std::string text;
  for (std::size_t i = 0; i < bytes.size() && text.size() < max_length; i += 2) {
    if (bytes[i] == std::byte{0}) break;
    text += std::to_integer<char>(bytes[i]);
  }
  return text;
}

// StringTable: a block whose children are String blocks.
void ParseStrings(const Image& image, std::uint64_t begin, std::uint64_t end, Work& work,
                  std::vector<VersionString>& strings) {
  for (std::uint64_t at = begin; at < end && work.Step();) {
    const auto string = ReadBlock(image, at);
    if (!string) return;
    const auto key_length = WideLength(image, string->key(), work);
    if (!key_length || string->length == 0) return;
    const std::uint64_t value = at + Aligned(kBlockHeaderSize + 2 * (*key_length + 1));
    if (WideLength(image, value, work) && strings.size() < kMaxVersionStrings) {
      // Without a value length, the value is what follows by accident.
      VersionString& to = strings.emplace_back();
      to.key = Narrow(image, string->key(), kMaxKey);
      if (string->value_length != 0) {
        to.value = Narrow(image, value, kMaxValue);
        const Bytes bytes = image.bytes().subspan(static_cast<std::size_t>(value));
        to.text = Utf8FromWide(bytes.first(std::min(bytes.size(), 2 * kMaxValue)));
      }
    }
    at += Aligned(string->length);
  }
}

// StringFileInfo: a block whose children are StringTable blocks.
void ParseStringTables(const Image& image, std::uint64_t begin, std::uint64_t end, Work& work,
                       std::vector<VersionString>& strings) {
  for (std::uint64_t at = begin; work.Step();) {
    const auto table = ReadBlock(image, at);
    if (!table) return;
    const auto key_length = WideLength(image, table->key(), work);
    if (!key_length || table->length == 0 || at >= end) return;
    const std::uint64_t next = at + Aligned(table->length);
    ParseStrings(image, at + Aligned(kBlockHeaderSize + 2 * (*key_length + 1)), next, work, strings);
    at = next;
  }
}

}  // namespace

void ParseVersionInfo(const Image& image, std::uint64_t offset, Work& work, std::vector<VersionString>& strings) {
  const auto root = ReadBlock(image, offset);
  if (!root || !HasKey(image, *root, "VS_VERSION_INFO")) return;
  // The key, padding and VS_FIXEDFILEINFO, whose size libyara takes for given.
  std::uint64_t at = offset + Aligned(kBlockHeaderSize + 86);
  std::optional<Block> block = ReadBlock(image, at);
  while (block && HasKey(image, *block, "VarFileInfo") && block->length != 0 && work.Step()) {
    at += Aligned(block->length);
    block = ReadBlock(image, at);
  }
  while (block && HasKey(image, *block, "StringFileInfo") && block->length != 0 && work.Step()) {
    const std::uint64_t next = at + Aligned(block->length);
    ParseStringTables(image, at + Aligned(kBlockHeaderSize + 30), next, work, strings);
    at = next;
    block = ReadBlock(image, at);
  }
}

}  // namespace dl::pe
