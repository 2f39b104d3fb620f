// Where the sections of a program for Windows lie, and no more: what unpackers need
// to tell what stands behind it, within it, or what packed it.
//
//   const auto program = ReadPeLayout(head);
//   if (program && program->end() < size) LookBehind(program->end());
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daylight/bytes/bytes.h"

namespace dl::unpack {

struct PeLayout {
  struct Section {
    std::string name;
    std::uint64_t virtual_size = 0;
    std::uint64_t address = 0;  // In memory.
    std::uint64_t size = 0;
    std::uint64_t offset = 0;  // In the file.
  };
  std::uint64_t header = 0;  // Offset of the PE header.
  std::uint64_t entry = 0;   // Address of the entry point.
  std::vector<Section> sections;
  bool has_all_sections = false;  // `head` had the whole table.

  // Where the last section ends in the file; 0 where there is none.
  std::uint64_t end() const;
  // Offset of the entry point. Before the first section an address is an offset.
  std::uint64_t entry_offset() const;
};

// Nothing where the bytes do not begin as such a program [PE Format, "MS-DOS Stub",
// "COFF File Header", "Section Table"].
std::optional<PeLayout> ReadPeLayout(Bytes head);

}  // namespace dl::unpack
