// What holds for the facts of any bytes; used by tests and the fuzz target.
#pragma once

#include <algorithm>

#include "daylight/base/check.h"
#include "daylight/formats/exe/exe.h"

namespace dl::exe {

inline bool LiesWithin(Bytes bytes, std::uint32_t offset, std::uint32_t size) {
  return offset <= bytes.size() && size <= bytes.size() - offset;
}

inline void CheckInvariants(Bytes bytes) {
  if (const auto pe = ParsePe(bytes)) {
    DL_CHECK(!pe->sections.empty() && pe->sections.size() <= kMaxPeSections);
    DL_CHECK(pe->entry_point < bytes.size());
    for (const Section& section : pe->sections) {
      DL_CHECK(section.raw_size == 0 || LiesWithin(bytes, section.raw, section.raw_size));
    }
    DL_CHECK(std::adjacent_find(pe->version_offsets.begin(), pe->version_offsets.end(),
                                [](std::uint32_t a, std::uint32_t b) { return a >= b; }) == pe->version_offsets.end());
    // A key, and the header before it.
    for (const std::uint32_t offset : pe->version_offsets) DL_CHECK(offset >= 6 && offset < bytes.size());
  }
  const std::vector<SectionToHash> hashed = SectionsToHash(bytes);
  DL_CHECK(hashed.size() <= kMaxPeSections);
  for (const SectionToHash& section : hashed) {
    DL_CHECK(section.size > 0 && LiesWithin(bytes, section.offset, section.size));
  }
  if (const auto text = ImportText(bytes)) {
    DL_CHECK(text->size() <= kMaxImportTextBytes);
    DL_CHECK(text->find('\0') == std::string::npos);
  }
  if (const auto elf = ParseElf(bytes)) DL_CHECK(elf->sections.size() <= kMaxElfSections);
  if (const auto macho = ParseMachO(bytes)) DL_CHECK(macho->sections.size() <= 0xffff);
  const std::vector<UniversalMember> members = UniversalMembers(bytes);
  DL_CHECK(members.size() <= kMaxUniversalMembers);
  for (const UniversalMember& member : members) DL_CHECK(LiesWithin(bytes, member.offset, member.size));
}

}  // namespace dl::exe
