// AuditTargets is what a worker under audit tries to reach: listeners, files,
// and a folder for each try that is its own.
//
//   DL_TRY(const auto targets, AuditTargets::Make());
//   DL_TRY(const auto place, targets->NewPlace());
//
// All of it is harmless and gone with its owner. Any thread may ask for places.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "daylight/base/error.h"
#include "daylight/os/fd.h"
#include "daylight/report/protocol.h"

namespace dl::sandbox {

class AuditTargets {
 public:
  static Result<std::unique_ptr<AuditTargets>> Make();
  ~AuditTargets();
  AuditTargets(const AuditTargets&) = delete;
  AuditTargets& operator=(const AuditTargets&) = delete;

  // A folder to write in, with a file "present", a folder "empty" and a link
  // "link"; removed with its owner.
  class Place {
   public:
    explicit Place(std::string folder) : folder_(std::move(folder)) {}
    Place(Place&& other) noexcept : folder_(std::exchange(other.folder_, {})) {}
    Place& operator=(Place&&) = delete;
    ~Place();
    const std::string& folder() const { return folder_; }

   private:
    std::string folder_;
  };
  Result<Place> NewPlace() const;

  // All but the attempt's name, the folder and the sibling.
  report::AttemptMessage Message() const;
  // The file that there is to read, open for reading.
  int object() const { return object_.get(); }

 private:
  AuditTargets() = default;
  std::string folder_;
  std::string abstract_name_;
  std::string socket_path_;
  std::string file_;
  std::uint32_t port_ = 0;
  os::Fd tcp_;
  os::Fd abstract_;
  os::Fd path_;
  os::Fd object_;
  mutable std::atomic<unsigned> places_{0};
};

}  // namespace dl::sandbox
