#include "serve.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "attempts.h"
#include "clamav_job.h"
#include "compile_job.h"
#include "daylight/base/stopwatch.h"
#include "daylight/bytes/object_source.h"
#include "daylight/contain/lock_down.h"
#include "daylight/database/database.h"
#include "daylight/formats/filetype/file_type_name.h"
#include "daylight/report/channel.h"
#include "daylight/report/protocol.h"
#include "daylight/scan/compile.h"
#include "daylight/scan/scan_profile.h"
#include "daylight/scan/scanner.h"
#include "survey_job.h"

namespace dl::worker {

namespace {

using report::Incoming;
using report::MessageType;

// Reports of clean objects are sent together: so many, of objects that are so large
// altogether. That is well below a millisecond of work, and less than the trusted
// side keeps a worker ahead.
constexpr std::size_t kMaxBundle = 32;
constexpr std::uint64_t kMaxBundleBytes = 256u << 10;

class Server {
 public:
  Server(os::Fd socket, report::WallsHeld walls) : channel_(std::move(socket)), walls_(std::move(walls)) {}
  ~Server() { EndChild(); }

  // False: told to stop.
  Result<bool> ServeOne() {
    auto received = Receive();
    if (!received) {
      if (received.error().code == ErrorCode::kTruncated) return false;  // Nobody is there any more.
      return Forward(received.error());
    }
    Incoming message = std::move(*received);
    switch (message.header.type) {
      case MessageType::kHello: DL_TRY_STATUS(Hello(message)); return true;
      case MessageType::kOpenDatabases: DL_TRY_STATUS(OpenDatabases(message)); return true;
      case MessageType::kCompile: DL_TRY_STATUS(AnswerCompile(message, channel_)); return true;
      case MessageType::kCompileClamav: DL_TRY_STATUS(AnswerCompileClamav(message, channel_)); return true;
      case MessageType::kScanBatch: DL_TRY_STATUS(ScanBatch(message)); return true;
      case MessageType::kSummarize: DL_TRY_STATUS(Summarize(message)); return true;
      case MessageType::kExplain: DL_TRY_STATUS(Explain(message)); return true;
      case MessageType::kVerify: DL_TRY_STATUS(Verify(message)); return true;
      case MessageType::kSurvey: DL_TRY_STATUS(AnswerSurvey(message, channel_)); return true;
      case MessageType::kAttempt: DL_TRY_STATUS(AnswerAttempt(message)); return true;
      case MessageType::kFork: DL_TRY_STATUS(Fork(std::move(message))); return true;
      case MessageType::kForkEnd: DL_TRY_STATUS(TellForkEnd(message)); return true;
      case MessageType::kShutdown: return false;
      default: return Fail(ErrorCode::kMalformed, "a message that is none of the broker's");
    }
  }

 private:
  Result<Incoming> Receive() {
    const Stopwatch watch(Spent(&report::Profile::wait_ns));
    return channel_.Receive();
  }

  // Where to add up what is spent; null without --profile.
  std::uint64_t* Spent(std::uint64_t report::Profile::*stage) {
    return settings_.profile ? &(around_scan_.*stage) : nullptr;
  }

  Status Hello(const Incoming& message) {
    return channel_.Send(MessageType::kReady, message.header.sequence,
                         report::Encode(report::ReadyMessage{report::kProtocolVersion, walls_}));
  }

  Status OpenDatabases(const Incoming& message) {
    DL_TRY(auto open, report::Decode<report::OpenDatabasesMessage>(AsBytes(message.payload)));
    scanner_.reset();
    engine_.reset();
    databases_.clear();
    settings_ = std::move(open.settings);
    around_scan_ = {};
    in_scan_ = {};
    const Status status = Load(message.descriptors);
    const report::DatabasesOpenedMessage answer{status.has_value(), status ? "" : std::string(status.error().what)};
    return channel_.Send(MessageType::kDatabasesOpened, message.header.sequence, report::Encode(answer));
  }

  Status Load(const std::vector<os::Fd>& descriptors) {
    const Stopwatch watch(Spent(&report::Profile::open_ns));
    for (const os::Fd& fd : descriptors) {
      DL_TRY(auto database, database::Database::Open(fd.get()));
      databases_.push_back(std::move(database));
    }
    return {};
  }

  // Made when first needed: a summary or a check of pages needs no engine.
  Status Prepare() {
    if (scanner_ != nullptr) return {};
    const Stopwatch watch(Spent(&report::Profile::open_ns));
    DL_TRY(engine_, scan::Engine::Open(databases_));
    scanner_ = std::make_unique<scan::Scanner>(engine_, settings_);
    if (settings_.profile) scanner_->SetProfile(&in_scan_);
    return {};
  }

