// The magic module: what libmagic, the library behind file(1), calls an object.
//
//   if (auto prepared = PrepareMagic(); !prepared) Warn(prepared.error());
//   EnterSandbox();  // From here on no file can be opened.
//
// One database serves the process; calls from several threads take turns.
#pragma once

#include "daylight/base/error.h"

namespace dl::yara {

// Loads libmagic's default database. Any number of times, on any thread; what
// the first call found stays. When it was never called, the first use of the
// module tries. Without a database the module's functions are undefined.
Status PrepareMagic();

}  // namespace dl::yara
