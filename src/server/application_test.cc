// The parts put together: a request reaches its part, what it did is measured into the stores and
// survives a restart; a full disk stops writes, not reads.
#include "server/application.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "base/testing/manual_clock.h"
#include "base/testing/temp_folder.h"

namespace securebase::server {
namespace {

using ::testing::HasSubstr;

class ApplicationTest : public ::testing::Test {
 protected:
  void Open() {
    ApplicationOptions options{.data_folder = folder_ / "data",
                               .authentication_required = false,
                               .plans = {{.name = "trial"}},
                               .telemetry_interval = std::chrono::milliseconds(0),
                               .maintenance = {.interval = std::chrono::milliseconds(0)}};
    auto opened = Application::Open(options, PosixFileSystem(), clock_, random_);
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    application_ = *std::move(opened);
  }
  http::Response Ask(std::string method, std::string path, std::string body = {}) {
    http::Request request;
    request.method = std::move(method);
    request.target = request.path = std::move(path);
    request.body = std::move(body);
    request.headers.Add("Host", "localhost");
    request.headers.Add("Content-Type", "application/json");
    request.request_id = "id";
    request.received_at = clock_.Now();
    request.received_monotonic = clock_.Monotonic();
    std::promise<http::Response> promise;
    application_->handler().Handle(std::move(request), [&promise](http::Response response) {
      promise.set_value(std::move(response));
    });
    return promise.get_future().get();
  }
  double SumOf(std::string name) {
    auto series = application_->stores().metrics().Query(
        Account(), {.metric = {"AWS/ApiGateway", std::move(name), {}},
                    .start = clock_.Now() - Duration(3'600'000),
                    .end = clock_.Now() + Duration(3'600'000)});
    double sum = 0;
    if (series.ok()) {
      for (const auto& unit : *series) {
        for (const auto& [start, bucket] : unit.buckets) sum += bucket.set().sum;
      }
    }
    return sum;
  }

  TempFolder folder_;
  ManualClock clock_{FromUnixSeconds(1'780'000'020)};
  SystemRandom random_;
  std::unique_ptr<Application> application_;
};

TEST_F(ApplicationTest, AnswersMeasuresAndRemembers) {
  Open();
  EXPECT_EQ(Ask("GET", "/readyz").status, 200);
  EXPECT_EQ(Ask("GET", "/").status, 200);
  EXPECT_EQ(Ask("POST", "/v1/reports", R"({"name":"Costs","config":{"dateRange":"30d"}})").status,
            201);
  EXPECT_EQ(Ask("POST", "/v1/keys", R"({"customer":"a","plan":"trial"})").status, 201);
  application_->telemetry().Flush();
  EXPECT_EQ(SumOf("Count"), 2);
  EXPECT_FALSE(application_->stores().logs().Groups(Account(), "/aws/lambda/").empty());
  ASSERT_TRUE(application_->Close().ok());
  ASSERT_TRUE(application_->Close().ok());
  application_.reset();

  Open();
  EXPECT_THAT(Ask("GET", "/v1/reports").body, HasSubstr("Costs"));
  EXPECT_EQ(SumOf("Count"), 2);
}

TEST_F(ApplicationTest, LetsOnlyOneUseTheFolder) {
  Open();
  auto second =
      Application::Open({.data_folder = folder_ / "data"}, PosixFileSystem(), clock_, random_);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code(), ErrorCode::kConflict);
  EXPECT_THAT(second.error().message(), HasSubstr("cannot open " + (folder_ / "data")));
}

/// An engine whose checkpoints fail on demand.
class FakeEngine final : public storage::Engine {
 public:
  storage::KeyValue& key_values() override { std::abort(); }
  const std::string& folder() const override { return folder_; }
  FileSystem& files() override { return PosixFileSystem(); }
  void Register(storage::Participant&) override {}
  Result<> Recover() override { return {}; }
  Result<storage::Sequence> Commit(std::vector<storage::Part>) override { return 1; }
  void CommitAsync(std::vector<storage::Part>, Done) override {}
  Result<> Checkpoint() override {
    ++statistics_.checkpoints;
    return result;
  }
  storage::EngineStatistics statistics() const override { return statistics_; }
  Result<> Close() override { return {}; }

  storage::EngineStatistics statistics_;
  Result<> result;

 private:
  const std::string folder_;
};

TEST(MaintenanceTest, WritesWhenItIsTimeOrTheJournalIsLong) {
  FakeEngine engine;
  int chores = 0;
  Maintenance maintenance(engine,
                          {.interval = std::chrono::milliseconds(0),
                           .looks_per_checkpoint = 3,
                           .journal_bytes_max = 100},
                          [&chores] { ++chores; });
  for (int i = 0; i < 3; ++i) maintenance.Run();
  EXPECT_EQ(engine.statistics_.checkpoints, 0u);  // nothing was committed
  EXPECT_EQ(chores, 1);
  engine.statistics_.commits = 1;
  for (int i = 0; i < 3; ++i) maintenance.Run();
  EXPECT_EQ(engine.statistics_.checkpoints, 1u);
  engine.statistics_.commits = 2;
  engine.statistics_.journal_bytes = 101;
  maintenance.Run();
  EXPECT_EQ(engine.statistics_.checkpoints, 2u);
}

TEST(MaintenanceTest, TriesAgainUntilItWorks) {
  FakeEngine engine;
  Maintenance maintenance(engine,
                          {.interval = std::chrono::milliseconds(0), .looks_per_checkpoint = 1});
  engine.statistics_.commits = 1;
  engine.result = Unavailable("disk full");
  maintenance.Run();
  maintenance.Run();
  EXPECT_FALSE(maintenance.status().ok());
  engine.result = {};
  maintenance.Run();
  EXPECT_TRUE(maintenance.status().ok());
  EXPECT_EQ(engine.statistics_.checkpoints, 3u);
}

TEST(MaintenanceTest, RunsOnAThreadOfItsOwn) {
  FakeEngine engine;
  std::promise<void> ran;
  std::atomic<bool> once{false};
  Maintenance maintenance(
      engine, {.interval = std::chrono::milliseconds(1), .looks_per_checkpoint = 1}, [&] {
        if (!once.exchange(true)) ran.set_value();
      });
  ran.get_future().wait();
  maintenance.Stop();
  maintenance.Stop();
}

}  // namespace
}  // namespace securebase::server
