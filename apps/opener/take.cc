#include "take.h"

#include <unistd.h>

#include "daylight/os/io.h"
#include "daylight/quarantine/quarantine.h"
#include "daylight/report/escape.h"

namespace {

namespace quarantine = dl::quarantine;
using dl::opener::Taken;
using dl::opener::TakeOutcome;
using Kind = quarantine::TakeOutcome::Kind;

auto Open(const dl::opener::QuarantineOptions& options, const std::string& program_folder) {
  quarantine::Options more;
  quarantine::AddOwnParts(more, program_folder);
  return quarantine::Quarantine::Open(options.folder, std::move(more));
}

Taken FromOutcome(const quarantine::TakeOutcome& outcome) {
  Taken taken;
  taken.id = outcome.id;
  if (outcome.kind == Kind::kTaken) {
    taken.outcome = TakeOutcome::kTaken;
    for (const std::string& warning : outcome.warnings) taken.reason += (taken.reason.empty() ? "" : "; ") + warning;
    return taken;
  }
  const bool trouble = outcome.kind == Kind::kFailed || outcome.kind == Kind::kNoSpace || outcome.kind == Kind::kBusy;
  taken.outcome = trouble ? TakeOutcome::kFailed : TakeOutcome::kRefused;
  taken.reason = std::string(quarantine::TakeKindName(outcome.kind)) + ": " + outcome.detail;
  if (!outcome.package.empty()) taken.reason += " (package " + outcome.package + ")";
  return taken;
}

}  // namespace

dl::opener::TakeHandler TakeInto(const dl::opener::QuarantineOptions& options, const std::string& program_folder) {
  return [options, program_folder](const dl::opener::TakeRequest& asked, int file) -> Taken {
    auto opened = Open(options, program_folder);
    if (!opened) return {TakeOutcome::kFailed, {}, "the quarantine: " + dl::os::Describe(opened.error())};
    quarantine::Request request;
    request.fd = file;
    request.path = asked.path;
    request.expected = asked.expected;
    request.sha256 = asked.sha256;
    for (const auto& one : asked.detections)
      request.detections.push_back({one.engine, one.name, one.source, one.object});
    request.reason = asked.reason;
    request.requester = asked.requester;
    request.insist = asked.insist;
    return FromOutcome((*opened)->Take(request));
  };
}

void RecoverQuarantine(const dl::opener::QuarantineOptions& options, const std::string& program_folder) {
  const auto opened = Open(options, program_folder);
  if (!opened) return;
  for (const auto& done : (*opened)->Recover()) {
    static_cast<void>(
        dl::os::WriteAll(STDERR_FILENO, "daylight-opener: quarantine: " + dl::report::EscapeLine(done.text) + "\n"));
  }
}
