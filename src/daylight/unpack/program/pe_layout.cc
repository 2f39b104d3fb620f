#include "daylight/unpack/program/pe_layout.h"

#include <algorithm>

#include "daylight/bytes/cursor.h"

namespace dl::unpack {

namespace {

Result<PeLayout::Section> ReadSection(Cursor& at) {
  PeLayout::Section section;
  DL_TRY(const Bytes name, at.ReadBytes(8));
  section.name = AsText(name).substr(0, AsText(name).find('\0'));
  DL_TRY(section.virtual_size, at.ReadU32Le());
  DL_TRY(section.address, at.ReadU32Le());
  DL_TRY(section.size, at.ReadU32Le());
  DL_TRY(section.offset, at.ReadU32Le());
  DL_TRY_STATUS(at.Skip(16));
  return section;
}

}  // namespace

std::uint64_t PeLayout::end() const {
  std::uint64_t end = 0;
  for (const Section& section : sections) end = std::max(end, section.offset + section.size);
  return end;
}

std::uint64_t PeLayout::entry_offset() const {
  std::uint64_t offset = entry;
  for (const Section& section : sections) {
    const std::uint64_t size = std::max(section.size, section.virtual_size);
    if (entry >= section.address && entry - section.address < size) offset = section.offset + (entry - section.address);
  }
  return offset;
}

std::optional<PeLayout> ReadPeLayout(Bytes head) {
  Cursor at(head);
  if (!AsText(head).starts_with("MZ") || !at.SeekTo(0x3c)) return std::nullopt;
  const auto header = at.ReadU32Le();
  if (!header || !at.SeekTo(*header) || at.ReadU32Le().value_or(0) != 0x4550 || !at.Skip(2)) return std::nullopt;
  const auto count = at.ReadU16Le();
  if (!count || !at.Skip(12)) return std::nullopt;
  const auto optional = at.ReadU16Le();
  if (!optional || !at.Skip(2)) return std::nullopt;
  PeLayout layout;
  layout.header = *header;
  Cursor entry = at;
  if (entry.Skip(16)) layout.entry = entry.ReadU32Le().value_or(0);
  if (!at.Skip(*optional)) return std::nullopt;
  for (unsigned i = 0; i < *count; ++i) {
    auto section = ReadSection(at);
    if (!section) return layout;
    layout.sections.push_back(std::move(*section));
  }
  layout.has_all_sections = true;
  return layout;
}

}  // namespace dl::unpack
