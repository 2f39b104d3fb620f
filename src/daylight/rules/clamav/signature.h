// What the lines of ClamAV's signature files say, as plain values: what the
// readers (reader.h) make of text, and what the compiler (compile.h) makes a
// database of.
//
// The words are those of ClamAV's signature documentation. Where it is silent,
// what clamscan 1.4 does is meant.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/crypto/digest.h"

namespace dl::clamav {

inline constexpr std::uint32_t kUnbounded = 0xffffffff;

// One byte of a pattern: matches b with (b & mask) == value. A wildcard ?? has
// mask 0, a nibble f0 or 0f, a letter of a pattern with modifier i df.
struct MaskedByte {
  std::uint8_t value = 0;
  std::uint8_t mask = 0xff;
  bool operator==(const MaskedByte&) const = default;
};

// (aa|bb|cc), (aabb|ccdd), (aa|bbcc), !(aa|bb): one of the choices, or none of
// them; nested ones are multiplied out. Negated ones have choices of one length,
// without wildcards.
struct Alternative {
  bool is_negated = false;
  std::vector<std::vector<MaskedByte>> choices;
};

enum class TokenKind : std::uint8_t {
  kByte,
  kAlternative,
  // Within a part; at its ends they are in Part::left and right.
  kBoundary,    // (B)
  kLineMarker,  // (L)
  kWordMarker,  // (W)
};
struct Token {
  TokenKind kind = TokenKind::kByte;
  bool is_negated = false;  // Of markers.
  MaskedByte byte;          // kByte.
  std::uint32_t index = 0;  // kAlternative: in Part::alternatives.
};

// What must be true of the neighbours of a part. Several may be given; a negated
// one has both of its flags.
enum MarkerFlags : std::uint8_t {
  kMarkBoundary = 1,
  kMarkBoundaryNegated = 2,
  kMarkLine = 4,
  kMarkLineNegated = 8,
  kMarkWord = 16,
  kMarkWordNegated = 32,
};

// aa[x-y] before a part or [x-y]aa after it: a byte within x to y bytes.
struct Anchor {
  bool is_there = false;
  MaskedByte byte;
  std::uint8_t min = 0;
  std::uint8_t max = 0;  // At most 32.
};

// What stands between two * or {} of a pattern.
struct Part {
  // From the end of the part before to the start of this one, in bytes; 0 of
  // the first. `*`: 0 to kUnbounded.
  std::uint32_t gap_min = 0;
  std::uint32_t gap_max = 0;
  std::vector<Token> tokens;
  std::vector<Alternative> alternatives;
  std::uint8_t left = 0;   // MarkerFlags.
  std::uint8_t right = 0;  // MarkerFlags.
  Anchor before;
  Anchor after;
};

struct Pattern {
  std::vector<Part> parts;
  bool is_wide = false;  // Made by modifier w: word markers look at two bytes.
};

enum class OffsetKind : std::uint8_t {
  kAny,           // *
  kAbsolute,      // n
  kEofMinus,      // EOF-n
  kEntryPlus,     // EP+n
  kEntryMinus,    // EP-n
  kSection,       // Sx+n
  kWholeSection,  // SEx
  kLastSection,   // SL+n
  kVersionInfo,   // VI
  kMacroGroup,    // $n$: adds to macro group n, see Macro.
  kNever,         // Of a file this offset has no meaning for; never matches.
};
struct Offset {
  OffsetKind kind = OffsetKind::kAny;
  std::uint32_t value = 0;      // n; the group of kMacroGroup.
  std::uint32_t section = 0;    // x, from 0.
  std::uint32_t max_shift = 0;  // The match may start up to this many bytes later.
};

struct BodySubsignature {
  Offset offset;
  // One; two when modifiers a and w are both given: either counts.
  std::vector<Pattern> patterns;
};

// ${min-max}group$: a match of `group` starts min to max bytes after the start
// of the subsignature before this one.
struct MacroSubsignature {
  std::uint32_t min = 0;
  std::uint32_t max = 0;
  std::uint32_t group = 0;  // Less than 32.
};

// id(>>off#[hdai][lb][e]n#cmp[,cmp])
struct ByteCompare {
  std::uint32_t reference = 0;  // Subsignature.
  std::int64_t offset = 0;      // From the start of its match, in bytes.
  enum class Base : std::uint8_t { kHex, kDecimal, kAuto, kRaw } base = Base::kRaw;
  bool is_little_endian = false;
  bool is_exact = false;  // e: exactly `bytes` of digits.
  std::uint32_t bytes = 0;
  struct Comparison {
    char op = '=';  // '<', '>' or '='.
    std::int64_t value = 0;
  };
  std::vector<Comparison> comparisons;  // One or two; all must hold.
};

struct Regexp {
  std::string trigger;  // An expression over the other subsignatures, as Expression text.
  std::string pattern;
  Offset offset;
  // Flags as written: g r e i s m x A E U.
  std::string flags;
};

struct ImageHash {
  std::array<std::uint8_t, 8> hash{};
};

struct Subsignature {
  enum class Kind : std::uint8_t { kBody, kMacro, kByteCompare, kRegexp, kImageHash } kind = Kind::kBody;
  BodySubsignature body;
  MacroSubsignature macro;
  ByteCompare byte_compare;
  Regexp regexp;
  ImageHash image_hash;
};

struct Range {
  std::uint32_t min = 0;
  std::uint32_t max = kUnbounded;
};

// Type numbers are filetype::Type's; kept as the names that files use.
struct Intermediate {
  std::string type;  // "CL_TYPE_ZIP"
};

// A body signature (.db, .ndb, .sdb: expression "0") or a logical one (.ldb).
struct LogicalSignature {
  std::string name;
  bool is_pua = false;       // From a file whose suffix ends in u.
  std::uint32_t target = 0;  // 0 to 14.
  std::string expression;
  std::vector<Subsignature> subsignatures;  // At most 64.
  // .ndb and .db: the sole subsignature's offset applies, and nothing below.
  bool is_plain = false;
  std::optional<Range> file_size;
  std::optional<Range> entry_point;
  std::optional<Range> sections;
  std::string container;                   // "CL_TYPE_ZIP"; empty: any.
  std::vector<std::string> intermediates;  // Outermost first as written; "CL_TYPE_ANY" matches any.
  std::string icon_group_1;
  std::string icon_group_2;
  std::string handler_type;  // The object is scanned again as this type; then it is a detection.
};

using crypto::DigestKind;
struct DigestSignature {
  // kAllowed: .fp and .sfp, which win over what is detected.
  enum class Of : std::uint8_t { kFile, kSection, kImports, kAllowed } of = Of::kFile;
  bool is_pua = false;
  DigestKind kind = DigestKind::kMd5;
  std::array<std::uint8_t, 32> digest{};  // The first 16, 20 or 32 bytes.
  std::optional<std::uint32_t> size;      // Absent: any (*).
};

// Which file a signature came from, for `rules list` and for ignore lists.
enum class FileKind : std::uint8_t {
  kDb,
  kHdb,
  kHsb,
  kFp,
  kSfp,
  kMdb,
  kMsb,
  kImp,
  kNdb,
  kSdb,
  kLdb,
  kIdb,
  kCdb,
  kZmd,
  kRmd,
  kPdb,
  kGdb,
  kWdb,
  kCbc,
  kFtm,
  kCfg,
  kCat,
  kCrb,
  kIoc,
  kYara,
  kPwdb,
  kIgn,
  kIgn2,
  kInfo,
  kUnknown,
};

// .cdb: what an archive says of a member.
struct ContainerSignature {
  std::string name;
  std::string container;  // "CL_TYPE_ZIP"; empty: any.
  std::optional<Range> container_size;
  std::string file_name;  // A POSIX extended expression; empty: any.
  std::optional<Range> size_in_container;
  std::optional<Range> real_size;
  std::optional<bool> is_encrypted;
  std::optional<Range> position;
  std::string checksum;  // CRC of .zmd and .rmd as hexadecimal; empty: any.
};

}  // namespace dl::clamav
