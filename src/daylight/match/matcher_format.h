// The bytes of a matcher inside a database: what MatcherBuilder writes and
// MatcherTables reads. Everything is little-endian and made of 32-bit words
// (64-bit where it says so); a unit has at most one section of each kind.
//
//   MHDR  one MatcherHeader.
//   MPAT  PatternRecord[pattern_count], by pattern id.
//   MSUB  SubRecord[]: a sub-pattern is one form of a pattern that is verified
//         by itself: the plain or wide bytes of a text, one of its base64
//         forms, an automaton, or one part of a chain.
//   MGRP  GroupRecord[group_count]: what of the prefilter's filter and bitmaps
//         belongs to a group, and its sub-patterns that have no atom.
//   MBIT  u32[]: the keys, bit lists and bitmaps that MGRP points into.
//   MEVY  u32[]: sub-patterns without an atom, as runs that MGRP points into.
//   MSLT  Slot[]: open addressing with linear probing, keyed by the folded
//         bytes of an atom's window and their number. An unused one is zero.
//   MATM  AtomEntry[]: runs of atoms with the same window.
//   MTXT  bytes: what fixed sub-patterns compare with: the values, then, when
//         kSubMasked is set, as many masks. Also what SubRecord::extra names.
//   MPRG  u32[]: programs (program.h), each at a word offset.
//   MCHN  ChainPart[]: the parts of chained patterns, in order.
//
// "Folded" means that bit 5 (0x20) of each byte is cleared where bit 6 is set,
// so that one window serves both cases of a letter.
#pragma once

#include <cstddef>
#include <cstdint>

#include "daylight/database/database.h"

