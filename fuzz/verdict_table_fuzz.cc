// Any bytes are a file of the verdict cache, with the checksums as they come or
// made right. Meaning: what is in a table is found in it, in that state only, and
// comes back from what is written of it.
#include <xxhash.h>

#include <cstring>
#include <span>
#include <vector>

#include "daylight/base/check.h"
#include "daylight/sandbox/verdict_table.h"

namespace {

using dl::sandbox::Digest256;
using dl::sandbox::VerdictRecord;
using dl::sandbox::VerdictTable;

constexpr Digest256 kConfiguration = {7};

void Seal(VerdictRecord& line, std::uint64_t seed) {
  line.check = XXH3_64bits_withSeed(&line, sizeof line - sizeof line.check, seed);
}

void MakeRight(std::vector<VerdictRecord>& lines) {
  auto* head = reinterpret_cast<unsigned char*>(lines.data());
  std::memcpy(head, "DLVERD01", 8);
  std::memcpy(head + 16, kConfiguration.data(), kConfiguration.size());
  std::uint64_t seed = 0;
  std::memcpy(&seed, head + 8, sizeof seed);
  Seal(lines[0], 0);
  for (std::size_t i = 1; i < lines.size(); ++i) Seal(lines[i], i < VerdictTable::kHeadLines ? seed + i : seed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bool is_right = size % 2 == 0;
  // So that small inputs reach the records.
  const std::size_t head = is_right ? VerdictTable::kHeadLines : 0;
  std::vector<VerdictRecord> lines(head + size / sizeof(VerdictRecord));
  if (is_right) {
    for (std::size_t i = 1; i < head && size > 0; ++i) {
      auto* unit = reinterpret_cast<unsigned char*>(&lines[i]);
      std::memset(unit, data[i % size], 40);
    }
    if (!lines.empty()) MakeRight(lines);
  }
  if (size >= sizeof(VerdictRecord)) {
    std::memcpy(&lines[head], data, (lines.size() - head) * sizeof(VerdictRecord));
    if (is_right) MakeRight(lines);
  }
  VerdictTable table = VerdictTable::Parse(lines, kConfiguration);
  DL_CHECK(table.size() <= lines.size());
  DL_CHECK(is_right || table.size() == 0);
  for (std::size_t i = head; i < lines.size(); ++i) {
    const VerdictRecord* found = table.Find(lines[i]);
    if (found == nullptr) continue;
    DL_CHECK(found->IsFile(lines[i]) && found->IsState(lines[i]));
    VerdictRecord changed = lines[i];
    changed.changed_ns ^= 1;
    found = table.Find(changed);
    DL_CHECK(found == nullptr || found->IsState(changed));
  }
  table.AddUnit({Digest256{1}, true, true, false, 5}, 3);
  VerdictRecord own;
  own.inode = size;
  own.units = std::uint64_t{1} << *table.FindUnit(Digest256{1});
  own.seen = 9;
  table.Add(own);
  DL_CHECK(table.Find(own) != nullptr);
  table.RemoveOld(3);
  const VerdictTable again = VerdictTable::Parse(table.Lines(kConfiguration, size), kConfiguration);
  DL_CHECK(again.size() == table.size() && again.Find(own) != nullptr);
  DL_CHECK(again.FindUnit(Digest256{1}) == table.FindUnit(Digest256{1}));
  return 0;
}
