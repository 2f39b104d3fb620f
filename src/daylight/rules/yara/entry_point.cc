#include "daylight/rules/yara/entry_point.h"

#include "daylight/formats/elf/elf.h"
#include "daylight/formats/pe/image.h"

namespace dl::yara {

namespace {
bool IsPe(Bytes head) { return AsText(head).starts_with("MZ"); }
bool IsElf(Bytes head) {
  return AsText(head).starts_with(
      "\x7f"
      "ELF");
}
}  // namespace

bool MayHaveEntryPoint(Bytes head) { return IsPe(head) || IsElf(head); }

std::optional<std::uint64_t> EntryPointOffset(Bytes object) {
  if (IsPe(object)) return pe::PeEntryPointOffset(object);
  if (IsElf(object)) return elf::ElfEntryPointOffset(object);
  return std::nullopt;
}

}  // namespace dl::yara
