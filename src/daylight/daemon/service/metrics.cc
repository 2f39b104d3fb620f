#include "daylight/daemon/service/metrics.h"

#include <fmt/format.h>

#include <iterator>

namespace dl::daemon {

namespace {

constexpr const char* kKindNames[] = {"clean", "infected", "incomplete", "failed", "busy"};

}  // namespace

const char* ProtocolName(Protocol protocol) {
  switch (protocol) {
    case Protocol::kClamd: return "clamd";
    case Protocol::kIcap: return "icap";
    case Protocol::kHttp: return "http";
    case Protocol::kKav: return "kav";
    case Protocol::kOnAccess: return "on-access";
    case Protocol::kSchedule: return "schedule";
  }
  return "";
}

void Metrics::Count(Protocol protocol, ScanOutcome::Kind kind, std::uint64_t bytes, double seconds) {
  PerProtocol& of = scans_[Index(protocol)];
  ++of.outcomes[static_cast<std::size_t>(kind)];
  std::size_t bucket = 0;
  while (bucket < kBounds.size() && seconds > kBounds[bucket]) ++bucket;
  ++of.buckets[bucket];
  of.seconds += seconds;
  of.bytes += bytes;
}

std::uint64_t Metrics::scans() const {
  std::uint64_t sum = 0;
  for (const PerProtocol& of : scans_) {
    for (const std::uint64_t n : of.outcomes) sum += n;
  }
  return sum;
}

std::string Metrics::ToPrometheus(const Gauges& gauges) const {
  std::string out;
  const auto put = std::back_inserter(out);
  const auto head = [&](const char* name, const char* type, const char* help) {
    fmt::format_to(put, "# HELP daylight_{} {}\n# TYPE daylight_{} {}\n", name, help, name, type);
  };
  const auto one = [&](const char* name, const char* type, const char* help, std::uint64_t value) {
    head(name, type, help);
    fmt::format_to(put, "daylight_{} {}\n", name, value);
  };
  const auto by_protocol = [&](const char* name, const char* help, const auto& values) {
    head(name, "counter", help);
    for (std::size_t i = 0; i < kProtocols; ++i) {
      fmt::format_to(put, "daylight_{}{{protocol=\"{}\"}} {}\n", name, ProtocolName(static_cast<Protocol>(i)),
                     values(i));
    }
  };
  head("scans_total", "counter", "Objects by how they ended.");
  for (std::size_t i = 0; i < kProtocols; ++i) {
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
      fmt::format_to(put, "daylight_scans_total{{protocol=\"{}\",outcome=\"{}\"}} {}\n",
                     ProtocolName(static_cast<Protocol>(i)), kKindNames[kind], scans_[i].outcomes[kind]);
    }
  }
  by_protocol("scanned_bytes_total", "Bytes of these objects.", [&](std::size_t i) { return scans_[i].bytes; });
  head("scan_seconds", "histogram", "From the request to its answer.");
  for (std::size_t i = 0; i < kProtocols; ++i) {
    const char* name = ProtocolName(static_cast<Protocol>(i));
    std::uint64_t sum = 0;
    for (std::size_t bucket = 0; bucket < kBounds.size(); ++bucket) {
      sum += scans_[i].buckets[bucket];
      fmt::format_to(put, "daylight_scan_seconds_bucket{{protocol=\"{}\",le=\"{}\"}} {}\n", name, kBounds[bucket], sum);
    }
    sum += scans_[i].buckets[kBounds.size()];
    fmt::format_to(put, "daylight_scan_seconds_bucket{{protocol=\"{}\",le=\"+Inf\"}} {}\n", name, sum);
    fmt::format_to(put, "daylight_scan_seconds_sum{{protocol=\"{}\"}} {}\n", name, scans_[i].seconds);
    fmt::format_to(put, "daylight_scan_seconds_count{{protocol=\"{}\"}} {}\n", name, sum);
  }
  by_protocol("connections_total", "Connections that were taken.", [&](std::size_t i) { return connections_[i]; });
  by_protocol("connections_refused_total", "Connections past a limit.", [&](std::size_t i) { return refused_[i]; });
  by_protocol("client_timeouts_total", "Connections that were too slow.", [&](std::size_t i) { return timeouts_[i]; });
  one("queue_length", "gauge", "Requests that wait for a worker.", gauges.queued);
  one("in_flight", "gauge", "Requests that workers have.", gauges.in_flight);
  one("workers", "gauge", "Worker processes.", gauges.workers);
  one("workers_lost_total", "counter", "Workers that died or had to be ended.", gauges.workers_lost);
  one("open_connections", "gauge", "Connections.", gauges.connections);
  one("spool_memory_bytes", "gauge", "Of streams that lie in memory.", gauges.spool.memory_bytes);
  one("spool_disk_bytes", "gauge", "Of streams that lie in the spool folder.", gauges.spool.disk_bytes);
  one("database_age_seconds", "gauge", "Since the database file was written.", gauges.database_age_seconds);
  one("reloads_total", "counter", "New databases that were put in place.", reloads_);
  one("reloads_failed_total", "counter", "New databases that could not be used.", failed_reloads_);
  one("start_time_seconds", "gauge", "When the daemon was started, since 1970.", gauges.started);
  return out;
}

}  // namespace dl::daemon
