// What is promised: any percentile within 1 % of the exact one, whatever the data and in whatever
// order they were merged; counts and sums exact; encoding that survives and refuses damage.
#include "metrics/sketch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/random.h"
#include "base/testing/seed.h"
#include "metrics/bucket.h"
#include "metrics/bucket_codec.h"

namespace securebase::metrics {
namespace {

double Uniform(Random& random) { return static_cast<double>(random.Next() >> 11) * 0x1p-53; }

struct Distribution {
  const char* name;
  std::function<double(Random&)> draw;
};

double Normal(Random& r) {
  return std::sqrt(-2 * std::log(1 - Uniform(r))) * std::cos(6.283185307179586 * Uniform(r));
}

const Distribution kDistributions[] = {
    {"uniform", [](Random& r) { return Uniform(r) * 1000; }},
    {"lognormal", [](Random& r) { return std::exp(3 + Normal(r)); }},
    {"bimodal", [](Random& r) { return r.Below(2) ? 10 + Uniform(r) : 5000 + Uniform(r); }},
    {"constant", [](Random&) { return 42.5; }},
    {"negative", [](Random& r) { return -std::exp(Normal(r)); }},
    {"both signs and zero", [](Random& r) { return r.Below(5) ? Normal(r) : 0.0; }},
    {"huge", [](Random& r) { return std::exp2(300 + 60 * Uniform(r)); }},
    {"tiny", [](Random& r) { return std::exp2(-300 - 60 * Uniform(r)); }},
};

// The definition: the smallest value with at least that share of the values at or below it.
double Exact(const std::vector<double>& sorted, double percent) {
  if (percent <= 0) return sorted.front();
  const auto rank = static_cast<std::size_t>(
      std::ceil(percent / 100 * static_cast<double>(sorted.size()) - 1e-9));
  return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

TEST(SketchTest, EveryPercentileIsWithinOnePercent) {
  SeededRandom random(TestSeed());
  for (const Distribution& d : kDistributions) {
    for (const int count : {1, 2, 17, 1000}) {
      std::vector<double> values;
      std::vector<Bucket> parts(7);
      for (int i = 0; i < count; ++i) {
        values.push_back(d.draw(random));
        parts[random.Below(parts.size())].Add(values.back());
      }
      // Merge in random order, pairwise: a tree, not a chain.
      while (parts.size() > 1) {
        const std::size_t i = random.Below(parts.size() - 1);
        parts[i].Merge(parts.back());
        parts.pop_back();
      }
      std::sort(values.begin(), values.end());
      for (const double percent : {0.0, 0.1, 1.0, 25.0, 50.0, 90.0, 95.0, 99.0, 99.9, 100.0}) {
        Statistic statistic{Statistic::Kind::kPercentile, percent};
        const double exact = Exact(values, percent);
        const double got = parts[0].Evaluate(statistic).value();
        EXPECT_LE(std::abs(got - exact), 0.01 * std::abs(exact))
            << d.name << " n=" << count << " p" << percent << ": " << got << " for " << exact;
      }
      EXPECT_EQ(parts[0].set().sample_count, count);
      EXPECT_EQ(parts[0].set().minimum, values.front());
      EXPECT_EQ(parts[0].set().maximum, values.back());
    }
  }
}

TEST(SketchTest, BinsHoldTheirValues) {
  SeededRandom random(TestSeed());
  for (int i = 0; i < 10'000; ++i) {
    const double value = std::exp2(Uniform(random) * 720 - 360) * (random.Below(2) ? 1 : -1);
    const std::int32_t key = Sketch::KeyOf(value);
    EXPECT_LE(Sketch::LowOf(key), value);
    EXPECT_GE(Sketch::HighOf(key), value);
    EXPECT_LE(std::abs(Sketch::MiddleOf(key) - value),
              Sketch::kRelativeError * 1.0001 * std::abs(value));
  }
  EXPECT_EQ(Sketch::KeyOf(0.0), 0);
  EXPECT_EQ(Sketch::KeyOf(-0.0), 0);
  EXPECT_EQ(Sketch::MiddleOf(0), 0);
  EXPECT_GT(Sketch::MiddleOf(1), 0);
}

TEST(SketchTest, MergingIsCommutative) {
  Sketch a, b;
  for (const double v : {1.0, 2.0, 3.0, -4.0, 0.0}) a.Add(v, 2);
  for (const double v : {2.0, 100.0, 0.0}) b.Add(v, 1);
  Sketch ab = a, ba = b;
  ab.Merge(b);
  ba.Merge(a);
  EXPECT_EQ(ab, ba);
  EXPECT_EQ(ab.weight(), 13);
  Sketch none;
  none.Merge(a);
  EXPECT_EQ(none, a);
  a.Merge(Sketch());
  EXPECT_EQ(none, a);
}

TEST(SketchTest, SurvivesItsEncodingAndRefusesDamage) {
  SeededRandom random(TestSeed());
  Bucket bucket;
  for (int i = 0; i < 300; ++i)
    bucket.Add(Normal(random) * 100, 1 + static_cast<double>(random.Below(3)));
  std::string bytes;
  BucketCodec::Encode(bucket, bytes);
  ByteReader reader(bytes);
  const Result<Bucket> back = BucketCodec::Decode(reader);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->sketch(), bucket.sketch());
  EXPECT_EQ(back->set().sum, bucket.set().sum);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    ByteReader torn(std::string_view(bytes).substr(0, cut));
    EXPECT_FALSE(BucketCodec::Decode(torn).ok()) << cut;
  }
  ByteReader unknown("\x07");
  EXPECT_FALSE(BucketCodec::Decode(unknown).ok());
}

TEST(SketchTest, NumbersKeepEveryBit) {
  for (const double v : {0.0, -0.0, 1.0, -1.0, 0.1, 12.34, 1e-7, 1e11, 1e300, 1.0 / 3,
                         123456.789012, -99.99, 4503599627370497.0}) {
    std::string bytes;
    PutNumber(bytes, v);
    ByteReader reader(bytes);
    const double back = ReadNumber(reader);
    EXPECT_EQ(std::signbit(back), std::signbit(v));
    EXPECT_EQ(back, v);
    EXPECT_TRUE(reader.empty());
  }
  std::string small;
  PutNumber(small, 12.34);
  EXPECT_LE(small.size(), 3u);
}

}  // namespace
}  // namespace securebase::metrics
