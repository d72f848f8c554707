// What is promised: what was acknowledged is found, once, from head and blocks, after restarts,
// checkpoints and kills; periods and units as specified; damage reported and never read.
#include "metrics/embedded_store.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "base/random.h"
#include "base/testing/manual_clock.h"
#include "base/testing/seed.h"
#include "base/testing/temp_folder.h"

namespace securebase::metrics {
namespace {

using namespace std::chrono_literals;

const Account kAccount;
constexpr Instant kStart = FromUnixSeconds(1'780'272'000);

// An engine with a metric store, opened and recovered.
class Opened {
 public:
  explicit Opened(const std::string& folder) : clock_(kStart) {
    auto engine =
        storage::Engine::Open({.folder = folder, .journal_file_bytes = 1 << 20}, PosixFileSystem());
    if (!engine.ok()) {
      ADD_FAILURE() << engine.error().message();
      return;
    }
    engine_ = *std::move(engine);
    auto store = EmbeddedMetricStore::Open(*engine_, clock_);
    if (!store.ok()) {
      error_ = store.error().message();
      return;
    }
    store_ = *std::move(store);
    const auto recovered = engine_->Recover();
    EXPECT_TRUE(recovered.ok());
  }
  ~Opened() {
    engine_.reset();
    store_.reset();
  }
  EmbeddedMetricStore* operator->() { return store_.get(); }
  storage::Engine& engine() { return *engine_; }
  void Close() { EXPECT_TRUE(engine_->Close().ok()); }
  const std::string& error() const { return error_; }

 private:
  ManualClock clock_;
  std::unique_ptr<EmbeddedMetricStore> store_;
  std::unique_ptr<storage::Engine> engine_;
  std::string error_;
};

Datum MakeDatum(std::string name, Instant time, double value, std::string unit = "None",
                std::vector<Dimension> dimensions = {}) {
  return Datum{.metric = {"Test", std::move(name), std::move(dimensions)},
               .unit = std::move(unit),
               .time = time,
               .values = {{value, 1}}};
}

std::vector<UnitSeries> Ask(EmbeddedMetricStore& store, std::string name, Duration period = 60s,
                            std::vector<Dimension> dimensions = {}) {
  auto result = store.Query(kAccount, {.metric = {"Test", std::move(name), std::move(dimensions)},
                                       .unit = {},
                                       .start = kStart,
                                       .end = kStart + std::chrono::hours(24),
                                       .period = period});
  EXPECT_TRUE(result.ok()) << result.error().message();
  return result.ok() ? *std::move(result) : std::vector<UnitSeries>();
}

double SumOf(EmbeddedMetricStore& store, const std::string& name) {
  double sum = 0;
  for (const UnitSeries& series : Ask(store, name)) {
    for (const auto& [start, bucket] : series.buckets) sum += bucket.set().sum;
  }
  return sum;
}

TEST(EmbeddedMetricStoreTest, HeadBlocksAndRestartsGiveOneAnswer) {
  TempFolder folder;
  {
    Opened store(folder.path());
    ASSERT_TRUE(
        store->PutAndWait(kAccount, {MakeDatum("a", kStart, 1), MakeDatum("a", kStart + 1s, 2)})
            .ok());
    ASSERT_TRUE(store.engine().Checkpoint().ok());
    // Late data for a minute that is in a block already.
    ASSERT_TRUE(store->PutAndWait(kAccount, {MakeDatum("a", kStart + 30s, 4)}).ok());
    EXPECT_EQ(SumOf(*store.operator->(), "a"), 7);
    EXPECT_EQ(store->statistics().blocks, 1u);
  }
  Opened store(folder.path());
  const auto series = Ask(*store.operator->(), "a");
  ASSERT_EQ(series.size(), 1u);
  ASSERT_EQ(series[0].buckets.size(), 1u);
  EXPECT_EQ(series[0].buckets[0].first, kStart);
  EXPECT_EQ(series[0].buckets[0].second.set().sum, 7);
  EXPECT_EQ(series[0].buckets[0].second.set().sample_count, 3);
  EXPECT_NEAR(series[0].buckets[0].second.Evaluate(*ParseStatistic("p50")).value(), 2, 0.02);
}

TEST(EmbeddedMetricStoreTest, PeriodsBeginAtTheRequestedStart) {
  TempFolder folder;
  Opened store(folder.path());
  std::vector<Datum> data;
  for (int minute = 0; minute < 120; ++minute) {
    data.push_back(MakeDatum("m", kStart + minute * 1min, minute));
  }
  ASSERT_TRUE(store->PutAndWait(kAccount, data).ok());
  const auto result = store->Query(kAccount, {.metric = {"Test", "m", {}},
                                              .unit = {},
                                              .start = kStart + 18min,
                                              .end = kStart + 100min,
                                              .period = 1h});
  ASSERT_TRUE(result.ok());
  const auto& buckets = result->at(0).buckets;
  ASSERT_EQ(buckets.size(), 2u);
  EXPECT_EQ(buckets[0].first, kStart + 18min);
  EXPECT_EQ(buckets[0].second.set().sample_count, 60);
  EXPECT_EQ(buckets[0].second.set().minimum, 18);
  EXPECT_EQ(buckets[1].first, kStart + 78min);
  EXPECT_EQ(buckets[1].second.set().sample_count, 22);
  EXPECT_EQ(buckets[1].second.set().maximum, 99);
}

TEST(EmbeddedMetricStoreTest, FinePeriodsHoldAMinuteAtItsStart) {
  TempFolder folder;
  Opened store(folder.path());
  Datum fine = MakeDatum("f", kStart + 31s, 5);
  fine.resolution_s = 1;
  ASSERT_TRUE(store->PutAndWait(kAccount, {MakeDatum("f", kStart + 31s, 3), fine}).ok());
  const auto series = Ask(*store.operator->(), "f", 30s);
  ASSERT_EQ(series.at(0).buckets.size(), 2u);
  EXPECT_EQ(series[0].buckets[0].second.set().sum, 3) << "the minute stands at its start";
  EXPECT_EQ(series[0].buckets[1].second.set().sum, 5) << "the second where it was";
  EXPECT_EQ(Ask(*store.operator->(), "f", 60s).at(0).buckets.at(0).second.set().sum, 8);
}

TEST(EmbeddedMetricStoreTest, UnitsAndDimensionsAreSeriesOfTheirOwn) {
  TempFolder folder;
  Opened store(folder.path());
  const std::vector<Dimension> ab = {{"A", "1"}, {"B", "2"}}, ba = {{"B", "2"}, {"A", "1"}};
  ASSERT_TRUE(store
                  ->PutAndWait(kAccount, {MakeDatum("u", kStart, 1, "Seconds", ab),
                                          MakeDatum("u", kStart, 2, "Count", ba),
                                          MakeDatum("u", kStart, 4, "Seconds", ba),
                                          MakeDatum("u", kStart, 8)})
                  .ok());
  const auto series = Ask(*store.operator->(), "u", 60s, ab);
  ASSERT_EQ(series.size(), 2u);
  EXPECT_EQ(series[0].unit, "Count");
  EXPECT_EQ(series[1].unit, "Seconds");
  EXPECT_EQ(series[1].buckets[0].second.set().sum, 5) << "the order of dimensions does not matter";
  EXPECT_EQ(Ask(*store.operator->(), "u").at(0).buckets[0].second.set().sum, 8);
  EXPECT_TRUE(Ask(*store.operator->(), "nosuch").empty());
}

TEST(EmbeddedMetricStoreTest, AccountsDoNotSeeEachOther) {
  TempFolder folder;
  Opened store(folder.path());
  const Account other{"999999999999", "us-east-1"};
  const Account elsewhere{kAccount.id, "eu-west-1"};
  ASSERT_TRUE(store->PutAndWait(other, {MakeDatum("t", kStart, 1)}).ok());
  ASSERT_TRUE(store->PutAndWait(elsewhere, {MakeDatum("t", kStart, 1)}).ok());
  EXPECT_TRUE(Ask(*store.operator->(), "t").empty());
  EXPECT_TRUE(store->List(kAccount, {})->metrics.empty());
  EXPECT_EQ(store->List(other, {})->metrics.size(), 1u);
}

TEST(EmbeddedMetricStoreTest, ListsPageByPage) {
  TempFolder folder;
  Opened store(folder.path());
  std::vector<Datum> data;
  for (int i = 0; i < 25; ++i) {
    data.push_back(MakeDatum("m" + std::to_string(i), kStart + i * 1min, 1, "None",
                             {{"Fn", "f" + std::to_string(i % 3)}}));
  }
  data.push_back(MakeDatum("other", kStart, 1));
  data.back().metric.namespace_name = "Zeta";
  ASSERT_TRUE(store->PutAndWait(kAccount, data).ok());

  std::size_t total = 0;
  ListRequest request{
      .namespace_name = "Test", .name = {}, .dimensions = {{"Fn", ""}}, .metrics_max = 10};
  for (int pages = 1;; ++pages) {
    const ListPage page = store->List(kAccount, request).value();
    total += page.metrics.size();
    if (!page.more) {
      EXPECT_EQ(pages, 3);
      break;
    }
    request.after = page.metrics.back();
  }
  EXPECT_EQ(total, 25u);
  EXPECT_EQ(store->List(kAccount, {.dimensions = {{"Fn", "f1"}}})->metrics.size(), 8u);
  EXPECT_EQ(store->List(kAccount, {.name = "other"})->metrics.size(), 1u);
  EXPECT_EQ(store->List(kAccount, {.active_since = kStart + 20min})->metrics.size(), 5u);
}

TEST(EmbeddedMetricStoreTest, ManyCheckpointsLeaveFewBlocks) {
  TempFolder folder;
  {
    Opened store(folder.path());
    for (int i = 0; i < 70; ++i) {
      ASSERT_TRUE(store
                      ->PutAndWait(kAccount, {MakeDatum("c", kStart + (i % 5) * 1min, 1),
                                              MakeDatum("c" + std::to_string(i), kStart, 1)})
                      .ok());
      ASSERT_TRUE(store.engine().Checkpoint().ok());
    }
    EXPECT_LE(store->statistics().blocks, 16u);
    EXPECT_EQ(SumOf(*store.operator->(), "c"), 70);
    store.Close();
  }
  Opened store(folder.path());
  EXPECT_EQ(SumOf(*store.operator->(), "c"), 70);
  EXPECT_EQ(store->statistics().series, 71u);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "blocks")) {
    files += entry.is_regular_file() ? 1 : 0;
  }
  EXPECT_EQ(files, store->statistics().blocks) << "merged blocks are gone from the disk";
}

TEST(EmbeddedMetricStoreTest, AnyFlippedByteIsFoundOrHarmless) {
  TempFolder folder;
  std::string path;
  {
    Opened store(folder.path());
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(store->PutAndWait(kAccount, {MakeDatum("d", kStart + (i / 4) * 1min, i)}).ok());
    }
    ASSERT_TRUE(store.engine().Checkpoint().ok());
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder / "blocks")) {
    path = entry.path().string();
  }
  std::ifstream file(path, std::ios::binary);
  const std::string good(std::istreambuf_iterator<char>(file), {});
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x20);
    auto block = Block::Parse(bad, "000.blk", nullptr);
    if (block.ok()) {
      const auto visited = (*block)->ReadAll(0);
      EXPECT_FALSE(visited.ok()) << "byte " << at << " was flipped unnoticed";
      if (!visited.ok()) block = visited.error();
    }
    if (block.ok()) continue;
    EXPECT_EQ(block.error().code(), ErrorCode::kInternal);
    EXPECT_NE(block.error().message().find("000.blk is damaged at offset"), std::string::npos)
        << block.error().message();
  }
  for (std::size_t cut = 0; cut < good.size(); cut += 7) {
    EXPECT_FALSE(Block::Parse(std::string_view(good).substr(0, cut), "x", nullptr).ok());
  }
  {
    std::ofstream damaged(path, std::ios::binary);
    damaged << good.substr(0, good.size() - 3);
  }
  // The store opens, takes new data, and says which file it cannot read.
  Opened store(folder.path());
  ASSERT_TRUE(store->PutAndWait(kAccount, {MakeDatum("d", kStart, 1)}).ok());
  ASSERT_TRUE(store.engine().Checkpoint().ok());
  const auto failed = store->Query(kAccount, {.metric = {"Test", "d", {}},
                                              .unit = {},
                                              .start = kStart,
                                              .end = kStart + 1h,
                                              .period = 60s});
  ASSERT_FALSE(failed.ok());
  EXPECT_NE(failed.error().message().find(".blk"), std::string::npos);
}

