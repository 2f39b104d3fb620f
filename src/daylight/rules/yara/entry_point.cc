#include "daylight/rules/yara/entry_point.h"

namespace dl::yara {

bool MayHaveEntryPoint(Bytes head) { return AsText(head).starts_with("MZ") || AsText(head).starts_with("\x7f" "ELF"); }

std::optional<std::uint64_t> EntryPointOffset(Bytes) { return std::nullopt; }

}  // namespace dl::yara
