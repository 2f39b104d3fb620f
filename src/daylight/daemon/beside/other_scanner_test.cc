#include "daylight/daemon/beside/other_scanner.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daylight/daemon/beside/scripted_peer.h"
#include "daylight/os/memfd.h"

namespace dl::daemon {
namespace {

using report::Verdict;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Where = ScriptedPeer::Where;
using Kind = OtherAnswer::Kind;
using namespace std::string_view_literals;

// Longer than any of these takes, and short enough to see what hangs.
Patience Long() { return Patience(-1, Patience::Clock::now() + std::chrono::seconds(60)); }
Patience Short() { return Patience(-1, Patience::Clock::now() + std::chrono::milliseconds(200)); }

AskedObject ObjectOf(std::string_view bytes) {
  AskedObject object;
  object.bytes = bytes;
  object.size = bytes.size();
  return object;
}
AskedObject ObjectOf(const os::Fd& fd, std::uint64_t size) {
  AskedObject object;
  object.fd = fd.get();
  object.size = size;
  return object;
}

std::string Content(int fd) {
  std::string text(1 << 20, '\0');
  const ssize_t n = ::pread(fd, text.data(), text.size(), 0);
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return text;
}

TEST(OtherScannerTest, Addresses) {
  for (const char* good : {"/run/clamav/clamd.ctl", "127.0.0.1:3310", "[::1]:3310"})
    EXPECT_TRUE(OtherScanner::Clamd(good)) << good;
  for (const char* bad : {"", "clamd.ctl", "localhost:3310", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0",
                          "127.0.0.1:65536", "[::1]", "::1:3310", "127.0.0.1:33x"})
    EXPECT_FALSE(OtherScanner::Clamd(bad)) << bad;
  EXPECT_FALSE(OtherScanner::Clamd("/" + std::string(200, 'a')));
  EXPECT_TRUE(OtherScanner::Command({"/bin/x", "{path}"}));
  EXPECT_TRUE(OtherScanner::Command({"/bin/x", "--file={path}"}));
  EXPECT_TRUE(OtherScanner::Command({"/usr/bin/clamdscan", "-"}));
  EXPECT_FALSE(OtherScanner::Command({"/usr/bin/clamdscan", "--fdpass", "{path}"}));
  EXPECT_FALSE(OtherScanner::Command({}));
  EXPECT_FALSE(OtherScanner::Command({"x", "{path}"}));
  EXPECT_FALSE(OtherScanner::Command({"/bin/x"}));
  EXPECT_FALSE(OtherScanner::Command({"/bin/{path}"}));
  EXPECT_FALSE(OtherScanner::Command({"/bin/x", "{path}", std::string("a\0b", 3)}));
}

TEST(OtherScannerTest, LinesOfClamd) {
  EXPECT_EQ(ReadClamdLine("stream: OK").verdict, Verdict::kClean);
  const OtherAnswer found = ReadClamdLine("fd[10]: Win.Test.EICAR_HDB-1 FOUND");
  EXPECT_EQ(found.verdict, Verdict::kDetected);
  EXPECT_THAT(found.names, ElementsAre("Win.Test.EICAR_HDB-1"));
  EXPECT_EQ(ReadClamdLine("stream: Heuristics.Encrypted.Zip FOUND").verdict, Verdict::kIncomplete);
  EXPECT_EQ(ReadClamdLine("stream: Heuristics.Limits.Exceeded.MaxScanSize FOUND").verdict, Verdict::kIncomplete);
  EXPECT_EQ(ReadClamdLine("stream: Heuristics.Phishing.Email FOUND").verdict, Verdict::kDetected);
  const OtherAnswer failed = ReadClamdLine("fd[1]: Can't allocate memory ERROR");
  EXPECT_EQ(failed.kind, Kind::kVerdict);
  EXPECT_EQ(failed.verdict, Verdict::kFailed);
  EXPECT_EQ(failed.problem, "Can't allocate memory");
  EXPECT_EQ(ReadClamdLine("INSTREAM size limit exceeded. ERROR").problem, "INSTREAM size limit exceeded.");
  for (const char* none :
       {"", "OK", "stream: ", "stream:  FOUND", "stream: FOUND", "stream:OK", "UNKNOWN COMMAND", "stream: ok"})
    EXPECT_EQ(ReadClamdLine(none).kind, Kind::kNone) << none;
  EXPECT_EQ(ReadClamdLine("stream: " + std::string(100'000, 'x') + " FOUND").names.at(0).size(), 1024u);
}

TEST(OtherScannerTest, LinesOfKav) {
  EXPECT_EQ(ReadKavLine("CLEAN").verdict, Verdict::kClean);
  EXPECT_EQ(ReadKavLine("CLEAN\n").verdict, Verdict::kClean);
  EXPECT_EQ(ReadKavLine("CLEAN AND CONTAINS OFFICE MACRO").verdict, Verdict::kClean);
  EXPECT_THAT(ReadKavLine("DETECT EICAR-Test-File").names, ElementsAre("EICAR-Test-File"));
  EXPECT_EQ(ReadKavLine("DISINFECTED X").verdict, Verdict::kDetected);
  EXPECT_EQ(ReadKavLine("NON_SCANNED (PASSWORD PROTECTED)").verdict, Verdict::kIncomplete);
  EXPECT_EQ(ReadKavLine("SERVER_ERROR").verdict, Verdict::kFailed);
  EXPECT_EQ(ReadKavLine("SERVER_ERROR").kind, Kind::kVerdict);
  for (const char* none : {"", "clean", "CLEANX", "CLEAN AND", "DETECTX", "<html>"})
    EXPECT_EQ(ReadKavLine(none).kind, Kind::kNone) << none;
}

TEST(OtherScannerTest, ClamdIsHandedTheVeryDescriptor) {
  const auto file = os::SealedMemfd("t", {"some bytes"});
  ASSERT_TRUE(file);
  std::string command;
  std::string seen;
  {
    ScriptedPeer peer(Where::kUnix, [&](PeerConnection& client) {
      command = client.ReceiveExactly(8);
      seen = Content(client.ReceiveFd().get());
      client.Send("fd[7]: Test.Mark FOUND\0"sv);
    });
    const OtherAnswer answer = OtherScanner::Clamd(peer.address())->Ask(ObjectOf(*file, 10), Long());
    EXPECT_EQ(answer.kind, Kind::kVerdict) << answer.problem;
    EXPECT_EQ(answer.verdict, Verdict::kDetected);
    EXPECT_THAT(answer.names, ElementsAre("Test.Mark"));
  }
  EXPECT_EQ(command, "zFILDES\0"sv);
  EXPECT_EQ(seen, "some bytes");
}

TEST(OtherScannerTest, ClamdIsSentTheBytesInPieces) {
  std::string whole(200'000, 'x');
  for (std::size_t i = 0; i < whole.size(); ++i) whole[i] = static_cast<char>(i * 7);
  const auto file = os::SealedMemfd("t", {whole});
  ASSERT_TRUE(file);
  for (const Where where : {Where::kTcp, Where::kUnix}) {
    for (const bool by_fd : {true, false}) {
      if (by_fd && where == Where::kUnix) continue;  // Above.
      for (const std::size_t size : {std::size_t{0}, std::size_t{1}, whole.size()}) {
        std::string command;
        std::string seen;
        {
          ScriptedPeer peer(where, [&](PeerConnection& client) {
            command = client.ReceiveExactly(10);
            seen = client.ReceiveStream();
            client.Send("stream: OK\0"sv);
          });
          const AskedObject object = by_fd ? ObjectOf(*file, size) : ObjectOf(std::string_view(whole).substr(0, size));
          const OtherAnswer answer = OtherScanner::Clamd(peer.address())->Ask(object, Long());
          EXPECT_EQ(answer.kind, Kind::kVerdict) << answer.problem;
          EXPECT_EQ(answer.verdict, Verdict::kClean);
        }
        EXPECT_EQ(command, "zINSTREAM\0"sv);
        EXPECT_EQ(seen, whole.substr(0, size));
      }
    }
  }
}

// The same object, asked of a peer with this script, by each way of asking.
template <typename Check>
void AskAll(const ScriptedPeer::Script& script, const Check& check, bool is_kav = false) {
  const std::string whole(100'000, 'y');
  for (const Where where : {Where::kUnix, Where::kTcp}) {
    const ScriptedPeer peer(where, script);
    const auto other = is_kav ? OtherScanner::Kav(peer.address()) : OtherScanner::Clamd(peer.address());
    check(*other, ObjectOf(whole));
  }
}

TEST(OtherScannerTest, ClosedAtEveryByteOfAnAnswerOfClamd) {
  const std::string line("stream: Test.Mark FOUND\0", 24);
  for (std::size_t sent = 0; sent <= line.size(); ++sent) {
    const auto script = [&](PeerConnection& client) {
      client.ReceiveExactly(10);
      client.ReceiveStream();
      client.Send(std::string_view(line).substr(0, sent));
    };
    AskAll(script, [&](const OtherScanner& other, const AskedObject& object) {
      const OtherAnswer answer = other.Ask(object, Long());
      EXPECT_EQ(answer.kind, sent == line.size() ? Kind::kVerdict : Kind::kNone) << sent << answer.problem;
    });
  }
}

TEST(OtherScannerTest, ClosedAtEveryByteOfAnAnswerOfKav) {
  const std::string line = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nDETECT EICAR";
  for (std::size_t sent = 0; sent <= line.size(); ++sent) {
    const auto script = [&](PeerConnection& client) {
      client.ReceiveUntil("\r\n\r\n");
      client.ReceiveExactly(100'000);
      client.Send(std::string_view(line).substr(0, sent));
    };
    const auto check = [&](const OtherScanner& other, const AskedObject& object) {
      const OtherAnswer answer = other.Ask(object, Long());
      EXPECT_EQ(answer.kind, sent == line.size() ? Kind::kVerdict : Kind::kNone) << sent << answer.problem;
    };
    AskAll(script, check, true);
  }
}

TEST(OtherScannerTest, ClosedAtEveryByteOfTheQuestion) {
  for (const std::size_t taken : {0u, 1u, 9u, 10u, 11u, 14u, 15u, 65550u, 99'999u}) {
    for (const bool is_kav : {false, true}) {
      const auto script = [&](PeerConnection& client) { client.ReceiveExactly(taken); };
      const auto check = [&](const OtherScanner& other, const AskedObject& object) {
        EXPECT_EQ(other.Ask(object, Long()).kind, Kind::kNone) << taken;
      };
      AskAll(script, check, is_kav);
    }
  }
}

TEST(OtherScannerTest, WhoSaysNothingIsNotWaitedForLonger) {
  for (const bool is_kav : {false, true}) {
    AskAll([](PeerConnection& client) { client.BeSilent(); },
           [](const OtherScanner& other, const AskedObject& object) {
             EXPECT_EQ(other.Ask(object, Short()).kind, Kind::kNone);
           },
           is_kav);
  }
}

TEST(OtherScannerTest, NorWhoSaysItByteByByte) {
  for (const bool is_kav : {false, true}) {
    const auto script = [](PeerConnection& client) {
      while (client.Send("x")) ::usleep(5000);
    };
    const auto check = [](const OtherScanner& other, const AskedObject& object) {
      EXPECT_EQ(other.Ask(object, Short()).kind, Kind::kNone);
    };
    AskAll(script, check, is_kav);
  }
}

TEST(OtherScannerTest, AnAnswerWithoutEndIsNone) {
  for (const std::string& begin : {std::string(), std::string("HTTP/1.1 200 OK\r\n\r\n"), std::string("stream: ")}) {
    for (const bool is_kav : {false, true}) {
      const auto script = [&](PeerConnection& client) {
        client.ReceiveExactly(10);
        client.Send(begin);
        while (client.Send(std::string(65536, 'x'))) {
        }
      };
      const auto check = [](const OtherScanner& other, const AskedObject& object) {
        EXPECT_EQ(other.Ask(object, Long()).kind, Kind::kNone);
      };
      AskAll(script, check, is_kav);
    }
  }
}

TEST(OtherScannerTest, AnAnswerBeforeTheEndIsHeard) {
  const auto script = [](PeerConnection& client) {
    client.ReceiveExactly(20);
    client.Send("INSTREAM size limit exceeded. ERROR\0"sv);
    client.BeSilent();
  };
  const ScriptedPeer peer(Where::kTcp, script);
  const std::string large(32u << 20, 'z');  // More than sockets take by themselves.
  const OtherAnswer answer = OtherScanner::Clamd(peer.address())->Ask(ObjectOf(large), Long());
  EXPECT_EQ(answer.kind, Kind::kVerdict) << answer.problem;
  EXPECT_EQ(answer.verdict, Verdict::kFailed);
}

TEST(OtherScannerTest, ItEndsWhenItIsTold) {
  const os::Fd stop(::eventfd(1, EFD_CLOEXEC));
  const Patience patience(stop.get(), Patience::Clock::now() + std::chrono::hours(1));
  AskAll([](PeerConnection& client) { client.BeSilent(); },
         [&](const OtherScanner& other, const AskedObject& object) {
           EXPECT_EQ(other.Ask(object, patience).kind, Kind::kNone);
         });
  EXPECT_NE(OtherScanner::Command({"/bin/sh", "-c", "sleep 3600", "{path}"})->Ask(ObjectOf("x"), patience).kind,
            Kind::kVerdict);
}

TEST(OtherScannerTest, NobodyThere) {
  EXPECT_EQ(OtherScanner::Clamd("/no/such/socket")->Ask(ObjectOf("x"), Long()).kind, Kind::kNone);
  std::string address;
  {
    const ScriptedPeer peer(Where::kTcp, [](PeerConnection&) {});
    address = peer.address();
  }
  EXPECT_EQ(OtherScanner::Kav(address)->Ask(ObjectOf("x"), Long()).kind, Kind::kNone);
}

TEST(OtherScannerTest, WhatWouldMakeUsWaitIsHandedOverOrLeft) {
  const auto file = os::SealedMemfd("t", {"some bytes"});
  AskedObject object = ObjectOf(*file, 10);
  object.is_prompt = false;
  const auto script = [](PeerConnection& client) {
    client.ReceiveExactly(8);
    client.ReceiveFd();
    client.Send("fd[7]: OK\0"sv);
  };
  const ScriptedPeer local(Where::kUnix, script);
  EXPECT_EQ(OtherScanner::Clamd(local.address())->Ask(object, Long()).kind, Kind::kVerdict);
  EXPECT_EQ(OtherScanner::Kav(local.address())->Ask(object, Long()).kind, Kind::kUnfit);
  EXPECT_EQ(OtherScanner::Clamd("127.0.0.1:9")->Ask(object, Long()).kind, Kind::kUnfit);
  EXPECT_EQ(OtherScanner::Command({"/bin/cat", "{path}"})->Ask(object, Long()).kind, Kind::kUnfit);
}

TEST(OtherScannerTest, AFileThatIsShorterThanItWasIsNotAsked) {
  const auto file = os::SealedMemfd("t", {"some bytes"});
  const auto script = [](PeerConnection& client) { client.BeSilent(); };
  const ScriptedPeer peer(Where::kTcp, script);
  EXPECT_EQ(OtherScanner::Clamd(peer.address())->Ask(ObjectOf(*file, 11), Long()).kind, Kind::kUnfit);
  EXPECT_EQ(OtherScanner::Kav(peer.address())->Ask(ObjectOf(*file, 11), Long()).kind, Kind::kUnfit);
  EXPECT_EQ(OtherScanner::Command({"/bin/cat", "{path}"})->Ask(ObjectOf(*file, 11), Long()).kind, Kind::kUnfit);
}

OtherAnswer AskKavThatSays(const std::string& says, std::string* heard = nullptr) {
  const ScriptedPeer peer(Where::kTcp, [&](PeerConnection& client) {
    std::string head = client.ReceiveUntil("\r\n\r\n");
    head += client.ReceiveExactly(5);
    if (heard != nullptr) *heard = head;
    client.Send(says);
  });
  return OtherScanner::Kav(peer.address())->Ask(ObjectOf("12345"), Long());
}

TEST(OtherScannerTest, KavIsPostedTheObject) {
  std::string heard;
  const OtherAnswer answer = AskKavThatSays("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nCLEAN", &heard);
  EXPECT_EQ(answer.verdict, Verdict::kClean) << answer.problem;
  EXPECT_THAT(heard, ::testing::StartsWith("POST /scanmemory HTTP/1.1\r\n"));
  EXPECT_THAT(heard, HasSubstr("\r\nX-KAV-ProtocolVersion: 1\r\n"));
  EXPECT_THAT(heard, HasSubstr("\r\nContent-Length: 5\r\n"));
  EXPECT_THAT(heard, ::testing::EndsWith("\r\n\r\n12345"));
}

TEST(OtherScannerTest, AnswersOverHttp) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  EXPECT_EQ(AskKavThatSays(ok + "\r\nCLEAN").verdict, Verdict::kClean);  // Up to the end.
  EXPECT_EQ(AskKavThatSays("HTTP/1.0 200\r\nContent-Length: 5\r\n\r\nCLEANand more").verdict, Verdict::kClean);
  const OtherAnswer large = AskKavThatSays("HTTP/1.1 413 Too Large\r\n\r\n");
  EXPECT_EQ(large.kind, Kind::kVerdict);
  EXPECT_EQ(large.verdict, Verdict::kFailed);
  for (const std::string& none :
       {std::string("HTTP/1.1 503 Busy\r\n\r\n"), std::string("\r\n\r\nCLEAN"), std::string("220 smtp\r\n\r\n"),
        ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nCLEAN\r\n0\r\n\r\n",
        ok + "Content-Length: 99999999999\r\n\r\nCLEAN", ok + "Content-Length: -5\r\n\r\nCLEAN",
        ok + "Content-Length: 18446744073709551616\r\n\r\nCLEAN",
        ok + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nCLEANX", ok + "\r\n",
        ok + "\r\nCLEAN " + std::string(9000, 'x'), ok + std::string(20'000, 'x') + "\r\n\r\nCLEAN"})
    EXPECT_EQ(AskKavThatSays(none).kind, Kind::kNone) << none.substr(0, 80);
}

OtherAnswer AskSh(const std::string& script, const Patience& patience = Long(), std::string_view bytes = "12345") {
  return OtherScanner::Command({"/bin/sh", "-c", script, "sh", "{path}"})->Ask(ObjectOf(bytes), patience);
}

TEST(OtherScannerTest, ExitCodesOfACommand) {
  EXPECT_EQ(AskSh("exit 0").verdict, Verdict::kClean);
  EXPECT_EQ(AskSh("exit 0").kind, Kind::kVerdict);
  const OtherAnswer clamav = AskSh("echo \"$1: Eicar-Test FOUND\"; echo more; exit 1");
  EXPECT_EQ(clamav.verdict, Verdict::kDetected);
  EXPECT_THAT(clamav.names, ElementsAre("Eicar-Test"));
  EXPECT_THAT(AskSh("echo; echo ' Some name '; exit 1").names, ElementsAre("Some name"));
  EXPECT_THAT(AskSh("exit 1").names, IsEmpty());
  EXPECT_EQ(AskSh("exit 1").verdict, Verdict::kDetected);
  EXPECT_EQ(AskSh("echo \"$1: Heuristics.Encrypted.Zip FOUND\"; exit 1").verdict, Verdict::kIncomplete);
  const OtherAnswer failed = AskSh("echo out; echo why >&2; exit 2");
  EXPECT_EQ(failed.kind, Kind::kVerdict);
  EXPECT_EQ(failed.verdict, Verdict::kFailed);
  EXPECT_EQ(failed.problem, "why");
  EXPECT_EQ(AskSh("exit 3").kind, Kind::kNone);
  EXPECT_EQ(AskSh("kill -9 $$").kind, Kind::kNone);
  EXPECT_EQ(OtherScanner::Command({"/no/such/program", "{path}"})->Ask(ObjectOf("x"), Long()).kind, Kind::kNone);
}

TEST(OtherScannerTest, ACommandSeesTheBytesAndNothingElse) {
  EXPECT_THAT(AskSh("cat \"$1\"; exit 1").names, ElementsAre("12345"));
  EXPECT_THAT(AskSh("cat \"$1\"; exit 1", Long(), std::string(100, 'q')).names, ElementsAre(std::string(100, 'q')));
  // What is sealed cannot be written to.
  EXPECT_THAT(AskSh("(echo x >> \"$1\") 2>/dev/null || echo refused; exit 1").names, ElementsAre("refused"));
  EXPECT_THAT(AskSh("for fd in /proc/self/fd/*; do [ -e $fd ] && printf '%s ' ${fd##*/}; done; exit 1").names,
              ElementsAre(HasSubstr("0 1 2 3")));
  EXPECT_THAT(AskSh("ls /proc/self/fd | wc -l; exit 1").names, ElementsAre("5"));  // One is of ls itself.
  EXPECT_THAT(AskSh("cat; exit 1").names, ElementsAre("12345"));
  EXPECT_THAT(AskSh("pwd; exit 1").names, ElementsAre("/"));
  ::setenv("DAYLIGHT_TEST_SECRET", "1", 1);
  EXPECT_THAT(AskSh("echo \"[$DAYLIGHT_TEST_SECRET]\"; exit 1").names, ElementsAre("[]"));
  EXPECT_THAT(OtherScanner::Command({"/bin/sh", "-c", "echo \"$1\"; exit 1", "sh", "a{path}b{path}c"})
                  ->Ask(ObjectOf("x"), Long())
                  .names,
              ElementsAre("a/proc/self/fd/3b/proc/self/fd/3c"));
}

TEST(OtherScannerTest, AFileOfOursIsHandedToACommandAndOthersAreCopied) {
  const auto file = os::SealedMemfd("t", {"some bytes"});
  AskedObject object = ObjectOf(*file, 10);
  for (const bool is_ours : {true, false}) {
    object.is_ours = is_ours;
    EXPECT_THAT(
        OtherScanner::Command({"/bin/sh", "-c", "cat \"$1\"; exit 1", "sh", "{path}"})->Ask(object, Long()).names,
        ElementsAre("some bytes"));
  }
  EXPECT_EQ(::lseek(file->get(), 0, SEEK_CUR), 0);
}

TEST(OtherScannerTest, ACommandThatDoesNotEndIsEnded) {
  EXPECT_EQ(AskSh("sleep 3600", Short()).kind, Kind::kNone);
  EXPECT_EQ(AskSh("trap '' TERM INT HUP; while :; do sleep 1; done", Short()).kind, Kind::kNone);
  EXPECT_EQ(AskSh("yes", Short()).kind, Kind::kNone);
  EXPECT_EQ(AskSh("yes >&2", Short()).kind, Kind::kNone);
}

TEST(OtherScannerTest, MuchOutputIsReadAndForgotten) {
  const OtherAnswer answer = AskSh("echo Name; head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2; exit 1");
  EXPECT_EQ(answer.kind, Kind::kVerdict) << answer.problem;
  EXPECT_THAT(answer.names, ElementsAre("Name"));
  EXPECT_EQ(AskSh("head -c 3000000 /dev/zero | tr '\\0' x; exit 1").names.at(0).size(), 1024u);
}

TEST(OtherScannerTest, WhatACommandLeavesBehindIsEnded) {
  // It keeps the pipes open, and must not keep us.
  const OtherAnswer answer = AskSh("sleep 3600 & echo $!; exit 1");
  ASSERT_EQ(answer.names.size(), 1u) << answer.problem;
  const pid_t left = std::stoi(answer.names[0]);
  // Killed, and gone or waiting for whoever adopts it.
  for (int i = 0; i < 1000 && ::kill(left, 0) == 0; ++i) {
    std::string stat = "/proc/" + std::to_string(left) + "/stat";
    const os::Fd file(::open(stat.c_str(), O_RDONLY | O_CLOEXEC));
    if (Content(file.get()).find(") Z ") != std::string::npos) return;
    ::usleep(10'000);
  }
  EXPECT_NE(::kill(left, 0), 0);
}

}  // namespace
}  // namespace dl::daemon
