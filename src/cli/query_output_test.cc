#include "cli/query_output.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace securebase::cli {
namespace {

insights::Table Small() {
  insights::Table table;
  table.columns = {"t", "n"};
  table.rows = {{"2026-01-05 10:00:00.000", "2"}, {"2026-01-05 10:05:00.000", "4"}};
  return table;
}

TEST(QueryOutputTest, ATableFitsTheTerminal) {
  insights::Table table;
  table.columns = {"message", "n"};
  table.rows = {{std::string(200, 'x') + "\nsecond", "1"}, {std::nullopt, "10"}};
  const std::string text = FormatAnswer(table, QueryFormat::kTable, {.width = 40});
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    EXPECT_LE(end - at, 40u);
    at = end + 1;
  }
  EXPECT_NE(text.find("~"), std::string::npos);
  EXPECT_EQ(FormatAnswer(insights::Table(), QueryFormat::kTable, {}), "no rows\n");
}

TEST(QueryOutputTest, AnEmptyAnswerIsAnEmptyArray) {
  EXPECT_EQ(FormatAnswer(insights::Table(), QueryFormat::kJson, {}), "[]\n");
  EXPECT_EQ(FormatAnswer(insights::Table(), QueryFormat::kNdjson, {}), "");
}

TEST(QueryOutputTest, BarsAreProportional) {
  const std::string text = FormatChart(Small(), "t", {.width = 53});
  const auto bars = [&](std::size_t line) {
    std::size_t at = 0;
    while (line-- > 0) at = text.find('\n', at) + 1;
    const std::string one = text.substr(at, text.find('\n', at) - at);
    return std::count(one.begin(), one.end(), '#');
  };
  EXPECT_EQ(bars(1) * 2, bars(2));
  EXPECT_GT(bars(1), 0);
  EXPECT_NE(FormatChart(Small(), "t", {.width = 80, .blocks = true}).find("█"), std::string::npos);
  EXPECT_EQ(FormatChart(Small(), "none", {}), "");
}

TEST(QueryOutputTest, TheCostSaysWhatWasSkippedAndWhy) {
  insights::Statistics s;
  s.records_matched = 5;
  s.records_scanned = 1'234'567;
  s.bytes_scanned = 12'345'678;
  s.records_skipped = 1000;
  s.bytes_skipped = 90'000;
  s.chunks_skipped_by_text = 3;
  EXPECT_EQ(FormatCost(s, 0.5),
            "5 of 1,234,567 records matched, 12.3 MB read in 0.50 s; 1,000 records (90.0 kB) "
            "skipped (3 by text filters)");
}

}  // namespace
}  // namespace securebase::cli