  // From here on this process is two: the template, which waits for the next
  // such message, and a worker for one object, which serves another socket and
  // has never seen a file. There is one such worker at a time.
  Status Fork(Incoming message) {
    if (message.descriptors.size() != 1) return Fail(ErrorCode::kMalformed, "a fork without its socket");
    // What is wrong with the content, the first object's report will say.
    static_cast<void>(Prepare());
    EndChild();
    const pid_t pid = ::fork();
    if (pid < 0) return Fail(ErrorCode::kIo, "cannot fork", static_cast<std::uint64_t>(errno));
    if (pid > 0) {
      child_ = pid;
      around_scan_ = {};  // The first worker tells what opening the databases took.
      return {};
    }
    // Ends with the template, where that is not the first of its namespace.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if ((walls_.held & Bit(report::Wall::kSeccomp)) != 0) DL_TRY_STATUS(contain::LockDownFork());
    channel_ = report::WorkerChannel(std::move(message.descriptors[0]));
    around_scan_.wait_ns = 0;
    return {};
  }

  // Ends the worker that was forked last, if it has not ended, and gives back
  // what wait() says of it.
  int EndChild() {
    int status = 0;
    if (child_ <= 0) return status;
    ::kill(child_, SIGKILL);
    while (::waitpid(child_, &status, 0) < 0 && errno == EINTR) {
    }
    child_ = -1;
    return status;
  }

  Status TellForkEnd(const Incoming& message) {
    const report::ForkEndedMessage ended{static_cast<std::uint32_t>(EndChild())};
    return channel_.Send(MessageType::kForkEnded, message.header.sequence, report::Encode(ended));
  }

  Status ScanBatch(Incoming& message) {
    DL_TRY(auto batch, report::Decode<report::ScanBatchMessage>(AsBytes(message.payload)));
    if (batch.objects.size() != message.descriptors.size()) {
      return Fail(ErrorCode::kMalformed, "a batch without its descriptors");
    }
    if (batch.now != 0) {
      settings_.now = batch.now;
      if (scanner_ != nullptr) scanner_->SetTime(batch.now);
    }
    std::uint64_t bytes = 0;
    std::size_t waiting = 0;
    for (std::size_t i = 0; i < batch.objects.size(); ++i) {
      const int fd = message.descriptors[i].get();
      const std::uint64_t size = batch.objects[i].size;
      if (waiting > 0 && size > kMaxBundleBytes - bytes) {
        DL_TRY_STATUS(Flush());
        bytes = waiting = 0;
      }
      // Before the engine is made ready for the first: the trusted side's clock runs.
      const Deadline deadline = Deadline::Before(settings_.budget.timeout_ms);
      const report::ObjectReport report = ScanOne(batch.objects[i], fd, deadline);
      // Before the last report, which may be the last that is taken from this worker.
      if (settings_.profile && i + 1 == batch.objects.size()) DL_TRY_STATUS(PutProfile());
      DL_TRY_STATUS(PutReport(batch.objects[i].sequence, report));
      // What says more than that its object is clean does not wait.
      if (report::IsOnlyClean(report) && size < kMaxBundleBytes - bytes && ++waiting < kMaxBundle) {
        bytes += size;
        ::lseek(fd, report::kReportWaits, SEEK_SET);
        message.descriptors[i].Close();
        continue;
      }
      // Before it is told of: where closing it takes long, that is the fault of no other.
      message.descriptors[i].Close();
      DL_TRY_STATUS(Flush());
      bytes = waiting = 0;
    }
    return Flush();
  }

  report::ObjectReport ScanOne(report::ScanObject& object, int fd, Deadline deadline) {
    if (const Status ready = Prepare(); !ready) {
      report::ObjectReport report;
      report.verdict = report::Verdict::kFailed;
      report.failure = ready.error().what;
      return report;
    }
    const Stopwatch watch(Spent(&report::Profile::scan_ns));
    ++around_scan_.objects;
    around_scan_.bytes += object.size;
    DescriptorSource source(fd, object.size, scratch_, DescriptorSource::Limits{});
    NameFileType(source, object.names);
    return scanner_->Scan(source, object.names, object.skip_units, deadline);
  }

  void NameFileType(ObjectSource& source, report::ObjectNames& names) {
    if (!names.filetype.empty()) return;
    const Stopwatch watch(Spent(&report::Profile::read_ns));
    std::byte head[filetype::kFileTypeHeadBytes];
    const auto n = source.ReadAt(0, head);
    if (n) names.filetype = filetype::FileTypeName(Bytes(head).first(*n));
  }

  // Of what was done since the last.
  Status PutProfile() {
    report::ProfileSum sum;
    sum.Add(std::exchange(around_scan_, {}));
    if (engine_ != nullptr) {
      report::Profile scanned = scan::TakeProfile(*engine_, in_scan_);
      scanned.scan_ns = 0;  // With what is around it, above.
      sum.Add(scanned);
    }
    return channel_.Put(MessageType::kProfile, 0, report::Encode(sum.Take(report::kMaxProfileLines)));
  }

  Status Flush() {
    const Stopwatch watch(Spent(&report::Profile::report_ns));
    return channel_.Flush();
  }

