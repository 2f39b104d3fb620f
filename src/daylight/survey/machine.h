// What runs on this machine: its processes and kernel modules, by /proc.
#pragma once

#include <string>
#include <vector>

#include "daylight/report/software.h"

namespace dl::survey {

// Those of all users; `hidden` counts those of which nothing says what program they are. `proc`: "/proc", else for
// tests.
std::vector<report::ProcessFact> Processes(std::uint64_t& hidden, const std::string& proc = "/proc");
std::vector<report::KernelModuleFact> KernelModules(const std::string& proc = "/proc");

}  // namespace dl::survey
