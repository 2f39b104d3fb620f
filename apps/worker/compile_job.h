// Compiles one source for the trusted side, which answers its includes.
#pragma once

#include "daylight/report/channel.h"

namespace dl::worker {

Status AnswerCompile(const report::Incoming& message, report::WorkerChannel& channel);

}  // namespace dl::worker
