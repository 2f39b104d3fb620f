#include "daylight/formats/macho/linkedit.h"

#include <unordered_set>

#include "daylight/bytes/cursor.h"
#include "daylight/formats/macho/utf8.h"

namespace dl::macho {
namespace {

// One node, and where its children may be: "the terminal size, the terminal
// information, the number of edges, and each edge's label and node offset".
struct TrieNode {
  std::uint64_t offset;
  std::string prefix;
};

Status ReadTrieNode(Cursor data, const TrieNode& node, Limits& limits, std::vector<TrieNode>& children,
                    bool& is_terminal) {
  DL_TRY(const std::uint64_t terminal_size, data.ReadUleb128());
  is_terminal = terminal_size != 0;
  DL_TRY_STATUS(data.Skip(terminal_size));
  DL_TRY(const std::uint8_t edges, data.ReadU8());
  for (unsigned i = 0; i < edges; ++i) {
    DL_TRY(const std::string_view label, data.ReadCString(data.remaining()));
    DL_TRY(const std::uint64_t offset, data.ReadUleb128());
    // Prefixes repeat the labels above them: charged before they are made.
    if (!limits.TakeName(node.prefix.size() + label.size())) return Fail(ErrorCode::kBudget, "export trie too large");
    if (IsUtf8(label)) children.push_back({offset, node.prefix + std::string(label)});
  }
  return {};
}

enum class BindOpcode : std::uint8_t {
  kSetDylibOrdinalUleb = 0x20,
  kSetSymbolTrailingFlagsImm = 0x40,
  kSetAddendSleb = 0x60,
  kSetSegmentAndOffsetUleb = 0x70,
  kAddAddressUleb = 0x80,
  kDoBindAddAddressUleb = 0xa0,
  kDoBindUlebTimesSkippingUleb = 0xc0,
  kThreaded = 0xd0,
};
constexpr std::uint8_t kOpcodeMask = 0xf0;
constexpr std::uint8_t kImmediateMask = 0x0f;

// Numbers of either sign, whose values do not matter here.
Status SkipLeb128(Cursor& data) {
  constexpr int kMaxBytes = 10;
  for (int i = 0; i < kMaxBytes; ++i) {
    DL_TRY(const std::uint8_t byte, data.ReadU8());
    if ((byte & 0x80) == 0) return {};
  }
  return Fail(ErrorCode::kMalformed, "LEB128 wider than 64 bits", data.position());
}

Status ReadBindOpcodes(Cursor data, Limits& limits, std::vector<std::string_view>& imports) {
  while (!data.AtEnd()) {
    DL_TRY(const std::uint8_t byte, data.ReadU8());
    switch (static_cast<BindOpcode>(byte & kOpcodeMask)) {
      case BindOpcode::kSetDylibOrdinalUleb:
      case BindOpcode::kSetAddendSleb:
      case BindOpcode::kSetSegmentAndOffsetUleb:
      case BindOpcode::kAddAddressUleb:
      case BindOpcode::kDoBindAddAddressUleb: {
        DL_TRY_STATUS(SkipLeb128(data));
        break;
      }
      case BindOpcode::kDoBindUlebTimesSkippingUleb: {
        DL_TRY_STATUS(SkipLeb128(data));
        DL_TRY_STATUS(SkipLeb128(data));
        break;
      }
      case BindOpcode::kThreaded: {
        if ((byte & kImmediateMask) == 0) DL_TRY_STATUS(SkipLeb128(data));
        break;
      }
      case BindOpcode::kSetSymbolTrailingFlagsImm: {
        DL_TRY(const std::string_view name, data.ReadCString(data.remaining()));
        if (!limits.TakeName(name.size())) return Fail(ErrorCode::kBudget, "too many imports");
        if (IsUtf8(name)) imports.push_back(name);
        break;
      }
      default: break;  // No operand.
    }
  }
  return {};
}

// <mach-o/fixup-chains.h>, dyld_chained_fixups_header.
Status ReadChainedFixups(Bytes fixups, bool big_endian, Limits& limits, std::vector<std::string_view>& imports) {
  const auto word = [big_endian](Cursor& cursor) { return big_endian ? cursor.ReadU32Be() : cursor.ReadU32Le(); };
  Cursor header(fixups);
  DL_TRY_STATUS(header.Skip(8));  // fixups_version, starts_offset
  DL_TRY(const std::uint32_t imports_offset, word(header));
  DL_TRY(const std::uint32_t symbols_offset, word(header));
  DL_TRY(const std::uint32_t imports_count, word(header));
  DL_TRY(const std::uint32_t imports_format, word(header));
  DL_TRY(const std::uint32_t symbols_format, word(header));
  if (symbols_format != 0) return Fail(ErrorCode::kUnsupported, "compressed symbols of chained fixups");
  DL_TRY(Cursor table, Cursor(fixups).From(imports_offset));
  DL_TRY(const Cursor symbols, Cursor(fixups).From(symbols_offset));
  for (std::uint32_t i = 0; i < imports_count; ++i) {
    std::uint64_t name_offset = 0;
    if (imports_format == 1 || imports_format == 2) {  // DYLD_CHAINED_IMPORT, ..._ADDEND
      DL_TRY(const std::uint32_t packed, word(table));
      name_offset = packed >> 9;
      DL_TRY_STATUS(table.Skip(imports_format == 2 ? 4 : 0));
    } else if (imports_format == 3) {  // DYLD_CHAINED_IMPORT_ADDEND64
      DL_TRY_STATUS(table.Skip(big_endian ? 0 : 4));
      DL_TRY(const std::uint32_t offset, word(table));
      name_offset = offset;
      DL_TRY_STATUS(table.Skip(big_endian ? 4 + 8 : 8));
    } else {
      return Fail(ErrorCode::kUnsupported, "imports format of chained fixups");
    }
    DL_TRY(Cursor name_at, symbols.From(name_offset));
    DL_TRY(const std::string_view name, name_at.ReadCString(limits.name_bytes_left));
    if (!limits.TakeName(name.size() + 1)) return Fail(ErrorCode::kBudget, "too many imports");
    if (IsUtf8(name)) imports.push_back(name);
  }
  return {};
}

}  // namespace

void ReadExportTrie(Bytes trie, Limits& limits, std::vector<std::string>& exports) {
  std::vector<TrieNode> stack = {{0, ""}};
  std::unordered_set<std::uint64_t> visited;  // A hostile trie has cycles.
  while (!stack.empty()) {
    const TrieNode node = std::move(stack.back());
    stack.pop_back();
    if (!visited.insert(node.offset).second) continue;
    const auto data = Cursor(trie).From(node.offset);
    if (!data) continue;
    bool is_terminal = false;
    if (!ReadTrieNode(*data, node, limits, stack, is_terminal)) return;
    if (is_terminal) exports.push_back(node.prefix);
  }
}

void ReadBindImports(Bytes opcodes, Limits& limits, std::vector<std::string_view>& imports) {
  (void)ReadBindOpcodes(Cursor(opcodes), limits, imports);
}

void ReadChainedImports(Bytes fixups, bool big_endian, Limits& limits, std::vector<std::string_view>& imports) {
  (void)ReadChainedFixups(fixups, big_endian, limits, imports);
}

}  // namespace dl::macho
