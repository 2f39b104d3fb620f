// What dyld reads at load: the symbols that an image exports and imports.
//
//   ReadExportTrie(trie, limits, image.exports);
//   ReadBindImports(opcodes, limits, image.imports);
//
// Each appends what it finds and stops where the data stops making sense.
// Internal to formats/macho.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daylight/bytes/bytes.h"
#include "daylight/formats/macho/limits.h"

namespace dl::macho {

// A trie of names, of LC_DYLD_INFO or LC_DYLD_EXPORTS_TRIE.
void ReadExportTrie(Bytes trie, Limits& limits, std::vector<std::string>& exports);

// The opcodes of LC_DYLD_INFO that bind symbols; any of its three kinds.
void ReadBindImports(Bytes opcodes, Limits& limits, std::vector<std::string_view>& imports);

// LC_DYLD_CHAINED_FIXUPS.
void ReadChainedImports(Bytes fixups, bool big_endian, Limits& limits, std::vector<std::string_view>& imports);

}  // namespace dl::macho
