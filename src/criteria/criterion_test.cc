// What is promised: strict targets, NO DATA never PASS, exit codes, and JSON that reads back.
#include "criteria/criterion.h"

#include <gtest/gtest.h>

#include <limits>

namespace securebase::criteria {
namespace {

Measured With(const Criterion& criterion, std::optional<double> value) {
  Measured measured;
  measured.criterion = criterion;
  measured.value = value;
  measured.verdict = Decide(criterion, value);
  measured.start = FromUnixSeconds(0);
  measured.end = FromUnixSeconds(3600);
  return measured;
}

criteria::Run AllPassing() {
  criteria::Run run{.at = FromUnixMillis(1'780'315'230'123), .window = std::chrono::hours(1)};
  for (const Criterion& criterion : kCriteria) {
    run.results.push_back(With(criterion, criterion.above ? 99.95 : 0.5));
  }
  return run;
}

TEST(CriterionTest, ATargetIsMissedByEquality) {
  EXPECT_EQ(Decide(kQueryTime, 4.999), Verdict::kPass);
  EXPECT_EQ(Decide(kQueryTime, 5), Verdict::kFail);
  EXPECT_EQ(Decide(kDelivery, 98), Verdict::kFail);
  EXPECT_EQ(Decide(kDelivery, 98.001), Verdict::kPass);
  EXPECT_EQ(Decide(kErrorRate, 0), Verdict::kPass);
}

TEST(CriterionTest, NothingMeasuredIsNoDataAndNotANumberFails) {
  EXPECT_EQ(Decide(kQueryTime, std::nullopt), Verdict::kNoData);
  EXPECT_EQ(Decide(kQueryTime, std::numeric_limits<double>::quiet_NaN()), Verdict::kFail);
}

TEST(CriterionTest, TheExitCodeTellsMissedFromUnknown) {
  criteria::Run run = AllPassing();
  EXPECT_EQ(run.ExitCode(), 0);
  run.results[3] = With(kAdoption, std::nullopt);
  EXPECT_EQ(run.ExitCode(), 2);
  run.results[0] = With(kQueryTime, 6);
  EXPECT_EQ(run.ExitCode(), 1);
  EXPECT_EQ(run.Count(Verdict::kFail), 1u);
}

TEST(CriterionTest, ARunThatLacksACriterionCannotPass) {
  criteria::Run run = AllPassing();
  run.results.pop_back();
  EXPECT_EQ(run.Overall(), Verdict::kNoData);
}

TEST(CriterionTest, RoundingNeverShowsTheOtherSideOfTheTarget) {
  EXPECT_EQ(ValueText(kAvailability, 99.95), "99.95 %");
  EXPECT_EQ(ValueText(kAvailability, 99.9001), "99.9001 %");
  EXPECT_EQ(ValueText(kQueryTime, 4.99999), "4.99999 s");
  EXPECT_EQ(ValueText(kQueryTime, 0.0123), "0.012 s");
  EXPECT_EQ(ValueText(kQueryTime, 0.00004), "0.00004 s");
  EXPECT_EQ(ValueText(kErrorRate, 0), "0.00 %");
  EXPECT_EQ(TargetText(kAvailability), "> 99.9 %");
  EXPECT_EQ(TargetText(kQueryTime), "< 5 s");
}

TEST(CriterionTest, JsonReadsBack) {
  criteria::Run run = AllPassing();
  run.results[0].interval = Interval{.low = 0.4, .high = 0.6, .method = "order statistics"};
  run.results[0].notes = {{"maximum", "0.7 s"}};
  run.results[0].evidence = {"aws x", "aws y"};
  run.results[0].sample_count = 123;
  run.results[6] = With(kErrorRate, std::nullopt);
  run.results[6].reason = "no invocation in the window";
  const Result<criteria::Run> read = ParseRun(ToJson(run));
  ASSERT_TRUE(read.ok()) << read.error().field();
  EXPECT_EQ(read->at, run.at);
  EXPECT_EQ(read->window, run.window);
  EXPECT_EQ(json::Write(ToJson(*read)), json::Write(ToJson(run)));
  EXPECT_EQ(read->results[0].interval, run.results[0].interval);
  EXPECT_EQ(read->ExitCode(), 2);
}

TEST(CriterionTest, DamagedJsonIsRefusedByName) {
  const auto refused = [](std::string_view member, json::Value value, std::string_view field) {
    json::Value run = ToJson(AllPassing());
    json::Value criteria = *run.Find("criteria");
    criteria.AsArray()[0].Set(member, std::move(value));
    run.Set("criteria", criteria);
    const Result<criteria::Run> read = ParseRun(run);
    ASSERT_FALSE(read.ok()) << member;
    EXPECT_EQ(read.error().field(), field);
  };
  refused("id", "other", "id");
  refused("verdict", "GREAT", "verdict");
  refused("value", nullptr, "value");  // a PASS without a figure
  refused("value", "1", "value");
  refused("sampleCount", "1", "sampleCount");
  refused("confidence", json::Object{}, "low");
  refused("evidence", nullptr, "evidence");
  refused("evidence", json::Array{1}, "evidence");
  refused("notes", json::Array{json::Object{}}, "name");
  EXPECT_EQ(ParseRun(json::Object{}).error().field(), "generatedAt");
  json::Value run = ToJson(AllPassing());
  run.Set("criteria", "x");
  EXPECT_EQ(ParseRun(run).error().field(), "criteria");
}

}  // namespace
}  // namespace securebase::criteria
