#include "daylight/rules/yara/rule_set.h"

#include <gtest/gtest.h>

#include "daylight/rules/yara/rules_testing.h"

namespace dl::yara {
namespace {

constexpr std::string_view kText =
    "import \"pe\" import \"console\"\n"
    "rule first : tag1 tag2 { meta: author = \"me\" n = 7 ok = true strings: $a = \"abc\" $b = /x[yz]+/ $c = \"q\" "
    "condition: ($a or #b > 1) and filesize < 1000 and not $c at 0 }\n"
    "private rule second { condition: uint16(0) == 0x5a4d and pe.number_of_sections > 1 }\n"
    "rule third { condition: first and not second and console.log(\"hi\") }\n";

// Asked only where there are sections, or segments.
constexpr std::string_view kFilledText =
    "import \"elf\"\n"
    "rule first { condition: for any s in elf.sections : (s.size >= 0) }\n"
    "rule second { condition: for any s in elf.segments : (s.type >= 0) }\n"
    "rule third { condition: elf.sections[0].size != 7 }\n";

// A program of one section and no segment.
std::string SmallElf() {
  std::string elf(128, '\0');
  elf.replace(0, 7,
              "\x7f"
              "ELF\2\1\1");
  elf[16] = 2;     // Executable,
  elf[18] = 62;    // for x86-64.
  elf[20] = 1;     // Version.
  elf[0x28] = 64;  // Where the section headers are,
  elf[0x34] = 64;  // how long this one and each of them is,
  elf[0x3a] = 64;
  elf[0x3c] = 1;  // and how many there are.
  return elf;
}

// The sections of the database of a text, to forge.
class Forgery {
 public:
  explicit Forgery(std::string_view text = kText)
      : bytes_(CompileToBytes(text)), database_(*database::Database::FromBytes(Bytes(bytes_))) {
    for (const database::SectionInfo& info : database_->sections()) {
      const Bytes section = *database_->Section(info.kind, info.unit);
      sections_.emplace_back(info.kind, std::vector<std::byte>(section.begin(), section.end()));
    }
  }
  std::vector<std::byte>& Section(SectionKind kind) {
    for (auto& [k, bytes] : sections_) {
      if (k == kind) return bytes;
    }
    ADD_FAILURE() << "no such section";
    return sections_[0].second;
  }
  template <typename T>
  T* Records(SectionKind kind) {
    return reinterpret_cast<T*>(Section(kind).data());
  }
  Result<std::shared_ptr<const RuleSet>> Open() const {
    database::Writer writer;
    for (const auto& [kind, bytes] : sections_) writer.AddSection(kind, 0, bytes);
    DL_TRY(auto database, database::Database::FromBytes(writer.Finish()));
    return RuleSet::Open(database, 0);
  }
  const auto& sections() const { return sections_; }

