// A stand-in for daylight-worker, for tests of the trusted side: it speaks the
// protocol and is as slow, mortal or mendacious as the file in front of it asks
// it to be, so that nothing here depends on how good the engine is.
//
// Objects: "EVIL" in a file is a detection of rule Evil. Orders at a file's
// start: CRASH (ends by SIGSEGV), EXIT (ends with code 7), HANG, SLEEP (half a
// second), GARBAGE (bytes that are no frame), HUGE (a frame of 4 GB), WRONG (an
// answer to something else), HALF (half a frame, then nothing), DRIP (a frame that
// comes byte by byte and has no end), FLOOD (small frames that nobody asked for),
// CHATTER (the same, of a kind that was welcome once), DOWNWARDS (a message that
// only the trusted side sends), DESCRIPTOR (a report with a descriptor beside it),
// CLAIMED (one that is only announced), TIMES and TIMESTWICE (a profile full of
// lies, and two of them), MANY (a report of nothing but empty log
// lines), LONG (a report of 48 MB), UNUSABLE (says that the content cannot be
// used), EATMEMORY (64 MB every tenth of a second), NAMESAKE (detections in
// objects that are not its own), OUTOFMEMORY and FORBIDDEN (ends as a real worker
// does past its memory, and past its walls), UNREAD (incomplete), FAIL, LOUD (control characters
// everywhere), HELD (its report waits to be sent with the next, or at the end of the
// batch; an order may follow at once), LEAVE (ends when all is done, and before it is
// sent), TWICE (two detections with strings), CLEANLIE (a detection, called
// clean), NAMES (the object's variables as a detection's metas).
// Rules: a text with ERROR in it has a diagnostic; include "X" asks for X; the
// same orders at the start of a file's text are followed while compiling.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <string_view>

#include "daylight/database/database.h"
#include "daylight/os/io.h"
#include "daylight/os/socket.h"
#include "daylight/report/channel.h"
#include "daylight/report/protocol.h"

using namespace dl;
using report::MessageType;

namespace {

int own_socket = 3;  // Of a fork, its own.
bool always_crash = false;

void SendRaw(std::string_view bytes) { static_cast<void>(os::Send(own_socket, AsBytes(bytes), {})); }

// By a real fault: a worker is the first process of its namespace, which signals
// that it sends itself cannot end.
[[noreturn]] void Crash() {
  ::signal(SIGSEGV, SIG_DFL);
  const volatile char* forbidden =
      static_cast<const volatile char*>(::mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  for (;;) static_cast<void>(*forbidden);
}

// A filter that kills for one system call, which is then made.
[[noreturn]] void Forbidden() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{std::size(filter), filter};
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
  ::syscall(SYS_getppid);
  ::_exit(8);
}

void Obey(std::string_view text) {
  if (text.starts_with("CRASH")) Crash();
  if (text.starts_with("EXIT")) ::_exit(7);
  if (text.starts_with("OUTOFMEMORY")) ::_exit(report::kExitOutOfMemory);
  if (text.starts_with("FORBIDDEN")) Forbidden();
  if (text.starts_with("HANG")) ::sleep(3600);
  if (text.starts_with("SLEEP")) ::usleep(500000);
  if (text.starts_with("GARBAGE")) SendRaw(std::string(100, 'x'));
  if (text.starts_with("HUGE")) {
    std::string frame = report::MakeFrame(MessageType::kObjectReport, 0, 0, "");
    frame[8] = frame[9] = frame[10] = frame[11] = '\xff';
    SendRaw(frame);
    ::sleep(3600);
  }
}

// A report as an honest worker would frame it.
std::string ReportFrame(std::uint64_t sequence, const report::ObjectReport& report, std::uint16_t descriptors = 0) {
  return report::MakeFrame(MessageType::kObjectReport, descriptors, sequence, report::Encode(report));
}

void SendAll(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = os::Send(own_socket, AsBytes(bytes), {});
    if (!sent) ::_exit(9);
    bytes.remove_prefix(*sent);
  }
}

[[noreturn]] void Repeat(const std::string& frame) {
  for (;;) SendAll(frame);
}

[[noreturn]] void Chatter() {
  Repeat(report::MakeFrame(MessageType::kReady, 0, 0, report::Encode(report::ReadyMessage{})));
}

[[noreturn]] void Drip(const std::string& frame) {
  SendAll(frame.substr(0, report::kFrameHeaderBytes));
  for (std::size_t i = report::kFrameHeaderBytes;; ++i) {
    SendAll("x");
    ::usleep(20000);
  }
}