namespace dl::match {

inline constexpr auto kSectionHeader = database::MakeSectionKind("MHDR");
inline constexpr auto kSectionPatterns = database::MakeSectionKind("MPAT");
inline constexpr auto kSectionSubs = database::MakeSectionKind("MSUB");
inline constexpr auto kSectionGroups = database::MakeSectionKind("MGRP");
inline constexpr auto kSectionBits = database::MakeSectionKind("MBIT");
inline constexpr auto kSectionEverywhere = database::MakeSectionKind("MEVY");
inline constexpr auto kSectionSlots = database::MakeSectionKind("MSLT");
inline constexpr auto kSectionAtoms = database::MakeSectionKind("MATM");
inline constexpr auto kSectionTexts = database::MakeSectionKind("MTXT");
inline constexpr auto kSectionPrograms = database::MakeSectionKind("MPRG");
inline constexpr auto kSectionChains = database::MakeSectionKind("MCHN");

inline constexpr std::uint32_t kMatcherVersion = 5;
// The most an overlap may ask for; a header with more is malformed.
inline constexpr std::uint32_t kMaxReachBytes = 1u << 28;

struct MatcherHeader {
  std::uint32_t version = kMatcherVersion;
  std::uint32_t pattern_count = 0;
  std::uint32_t group_count = 0;
  std::uint32_t list_count = 0;   // Match lists: one a pattern, then one a part of a chain.
  std::uint32_t reach_bytes = 0;  // Context that verifying may need on each side of an atom.
  std::uint32_t hash_factor = 0;  // Of the bitmaps' hash; odd.
  std::uint32_t stride = 1;       // Of the positions that the filter looks at: 1 or 2.
  std::uint32_t reserved = 0;
};
static_assert(sizeof(MatcherHeader) == 32);

enum PatternFlags : std::uint32_t {
  kPatternFirstOnly = 1,    // The search may stop at the first match.
  kPatternNearestNext = 2,  // Chained: each part goes on with the nearest next one; otherwise the last part decides.
};

struct PatternRecord {
  std::uint32_t flags = 0;
  std::uint32_t chain_first = 0;  // In MCHN.
  std::uint32_t chain_count = 0;  // 0: not chained.
  std::uint32_t reserved = 0;
};
static_assert(sizeof(PatternRecord) == 16);

enum SubFlags : std::uint32_t {
  kSubAutomaton = 1,      // data is a word offset in MPRG; otherwise a byte offset in MTXT.
  kSubMasked = 2,         // Fixed: masks follow the values.
  kSubWide = 4,           // Neighbours are two bytes; an automaton steps two bytes at a time.
  kSubFullword = 8,       // Both neighbours must not be alphanumeric.
  kSubXor = 16,           // Fixed: with any one key in [xor_min, xor_max].
  kSubUnxorWord = 32,     // Neighbours are looked at after removing the key (YARA-X).
  kSubGreedy = 64,        // Where atoms give several ends for one start, the longest counts, not the shortest.
  kSubBase64Check = 128,  // Fixed: the characters around it are decoded too (YARA-X).
  kSubFromAtom = 256,     // Automaton: running forward from an atom gives the preferred end, not just any.
  kSubFixedStart = 512,   // Automaton: all atoms are at fixed distances from the start; no backward program.
  kSubExpression = 1024,  // Where it matches but is no full word, no other form counts either.
  kSubLoose = 2048,       // Wide automaton: assertions are as loose as YARA-X's, see Text::is_loose.
  kSubAsciiFirst = 4096,  // Wide automaton: no match where the expression matches as plain bytes, even none.
  kSubEmpty = 8192,       // Where it matches, the match that counts is empty.
};
// The rank in the upper byte: of two forms that match at one offset the one
// with the lower rank counts, whatever the lengths.
inline constexpr unsigned kSubRankShift = 24;

struct SubRecord {
  std::uint32_t pattern = 0;
  std::uint32_t group = 0;
  std::uint32_t list = 0;  // Where its matches go.
  std::uint32_t flags = 0;
  std::uint32_t data = 0;
  std::uint32_t size = 0;       // Fixed: bytes. Automaton: words.
  std::uint32_t xor_range = 0;  // min | max << 8.
  // Byte offset in MTXT: of what kSubBase64Check decodes with (the value of each
  // of the 256 characters or kNoBase64Value, how many bytes of its group of
  // three precede the text, four bytes of the text's size, and the text), or of
  // a FirstBytes record of a sub-pattern in MEVY.
  std::uint32_t extra = 0;
};
static_assert(sizeof(SubRecord) == 32);

inline constexpr std::uint32_t kBase64ValuesBytes = 256;
inline constexpr std::uint8_t kNoBase64Value = 0xff;

// How a sub-pattern without an atom begins: the 256 bits of the bytes it can
// begin with, then four bytes that say how many of these at least, one or more,
// stand at the beginning of every match.
inline constexpr std::uint32_t kFirstBytesBits = 32;
inline constexpr std::uint32_t kFirstBytesBytes = kFirstBytesBits + 4;

// What one group has in one bitmap.
struct BitRun {
  std::uint32_t first = 0;  // In MBIT.
  std::uint32_t count = 0;  // Of keys or bit numbers; kDenseBits: a whole bitmap is there instead.
};
inline constexpr std::uint32_t kDenseBits = 0xffffffff;

// The filter of windows and what follows them (prefilter.h); what its candidates
// are then checked with: hashes of all that is known of an atom, and which may
// be atoms of three bytes, which only a stride of two has; the
// bitmap of two bytes that any shorter atom begins with, and what candidates of
// that are then checked with: windows of three bytes, and of two or one.
enum BitmapKind : std::size_t { kFilter, kConfirm, kFilter3, kBitmapShort, kBitmap3, kBitmap2, kBitmaps };

enum GroupFlags : std::uint32_t {
  kGroupZeros = 1,  // An atom of the filter can stand where nothing but zeros is.
};

struct GroupRecord {
  BitRun bits[kBitmaps];
  std::uint32_t everywhere_first = 0;  // In MEVY.
  std::uint32_t everywhere_count = 0;
  std::uint32_t flags = 0;
  std::uint32_t reserved = 0;
};
static_assert(sizeof(GroupRecord) == 64);

struct Slot {
  std::uint32_t window = 0;  // Folded.
  // The window's length - 1 in the upper two bits; below, where in MATM its run
  // begins, plus 1. 0: free.
  std::uint32_t place = 0;
};
static_assert(sizeof(Slot) == 8);
inline constexpr std::uint32_t kMaxAtomEntries = (1u << 30) - 2;
// A key stands at most this many slots behind the one its hash names.
inline constexpr std::uint32_t kMaxProbes = 64;

struct AtomEntry {
  // The eight bytes from window - before on, after masking.
  std::uint64_t value = 0;
  std::uint64_t mask = 0;
  std::uint32_t sub = 0;
  // Fixed: the window's offset in the text. Automaton: entry of the forward program.
  std::uint32_t at = 0;
  // Automaton: entry of the backward program; with kSubFixedStart the leaf's
  // distance from the start, in characters.
  std::uint32_t backward = 0;
  std::uint8_t before = 0;   // How many of the eight bytes come before the window.
  std::uint8_t skip = 0;     // Automaton: from the window to the character the programs start at.
  std::uint8_t is_last = 0;  // Of its run.
  std::uint8_t reserved = 0;
};
static_assert(sizeof(AtomEntry) == 32);

// A part's matches go to list pattern_count + its index in MCHN.
struct ChainPart {
  std::uint32_t pattern = 0;
  std::uint32_t gap_min = 0;  // From the end of the part before; bytes.
  std::uint32_t gap_max = 0;  // kUnbounded.
  std::uint32_t reserved = 0;
};
static_assert(sizeof(ChainPart) == 16);

}  // namespace dl::match