TEST(EmbeddedMetricStoreTest, RefusesWhatCouldNotBeApplied) {
  TempFolder folder;
  Opened store(folder.path());
  auto field = [&](const std::function<void(Datum&)>& spoil) {
    Datum datum = MakeDatum("x", kStart, 1);
    spoil(datum);
    const auto put = store->PutAndWait(kAccount, {MakeDatum("x", kStart, 1), datum});
    return put.ok() ? std::string() : put.error().field();
  };
  EXPECT_EQ(field([](Datum& d) { d.resolution_s = 5; }), "StorageResolution");
  EXPECT_EQ(field([](Datum& d) { d.values.clear(); }), "Values");
  EXPECT_EQ(field([](Datum& d) { d.statistics = StatisticSet{1, 1, 1, 1}; }), "Values");
  EXPECT_EQ(field([](Datum& d) { d.values = {{1e300, 1}}; }), "Value");
  EXPECT_EQ(field([](Datum& d) { d.values = {{1, 1e300}}; }), "Counts");
  EXPECT_EQ(field([](Datum& d) { d.values = {{1, 0}}; }), "Counts");
  const auto set = [](StatisticSet s) {
    return [s](Datum& d) {
      d.values.clear();
      d.statistics = s;
    };
  };
  EXPECT_EQ(field(set({0, 1, 1, 1})), "StatisticValues.SampleCount");
  EXPECT_EQ(field(set({1, 1, 2, 1})), "StatisticValues");
  EXPECT_TRUE(Ask(*store.operator->(), "x").empty()) << "all or nothing";
}

