// Compiling ClamAV's signature files for the trusted side.
#pragma once

#include "daylight/base/error.h"
#include "daylight/report/channel.h"

namespace dl::worker {

// Answers kCompileClamav. Errors mean that the other side is gone or broke the
// protocol; what is wrong with the files is part of the answer.
Status AnswerCompileClamav(const report::Incoming& message, report::WorkerChannel& channel);

}  // namespace dl::worker
