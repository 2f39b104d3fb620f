// The sections of a ClamAV unit in a database; docs/formats/database.md has
// them byte by byte. A unit has also the sections of a matcher, whose patterns
// are triggers.
#pragma once

#include <cstdint>

#include "daylight/database/database.h"

namespace dl::clamav {

inline constexpr auto kSectionHead = database::MakeSectionKind("CHED");
inline constexpr auto kSectionInventory = database::MakeSectionKind("CINV");
inline constexpr auto kSectionNames = database::MakeSectionKind("CNAM");
inline constexpr auto kSectionNameBlocks = database::MakeSectionKind("CNAB");
// Run: names of signatures from signed files, ascending.
inline constexpr auto kSectionOfficialNames = database::MakeSectionKind("CNAO");
// u32: where each signature's bytes begin in CSIG; one more than there are.
inline constexpr auto kSectionSignatureIndex = database::MakeSectionKind("CSIX");
inline constexpr auto kSectionSignatures = database::MakeSectionKind("CSIG");
// u32 by pattern of the matcher: the signature it is a trigger of.
inline constexpr auto kSectionTriggers = database::MakeSectionKind("CTRG");
// Run[kGroupCount] and u32: signatures without a trigger, by group.
inline constexpr auto kSectionAlwaysRuns = database::MakeSectionKind("CALR");
inline constexpr auto kSectionAlways = database::MakeSectionKind("CALW");
// u32 by target and macro group: Run[15 * 32], then the signatures.
inline constexpr auto kSectionMacroRuns = database::MakeSectionKind("CMAR");
inline constexpr auto kSectionMacros = database::MakeSectionKind("CMAC");
inline constexpr auto kSectionContainers = database::MakeSectionKind("CCDB");
inline constexpr auto kSectionLines = database::MakeSectionKind("CLIN");

inline constexpr std::uint32_t kUnitVersion = 2;
inline constexpr std::uint32_t kTargets = 15;
inline constexpr std::uint32_t kMacroGroups = 32;
// Of the matcher: by target, then the same for potentially unwanted applications.
inline constexpr std::uint32_t kGroupCount = 2 * kTargets;
inline std::uint32_t GroupOf(std::uint32_t target, bool is_pua) { return target + (is_pua ? kTargets : 0); }

struct HeadRecord {
  std::uint32_t version = kUnitVersion;
  std::uint32_t signatures = 0;  // In CSIG.
  std::uint32_t digests = 0;     // In all tables of digests.
  std::uint32_t names = 0;
  std::uint8_t source_digest[32] = {};  // SHA-256 of what it was compiled from.
  std::uint32_t reserved[4] = {};
};
static_assert(sizeof(HeadRecord) == 64);

struct Run {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};
static_assert(sizeof(Run) == 8);

}  // namespace dl::clamav
