// ApiSession answers Daylight's own HTTP interface: scans of what is posted, health,
// metrics, and its own description (docs/openapi.json).
//
//   ApiOptions options;
//   options.requires_token = true;
//   options.token = secret;
//   ApiSession session(connection, scanning, options);
//
// docs/protocols/http.md says what is spoken. Borrows all three; one thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daylight/daemon/http/http_session.h"
#include "daylight/daemon/service/scanning.h"
#include "daylight/daemon/text/multipart.h"

namespace dl::daemon {

struct ApiHealth {
  bool is_ready = false;  // Databases are open and workers run.
  std::string version;    // Of the daemon.
  struct Database {
    std::string name;
    std::string version;                   // What its source says, e.g. "27780"; may be empty.
    std::int64_t loaded_at = 0;            // Seconds since 1970.
    std::optional<std::uint64_t> entries;  // Rules and signatures, once that is known.
  };
  std::vector<Database> databases;
};

struct ApiOptions {
  bool requires_token = false;     // For all but /v1/health, which says less without it.
  std::string token;               // With requires_token, and empty: nobody has it.
  std::vector<std::string> hosts;  // Names that a Host may have besides `localhost` and addresses.
  std::uint64_t max_body_bytes = std::uint64_t{1} << 30;
  std::uint32_t retry_after_seconds = 1;
  std::function<ApiHealth()> health;
  std::function<std::string()> metrics;  // Prometheus' text format, 0.0.4.
};

// docs/openapi.json, as it was when this was built.
std::string_view OpenApiText();

class ApiSession : public HttpSession {
 public:
  ApiSession(Connection& connection, Scanning& scanning, const ApiOptions& options)
      : HttpSession(connection), scanning_(scanning), options_(options) {}

 private:
  void OnRequest() override;
  void OnBody(std::string_view data) override;
  void OnBodyEnd() override;
  void OnOver() override;
  HttpReply Problem(int status, std::string_view why) override;

  void OnScanRequest(std::string_view query);
  void TakeForm(std::string_view data);
  void Keep(std::string_view data);
  void OnOutcome(const ScanOutcome& outcome);
  HttpReply Health(bool in_full) const;

  Scanning& scanning_;
  const ApiOptions& options_;
  // Of the scan that is under way.
  bool is_over_ = false;  // Answered before its body was whole.
  SpooledStream stream_;
  std::uint64_t size_ = 0;
  std::string name_;
  std::optional<MultipartReader> form_;
  bool is_in_file_ = false;
  bool has_file_ = false;  // One that has a name or a byte.
  bool form_has_ended_ = false;
  ScanTicket ticket_;
};

}  // namespace dl::daemon
