// OpenIOC documents: each digest that is taken stands in the document, and its
// signature is named after it.
#include <cstdint>
#include <string>
#include <string_view>

#include "daylight/base/check.h"
#include "daylight/rules/clamav/reader.h"

namespace {

using namespace dl;
using namespace dl::clamav;

struct Checker : Sink {
  explicit Checker(std::string_view document) : text(document) {}
  void AddLogical(FileKind, std::string_view, LogicalSignature) override { DL_CHECK(false); }
  void AddDigest(FileKind from, std::string_view line, std::string_view name, const DigestSignature& digest) override {
    ++taken;
    DL_CHECK(from == FileKind::kIoc && digest.of == DigestSignature::Of::kFile && !digest.size);
    DL_CHECK(line.size() == 32 || line.size() == 40 || line.size() == 64);
    DL_CHECK(name == "x.ioc." + std::string(line));
    // Characters may be written as references.
    DL_CHECK(text.find('&') != std::string_view::npos || text.find(line) != std::string_view::npos);
  }
  void AddContainer(FileKind, std::string_view, ContainerSignature) override { DL_CHECK(false); }
  Status AddLine(FileKind, std::string_view) override {
    DL_CHECK(false);
    return {};
  }
  void AddIgnored(std::string_view, std::string_view) override { DL_CHECK(false); }
  void AddYara(std::string_view, std::string_view) override { DL_CHECK(false); }
  void Skip(FileKind, std::string_view) override { ++skipped; }
  void Warn(std::string_view, std::uint32_t, std::string_view message) override { DL_CHECK(!message.empty()); }
  std::string_view text;
  std::uint64_t taken = 0;
  std::uint64_t skipped = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Checker checker(text);
  const FileOutcome outcome = ReadFile("x.ioc", AsBytes(text), {}, checker);
  DL_CHECK(checker.taken + outcome.malformed == outcome.lines && checker.skipped == outcome.malformed);
  return 0;
}
