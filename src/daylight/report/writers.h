// The single writers; see writer.h.
#pragma once

#include "daylight/report/json_text.h"
#include "daylight/report/writer.h"

namespace dl::report {

std::unique_ptr<Writer> MakeTextWriter(WriterOptions options);
std::unique_ptr<Writer> MakeJsonWriter(WriterOptions options, bool lines);
std::unique_ptr<Writer> MakeSarifWriter(WriterOptions options);
std::unique_ptr<Writer> MakeCsvWriter(WriterOptions options);

// The pieces that JSON and SARIF share.
void AppendMetas(const std::vector<MetaValue>& metas, JsonText& json);
void AppendStrings(const Detection& detection, JsonText& json);
void AppendSummary(const Summary& summary, JsonText& json);

}  // namespace dl::report
