#include "insights/query.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "base/json.h"
#include "insights/testing/cases.h"

namespace securebase::insights {
namespace {

using testing::Case;

TEST(InsightsCasesTest, EveryCaseOfTheSpecification) {
  const std::vector<Case> cases = testing::ReadCases(std::string(SB_SOURCE_DIR) +
                                                     "/src/insights/testdata/insights-cases.jsonl");
  ASSERT_EQ(cases.size(), 142u);
  for (const Case& c : cases) {
    const std::string difference = testing::Check(c);
    EXPECT_EQ(difference, "") << c.name << "\n  " << c.query << "\n  " << c.why;
  }
}

TEST(InsightsCorpusTest, EveryQueryParsesAndPlans) {
  const std::string path = std::string(SB_SOURCE_DIR) + "/../shared/corpus/insights-queries.jsonl";
  if (!std::filesystem::exists(path)) {
    GTEST_SKIP() << "no corpus at " << path << ": left out";
  }
  std::ifstream file(path);
  std::size_t count = 0;
  for (std::string line; std::getline(file, line);) {
    const auto value = json::Parse(line);
    ASSERT_TRUE(value.ok()) << line;
    const std::string& text = value->Find("query")->AsString();
    const json::Value* expect = value->Find("expect");
    const bool malformed =
        expect != nullptr && expect->IsString() && expect->AsString() == "malformed";
    const ParseResult query = Parse(text);
    EXPECT_EQ(query.ok(), !malformed) << text << "\n"
                                      << (query.ok() ? "" : query.error().ToText(text));
    if (query.ok()) {
      EXPECT_EQ(testing::RunOnNothing(*query), "") << text;
    }
    ++count;
  }
  EXPECT_GT(count, 200u);
}

}  // namespace
}  // namespace securebase::insights
