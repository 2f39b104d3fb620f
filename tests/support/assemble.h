// AssembleText turns a readable description of a binary file into its bytes,
// so that samples live in the tree as text.
//
//   label dos
//     ascii "MZ"
//     at 0x3c  u32 nt          # the offset of the label `nt`
//   label nt                   # a label names the offset where it stands
//     u32 rva:imports end-nt   # an address, and a length
//
// Statements, one or more a line; `#` begins a comment:
//   u8 u16 u32 u64 VALUE...    little-endian numbers
//   ascii "TEXT"  utf16 "TEXT" characters as they are, with \0 \n \" \\ \xHH
//   zero N                     N zero bytes
//   at OFFSET  align N         zero bytes up to there (never backwards)
//   map RVA                    what follows is loaded at RVA, until the next map
//   label NAME
// A VALUE is numbers, labels (their offset) and rva:labels joined by + and -,
// without spaces.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dl::testing {

struct Assembled {
  std::vector<std::byte> bytes;
  std::string error;  // Empty when all is well; else "line 3: ...".
};

Assembled AssembleText(std::string_view text);

// The bytes of a hex dump: pairs of digits, any white space, `#` comments.
Assembled AssembleHex(std::string_view text);

}  // namespace dl::testing
