// One stanza of deb-control(5), field by field, for dpkg's status file and control files of .deb.
#pragma once

#include <string>
#include <string_view>

#include "daylight/report/software.h"

namespace dl::extract {

class ControlStanza {
 public:
  // A line of the stanza. False: it begins the next one without an empty line before it, and was
  // not taken.
  bool Take(std::string_view line);
  bool is_empty() const { return is_empty_; }
  bool has_status() const { return !status_.empty(); }
  const std::string& package() const { return fact_.name; }
  // By Status ("install ok installed").
  report::PackageState state() const;
  // What was taken as a fact, without place and state; begins anew.
  report::PackageFact Finish();

 private:
  report::PackageFact fact_;
  std::string status_;
  bool is_empty_ = true;
};

}  // namespace dl::extract
