#include <algorithm>

#include "daylight/match/atoms.h"
#include "daylight/match/chains.h"
#include "daylight/match/matcher.h"
#include "daylight/match/normal_form.h"
#include "daylight/match/program.h"
#include "daylight/match/tables_writer.h"
#include "daylight/match/text_forms.h"

namespace dl::match {

namespace {

// The longest text; so an overlap never asks for more than the format allows.
constexpr std::size_t kMaxTextBytes = 16u << 20;

// A sub-pattern before it gets its place in the tables.
struct Draft {
  SubRecord sub;
  std::uint32_t part = 0;           // Which part of a chain; 0 when there is none.
  std::vector<std::uint8_t> text;   // Fixed: values, then masks if kSubMasked.
  CompiledPrograms programs;        // Automaton.
  std::vector<std::uint8_t> extra;  // What sub.extra points at.
  AtomSet atoms;
  std::uint32_t dropped_length = 0;  // Of the shortest atom of those that were dropped.

  // Every position is a candidate that begins as a match does.
  void DropAtoms() {
    dropped_length = 0xffffffff;
    for (const Atom& atom : atoms.atoms) dropped_length = std::min(dropped_length, atom.bytes);
    atoms = {};
  }
};

// Runs of one set that are worth looking for instead of atoms.
constexpr std::uint32_t kMinRun = 8;

// A fixed sequence of bytes, if that is all the expression is.
bool AsFixed(const Term& root, std::vector<std::uint8_t>& values, std::vector<std::uint8_t>& masks) {
  const std::span<const Term> terms =
      root.kind == TermKind::kConcat ? std::span<const Term>(root.children) : std::span<const Term>(&root, 1);
  for (const Term& term : terms) {
    std::uint8_t value = 0;
    std::uint8_t mask = 0;
    if (term.kind != TermKind::kSet || !AsMasked(term.set, value, mask)) return false;
    values.push_back(value);
    masks.push_back(mask);
  }
  return !values.empty();
}

void Widen(std::vector<std::uint8_t>& bytes, std::uint8_t between) {
  std::vector<std::uint8_t> wide;
  wide.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    wide.push_back(byte);
    wide.push_back(between);
  }
  bytes = std::move(wide);
}

// A FirstBytes record, see matcher_format.h.
std::vector<std::uint8_t> FirstBytesRecord(const ByteSet& set, std::uint32_t run) {
  std::vector<std::uint8_t> bytes(kFirstBytesBits);
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (set.Contains(static_cast<std::uint8_t>(byte))) {
      bytes[byte >> 3] = static_cast<std::uint8_t>(bytes[byte >> 3] | 1u << (byte & 7));
    }
  }
  for (unsigned i = 0; i < 4; ++i) bytes.push_back(static_cast<std::uint8_t>(run >> (8 * i)));
  return bytes;
}

// What kSubBase64Check needs, see matcher_format.h.
std::vector<std::uint8_t> Base64Record(const TextForm& form, std::string_view alphabet) {
  std::vector<std::uint8_t> record(kBase64ValuesBytes, kNoBase64Value);
  for (std::size_t value = 0; value < alphabet.size(); ++value) {
    record[static_cast<std::uint8_t>(alphabet[value])] = static_cast<std::uint8_t>(value);
  }
  record.push_back(form.base64_shift);
  for (unsigned i = 0; i < 4; ++i) record.push_back(static_cast<std::uint8_t>(form.plain.size() >> (8 * i)));
  record.insert(record.end(), form.plain.begin(), form.plain.end());
  return record;
}

void SetFixed(Draft& draft, const std::vector<std::uint8_t>& values, const std::vector<std::uint8_t>& masks) {
  draft.text = values;
  draft.sub.size = static_cast<std::uint32_t>(values.size());
  if (std::any_of(masks.begin(), masks.end(), [](std::uint8_t mask) { return mask != 0xff; })) {
    draft.sub.flags |= kSubMasked;
    draft.text.insert(draft.text.end(), masks.begin(), masks.end());
  }
}

Result<std::vector<Draft>> DraftText(const Pattern& pattern, const AtomSettings& settings) {
  if (pattern.text.empty()) return Fail(ErrorCode::kMalformed, "an empty text");
  if (pattern.text.size() > kMaxTextBytes) return Fail(ErrorCode::kBudget, "the text is too long");
  std::vector<Draft> drafts;
  for (const TextForm& form : FormsOfText(pattern)) {
    Draft draft;
    SubRecord& sub = draft.sub;
    if (form.wide) sub.flags |= kSubWide;
    if (pattern.fullword) sub.flags |= kSubFullword;
    sub.flags |= std::uint32_t{form.rank} << kSubRankShift;
    SetFixed(draft, form.values, form.masks);
    if (form.is_xor) {
      sub.flags |= kSubXor;
      if (pattern.dialect == Dialect::kYaraX) sub.flags |= kSubUnxorWord;
      sub.xor_range = pattern.xor_min | std::uint32_t{pattern.xor_max} << 8;
      draft.atoms = AtomsOfXorText(form.values, pattern.xor_min, pattern.xor_max, settings.stride);
    } else {
      draft.atoms = AtomsOfText(form.values, form.masks, settings);
    }
    if (!draft.atoms.found) continue;  // Only where no key is allowed.
    if (form.is_base64 && pattern.dialect == Dialect::kYaraX) {
      sub.flags |= kSubBase64Check;
      draft.extra = Base64Record(form, Base64Alphabet(pattern));
    }
    drafts.push_back(std::move(draft));
  }
  return drafts;
}

