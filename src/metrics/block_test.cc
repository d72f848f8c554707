// What is promised: what a block was built from comes back, whole or the part that is asked for;
// files of the version before are read; damage is named; merging is the same in any order.
#include "metrics/block.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/random.h"
#include "base/testing/seed.h"
#include "metrics/bucket_codec.h"
#include "metrics/compaction.h"
#include "metrics/period_sums.h"

namespace securebase::metrics {
namespace {

constexpr std::int64_t kStart = 1'780'272'000;

Bucket RandomBucket(Random& random) {
  Bucket bucket;
  const std::uint64_t kind = random.Below(5);
  const auto value = [&] {
    const double sign = random.Below(4) == 0 ? -1 : 1;
    return kind == 4 ? sign * std::exp(static_cast<double>(random.Below(2000)) / 3 - 300)
                     : sign * static_cast<double>(random.Below(5000)) / 100;
  };
  if (kind == 0) {
    bucket.Add(value(), static_cast<double>(1 + random.Below(3)));
  } else if (kind == 1) {
    bucket.Add(StatisticSet{3, 12, 1, 7});
  } else {
    for (std::uint64_t left = 1 + random.Below(40); left > 0; --left) {
      bucket.Add(value(), random.Below(10) == 0 ? 0.5 : 1);
    }
  }
  return bucket;
}

bool Same(const Bucket& a, const Bucket& b) {
  return a.set().sample_count == b.set().sample_count && a.set().sum == b.set().sum &&
         a.set().minimum == b.set().minimum && a.set().maximum == b.set().maximum &&
         a.has_distribution() == b.has_distribution() && a.sketch() == b.sketch();
}

using Model = std::map<std::pair<std::int64_t, std::int64_t>, Bucket>;

BucketColumns ColumnsOf(const Model& model) {
  BucketColumns columns;
  for (const auto& [place, bucket] : model) columns.Append(place.first, place.second, bucket);
  return columns;
}

void ExpectIs(const BucketColumns& columns, const Model& model) {
  ASSERT_EQ(columns.size(), model.size());
  std::size_t i = 0;
  for (const auto& [place, bucket] : model) {
    EXPECT_EQ(columns.start_s[i], place.first);
    EXPECT_EQ(columns.resolution_s[i], place.second);
    EXPECT_TRUE(Same(columns.BucketAt(i), bucket)) << i;
    ++i;
  }
}

std::shared_ptr<const Block> Parsed(const std::string& bytes) {
  auto block = Block::Parse(bytes, "test.blk", nullptr);
  EXPECT_TRUE(block.ok()) << block.error().message();
  return *block;
}

TEST(BlockTest, SeriesComeBackWholeAndInPart) {
  SeededRandom random(TestSeed());
  std::map<SeriesId, Model> series;
  std::map<SeriesId, Model> hours;
  BlockBuilder builder;
  for (SeriesId id = 3; id < 600; id += 1 + static_cast<SeriesId>(random.Below(5))) {
    const std::uint64_t count = random.Below(20) == 0 ? 1500 : 1 + random.Below(6);
    for (std::uint64_t i = 0; i < count; ++i) {
      const bool second = random.Below(10) == 0;
      const auto at = kStart + static_cast<std::int64_t>(i) * 60 +
                      (second ? static_cast<std::int64_t>(random.Below(60)) : 0);
      series[id][{at, second ? 1 : 60}] = RandomBucket(random);
    }
    if (random.Below(2) == 0) hours[id][{kStart, 3600}] = RandomBucket(random);
    builder.Add(id, {ColumnsOf(series[id]), ColumnsOf(hours[id])});
  }
  const std::string bytes = builder.Finish();
  const auto block = Parsed(bytes);
  EXPECT_EQ(block->Spans().size(), series.size());
  EXPECT_EQ(block->series_count(), series.size());
  for (SeriesId id = 0; id < 610; ++id) {
    const auto all = block->ReadAll(id);
    ASSERT_TRUE(all.ok()) << all.error().message();
    ExpectIs(all->base, series[id]);
    ExpectIs(all->hours, hours[id]);
  }
  for (int round = 0; round < 200; ++round) {
    const auto id = static_cast<SeriesId>(random.Below(600));
    const auto first = kStart + static_cast<std::int64_t>(random.Below(90'000));
    const auto end = first + static_cast<std::int64_t>(random.Below(90'000));
    BucketColumns columns;
    const bool bins = random.Below(2) == 0;
    ASSERT_TRUE(block->Read(id, {.first_s = first, .end_s = end, .bins = bins}, columns).ok());
    double wanted = 0, got = 0;
    for (const auto& [place, bucket] : series[id]) {
      if (place.first >= first && place.first < end) wanted += bucket.set().sample_count;
    }
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (columns.start_s[i] >= first && columns.start_s[i] < end) got += columns.count[i];
    }
    EXPECT_EQ(got, wanted);
    EXPECT_EQ(columns.bins_end.size(), bins ? columns.size() : 0u);
  }
}

TEST(BlockTest, RegularSeriesAreSmall) {
  SeededRandom random(TestSeed());
  BlockBuilder builder;
  for (SeriesId id = 0; id < 100; ++id) {
    BucketColumns columns;
    for (int i = 0; i < 1440; ++i) {
      columns.Append(kStart + i * 60, 60, static_cast<double>(random.Below(256)) / 10);
    }
    builder.Add(id, {columns, {}});
  }
  // Eight bits of information a datapoint, and an eighth of that for everything else.
  EXPECT_LE(builder.Finish().size(), 144'000u * 9 / 8);
}

// What the version before wrote.
std::string VersionOne(const Model& model) {
  std::string out = "SBMBLK01";
  PutVarint(out, model.size());
  std::int64_t previous = 0;
  for (const auto& [place, bucket] : model) {
    PutVarint(out, ZigZag(place.first - previous) << 1 | (place.second == 1 ? 1 : 0));
    BucketCodec::Encode(bucket, out);
    previous = place.first;
  }
  const std::uint64_t index = out.size();
  PutFixed<std::uint64_t>(out, 8);
  PutFixed<std::uint64_t>(out, Checksum(std::string_view(out).substr(8, index - 8)));
  PutFixed<std::int64_t>(out, model.begin()->first.first);
  PutFixed<std::int64_t>(out, model.rbegin()->first.first);
  PutFixed<std::uint32_t>(out, static_cast<std::uint32_t>(index - 8));
  PutFixed<std::uint32_t>(out, 5);  // the series
  std::string footer;
  PutFixed<std::uint64_t>(footer, index);
  PutFixed<std::uint64_t>(footer, out.size() - index);
  PutFixed<std::uint64_t>(footer, Checksum(std::string_view(out).substr(index)));
  PutFixed<std::uint64_t>(footer, Checksum(footer));
  return out + footer;
}

TEST(BlockTest, TheVersionBeforeIsReadAndMerged) {
  SeededRandom random(TestSeed());
  Model model;
  for (int i = 0; i < 100; ++i)
    model[{kStart + i * 60, i % 9 == 0 ? 1 : 60}] = RandomBucket(random);
  const std::string bytes = VersionOne(model);
  const auto block = Parsed(bytes);
  ASSERT_EQ(block->Spans().size(), 1u);
  const auto all = block->ReadAll(5);
  ASSERT_TRUE(all.ok()) << all.error().message();
  ExpectIs(all->base, model);
  EXPECT_TRUE(block->ReadAll(4)->base.empty());
  const Ages ages(FromUnixSeconds(kStart), {});
  const auto merged = MergeBlocks(std::vector{block}, ages, {});
  ASSERT_TRUE(merged.ok());
  EXPECT_EQ(merged->first_s, kStart);
  EXPECT_TRUE(merged->bytes.starts_with("SBMBLK02"));
  const auto again = Parsed(merged->bytes);
  ExpectIs(again->ReadAll(5)->base, model);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string bad = bytes;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    const auto damaged = Block::Parse(bad, "old.blk", nullptr);
    if (!damaged.ok()) continue;
    EXPECT_FALSE((*damaged)->ReadAll(5).ok()) << at;
  }
  EXPECT_FALSE(Block::Parse(std::string_view(bytes).substr(0, 20), "old.blk", nullptr).ok());
}

TEST(BlockTest, MergingIsTheSameInAnyOrderAndParts) {
  SeededRandom random(TestSeed());
  const Ages ages(FromUnixSeconds(kStart), {});
  for (int round = 0; round < 30; ++round) {
    std::vector<SeriesBuckets> parts(1 + random.Below(4));
    std::map<std::int64_t, Bucket> minutes, by_hour;
    for (SeriesBuckets& part : parts) {
      Model model;
      for (std::uint64_t left = random.Below(200); left > 0; --left) {
        const std::int64_t at = kStart + static_cast<std::int64_t>(random.Below(300)) * 60;
        Bucket bucket;
        for (std::uint64_t n = 1 + random.Below(4); n > 0; --n) {
          bucket.Add(static_cast<double>(random.Below(400)) - 100);
        }
        model[{at, 60}].Merge(bucket);
        minutes[at].Merge(bucket);
        by_hour[Ages::Floor(at, 3600)].Merge(bucket);
      }
      SeriesBuckets one{ColumnsOf(model), {}};
      part = MergeSeries({&one, 1}, ages);
    }
    std::reverse(parts.begin(), parts.end());
    const SeriesBuckets merged = MergeSeries(parts, ages);
    ASSERT_EQ(merged.base.size(), minutes.size());
    std::size_t i = 0;
    for (const auto& [start, bucket] : minutes) {
      EXPECT_EQ(merged.base.start_s[i], start);
      EXPECT_TRUE(Same(merged.base.BucketAt(i++), bucket));
    }
    if (merged.hours.empty()) continue;
    ASSERT_EQ(merged.hours.size(), by_hour.size());
    i = 0;
    for (const auto& [start, bucket] : by_hour) {
      EXPECT_EQ(merged.hours.start_s[i], start);
      EXPECT_TRUE(Same(merged.hours.BucketAt(i++), bucket));
    }
  }
}

TEST(BlockTest, AgeFoldsAndDropsWhatRetentionSays) {
  BucketColumns base;
  double total = 0;
  for (int hour = 0; hour < 24 * 80; ++hour) {
    base.Append(kStart + hour * 3600 + 120, 60, 1);
    base.Append(kStart + hour * 3600 + 181, 1, 2);
    total += 3;
  }
  const std::int64_t now = kStart + 80 * 86400;
  std::vector<SeriesBuckets> part = {{base, {}}};
  const SeriesBuckets aged = MergeSeries(part, Ages(FromUnixSeconds(now), {}));
  double hours = 0;
  for (const double sum : aged.hours.sum) hours += sum;
  EXPECT_EQ(hours, total) << "hours tell of all";
  std::map<std::int64_t, std::int64_t> oldest;
  for (std::size_t i = aged.base.size(); i-- > 0;) {
    oldest[aged.base.resolution_s[i]] = aged.base.start_s[i];
  }
  EXPECT_NEAR(static_cast<double>(now - oldest[1]), 3 * 3600, 3600);
  EXPECT_NEAR(static_cast<double>(now - oldest[60]), 15 * 86400, 3600);
  EXPECT_NEAR(static_cast<double>(now - oldest[300]), 63 * 86400, 7200);
  // A year later nothing but some hours is left, then nothing.
  part = {aged};
  part = {MergeSeries(part, Ages(FromUnixSeconds(now + 400 * 86400), {}))};
  EXPECT_TRUE(part[0].base.empty());
  EXPECT_NEAR(static_cast<double>(part[0].hours.size()), 55 * 24, 3);
  const SeriesBuckets gone = MergeSeries(part, Ages(FromUnixSeconds(now + 456 * 86400), {}));
  EXPECT_TRUE(gone.base.empty() && gone.hours.empty());
}

TEST(PeriodSumsTest, AddsAsMergeDoes) {
  SeededRandom random(TestSeed());
  for (const std::int64_t period_s : {1, 60, 90, 3600}) {
    PeriodSums sums(FromUnixSeconds(kStart), FromUnixSeconds(kStart + 7200),
                    std::chrono::seconds(period_s), true);
    for (int again = 0; again < 2; ++again) {
      std::map<std::int64_t, Bucket> model;
      for (int i = 0; i < 300; ++i) {
        const std::int64_t at = kStart - 100 + static_cast<std::int64_t>(random.Below(7400));
        const Bucket bucket = RandomBucket(random);
        if (random.Below(2) == 0) {
          sums.Add(at, bucket);
        } else {
          BucketColumns columns;
          columns.Append(at, 60, bucket);
          sums.Add(columns, 0, 1);
        }
        if (at < kStart || at >= kStart + 7200) continue;
        model[(at - kStart) / period_s].Merge(bucket);
      }
      const Buckets buckets = sums.Finish();
      ASSERT_EQ(buckets.size(), model.size());
      std::size_t i = 0;
      for (const auto& [period, bucket] : model) {
        EXPECT_EQ(buckets[i].first, FromUnixSeconds(kStart + period * period_s));
        EXPECT_TRUE(Same(buckets[i++].second, bucket)) << period;
      }
    }
  }
}

TEST(PeriodSumsTest, ManyPeriodsAreFoundBySearch) {
  PeriodSums sums(FromUnixSeconds(kStart), FromUnixSeconds(kStart + 2'000'000),
                  std::chrono::seconds(1), false);
  for (const std::int64_t at : {5, 1'999'999, 0, 5}) sums.Add(kStart + at, 2.0);
  const Buckets buckets = sums.Finish();
  ASSERT_EQ(buckets.size(), 3u);
  EXPECT_EQ(buckets[1].second.set().sum, 4);
  EXPECT_FALSE(buckets[1].second.has_distribution()) << "it was not asked for";
}

}  // namespace
}  // namespace securebase::metrics
