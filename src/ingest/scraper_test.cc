#include "ingest/scraper.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>

#include "criteria/testing/stores.h"

namespace securebase::ingest {
namespace {

class ScraperTest : public ::testing::Test {
 protected:
  ScraperTest() {
    settings_.targets = {{.url = "http://127.0.0.1:9100/metrics", .labels = {{"job", "node"}}}};
  }

  /// One scrape of that text, a minute after the last one.
  void Scrape(std::string text, int status = 200, std::string type = "text/plain") {
    stores_.clock.Advance(std::chrono::minutes(1));
    answer_ = ScrapeAnswer{status, std::move(type), std::move(text)};
    Scraper scraper(settings_, stores_.account, {stores_.metrics(), totals_}, stores_.clock,
                    [this](const ScrapeTarget&) { return answer_; });
    scraper.Run();
  }

  /// A statistic of a series over everything; none where there is no data.
  std::optional<double> Ask(const std::string& name, const std::string& statistic,
                            std::vector<metrics::Dimension> dimensions = {}) {
    dimensions.push_back({"instance", "127.0.0.1:9100"});
    dimensions.push_back({"job", "node"});
    std::sort(dimensions.begin(), dimensions.end());
    const auto series = stores_.metrics().Query(
        stores_.account, {.metric = {"Prometheus", name, dimensions},
                          .start = stores_.clock.Now() - std::chrono::hours(1),
                          .end = stores_.clock.Now() + std::chrono::hours(1),
                          .period = std::chrono::hours(3)});
    if (!series.ok() || series->empty()) return {};
    return series->front().buckets.front().second.Evaluate(*metrics::ParseStatistic(statistic));
  }

  criteria::TestStores stores_;
  TotalsTracker totals_{stores_.clock.Now()};
  ScrapeSettings settings_;
  Result<ScrapeAnswer> answer_ = ScrapeAnswer{};
};

TEST_F(ScraperTest, GaugesCountersAndUnits) {
  const std::string text =
      "# TYPE temperature gauge\ntemperature{room=\"a\"} 21.5\n"
      "# TYPE requests_total counter\nrequests_total ";
  Scrape(text + "100\n");
  EXPECT_EQ(Ask("temperature", "Average", {{"room", "a"}}), 21.5);
  EXPECT_EQ(Ask("requests_total", "Sum"), std::nullopt);
  Scrape(text + "130\n");
  Scrape(text + "5\n");
  EXPECT_EQ(Ask("requests_total", "Sum"), 35);
  EXPECT_EQ(Ask("up", "Sum"), 3);
}

TEST_F(ScraperTest, HistogramsBecomeDistributions) {
  auto text = [](int fast, int slow) {
    return "# TYPE latency_seconds histogram\n"
           "latency_seconds_bucket{le=\"0.1\"} " +
           std::to_string(fast) +
           "\n"
           "latency_seconds_bucket{le=\"1\"} " +
           std::to_string(fast + slow) +
           "\n"
           "latency_seconds_bucket{le=\"+Inf\"} " +
           std::to_string(fast + slow) +
           "\n"
           "latency_seconds_sum " +
           std::to_string(slow) +
           "\n"
           "latency_seconds_count " +
           std::to_string(fast + slow) + "\n";
  };
  Scrape(text(0, 0));
  Scrape(text(90, 10));
  EXPECT_EQ(Ask("latency_seconds", "SampleCount"), 100);
  EXPECT_EQ(Ask("latency_seconds", "Sum"), 10);
  EXPECT_LE(*Ask("latency_seconds", "p90"), 0.101);
  EXPECT_GT(*Ask("latency_seconds", "p95"), 0.1);
}

TEST_F(ScraperTest, AFailedScrapeIsDown) {
  Scrape("", 500);
  Scrape("not { metrics");
  stores_.clock.Advance(std::chrono::minutes(1));
  Scraper scraper(settings_, stores_.account, {stores_.metrics(), totals_}, stores_.clock,
                  [](const ScrapeTarget&) -> Result<ScrapeAnswer> { return Unavailable("no"); });
  scraper.Run();
  EXPECT_EQ(Ask("up", "Sum"), 0);
  EXPECT_EQ(Ask("up", "SampleCount"), 3);
}

TEST_F(ScraperTest, OpenMetricsByItsContentType) {
  const std::string type = "application/openmetrics-text; version=1.0.0";
  Scrape("# TYPE a gauge\na 1\n# EOF\n", 200, type);
  EXPECT_EQ(Ask("a", "Sum"), 1);
  Scrape("# TYPE a gauge\na 1\n", 200, type);  // cut off
  EXPECT_EQ(Ask("a", "Sum"), 1);
  EXPECT_EQ(Ask("up", "Sum"), 1);
}

TEST_F(ScraperTest, TheThreadScrapesAndStops) {
  settings_.interval = std::chrono::hours(1);
  answer_ = ScrapeAnswer{200, "text/plain", "# TYPE a gauge\na 1\n"};
  std::promise<void> fetched;
  {
    Scraper scraper(settings_, stores_.account, {stores_.metrics(), totals_}, stores_.clock,
                    [&](const ScrapeTarget&) {
                      fetched.set_value();
                      return answer_;
                    });
    scraper.Start();
    fetched.get_future().wait();
    scraper.Stop();
  }
  EXPECT_EQ(Ask("a", "Sum"), 1);
}

}  // namespace
}  // namespace securebase::ingest
