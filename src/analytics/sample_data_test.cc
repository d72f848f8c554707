#include "analytics/sample_data.h"

#include <gtest/gtest.h>

#include <set>

#include "analytics/datasets.h"
#include "analytics/testing/memory_dataset_store.h"

namespace securebase::analytics {
namespace {

SampleOptions Options() {
  return {.account = {}, .now = *ParseIso("2026-06-01T10:00:00Z"), .days = 40, .seed = 3};
}

TEST(SampleDataTest, EveryCustomerHasAllDatasetsUpToToday) {
  MemoryDatasetStore store;
  DefineDatasets(store);
  ASSERT_TRUE(WriteSampleData(store, Options()).ok());
  for (std::string dataset : {"cost", "usage", "findings", "controls"}) {
    std::set<std::string> customers;
    std::int64_t last = 0;
    for (const auto& row : store.rows(dataset)) {
      customers.insert(row.customer);
      last = std::max(last, std::get<std::int64_t>(row.values.find("time")->second));
    }
    EXPECT_EQ(customers.size(), SampleCustomers().size()) << dataset;
    EXPECT_LE(last, ToUnixMillis(Options().now)) << dataset;
    if (dataset == "cost") {
      EXPECT_EQ(FormatDate(FromUnixMillis(last)), "2026-06-01");
    }
  }
}

TEST(SampleDataTest, IsRepeatableAndReplacesItself) {
  MemoryDatasetStore once;
  MemoryDatasetStore twice;
  DefineDatasets(once);
  DefineDatasets(twice);
  ASSERT_TRUE(WriteSampleData(once, Options()).ok());
  ASSERT_TRUE(WriteSampleData(twice, Options()).ok());
  ASSERT_TRUE(WriteSampleData(twice, Options()).ok());
  ASSERT_EQ(once.rows("cost").size(), twice.rows("cost").size());
  for (std::size_t i = 0; i < once.rows("cost").size(); ++i) {
    ASSERT_EQ(once.rows("cost")[i].values, twice.rows("cost")[i].values) << i;
  }
}

TEST(SampleDataTest, AFullDiskIsTold) {
  MemoryDatasetStore store;
  DefineDatasets(store);
  store.FailCommits(true);
  EXPECT_FALSE(WriteSampleData(store, Options()).ok());
}

}  // namespace
}  // namespace securebase::analytics
