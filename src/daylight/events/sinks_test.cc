// The files of JSON Lines, syslog, and EventLog over all of them.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "daylight/events/event_log.h"
#include "daylight/events/store_reader.h"
#include "daylight/events/syslog_sink.h"
#include "daylight/events/test_event.h"

namespace dl::events {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

class SinksTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/daylight-sinks-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string Text(const std::string& name) const {
    std::ifstream file(folder_ + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string folder_;
};

// A server of syslog that reads only when it is told to.
class Server {
 public:
  explicit Server(int type) : socket_(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const int small = 4096;
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    if (type == SOCK_STREAM) {
      EXPECT_EQ(::listen(socket_.get(), 5), 0);
    }
    port_ = ntohs(address.sin_port);
  }
  explicit Server(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }

  std::string Target(const char* kind) const { return std::string(kind) + ":127.0.0.1:" + std::to_string(port_); }
  void Accept() {
    connection_ = os::Fd(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    ASSERT_TRUE(connection_.valid());
  }
  void Hang() { connection_.Close(); }
  // One datagram; empty when there is none.
  std::string Datagram() {
    std::string out(65536, '\0');
    const ssize_t n = ::recv(socket_.get(), out.data(), out.size(), MSG_DONTWAIT);
    out.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return out;
  }
  // What is there.
  std::string Stream() {
    std::string out;
    char chunk[4096];
    for (ssize_t n = 0; (n = ::recv(connection_.get(), chunk, sizeof chunk, MSG_DONTWAIT)) > 0;)
      out.append(chunk, static_cast<std::size_t>(n));
    return out;
  }

 private:
  os::Fd socket_;
  os::Fd connection_;
  int port_ = 0;
};

// RFC 6587, 3.4.1.
std::vector<std::string> Frames(std::string_view bytes) {
  std::vector<std::string> frames;
  while (!bytes.empty()) {
    const std::size_t space = bytes.find(' ');
    const std::size_t size = std::stoul(std::string(bytes.substr(0, space)));
    if (bytes.size() < space + 1 + size) {
      ADD_FAILURE() << "a frame is not whole";
      break;
    }
    frames.emplace_back(bytes.substr(space + 1, size));
    bytes.remove_prefix(space + 1 + size);
  }
  return frames;
}

TEST_F(SinksTest, LinesAreAppendedAndReopened) {
  JsonLines lines({.path = folder_ + "/e.jsonl"});
  EXPECT_TRUE(lines.Write("{\"a\":1}"));
  fs::rename(folder_ + "/e.jsonl", folder_ + "/e.jsonl.1");
  EXPECT_TRUE(lines.Write("{\"a\":2}"));
  lines.Reopen();
  EXPECT_TRUE(lines.Write("{\"a\":3}"));
  EXPECT_EQ(Text("e.jsonl.1"), "{\"a\":1}\n{\"a\":2}\n");
  EXPECT_EQ(Text("e.jsonl"), "{\"a\":3}\n");
  EXPECT_EQ(lines.written(), 3u);
  struct stat info {};
  ASSERT_EQ(::stat((folder_ + "/e.jsonl").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0027, 0u);  // Less than that by the umask.
}

TEST_F(SinksTest, ATornLineIsEndedFirst) {
  std::ofstream(folder_ + "/e.jsonl") << "{\"half";
  JsonLines lines({.path = folder_ + "/e.jsonl"});
  EXPECT_TRUE(lines.Write("{}"));
  EXPECT_TRUE(lines.Write("{}"));
  EXPECT_EQ(Text("e.jsonl"), "{\"half\n{}\n{}\n");
}

TEST_F(SinksTest, AFullDiskCostsLinesAndNothingElse) {
  // A limit on the size of files instead of a disk.
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, SIG_IGN);
  JsonLines lines({.path = folder_ + "/e.jsonl"});
  EXPECT_TRUE(lines.Write(std::string(50, 'a')));
  rlimit small = before;
  small.rlim_cur = 80;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const bool torn = lines.Write(std::string(50, 'b'));
  const bool none = lines.Write(std::string(50, 'c'));
  const std::string trouble = lines.trouble();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, SIG_DFL);
  EXPECT_FALSE(torn);
  EXPECT_FALSE(none);
  EXPECT_NE(trouble, "");
  EXPECT_EQ(lines.lost(), 2u);
  EXPECT_TRUE(lines.Write(std::string(50, 'd')));
  EXPECT_EQ(lines.trouble(), "");
  EXPECT_EQ(Text("e.jsonl"), std::string(50, 'a') + "\n" + std::string(29, 'b') + "\n" + std::string(50, 'd') + "\n");
}

TEST_F(SinksTest, OnlyFilesAreWritten) {
  ASSERT_EQ(::mkfifo((folder_ + "/fifo").c_str(), 0600), 0);
  JsonLines fifo({.path = folder_ + "/fifo"});
  EXPECT_FALSE(fifo.Write("{}"));
  EXPECT_EQ(fifo.trouble(), "it is not a regular file");
  JsonLines none({.path = folder_ + "/no/e.jsonl"});
  EXPECT_FALSE(none.Write("{}"));
  EXPECT_NE(none.trouble(), "");
}

TEST(SyslogSinkTest, Targets) {
  for (const char* text : {"unix:/dev/log", "udp:192.0.2.1", "udp:192.0.2.1:514", "tcp:[2001:db8::1]:601", "tcp:[::1]"})
    EXPECT_TRUE(ParseSyslogTarget(text).has_value()) << text;
  for (const char* text :
       {"", "unix:", "unix:log", "udp:", "udp:localhost:514", "udp:1.2.3", "udp:1.2.3.4:", "udp:1.2.3.4:0",
        "udp:1.2.3.4:65536", "tcp:::1", "tcp:[::1", "tcp:[::1]x", "tcp:[::1]:", "tls:1.2.3.4", "/dev/log"})
    EXPECT_FALSE(ParseSyslogTarget(text).has_value()) << text;
  EXPECT_FALSE(ParseSyslogTarget("unix:/" + std::string(200, 'a')).has_value());
}

TEST(SyslogSinkTest, ByUdp) {
  Server server(SOCK_DGRAM);
  SyslogSink sink(*ParseSyslogTarget(server.Target("udp")), 10'000);
  sink.Send("one");
  sink.Send("two\xc3\xa4");
  EXPECT_EQ(server.Datagram(), "one");
  EXPECT_EQ(server.Datagram(), "two\xc3\xa4");
  EXPECT_EQ(sink.sent(), 2u);
}

TEST_F(SinksTest, TheMachinesSocketComesAndGoes) {
  const std::string path = folder_ + "/log";
  SyslogSink sink(*ParseSyslogTarget("unix:" + path), 1000);
  const auto now = SyslogSink::Clock::now();
  sink.Send("early", now);
  EXPECT_NE(sink.trouble(), "");
  EXPECT_EQ(sink.waiting(), 1u);
  {
    Server server(path);
    sink.Tick(now);  // Not yet tried again.
    EXPECT_EQ(server.Datagram(), "");
    sink.Tick(now + seconds(1));
    EXPECT_EQ(server.Datagram(), "early");
    EXPECT_EQ(sink.trouble(), "");
    // Its queue is full long before this is over: the rest waits, and then is dropped.
    std::string said;
    for (int i = 0; i < 5000; ++i) sink.Send("message " + std::to_string(1000 + i), now + seconds(1));
    EXPECT_GT(sink.waiting(), 0u);
    EXPECT_LE(sink.waiting() * 12, 1000u);
    EXPECT_GT(sink.lost(), 0u);
    EXPECT_NE(sink.trouble(), "");
    std::uint64_t received = 1;
    for (int round = 0; round < 100; ++round) {
      while (!server.Datagram().empty()) ++received;
      sink.Tick(now + seconds(2));
    }
    EXPECT_EQ(sink.waiting(), 0u);
    EXPECT_EQ(received, sink.sent());
    EXPECT_EQ(received + sink.lost(), 5001u);
  }
  fs::remove(path);
  sink.Send("late", now + seconds(3));
  Server again(path);
  sink.Tick(now + seconds(60));
  EXPECT_EQ(again.Datagram(), "late");
}

TEST(SyslogSinkTest, ByTcpWithASlowReader) {
  Server server(SOCK_STREAM);
  SyslogSink sink(*ParseSyslogTarget(server.Target("tcp")), 50'000);
  sink.Send("first");
  server.Accept();
  std::uint64_t all = 1;
  for (; all < 100'000 && sink.lost() == 0; ++all) sink.Send(std::to_string(all) + std::string(500, 'x'));
  EXPECT_GT(sink.lost(), 0u);
  EXPECT_TRUE(sink.wants_write());
  std::string bytes;
  for (int round = 0; round < 100'000 && (sink.waiting() > 0 || round < 10); ++round) {
    bytes += server.Stream();
    sink.Tick();
  }
  bytes += server.Stream();
  const auto frames = Frames(bytes);
  ASSERT_EQ(frames.size(), sink.sent());
  EXPECT_EQ(frames.size() + sink.lost(), all);
  EXPECT_EQ(frames[0], "first");
  for (std::size_t i = 1; i < frames.size(); ++i) EXPECT_TRUE(frames[i].starts_with(std::to_string(i) + "x"));
}

TEST(SyslogSinkTest, ALostConnectionIsMadeAnewAndTheHalfSentIsSentWhole) {
  Server server(SOCK_STREAM);
  SyslogSink sink(*ParseSyslogTarget(server.Target("tcp")), 8u << 20);
  auto now = SyslogSink::Clock::now();
  sink.Send("first", now);
  server.Accept();
  for (int i = 0; i < 10'000; ++i) sink.Send(std::to_string(i) + std::string(400, 'y'), now);
  EXPECT_GT(sink.waiting(), 0u);
  server.Hang();
  for (int i = 0; i < 5 && sink.trouble().empty(); ++i) sink.Tick(now);
  EXPECT_NE(sink.trouble(), "");
  now += seconds(60);
  sink.Tick(now);
  server.Accept();
  std::string bytes;
  for (int round = 0; round < 100'000 && (sink.waiting() > 0 || round < 10); ++round) {
    bytes += server.Stream();
    sink.Tick(now);
  }
  bytes += server.Stream();
  const auto frames = Frames(bytes);
  ASSERT_GT(frames.size(), 0u);
  EXPECT_TRUE(frames.back().starts_with("9999y"));
  EXPECT_EQ(sink.lost(), 0u);
}

TEST(SyslogSinkTest, NobodyThereCostsNoTime) {
  int port = 0;
  {
    Server server(SOCK_STREAM);
    port = std::stoi(server.Target("tcp").substr(14));
  }
  SyslogSink sink(*ParseSyslogTarget("tcp:127.0.0.1:" + std::to_string(port)), 1000);
  for (int i = 0; i < 1000; ++i) sink.Send("message");
  EXPECT_NE(sink.trouble(), "");
  EXPECT_GT(sink.lost(), 0u);
  EXPECT_LE(sink.waiting() * 9, 1000u);
}

class EventLogTest : public SinksTest {
 protected:
  EventLogOptions Options() {
    EventLogOptions options;
    options.source = {"mail1", "0.1.0"};
    options.store.emplace();
    options.store->path = folder_ + "/events.db";
    options.files = {{.path = folder_ + "/e.jsonl"}, {.path = folder_ + "/e.ecs", .format = Format::kEcs}};
    options.tell = [this](const std::string& text) { told_.push_back(text); };
    return options;
  }
  std::size_t Stored() const {
    std::string trouble;
    auto reader = StoreReader::Open(folder_ + "/events.db", trouble);
    std::size_t n = 0;
    if (reader) static_cast<void>(reader->Read({}, [&](const StoredEvent&) { return ++n > 0; }));
    return n;
  }
  std::vector<std::string> told_;
};

TEST_F(EventLogTest, AllSinksGetIt) {
  Server server(SOCK_DGRAM);
  EventLogOptions options = Options();
  options.syslog.resize(1);
  options.syslog[0].target = server.Target("udp");
  auto log = EventLog::Open(options);
  ASSERT_TRUE(log.has_value()) << log.error().what;
  Event event = FullEvent();
  event.id.clear();
  event.time_ns = 0;
  const std::string id = log->Write(event);
  EXPECT_EQ(id.size(), 36u);
  // A detection is there at once; what is less waits for Flush().
  EXPECT_EQ(Stored(), 1u);
  Event note;
  note.kind = EventKind::kScanStarted;
  log->Write(note);
  EXPECT_EQ(Stored(), 1u);
  log->Flush();
  EXPECT_EQ(Stored(), 2u);
  EXPECT_NE(server.Datagram().find("id=\"" + id + "\""), std::string::npos);
  EXPECT_NE(Text("e.jsonl").find("\"id\":\"" + id + "\""), std::string::npos);
  EXPECT_NE(Text("e.ecs").find("\"id\":\"" + id + "\""), std::string::npos);
  EXPECT_TRUE(told_.empty());
  for (const SinkState& state : log->states()) EXPECT_EQ(state.written, 2u) << state.name;
}

TEST_F(EventLogTest, TroubleIsToldOnce) {
  EventLogOptions options = Options();
  options.files = {{.path = folder_ + "/none/e.jsonl"}};
  std::ofstream(folder_ + "/events.db") << std::string(5000, 'g');
  auto log = EventLog::Open(options);
  ASSERT_TRUE(log.has_value());
  for (int i = 0; i < 100; ++i) {
    log->Write(FullEvent());
    log->Flush();
  }
  ASSERT_EQ(told_.size(), 2u);
  EXPECT_TRUE(told_[0].starts_with("events: store " + folder_ + "/events.db: "));
  EXPECT_TRUE(told_[1].starts_with("events: file " + folder_ + "/none/e.jsonl: "));
  EXPECT_EQ(log->states()[1].lost, 100u);
  EXPECT_EQ(log->states()[0].waiting, 100u);
}

TEST_F(EventLogTest, WhatWaitsIsWrittenAtTheEnd) {
  {
    auto log = EventLog::Open(Options());
    ASSERT_TRUE(log.has_value());
    Event note;
    note.kind = EventKind::kScanStarted;
    for (int i = 0; i < 10; ++i) log->Write(note);
    EXPECT_EQ(Stored(), 0u);
  }
  EXPECT_EQ(Stored(), 10u);
}

TEST_F(EventLogTest, KnowsThePreviousRun) {
  {
    auto log = EventLog::Open(Options());
    EXPECT_FALSE(log->previous().has_value());
  }
  std::int64_t ended = 0;
  {
    auto log = EventLog::Open(Options());
    ASSERT_TRUE(log->previous().has_value());
    EXPECT_TRUE(log->previous()->clean);
    ended = log->previous()->alive_ns;
    EXPECT_GT(ended, 0);
  }
  // One that is killed leaves the time of its last note, or of its last event.
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto log = EventLog::Open(Options());
    Event event = FullEvent();
    event.time_ns = 4'000'000'000'000'000'000;
    log->Write(event);
    ::raise(SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  auto log = EventLog::Open(Options());
  ASSERT_TRUE(log->previous().has_value());
  EXPECT_FALSE(log->previous()->clean);
  EXPECT_EQ(log->previous()->alive_ns, 4'000'000'000'000'000'000);
}

TEST_F(EventLogTest, ATellThatThrowsHarmsNothing) {
  EventLogOptions options = Options();
  options.store->path = folder_ + "/none/events.db";
  options.tell = [](const std::string&) { throw std::runtime_error("from a library"); };
  auto log = EventLog::Open(options);
  ASSERT_TRUE(log.has_value());
  EXPECT_NE(log->Write(FullEvent()), "");
}

TEST_F(EventLogTest, OptionsThatMakeNoSense) {
  const auto refused = [&](auto change) {
    EventLogOptions options = Options();
    options.syslog.resize(1);
    change(options);
    return !EventLog::Open(options).has_value();
  };
  EXPECT_FALSE(refused([](EventLogOptions&) {}));
  EXPECT_TRUE(refused([](EventLogOptions& o) { o.store->path = "events.db"; }));
  EXPECT_TRUE(refused([](EventLogOptions& o) { o.store->max_rows = 0; }));
  EXPECT_TRUE(refused([](EventLogOptions& o) { o.files[0].path = ""; }));
  EXPECT_TRUE(refused([](EventLogOptions& o) { o.files[0].format = Format::kCef; }));
  EXPECT_TRUE(refused([](EventLogOptions& o) { o.syslog[0].target = "udp:logs.example.org:514"; }));
  EXPECT_TRUE(refused([](EventLogOptions& o) { o.syslog[0].facility = 24; }));
  EXPECT_TRUE(refused([](EventLogOptions& o) { o.syslog[0].max_bytes = 479; }));
  EXPECT_FALSE(refused([](EventLogOptions& o) { o.syslog[0].max_bytes = 480; }));
  EXPECT_TRUE(refused([](EventLogOptions& o) { o.syslog[0].sd_id = "daylight"; }));
  EXPECT_TRUE(refused([](EventLogOptions& o) { o.syslog[0].max_waiting_bytes = 100; }));
}

TEST_F(EventLogTest, RotatedFilesAreReopened) {
  auto log = EventLog::Open(Options());
  ASSERT_TRUE(log.has_value());
  log->Write(FullEvent());
  fs::rename(folder_ + "/e.jsonl", folder_ + "/e.jsonl.1");
  log->Reopen();
  log->Write(FullEvent());
  EXPECT_EQ(Text("e.jsonl"), Text("e.jsonl.1"));
  EXPECT_EQ(Stored(), 2u);
}

}  // namespace
}  // namespace dl::events
