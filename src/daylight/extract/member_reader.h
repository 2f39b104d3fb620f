// How an extractor that opens a container has the files in it read, without knowing who
// reads them.
#pragma once

#include <functional>

#include "daylight/bytes/object_source.h"
#include "daylight/extract/facts.h"
#include "daylight/report/software.h"

namespace dl::extract {

// Reads `file` as `kind` and adds what it says; `place` is where its facts belong.
using MemberReader =
    std::function<void(report::SurveyKind kind, ObjectSource& file, const report::FactPlace& place, Facts& facts)>;

}  // namespace dl::extract
