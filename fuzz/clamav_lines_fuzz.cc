// Lines of signature files. The first byte is the kind. What is read must be
// what the compiler may rely on; each line is taken, skipped or warned about; and
// a file of two good halves reads as both.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "daylight/base/check.h"
#include "daylight/rules/clamav/reader.h"

namespace {

using namespace dl;
using namespace dl::clamav;

constexpr auto kSuffixes = std::to_array<std::string_view>({
    "db",  "hdb", "hsb", "fp",  "sfp", "mdb",  "imp", "ndb", "ndu",  "sdb", "ldb", "ldu", "idb", "cdb",
    "zmd", "rmd", "pdb", "gdb", "wdb", "pwdb", "crb", "ftm", "ign2", "cfg", "cbc", "cat", "yar",
});

void CheckPattern(const Pattern& pattern) {
  DL_CHECK(!pattern.parts.empty());
  for (const Part& part : pattern.parts) {
    DL_CHECK(part.tokens.size() >= 2 && part.tokens.size() <= 65535);
    DL_CHECK(!part.before.is_there || (part.before.min <= part.before.max && part.before.max <= 32));
    DL_CHECK(!part.after.is_there || (part.after.min <= part.after.max && part.after.max <= 32));
    for (const Token& token : part.tokens) {
      if (token.kind == TokenKind::kByte) DL_CHECK((token.byte.value & ~token.byte.mask) == 0);
      if (token.kind != TokenKind::kAlternative) continue;
      DL_CHECK(token.index < part.alternatives.size());
      const Alternative& alternative = part.alternatives[token.index];
      DL_CHECK(!alternative.choices.empty() && alternative.is_negated == token.is_negated);
      for (const auto& choice : alternative.choices) {
        if (alternative.is_negated) DL_CHECK(choice.size() == alternative.choices[0].size());
      }
    }
  }
}

struct Checker : Sink {
  void AddLogical(FileKind, std::string_view line, LogicalSignature signature) override {
    ++taken;
    DL_CHECK(!line.empty() && !signature.name.empty() && signature.target < 15);
    DL_CHECK(!signature.subsignatures.empty() && signature.subsignatures.size() <= 64);
    for (std::size_t i = 0; i < signature.subsignatures.size(); ++i) {
      const Subsignature& subsignature = signature.subsignatures[i];
      switch (subsignature.kind) {
        case Subsignature::Kind::kBody:
          DL_CHECK(!subsignature.body.patterns.empty() && subsignature.body.patterns.size() <= 2);
          for (const Pattern& pattern : subsignature.body.patterns) CheckPattern(pattern);
          break;
        case Subsignature::Kind::kMacro: DL_CHECK(subsignature.macro.group < 32); break;
        case Subsignature::Kind::kByteCompare:
          DL_CHECK(subsignature.byte_compare.reference < 64);
          DL_CHECK(!subsignature.byte_compare.comparisons.empty() && subsignature.byte_compare.comparisons.size() <= 2);
          break;
        case Subsignature::Kind::kRegexp:
          DL_CHECK(i > 0 && !subsignature.regexp.trigger.empty() && !subsignature.regexp.pattern.empty());
          break;
        case Subsignature::Kind::kImageHash: break;
      }
    }
  }
  void AddDigest(FileKind, std::string_view, std::string_view name, const DigestSignature& digest) override {
    ++taken;
    DL_CHECK(!name.empty() && (!digest.size || (*digest.size > 0 && *digest.size != kUnbounded)));
  }
  void AddContainer(FileKind, std::string_view, ContainerSignature signature) override {
    ++taken;
    DL_CHECK(!signature.name.empty());
  }
  Status AddLine(FileKind, std::string_view) override {
    ++taken;
    return {};
  }
  void AddIgnored(std::string_view name, std::string_view digest) override {
    ++taken;
    DL_CHECK(!name.empty() && (digest.empty() || digest.size() == 32));
  }
  void AddYara(std::string_view, std::string_view) override { ++taken; }
  void Skip(FileKind, std::string_view reason) override {
    ++skipped;
    DL_CHECK(!reason.empty());
  }
  void Warn(std::string_view file, std::uint32_t, std::string_view message) override {
    DL_CHECK(!file.empty() && !message.empty());
  }
  std::uint64_t taken = 0;
  std::uint64_t skipped = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string name = "x." + std::string(kSuffixes[data[0] % kSuffixes.size()]);
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  Checker once;
  const FileOutcome outcome = ReadFile(name, AsBytes(text), {.pua = true}, once);
  DL_CHECK(outcome.malformed <= outcome.lines);
  DL_CHECK(once.taken + once.skipped == outcome.lines);
  if (name == "x.cat" || name == "x.yar" || name == "x.cbc") return 0;
  Checker twice;
  const FileOutcome both = ReadFile(name, AsBytes(text + "\n" + text), {.pua = true}, twice);
  DL_CHECK(twice.taken == 2 * once.taken && both.malformed == 2 * outcome.malformed);
  return 0;
}
