// Where the content comes from when the user names none.
//
//   for (const std::string& path : sandbox::DefaultContent()) ...
#pragma once

#include <string>
#include <vector>

namespace dl::sandbox {

// Databases (*.dldb), sorted: those that came with this program (beside it,
// else in ../share/daylight from there, else /usr/share/daylight), then the
// machine's own (/etc/daylight).
std::vector<std::string> DefaultContent();

}  // namespace dl::sandbox
