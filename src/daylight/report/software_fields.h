// The fields of questions about software and their answers. Private to protocol.cc and
// software_fields.cc.
#pragma once

#include "daylight/report/field_io.h"
#include "daylight/report/software_protocol.h"

namespace dl::report {

Status Fields(FieldWriter& io, const SurveyMessage& value);
Status Fields(FieldReader& io, SurveyMessage& value);
Status Fields(FieldWriter& io, const SurveyFactsMessage& value);
Status Fields(FieldReader& io, SurveyFactsMessage& value);
Status Fields(FieldWriter& io, const SettingsFactsMessage& value);
Status Fields(FieldReader& io, SettingsFactsMessage& value);

}  // namespace dl::report
