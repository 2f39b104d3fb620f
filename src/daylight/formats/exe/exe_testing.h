// An executable's facts as lines of text, for goldens and differential tests.
#pragma once

#include <string>

#include "daylight/crypto/digest.h"
#include "daylight/formats/exe/exe.h"

namespace dl::exe {

inline std::string DumpExe(std::string_view kind, Bytes bytes) {
  std::string out;
  const auto line = [&out](std::string_view name, std::initializer_list<std::uint32_t> values) {
    out += name;
    for (const std::uint32_t value : values) out += ' ' + std::to_string(value);
    out += '\n';
  };
  const auto info = kind == "pe" ? ParsePe(bytes) : kind == "elf" ? ParseElf(bytes) : ParseMachO(bytes);
  if (info) {
    line("entry", {info->entry_point});
    for (const Section& s : info->sections) line("section", {s.raw, s.raw_size, s.rva, s.virtual_size});
    for (const std::uint32_t offset : info->version_offsets) line("version", {offset});
    if (kind == "pe") line("icons", {info->icon_resource_rva()});
  } else {
    out += "error " + std::string(info.error().what) + '\n';
  }
  if (kind == "pe") {
    for (const SectionToHash& s : SectionsToHash(bytes)) line("hash", {s.offset, s.size});
    if (const auto imports = ImportText(bytes)) {
      line("import " + crypto::Hex(crypto::Md5::Of(AsBytes(*imports))), {static_cast<std::uint32_t>(imports->size())});
    }
  }
  if (kind == "macho") {
    for (const UniversalMember& member : UniversalMembers(bytes)) line("member", {member.offset, member.size});
  }
  return out;
}

}  // namespace dl::exe
