// What is promised: whatever comes late or out of order, before or after flushes, merges, roll-ups
// and restarts, a query is the plain sum of what was put; a cut of the power at any change of a
// file loses nothing that was acknowledged and doubles nothing; retention drops what it says.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/random.h"
#include "base/testing/fault_file_system.h"
#include "base/testing/manual_clock.h"
#include "base/testing/seed.h"
#include "base/testing/temp_folder.h"
#include "metrics/embedded_store.h"

namespace securebase::metrics {
namespace {

using namespace std::chrono_literals;

const Account kAccount;
constexpr Instant kStart = FromUnixSeconds(1'780'272'000);

class World {
 public:
  explicit World(FileSystem& files = PosixFileSystem()) : files_(files), clock_(kStart) { Start(); }
  ~World() { End(); }

  void Start() {
    auto engine =
        storage::Engine::Open({.folder = folder_.path(), .journal_file_bytes = 1 << 16}, files_);
    ASSERT_TRUE(engine.ok()) << engine.error().message();
    engine_ = *std::move(engine);
    auto store = EmbeddedMetricStore::Open(*engine_, clock_);
    ASSERT_TRUE(store.ok()) << store.error().message();
    store_ = *std::move(store);
    const auto recovered = engine_->Recover();
    ASSERT_TRUE(recovered.ok()) << recovered.error().message();
  }
  void End() {
    engine_.reset();
    store_.reset();
  }
  void Restart() {
    End();
    Start();
  }
  EmbeddedMetricStore& store() { return *store_; }
  storage::Engine& engine() { return *engine_; }
  ManualClock& clock() { return clock_; }

 private:
  TempFolder folder_;
  FileSystem& files_;
  ManualClock clock_;
  std::unique_ptr<EmbeddedMetricStore> store_;
  std::unique_ptr<storage::Engine> engine_;
};

Datum DatumOf(const std::string& name, Instant time, double value, int resolution_s = 60) {
  return Datum{.metric = {"T", name, {}},
               .time = time,
               .resolution_s = resolution_s,
               .values = {{value, 1}}};
}

/// All samples of the metrics "m0".."m3", by metric and time.
using Samples = std::vector<std::multimap<Instant, double>>;

void ExpectPeriods(EmbeddedMetricStore& store, const Samples& samples, Instant start, Instant end,
                   Duration period) {
  GroupsRequest groups{
      .group_count = 2, .start = start, .end = end, .period = period, .distribution = false};
  std::map<std::pair<std::uint32_t, Instant>, double> group_sums;
  for (std::size_t m = 0; m < samples.size(); ++m) {
    const Metric metric{"T", "m" + std::to_string(m), {}};
    const auto group = static_cast<std::uint32_t>(m % 2);
    groups.metrics.emplace_back(metric, group);
    std::map<Instant, std::vector<double>> periods;
    for (const auto& [time, value] : samples[m]) {
      if (time < start || time >= end) continue;
      const Instant at = start + (time - start) / period * period;
      periods[at].push_back(value);
      group_sums[{group, at}] += value;
    }
    const auto series =
        store.Query(kAccount, {.metric = metric, .start = start, .end = end, .period = period});
    ASSERT_TRUE(series.ok()) << series.error().message();
    const Buckets none;
    const Buckets& buckets = series->empty() ? none : series->at(0).buckets;
    ASSERT_EQ(buckets.size(), periods.size());
    std::size_t i = 0;
    for (auto& [at, values] : periods) {
      const auto& [stood, bucket] = buckets[i++];
      std::sort(values.begin(), values.end());
      double sum = 0;
      for (const double value : values) sum += value;
      EXPECT_EQ(stood, at);
      EXPECT_EQ(bucket.set().sample_count, static_cast<double>(values.size()));
      EXPECT_EQ(bucket.set().sum, sum);
      EXPECT_EQ(bucket.set().minimum, values.front());
      EXPECT_EQ(bucket.set().maximum, values.back());
      const auto rank =
          static_cast<std::size_t>(std::ceil(0.9 * static_cast<double>(values.size())));
      const double exact = values[rank - 1];
      EXPECT_NEAR(bucket.Evaluate(*ParseStatistic("p90")).value(), exact, std::abs(exact) / 100);
    }
  }
  const auto merged = store.QueryGroups(kAccount, groups);
  ASSERT_TRUE(merged.ok()) << merged.error().message();
  std::size_t count = 0;
  for (std::uint32_t group = 0; group < 2; ++group) {
    for (const auto& [at, bucket] : merged->at(group)) {
      ++count;
      EXPECT_EQ(bucket.set().sum, (group_sums[{group, at}])) << group;
    }
  }
  EXPECT_EQ(count, group_sums.size());
}

TEST(StoreModelTest, LateDataBeforeAndAfterRollupsIsOneSum) {
  SeededRandom random(TestSeed());
  World world;
  Samples samples(4);
  for (int round = 0; round < 40; ++round) {
    std::vector<Datum> data;
    for (int i = 0; i < 60; ++i) {
      const std::size_t m = random.Below(samples.size());
      // Anywhere in the fortnight that is accepted, mostly recent; whole numbers, so that sums are
      // exact in any order.
      const std::uint64_t back_s = random.Below(random.Below(3) == 0 ? 14 * 86400 : 7200);
      Instant time = kStart - std::chrono::seconds(back_s);
      const bool fine = m == 3 && back_s < 7000;
      if (!fine) time = std::chrono::floor<std::chrono::minutes>(time);
      const double value = static_cast<double>(random.Below(2000)) - 500;
      samples[m].emplace(time, value);
      data.push_back(DatumOf("m" + std::to_string(m), time, value, fine ? 1 : 60));
    }
    ASSERT_TRUE(world.store().PutAndWait(kAccount, data).ok());
    if (round % 2 == 1) {
      ASSERT_TRUE(world.engine().Checkpoint().ok());
    }
    if (round % 13 == 12) world.Restart();
    if (round % 5 != 4) continue;
    const Instant fortnight = kStart - 14 * 24h;
    ExpectPeriods(world.store(), samples, kStart - 3h, kStart + 1h, 1min);
    ExpectPeriods(world.store(), samples, fortnight, kStart + 1h, 1h);
    ExpectPeriods(world.store(), samples, fortnight, kStart - 90min, 24h);
    ExpectPeriods(world.store(), samples, fortnight + 18min, kStart - 7min, 1h);
    ExpectPeriods(world.store(), samples, kStart - 24h, kStart + 1h, 5min);
    ExpectPeriods(world.store(), samples, kStart - 2h, kStart + 1h, 10s);
  }
  EXPECT_LE(world.store().statistics().blocks, 14u);
}

TEST(StoreModelTest, APowerCutAnywhereLosesAndDoublesNothing) {
  SeededRandom random(TestSeed());
  // A checkpoint every four puts: flushes, merges of eight and, as the clock goes on, ageing.
  const auto put_all = [](World& world, double& acknowledged) {
    for (int i = 0; i < 48; ++i) {
      const Instant time = kStart + i * 20min;
      world.clock().Set(time);
      std::vector<Datum> data;
      for (int n = 0; n < 3; ++n)
        data.push_back(DatumOf("c", time - n * 40min, 1, n == 0 ? 1 : 60));
      if (!world.store().PutAndWait(kAccount, data).ok()) return;
      acknowledged += 3;
      if (i % 4 == 3 && !world.engine().Checkpoint().ok()) return;
    }
  };
  const auto stored = [](World& world, Duration period) {
    const auto series = world.store().Query(
        kAccount,
        {.metric = {"T", "c", {}}, .start = kStart - 24h, .end = kStart + 48h, .period = period});
    EXPECT_TRUE(series.ok()) << series.error().message();
    double sum = 0;
    if (!series.ok() || series->empty()) return sum;
    for (const auto& [at, bucket] : series->at(0).buckets) sum += bucket.set().sum;
    return sum;
  };
  std::uint64_t changes = 0;
  {
    FaultFileSystem files;
    World world(files);
    const std::uint64_t before = files.changes();
    double acknowledged = 0;
    put_all(world, acknowledged);
    EXPECT_EQ(acknowledged, 144);
    EXPECT_EQ(stored(world, 1min), 144);
    changes = files.changes() - before;
  }
  for (int round = 0; round < 10; ++round) {
    FaultFileSystem files;
    World world(files);
    const std::uint64_t at = 1 + random.Below(changes);
    files.CutAtChange(at);
    double acknowledged = 0;
    put_all(world, acknowledged);
    files.PowerCut(random);
    world.Restart();
    for (int again = 0; again < 2; ++again) {
      for (const Duration period : {Duration(1min), Duration(1h)}) {
        const double sum = stored(world, period);
        EXPECT_GE(sum, acknowledged) << "cut at change " << at << " of " << changes;
        EXPECT_LE(sum, acknowledged + 3) << "cut at change " << at << " of " << changes;
      }
      ASSERT_TRUE(world.engine().Checkpoint().ok());
    }
  }
}

TEST(StoreModelTest, TimeGoesOnAndRetentionFollows) {
  World world;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(world.store()
                    .PutAndWait(kAccount, {DatumOf("r", kStart + i * 1min, 1),
                                           DatumOf("r", kStart + i * 1min + 7s, 1, 1)})
                    .ok());
  }
  const auto count_of = [&](Duration period) {
    const auto series = world.store().Query(
        kAccount,
        {.metric = {"T", "r", {}}, .start = kStart, .end = kStart + 1h, .period = period});
    return series->empty() ? std::size_t{0} : series->at(0).buckets.size();
  };
  const auto at_age = [&](Duration age) {
    world.clock().Set(kStart + age);
    const std::size_t before = count_of(1s);
    EXPECT_TRUE(world.engine().Checkpoint().ok());
    EXPECT_EQ(count_of(1s), before) << "the same before and after the file was written anew";
    return before;
  };
  EXPECT_EQ(at_age(1h), 40u);
  EXPECT_EQ(at_age(6h), 20u) << "seconds are minutes after three hours";
  EXPECT_EQ(at_age(16 * 24h), 4u) << "five minutes";
  EXPECT_EQ(at_age(64 * 24h), 1u) << "an hour";
  EXPECT_EQ(count_of(1h), 1u);
  world.Restart();
  world.clock().Set(kStart + 400 * 24h);
  EXPECT_EQ(count_of(1h), 1u);
  EXPECT_EQ(at_age(456 * 24h), 0u);
  EXPECT_EQ(world.store().statistics().blocks, 0u) << "the file is gone";
}

TEST(StoreModelTest, ADamagedBlockIsSetAside) {
  FaultFileSystem files;
  World world(files);
  ASSERT_TRUE(world.store().PutAndWait(kAccount, {DatumOf("d", kStart, 1)}).ok());
  ASSERT_TRUE(world.engine().Checkpoint().ok());
  ASSERT_TRUE(world.store().PutAndWait(kAccount, {DatumOf("d", kStart + 5h, 1)}).ok());
  ASSERT_TRUE(world.engine().Checkpoint().ok());
  EXPECT_TRUE(world.store().FindDamage().empty());
  const std::string folder = world.engine().folder() + "/blocks";
  const auto names = files.List(folder);
  ASSERT_TRUE(names.ok());
  ASSERT_EQ(names->size(), 2u);
  ASSERT_TRUE(files.FlipBit(folder + "/0000000001.blk", 12).ok());
  world.Restart();
  const auto ask = [&](Duration after) {
    return world.store().Query(kAccount, {.metric = {"T", "d", {}},
                                          .start = kStart + after,
                                          .end = kStart + after + 1h,
                                          .period = 1min});
  };
  ASSERT_FALSE(ask(0h).ok());
  EXPECT_NE(ask(0h).error().message().find("0000000001.blk is damaged"), std::string::npos);
  EXPECT_TRUE(ask(5h).ok()) << "it does not need the block";
  const auto damaged = world.store().FindDamage();
  ASSERT_EQ(damaged.size(), 1u);
  EXPECT_EQ(damaged[0].number, 1u);
  EXPECT_FALSE(world.store().SetAside(77).ok());
  ASSERT_TRUE(world.store().SetAside(damaged[0].number).ok());
  EXPECT_TRUE(ask(0h).ok());
  world.Restart();
  EXPECT_TRUE(ask(0h).ok());
  EXPECT_TRUE(ask(0h)->empty());
  EXPECT_EQ(ask(5h)->size(), 1u);
  EXPECT_TRUE(files.Exists(folder + "/0000000001.blk.damaged")) << "kept for whoever can mend it";
}

}  // namespace
}  // namespace securebase::metrics
