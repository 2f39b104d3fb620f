// Where policies come from: those that came with Daylight, the machine's own, and what the
// user names.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "command_line.h"
#include "daylight/policy/policy_set.h"

namespace dl::cli {

class PolicySources {
 public:
  PolicySources() = default;
  PolicySources(std::vector<std::string> policies, bool no_default)
      : policies_(std::move(policies)), no_default_(no_default) {}
  void AddTo(CLI::App& app);
  // Null with everything said.
  std::unique_ptr<const policy::PolicySet> Load() const;

 private:
  std::vector<std::string> policies_;
  bool no_default_ = false;
};

}  // namespace dl::cli
