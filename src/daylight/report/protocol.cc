#include "daylight/report/protocol.h"

#include "daylight/report/fields.h"
#include "daylight/report/software_fields.h"

namespace dl::report {

namespace {

template <typename Io>
Status Visit(Io& io, Of<Io, HelloMessage>& hello) {
  return io.Number(hello.version);
}

template <typename Io>
Status Visit(Io& io, Of<Io, ReadyMessage>& ready) {
  DL_TRY_STATUS(io.Number(ready.version));
  DL_TRY_STATUS(io.Number(ready.walls.held));
  return io.List(ready.walls.notes, 32, [](auto& inner, auto& note) -> Status { return inner.Text(note, 256); });
}

template <typename Io>
Status Visit(Io& io, Of<Io, ForkEndedMessage>& ended) {
  return io.Number(ended.status);
}

template <typename Io>
Status Visit(Io& io, Of<Io, AttemptMessage>& attempt) {
  DL_TRY_STATUS(io.Text(attempt.name, 256));
  DL_TRY_STATUS(io.Number(attempt.tcp_port));
  for (auto* text :
       {&attempt.abstract_socket, &attempt.socket_path, &attempt.readable_file, &attempt.writable_folder}) {
    DL_TRY_STATUS(io.Text(*text, 4096));
  }
  DL_TRY_STATUS(io.Number(attempt.parent));
  return io.Number(attempt.sibling);
}

template <typename Io>
Status Visit(Io& io, Of<Io, AttemptAnswerMessage>& answer) {
  DL_TRY_STATUS(io.Enum(answer.outcome, AttemptOutcome::kUnsupported));
  DL_TRY_STATUS(io.Number(answer.error));
  return io.Text(answer.detail, 4096);
}

template <typename Io>
Status Visit(Io& io, Of<Io, OpenDatabasesMessage>& open) {
  return Fields(io, open.settings);
}

template <typename Io>
Status Visit(Io& io, Of<Io, DatabasesOpenedMessage>& opened) {
  DL_TRY_STATUS(io.Flag(opened.ok));
  return io.Text(opened.problem, 4096);
}

template <typename Io>
Status Visit(Io& io, Of<Io, VerifyAnswerMessage>& answer) {
  DL_TRY_STATUS(io.Flag(answer.ok));
  return io.Text(answer.problem, 4096);
}

template <typename Io>
Status Visit(Io& io, Of<Io, IncludeRequestMessage>& request) {
  DL_TRY_STATUS(io.Text(request.path, 4096));
  return io.Text(request.from_identity, 4096);
}

template <typename Io>
Status Visit(Io& io, Of<Io, IncludeAnswerMessage>& answer) {
  DL_TRY_STATUS(io.Enum(answer.outcome, IncludeOutcome::kTooLarge));
  DL_TRY_STATUS(io.Text(answer.identity, 4096));
  return io.Text(answer.name, 16 * 1024);
}

template <typename Io>
Status Visit(Io& io, Of<Io, ScanBatchMessage>& batch) {
  DL_TRY_STATUS(io.List(batch.objects, kMaxBatchObjects,
                        [](auto& inner, auto& object) -> Status { return Fields(inner, object); }));
  return io.Number(batch.now);
}

template <typename Io>
Status Visit(Io& io, Of<Io, ExplainMessage>& explain) {
  DL_TRY_STATUS(io.Text(explain.rule, kMaxNameBytes));
  return Fields(io, explain.object);
}

template <typename Io>
Status Visit(Io& io, Of<Io, ObjectReport>& value) {
  return Fields(io, value);
}
template <typename Io>
Status Visit(Io& io, Of<Io, DatabaseSummary>& value) {
  return Fields(io, value);
}
template <typename Io>
Status Visit(Io& io, Of<Io, ExplainAnswer>& value) {
  return Fields(io, value);
}
template <typename Io>
Status Visit(Io& io, Of<Io, Profile>& value) {
  return Fields(io, value);
}
template <typename Io>
Status Visit(Io& io, Of<Io, CompileMessage>& value) {
  return Fields(io, value);
}
template <typename Io>
Status Visit(Io& io, Of<Io, CompileClamavMessage>& value) {
  return Fields(io, value);
}
template <typename Io>
Status Visit(Io& io, Of<Io, CompileAnswerMessage>& value) {
  return Fields(io, value);
}
template <typename Io>
Status Visit(Io& io, Of<Io, SurveyMessage>& value) {
  return Fields(io, value);
}
template <typename Io>
Status Visit(Io& io, Of<Io, SurveyFactsMessage>& value) {
  return Fields(io, value);
}
template <typename Io>
Status Visit(Io& io, Of<Io, SettingsFactsMessage>& value) {
  return Fields(io, value);
}

// A fact is many texts, of which most may be empty: memory of up to eight times its bytes.
template <typename T>
constexpr std::size_t kGrowth = kMaxGrowth;
template <>
constexpr std::size_t kGrowth<SurveyFactsMessage> = 10;
template <>
constexpr std::size_t kGrowth<SettingsFactsMessage> = 10;

}  // namespace

std::uint32_t MaxReportBytes(const ScanSettings& settings) {
  const bool all = settings.list_strings && (settings.max_strings == 0 || settings.max_string_bytes == 0);
  return all ? MaxFrameLength(MessageType::kObjectReport) : 32u << 20;
}

template <typename T>
std::string Encode(const T& value) {
  FieldWriter writer;
  static_cast<void>(Visit<FieldWriter>(writer, value));  // A writer never fails.
  return writer.Take();
}

template <typename T>
Result<T> Decode(Bytes bytes) {
  FieldReader reader(bytes, kGrowth<T>);
  T value{};
  DL_TRY_STATUS(Visit<FieldReader>(reader, value));
  if (!reader.AtEnd()) return Fail(ErrorCode::kMalformed, "bytes left over behind a message");
  return value;
}

#define DL_MESSAGE(Type)                          \
  template std::string Encode<Type>(const Type&); \
  template Result<Type> Decode<Type>(Bytes)
DL_MESSAGE(HelloMessage);
DL_MESSAGE(ReadyMessage);
DL_MESSAGE(ForkEndedMessage);
DL_MESSAGE(AttemptMessage);
DL_MESSAGE(AttemptAnswerMessage);
DL_MESSAGE(OpenDatabasesMessage);
DL_MESSAGE(DatabasesOpenedMessage);
DL_MESSAGE(CompileMessage);
DL_MESSAGE(CompileClamavMessage);
DL_MESSAGE(CompileAnswerMessage);
DL_MESSAGE(IncludeRequestMessage);
DL_MESSAGE(IncludeAnswerMessage);
DL_MESSAGE(ScanBatchMessage);
DL_MESSAGE(ObjectReport);
DL_MESSAGE(DatabaseSummary);
DL_MESSAGE(ExplainMessage);
DL_MESSAGE(ExplainAnswer);
DL_MESSAGE(Profile);
DL_MESSAGE(VerifyAnswerMessage);
DL_MESSAGE(SurveyMessage);
DL_MESSAGE(SurveyFactsMessage);
DL_MESSAGE(SettingsFactsMessage);
#undef DL_MESSAGE

}  // namespace dl::report
