// What is promised: figures that agree with the users' Python script, latencies corrected for
// coordinated omission in the open model, thresholds, reports, and a comparison that neither
// misses a regression nor invents one.
#include <gtest/gtest.h>

#include <cmath>
#include <mutex>
#include <set>

#include "base/json.h"
#include "base/random.h"
#include "loadtest/compare.h"
#include "loadtest/quantiles.h"
#include "loadtest/report.h"
#include "loadtest/runner.h"
#include "loadtest/scenario.h"
#include "loadtest/threshold.h"

namespace securebase::loadtest {
namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

// Expected values printed by python3: statistics.quantiles([..], n=20)[18] and n=100.
TEST(QuantilesTest, AgreeWithPythonsStatistics) {
  const std::vector<double> ten = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  EXPECT_DOUBLE_EQ(ExclusiveQuantile(ten, 0.95), 10.45);
  EXPECT_DOUBLE_EQ(ExclusiveQuantile(ten, 0.99), 10.89);
  const std::vector<double> two = {1, 3};
  EXPECT_DOUBLE_EQ(ExclusiveQuantile(two, 0.25), 0.5);
  EXPECT_DOUBLE_EQ(ExclusiveQuantile(std::vector<double>{7}, 0.95), 7);
  EXPECT_DOUBLE_EQ(ExclusiveQuantile(std::vector<double>{}, 0.95), 0);

  std::vector<double> even = {4, 1, 3, 2};
  const Summary summary = Summarise(even);
  EXPECT_DOUBLE_EQ(summary.p50, 2.5);
  EXPECT_DOUBLE_EQ(summary.mean, 2.5);
  EXPECT_DOUBLE_EQ(summary.min, 1);
  EXPECT_DOUBLE_EQ(summary.max, 4);
}

TEST(ThresholdTest, ReadsBoundsInTheirUnits) {
  auto f = [](std::string_view text, std::string_view figure, std::string_view op, double bound) {
    const Result<Threshold> t = ParseThreshold(text);
    ASSERT_TRUE(t.ok()) << text;
    EXPECT_EQ(t->figure, figure) << text;
    EXPECT_EQ(t->op, op) << text;
    EXPECT_DOUBLE_EQ(t->bound, bound) << text;
  };
  f("p95<5s", "p95", "<", 5);
  f("avg<=200ms", "avg", "<=", 0.2);
  f("max < 1500us", "max", "<", 0.0015);
  f("errors<1%", "errors", "<", 0.01);
  f("errors<=0.5", "errors", "<=", 0.5);
  f("rate>=100", "rate", ">=", 100);
  for (const char* bad :
       {"", "p95", "p95<5", "p97<5s", "errors<x%", "p95<-1s", "rate>100s", "<5s"}) {
    EXPECT_FALSE(ParseThreshold(bad).ok()) << bad;
  }
}

TEST(ThresholdTest, ComparesAsWritten) {
  Figures figures;
  figures.latency.p95 = 0.2;
  figures.requests_per_second = 100;
  EXPECT_TRUE(Holds(*ParseThreshold("p95<=200ms"), figures));
  EXPECT_FALSE(Holds(*ParseThreshold("p95<200ms"), figures));
  EXPECT_TRUE(Holds(*ParseThreshold("rate>=100"), figures));
  EXPECT_FALSE(Holds(*ParseThreshold("rate>100"), figures));
}

TEST(ScenarioTest, AllAreFoundByName) {
  for (const Scenario& scenario : BuiltInScenarios()) {
    EXPECT_FALSE(scenario.steps.empty());
    for (const Step& step : scenario.steps) {
      EXPECT_TRUE(step.path.starts_with("/v1/")) << step.path;
      EXPECT_TRUE(step.body.empty() || json::Parse(step.body).ok());
    }
    EXPECT_EQ(FindScenario(scenario.name)->name, scenario.name);
  }
  const auto unknown = FindScenario("nosuch");
  ASSERT_FALSE(unknown.ok());
  EXPECT_NE(unknown.error().message().find("range-90d"), std::string::npos);
}

// Time that passes only by waiting and sending; one client, so no races over it.
class FakePacer final : public Pacer {
 public:
  nanoseconds Now() override {
    std::lock_guard lock(mutex_);
    return now_;
  }
  void WaitUntil(nanoseconds t) override {
    std::lock_guard lock(mutex_);
    now_ = std::max(now_, t);
  }
  void Pass(nanoseconds d) {
    std::lock_guard lock(mutex_);
    now_ += d;
  }

 private:
  std::mutex mutex_;
  nanoseconds now_{1s};
};

// A server that takes 1 ms, but stalls once for a second.
class StallingSender final : public Sender {
 public:
  explicit StallingSender(FakePacer& pacer) : pacer_(pacer) {}
  Outcome Send(const Step&) override {
    pacer_.Pass(++sent_ == 10 ? 1s : nanoseconds(1ms));
    return Outcome{.status = 200, .bytes = 5};
  }

