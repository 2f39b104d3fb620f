// A question about software, answered: each file is given to the extractor that reads its
// kind, and what is found in a container to the next.
//
//   extract::Facts facts(hand);
//   extract::Answer(message, files, facts);      // facts.Finish() is the caller's
//
// Adding a kind is one folder beside this one and one line in survey.cc.
#pragma once

#include <span>

#include "daylight/bytes/object_source.h"
#include "daylight/extract/facts.h"
#include "daylight/report/software_protocol.h"

namespace dl::extract {

// What libraries would load late. Before any walls.
void Prepare();

// `files`: as many as message.files, each readable again from its beginning.
// Not for settings, whose facts are of another kind.
void Answer(const report::SurveyMessage& message, std::span<ObjectSource* const> files, Facts& facts);

}  // namespace dl::extract