// One part of an expression, in plain or wide bytes.
Result<Draft> DraftExpression(const NormalForm& form, bool wide, const AtomSettings& settings) {
  Draft draft;
  SubRecord& sub = draft.sub;
  if (wide) sub.flags |= kSubWide;
  const ByteSet first = FirstBytes(form.root);
  const std::uint32_t run =
      wide ? 1 : std::clamp<std::uint32_t>(LeadingRun(form.root, first), 1, static_cast<std::uint32_t>(kRegexpReach));
  std::vector<std::uint8_t> values;
  std::vector<std::uint8_t> masks;
  if (AsFixed(form.root, values, masks)) {
    if (wide) {
      Widen(values, 0);
      Widen(masks, 0xff);
    }
    SetFixed(draft, values, masks);
    draft.atoms = AtomsOfText(values, masks, settings);
  } else {
    sub.flags |= kSubAutomaton;
    draft.atoms = AtomsOfTerm(form.root, wide, settings);
    if (draft.atoms.found && run >= kMinRun && CostOfRuns(first, run) < draft.atoms.cost) draft.DropAtoms();
    const std::vector<std::uint32_t> fixed = LeavesAtFixedOffsets(form);
    const auto is_fixed = [&](const Atom& atom) { return fixed[atom.at] <= kRegexpReach / 2; };
    const bool fixed_start = std::all_of(draft.atoms.atoms.begin(), draft.atoms.atoms.end(), is_fixed);
    bool longest = false;
    if (fixed_start) {
      sub.flags |= kSubFixedStart;
    } else if (PrefersByLength(form.root, longest)) {
      // Of the ends that several atoms give, the longest or shortest is preferred.
      sub.flags |= kSubFromAtom;
    }
    if (longest) sub.flags |= kSubGreedy;
    DL_TRY(draft.programs, CompilePrograms(form, draft.atoms.found && !fixed_start));
    if (fixed_start) draft.programs.backward_entry = fixed;
    sub.size = static_cast<std::uint32_t>(draft.programs.words.size());
  }
  if (!draft.atoms.found) draft.extra = FirstBytesRecord(first, run);
  return draft;
}

struct ExpressionDrafts {
  std::vector<Draft> drafts;
  std::vector<ExpressionPart> parts;
  bool unbounded = false;
};

Result<ExpressionDrafts> DraftParts(const Pattern& pattern, const AtomSettings& settings) {
  ExpressionDrafts out;
  const bool is_yara = pattern.dialect == Dialect::kYara;
  const bool is_empty = pattern.expression.matches_nothing();
  if (is_empty) {
    out.parts = {{std::span(&pattern.expression.root.children.front(), 1), 0, 0}};
  } else {
    out.parts = SplitAtJumps(pattern.expression.root);
  }
  if (!is_yara && out.parts.size() > 1) {
    // In YARA-X a split must not show: only parts with one end for each start,
    // in one kind of bytes, behave as if they were not split.
    bool may_split = !pattern.wide && !pattern.fullword;
    for (const ExpressionPart& part : out.parts) {
      DL_TRY(const NormalForm form, NormalizeSequence(part.nodes));
      may_split = may_split && FixedLength(form.root).value_or(0) > 0;
    }
    if (!may_split) out.parts = {{std::span(&pattern.expression.root, 1), 0, 0}};
  }
  for (std::uint32_t i = 0; i < out.parts.size(); ++i) {
    DL_TRY(const NormalForm form, NormalizeSequence(out.parts[i].nodes));
    out.unbounded = out.unbounded || form.unbounded;
    for (const bool wide : {false, true}) {
      if (!(wide ? pattern.wide : pattern.ascii)) continue;
      DL_TRY(Draft draft, DraftExpression(form, wide, settings));
      draft.part = i;
      std::uint32_t& flags = draft.sub.flags;
      if (is_yara) flags |= kSubExpression;
      if (is_empty) flags |= kSubEmpty;
      if (pattern.fullword) flags |= kSubFullword;
      if (wide && !is_yara) flags |= kSubLoose;
      const bool longer_counts = pattern.wide && pattern.ascii && !is_yara && pattern.expression.greedy;
      // In YARA-X a reading that is no word hides no other one, so none may have
      // other ends than its preferred one; nor may it where the longer one counts.
      if (!is_yara && (pattern.fullword || (longer_counts && (flags & kSubGreedy) == 0))) {
        flags &= ~static_cast<std::uint32_t>(kSubFromAtom);
      }
      if (longer_counts) {
        flags |= kSubGreedy;
      } else if (wide && pattern.ascii) {
        // The plain reading is preferred; in YARA, even one of no bytes.
        flags |= 1u << kSubRankShift;
        if (is_yara && IsNullable(form.root)) flags |= kSubAsciiFirst;
      }
      out.drafts.push_back(std::move(draft));
    }
  }
  return out;
}

}  // namespace

