// What a condition can come to when no string of its rule matches.
//
//   const Absence absence(rules_that_do);
//   if (!absence.Eval(rule.condition).can_be_true) ...  // Not asked without a match.
#pragma once

#include <vector>

#include "daylight/rules/yara/ast.h"

namespace dl::yara {

// Of three-valued logic.
struct Possible {
  bool can_be_true = true;
  bool can_be_false = true;
};

class Absence {
 public:
  // `rules_that_can`: whether each rule before this one can hold so, too. Borrowed.
  explicit Absence(const std::vector<bool>& rules_that_can) : rules_that_can_(rules_that_can) {}

  Possible Eval(const Expr& expr) const;

 private:
  const std::vector<bool>& rules_that_can_;
};

// Whether the expression speaks to the user, whatever its value.
bool CallsConsole(const Expr& expr, const Compilation& compilation);

// The array of a module's facts that has something in it whenever the condition
// holds although no string matches, as pe.signatures in
// `for any i in (0..pe.number_of_signatures) : (pe.signatures[i].serial == "...")`.
// Null: none is known to.
const Expr* RequiredArray(const Rule& rule, const Compilation& compilation, const std::vector<bool>& rules_that_do);

}  // namespace dl::yara
