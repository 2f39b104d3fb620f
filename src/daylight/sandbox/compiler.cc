#include "daylight/sandbox/compiler.h"

#include <sys/stat.h>

#include <algorithm>

#include "daylight/crypto/digest.h"
#include "daylight/os/io.h"
#include "daylight/os/memfd.h"
#include "daylight/os/paths.h"
#include "daylight/report/protocol.h"
#include "daylight/sandbox/include_roots.h"
#include "daylight/sandbox/link.h"
#include "daylight/sandbox/worker_process.h"

namespace dl::sandbox {

namespace {

// Of one source: each is answered, with a refusal if need be, and a worker must
// not be able to ask for ever.
constexpr std::uint32_t kMaxIncludeRequests = 1'000'000;
constexpr std::string_view kObjectVariables[] = {"filename", "filepath", "extension", "filetype", "owner"};

// One file with the text of all, and where each begins.
struct PackedText {
  os::Fd fd;
  std::vector<report::RuleTextPlace> places;
};

Result<PackedText> Pack(const RuleSource& source, IncludeRoots& roots) {
  PackedText packed;
  DL_TRY(packed.fd, os::CreateMemfd("daylight-rules"));
  std::uint64_t offset = 0;
  for (const RuleFile& file : source.files) {
    DL_TRY_STATUS(os::WriteAll(packed.fd.get(), file.text));
    packed.places.push_back(
        {file.path, file.name_space, roots.AddRuleFile(file.path, file.fd.get()), offset, file.text.size()});
    offset += file.text.size();
  }
  DL_TRY_STATUS(os::Seal(packed.fd.get()));
  return packed;
}

tl::unexpected<Error> NotAsked() {
  return Fail(ErrorCode::kMalformed, "the worker answered something that was not asked");
}

Status AnswerInclude(Link& link, IncludeRoots& roots, const report::Frame& frame, std::vector<os::Fd>& kept) {
  DL_TRY(const auto request, report::Decode<report::IncludeRequestMessage>(AsBytes(frame.payload)));
  // It waits for each answer before it asks again; else answers would pile up here.
  if (link.pending()) return Fail(ErrorCode::kMalformed, "the worker asks without listening");
  const IncludeRoots::Answer found = roots.Resolve(request.path, request.from_identity);
  std::vector<int> descriptors;
  if (found.outcome == report::IncludeOutcome::kFound) {
    DL_TRY(os::Fd text, os::SealedMemfd("daylight-include", {found.text}));
    descriptors.push_back(text.get());
    kept.clear();
    kept.push_back(std::move(text));
  }
  const report::IncludeAnswerMessage answer{found.outcome, found.identity, found.name};
  return link.Queue(report::MessageType::kIncludeAnswer, frame.header.sequence, report::Encode(answer),
                    std::move(descriptors));
}

// What a compile worker is asked, and how far it is waited for.
struct Job {
  report::MessageType type{};
  std::string payload;
  int input = -1;                 // Borrowed; sealed.
  IncludeRoots* roots = nullptr;  // Null: it has no business to ask for includes.
  std::uint32_t timeout_ms = 0;
  const std::atomic<bool>* stop = nullptr;
};

Result<report::CompileAnswerMessage> Converse(const WorkerProgram& worker_program, const WorkerProcess& worker,
                                              Link& link, const Job& job) {
  std::vector<os::Fd> kept;
  bool ready = false;
  std::uint32_t includes = 0;
  for (;;) {
    DL_TRY(const report::Frame frame, link.Wait(job.timeout_ms, job.stop));
    switch (frame.header.type) {
      case report::MessageType::kReady:
        // Once, or a worker that says nothing else would hold us for ever.
        if (std::exchange(ready, true)) return NotAsked();
        DL_TRY_STATUS(CheckReady(worker_program, worker, frame));
        break;
      case report::MessageType::kIncludeRequest:
        if (job.roots == nullptr) return NotAsked();
        if (++includes > kMaxIncludeRequests) return Fail(ErrorCode::kMalformed, "the worker asks for too many files");
        DL_TRY_STATUS(AnswerInclude(link, *job.roots, frame, kept));
        break;
      case report::MessageType::kCompileAnswer:
        return report::Decode<report::CompileAnswerMessage>(AsBytes(frame.payload));
      default: return NotAsked();
    }
  }
}

Status Run(const WorkerProgram& worker_program, const Job& job, CompiledSource& compiled) {
  DL_TRY(os::Fd file, os::CreateMemfd("daylight-database"));
  DL_TRY(WorkerProcess worker, WorkerProcess::Start(worker_program));
  Link link(worker.socket());
  DL_TRY_STATUS(link.Queue(report::MessageType::kHello, 0, report::Encode(report::HelloMessage{})));
  DL_TRY_STATUS(link.Queue(job.type, 1, job.payload, {job.input, file.get()}));
  auto answer = Converse(worker_program, worker, link, job);
  if (!answer) {
    if (answer.error().code == ErrorCode::kTruncated || answer.error().code == ErrorCode::kIo) {
      compiled.failure = "the worker died (" + worker.ExitReason() + ")";
    }
    return Forward(answer.error());
  }
  // Gone before the file is sealed: nobody else may still have it mapped.
  worker.Kill();
  compiled.diagnostics = std::move(answer->diagnostics);
  compiled.rules = answer->rules;
  compiled.skipped_rules = answer->skipped_rules;
  compiled.signatures = answer->signatures;
  if (answer->database_bytes == 0) return {};
  DL_TRY_STATUS(os::Seal(file.get()));
  DL_TRY(const std::uint64_t size, os::FileSize(file.get()));
  if (size != answer->database_bytes) return Fail(ErrorCode::kMalformed, "the worker's database has the wrong size");
  DL_TRY(compiled.database, database::Database::Open(file.get()));
  compiled.file = std::move(file);
  return {};
}

Status Compile(const WorkerProgram& worker_program, const RuleSource& source, const CompileOptions& options,
               CompiledSource& compiled) {
  DL_TRY(IncludeRoots roots, IncludeRoots::Open(options.include_folders));
  DL_TRY(const PackedText packed, Pack(source, roots));
  report::CompileMessage job;
  job.source_name = source.name;
  job.licence = source.licence;
  job.files = packed.places;
  job.externals = AllExternals(options.defines);
  job.yara_x = options.yara_x;
  job.skip_invalid = options.skip_invalid;
  job.warnings = options.warnings;
  job.beside_signatures = options.beside_signatures;
  return Run(
      worker_program,
      {report::MessageType::kCompile, report::Encode(job), packed.fd.get(), &roots, options.timeout_ms, options.stop},
      compiled);
}

void SetFailure(const Status& status, CompiledSource& compiled) {
  if (status || !compiled.failure.empty()) return;
  compiled.failure = std::string(status.error().what);
  if (status.error().code == ErrorCode::kIo) compiled.failure += ": " + os::Describe(status.error());
}

}  // namespace

bool IsObjectVariable(std::string_view name) {
  return std::find(std::begin(kObjectVariables), std::end(kObjectVariables), name) != std::end(kObjectVariables);
}

std::vector<report::ExternalValue> AllExternals(const std::vector<report::ExternalValue>& defines) {
  std::vector<report::ExternalValue> all = defines;
  for (const std::string_view name : kObjectVariables) {
    if (std::any_of(defines.begin(), defines.end(), [&](const auto& value) { return value.name == name; })) continue;
    report::ExternalValue value;
    value.name = name;
    value.kind = report::ExternalValue::Kind::kString;
    all.push_back(std::move(value));
  }
  return all;
}

CompiledSource CompileSource(const WorkerProgram& worker_program, const RuleSource& source,
                             const CompileOptions& options) {
  CompiledSource compiled;
  SetFailure(Compile(worker_program, source, options, compiled), compiled);
  return compiled;
}

CompiledSource CompileClamav(const WorkerProgram& worker_program, const ClamavSource& source,
                             const PackedClamav& packed, const ClamavOptions& options) {
  report::CompileClamavMessage job;
  job.source_name = source.name;
  job.source_path = source.absolute;
  job.licence = source.licence;
  job.source_digest = packed.digest;
  job.files = packed.places;
  job.allow_unsigned = options.allow_unsigned;
  job.skip_invalid = options.skip_invalid;
  CompiledSource compiled;
  SetFailure(Run(worker_program,
                 {report::MessageType::kCompileClamav, report::Encode(job), packed.fd.get(), nullptr, 0, options.stop},
                 compiled),
             compiled);
  return compiled;
}

std::string ClamavKey(const WorkerProgram& worker_program, const ClamavSource& source, const ClamavOptions& options,
                      std::string_view build) {
  std::string text;
  const auto add = [&](std::string_view value) { text += std::to_string(value.size()) + ":" + std::string(value); };
  const auto add_number = [&](auto value) { add(std::to_string(value)); };
  add(build);
  add_number(database::kFormatMajor);
  add_number(database::kFormatMinor);
  // What compiles is the worker, whatever its version says.
  struct stat program {};
  if (::stat(worker_program.path.c_str(), &program) == 0) {
    add_number(program.st_size);
    add_number(StampOf(program).modified_ns);
  }
  add_number(options.allow_unsigned ? 1 : 0);
  add_number(options.skip_invalid ? 1 : 0);
  for (const std::string* value : {&source.name, &source.absolute, &source.licence}) add(*value);
  for (const ClamavFile& file : source.files) {
    add(os::BaseName(file.path));
    for (const std::uint64_t value : {file.stamp.device, file.stamp.inode, file.stamp.size}) add_number(value);
    for (const std::int64_t value : {file.stamp.modified_ns, file.stamp.changed_ns}) add_number(value);
  }
  return crypto::Hex(crypto::Sha256::Of(AsBytes(text)));
}

}  // namespace dl::sandbox
