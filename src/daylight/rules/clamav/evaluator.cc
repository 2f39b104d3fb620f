#include "daylight/rules/clamav/evaluator.h"

#include <algorithm>
#include <numeric>

#include "daylight/rules/clamav/byte_compare.h"
#include "daylight/rules/clamav/perl_regexp.h"

namespace dl::clamav {

namespace {

constexpr std::size_t kMaxMatches = 1u << 20;
constexpr std::uint64_t kNoEnd = ~std::uint64_t{0};

// Bytes that the shortest match of a pattern's part takes.
std::uint64_t LeastBytes(const Part& part) {
  return std::accumulate(part.tokens.begin(), part.tokens.end(), std::uint64_t{0},
                         [&](std::uint64_t sum, const Token& token) { return sum + WidthOf(part, token).least; });
}

bool HasComparison(const Expression& expression) {
  return std::any_of(expression.nodes().begin(), expression.nodes().end(),
                     [](const Expression::Node& node) { return node.comparison != 0; });
}

bool IsConjunction(const Expression& expression) {
  return std::all_of(expression.nodes().begin(), expression.nodes().end(),
                     [](const Expression::Node& node) { return node.op != '|' && node.comparison == 0; });
}

bool InRange(const Range& range, std::uint64_t value) { return value >= range.min && value <= range.max; }

}  // namespace

Evaluator::Evaluator(const View& view, MacroMembers macros, WorkBudget& budget)
    : view_(view), macros_(std::move(macros)), budget_(budget) {}

bool Evaluator::GatesHold(const LogicalSignature& signature) {
  if (signature.file_size && !InRange(*signature.file_size, view_.file_size)) return false;
  if (!signature.container.empty()) {
    const std::string_view container = view_.containers.empty() ? "CL_TYPE_ANY" : std::string_view(view_.containers[0]);
    if (signature.container != container) return false;
  }
  if (signature.intermediates.size() > view_.containers.size()) return false;
  for (std::size_t i = 0; i < signature.intermediates.size(); ++i) {
    // Written from the outside in; the last one is the nearest.
    const std::string& type = signature.intermediates[signature.intermediates.size() - 1 - i];
    if (type != "CL_TYPE_ANY" && type != view_.containers[i]) return false;
  }
  if (signature.entry_point || signature.sections) {
    if (view_.facts == nullptr) return false;
    const Executable& program = view_.facts->executable();
    if (program.state != Executable::State::kParsed) return false;
    if (signature.entry_point && !InRange(*signature.entry_point, program.entry_point)) return false;
    if (signature.sections && !InRange(*signature.sections, program.sections.size())) return false;
  }
  return true;
}

OffsetWindow Evaluator::WindowOf(const Offset& offset, const Pattern* pattern) {
  OffsetWindow window;
  if (offset.kind == OffsetKind::kAny) return window;
  if (offset.kind == OffsetKind::kAbsolute) {
    // Arithmetic is on 32 bits, as clamscan's: a shift that wraps matches nothing.
    window.min = offset.value;
    window.max = offset.value + offset.max_shift;
    return window;
  }
  window.is_never = true;
  if (offset.kind == OffsetKind::kNever || offset.kind == OffsetKind::kMacroGroup) return window;
  static const Executable kNone;
  const Executable& program = view_.facts != nullptr ? view_.facts->executable() : kNone;
  if (program.state == Executable::State::kBroken) return window;
  const std::uint64_t size = view_.bytes.size();
  const std::size_t sections = program.sections.size();
  std::uint32_t min = 0;
  std::optional<std::uint32_t> max;
  switch (offset.kind) {
    case OffsetKind::kEofMinus: min = static_cast<std::uint32_t>(size - offset.value); break;
    case OffsetKind::kEntryPlus: min = program.entry_point + offset.value; break;
    case OffsetKind::kEntryMinus: min = program.entry_point - offset.value; break;
    case OffsetKind::kLastSection:
      if (sections == 0) return window;
      min = program.sections.back().raw + offset.value;
      break;
    case OffsetKind::kSection:
      if (offset.section >= sections) return window;
      min = program.sections[offset.section].raw + offset.value;
      break;
    case OffsetKind::kWholeSection:
      if (offset.section >= sections) return window;
      min = program.sections[offset.section].raw;
      max = min + program.sections[offset.section].size + offset.max_shift;
      break;
    case OffsetKind::kVersionInfo:
      window.only = &program.version_offsets;
      window.is_never = program.version_offsets.empty();
      return window;
    default: return window;
  }
  if (offset.kind != OffsetKind::kEofMinus && program.state != Executable::State::kParsed) return window;
  // A place that leaves no room for the pattern is none.
  const std::uint64_t least = pattern != nullptr && !pattern->parts.empty() ? LeastBytes(pattern->parts[0]) : 0;
  if (std::uint64_t{min} + least > size) return window;
  window.is_never = false;
  window.min = min;
  window.max = max ? *max : std::uint64_t{min} + offset.max_shift;
  return window;
}

std::vector<BodyMatch> Evaluator::FindBody(const BodySubsignature& body, std::size_t limit) {
  std::vector<BodyMatch> matches;
  BodyMatcher matcher(view_.bytes, budget_);
  for (const Pattern& pattern : body.patterns) {
    matcher.Find(pattern, WindowOf(body.offset, &pattern), limit, matches);
  }
  if (body.patterns.size() > 1) {
    std::sort(matches.begin(), matches.end(), [](const BodyMatch& a, const BodyMatch& b) { return a.at < b.at; });
  }
  return matches;
}

const std::vector<BodyMatch>& Evaluator::MacroMatches(std::uint32_t target, std::uint32_t group) {
  auto& found = macro_matches_[group % macro_matches_.size()];
  if (!found) {
    found.emplace();
    // clamscan takes $0$, and never finds it.
    if (group == 0) return *found;
    for (const LogicalSignature& member : macros_(target, group)) {
      for (const Subsignature& sub : member.subsignatures) {
        if (sub.kind != Subsignature::Kind::kBody || sub.body.offset.kind != OffsetKind::kMacroGroup) continue;
        BodySubsignature body = sub.body;
        body.offset = {};
        const auto matches = FindBody(body, kMaxMatches);
        found->insert(found->end(), matches.begin(), matches.end());
      }
    }
    std::sort(found->begin(), found->end(), [](const BodyMatch& a, const BodyMatch& b) { return a.at < b.at; });
  }
  return *found;
}

// A match counts only once a match of the macro's group has followed it at the
// right distance, which is looked at when the next match comes: all but the
// first can be taken back so.
void Evaluator::CountWithMacro(const std::vector<BodyMatch>& matches, const MacroSubsignature& macro,
                               std::uint32_t target, SubState& state, SubState& macro_state) {
  const auto& group = MacroMatches(target, macro.group);
  std::size_t passed = 0;
  std::uint64_t last_in_group = kNowhere;
  const auto check = [&](std::uint64_t start) {
    if (state.count <= 1) return;
    if (last_in_group == kNowhere || state.last + macro.min > last_in_group || state.last + macro.max < last_in_group) {
      --state.count;
      if (start != kNowhere) state.last = start;
    } else {
      ++macro_state.count;
      macro_state.last = last_in_group;
    }
  };
  for (const BodyMatch& match : matches) {
    while (passed < group.size() && group[passed].at < match.at) last_in_group = group[passed++].start;
    if (state.last != kNowhere && match.start <= state.last) continue;
    if (++state.count <= 1) state.last = match.start;
    check(match.start);
  }
  if (passed < group.size()) last_in_group = group.back().start;
  check(kNowhere);
}

void Evaluator::CountBody(const LogicalSignature& signature, std::size_t index, std::size_t limit,
                          std::vector<SubState>& states) {
  const Subsignature& sub = signature.subsignatures[index];
  const auto matches = FindBody(sub.body, limit);
  const bool has_macro = index + 1 < signature.subsignatures.size() &&
                         signature.subsignatures[index + 1].kind == Subsignature::Kind::kMacro;
  if (has_macro) {
    CountWithMacro(matches, signature.subsignatures[index + 1].macro, signature.target, states[index],
                   states[index + 1]);
    return;
  }
  SubState& state = states[index];
  for (const BodyMatch& match : matches) {
    // What starts no later than the match before it is not counted again, unless it has parts.
    const bool has_parts = sub.body.patterns[0].parts.size() > 1;
    if (state.last != kNowhere && (has_parts ? match.start < state.last : match.start <= state.last)) continue;
    ++state.count;
    state.last = match.start;
  }
}

void Evaluator::CountRegexp(const Regexp& regexp, SubState& state, const std::vector<std::uint32_t>& counts) {
  const auto trigger = Expression::Parse(regexp.trigger);
  if (!trigger) is_limited_ = true;
  if (!trigger || !trigger->Evaluate(counts)) return;
  OffsetWindow window = WindowOf(regexp.offset, nullptr);
  bool is_anywhere = regexp.offset.kind == OffsetKind::kAny;
  // One byte before the start of the object is what clamscan also calls "anywhere".
  if (regexp.offset.kind == OffsetKind::kEofMinus && view_.bytes.size() + 1 == regexp.offset.value) {
    window = {};
    is_anywhere = true;
  }
  if (window.is_never || window.min >= view_.bytes.size()) return;
  const auto has = [&](char flag) { return regexp.flags.find(flag) != std::string::npos; };
  const bool is_global = has('g');
  const std::uint64_t shift = window.max == kNoEnd ? 0 : window.max - window.min;
  const bool is_anchored = !has('r') && shift == 0 && !is_anywhere;
  const bool encompasses = has('e') && shift != 0;
  Bytes bytes = view_.bytes.subspan(static_cast<std::size_t>(window.min));
  if (encompasses) bytes = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(shift, bytes.size())));
  const auto expression = PerlRegexp::Compile(regexp.pattern, regexp.flags);
  if (!expression) {
    is_limited_ = true;
    return;
  }
  std::size_t from = 0;
  do {
    // What searching costs at least; PCRE2's own limits bound the rest.
    if (!budget_.Charge(bytes.size() - from)) return;
    const auto match = expression->Search(bytes, from, is_anchored);
    if (!match) {
      is_limited_ = true;
      return;
    }
    if (!*match) return;
    if (!encompasses && shift != 0 && (*match)->start > shift) return;
    const std::uint64_t start = window.min + (*match)->start;
    if (state.last == kNowhere || start > state.last) {
      ++state.count;
      state.last = start;
    }
    from = (*match)->end > from ? (*match)->end : from + 1;
  } while (is_global && from < bytes.size() && state.count < kMaxMatches);
}