 private:
  std::vector<std::byte> bytes_;
  std::shared_ptr<const database::Database> database_;
  std::vector<std::pair<SectionKind, std::vector<std::byte>>> sections_;
};

TEST(RuleSetTest, GivesBackWhatWasCompiled) {
  const auto rules = CompileRules(kText);
  ASSERT_EQ(rules->rules().size(), 3u);
  EXPECT_EQ(rules->text(rules->head().source_name), "tests");
  EXPECT_EQ(rules->text(rules->head().source_licence), "MIT");
  const RuleRecord& first = rules->rules()[0];
  EXPECT_EQ(rules->text(first.identifier), "first");
  EXPECT_EQ(rules->text(rules->namespaces()[first.name_space]), "default");
  EXPECT_EQ(first.tags.count, 2u);
  EXPECT_EQ(rules->text(rules->tags()[first.tags.first + 1]), "tag2");
  EXPECT_EQ(first.metas.count, 3u);
  EXPECT_EQ(rules->metas()[1].integer, 7);
  EXPECT_EQ(first.strings.count, 3u);
  EXPECT_EQ(rules->text(rules->strings()[2].identifier), "$c");
  EXPECT_NE(rules->strings()[2].flags & kStringAnchored, 0u);
  EXPECT_EQ(rules->head().pattern_count, 2u);
  EXPECT_EQ(first.max_filesize, 999u);
  EXPECT_EQ(rules->text(first.condition_text), "($a or #b > 1) and filesize < 1000 and not $c at 0");
  EXPECT_EQ(rules->rules()[1].flags, kRulePrivate);
  EXPECT_NE(rules->rules()[1].group, 0u);
  const auto references = rules->list(rules->rules()[2].references);
  EXPECT_EQ(std::vector<std::uint32_t>(references.begin(), references.end()), (std::vector<std::uint32_t>{0, 1}));
  EXPECT_EQ(rules->module_count(), 2u);
  EXPECT_EQ(Evaluated(rules, "zabc").rules, "first third");
  EXPECT_EQ(Evaluated(rules, "qabc").rules, "");
}

TEST(RuleSetTest, EqualStringsAreOnePattern) {
  const auto rules = CompileRules(
      "rule a { strings: $a = \"abc\" condition: $a } rule b { strings: $x = \"abc\" condition: #x > 1 }"
      "rule c { strings: $x = \"abc\" nocase condition: $x }");
  EXPECT_EQ(rules->head().pattern_count, 2u);
  EXPECT_EQ(Evaluated(rules, "abc ABC abc").rules, "a b c");
  EXPECT_EQ(Evaluated(rules, "abc").rules, "a c");
}

TEST(RuleSetTest, EveryTruncatedSectionIsAnErrorOrHarmless) {
  const Forgery sound;
  for (std::size_t i = 0; i < sound.sections().size(); ++i) {
    for (const std::size_t keep : {0u, 1u, 2u, 3u}) {
      Forgery forgery = sound;
      auto& section = forgery.Section(sound.sections()[i].first);
      section.resize(section.size() * keep / 4);
      if (const auto rules = forgery.Open()) Evaluated(*rules, "MZ abc xyz");
    }
  }
}

TEST(RuleSetTest, EveryByteMayBeForged) {
  for (const std::string_view text : {kText, kFilledText}) {
    const Forgery sound(text);
    for (const auto& [kind, bytes] : sound.sections()) {
      const std::size_t step = std::max<std::size_t>(1, bytes.size() / 200);
      for (std::size_t at = 0; at < bytes.size(); at += step) {
        Forgery forgery = sound;
        forgery.Section(kind)[at] = std::byte{0xff};
        if (const auto rules = forgery.Open()) Evaluated(*rules, "MZ abc xyz");
      }
    }
  }
}

TEST(RuleSetTest, ArraysToBeFilledMayBeForged) {
  const auto asked = [](const auto& forge) {
    Forgery forgery(kFilledText);
    auto* record = forgery.Records<WhenFilledRecord>(kWhenFilledSection);
    if (record->rules.count != 2) ++record;  // Of the sections.
    EXPECT_EQ(record->rules.count, 2u);
    forge(forgery, *record);
    const auto rules = forgery.Open();
    EXPECT_TRUE(rules);
    return Evaluated(*rules, SmallElf());
  };
  EXPECT_EQ(asked([](Forgery&, WhenFilledRecord&) {}).rules, "first third");
  EXPECT_EQ(asked([](Forgery&, WhenFilledRecord& record) { record.node = 0xfffffff0; }).rules, "");
  EXPECT_EQ(asked([](Forgery&, WhenFilledRecord& record) { record.rules.first = 0xfffffff0; }).rules, "");
  EXPECT_EQ(asked([](Forgery&, WhenFilledRecord& record) { record.rules = {0, 0xffffffff}; }).rules, "first third");
  EXPECT_EQ(asked([](Forgery& forgery, WhenFilledRecord& record) {
              forgery.Records<std::uint32_t>(kAlwaysSection)[record.rules.first] = 0xffffffff;
            }).rules,
            "third");
  EXPECT_EQ(asked([](Forgery& forgery, WhenFilledRecord& record) {
              record.node = forgery.Records<RuleRecord>(kRuleSection)[2].condition;
            }).rules,
            "");
  const Answers endless = asked([](Forgery& forgery, WhenFilledRecord& record) {
    const NodeRecord& node = forgery.Records<NodeRecord>(kNodeSection)[record.node];
    forgery.Records<std::uint32_t>(kListSection)[node.args.first] = record.node;
  });
  EXPECT_EQ(endless.gaps.size(), 1u);
}

TEST(RuleSetTest, ConditionsThatContainThemselvesEnd) {
  Forgery forgery;
  auto* rule = forgery.Records<RuleRecord>(kRuleSection);
  auto* nodes = forgery.Records<NodeRecord>(kNodeSection);
  auto* lists = forgery.Records<std::uint32_t>(kListSection);
  const std::uint32_t condition = rule[0].condition;
  NodeRecord& node = nodes[condition];
  ASSERT_GE(node.args.count, 2u);
  rule[0].max_filesize = 1000;
  for (const Op op :
       {Op::kOr, Op::kAnd, Op::kEqual, Op::kOfExpressions, Op::kWith, Op::kForOfStrings, Op::kForInList}) {
    node.op = static_cast<std::uint8_t>(op);
    for (std::uint32_t i = 0; i < node.args.count; ++i) lists[node.args.first + i] = condition;
    const auto rules = forgery.Open();
    ASSERT_TRUE(rules);
    const Answers answers = Evaluated(*rules, "abc");
    if (op == Op::kForOfStrings) continue;  // All of no strings: true at once.
    EXPECT_EQ(answers.rules, "") << static_cast<int>(op);
    EXPECT_EQ(answers.gaps.size(), 1u) << static_cast<int>(op);
  }
}

TEST(RuleSetTest, RulesThatReferToThemselvesOrOutside) {
  Forgery forgery;
  auto* rules = forgery.Records<RuleRecord>(kRuleSection);
  auto* nodes = forgery.Records<NodeRecord>(kNodeSection);
  auto* lists = forgery.Records<std::uint32_t>(kListSection);
  rules[0].references = rules[2].references;
  lists[rules[2].references.first] = 2;
  lists[rules[2].references.first + 1] = 0xfffffff0;
  nodes[rules[0].condition] = {};
  nodes[rules[0].condition].op = static_cast<std::uint8_t>(Op::kRuleReference);
  nodes[rules[0].condition].index = 2;
  const auto opened = forgery.Open();
  ASSERT_TRUE(opened);
  EXPECT_EQ(Evaluated(*opened, "abc").rules, "");
}

// One rule may not have what is another's, or more than there is: whoever
// lists all rules would go through it again and again.
TEST(RuleSetTest, SharedAndHugeListsAreRefused) {
  for (Range RuleRecord::*list : {&RuleRecord::tags, &RuleRecord::metas, &RuleRecord::strings}) {
    Forgery huge;
    (huge.Records<RuleRecord>(kRuleSection)[2].*list).count = 0xffffffff;
    EXPECT_FALSE(huge.Open());
    Forgery shared;
    auto* rules = shared.Records<RuleRecord>(kRuleSection);
    rules[2].*list = rules[0].*list;
    EXPECT_FALSE(shared.Open());
  }
  Forgery nowhere;
  nowhere.Records<RuleRecord>(kRuleSection)[1].name_space = 7;
  EXPECT_FALSE(nowhere.Open());
}

TEST(RuleSetTest, HugeNumbersOfAnchorsAreWhatIsThere) {
  Forgery forgery;
  forgery.Records<StringRecord>(kStringSection)[2].anchor_count = 0xffffffff;
  const auto opened = forgery.Open();
  ASSERT_TRUE(opened);
  EXPECT_EQ(Evaluated(*opened, "zabc").rules, "first third");
}

TEST(RuleSetTest, HugeSetsAreChargedFor) {
  Forgery forgery;
  auto* rules = forgery.Records<RuleRecord>(kRuleSection);
  auto& lists = forgery.Section(kListSection);
  const auto first = static_cast<std::uint32_t>(lists.size() / 4);
  lists.resize(lists.size() + (40u << 20));  // Ten million times the first string.
  NodeRecord inner{};
  inner.op = static_cast<std::uint8_t>(Op::kOfStrings);
  inner.quantifier = static_cast<std::uint8_t>(Quantifier::kAll);
  inner.set = {first, 10u << 20};
  auto* nodes = forgery.Records<NodeRecord>(kNodeSection);
  NodeRecord& outer = nodes[rules[0].condition];
  const std::uint32_t spare = reinterpret_cast<std::uint32_t*>(lists.data())[outer.args.first];
  nodes[spare] = inner;
  outer.op = static_cast<std::uint8_t>(Op::kForOfStrings);
  outer.quantifier = static_cast<std::uint8_t>(Quantifier::kAll);
  outer.set = inner.set;
  outer.args = {outer.args.first, 1};
  const auto opened = forgery.Open();
  ASSERT_TRUE(opened);
  const Answers answers = Evaluated(*opened, "abc");
  EXPECT_EQ(answers.rules, "");
  EXPECT_EQ(answers.gaps.size(), 1u);
}

TEST(RuleSetTest, AnotherVersionOfAModuleIsNamed) {
  Forgery forgery;
  ++forgery.Records<ModuleRecord>(kModuleSection)->fingerprint;
  const auto opened = forgery.Open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kUnsupported);
  Forgery many;
  many.Section(kModuleSection).resize(sizeof(ModuleRecord) * 1000);
  EXPECT_FALSE(many.Open());
}

}  // namespace
}  // namespace dl::yara
