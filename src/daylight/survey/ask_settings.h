// The settings file of another scanner, read by a contained worker.
//
//   auto settings = survey::ReadSettings(program, file, "settings.ini");
//   if (!settings.value) Say(settings.problem);
#pragma once

#include <atomic>
#include <string>

#include "daylight/report/settings.h"
#include "daylight/sandbox/ask.h"

namespace dl::survey {

// `fd`: a regular file; `name`: as it is called, without its folders.
sandbox::Answer<report::SettingsFacts> ReadSettings(const sandbox::WorkerProgram& program, int fd,
                                                    const std::string& name, const std::atomic<bool>* stop = nullptr);

}  // namespace dl::survey