[[noreturn]] void EatMemory() {
  for (int i = 0; i < 100; ++i) {
    void* memory = ::mmap(nullptr, 64u << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) ::_exit(report::kExitOutOfMemory);
    std::memset(memory, 1, 64u << 20);
    ::usleep(100000);
  }
  ::sleep(3600);
  ::_exit(0);
}

// What takes the place of the answer to object `sequence`.
void ObeyInsteadOfAnswering(std::string_view text, std::uint64_t sequence) {
  report::ObjectReport report;
  if (text.starts_with("HALF")) {
    const std::string frame = ReportFrame(sequence, report);
    SendAll(frame.substr(0, frame.size() / 2));
    ::sleep(3600);
  }
  if (text.starts_with("DRIP")) {
    Drip(report::MakeFrame(MessageType::kObjectReport, 0, sequence, std::string(1u << 20, 'x')));
  }
  if (text.starts_with("FLOOD")) Repeat(ReportFrame(sequence + 1000000, report));
  if (text.starts_with("CHATTER")) Chatter();
  if (text.starts_with("DOWNWARDS")) SendAll(report::MakeFrame(MessageType::kOpenDatabases, 0, 0, "x"));
  if (text.starts_with("DESCRIPTOR")) {
    const int stdin_too[] = {0};
    static_cast<void>(os::Send(own_socket, AsBytes(ReportFrame(sequence, report)), stdin_too));
  }
  if (text.starts_with("CLAIMED")) SendAll(ReportFrame(sequence, report, 1));
  if (text.starts_with("MANY")) {
    report.log.resize(4u << 20);
    SendAll(ReportFrame(sequence, report));
  }
  if (text.starts_with("LONG")) {
    report.log.assign(48, std::string(1u << 20, 'x'));
    SendAll(ReportFrame(sequence, report));
  }
  if (text.starts_with("UNUSABLE")) {
    SendAll(report::MakeFrame(MessageType::kDatabasesOpened, 0, 0,
                              report::Encode(report::DatabasesOpenedMessage{false, "told to"})));
  }
  if (text.starts_with("EATMEMORY")) EatMemory();
  if (text.starts_with("TIMES")) {
    report::Profile profile;
    for (const auto number : report::kProfileNumbers) profile.*number = ~std::uint64_t{0};
    profile.strings = {{"n", "R\x1b\n", "$a", 4000000000u, ~std::uint64_t{0}, ~std::uint64_t{0}}};
    const std::string frame = report::MakeFrame(MessageType::kProfile, 0, 0, report::Encode(profile));
    SendAll(text.starts_with("TIMESTWICE") ? frame + frame : frame);
  }
}

report::Detection Evil(const report::ObjectNames& names) {
  report::Detection detection;
  detection.engine = "yara";
  detection.rule = "Evil";
  detection.name_space = "default";
  detection.source = "test";
  detection.object = names.object;
  return detection;
}

report::MetaValue Meta(std::string key, std::string text) {
  return {std::move(key), report::MetaValue::Kind::kString, std::move(text), 0, 0};
}

report::ObjectReport ScanText(const std::string& text, const report::ObjectNames& names) {
  report::ObjectReport report;
  if (text.find("EVIL") != std::string::npos) report.detections.push_back(Evil(names));
  if (text.starts_with("TWICE")) {
    for (const char* rule : {"First", "Second"}) {
      report::Detection detection = Evil(names);
      detection.rule = rule;
      detection.name_space = "some";
      detection.strings.push_back({"$a", 1, 4, "WICE", false});
      report.detections.push_back(detection);
    }
  }
  if (text.starts_with("NAMESAKE")) {
    for (const std::string& object :
         {std::string("/etc/passwd"), std::string(), names.object + "//inner", std::string("x//y")}) {
      report::Detection detection = Evil(names);
      detection.object = object;
      report.detections.push_back(detection);
    }
  } else if (text.starts_with("NAMES")) {
    report::Detection detection = Evil(names);
    detection.metas = {Meta("filename", names.filename), Meta("filepath", names.filepath),
                       Meta("extension", names.extension), Meta("owner", names.owner)};
    report.detections.push_back(detection);
  }
  if (text.starts_with("LOUD")) {
    report::Detection detection = Evil(names);
    detection.rule = "Ev\x1b[31mil\n";
    detection.name_space = "a\rb";
    detection.tags = {"\x07"};
    detection.metas = {Meta("k\n", "v\x9b")};
    detection.strings.push_back({"$\x1b", 1, 4, "\x1b\n\x00\xff", false});
    report.detections.push_back(detection);
    report.incomplete.push_back({names.object, "bud\nget", "\x1b"});
    report.warnings = {"warn\x1b\n"};
    report.log = {"log\x1b\n"};
  }
  if (!report.detections.empty() && !text.starts_with("CLEANLIE")) report.verdict = report::Verdict::kDetected;
  if (text.starts_with("UNREAD")) report.incomplete.push_back({names.object, "encrypted", ""});
  if (text.starts_with("FAIL")) {
    report.verdict = report::Verdict::kFailed;
    report.failure = "told to";
  }
  return report;
}

