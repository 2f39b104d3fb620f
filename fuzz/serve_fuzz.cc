// A trusted side that is taken over, or wrong, against the worker: the real
// Serve loop over a socket pair, in this process and without walls.
//
// The input is a list of records: kind, number, length (two bytes), bytes. Kind 0
// is raw bytes on the stream; kind 1 to 9 is a whole message of that type, 10 one
// of kForkEnd, with `number` choosing how many descriptors it says to have and
// which come along: a sound database, an object, these very bytes, a file to write
// into, a pipe.
//
// Meaning: Serve ends, and until then it answers in whole messages that decode,
// each of a type that answers what was sent, and leaves no descriptor open.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "../apps/worker/serve.h"
#include "daylight/base/check.h"
#include "daylight/bytes/cursor.h"
#include "daylight/crypto/digest.h"
#include "daylight/os/memfd.h"
#include "daylight/os/socket.h"
#include "daylight/report/frame_reader.h"
#include "daylight/report/protocol.h"
#include "daylight/scan/compile.h"

namespace {

using namespace dl;
using report::MessageType;

// What goes on the stream in one piece, with its descriptors.
struct Piece {
  std::string bytes;
  std::vector<os::Fd> descriptors;
};

const std::string& SoundDatabase() {
  static const std::string database = [] {
    report::CompileJob job;
    job.source_name = "fuzz";
    job.files.push_back({"f.yar",
                         R"(import "pe" import "elf" import "math"
rule a : t { meta: n = 1 strings: $a = "abc" nocase $b = /x[yz]+w?/ condition: $a or #b > 1 }
rule b { condition: (uint16(0) == 0x5a4d and pe.number_of_sections < 9) or elf.number_of_sections > 1 }
rule c { condition: filetype == "ZIP" or extension == ".exe" or filesize == 7 or math.entropy(0, filesize) > 7.0 }
)",
                         "default", ""});
    for (const char* name : {"filename", "filepath", "extension", "filetype", "owner"}) {
      report::ExternalValue value;
      value.name = name;
      value.kind = report::ExternalValue::Kind::kString;
      job.externals.push_back(value);
    }
    report::CompileAnswer answer = scan::Compile(job, nullptr);
    for (const auto& line : answer.diagnostics) std::fputs(line.text.c_str(), stderr);
    DL_CHECK(!answer.database.empty());
    return answer.database;
  }();
  return database;
}

os::Fd File(unsigned kind, std::string_view own) {
  const auto memory = [](std::string_view bytes) {
    auto fd = os::SealedMemfd("fuzz", {bytes});
    DL_CHECK(fd.has_value());
    return std::move(*fd);
  };
  switch (kind % 5) {
    case 0: return memory(SoundDatabase());
    case 1: return memory("MZ an object with abc xyz xyzw in it");
    case 2: return memory(own);
    case 3: {
      auto fd = os::CreateMemfd("fuzz");
      DL_CHECK(fd.has_value());
      return std::move(*fd);
    }
    default: {
      int ends[2];
      DL_CHECK(::pipe2(ends, O_CLOEXEC) == 0);
      ::close(ends[1]);
      return os::Fd(ends[0]);
    }
  }
}

std::vector<Piece> Pieces(Bytes input) {
  std::vector<Piece> pieces;
  Cursor cursor(input);
  while (cursor.remaining() >= 4 && pieces.size() < 64) {
    const unsigned kind = *cursor.ReadU8() % 11;
    const unsigned number = *cursor.ReadU8();
    const std::uint64_t length = *cursor.ReadU16Le();
    const std::string payload(AsText(*cursor.ReadBytes(std::min<std::uint64_t>(length, cursor.remaining()))));
    Piece piece;
    const unsigned real = number % 4;
    for (unsigned i = 0; i < real; ++i) piece.descriptors.push_back(File(number / 4 + i, payload));
    // The top bit: it lies about how many there are.
    const unsigned told = number >= 192 ? real + 1 : real;
    if (kind == 0) {
      piece.bytes = payload;
    } else {
      const auto type = kind == 10 ? MessageType::kForkEnd : static_cast<MessageType>(kind);
      if (payload.size() > report::MaxFrameLength(type)) continue;
      piece.bytes = report::MakeFrame(type, static_cast<std::uint16_t>(told), pieces.size(), payload);
    }
    if (!piece.bytes.empty()) pieces.push_back(std::move(piece));
  }
  return pieces;
}

// kAttempt would really try what it names, kFork make a second fuzzer of this
// process: not here.
bool HasForbidden(const std::vector<Piece>& pieces) {
  report::FrameReader reader(report::Side::kBroker);
  for (const Piece& piece : pieces) reader.Append(AsBytes(piece.bytes));
  for (;;) {
    const auto frame = reader.Next();
    if (!frame || !*frame) break;
    const MessageType type = (*frame)->header.type;
    if (type == MessageType::kAttempt || type == MessageType::kFork) return true;
  }
  return false;
}

template <typename T>
void MustDecode(const std::string& payload) {
  const auto value = report::Decode<T>(AsBytes(payload));
  DL_CHECK(value.has_value());
  DL_CHECK(report::Encode(*value) == payload);
}

void CheckAnswer(const report::Frame& frame) {
  DL_CHECK(frame.header.descriptors == 0);
  switch (frame.header.type) {
    case MessageType::kReady: return MustDecode<report::ReadyMessage>(frame.payload);
    case MessageType::kDatabasesOpened: return MustDecode<report::DatabasesOpenedMessage>(frame.payload);
    case MessageType::kCompileAnswer: return MustDecode<report::CompileAnswerMessage>(frame.payload);
    case MessageType::kIncludeRequest: return MustDecode<report::IncludeRequestMessage>(frame.payload);
    case MessageType::kObjectReport: return MustDecode<report::ObjectReport>(frame.payload);
    case MessageType::kSummary: return MustDecode<report::DatabaseSummary>(frame.payload);
    case MessageType::kExplainAnswer: return MustDecode<report::ExplainAnswer>(frame.payload);
    case MessageType::kVerifyAnswer: return MustDecode<report::VerifyAnswerMessage>(frame.payload);
    case MessageType::kProfile: return MustDecode<report::Profile>(frame.payload);
    case MessageType::kForkEnded: return MustDecode<report::ForkEndedMessage>(frame.payload);
    default: DL_CHECK(false && "not a message of a worker");
  }
}

// Says everything, hears everything, until the worker hangs up.
void PlayTrustedSide(os::Fd socket, std::vector<Piece> pieces) {
  report::FrameReader reader(report::Side::kWorker);
  std::array<std::byte, 64 * 1024> chunk;
  std::size_t piece = 0;
  std::size_t sent = 0;
  bool talking = true;
  for (;;) {
    if (talking && piece == pieces.size()) {
      ::shutdown(socket.get(), SHUT_WR);
      talking = false;
    }
    pollfd item{socket.get(), static_cast<short>(POLLIN | (talking ? POLLOUT : 0)), 0};
    ::poll(&item, 1, -1);
    if ((item.revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
      std::vector<os::Fd> none;
      const auto received = os::ReceiveWithFds(socket.get(), chunk, none);
      DL_CHECK(none.empty());
      if (!received || received->ended) break;
      reader.Append(Bytes(chunk).first(received->bytes));
      for (;;) {
        const auto frame = reader.Next();
        DL_CHECK(frame.has_value());
        if (!*frame) break;
        CheckAnswer(**frame);
      }
    }
    if (!talking || (item.revents & POLLOUT) == 0) continue;
    std::vector<int> descriptors;
    if (sent == 0) {
      for (const os::Fd& fd : pieces[piece].descriptors) descriptors.push_back(fd.get());
    }
    const auto taken = os::Send(socket.get(), AsBytes(std::string_view(pieces[piece].bytes).substr(sent)), descriptors);
    if (!taken) {
      piece = pieces.size();  // It has hung up; its last words are still to be heard.
      talking = false;
      continue;
    }
    sent += *taken;
    if (sent < pieces[piece].bytes.size()) continue;
    sent = 0;
    ++piece;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool ready = crypto::Init() && !SoundDatabase().empty();
  DL_CHECK(ready);
  const os::Fd lowest(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  std::vector<Piece> pieces = Pieces({reinterpret_cast<const std::byte*>(data), size});
  if (HasForbidden(pieces)) return 0;
  auto pair = os::CreateSocketPair();
  DL_CHECK(pair.has_value());
  {
    std::thread other(PlayTrustedSide, std::move(pair->ours), std::move(pieces));
    static_cast<void>(worker::Serve(std::move(pair->theirs), {}));
    other.join();
  }
  const os::Fd probe(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  DL_CHECK(probe.get() == lowest.get() + 1);
  return 0;
}
