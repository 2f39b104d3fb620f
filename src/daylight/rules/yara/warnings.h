// Warnings about one rule that has no errors: what is slow, what is redundant,
// what probably means something else than was intended. Cheap: linear in the
// rule, and asks nothing of the matcher.
#pragma once

#include <cstdint>

#include "daylight/rules/yara/session.h"

namespace dl::yara {

// `body_hash` over the `body_tokens` tokens from `strings:` to the end; the rule
// is the last of session.compilation.rules.
void WarnAboutRule(Session& session, const Rule& rule, std::uint64_t body_hash, std::uint32_t body_tokens);

}  // namespace dl::yara
