// Metrics counts what the daemon does, for /metrics, STATS and the health check.
//
//   metrics.Count(Protocol::kClamd, outcome, seconds);
//   metrics.ToPrometheus(out);
//
// One thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "daylight/daemon/service/scanning.h"

namespace dl::daemon {

struct Gauges {
  std::uint64_t queued = 0;
  std::uint64_t in_flight = 0;
  std::uint64_t workers = 0;
  std::uint64_t workers_lost = 0;
  std::uint64_t connections = 0;
  SpoolUse spool;
  std::uint64_t database_age_seconds = 0;
  std::uint64_t started = 0;  // Seconds since 1970.
};

class Metrics {
 public:
  void Count(Protocol protocol, ScanOutcome::Kind kind, std::uint64_t bytes, double seconds);
  void CountConnection(Protocol protocol) { ++connections_[Index(protocol)]; }
  void CountRefused(Protocol protocol) { ++refused_[Index(protocol)]; }
  void CountTimeout(Protocol protocol) { ++timeouts_[Index(protocol)]; }
  void CountReload(bool good) { good ? ++reloads_ : ++failed_reloads_; }
  std::uint64_t scans() const;

  // The exposition format of Prometheus, version 0.0.4.
  std::string ToPrometheus(const Gauges& gauges) const;

 private:
  static constexpr std::size_t kProtocols = 6;
  static constexpr std::size_t kKinds = 5;
  // Upper bounds in seconds; one more bucket for all beyond.
  static constexpr std::array<double, 12> kBounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30};
  static std::size_t Index(Protocol protocol) { return static_cast<std::size_t>(protocol); }
  struct PerProtocol {
    std::array<std::uint64_t, kKinds> outcomes{};
    std::array<std::uint64_t, kBounds.size() + 1> buckets{};
    double seconds = 0;
    std::uint64_t bytes = 0;
  };
  std::array<PerProtocol, kProtocols> scans_{};
  std::array<std::uint64_t, kProtocols> connections_{};
  std::array<std::uint64_t, kProtocols> refused_{};
  std::array<std::uint64_t, kProtocols> timeouts_{};
  std::uint64_t reloads_ = 0;
  std::uint64_t failed_reloads_ = 0;
};

}  // namespace dl::daemon
