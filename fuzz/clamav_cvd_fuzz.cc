// Containers: the tar, plain or compressed, behind a header that is not signed;
// and the same bytes as a whole container, which nobody has signed and which must
// therefore never be taken. The first byte chooses.
#include <cstdint>
#include <string>
#include <string_view>

#include "daylight/base/check.h"
#include "daylight/rules/clamav/cvd.h"

namespace {

using namespace dl;
using namespace dl::clamav;

struct Counter : Sink {
  void AddLogical(FileKind, std::string_view, LogicalSignature) override { ++taken; }
  void AddDigest(FileKind, std::string_view, std::string_view, const DigestSignature&) override { ++taken; }
  void AddContainer(FileKind, std::string_view, ContainerSignature) override { ++taken; }
  Status AddLine(FileKind, std::string_view) override {
    ++taken;
    return {};
  }
  void AddIgnored(std::string_view, std::string_view) override { ++taken; }
  void AddYara(std::string_view, std::string_view) override { ++taken; }
  void Skip(FileKind, std::string_view) override { ++skipped; }
  void Warn(std::string_view, std::uint32_t, std::string_view message) override { DL_CHECK(!message.empty()); }
  std::uint64_t taken = 0;
  std::uint64_t skipped = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  constexpr std::uint64_t kLimit = 4U << 20;
  constexpr std::string_view kNames[] = {"x.cvd", "x.cld", "x.cud"};
  const std::string_view name = kNames[data[0] % 3];
  if ((data[0] & 0x80) != 0) {
    Counter counter;
    const FileOutcome outcome = ReadContainer(name, AsBytes(rest), {}, PublishedKeys(), counter, kLimit);
    DL_CHECK(!outcome.error.empty() && counter.taken == 0);
    return 0;
  }
  std::string file = "ClamAV-VDB:16 Apr 2020 07-58 -0400:7:2:90:X:X:tester:1587038339";
  file.resize(kCvdHeaderBytes, ' ');
  file += rest;
  Counter counter;
  const FileOutcome outcome =
      ReadContainer(name, AsBytes(file), {.pua = true, .allow_unsigned = true}, PublishedKeys(), counter, kLimit);
  if (outcome.error.empty()) DL_CHECK(counter.taken + counter.skipped >= outcome.lines);
  return 0;
}
