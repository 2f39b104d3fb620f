// This machine's name.
#pragma once

#include <string>

namespace dl::os {

// As gethostname(2) has it; empty when it has none.
std::string HostName();

}  // namespace dl::os
