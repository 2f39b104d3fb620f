// Any bytes as a header of RPM's. Meaning: one that parses fits in the bytes, and so does every
// text of it; with more bytes behind it, it says the same.
#include <string>

#include "daylight/base/check.h"
#include "daylight/extract/packages/packages.h"
#include "daylight/extract/packages/rpm_header.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dl;
  using namespace dl::extract;
  const Bytes input(reinterpret_cast<const std::byte*>(data), size);
  if (const auto length = RpmHeader::LengthInFile(input)) DL_CHECK(*length >= 16 + 16);
  const auto header = RpmHeader::Parse(input);
  if (!header) return 0;
  const report::PackageFact fact = PackageOf(*header);
  for (const std::string* text : {&fact.name, &fact.summary, &fact.vendor, &fact.licence}) {
    DL_CHECK(text->size() <= size && text->size() <= kMaxFactText && text->find('\0') == std::string::npos);
  }
  DL_CHECK(fact.installed_at >= 0);
  const std::string more = std::string(AsText(input)) + "more";
  const auto again = RpmHeader::Parse(AsBytes(more));
  DL_CHECK(again.has_value());
  const report::PackageFact same = PackageOf(*again);
  DL_CHECK(same.name == fact.name && same.version == fact.version && same.source == fact.source);
  return 0;
}
