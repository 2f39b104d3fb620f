// The stable codes of diagnostics: the only place that names them. A code never
// changes its meaning; docs/rules/diagnostics.md shows an example of each, and
// docs_test.cc holds that page against this file.
//
//   diagnostics.Error(code::kUndefinedString, span, "undefined string \"$b\"");
#pragma once

namespace dl::yara::code {

// E1xx: the text itself.
inline constexpr const char* kSyntax = "E101";
inline constexpr const char* kUnterminatedString = "E102";
inline constexpr const char* kUnterminatedRegexp = "E103";
inline constexpr const char* kUnterminatedComment = "E104";
inline constexpr const char* kUnterminatedHex = "E105";
inline constexpr const char* kIllegalEscape = "E106";
inline constexpr const char* kIllegalCharacter = "E107";
inline constexpr const char* kIntegerTooLarge = "E108";
inline constexpr const char* kRegexpFlag = "E109";
inline constexpr const char* kIdentifierTooLong = "E110";
inline constexpr const char* kChainedComparison = "E111";
inline constexpr const char* kDuplicateRuleModifier = "E112";
inline constexpr const char* kEncoding = "E113";
inline constexpr const char* kEntrypointGone = "E114";

// E2xx: names.
inline constexpr const char* kUndefinedIdentifier = "E201";
inline constexpr const char* kUndefinedString = "E202";
inline constexpr const char* kDuplicateRule = "E203";
inline constexpr const char* kDuplicateString = "E204";
inline constexpr const char* kDuplicateTag = "E205";
inline constexpr const char* kUnreferencedString = "E206";
inline constexpr const char* kLoopVariableTaken = "E207";
inline constexpr const char* kRuleIsExternal = "E208";
inline constexpr const char* kUnknownField = "E209";
inline constexpr const char* kAnonymousOutsideLoop = "E210";
inline constexpr const char* kMatchesEarlierWildcard = "E211";
inline constexpr const char* kRuleHasErrors = "E212";
inline constexpr const char* kEmptySet = "E213";

// E3xx: types and values.
inline constexpr const char* kWrongType = "E301";
inline constexpr const char* kTypeMismatch = "E302";
inline constexpr const char* kNotStructure = "E303";
inline constexpr const char* kNotIndexable = "E304";
inline constexpr const char* kNotFunction = "E305";
inline constexpr const char* kWrongArguments = "E306";
inline constexpr const char* kNotIterable = "E307";
inline constexpr const char* kLoopVariableCount = "E308";
inline constexpr const char* kIntegerOverflow = "E309";
inline constexpr const char* kDivisionByZero = "E310";
inline constexpr const char* kNegativeShift = "E311";
inline constexpr const char* kInvalidQuantifier = "E312";
inline constexpr const char* kInvalidPercentage = "E313";
inline constexpr const char* kNegativeValue = "E314";
inline constexpr const char* kInvalidRange = "E315";
inline constexpr const char* kWrongUse = "E316";

// E4xx: strings and patterns.
inline constexpr const char* kEmptyString = "E401";
inline constexpr const char* kWrongModifier = "E402";
inline constexpr const char* kDuplicateModifier = "E403";
inline constexpr const char* kModifierConflict = "E404";
inline constexpr const char* kXorRange = "E405";
inline constexpr const char* kBase64Alphabet = "E406";
inline constexpr const char* kBase64TooShort = "E407";
inline constexpr const char* kRegexpSyntax = "E410";
inline constexpr const char* kRegexpTooLarge = "E411";
inline constexpr const char* kMixedGreediness = "E412";
inline constexpr const char* kRegexpEscape = "E413";
inline constexpr const char* kRegexpUnsupported = "E414";
inline constexpr const char* kArbitraryPrefix = "E415";
inline constexpr const char* kHexSyntax = "E420";
inline constexpr const char* kHexJump = "E421";
inline constexpr const char* kHexTooLarge = "E422";

// E5xx: what comes from outside the text.
inline constexpr const char* kUnknownModule = "E501";
inline constexpr const char* kIncludeNotFound = "E502";
inline constexpr const char* kIncludeNotAllowed = "E503";
inline constexpr const char* kIncludeCycle = "E504";
inline constexpr const char* kIncludeTooDeep = "E505";
inline constexpr const char* kIncludesDisabled = "E506";
inline constexpr const char* kDuplicateExternal = "E507";

// E6xx: limits.
inline constexpr const char* kTextTooLarge = "E601";
inline constexpr const char* kTooDeep = "E602";
inline constexpr const char* kTooManyErrors = "E603";
inline constexpr const char* kTooManyTerms = "E604";
inline constexpr const char* kTooManyStrings = "E605";
inline constexpr const char* kTooManyRules = "E606";
inline constexpr const char* kTooManyLocals = "E607";
inline constexpr const char* kPatternTooLong = "E608";

// W1xx: what is slow.
inline constexpr const char* kSlowPattern = "W101";
inline constexpr const char* kUnboundedPattern = "W102";
// W2xx: what is redundant.
inline constexpr const char* kConsecutiveJumps = "W201";
inline constexpr const char* kTextAsHex = "W202";
inline constexpr const char* kDuplicatePattern = "W203";
inline constexpr const char* kDuplicateRuleBody = "W204";
inline constexpr const char* kUnusedIdentifier = "W205";
inline constexpr const char* kUnusedString = "W206";
// W3xx: what probably means something else than was intended.
inline constexpr const char* kInvariant = "W301";
inline constexpr const char* kUnsatisfiable = "W302";
inline constexpr const char* kNonBoolean = "W303";
inline constexpr const char* kAmbiguousZero = "W304";
inline constexpr const char* kUnintendedInSet = "W305";
inline constexpr const char* kGlobalRuleMisuse = "W306";
inline constexpr const char* kDeprecated = "W307";
// W9xx: about the report.
inline constexpr const char* kTooManyWarnings = "W901";

}  // namespace dl::yara::code