 private:
  FakePacer& pacer_;
  int sent_ = 0;
};

Plan OneClient(std::size_t requests, double rate) {
  return Plan{.scenario = {"t", "", {Step{.path = "/"}}},
              .concurrency = 1,
              .requests = requests,
              .rate = rate};
}

TEST(RunnerTest, AStallCountsForAllWhoWaitedInTheOpenModel) {
  FakePacer pacer;
  std::atomic<bool> cancelled{false};
  const LoadRun run = RunLoad(
      OneClient(200, 100), [&] { return std::make_unique<StallingSender>(pacer); }, pacer, {},
      cancelled);

  ASSERT_EQ(run.samples.size(), 200u);
  int late = 0, slow_service = 0;
  for (const Sample& s : run.samples) {
    late += s.latency_s > 0.1;
    slow_service += s.service_s > 0.1;
  }
  EXPECT_EQ(slow_service, 1) << "only one request was slow in itself";
  EXPECT_GT(late, 80) << "but all that should have been sent during the stall waited for it";
}

TEST(RunnerTest, TheClosedModelMeasuresServiceTime) {
  FakePacer pacer;
  std::atomic<bool> cancelled{false};
  const LoadRun run = RunLoad(
      OneClient(50, 0), [&] { return std::make_unique<StallingSender>(pacer); }, pacer, {},
      cancelled);
  ASSERT_EQ(run.samples.size(), 50u);
  for (const Sample& s : run.samples) EXPECT_DOUBLE_EQ(s.latency_s, s.service_s);
  EXPECT_EQ(run.bytes, 250u);
}

TEST(RunnerTest, StopsAtItsDurationAndWhenCancelled) {
  FakePacer pacer;
  std::atomic<bool> cancelled{false};
  Plan plan = OneClient(0, 0);
  plan.duration = 20ms;
  const LoadRun run = RunLoad(
      plan, [&] { return std::make_unique<StallingSender>(pacer); }, pacer, {}, cancelled);
  EXPECT_GE(run.samples.size(), 9u);
  EXPECT_LE(run.samples.size(), 20u);

  const LoadRun none = RunLoad(
      OneClient(1000, 0), [&] { return std::make_unique<StallingSender>(pacer); }, pacer,
      [&](const Progress& p) {
        if (p.done == 3) cancelled = true;
      },
      cancelled);
  EXPECT_EQ(none.samples.size(), 3u);
}

TEST(RunnerTest, ManyClientsSendEachRequestOnce) {
  class Ok final : public Sender {
    Outcome Send(const Step&) override { return {.status = 200}; }
  };
  FakePacer pacer;
  std::atomic<bool> cancelled{false};
  Plan plan = OneClient(1000, 0);
  plan.concurrency = 8;
  std::atomic<int> calls{0};
  const LoadRun run = RunLoad(
      plan, [] { return std::make_unique<Ok>(); }, pacer, [&](const Progress&) { ++calls; },
      cancelled);
  EXPECT_EQ(run.samples.size(), 1000u);
  EXPECT_EQ(calls, 1000);
}

TEST(RunnerTest, TheRampEndsAtTheFullRate) {
  EXPECT_EQ(IntendedStart(0, 100, 0s), nanoseconds(0));
  EXPECT_EQ(IntendedStart(100, 100, 0s), nanoseconds(1s));
  // 10 s from 0 to 100 a second are 500 requests; from then on 10 ms apart.
  EXPECT_NEAR(static_cast<double>(IntendedStart(500, 100, 10s).count()), 10e9, 1e3);
  EXPECT_NEAR(
      static_cast<double>((IntendedStart(501, 100, 10s) - IntendedStart(500, 100, 10s)).count()),
      10e6, 1e3);
  EXPECT_GT(IntendedStart(1, 100, 10s), nanoseconds(400ms));
}

TEST(RunnerTest, RefusesPlansThatMakeNoSense) {
  EXPECT_TRUE(Check(OneClient(1, 0)).ok());
  auto field = [](Plan plan) { return Check(plan).error().field(); };
  EXPECT_EQ(field(OneClient(0, 0)), "--requests");
  EXPECT_EQ(field(OneClient(60'000'000, 0)), "--requests");
  EXPECT_EQ(field(OneClient(1, -1)), "--rate");
  EXPECT_EQ(field(OneClient(1, NAN)), "--rate");
  Plan none = OneClient(1, 0);
  none.concurrency = 0;
  EXPECT_EQ(field(none), "--concurrency");
  none = OneClient(1, 0);
  none.scenario.steps.clear();
  EXPECT_EQ(field(none), "--scenario");
}

LoadRun MakeRun(std::size_t count, std::size_t failed) {
  LoadRun run;
  run.plan = OneClient(count, 0);
  run.elapsed_s = 2;
  for (std::size_t i = 0; i < count; ++i) {
    const double latency = 0.001 * static_cast<double>(i + 1);
    run.samples.push_back(
        {0.01 * static_cast<double>(i), latency, latency, i < failed ? 500 : 200, i < failed});
  }
  if (failed) run.failures["HTTP 500"] = failed;
  return run;
}

TEST(ReportTest, TextHoldsTheUsersBlock) {
  const Report report = MakeReport("http://127.0.0.1:1", FromUnixSeconds(0), MakeRun(100, 0), {});
  const std::string text = ToText(report, false);
  for (const char* line : {"Total requests: 100\n", "Errors: 0 (0.00%) (PASS errors<1%)\n",
                           "P50: 0.0505s\n", "P95: 0.0959s (PASS p95<5s)\n", "Min: 0.0010s\n",
                           "Max: 0.1000s\n", "Avg: 0.0505s\n", "exclusive", "Verdict: PASS"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
  }
  EXPECT_NE(ToText(report, true).find("✓ PASS"), std::string::npos);
  EXPECT_TRUE(report.passed);
}

TEST(ReportTest, MissedThresholdsAndEmptyRunsFail) {
  const Report failed = MakeReport("e", FromUnixSeconds(0), MakeRun(100, 2), {});
  EXPECT_FALSE(failed.passed);
  EXPECT_NE(ToText(failed, false).find("Failed with HTTP 500: 2"), std::string::npos);
  EXPECT_FALSE(MakeReport("e", FromUnixSeconds(0), MakeRun(0, 0), {}).passed);
  EXPECT_FALSE(
      MakeReport("e", FromUnixSeconds(0), MakeRun(100, 0), {*ParseThreshold("p50<1ms")}).passed);
}

TEST(ReportTest, JsonKeepsTheLatenciesForComparison) {
  const Report report = MakeReport("e", FromUnixSeconds(0), MakeRun(100, 0), {});
  const json::Value parsed = *json::Parse(json::Write(ToJson(report)));
  const auto latencies = LatenciesOf(parsed);
  ASSERT_TRUE(latencies.ok());
  EXPECT_EQ(*latencies, report.latencies);
  EXPECT_EQ(parsed.Find("verdict")->AsString(), "PASS");

  const Report large = MakeReport("e", FromUnixSeconds(0), MakeRun(30'000, 0), {});
  const auto thinned = LatenciesOf(ToJson(large));
  EXPECT_EQ(thinned->size(), 10'000u);
  EXPECT_DOUBLE_EQ(thinned->front(), large.latencies.front());
  EXPECT_DOUBLE_EQ(thinned->back(), large.latencies.back());

  for (const char* bad : {"{}", "[]", R"({"format":"securebase-loadtest-1"})",
                          R"({"format":"securebase-loadtest-1","sortedLatenciesSeconds":[]})",
                          R"({"format":"securebase-loadtest-1","sortedLatenciesSeconds":["x"]})"}) {
    EXPECT_FALSE(LatenciesOf(*json::Parse(bad)).ok()) << bad;
  }
}

TEST(ReportTest, CsvHasALineARequest) {
  const std::string csv = ToCsv(MakeReport("e", FromUnixSeconds(0), MakeRun(2, 1), {}));
  EXPECT_EQ(csv,
            "start_s,latency_s,service_s,status,failed\n"
            "0.000000,0.001000,0.001000,500,1\n"
            "0.010000,0.002000,0.002000,200,0\n");
}

std::vector<double> Lognormal(std::uint64_t seed, double scale, std::size_t count) {
  SeededRandom random(seed);
  std::vector<double> out;
  for (std::size_t i = 0; i < count; ++i) {
    double sum = -6;  // twelve uniforms: nearly normal
    for (int k = 0; k < 12; ++k) sum += static_cast<double>(random.Below(1 << 20)) / (1 << 20);
    out.push_back(scale * std::exp(0.3 * sum));
  }
  std::sort(out.begin(), out.end());
  return out;
}

TEST(CompareTest, FindsARealRegressionAndNoOther) {
  const auto base = Lognormal(1, 0.010, 2000);
  EXPECT_FALSE(Compare(base, Lognormal(2, 0.010, 2000)).regression) << "same distribution";
  const Comparison slower = Compare(base, Lognormal(3, 0.013, 2000));
  EXPECT_TRUE(slower.regression);
  EXPECT_LT(slower.p_value, 1e-6);
  EXPECT_NEAR(slower.median_ratio, 1.3, 0.05);
  EXPECT_FALSE(Compare(base, Lognormal(4, 0.007, 2000)).regression) << "faster is no regression";
  EXPECT_FALSE(Compare(base, Lognormal(5, 0.0102, 200'000)).regression)
      << "significant, negligible";
}

// By hand: U = 20 of 25 pairs, variance 25/12 * 10 with the ties, z = (7.5 - 0.5) / 4.564.
TEST(CompareTest, HandlesTies) {
  const std::vector<double> x = {1, 1, 2, 2, 3}, y = {2, 2, 3, 3, 4};
  const Comparison c = Compare(x, y);
  EXPECT_NEAR(c.effect, 2 * 20.0 / 25 - 1, 1e-12);
  EXPECT_NEAR(c.p_value, 0.12512, 1e-4);
  EXPECT_DOUBLE_EQ(Compare(std::vector<double>{1, 1}, std::vector<double>{1, 1}).p_value, 1);
  EXPECT_FALSE(Compare({}, x).regression);
}

}  // namespace
}  // namespace securebase::loadtest
