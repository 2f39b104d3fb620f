// Assessments to write reports of, for tests.
#pragma once

#include <string>

#include "daylight/policy/assessment.h"
#include "daylight/policy/date.h"

namespace dl::policy {

// Each part of a report has something to say.
Assessment FullAssessment();
// Of a machine on which there was nothing.
Assessment NothingAssessment();
// Nothing was found, and not all was read.
Assessment IncompleteAssessment();
// `text` in each field that a stranger, or a policy's author, may have written.
Assessment HostileAssessment(const std::string& text);
Assessment ManyAssessment(std::size_t findings);
// By the name of one of the above: "full", "nothing", "incomplete", "hostile", "many".
Assessment AssessmentOf(std::string_view name);

// Markup, quotes, controls, what reorders text, what is no text, formulas, line ends: all at once.
extern const std::string kHostile;

}  // namespace dl::policy
