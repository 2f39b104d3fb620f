// What need not be searched is not read.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "daylight/crypto/digest.h"
#include "daylight/scan/scan_testing.h"
#include "daylight/scan/unread_source.h"

namespace dl::scan {
namespace {

// An object that tells what was read of it.
class Watched final : public ObjectSource {
 public:
  explicit Watched(std::string_view text) : source_(AsBytes(text)) {}
  std::optional<std::uint64_t> size() const override { return source_.size(); }
  Result<Window> NextWindow(std::size_t overlap_bytes) override {
    ++windows;
    return source_.NextWindow(overlap_bytes);
  }
  Status Rewind() override { return source_.Rewind(); }
  Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> out) override {
    ++reads;
    furthest = std::max(furthest, offset + out.size());
    return source_.ReadAt(offset, out);
  }
  Result<Bytes> Whole(std::uint64_t limit_bytes) override {
    ++wholes;
    return source_.Whole(limit_bytes);
  }

  int windows = 0;
  int reads = 0;
  int wholes = 0;
  std::uint64_t furthest = 0;

 private:
  MemorySource source_;
};

constexpr std::size_t kSize = 100'000;

struct Outcome {
  report::ObjectReport report;
  bool to_its_end = false;
};

Outcome Scan(std::string_view rules, std::string_view object, report::ScanSettings settings = {}) {
  auto engine = CompileEngine(rules);
  EXPECT_TRUE(engine) << LastDiagnostics();
  Scanner scanner(*engine, settings);
  Watched source(object);
  Outcome outcome;
  outcome.report = scanner.Scan(source, {});
  outcome.to_its_end = source.windows + source.wholes > 0 || source.furthest > UnreadSource::kHeadBytes;
  EXPECT_EQ(outcome.report.size, object.size());

  Scanner slow(*engine, settings);
  slow.UseGates(false);
  Watched again(object);
  EXPECT_EQ(Summary(outcome.report), Summary(slow.Scan(again, {}))) << rules;
  EXPECT_GT(again.windows, 0);
  return outcome;
}

TEST(UnreadTest, AnObjectThatNoRuleCanMatchIsNotReadToItsEnd) {
  const std::string text(kSize, '.');
  for (const char* rules : {
           "rule magic { strings: $a = \"...\" condition: uint32(0) == 0x464c457f and $a }",
           "rule size { strings: $a = \"...\" condition: filesize < 1000 and $a }",
           "rule larger { strings: $a = \"...\" condition: filesize > 10MB and $a }",
           "import \"pe\" rule facts { condition: pe.number_of_sections > 3 }",
           "import \"elf\" rule both { strings: $a = \"...\" condition: elf.type == elf.ET_EXEC and $a }",
           "rule name { condition: filesize == 5 or uint16(100) == 7 }",
           "rule anchored { strings: $a = \"MZ\" condition: $a at 0 }",
       }) {
    const Outcome outcome = Scan(rules, text);
    EXPECT_EQ(outcome.report.verdict, report::Verdict::kClean) << rules;
    EXPECT_FALSE(outcome.to_its_end) << rules;
  }
}

TEST(UnreadTest, WhatMayMatchIsRead) {
  std::string elf(kSize, '.');
  elf.replace(0, 4,
              "\x7f"
              "ELF");
  const Outcome magic = Scan("rule r { strings: $a = \"...\" condition: uint32(0) == 0x464c457f and $a }", elf);
  EXPECT_EQ(magic.report.verdict, report::Verdict::kDetected);
  EXPECT_TRUE(magic.to_its_end);
  // One rule of many is enough.
  EXPECT_TRUE(Scan("rule r { strings: $a = \"absent\" condition: filesize < 1000 and $a }\n"
                   "rule s { strings: $a = \"absent\" condition: $a }",
                   elf)
                  .to_its_end);
  // Past the head no gate can look.
  std::string deep(kSize, '.');
  deep.replace(5000, 4, "ABCD");
  EXPECT_EQ(Scan("rule r { strings: $a = \"..\" condition: uint32be(5000) == 0x41424344 and $a }", deep).report.verdict,
            report::Verdict::kDetected);
}

TEST(UnreadTest, ConditionsSeeWhatTheyAskFor) {
  std::string text(kSize, '.');
  text.replace(kSize - 4, 4, "ABCD");
  for (const char* rules : {"rule r { condition: uint32be(filesize - 4) == 0x41424344 }",
                            "rule r { condition: uint32be(4094) == 0x2e2e2e2e and uint32be(99996) == 0x41424344 }",
                            "rule r { condition: for any i in (0..filesize) : (uint8(i) == 0x41) }",
                            "import \"math\" rule r { condition: math.count(0x41, 0, filesize) == 1 }",
                            "import \"hash\" rule r { condition: hash.md5(0, filesize) != \"\" }"}) {
    const Outcome outcome = Scan(rules, text);
    EXPECT_EQ(outcome.report.verdict, report::Verdict::kDetected) << rules;
    ASSERT_TRUE(outcome.report.sha256) << rules;
    const auto digest = crypto::Sha256::Of(AsBytes(text));
    EXPECT_EQ(std::memcmp(outcome.report.sha256->data(), digest.data(), digest.size()), 0) << rules;
  }
}

TEST(UnreadTest, ADigestIsOfAllBytes) {
  const std::string text(kSize, '.');
  report::ScanSettings settings;
  settings.hash_all = true;
  const Outcome outcome = Scan("rule never { condition: filesize < 3 }", text, settings);
  EXPECT_TRUE(outcome.to_its_end);
  ASSERT_TRUE(outcome.report.sha256);
  const auto digest = crypto::Sha256::Of(AsBytes(text));
  EXPECT_EQ(std::memcmp(outcome.report.sha256->data(), digest.data(), digest.size()), 0);
}

// One after the other with the same scratch memory.
TEST(UnreadTest, AnUnreadObjectLeavesNothingBehind) {
  auto engine = CompileEngine("rule r { strings: $a = \"needle\" condition: uint16be(0) == 0x4d5a and $a }");
  ASSERT_TRUE(engine);
  Scanner scanner(*engine, {});
  std::string program(kSize, '.');
  program.replace(0, 2, "MZ");
  program.replace(50'000, 6, "needle");
  const std::string text(kSize, '.');
  for (int i = 0; i < 3; ++i) {
    Watched first(program);
    EXPECT_EQ(scanner.Scan(first, {}).verdict, report::Verdict::kDetected);
    Watched second(text);
    EXPECT_EQ(scanner.Scan(second, {}).verdict, report::Verdict::kClean);
    EXPECT_EQ(second.windows, 0);
  }
}

// Bytes past the head come from one reading, however many are asked for.
TEST(UnreadSourceTest, LooksPastTheHeadAreOneReading) {
  const std::string text(kSize, 'x');
  Watched watched(text);
  std::vector<std::byte> buffer;
  UnreadSource unread(watched, buffer);
  const auto head = unread.LoadHead();
  ASSERT_TRUE(head);
  EXPECT_EQ(head->size(), UnreadSource::kHeadBytes);
  std::byte two[2];
  for (int i = 0; i < 5; ++i) EXPECT_EQ(*unread.ReadAt(UnreadSource::kHeadBytes - 2, two), 2u);
  EXPECT_EQ(watched.reads, 1);
  EXPECT_EQ(watched.wholes, 0);
  EXPECT_EQ(*unread.ReadAt(UnreadSource::kHeadBytes - 1, two), 2u);
  EXPECT_EQ(*unread.ReadAt(kSize - 1, two), 1u);
  EXPECT_EQ(*unread.ReadAt(kSize, two), 0u);
  EXPECT_EQ(watched.wholes, 1);
}

}  // namespace
}  // namespace dl::scan
