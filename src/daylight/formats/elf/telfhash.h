// Hashes of the symbols that an ELF file takes part in linking with: files that
// were built from similar sources have similar, or the same, ones.
//
//   const std::optional<std::string> hash = elf::Telfhash(file.dynsym->symbols);
//   const std::optional<std::string> list = elf::ImportList(file.dynsym->symbols);
//
// Pure functions. Use the dynamic symbols, or the static ones where a file has
// no dynamic ones.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "daylight/formats/elf/elf.h"

namespace dl::elf {

// Trend Micro's telfhash: the TLSH of the sorted names of the global functions
// that say something about a program. Absent when no symbol does; empty when
// their names are too short or too uniform for TLSH.
std::optional<std::string> Telfhash(std::span<const Symbol> symbols);

// The sorted names of undefined symbols, in lower case, with commas between:
// what YARA's elf.import_md5() hashes. Absent when there are none.
std::optional<std::string> ImportList(std::span<const Symbol> symbols);

}  // namespace dl::elf
