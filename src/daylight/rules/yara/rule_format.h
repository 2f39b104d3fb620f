// The records of a compiled YARA rule set, as they lie in database sections.
//
// All little-endian, fixed-size, without pointers: text is {offset, length} in
// the text pool, lists are {first, count} in another section.
// docs/formats/database.md describes every field; a change here is a new
// kFormatMinor or kFormatMajor.
#pragma once

#include <cstdint>

#include "daylight/database/database.h"

namespace dl::yara {

using database::MakeSectionKind;
using database::SectionKind;

inline constexpr SectionKind kTextSection = MakeSectionKind("YTXT");        // Bytes.
inline constexpr SectionKind kHeadSection = MakeSectionKind("YHED");        // One HeadRecord.
inline constexpr SectionKind kRuleSection = MakeSectionKind("YRUL");        // RuleRecord.
inline constexpr SectionKind kStringSection = MakeSectionKind("YSTR");      // StringRecord.
inline constexpr SectionKind kTagSection = MakeSectionKind("YTAG");         // TextRef.
inline constexpr SectionKind kMetaSection = MakeSectionKind("YMET");        // MetaRecord.
inline constexpr SectionKind kNamespaceSection = MakeSectionKind("YNSP");   // TextRef.
inline constexpr SectionKind kExternalSection = MakeSectionKind("YEXT");    // ExternalRecord.
inline constexpr SectionKind kModuleSection = MakeSectionKind("YMOD");      // ModuleRecord.
inline constexpr SectionKind kNodeSection = MakeSectionKind("YCOD");        // NodeRecord.
inline constexpr SectionKind kListSection = MakeSectionKind("YLST");        // u32: argument and set lists.
inline constexpr SectionKind kRegexpSection = MakeSectionKind("YREX");      // Range, in kProgramSection.
inline constexpr SectionKind kProgramSection = MakeSectionKind("YPRG");     // Programs of match::CompileSearch.
inline constexpr SectionKind kAnchorSection = MakeSectionKind("YANC");      // AnchorRecord.
inline constexpr SectionKind kGroupSection = MakeSectionKind("YGRP");       // GroupRecord.
inline constexpr SectionKind kMagicSection = MakeSectionKind("YMAG");       // MagicRecord.
inline constexpr SectionKind kUserIndexSection = MakeSectionKind("YUSI");   // Range, a pattern each, in kUserSection.
inline constexpr SectionKind kUserSection = MakeSectionKind("YUSE");        // u32: rules that use a pattern.
inline constexpr SectionKind kAlwaysSection = MakeSectionKind("YALW");      // u32: rules to evaluate without a match.
inline constexpr SectionKind kWhenFilledSection = MakeSectionKind("YFIL");  // WhenFilledRecord.
inline constexpr SectionKind kSizeClassSection =
    MakeSectionKind("YSZC");  // u64 words: live patterns, a size class each.

// Objects of [2^(n-1), 2^n) bytes are size class n; class 0 is the empty one.
inline constexpr std::uint32_t kSizeClasses = 41;

struct TextRef {
  std::uint32_t offset;
  std::uint32_t length;
};

struct Range {
  std::uint32_t first;
  std::uint32_t count;
};

struct HeadRecord {
  TextRef source_name;
  TextRef source_licence;
  std::uint32_t pattern_count;
  std::uint32_t dialect;  // match::Dialect.
  std::uint32_t reserved[2];
};

enum RuleFlags : std::uint32_t { kRuleGlobal = 1, kRulePrivate = 2 };

struct RuleRecord {
  TextRef identifier;
  std::uint32_t name_space;
  std::uint32_t flags;
  Range tags;
  Range metas;
  Range strings;
  Range references;         // In kListSection: rules that the condition refers to.
  Range dependents;         // In kListSection: rules whose conditions refer to this one.
  std::uint32_t condition;  // A node.
  std::uint32_t locals;
  std::uint32_t group;
  std::uint32_t reserved;
  TextRef condition_text;
  std::uint64_t min_filesize;  // Outside of these bounds the condition is false.
  std::uint64_t max_filesize;
};

enum StringFlags : std::uint32_t {
  kStringPrivate = 1,
  kStringFixedOffset = 2,  // Only the match at fixed_offset counts.
  kStringAnchored = 4,     // `pattern` is {first anchor}, the matcher does not know the string.
  kStringExistence = 8,    // The condition asks for nothing but whether there is a match.
};

struct StringRecord {
  TextRef identifier;
  std::uint32_t pattern;  // Of the matcher, or the first of anchor_count anchors.
  std::uint32_t anchor_count;
  std::uint32_t flags;
  std::uint32_t reserved;
  std::uint64_t fixed_offset;
};

// A string that counts at one place only: compared there, never searched.
struct AnchorRecord {
  TextRef value;  // In the text pool; `mask` has the same length.
  TextRef mask;
  std::uint32_t fullword;  // 0 no, 1 ASCII, 2 wide.
  std::uint32_t reserved;
};

struct MetaRecord {
  TextRef key;
  TextRef text;
  std::uint32_t kind;  // report::MetaValue::Kind.
  std::uint32_t reserved;
  std::int64_t integer;  // Also the bits of a float.
};

struct ExternalRecord {
  TextRef name;
  TextRef text;
  std::uint32_t kind;  // TypeKind.
  std::uint32_t reserved;
  std::int64_t integer;  // Also the bits of a float.
};

struct ModuleRecord {
  TextRef name;
  std::uint64_t fingerprint;  // Of the module's schema: field indices are only valid for an equal one.
};

struct NodeRecord {
  std::uint8_t op;          // Op.
  std::uint8_t type;        // TypeKind.
  std::uint8_t quantifier;  // Quantifier.
  std::uint8_t flags;       // 1: a constant.
  std::uint32_t index;
  Range args;            // In kListSection: nodes.
  Range set;             // In kListSection: string or rule indices; for kString: text offset and length.
  std::int64_t integer;  // Also the bits of a float.
  TextRef span;          // In the rule's condition text.
};

struct GroupRecord {
  Range magics;       // At least one of these must be there; none: the group is always live.
  Range always;       // In kAlwaysSection.
  Range when_filled;  // In kWhenFilledSection.
};
// Rules to evaluate without a match when an array of facts has something in it.
struct WhenFilledRecord {
  std::uint32_t node;  // The array.
  std::uint32_t reserved;
  Range rules;  // In kAlwaysSection.
};

// The offset of a magic that no object has.
inline constexpr std::uint32_t kMagicNowhere = 0xffffffff;

// bytes[0..length) after the mask, at `offset` of the object.
struct MagicRecord {
  std::uint32_t offset;
  std::uint32_t length;
  std::uint8_t value[8];
  std::uint8_t mask[8];
};

// docs/formats/database.md says these sizes.
static_assert(sizeof(HeadRecord) == 32 && sizeof(RuleRecord) == 96 && sizeof(StringRecord) == 32);
static_assert(sizeof(AnchorRecord) == 24 && sizeof(MetaRecord) == 32 && sizeof(ExternalRecord) == 32);
static_assert(sizeof(ModuleRecord) == 16 && sizeof(NodeRecord) == 40 && sizeof(GroupRecord) == 24 &&
              sizeof(WhenFilledRecord) == 16);
static_assert(sizeof(MagicRecord) == 24);

}  // namespace dl::yara