class MatcherBuilder::Impl {
 public:
  Impl(std::uint32_t groups, std::uint32_t stride) : tables(groups, stride), groups_(groups) {}

  Result<std::uint32_t> Add(const Pattern& pattern);

  TablesWriter tables;
  std::vector<PatternCost> costs;

 private:
  void Place(Draft& draft, PatternCost& cost);

  std::uint32_t groups_;
};

void MatcherBuilder::Impl::Place(Draft& draft, PatternCost& cost) {
  SubRecord& sub = draft.sub;
  const bool is_automaton = (sub.flags & kSubAutomaton) != 0;
  sub.data = is_automaton ? tables.AddProgram(draft.programs.words) : tables.AddText(draft.text);
  if (!draft.extra.empty()) sub.extra = tables.AddText(draft.extra);
  tables.NeedReach(is_automaton ? kRegexpReach : sub.size);
  const std::uint32_t index = tables.AddSub(sub);
  if (!draft.atoms.found) {
    tables.AddEverywhere(sub.group, index);
    cost.atom_length = std::min(cost.atom_length, draft.dropped_length);
    return;
  }
  for (const Atom& atom : draft.atoms.atoms) {
    AtomEntry entry;
    entry.sub = index;
    entry.at = is_automaton ? draft.programs.forward_entry[atom.at] : atom.at;
    entry.backward = is_automaton ? draft.programs.backward_entry[atom.at] : 0;
    entry.skip = static_cast<std::uint8_t>(atom.skip);
    tables.AddAtom(sub.group, atom, entry);
    cost.atom_length = std::min(cost.atom_length, atom.bytes);
  }
  // One place is sought by as many atoms as the stride has positions.
  const std::uint32_t places = draft.atoms.atoms.front().in_filter ? tables.stride() : 1;
  cost.atom_count += static_cast<std::uint32_t>(draft.atoms.atoms.size()) / places;
}

Result<std::uint32_t> MatcherBuilder::Impl::Add(const Pattern& pattern) {
  if (pattern.group >= groups_) return Fail(ErrorCode::kMalformed, "a pattern's group does not exist");
  std::vector<Draft> drafts;
  std::vector<ExpressionPart> parts;
  PatternCost cost;
  if (pattern.is_text) {
    DL_TRY(drafts, DraftText(pattern, {tables.stride(), tables.use()}));
  } else {
    DL_TRY(ExpressionDrafts expression, DraftParts(pattern, {tables.stride(), tables.use()}));
    drafts = std::move(expression.drafts);
    parts = std::move(expression.parts);
    cost.unbounded = expression.unbounded;
  }
  PatternRecord record;
  if (pattern.first_match_only) record.flags |= kPatternFirstOnly;
  if (pattern.dialect == Dialect::kYaraX) record.flags |= kPatternNearestNext;
  if (parts.size() > 1) {
    record.chain_first = tables.chain_size();
    record.chain_count = static_cast<std::uint32_t>(parts.size());
  }
  const std::uint32_t id = tables.AddPattern(record);
  if (parts.size() > 1) {
    for (const ExpressionPart& part : parts) tables.AddChainPart({id, part.gap_min, part.gap_max, 0});
  }
  cost.atom_length = 0xffffffff;
  for (Draft& draft : drafts) {
    draft.sub.pattern = id;
    draft.sub.group = pattern.group;
    // A list of a part is numbered once the number of patterns is known.
    draft.sub.list = parts.size() > 1 ? kPartList | (record.chain_first + draft.part) : id;
    Place(draft, cost);
  }
  if (cost.atom_length == 0xffffffff) cost.atom_length = 0;
  costs.push_back(cost);
  return id;
}

MatcherBuilder::MatcherBuilder(std::uint32_t groups, std::uint32_t stride)
    : impl_(std::make_unique<Impl>(groups, stride)) {}
MatcherBuilder::~MatcherBuilder() = default;
Result<std::uint32_t> MatcherBuilder::Add(const Pattern& pattern) { return impl_->Add(pattern); }
const PatternCost& MatcherBuilder::cost(std::uint32_t pattern) const { return impl_->costs.at(pattern); }
Status MatcherBuilder::Finish(database::Writer& writer, std::uint32_t unit) {
  return impl_->tables.Write(writer, unit);
}

}  // namespace dl::match