// The writer of the kill test: this program again, in a process of its own (a fork without exec
// would lack RocksDB's threads). It tells of each acknowledged datapoint through a pipe until it is
// killed.
TEST(EmbeddedMetricStoreTest, WritesUntilItIsKilled) {
  const char* folder = std::getenv("SB_KILL_FOLDER");
  const char* pipe_end = std::getenv("SB_KILL_PIPE");
  if (folder == nullptr || pipe_end == nullptr) GTEST_SKIP() << "only the kill test runs this";
  Opened store(folder);
  for (int i = 0;; ++i) {
    const bool flushed = i % 40 != 20 || store.engine().Checkpoint().ok();
    ASSERT_TRUE(flushed);
    ASSERT_TRUE(store->PutAndWait(kAccount, {MakeDatum("k", kStart + (i % 7) * 1min, 1)}).ok());
    ASSERT_EQ(write(std::atoi(pipe_end), "+", 1), 1);
  }
}

pid_t StartWriter(const std::string& folder, int pipe_end) {
  const pid_t child = fork();
  if (child != 0) return child;
  setenv("SB_KILL_FOLDER", folder.c_str(), 1);
  setenv("SB_KILL_PIPE", std::to_string(pipe_end).c_str(), 1);
  execl("/proc/self/exe", "metrics_test", "--gtest_brief=1",
        "--gtest_filter=*WritesUntilItIsKilled", nullptr);
  _exit(127);
}

TEST(EmbeddedMetricStoreTest, AKillLosesAndDoublesNothing) {
  SeededRandom random(TestSeed());
  TempFolder folder;
  double acknowledged = 0;
  for (int round = 0; round < 25; ++round) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = StartWriter(folder.path(), ends[1]);
    close(ends[1]);
    const std::size_t until = 1 + random.Below(60);
    char byte;
    std::size_t seen = 0;
    while (seen < until && read(ends[0], &byte, 1) == 1) ++seen;
    kill(child, SIGKILL);
    while (read(ends[0], &byte, 1) == 1) ++seen;  // acknowledged before the signal arrived
    close(ends[0]);
    waitpid(child, nullptr, 0);
    acknowledged += static_cast<double>(seen);

    Opened store(folder.path());
    const double stored = SumOf(*store.operator->(), "k");
    // At most the one write that was under way may be there unacknowledged.
    ASSERT_GE(stored, acknowledged) << "round " << round;
    ASSERT_LE(stored, acknowledged + 1) << "round " << round;
    acknowledged = stored;
  }
}

}  // namespace
}  // namespace securebase::metrics
