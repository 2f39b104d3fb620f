// Any bytes are a database or an error, aligned or not. Meaning: what opens has
// its sections within the file, a section is given out only when its pages
// are sound, and when all pages are, every section is given out.
#include <cstring>
#include <vector>

#include "daylight/base/check.h"
#include "daylight/database/database.h"

namespace {

void Check(const dl::database::Database& database) {
  const bool sound = database.VerifyAll().has_value();
  for (const auto& info : database.sections()) {
    DL_CHECK(info.unit < database.unit_count());
    const auto section = database.Section(info.kind, info.unit);
    DL_CHECK(section || !sound);
    if (!section) continue;
    DL_CHECK(section->size() == info.size);
    std::uint64_t sum = 0;
    for (const std::byte b : *section) sum += std::to_integer<unsigned>(b);
    DL_CHECK(sum <= 255 * section->size());  // And so each byte was read.
  }
  DL_CHECK(database.Section(dl::database::MakeSectionKind("none"), 12345).value_or(dl::Bytes()).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const dl::Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  const auto owned = dl::database::Database::FromBytes(std::vector<std::byte>(bytes.begin(), bytes.end()));
  if (owned) Check(**owned);
  std::vector<std::byte> shifted(size + 1);
  if (size > 0) std::memcpy(shifted.data() + 1, data, size);
  const auto borrowed = dl::database::Database::FromBytes(dl::Bytes(shifted).subspan(1));
  DL_CHECK(borrowed.has_value() == owned.has_value());
  if (borrowed) Check(**borrowed);
  // A sound database of what was given, so that the inside is reached too.
  dl::database::Writer writer;
  const std::size_t half = size / 2;
  writer.AddSection(dl::database::MakeSectionKind("HALF"), 0,
                    {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(half)});
  writer.AddSection(dl::database::MakeSectionKind("REST"), 1,
                    {bytes.begin() + static_cast<std::ptrdiff_t>(half), bytes.end()});
  std::vector<std::byte> written = writer.Finish();
  const auto again = dl::database::Database::FromBytes(dl::Bytes(written));
  DL_CHECK(again.has_value() && (*again)->VerifyAll().has_value());
  Check(**again);
  // And one with a byte changed behind the header's checksum, which is found.
  if (size > 0) {
    const auto& info = (*again)->sections()[half > 0 ? 0 : 1];
    written[static_cast<std::size_t>(info.offset)] ^= std::byte{1};
    const auto damaged = dl::database::Database::FromBytes(dl::Bytes(written));
    DL_CHECK(damaged.has_value() && !(*damaged)->VerifyAll().has_value());
    Check(**damaged);
  }
  return 0;
}
