// Frame is the envelope of everything that travels between the trusted side and
// a worker: a header of fixed size, then `length` bytes.
//
//   std::string bytes = report::MakeFrame(MessageType::kShutdown, 0, 0, "");
//   DL_TRY(const FrameHeader header, report::ParseFrameHeader(first_20_bytes));
//
// A header says how much follows, and a length past the message's own limit is
// refused before anything is allocated for it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "daylight/base/error.h"
#include "daylight/bytes/bytes.h"

namespace dl::report {

enum class MessageType : std::uint16_t {
  // From the broker.
  kHello = 1,
  kOpenDatabases = 2,  // Descriptors: the databases.
  kCompile = 3,        // Descriptors: rule text, file for the database.
  kIncludeAnswer = 4,  // Descriptor: the text, when there is one.
  kScanBatch = 5,      // Descriptors: the objects.
  kSummarize = 6,      // Of the opened databases.
  kExplain = 7,        // Descriptor: the object.
  kVerify = 8,         // The opened databases, every page.
  kShutdown = 9,
  kAttempt = 10,
  kFork = 11,           // Of a template. Descriptor: the socket of the worker to be.
  kForkEnd = 12,        // Of a template: how did the last one end?
  kCompileClamav = 13,  // Descriptors: signature files, file for the database.
  kSurvey = 14,         // Descriptors: the files of one question about software.
  // From the worker.
  kReady = 101,
  kDatabasesOpened = 102,
  kCompileAnswer = 103,
  kIncludeRequest = 104,
  kObjectReport = 105,
  kSummary = 106,
  kExplainAnswer = 107,
  kVerifyAnswer = 108,
  kAttemptAnswer = 109,
  kForkEnded = 110,
  kProfile = 111,      // Of the objects since the last; before a report.
  kSurveyFacts = 112,  // Any number for one kSurvey.
  kSettingsFacts = 113,
};

inline constexpr std::uint32_t kFrameMagic = 0x31504c44;  // "DLP1"
inline constexpr std::size_t kFrameHeaderBytes = 20;

struct FrameHeader {
  MessageType type{};
  std::uint16_t descriptors = 0;  // That come with this frame.
  std::uint32_t length = 0;       // In bytes, of what follows.
  std::uint64_t sequence = 0;
};

// Who sends messages of this type; each side takes in only the other's.
enum class Side : std::uint8_t { kBroker, kWorker };
inline Side SenderOf(MessageType type) {
  return static_cast<std::uint16_t>(type) < 100 ? Side::kBroker : Side::kWorker;
}

// The most bytes that a message of this type may have; 0 for no such type.
std::uint32_t MaxFrameLength(MessageType type);

// `bytes`: exactly kFrameHeaderBytes.
Result<FrameHeader> ParseFrameHeader(Bytes bytes);
// Header and payload.
// Behind what is in `out`; MakeFrame() is the same in a string of its own.
void AppendFrame(std::string& out, MessageType type, std::uint16_t descriptors, std::uint64_t sequence,
                 std::string_view payload);
std::string MakeFrame(MessageType type, std::uint16_t descriptors, std::uint64_t sequence, std::string_view payload);

}  // namespace dl::report
