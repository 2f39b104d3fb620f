// Any bytes as a systemd unit. Meaning: there is one fact, however windows fall; its programs are
// different ones, without a slash before them.
#include <set>
#include <string>

#include "daylight/base/check.h"
#include "daylight/extract/packages/packages.h"
#include "daylight/extract/packages/packages_testing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dl;
  using namespace dl::extract;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) return 0;
  const std::size_t piece = 1 + static_cast<unsigned char>(input[0]);
  input.remove_prefix(1);
  const report::FactPlace place = {1, "etc/systemd/system/a.service", report::Presence::kPresent};
  MemorySource whole(AsBytes(input));
  const report::SoftwareFacts facts = FactsOf([&](Facts& f) { ReadUnit(whole, place, f); });
  StreamSource pieces = InPieces(input, piece);
  DL_CHECK(TextOf(FactsOf([&](Facts& f) { ReadUnit(pieces, place, f); })) == TextOf(facts));
  DL_CHECK(facts.units.size() == 1 && facts.units[0].name == "a.service");
  std::set<std::string> programs;
  for (const std::string& program : facts.units[0].programs) {
    DL_CHECK(!program.empty() && program[0] != '/' && program.size() <= kMaxFactText);
    DL_CHECK(programs.insert(program).second);
  }
  return 0;
}