Status Scan(report::WorkerChannel& channel, const report::Incoming& message) {
  DL_TRY(const auto batch, report::Decode<report::ScanBatchMessage>(AsBytes(message.payload)));
  for (std::size_t i = 0; i < batch.objects.size(); ++i) {
    ::lseek(message.descriptors[i].get(), 0, SEEK_SET);  // Another worker may have read it before.
    auto text = os::ReadAll(message.descriptors[i].get(), 64u << 20);
    if (!text) return Forward(text.error());
    ::lseek(message.descriptors[i].get(), 0, SEEK_SET);  // Anything else says that its report waits.
    const bool is_held = text->starts_with("HELD");
    if (is_held) text->erase(0, 4);
    if (always_crash) Crash();
    Obey(*text);
    ObeyInsteadOfAnswering(*text, batch.objects[i].sequence);
    const std::uint64_t sequence = batch.objects[i].sequence + (text->starts_with("WRONG") ? 1 : 0);
    DL_TRY_STATUS(
        channel.Put(MessageType::kObjectReport, sequence, report::Encode(ScanText(*text, batch.objects[i].names))));
    if (is_held) {
      ::lseek(message.descriptors[i].get(), report::kReportWaits, SEEK_SET);
    } else {
      DL_TRY_STATUS(channel.Flush());
    }
    if (text->starts_with("LEAVE")) ::_exit(7);
  }
  return channel.Flush();
}

Status Include(report::WorkerChannel& channel, const std::string& text, const std::string& identity,
               report::CompileAnswerMessage& answer) {
  const std::size_t at = text.find("include \"");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + 9;
  const report::IncludeRequestMessage request{text.substr(begin, text.find('"', begin) - begin), identity};
  DL_TRY_STATUS(channel.Send(MessageType::kIncludeRequest, 1, report::Encode(request)));
  DL_TRY(const report::Incoming message, channel.Receive());
  DL_TRY(const auto got, report::Decode<report::IncludeAnswerMessage>(AsBytes(message.payload)));
  report::DiagnosticLine line;
  line.is_error = got.outcome != report::IncludeOutcome::kFound;
  line.code = line.is_error ? "E900" : "W900";
  line.message = "include outcome " + std::to_string(static_cast<int>(got.outcome));
  if (!line.is_error) {
    DL_TRY(const std::string included, os::ReadAll(message.descriptors.at(0).get(), 1u << 20));
    line.message += " " + got.name + " " + included;
  }
  line.text = (line.is_error ? "error[E900]: " : "warning[W900]: ") + line.message + "\n";
  answer.diagnostics.push_back(line);
  return {};
}

Status Compile(report::WorkerChannel& channel, const report::Incoming& message) {
  DL_TRY(const auto job, report::Decode<report::CompileMessage>(AsBytes(message.payload)));
  std::string all(64u << 10, '\0');
  const ssize_t n = ::pread(message.descriptors[0].get(), all.data(), all.size(), 0);
  all.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  report::CompileAnswerMessage answer;
  bool failed = false;
  for (const report::RuleTextPlace& place : job.files) {
    const std::string text = all.substr(place.offset, place.size);
    Obey(text);
    if (text.starts_with("CHATTER")) Chatter();
    DL_TRY_STATUS(Include(channel, text, place.identity, answer));
    if (text.find("ERROR") == std::string::npos) {
      ++answer.rules;
      continue;
    }
    report::DiagnosticLine line{true, "E100",    place.name, 1,
                                1,    "told to", "r",        "error[E100]: told to\n  --> " + place.name + ":1:1\n"};
    answer.diagnostics.push_back(line);
    ++answer.skipped_rules;
    failed = true;
  }
  if (!failed || job.skip_invalid) {
    database::Writer writer;
    writer.AddSection(database::MakeSectionKind("TEST"), 0, std::vector<std::byte>(job.files.size() + 1));
    const auto file = writer.Finish();
    answer.database_bytes = file.size();
    DL_TRY_STATUS(os::WriteAll(message.descriptors[1].get(), AsText(file)));
    // A database that is none must be found out.
    if (all.starts_with("BADDB") && ::pwrite(message.descriptors[1].get(), "x", 1, 0) != 1)
      return Fail(ErrorCode::kIo, "cannot write");
    if (all.starts_with("LONGDB")) ++answer.database_bytes;
  }
  return channel.Send(MessageType::kCompileAnswer, message.header.sequence, report::Encode(answer));
}

