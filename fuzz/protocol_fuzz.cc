// What a hostile worker may send: any bytes, as a stream of frames. Whatever
// decodes must encode to the very same bytes.
#include "daylight/base/check.h"
#include "daylight/report/frame_reader.h"
#include "daylight/report/protocol.h"
#include "daylight/report/software_protocol.h"

using namespace dl::report;

namespace {

template <typename T>
void Check(dl::Bytes payload) {
  const auto value = Decode<T>(payload);
  if (value) DL_CHECK(Encode(*value) == dl::AsText(payload));
}

void CheckFrame(const Frame& frame) {
  const dl::Bytes payload = dl::AsBytes(frame.payload);
  switch (frame.header.type) {
    case MessageType::kHello: return Check<HelloMessage>(payload);
    case MessageType::kReady: return Check<ReadyMessage>(payload);
    case MessageType::kForkEnded: return Check<ForkEndedMessage>(payload);
    case MessageType::kAttempt: return Check<AttemptMessage>(payload);
    case MessageType::kAttemptAnswer: return Check<AttemptAnswerMessage>(payload);
    case MessageType::kOpenDatabases: return Check<OpenDatabasesMessage>(payload);
    case MessageType::kCompile: return Check<CompileMessage>(payload);
    case MessageType::kCompileClamav: return Check<CompileClamavMessage>(payload);
    case MessageType::kIncludeAnswer: return Check<IncludeAnswerMessage>(payload);
    case MessageType::kScanBatch: return Check<ScanBatchMessage>(payload);
    case MessageType::kExplain: return Check<ExplainMessage>(payload);
    case MessageType::kDatabasesOpened: return Check<DatabasesOpenedMessage>(payload);
    case MessageType::kCompileAnswer: return Check<CompileAnswerMessage>(payload);
    case MessageType::kIncludeRequest: return Check<IncludeRequestMessage>(payload);
    case MessageType::kObjectReport: return Check<ObjectReport>(payload);
    case MessageType::kSummary: return Check<DatabaseSummary>(payload);
    case MessageType::kExplainAnswer: return Check<ExplainAnswer>(payload);
    case MessageType::kVerifyAnswer: return Check<VerifyAnswerMessage>(payload);
    case MessageType::kProfile: return Check<Profile>(payload);
    case MessageType::kSurvey: return Check<SurveyMessage>(payload);
    case MessageType::kSurveyFacts: return Check<SurveyFactsMessage>(payload);
    case MessageType::kSettingsFacts: return Check<SettingsFactsMessage>(payload);
    case MessageType::kSummarize:
    case MessageType::kVerify:
    case MessageType::kShutdown:
    case MessageType::kFork:
    case MessageType::kForkEnd: return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const Side from : {Side::kBroker, Side::kWorker}) {
    FrameReader reader(from);
    reader.Append(std::as_bytes(std::span(data, size)));
    for (;;) {
      const auto frame = reader.Next();
      if (!frame || !*frame) break;
      CheckFrame(**frame);
    }
  }
  return 0;
}