// All subsignatures that an expression of nothing but `&` names must match at
// least once: the cheapest are asked first, and nothing after the first that
// does not.
bool Evaluator::HoldsAsConjunction(const LogicalSignature& signature, const Expression& expression) {
  std::vector<std::size_t> order;
  for (const Expression::Node& node : expression.nodes()) {
    if (node.op != 0) continue;
    if (node.id >= signature.subsignatures.size()) return false;
    order.push_back(node.id);
  }
  const auto cost = [&](std::size_t i) -> std::size_t {
    const BodySubsignature& body = signature.subsignatures[i].body;
    if (body.offset.kind != OffsetKind::kAny) return 0;
    return 1000 - std::min<std::size_t>(LongestRun(body.patterns[0].parts[0]).count, 999);
  };
  std::sort(order.begin(), order.end());
  order.erase(std::unique(order.begin(), order.end()), order.end());
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return cost(a) < cost(b); });
  return std::all_of(order.begin(), order.end(),
                     [&](std::size_t i) { return !FindBody(signature.subsignatures[i].body, 1).empty(); });
}

void Evaluator::CountOthers(const std::vector<Subsignature>& subs, std::vector<SubState>& states) {
  for (std::size_t i = 0; i < subs.size(); ++i) {
    if (subs[i].kind == Subsignature::Kind::kByteCompare) {
      const SubState& reference = states[std::min<std::size_t>(subs[i].byte_compare.reference, states.size() - 1)];
      if (reference.count != 0 &&
          Holds(subs[i].byte_compare, view_.bytes, reference.last == kNowhere ? 0 : reference.last)) {
        ++states[i].count;
      }
    } else if (subs[i].kind == Subsignature::Kind::kImageHash) {
      const auto hash = view_.facts != nullptr ? view_.facts->image_hash() : std::nullopt;
      if (hash && *hash == subs[i].image_hash.hash) ++states[i].count;
    }
  }
}