Status ServeOne(report::WorkerChannel& channel) {
  DL_TRY(report::Incoming message, channel.Receive());
  const std::uint64_t sequence = message.header.sequence;
  static pid_t child = -1;
  switch (message.header.type) {
    case MessageType::kFork:
      if (child > 0) ::kill(child, SIGKILL), ::waitpid(child, nullptr, 0);
      child = ::fork();
      if (child == 0) {
        const int theirs = ::dup(message.descriptors.at(0).get());
        own_socket = theirs;
        channel = report::WorkerChannel(os::Fd(theirs));
      }
      return {};
    case MessageType::kForkEnd: {
      report::ForkEndedMessage ended;
      int status = 0;
      ::waitpid(child, &status, 0);
      child = -1;
      ended.status = static_cast<std::uint32_t>(status);
      return channel.Send(MessageType::kForkEnded, sequence, report::Encode(ended));
    }
    case MessageType::kHello:
      return channel.Send(MessageType::kReady, sequence, report::Encode(report::ReadyMessage{}));
    case MessageType::kOpenDatabases: {
      // --define order=...: a worker that is broken whatever the object.
      DL_TRY(const auto open, report::Decode<report::OpenDatabasesMessage>(AsBytes(message.payload)));
      for (const report::ExternalValue& value : open.settings.externals) {
        if (value.name == "order" && value.text == "always-crash") always_crash = true;
        if (value.name == "order" && value.text == "crash-at-start") Crash();
      }
      return channel.Send(MessageType::kDatabasesOpened, sequence,
                          report::Encode(report::DatabasesOpenedMessage{true, ""}));
    }
    case MessageType::kCompile: return Compile(channel, message);
    case MessageType::kScanBatch: return Scan(channel, message);
    case MessageType::kSummarize: {
      report::DatabaseSummary summary;
      summary.units.emplace_back();
      summary.sources = {{"te\x1bst", "MIT", 1}};
      summary.rules = {{"default", "Evil", {"t"}, "test", false, true, "me"}};
      summary.parts = {{"atoms", 2048}};
      summary.bytes = 4096;
      return channel.Send(MessageType::kSummary, sequence, report::Encode(summary));
    }
    case MessageType::kExplain: {
      DL_TRY(const auto explain, report::Decode<report::ExplainMessage>(AsBytes(message.payload)));
      report::ExplainAnswer answer;
      answer.found = explain.rule == "Evil";
      answer.matched = true;
      answer.rule = explain.rule;
      answer.lines = {{0, "$a and $b", "true", ""}, {4000000000u, "$a", "true", "at 0x10\x1b"}};
      return channel.Send(MessageType::kExplainAnswer, sequence, report::Encode(answer));
    }
    case MessageType::kVerify:
      return channel.Send(MessageType::kVerifyAnswer, sequence, report::Encode(report::VerifyAnswerMessage{true, ""}));
    default: return Fail(ErrorCode::kTruncated, "the end");
  }
}

}  // namespace

// A filter that lets everything through: the trusted side asks the kernel
// whether there is one.
bool LookFiltered() {
  sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  const sock_fprog program{1, &allow};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// With sanitizers too, a death by a signal is one, not an exit code of theirs.
extern "C" const char* __asan_default_options() {
  return "handle_segv=0:handle_sigbus=0:handle_abort=0:handle_sigill=0";
}

int main() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // A copy of another name stands in for a worker that has no walls.
  char program[4096] = "";
  static_cast<void>(!::readlink("/proc/self/exe", program, sizeof program - 1));
  if (!std::string_view(program).ends_with("unfiltered") && !LookFiltered()) return 3;
  report::WorkerChannel channel{os::Fd(own_socket)};
  while (ServeOne(channel)) {
  }
  return 0;
}
