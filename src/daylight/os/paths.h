// Paths as text. Nothing here touches the file system unless it says so.
//
//   os::BaseName("/a/b.tar.gz")   // "b.tar.gz"
//   os::Extension("b.tar.gz")     // ".gz"
#pragma once

#include <string>
#include <string_view>

#include "daylight/base/error.h"

namespace dl::os {

// Behind the last slash; trailing slashes do not count.
std::string_view BaseName(std::string_view path);
// Before the last slash, "." when there is none, "/" for what stands there.
std::string ParentFolder(std::string_view path);
// From the last dot of the base name, dot included; "" for none, or for a name
// that is all extension (".profile").
std::string_view Extension(std::string_view path);
// The base name without its extension.
std::string_view Stem(std::string_view path);
std::string Join(std::string_view folder, std::string_view name);
// With `folder` before a relative path; "." and double slashes taken out, ".."
// left alone, since it may follow a link.
std::string Absolute(std::string_view path, std::string_view folder);

// From the system: the working folder, and the folder this program stands in.
Result<std::string> WorkingFolder();
Result<std::string> ProgramFolder();

}  // namespace dl::os
