// How questions about software and their answers travel (see protocol.h for how
// encoding and decoding treat what is hostile).
//
//   channel.Send(MessageType::kSurveyFacts, sequence, report::Encode(SurveyFactsMessage{facts, true}));
//
// One kSurvey is answered by any number of kSurveyFacts, the last of which says so; one for
// settings by one kSettingsFacts.
#pragma once

#include "daylight/report/protocol.h"
#include "daylight/report/settings.h"
#include "daylight/report/software.h"

namespace dl::report {

struct SurveyFile {
  std::string name;  // Within what was asked about: "etc/os-release"; of a layout: "blobs/sha256/…".
  std::uint64_t size = 0;
};
// Descriptors: one for each file.
struct SurveyMessage {
  SurveyKind kind = SurveyKind::kAny;
  std::vector<SurveyFile> files;
  std::vector<std::string> words;  // To be looked for in texts, lower case.
  // Else only programs, container images and SBOMs are read, and of package files what they say of themselves.
  bool open_archives = true;
  std::uint64_t max_bytes = std::uint64_t{64} << 30;  // Taken out of containers, all together.
  std::uint32_t max_depth = 8;                        // Containers in containers.
};

inline constexpr std::uint32_t kMaxFactsPerMessage = 20000;
inline constexpr std::uint32_t kMaxSettings = 200000;

struct SurveyFactsMessage {
  SoftwareFacts facts;
  bool last = false;
};

struct SettingsFactsMessage {
  SettingsFacts facts;
};

}  // namespace dl::report
