#include "daylight/report/frame.h"

#include "daylight/base/check.h"
#include "daylight/bytes/cursor.h"
#include "daylight/os/socket.h"
#include "daylight/report/encoder.h"

namespace dl::report {

std::uint32_t MaxFrameLength(MessageType type) {
  constexpr std::uint32_t kMegabyte = 1u << 20;
  switch (type) {
    case MessageType::kHello:
    case MessageType::kShutdown:
    case MessageType::kSummarize:
    case MessageType::kVerify:
    case MessageType::kFork:
    case MessageType::kForkEnd:
    case MessageType::kForkEnded: return 64;
    case MessageType::kReady:
    case MessageType::kDatabasesOpened:
    case MessageType::kAttempt:
    case MessageType::kAttemptAnswer:
    case MessageType::kVerifyAnswer:
    case MessageType::kIncludeRequest:
    case MessageType::kIncludeAnswer: return 64 * 1024;
    // Two lists of kMaxProfileLines, with three names each.
    case MessageType::kProfile: return 2 * kMegabyte;
    case MessageType::kScanBatch:
    case MessageType::kSurvey:
    case MessageType::kExplain: return 32 * kMegabyte;
    case MessageType::kSurveyFacts:
    case MessageType::kSettingsFacts:
    case MessageType::kCompile:
    case MessageType::kCompileClamav:
    case MessageType::kCompileAnswer:
    case MessageType::kExplainAnswer:
    case MessageType::kSummary:  // Tens of thousands of rules, by name.
      return 64 * kMegabyte;
    case MessageType::kOpenDatabases:  // With module data.
    case MessageType::kObjectReport:   // With --matches=all; else see MaxReportBytes().
      return 256 * kMegabyte;
  }
  return 0;
}

Result<FrameHeader> ParseFrameHeader(Bytes bytes) {
  Cursor cursor(bytes);
  FrameHeader header;
  DL_TRY(const std::uint32_t magic, cursor.ReadU32Le());
  DL_TRY(const std::uint16_t type, cursor.ReadU16Le());
  DL_TRY(header.descriptors, cursor.ReadU16Le());
  DL_TRY(header.length, cursor.ReadU32Le());
  DL_TRY(header.sequence, cursor.ReadU64Le());
  if (magic != kFrameMagic) return Fail(ErrorCode::kMalformed, "not a message (wrong magic)");
  header.type = static_cast<MessageType>(type);
  const std::uint32_t limit = MaxFrameLength(header.type);
  if (limit == 0) return Fail(ErrorCode::kMalformed, "a message of unknown type", 4);
  if (header.length > limit) return Fail(ErrorCode::kMalformed, "a message that is too long", 8);
  if (header.descriptors > os::kMaxFdsPerSend) return Fail(ErrorCode::kMalformed, "too many descriptors", 6);
  return header;
}

void AppendFrame(std::string& out, MessageType type, std::uint16_t descriptors, std::uint64_t sequence,
                 std::string_view payload) {
  DL_CHECK(payload.size() <= MaxFrameLength(type));
  Encoder header;
  header.PutU32(kFrameMagic);
  header.PutU16(static_cast<std::uint16_t>(type));
  header.PutU16(descriptors);
  header.PutU32(static_cast<std::uint32_t>(payload.size()));
  header.PutU64(sequence);
  out += header.Take();
  out += payload;
}

std::string MakeFrame(MessageType type, std::uint16_t descriptors, std::uint64_t sequence, std::string_view payload) {
  std::string bytes;
  bytes.reserve(kFrameHeaderBytes + payload.size());
  AppendFrame(bytes, type, descriptors, sequence, payload);
  return bytes;
}

}  // namespace dl::report
