// What another scanner answers is bounded, and either a verdict or none.
#include <cstdint>
#include <string>
#include <string_view>

#include "daylight/base/check.h"
#include "daylight/daemon/beside/other_scanner.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using dl::daemon::OtherAnswer;
  using dl::report::Verdict;
  // An allocation of exactly this size.
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const OtherAnswer& answer : {dl::daemon::ReadClamdLine(text), dl::daemon::ReadKavLine(text)}) {
    DL_CHECK(answer.names.size() <= 1);
    for (const std::string& name : answer.names) DL_CHECK(!name.empty() && name.size() <= 1024);
    if (answer.kind != OtherAnswer::Kind::kVerdict) {
      DL_CHECK(answer.names.empty() && !answer.problem.empty());
      continue;
    }
    DL_CHECK(answer.problem.size() <= 1024);
    // Nothing is clean that does not say so in its last word.
    if (answer.verdict == Verdict::kClean)
      DL_CHECK(text.ends_with(": OK") || text == "CLEAN" || text == "CLEAN\n" ||
               text.starts_with("CLEAN AND CONTAINS"));
    if (answer.verdict == Verdict::kFailed) DL_CHECK(answer.names.empty());
  }
  return 0;
}
