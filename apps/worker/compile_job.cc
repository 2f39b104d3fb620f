#include "compile_job.h"

#include <unistd.h>

#include "daylight/bytes/cursor.h"
#include "daylight/os/io.h"
#include "daylight/os/memfd.h"
#include "daylight/report/protocol.h"
#include "daylight/scan/compile.h"

namespace dl::worker {

namespace {

// Asks the trusted side for each include and waits for its answer.
class RemoteIncludes final : public yara::IncludeResolver {
 public:
  explicit RemoteIncludes(report::WorkerChannel& channel) : channel_(channel) {}

  Answer Resolve(std::string_view path, std::string_view from_identity) override {
    Result<Answer> answer = Ask(path, from_identity);
    if (answer) return std::move(*answer);
    failed_ = true;
    return {};
  }
  // The other side is gone or broke the protocol.
  bool failed() const { return failed_; }

 private:
  Result<Answer> Ask(std::string_view path, std::string_view from_identity) {
    const report::IncludeRequestMessage request{std::string(path), std::string(from_identity)};
    DL_TRY_STATUS(channel_.Send(report::MessageType::kIncludeRequest, ++asked_, report::Encode(request)));
    DL_TRY(const report::Incoming message, channel_.Receive());
    if (message.header.type != report::MessageType::kIncludeAnswer || message.header.sequence != asked_) {
      return Fail(ErrorCode::kMalformed, "not the answer to an include");
    }
    DL_TRY(auto got, report::Decode<report::IncludeAnswerMessage>(AsBytes(message.payload)));
    Answer answer;
    answer.identity = std::move(got.identity);
    answer.name = std::move(got.name);
    switch (got.outcome) {
      case report::IncludeOutcome::kFound: answer.outcome = Outcome::kFound; break;
      case report::IncludeOutcome::kNotFound: answer.outcome = Outcome::kNotFound; break;
      case report::IncludeOutcome::kNotAllowed: answer.outcome = Outcome::kNotAllowed; break;
      case report::IncludeOutcome::kTooLarge: answer.outcome = Outcome::kTooLarge; break;
    }
    if (answer.outcome != Outcome::kFound) return answer;
    if (message.descriptors.size() != 1) return Fail(ErrorCode::kMalformed, "an include without its text");
    DL_TRY(answer.text, os::ReadAll(message.descriptors[0].get(), report::kMaxRuleTextBytes));
    return answer;
  }

  report::WorkerChannel& channel_;
  std::uint64_t asked_ = 0;
  bool failed_ = false;
};

Result<std::string> ReadPacked(int fd) {
  DL_TRY(const std::uint64_t size, os::FileSize(fd));
  std::string text(static_cast<std::size_t>(size), '\0');
  std::size_t done = 0;
  // Not read(): the position is shared with whoever else has the file.
  while (done < text.size()) {
    const ssize_t n = ::pread(fd, text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (n <= 0) return Fail(ErrorCode::kIo, "cannot read the rule text");
    done += static_cast<std::size_t>(n);
  }
  return text;
}

}  // namespace

Status AnswerCompile(const report::Incoming& message, report::WorkerChannel& channel) {
  DL_TRY(auto job_message, report::Decode<report::CompileMessage>(AsBytes(message.payload)));
  if (message.descriptors.size() != 2) return Fail(ErrorCode::kMalformed, "a compile job without its descriptors");
  report::CompileJob job;
  job.source_name = std::move(job_message.source_name);
  job.licence = std::move(job_message.licence);
  job.externals = std::move(job_message.externals);
  job.yara_x = job_message.yara_x;
  job.skip_invalid = job_message.skip_invalid;
  job.warnings = job_message.warnings;
  job.beside_signatures = job_message.beside_signatures;
  DL_TRY(const std::string packed, ReadPacked(message.descriptors[0].get()));
  const Cursor texts(AsBytes(packed));
  for (report::RuleTextPlace& place : job_message.files) {
    DL_TRY(const Cursor text, texts.Window(place.offset, place.size));
    job.files.push_back({std::move(place.name), std::string(AsText(text.bytes())), std::move(place.name_space),
                         std::move(place.identity)});
  }
  RemoteIncludes includes(channel);
  report::CompileAnswer compiled = scan::Compile(job, &includes);
  if (includes.failed()) return Fail(ErrorCode::kIo, "the other side did not answer an include");
  DL_TRY_STATUS(os::WriteAll(message.descriptors[1].get(), compiled.database));
  report::CompileAnswerMessage answer;
  answer.diagnostics = std::move(compiled.diagnostics);
  answer.rules = compiled.rules;
  answer.skipped_rules = compiled.skipped_rules;
  answer.database_bytes = compiled.database.size();
  return channel.Send(report::MessageType::kCompileAnswer, message.header.sequence, report::Encode(answer));
}

}  // namespace dl::worker
