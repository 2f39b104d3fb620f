// Names of file owners, from the passwd file alone: the C library's own look-up
// may load other libraries and ask the network.
//
//   const os::OwnerNames owners = os::OwnerNames::Load("/etc/passwd");
//   owners.Name(0)   // "root"
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace dl::os {

class OwnerNames {
 public:
  // An unreadable file is one without names.
  static OwnerNames Load(const std::string& path);
  static OwnerNames Parse(std::string_view text);
  // The number in decimal for who has no name.
  std::string Name(std::uint32_t uid) const;

 private:
  std::unordered_map<std::uint32_t, std::string> names_;
};

}  // namespace dl::os
