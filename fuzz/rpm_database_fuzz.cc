// Any bytes as a database of rpm's: SQLite, ndb, Berkeley DB. The first two bytes say how many are
// of SQLite's log. Meaning: headers that are given are no more bytes than there are (none is given
// twice for the price of one), what is not whole is told, and all is the same when asked again.
#include <string>

#include "daylight/base/check.h"
#include "daylight/bytes/cursor.h"
#include "daylight/extract/packages/packages.h"
#include "daylight/extract/packages/packages_testing.h"
#include "daylight/extract/packages/rpm_stores.h"

namespace {

using namespace dl;
using namespace dl::extract;

std::string Read(Bytes file, Bytes wal) {
  MemorySource source(file);
  MemorySource log(wal);
  return TextOf(FactsOf([&](Facts& facts) { ReadRpmDatabase(source, wal.empty() ? nullptr : &log, {}, facts); }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Cursor cursor({reinterpret_cast<const std::byte*>(data), size});
  const auto wanted = cursor.ReadU16Le();
  if (!wanted) return 0;
  const Bytes wal = *cursor.ReadBytes(std::min<std::size_t>(*wanted, cursor.remaining()));
  const Bytes file = *cursor.ReadBytes(cursor.remaining());
  std::uint64_t given = 0;
  bool is_told = false;
  const RpmStoreSink sink = {[&](Bytes blob) {
                               given += blob.size();
                               return true;
                             },
                             [&](std::string_view reason, std::string_view) {
                               DL_CHECK(!reason.empty());
                               is_told = true;
                             }};
  if (IsNdb(file)) {
    ReadRpmNdb(file, sink);
    DL_CHECK(given <= file.size());
  } else if (IsBerkeleyHash(file)) {
    ReadRpmBerkeley(file, sink);
    DL_CHECK(given <= file.size());
    DL_CHECK(is_told || file.size() % 512 == 0);
  }
  std::vector<std::byte> changed(file.begin(), file.end());
  constexpr std::uint64_t kLimit = 16u << 20;
  if (!ApplyWal(changed, wal, kLimit).empty()) {
    DL_CHECK(std::equal(changed.begin(), changed.end(), file.begin(), file.end()));
  } else {
    DL_CHECK(changed.size() <= std::max<std::uint64_t>(file.size(), kLimit));
    DL_CHECK(changed.size() <= file.size() + wal.size() + 65536);
  }
  DL_CHECK(Read(file, wal) == Read(file, wal));
  return 0;
}
