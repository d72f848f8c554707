// What is promised: the visit gives exactly the metrics that pass, in order, whichever way in the
// index takes; ids and units are found again; a restored index is the same.
#include "metrics/series_index.h"

#include <gtest/gtest.h>

#include <set>

#include "base/random.h"
#include "base/testing/seed.h"

namespace securebase::metrics {
namespace {

const Account kAccount;

// The plain definition of what MetricFilter says.
bool Passes(const Metric& metric, const MetricFilter& filter) {
  if (filter.namespace_name && metric.namespace_name != *filter.namespace_name) return false;
  if (filter.name && metric.name != *filter.name) return false;
  for (const Dimension& wanted : filter.dimensions) {
    bool met = false;
    for (const Dimension& has : metric.dimensions) {
      met = met || (has.name == wanted.name && (wanted.value.empty() || wanted.value == has.value));
    }
    if (!met) return false;
  }
  if (filter.dimension_names) {
    std::vector<std::string> names = *filter.dimension_names, has;
    std::sort(names.begin(), names.end());
    for (const Dimension& dimension : metric.dimensions) has.push_back(dimension.name);
    if (names != has) return false;
  }
  return !filter.after || *filter.after < metric;
}

std::vector<Metric> Visited(const SeriesIndex& index, const MetricFilter& filter) {
  std::vector<Metric> found;
  index.VisitMetrics(kAccount, filter, [&](const Metric& metric) {
    found.push_back(metric);
    return true;
  });
  return found;
}

std::string OneOf(Random& random, const char* prefix, std::uint64_t count) {
  return prefix + std::to_string(random.Below(count));
}

TEST(SeriesIndexTest, AVisitIsTheFilterInOrder) {
  SeededRandom random(TestSeed());
  SeriesIndex index;
  std::set<Metric> all;
  for (int i = 0; i < 3000; ++i) {
    Metric metric{OneOf(random, "ns", 3), OneOf(random, "name", 6), {}};
    for (const char* name : {"A", "B", "C"}) {
      if (random.Below(2) == 0) metric.dimensions.push_back({name, OneOf(random, "v", 8)});
    }
    all.insert(metric);
    index.IdOf(EncodeSeriesKey(kAccount, metric, OneOf(random, "unit", 2)));
    // Some visits in between, so that names are sorted in pieces.
    if (i % 500 == 0) Visited(index, {});
  }
  EXPECT_EQ(Visited(index, {}).size(), all.size());
  for (int round = 0; round < 300; ++round) {
    MetricFilter filter;
    if (random.Below(2) == 0) filter.namespace_name = OneOf(random, "ns", 4);
    if (random.Below(2) == 0) filter.name = OneOf(random, "name", 7);
    for (const char* name : {"A", "B"}) {
      if (random.Below(3) != 0) continue;
      filter.dimensions.push_back(
          {name, random.Below(2) == 0 ? std::string() : OneOf(random, "v", 9)});
    }
    if (random.Below(3) == 0) {
      filter.dimension_names = std::vector<std::string>{"B", "A"};
      if (random.Below(2) == 0) filter.dimension_names->push_back("C");
    }
    if (random.Below(2) == 0) {
      auto at = all.begin();
      std::advance(at, static_cast<std::ptrdiff_t>(random.Below(all.size())));
      filter.after = *at;
    }
    std::vector<Metric> wanted;
    for (const Metric& metric : all) {
      if (Passes(metric, filter)) wanted.push_back(metric);
    }
    ASSERT_EQ(Visited(index, filter), wanted) << "round " << round;
  }
}

TEST(SeriesIndexTest, AVisitEndsWhenItIsTold) {
  SeriesIndex index;
  for (int i = 0; i < 10; ++i) {
    index.IdOf(EncodeSeriesKey(kAccount, {"n", "m", {{"D", std::to_string(i)}}}, "None"));
  }
  for (const bool by_posting : {false, true}) {
    MetricFilter filter;
    if (by_posting) {
      filter.namespace_name = "n";
      filter.dimension_names = std::vector<std::string>{"D"};
    }
    int seen = 0;
    index.VisitMetrics(kAccount, filter, [&](const Metric&) { return ++seen < 3; });
    EXPECT_EQ(seen, 3);
  }
}

TEST(SeriesIndexTest, ActiveIsAnyUnitFromTheInstantOn) {
  SeriesIndex index;
  const Metric metric{"n", "m", {{"D", "1"}}};
  const SeriesId first = index.IdOf(EncodeSeriesKey(kAccount, metric, "Count"));
  const SeriesId second = index.IdOf(EncodeSeriesKey(kAccount, metric, "Bytes"));
  index.Touch(first, 100);
  index.Touch(second, 200);
  const auto active = [&](std::int64_t ms) {
    return Visited(index, {.active_since = FromUnixMillis(ms)}).size();
  };
  EXPECT_EQ(active(200'000), 1u);
  EXPECT_EQ(active(200'001), 0u);
  const auto units = index.Find(kAccount, metric);
  ASSERT_EQ(units.size(), 2u);
  EXPECT_EQ(units[0].unit, "Bytes");
  EXPECT_EQ(units[0].id, second);
  EXPECT_EQ(units[1].id, first);
  EXPECT_TRUE(index.Find(kAccount, {"n", "m", {}}).empty());
  EXPECT_TRUE(index.Find({"999999999999", "us-east-1"}, metric).empty());
}

TEST(SeriesIndexTest, KeysOfAnyLengthAreKeptAndRestored) {
  SeededRandom random(TestSeed());
  SeriesIndex index, restored;
  restored.Reserve(100);
  std::vector<std::string> keys;
  for (int i = 0; i < 40; ++i) {
    const std::size_t size = i % 10 == 9 ? 2'000'000 : random.Below(200'000);
    keys.push_back(
        EncodeSeriesKey(kAccount, {"n", std::to_string(i) + std::string(size, 'x'), {}}, "None"));
    EXPECT_EQ(index.IdOf(keys.back()), static_cast<SeriesId>(i));
  }
  for (SeriesId id = 0; id < index.size(); ++id) {
    EXPECT_TRUE(index.KeyOf(id) == keys[id]);
    EXPECT_EQ(index.Find(keys[id]), id);
    EXPECT_TRUE(restored.Restore(id, index.KeyOf(id)));
  }
  EXPECT_FALSE(restored.Restore(index.size(), keys[0])) << "twice";
  EXPECT_FALSE(restored.Restore(index.size() + 1, "x")) << "not the next";
  EXPECT_FALSE(restored.Restore(index.size(), "x")) << "no key";
  EXPECT_EQ(restored.Find("nothing"), std::nullopt);
}

}  // namespace
}  // namespace securebase::metrics
