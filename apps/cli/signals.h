// SIGINT, SIGTERM and SIGHUP set a flag, so that the output can be completed; a
// second one ends the program at once. SIGPIPE is a failed write.
#pragma once

#include <atomic>

namespace dl::cli {

void HandleSignals();
const std::atomic<bool>& StopFlag();
// In a thread that must not be the one that a signal wakes.
void BlockSignalsInThisThread();

}  // namespace dl::cli
