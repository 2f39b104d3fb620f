// A stand-in for daylight-worker that answers questions about software as the file in front
// of it asks: what follows "ORDER " in its first kilobyte, up to the end of the line.
//
// TELL NAME (a package of that name), CRASH, HANG, GARBAGE, STRANGER (a fact of a root that
// nobody found), GAP (a root whose number does not follow), NEVER (a piece that is not the
// last, and then nothing), ENDLESS (pieces without an end), AHEAD (an answer to what was not
// asked), TWICE (two last pieces), HALF (a package, then a crash), CLIMB (a program whose path
// leads out of its root), LATER (ends after the answer, when nothing is asked of it).
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "daylight/os/io.h"
#include "daylight/os/socket.h"
#include "daylight/report/channel.h"
#include "daylight/report/software_protocol.h"

using namespace dl;
using report::MessageType;

namespace {

[[noreturn]] void Crash() {
  const volatile char* forbidden =
      static_cast<const volatile char*>(::mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  for (;;) static_cast<void>(*forbidden);
}

std::string OrderIn(int fd) {
  std::string text(1024, '\0');
  const ssize_t n = ::pread(fd, text.data(), text.size(), 0);
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  const std::size_t at = text.find("ORDER ");
  if (at == std::string::npos) return {};
  return text.substr(at + 6, text.find('\n', at) - at - 6);
}

report::SoftwareFacts Package(const std::string& path, const std::string& name) {
  report::SoftwareFacts facts;
  report::PackageFact package;
  package.place.path = path;
  package.name = name;
  package.version = "1";
  facts.packages.push_back(package);
  return facts;
}

Status Answer(report::WorkerChannel& channel, const report::Incoming& message) {
  DL_TRY(const auto question, report::Decode<report::SurveyMessage>(AsBytes(message.payload)));
  const std::string order = OrderIn(message.descriptors.at(0).get());
  const std::string& path = question.files.at(0).name;
  const auto say = [&](report::SoftwareFacts facts, bool last, std::uint64_t more = 0) {
    return channel.Send(MessageType::kSurveyFacts, message.header.sequence + more,
                        report::Encode(report::SurveyFactsMessage{std::move(facts), last}));
  };
  if (order == "CRASH") Crash();
  if (order == "HANG") ::sleep(3600);
  if (order == "GARBAGE")
    static_cast<void>(os::Send(3, AsBytes(std::string_view("garbage that is no frame at all")), {}));
  report::SoftwareFacts facts;
  if (order.starts_with("TELL ")) facts = Package(path, order.substr(5));
  if (order == "STRANGER") {
    facts = Package(path, "kesl");
    facts.packages.front().place.root = 7;
  }
  if (order == "GAP") facts.roots.push_back({5, 0, report::RootKind::kArchive, path, {}, {}, {}});
  if (order == "NEVER") {
    DL_TRY_STATUS(say(std::move(facts), false));
    ::sleep(3600);
  }
  while (order == "ENDLESS") DL_TRY_STATUS(say(Package(path, "endless"), false));
  if (order == "AHEAD") DL_TRY_STATUS(say(facts, true, 1));
  if (order == "TWICE") DL_TRY_STATUS(say(facts, true));
  if (order == "HALF") {
    DL_TRY_STATUS(say(Package(path, "kesl"), false));
    Crash();
  }
  if (order == "CLIMB") {
    report::ProgramFact program;
    program.place.path = "opt/kaspersky/../../../../../../../../etc/passwd";
    facts.programs.push_back(program);
  }
  DL_TRY_STATUS(say(std::move(facts), true));
  if (order == "LATER") ::_exit(0);
  return {};
}

Status ServeOne(report::WorkerChannel& channel) {
  DL_TRY(const report::Incoming message, channel.Receive());
  if (message.header.type == MessageType::kHello) {
    return channel.Send(MessageType::kReady, message.header.sequence, report::Encode(report::ReadyMessage{}));
  }
  if (message.header.type == MessageType::kSurvey) return Answer(channel, message);
  return Fail(ErrorCode::kTruncated, "the end");
}

}  // namespace

// With sanitizers too, a death by a signal is one.
extern "C" const char* __asan_default_options() { return "handle_segv=0"; }

int main() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // A filter that lets everything through: the trusted side asks the kernel whether there is one.
  sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  const sock_fprog program{1, &allow};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 3;
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) return 3;
  report::WorkerChannel channel{os::Fd(3)};
  while (ServeOne(channel)) {
  }
  return 0;
}
