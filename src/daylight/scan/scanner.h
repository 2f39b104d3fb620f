// Scanner decides whether an object is malicious, and says why.
//
//   DL_TRY(const auto engine, Engine::Open(databases));
//   Scanner scanner(engine, settings);
//   const report::ObjectReport report = scanner.Scan(source, names);
//
// A function of an object's bytes, the databases and the settings: opens no
// path, reads no clock but the job's. An Engine is immutable: share one between any
// number of threads. A Scanner holds reusable scratch memory: one a thread.
#pragma once

#include <memory>
#include <vector>

#include "daylight/base/deadline.h"
#include "daylight/bytes/object_source.h"
#include "daylight/database/database.h"
#include "daylight/report/jobs.h"

namespace dl::scan {

class Engine {
 public:
  // All units of all databases, in order.
  static Result<std::shared_ptr<const Engine>> Open(std::vector<std::shared_ptr<const database::Database>> databases);
  ~Engine();
  class Impl;
  const Impl& impl() const { return *impl_; }

 private:
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct ScanProfile;  // scan_profile.h

class Scanner {
 public:
  Scanner(std::shared_ptr<const Engine> engine, report::ScanSettings settings);
  ~Scanner();
  // Cannot fail: hostile or truncated input is an ordinary outcome. Each step
  // that stopped early is in ObjectReport::incomplete; a report that has any
  // and no detection is kIncomplete, never kClean. Keeps no reference.
  // `skip_units`: bit n leaves out unit n of all databases, in order; units know
  // nothing of each other, so the rest is the same without it.
  // Past the deadline no other object inside of it is opened, and no other window
  // read: the report says `timeout`, and has what was found until then.
  report::ObjectReport Scan(ObjectSource& object, const report::ObjectNames& names, std::uint64_t skip_units = 0,
                            Deadline deadline = {});
  // Why `rule` ("name" or "namespace:name") did or did not match.
  report::ExplainAnswer Explain(ObjectSource& object, const report::ObjectNames& names, const std::string& rule);

  // Off: every pattern is sought and every rule evaluated, whatever gates say.
  // The answers are the same; tests hold the two against each other.
  void UseGates(bool on);
  // What one rule's condition may cost, instead of yara::EvaluationJob's.
  void LimitConditions(std::uint64_t max_steps);
  // What time it is from now on, in seconds since 1970, instead of the settings' `now`.
  void SetTime(std::int64_t now);
  // From now on adds up what is spent where; null: no longer. Borrowed.
  void SetProfile(ScanProfile* profile);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dl::scan
