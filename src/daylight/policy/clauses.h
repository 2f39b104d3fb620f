// What instruments say of a product that was found: for each of their clauses, how it
// stands on a day, for a role.
//
//   Judged(set, question, product, Grade::kInstalled)
//
// In this order: what the clause does not reach is out of scope; whom it does not bind it
// says nothing to; before its day and after its last one it is not in force. Only then
// its nature counts. Functions of their arguments; any thread.
#pragma once

#include <vector>

#include "daylight/policy/assessment.h"
#include "daylight/policy/judge.h"
#include "daylight/policy/policy_set.h"

namespace dl::policy {

// Of the jurisdictions asked about; those that forbid first.
std::vector<ClauseVerdict> JudgedClauses(const PolicySet& set, const Question& question, const Product& product,
                                         Grade grade);

}  // namespace dl::policy
