#include "criteria/present.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace securebase::criteria {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

criteria::Run Sample() {
  criteria::Run run{.at = FromUnixSeconds(1'780'315'230), .window = std::chrono::hours(1)};
  for (const Criterion& criterion : kCriteria) {
    Measured measured;
    measured.criterion = criterion;
    measured.start = FromUnixSeconds(1'780'311'600);
    measured.end = FromUnixSeconds(1'780'315'200);
    measured.value = criterion.above ? 99.95 : 0.5;
    measured.sample_count = 1'000;
    measured.verdict = Decide(criterion, measured.value);
    measured.evidence = {"aws --endpoint-url ENDPOINT x --query 'a < b' | wc"};
    run.results.push_back(measured);
  }
  run.results[0].value = 7;
  run.results[0].verdict = Verdict::kFail;
  run.results[0].interval = Interval{.low = 6, .high = 8, .method = "order statistics"};
  run.results[0].notes = {{"maximum", "9 s"}};
  run.results[6].value.reset();
  run.results[6].verdict = Verdict::kNoData;
  run.results[6].reason = "no invocation & no <error>";
  return run;
}

std::string Shown(Format format, bool marks = false, bool evidence = true) {
  return Present(Sample(), format,
                 {.endpoint = "http://host:1", .marks = marks, .evidence = evidence});
}

TEST(PresentTest, KnowsItsFormats) {
  EXPECT_EQ(*ParseFormat("table"), Format::kTable);
  EXPECT_EQ(*ParseFormat("json"), Format::kJson);
  EXPECT_EQ(*ParseFormat("junit"), Format::kJunit);
  EXPECT_EQ(*ParseFormat("markdown"), Format::kMarkdown);
  EXPECT_EQ(ParseFormat("xml").error().field(), "format");
}

TEST(PresentTest, TheTableIsAligned) {
  const std::string table = Shown(Format::kTable);
  const std::string first = table.substr(0, table.find('\n'));
  const std::string second =
      table.substr(first.size() + 1, table.find('\n', first.size() + 1) - first.size() - 1);
  EXPECT_EQ(first.find("VERDICT"), second.find("FAIL"));
  EXPECT_THAT(second, HasSubstr("7.000 s"));
  EXPECT_THAT(second, HasSubstr("6.000 s to 8.000 s"));
  EXPECT_THAT(table, HasSubstr("$ aws --endpoint-url http://host:1 x"));
  EXPECT_THAT(table, HasSubstr("5 of 7 criteria met, 1 missed, 1 without data: FAIL\n"));
  EXPECT_THAT(table, Not(HasSubstr("✓")));
}

TEST(PresentTest, WindowsAreSaidAsTheyAreMeant) {
  criteria::Run run = Sample();
  run.results[3].start = run.results[3].end - std::chrono::hours(30 * 24 + 13);
  run.results[4].start = run.results[4].end - std::chrono::seconds(1);
  const std::string table = Present(run, Format::kTable, {.evidence = false});
  EXPECT_THAT(table, HasSubstr(" 30d "));
  EXPECT_THAT(table, HasSubstr(" newest "));
}

TEST(PresentTest, MarksAndEvidenceAreOptions) {
  const std::string marked = Shown(Format::kTable, /*marks=*/true, /*evidence=*/false);
  EXPECT_THAT(marked, HasSubstr("✗ FAIL"));
  EXPECT_THAT(marked, HasSubstr("✓ PASS"));
  EXPECT_THAT(marked, HasSubstr("- NO DATA"));
  EXPECT_THAT(marked, Not(HasSubstr("aws")));
}

TEST(PresentTest, JsonReadsBack) {
  const Result<json::Value> value = json::Parse(Shown(Format::kJson));
  ASSERT_TRUE(value.ok());
  const Result<criteria::Run> run = ParseRun(*value);
  ASSERT_TRUE(run.ok());
  EXPECT_THAT(run->results[1].evidence[0], HasSubstr("http://host:1"));
  EXPECT_EQ(run->ExitCode(), 1);
}

TEST(PresentTest, JunitCountsMissesAsFailuresAndNoDataAsErrors) {
  const std::string junit = Shown(Format::kJunit);
  EXPECT_THAT(junit, HasSubstr("tests=\"7\" failures=\"1\" errors=\"1\""));
  EXPECT_THAT(junit, HasSubstr("<failure message=\"Query execution time (p95): 7.000 s (target "
                               "&lt; 5 s)\""));
  EXPECT_THAT(junit, HasSubstr("no data: no invocation &amp; no &lt;error&gt;"));
  EXPECT_THAT(junit, HasSubstr("--query 'a &lt; b' | wc"));
}

TEST(PresentTest, MarkdownHasARowACriterion) {
  const std::string markdown = Shown(Format::kMarkdown);
  EXPECT_THAT(markdown, HasSubstr("# Success criteria: FAIL"));
  EXPECT_THAT(markdown, HasSubstr("| Error rate | - | < 1 % | 1000 | - | 1h | NO DATA |"));
  EXPECT_THAT(markdown, HasSubstr("```sh\naws --endpoint-url http://host:1 x"));
}

}  // namespace
}  // namespace securebase::criteria
