// The opener's configuration is the administrator's, but a slip of theirs should be
// an error with a line, whatever it is.
#include <cstdint>

#include "daylight/base/check.h"
#include "daylight/opener/mount_table.h"
#include "daylight/opener/options.h"
#include "daylight/opener/processes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  dl::opener::OpenerOptions options;
  std::string error;
  DL_CHECK(dl::opener::ParseOptions(text, options, error) == error.empty());
  static_cast<void>(dl::opener::MountTable::Parse(text).At("/srv/x"));
  static_cast<void>(dl::opener::ParentIn(text));
  static_cast<void>(dl::opener::UsersIn(text));
  return 0;
}
