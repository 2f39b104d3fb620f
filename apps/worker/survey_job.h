// Answers a question about software: what a file says of it, or what a settings file says.
#pragma once

#include "daylight/report/channel.h"

namespace dl::worker {

// Sends any number of kSurveyFacts, or one kSettingsFacts.
Status AnswerSurvey(const report::Incoming& message, report::WorkerChannel& channel);

}  // namespace dl::worker
