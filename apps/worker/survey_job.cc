#include "survey_job.h"

#include <deque>
#include <utility>
#include <vector>

#include "daylight/bytes/object_source.h"
#include "daylight/extract/all/survey.h"
#include "daylight/extract/settings/settings.h"
#include "daylight/report/software_protocol.h"

namespace dl::worker {

namespace {

// Facts of image layouts come from many files: each is read in windows, and only a small one is held.
constexpr DescriptorSource::Limits kLimits{.copy_limit_bytes = 1u << 20, .window_bytes = 1u << 20};

}  // namespace

Status AnswerSurvey(const report::Incoming& message, report::WorkerChannel& channel) {
  DL_TRY(const auto survey, report::Decode<report::SurveyMessage>(AsBytes(message.payload)));
  if (survey.files.size() != message.descriptors.size() || survey.files.empty()) {
    return Fail(ErrorCode::kMalformed, "a question without its files");
  }
  const std::uint64_t sequence = message.header.sequence;
  std::deque<GrowingBuffer> buffers;
  std::deque<DescriptorSource> sources;
  std::vector<ObjectSource*> files;
  for (std::size_t i = 0; i < survey.files.size(); ++i) {
    buffers.emplace_back();
    sources.emplace_back(message.descriptors[i].get(), survey.files[i].size, buffers.back(), kLimits);
    files.push_back(&sources.back());
  }
  if (survey.kind == report::SurveyKind::kSettings) {
    report::SettingsFactsMessage answer;
    extract::ReadSettings(*files.front(), answer.facts);
    return channel.Send(report::MessageType::kSettingsFacts, sequence, report::Encode(answer));
  }
  Status sent;
  extract::Facts facts([&](report::SoftwareFacts&& piece, bool last) {
    if (sent) {
      sent = channel.Send(report::MessageType::kSurveyFacts, sequence,
                          report::Encode(report::SurveyFactsMessage{std::move(piece), last}));
    }
    return sent.has_value();
  });
  extract::Answer(survey, files, facts);
  facts.Finish();
  return sent;
}

}  // namespace dl::worker