bool Evaluator::HoldsByCounts(const LogicalSignature& signature, const Expression& expression, std::size_t limit) {
  const auto& subs = signature.subsignatures;
  std::vector<SubState> states(std::max<std::size_t>(subs.size(), kMaxSubsignatures));
  for (std::size_t i = 0; i < subs.size(); ++i) {
    if (subs[i].kind == Subsignature::Kind::kBody && !subs[i].body.patterns.empty()) {
      CountBody(signature, i, limit, states);
    }
  }
  CountOthers(subs, states);
  std::vector<std::uint32_t> counts(states.size());
  const auto recount = [&] {
    std::transform(states.begin(), states.end(), counts.begin(), [](const SubState& state) { return state.count; });
  };
  for (std::size_t i = 0; i < subs.size(); ++i) {
    if (subs[i].kind != Subsignature::Kind::kRegexp) continue;
    recount();
    CountRegexp(subs[i].regexp, states[i], counts);
  }
  recount();
  // What is compared with a count that is too low may hold for that alone.
  if ((is_limited_ || budget_.is_spent()) && HasComparison(expression)) return false;
  return expression.Evaluate(counts);
}

Evaluator::Outcome Evaluator::Evaluate(const LogicalSignature& signature) {
  Outcome outcome;
  is_limited_ = false;
  if (!GatesHold(signature)) return outcome;
  const auto& subs = signature.subsignatures;
  const bool all_bodies = std::all_of(subs.begin(), subs.end(), [](const Subsignature& sub) {
    return sub.kind == Subsignature::Kind::kBody && !sub.body.patterns.empty() && !sub.body.patterns[0].parts.empty();
  });
  if (signature.is_plain) {
    if (subs.size() != 1 || !all_bodies) return outcome;
    const auto matches = FindBody(subs[0].body, 1);
    outcome.matches = !matches.empty();
    if (outcome.matches) outcome.at = matches.front().at;
  } else if (const auto expression = Expression::Parse(signature.expression); !expression) {
    is_limited_ = true;
  } else if (all_bodies && IsConjunction(*expression)) {
    outcome.matches = HoldsAsConjunction(signature, *expression);
  } else {
    outcome.matches =
        HoldsByCounts(signature, *expression, all_bodies && !HasComparison(*expression) ? 1 : kMaxMatches);
  }
  if (outcome.matches && (!signature.icon_group_1.empty() || !signature.icon_group_2.empty())) {
    outcome.matches = view_.facts != nullptr && view_.facts->HasIcon(signature.icon_group_1, signature.icon_group_2);
  }
  outcome.is_limited = !outcome.matches && (is_limited_ || budget_.is_spent());
  return outcome;
}

}  // namespace dl::clamav
