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
// Folders with policies: `policies` beside this program, else in ../share/daylight from there, else in
// /usr/share/daylight; then /etc/daylight/policies. Those that are there.
std::vector<std::string> DefaultPolicies();
// Where this machine's ClamAV keeps its signatures, if it has any:
// /var/lib/clamav, or DAYLIGHT_CLAMAV_FOLDER (for tests).
std::string DefaultClamavFolder();

}  // namespace dl::sandbox
