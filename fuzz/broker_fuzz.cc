// A worker that is taken over, against the trusted side: the real ScanSession,
// CompileSource and the questions about databases, with a stand-in for the
// process that says whatever the input says.
//
// The first byte chooses what is asked, the second how. What follows are the
// words of one worker after the other, each with a length of two bytes before
// it. A worker says all of it, and is gone when all is read; what it would have
// written into the file for a database is what follows its last whole message.
// A template has the words of a worker, and each of its forks those of the next.
//
// Meaning: every file is told exactly once, in order, with its own size; a file
// that no worker answered is neither clean nor detected; what counts as failed
// says why; all that the trusted side says is whole messages that decode; no
// descriptor is left open.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "daylight/base/check.h"
#include "daylight/bytes/cursor.h"
#include "daylight/os/io.h"
#include "daylight/os/memfd.h"
#include "daylight/os/socket.h"
#include "daylight/report/frame_reader.h"
#include "daylight/sandbox/ask.h"
#include "daylight/sandbox/compiler.h"
#include "daylight/sandbox/scan_session.h"
#include "daylight/sandbox/worker_process.h"

namespace {

using namespace dl;
using report::MessageType;

constexpr std::size_t kFiles = 6;
// More than the trusted side starts before it gives up.
constexpr std::size_t kMaxWorkers = 200;
// Beyond every process number that Linux gives, in case anybody sends a signal.
constexpr pid_t kFirstPid = 1 << 30;

const sandbox::WorkerProgram kNoProgram{"none", report::kAllWalls};

struct Puppet {
  os::Fd socket;  // The worker's end.
  std::string words;
  bool is_template = false;
  std::thread forking;  // Of a template: takes what comes until it is killed.
};

// The workers of this input: what each is to say, and those that live.
std::mutex g_lock;
std::deque<std::string> g_scripts;
std::deque<Puppet> g_puppets;
std::size_t g_started = 0;

std::string NextScript() {
  const std::lock_guard lock(g_lock);
  if (++g_started > kMaxWorkers) std::abort();  // The trusted side goes on for ever.
  if (g_scripts.empty()) return {};
  std::string words = std::move(g_scripts.front());
  g_scripts.pop_front();
  return words;
}

// All of it, and then nothing more.
void Say(int socket, std::string_view words) {
  while (!words.empty()) {
    const auto sent = os::Send(socket, AsBytes(words), {});
    if (!sent) break;
    words.remove_prefix(*sent);
  }
  ::shutdown(socket, SHUT_WR);
}

// What stands behind the last whole message of `words`, and which objects they answer.
std::string_view Rest(std::string_view words, std::set<std::uint64_t>* answered = nullptr) {
  report::FrameReader reader(report::Side::kWorker);
  reader.Append(AsBytes(words));
  std::size_t taken = 0;
  for (;;) {
    const auto frame = reader.Next();
    if (!frame || !*frame) return words.substr(taken);
    taken += report::kFrameHeaderBytes + (*frame)->payload.size();
    if (answered != nullptr && (*frame)->header.type == MessageType::kObjectReport) {
      answered->insert((*frame)->header.sequence);
    }
  }
}

template <typename T>
void MustDecode(const std::string& payload) {
  const auto value = report::Decode<T>(AsBytes(payload));
  DL_CHECK(value.has_value());
  DL_CHECK(report::Encode(*value) == payload);
}

void CheckOrder(const report::Frame& frame) {
  switch (frame.header.type) {
    case MessageType::kHello: return MustDecode<report::HelloMessage>(frame.payload);
    case MessageType::kOpenDatabases: return MustDecode<report::OpenDatabasesMessage>(frame.payload);
    case MessageType::kCompile: return MustDecode<report::CompileMessage>(frame.payload);
    case MessageType::kScanBatch: return MustDecode<report::ScanBatchMessage>(frame.payload);
    case MessageType::kExplain: return MustDecode<report::ExplainMessage>(frame.payload);
    case MessageType::kIncludeAnswer: {
      MustDecode<report::IncludeAnswerMessage>(frame.payload);
      const auto answer = report::Decode<report::IncludeAnswerMessage>(AsBytes(frame.payload));
      if (answer->outcome != report::IncludeOutcome::kFound) {
        DL_CHECK(frame.header.descriptors == 0);
        return;
      }
      DL_CHECK(frame.header.descriptors == 1);
      // Found beneath the rule file's folder; never the secret above it.
      DL_CHECK(answer->name.find("rules/") != std::string::npos);
      DL_CHECK(!answer->name.ends_with("secret"));
      return;
    }
    case MessageType::kSummarize:
    case MessageType::kVerify:
    case MessageType::kFork:
    case MessageType::kForkEnd:
    case MessageType::kShutdown: DL_CHECK(frame.payload.empty()); return;
    default: DL_CHECK(false && "not a message of the trusted side");
  }
}

// Takes what the trusted side says to a worker, until the socket ends (of one
// that does not block: until nothing is there). A fork speaks at once. The last
// words go into the file that came last, as a worker's last act before it is killed.
void Listen(const Puppet& puppet) {
  report::FrameReader reader(report::Side::kBroker);
  std::deque<os::Fd> descriptors;
  std::vector<os::Fd> forks;
  std::array<std::byte, 64 * 1024> chunk;
  for (;;) {
    std::vector<os::Fd> came;
    const auto received = os::ReceiveWithFds(puppet.socket.get(), chunk, came);
    if (!received || received->bytes == 0) break;
    for (os::Fd& fd : came) descriptors.push_back(std::move(fd));
    reader.Append(Bytes(chunk).first(received->bytes));
    for (;;) {
      const auto frame = reader.Next();
      DL_CHECK(frame.has_value());
      if (!*frame) break;
      CheckOrder(**frame);
      const MessageType type = (*frame)->header.type;
      DL_CHECK((*frame)->header.descriptors <= descriptors.size());
      if (type == MessageType::kCompile) {
        DL_CHECK(descriptors.size() == 2);
        const std::string_view database = Rest(puppet.words);
        if (!database.empty()) static_cast<void>(os::WriteAll(descriptors[1].get(), database));
      }
      if (type == MessageType::kFork) {
        DL_CHECK(puppet.is_template && descriptors.size() == 1);
        Say(descriptors[0].get(), NextScript());
        forks.push_back(std::move(descriptors[0]));
      }
      descriptors.erase(descriptors.begin(), descriptors.begin() + (*frame)->header.descriptors);
    }
  }
}

std::uint64_t SizeOf(std::size_t i) { return 10 + i; }

// Files to scan, a rule file with others to include, and one out of bounds.
struct Place {
  std::string folder;
  Place() {
    std::string name = (std::filesystem::temp_directory_path() / "daylight-broker-XXXXXX").string();
    DL_CHECK(::mkdtemp(name.data()) != nullptr);
    folder = name;
    std::filesystem::create_directories(folder + "/rules/sub");
    for (const char* path : {"/secret", "/rules/a.yar", "/rules/b.yar", "/rules/sub/c.yar", "/database"}) {
      Write(path, "rule r { condition: true }");
    }
    for (std::size_t i = 0; i < kFiles; ++i) Write("/f" + std::to_string(i), std::string(SizeOf(i), 'x'));
    std::filesystem::create_symlink("../secret", folder + "/rules/link");
  }
  ~Place() {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  void Write(const std::string& path, std::string_view text) const {
    const auto fd = os::CreateFile(folder + path);
    DL_CHECK(fd && os::WriteAll(fd->get(), text));
  }
  // For reading, as a worker is given it.
  os::Fd Open(const std::string& path) const {
    auto fd = os::OpenRegular(folder + path);
    DL_CHECK(fd.has_value());
    return std::move(*fd);
  }
};
const Place& ThePlace() {
  static const Place place;
  return place;
}

void FuzzScan(unsigned how) {
  std::set<std::uint64_t> answered;
  for (const std::string& words : g_scripts) Rest(words, &answered);
  sandbox::SessionOptions options;
  options.worker_program = kNoProgram;
  options.workers = 1 + how % 3;
  options.isolate_objects = (how & 4) != 0;
  options.settings.list_strings = (how & 8) != 0;
  options.settings.profile = (how & 16) != 0;
  const os::Fd database = ThePlace().Open("/database");
  sandbox::ScanSession session(options, {database.get()});
  std::size_t given = 0;
  const auto next = [&]() -> std::optional<sandbox::ScanItem> {
    if (given == kFiles) return std::nullopt;
    const std::size_t i = given++;
    sandbox::ScanItem item;
    item.path = "f" + std::to_string(i);
    item.size = SizeOf(i);
    item.names.object = item.path;
    if (i == 2 && (how & 16) != 0) {
      item.report.emplace();
      item.report->verdict = report::Verdict::kFailed;
      item.report->failure = "cannot open";
    } else {
      item.fd = ThePlace().Open("/f" + std::to_string(i));
    }
    if (i == 3 && (how & 32) != 0) item.unread.push_back({"", "too large", ""});
    return item;
  };
  std::size_t told = 0;
  const auto print = [&](const report::FileRecord& record) {
    DL_CHECK(record.path == "f" + std::to_string(told));
    const report::ObjectReport& report = record.report;
    DL_CHECK(report.size == SizeOf(told));
    if (!answered.contains(told)) {
      DL_CHECK(report.verdict != report::Verdict::kClean && report.verdict != report::Verdict::kDetected);
    }
    DL_CHECK((report.verdict == report::Verdict::kDetected) == !report.detections.empty());
    if (report.verdict == report::Verdict::kClean) DL_CHECK(report.incomplete.empty() && report.failure.empty());
    if (report.verdict == report::Verdict::kIncomplete) DL_CHECK(!report.incomplete.empty());
    if (report.verdict == report::Verdict::kFailed) DL_CHECK(!report.failure.empty());
    if (told == 3 && (how & 32) != 0) DL_CHECK(report.verdict != report::Verdict::kClean);
    ++told;
  };
  const sandbox::SessionEnd end = session.Run(next, print);
  DL_CHECK(!end.interrupted);
  DL_CHECK(told == given);
  DL_CHECK(given == kFiles || !end.failure.empty());
}

void FuzzCompile(unsigned how) {
  const std::string& folder = ThePlace().folder;
  sandbox::RuleSource source;
  source.name = "fuzz";
  sandbox::RuleFile rule;
  rule.path = folder + "/rules/a.yar";
  rule.name_space = "a";
  rule.text = "include \"b.yar\"";
  rule.fd = ThePlace().Open("/rules/a.yar");
  source.files.push_back(std::move(rule));
  sandbox::CompileOptions options;
  if ((how & 1) != 0) options.include_folders.push_back(folder + "/rules/sub");
  options.skip_invalid = (how & 2) != 0;
  const sandbox::CompiledSource compiled = sandbox::CompileSource(kNoProgram, source, options);
  DL_CHECK(compiled.failure.empty() || !compiled.file.valid());
  DL_CHECK(compiled.file.valid() == (compiled.database != nullptr));
  if (!compiled.file.valid()) return;
  // What is handed on can no longer be changed by anyone.
  const int wanted = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK;
  DL_CHECK((::fcntl(compiled.file.get(), F_GET_SEALS) & wanted) == wanted);
}

template <typename T>
void CheckAnswer(const sandbox::Answer<T>& answer) {
  DL_CHECK(answer.value.has_value() || !answer.problem.empty());
}

}  // namespace

// The seam: defined here, so that worker_process.cc is not linked.
namespace dl::sandbox {

Result<WorkerProgram> FindWorkerProgram() { return kNoProgram; }

Result<WorkerProcess> WorkerProcess::Start(const WorkerProgram&, bool as_template) {
  DL_TRY(os::SocketPair pair, os::CreateSocketPair());
  Puppet& puppet = g_puppets.emplace_back();
  puppet.socket = std::move(pair.theirs);
  puppet.words = NextScript();
  puppet.is_template = as_template;
  Say(puppet.socket.get(), puppet.words);
  if (as_template) puppet.forking = std::thread([&puppet] { Listen(puppet); });
  WorkerProcess worker;
  worker.socket_ = std::move(pair.ours);
  worker.pid_ = kFirstPid + static_cast<pid_t>(g_puppets.size() - 1);
  return worker;
}

WorkerProcess& WorkerProcess::operator=(WorkerProcess&& other) noexcept {
  if (this != &other) {
    Kill();
    pid_ = std::exchange(other.pid_, -1);
    socket_ = std::move(other.socket_);
  }
  return *this;
}

void WorkerProcess::Kill() {
  if (pid_ > 0) {
    Puppet& puppet = g_puppets.at(static_cast<std::size_t>(std::exchange(pid_, -1) - kFirstPid));
    if (puppet.is_template) {
      ::shutdown(puppet.socket.get(), SHUT_RD);
      puppet.forking.join();
    } else {
      ::fcntl(puppet.socket.get(), F_SETFL, O_NONBLOCK);
      Listen(puppet);
    }
    puppet.socket.Close();
  }
  socket_.Close();
}

std::string WorkerProcess::ExitReason() {
  Kill();
  return "it said all it had to say";
}

bool WorkerProcess::IsFiltered() const { return true; }

Result<report::WallsHeld> CheckReady(const WorkerProgram&, const WorkerProcess&, const report::Frame& frame) {
  DL_TRY(auto ready, report::Decode<report::ReadyMessage>(AsBytes(frame.payload)));
  if (ready.version != report::kProtocolVersion) return Fail(ErrorCode::kUnsupported, "another version");
  return std::move(ready.walls);
}

std::string DescribeEnd(int) { return "it said all it had to say"; }

}  // namespace dl::sandbox

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Cursor cursor({reinterpret_cast<const std::byte*>(data), size});
  const auto what = cursor.ReadU8();
  const auto how = cursor.ReadU8();
  if (!what || !how) return 0;
  ThePlace();
  g_scripts.clear();
  g_puppets.clear();
  g_started = 0;
  while (cursor.remaining() > 0 && g_scripts.size() < 16) {
    const std::uint64_t length = cursor.ReadU16Le().value_or(0);
    const auto words = cursor.ReadBytes(std::min<std::uint64_t>(length, cursor.remaining()));
    g_scripts.emplace_back(AsText(*words));
  }
  const os::Fd lowest(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  {
    const os::Fd database = ThePlace().Open("/database");
    const os::Fd object = ThePlace().Open("/f0");
    const sandbox::Question question{kNoProgram, {database.get()}, {}, nullptr};
    switch (*what % 8) {
      case 0: FuzzCompile(*how); break;
      case 1: CheckAnswer(sandbox::Summarize(question)); break;
      case 2: CheckAnswer(sandbox::Verify(question)); break;
      case 3: CheckAnswer(sandbox::Explain(question, {"r", {0, SizeOf(0), {}}}, object.get())); break;
      default: FuzzScan(*how); break;
    }
  }
  g_puppets.clear();
  const os::Fd probe(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  DL_CHECK(probe.get() == lowest.get() + 1);
  return 0;
}
