// RuleSource is what one --rules option names: its files, read and named.
//
//   DL_TRY(...)  sandbox::LoadRuleSources({"rules", "extra.yar"}, problems)
//
// A folder is searched for *.yar and *.yara, sorted, hidden names left out.
// Links in it count when they lead to a file in the same folder or below (as
// Kubernetes mounts configuration); others are left out with a note.
#pragma once

#include <string>
#include <vector>

#include "daylight/base/error.h"
#include "daylight/os/fd.h"

namespace dl::sandbox {

struct RuleFile {
  std::string path;  // As shown to the user.
  std::string name_space;
  std::string text;
  os::Fd fd;
};

struct RuleSource {
  std::string name;     // The base name of what was given.
  std::string path;     // As given.
  std::string licence;  // First line of a LICENSE file beside or above; may be empty.
  std::vector<RuleFile> files;
};

struct LoadedSources {
  std::vector<RuleSource> sources;
  std::vector<std::string> errors;  // "path: reason"; any means that content is missing.
  std::vector<std::string> warnings;
};

LoadedSources LoadRuleSources(const std::vector<std::string>& paths);

// The first line that is not empty of LICENSE, LICENCE or COPYING (also .txt,
// .md) in `folder` or the one above, or up to the root of a Git repository three
// folders above; at most 200 bytes, printable.
std::string FindLicence(const std::string& folder);

}  // namespace dl::sandbox
