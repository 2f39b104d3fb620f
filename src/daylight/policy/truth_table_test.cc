// tests/policy/truth_table.csv, row by row, against the shipped policies: instrument,
// clause, product, role, day, grade, standing.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "daylight/policy/clauses.h"
#include "daylight/policy/policy_testing.h"

namespace dl::policy {
namespace {

struct Row {
  int line = 0;
  std::vector<std::string> fields;
};

std::vector<Row> Rows() {
  std::ifstream file(DAYLIGHT_SOURCE_DIR "/tests/policy/truth_table.csv");
  std::vector<Row> rows;
  std::string text;
  bool header = true;
  for (int line = 1; std::getline(file, text); ++line) {
    if (text.empty() || text.front() == '#') continue;
    if (std::exchange(header, false)) continue;
    Row row{line, {}};
    std::stringstream fields(text);
    for (std::string field; std::getline(fields, field, ',');) row.fields.push_back(field);
    rows.push_back(std::move(row));
  }
  return rows;
}

std::optional<Grade> GradeNamed(std::string_view name) {
  for (const Grade grade : {Grade::kMention, Grade::kRemnant, Grade::kEmbedded, Grade::kInstalled, Grade::kRunning}) {
    if (Name(grade) == name) return grade;
  }
  return std::nullopt;
}

TEST(TruthTableTest, EachRowIsWhatTheClauseSays) {
  const PolicySet& set = Shipped();
  const std::vector<Row> rows = Rows();
  ASSERT_GT(rows.size(), 800u);
  for (const Row& row : rows) {
    SCOPED_TRACE("truth_table.csv:" + std::to_string(row.line));
    ASSERT_EQ(row.fields.size(), 7u);
    const Product* const product = set.FindProduct(row.fields[2]);
    const std::optional<Grade> grade = GradeNamed(row.fields[5]);
    ASSERT_TRUE(product != nullptr && grade);
    const Question question = Ask({}, row.fields[3], row.fields[4].c_str());
    ASSERT_EQ(Problem(set, question), std::nullopt);
    int found = 0;
    for (const ClauseVerdict& verdict : JudgedClauses(set, question, *product, *grade)) {
      if (verdict.instrument != row.fields[0] || verdict.clause != row.fields[1]) continue;
      ++found;
      EXPECT_EQ(Name(verdict.standing), row.fields[6]) << verdict.reason;
      EXPECT_FALSE(verdict.reason.empty());
    }
    EXPECT_EQ(found, 1);
  }
}

TEST(TruthTableTest, EachShippedClauseHasRows) {
  std::set<std::string> tested;
  for (const Row& row : Rows()) tested.insert(row.fields[0] + " " + row.fields[1]);
  for (const Instrument& instrument : Shipped().instruments()) {
    for (const Clause& clause : instrument.clauses) {
      EXPECT_EQ(tested.count(instrument.id + " " + clause.id), 1u) << instrument.id << " " << clause.id;
    }
  }
}

// Products that an instrument does not speak of get nothing from it.
TEST(TruthTableTest, InstrumentsSpeakOfTheirOwnProductsOnly) {
  const auto spoken = [](const char* product) {
    std::set<std::string> jurisdictions;
    for (const ClauseVerdict& verdict :
         JudgedClauses(Shipped(), Ask({}, "", "2026-02-01"), *Shipped().FindProduct(product), Grade::kInstalled)) {
      jurisdictions.insert(verdict.jurisdiction);
    }
    return jurisdictions;
  };
  using Set = std::set<std::string>;
  EXPECT_EQ(spoken("kaspersky-endpoint-security-linux"),
            (Set{"AU", "CA", "DE", "GB", "IT", "LT", "NL", "RO", "UA", "US"}));
  // The Netherlands and Romania mean anti-virus software.
  EXPECT_EQ(spoken("kaspersky-network-agent"), (Set{"AU", "CA", "DE", "GB", "IT", "LT", "RO", "UA", "US"}));
  EXPECT_EQ(spoken("drweb-linux"), (Set{"RO", "UA"}));
  EXPECT_EQ(spoken("group-ib"), (Set{"IT"}));
  EXPECT_EQ(spoken("crowdstrike-falcon-sensor"), (Set{"CN", "RU"}));
  EXPECT_EQ(spoken("check-point"), (Set{"CN"}));  // Not from the United States.
  EXPECT_EQ(spoken("vmware"), (Set{"CN"}));       // No security tool.
  EXPECT_EQ(spoken("wechat"), (Set{"CA"}));
  EXPECT_EQ(spoken("huawei"), (Set{"US"}));
}

}  // namespace
}  // namespace dl::policy