  Status PutReport(std::uint64_t sequence, const report::ObjectReport& report) {
    const Stopwatch watch(Spent(&report::Profile::report_ns));
    const std::size_t limit = report::MaxReportBytes(settings_);
    std::string payload = report::Encode(report);
    if (payload.size() > limit) {
      // Too much to tell: the detections go without their strings.
      report::ObjectReport small = report;
      for (report::Detection& detection : small.detections) {
        if (!detection.strings.empty()) detection.strings_truncated = true;
        detection.strings.clear();
      }
      small.log.clear();
      small.warnings.assign({"the matched strings are too many to be listed"});
      payload = report::Encode(small);
      if (payload.size() > limit) {
        // Still too much: only the first of everything, which is never called clean.
        constexpr std::size_t kFew = 1000;
        for (report::Detection& detection : small.detections) detection.metas.clear();
        if (small.detections.size() > kFew) small.detections.resize(kFew);
        if (small.incomplete.size() > kFew) small.incomplete.resize(kFew);
        small.incomplete.push_back({"", "report", "more was found than can be reported"});
        payload = report::Encode(small);
      }
    }
    return channel_.Put(MessageType::kObjectReport, sequence, payload);
  }

  // Says instead of an answer what is wrong with the databases: they were
  // opened, but the pages that the question needs are damaged.
  Status CannotUse(const Incoming& message, const Error& error) {
    return channel_.Send(MessageType::kDatabasesOpened, message.header.sequence,
                         report::Encode(report::DatabasesOpenedMessage{false, std::string(error.what)}));
  }

  Status Summarize(const Incoming& message) {
    report::DatabaseSummary all;
    for (const auto& database : databases_) {
      auto summary = scan::Summarize(*database);
      if (!summary) return CannotUse(message, summary.error());
      report::DatabaseSummary& one = *summary;
      all.units.insert(all.units.end(), one.units.begin(), one.units.end());
      all.sources.insert(all.sources.end(), one.sources.begin(), one.sources.end());
      all.signature_sources.insert(all.signature_sources.end(), one.signature_sources.begin(),
                                   one.signature_sources.end());
      all.rules.insert(all.rules.end(), one.rules.begin(), one.rules.end());
      all.parts.insert(all.parts.end(), one.parts.begin(), one.parts.end());
      all.patterns += one.patterns;
      all.bytes += one.bytes;
    }
    return channel_.Send(MessageType::kSummary, message.header.sequence, report::Encode(all));
  }

  Status Explain(const Incoming& message) {
    DL_TRY(auto explain, report::Decode<report::ExplainMessage>(AsBytes(message.payload)));
    if (message.descriptors.size() != 1) return Fail(ErrorCode::kMalformed, "a question without its object");
    if (const Status ready = Prepare(); !ready) return CannotUse(message, ready.error());
    DescriptorSource source(message.descriptors[0].get(), explain.object.size, scratch_, DescriptorSource::Limits{});
    NameFileType(source, explain.object.names);
    const report::ExplainAnswer answer = scanner_->Explain(source, explain.object.names, explain.rule);
    return channel_.Send(MessageType::kExplainAnswer, message.header.sequence, report::Encode(answer));
  }

  Status Verify(const Incoming& message) {
    report::VerifyAnswerMessage answer{true, ""};
    for (const auto& database : databases_) {
      if (const Status status = database->VerifyAll(); !status) {
        answer = {false, std::string(status.error().what)};
        break;
      }
    }
    // Sound pages may still hold nonsense.
    if (answer.ok) {
      if (const Status status = Prepare(); !status) answer = {false, std::string(status.error().what)};
    }
    return channel_.Send(MessageType::kVerifyAnswer, message.header.sequence, report::Encode(answer));
  }

  // Of `daylight audit sandbox`.
  Status AnswerAttempt(const Incoming& message) {
    DL_TRY(const auto attempt, report::Decode<report::AttemptMessage>(AsBytes(message.payload)));
    const int object = message.descriptors.empty() ? -1 : message.descriptors.front().get();
    return channel_.Send(MessageType::kAttemptAnswer, message.header.sequence,
                         report::Encode(RunAttempt(attempt, object, channel_.socket())));
  }

  report::WorkerChannel channel_;
  report::WallsHeld walls_;
  pid_t child_ = -1;  // Of a template: the worker it has forked last.
  report::ScanSettings settings_;
  std::vector<std::shared_ptr<const database::Database>> databases_;
  std::shared_ptr<const scan::Engine> engine_;
  std::unique_ptr<scan::Scanner> scanner_;
  GrowingBuffer scratch_{DescriptorSource::Limits().copy_limit_bytes};
  // With --profile: since the last kProfile, what was done besides and in the scanner.
  report::Profile around_scan_;
  scan::ScanProfile in_scan_;
};

}  // namespace

Status Serve(os::Fd socket, report::WallsHeld walls) {
  Server server(std::move(socket), std::move(walls));
  for (;;) {
    DL_TRY(const bool more, server.ServeOne());
    if (!more) return {};
  }
}

}  // namespace dl::worker
