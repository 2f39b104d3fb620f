#include "clamav_job.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>

#include "daylight/bytes/cursor.h"
#include "daylight/os/memfd.h"
#include "daylight/report/protocol.h"
#include "daylight/scan/compile_clamav.h"

namespace dl::worker {

namespace {

// A sealed file, mapped: signature files are too large to be copied.
class Mapping {
 public:
  static Result<Mapping> Of(int fd) {
    DL_TRY(const std::uint64_t size, os::FileSize(fd));
    if (size > report::kMaxClamavBytes) return Fail(ErrorCode::kBudget, "the signature files are too large");
    Mapping mapping;
    if (size == 0) return mapping;  // Cannot be mapped.
    void* memory = ::mmap(nullptr, static_cast<std::size_t>(size), PROT_READ, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
      return Fail(ErrorCode::kIo, "cannot map the signature files", static_cast<std::uint64_t>(errno));
    }
    mapping.memory_ = memory;
    mapping.size_ = static_cast<std::size_t>(size);
    return mapping;
  }
  Mapping(Mapping&& other) noexcept
      : memory_(std::exchange(other.memory_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Mapping& operator=(Mapping&&) = delete;
  ~Mapping() {
    if (memory_ != nullptr) ::munmap(memory_, size_);
  }
  Bytes bytes() const { return {static_cast<const std::byte*>(memory_), size_}; }

 private:
  Mapping() = default;
  void* memory_ = nullptr;
  std::size_t size_ = 0;
};

// Leaves out the files that have errors. False when that changes nothing.
bool DropBadFiles(const scan::ClamavAnswer& answer, scan::ClamavJob& job) {
  return std::erase_if(job.files, [&](const scan::ClamavJob::File& file) {
           return std::any_of(answer.diagnostics.begin(), answer.diagnostics.end(),
                              [&](const auto& line) { return line.is_error && line.file == file.name; });
         }) != 0;
}

void TakeErrors(const scan::ClamavAnswer& compiled, report::CompileAnswerMessage& answer) {
  std::copy_if(compiled.diagnostics.begin(), compiled.diagnostics.end(), std::back_inserter(answer.diagnostics),
               [](const report::DiagnosticLine& line) { return line.is_error; });
}

}  // namespace

Status AnswerCompileClamav(const report::Incoming& message, report::WorkerChannel& channel) {
  DL_TRY(auto asked, report::Decode<report::CompileClamavMessage>(AsBytes(message.payload)));
  if (message.descriptors.size() != 2) return Fail(ErrorCode::kMalformed, "a compile job without its descriptors");
  DL_TRY(const Mapping packed, Mapping::Of(message.descriptors[0].get()));
  scan::ClamavJob job;
  job.source_name = std::move(asked.source_name);
  job.source_path = std::move(asked.source_path);
  job.licence = std::move(asked.licence);
  job.allow_unsigned = asked.allow_unsigned;
  if (asked.source_digest) job.source_digest = *asked.source_digest;
  const Cursor files(packed.bytes());
  for (report::ClamavFilePlace& place : asked.files) {
    DL_TRY(const Cursor file, files.Window(place.offset, place.size));
    job.files.push_back({std::move(place.name), file.bytes()});
  }
  report::CompileAnswerMessage answer;
  while (!job.files.empty()) {
    database::Writer writer;
    scan::ClamavAnswer compiled = scan::CompileClamav(job, writer);
    if (compiled.failed && asked.skip_invalid && DropBadFiles(compiled, job)) {
      TakeErrors(compiled, answer);
      continue;  // Without them, from the start: what they hold is in there already.
    }
    std::move(compiled.diagnostics.begin(), compiled.diagnostics.end(), std::back_inserter(answer.diagnostics));
    if (compiled.failed) break;
    answer.signatures = compiled.signatures;
    DL_TRY(answer.database_bytes, writer.WriteTo(message.descriptors[1].get()));
    break;
  }
  return channel.Send(report::MessageType::kCompileAnswer, message.header.sequence, report::Encode(answer));
}

}  // namespace dl::worker
