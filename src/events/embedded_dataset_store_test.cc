#include "events/embedded_dataset_store.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "base/testing/temp_folder.h"
#include "events/testing/store.h"
#include "query/aggregate.h"

namespace securebase::events {
namespace {

using query::Type;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using testing::CostRow;
using testing::CustomerNamed;
using testing::Day;
using testing::ImportRows;
using testing::kAccount;
using testing::Rows;
using testing::SegmentFiles;
using testing::Store;

TEST(DatasetStoreTest, RowsComeBackInTheOrderOfTime) {
  TempFolder folder;
  Store store(folder.path());
  ASSERT_TRUE(
      ImportRows(store, "k", "c", {{3, "EC2", 1.5}, {1, "S3", 2}, {2, "EC2", 3}, {1, "RDS", 4}})
          .ok());
  EXPECT_THAT(*Rows(store, "c"), ElementsAre("1 S3 2", "1 RDS 4", "2 EC2 3", "3 EC2 1.5"));
  EXPECT_THAT(*Rows(store, "c", Day(2), Day(3)), ElementsAre("2 EC2 3"));
  EXPECT_THAT(*Rows(store, "other"), IsEmpty());
  const DatasetStatistics statistics = store.datasets().Statistics(CustomerNamed("c"), "cost");
  EXPECT_EQ(statistics.rows, 4u);
  EXPECT_EQ(statistics.segments, 1u);
  EXPECT_EQ(statistics.first, Day(1));
  EXPECT_EQ(statistics.last, Day(3));
  EXPECT_GT(statistics.bytes, 0u);
}

TEST(DatasetStoreTest, ImportingAKeyAgainReplacesOnlyItsCustomers) {
  TempFolder folder;
  Store store(folder.path());
  ASSERT_TRUE(ImportRows(store, "2026-01", "a", {{1, "old", 1}}).ok());
  ASSERT_TRUE(ImportRows(store, "2026-01", "b", {{1, "kept", 1}}).ok());
  ASSERT_TRUE(ImportRows(store, "2026-02", "a", {{32, "feb", 1}}).ok());
  const auto generation = store.datasets().Generation(CustomerNamed("a"), "cost");
  ASSERT_TRUE(ImportRows(store, "2026-01", "a", {{1, "new", 1}}).ok());
  EXPECT_THAT(*Rows(store, "a"), ElementsAre("32 feb 1", "1 new 1"));
  EXPECT_THAT(*Rows(store, "b"), ElementsAre("1 kept 1"));
  EXPECT_GT(store.datasets().Generation(CustomerNamed("a"), "cost"), generation);
  EXPECT_EQ(SegmentFiles(folder.path()), 3u);  // the replaced one is gone
}

TEST(DatasetStoreTest, AScanKeepsWhatItSawWhenItBegan) {
  TempFolder folder;
  Store store(folder.path());
  ASSERT_TRUE(ImportRows(store, "k", "c", {{1, "old", 1}}).ok());
  auto source = store.datasets().Scan(
      CustomerNamed("c"),
      {.dataset = "cost", .start = Day(0), .end = Day(10), .columns = {"service"}});
  ASSERT_TRUE(source.ok());
  ASSERT_TRUE(ImportRows(store, "k", "c", {{1, "new", 1}, {2, "new", 1}}).ok());
  query::Batch batch;
  const auto more = (*source)->Next(batch);
  ASSERT_TRUE(more.ok()) << more.error().message();
  ASSERT_TRUE(*more);
  EXPECT_EQ(batch.rows, 1u);
  EXPECT_EQ(batch.columns[0].StringAt(0), "old");
  // The file goes after the scan.
  EXPECT_EQ(SegmentFiles(folder.path()), 2u);
  source->reset();
  batch = {};
  ASSERT_TRUE(store.engine().Checkpoint().ok());
  EXPECT_EQ(SegmentFiles(folder.path()), 1u);
}

TEST(DatasetStoreTest, AnEstimateCountsTheShareOfTheRangeAndSaysWhatIsOpen) {
  TempFolder folder;
  Store store(folder.path());
  EXPECT_EQ(store.datasets().Estimate(CustomerNamed("c"), "cost", Day(0), Day(10)).rows, 0u);
  ASSERT_TRUE(
      ImportRows(store, "k", "c", {{0, "a", 1}, {1, "a", 1}, {2, "a", 1}, {4, "a", 1}}).ok());
  const auto all = store.datasets().Estimate(CustomerNamed("c"), "cost", Day(-5), Day(10));
  EXPECT_EQ(all.rows, 4u);
  EXPECT_FALSE(all.warm);
  EXPECT_EQ(store.datasets().Estimate(CustomerNamed("c"), "cost", Day(0), Day(2)).rows, 1u);
  EXPECT_EQ(store.datasets().Estimate(CustomerNamed("c"), "cost", Day(5), Day(9)).rows, 0u);
  auto source = *store.datasets().Scan(
      CustomerNamed("c"),
      {.dataset = "cost", .start = Day(0), .end = Day(10), .columns = {"service"}});
  query::Batch batch;
  ASSERT_TRUE(source->Next(batch).ok());
  EXPECT_TRUE(store.datasets().Estimate(CustomerNamed("c"), "cost", Day(0), Day(2)).warm);
}

TEST(DatasetStoreTest, AbsentFieldsAndExtraFields) {
  TempFolder folder;
  Store store(folder.path());
  auto import = *store.datasets().BeginImport(kAccount, "cost", "k");
  import->Time(0, Day(1));
  import->Extra("tags.team", "red");
  import->Extra("tags.env", "prod");
  ASSERT_TRUE(import->EndRow("c").ok());
  import->Time(0, Day(2));
  import->Double(2, 7.5);
  import->Int(3, 12);
  import->Int(4, 1);
  import->Extra("tags.env", "");
  import->Extra("service", "named as the schema's field");
  ASSERT_TRUE(import->EndRow("c").ok());
  import->Time(0, Day(3));
  import->String(1, "dropped");
  import->Extra("tags.dropped", "x");
  import->DiscardRow();
  EXPECT_EQ(import->row_count(), 2u);
  ASSERT_TRUE(import->Commit().ok());
  EXPECT_THAT(store.datasets().FieldNames(CustomerNamed("c"), "cost"),
              ElementsAre("cost", "day", "hours", "reserved", "service", "tags.env", "tags.team"));
  auto source = *store.datasets().Scan(
      CustomerNamed("c"),
      {.dataset = "cost",
       .start = Day(0),
       .end = Day(9),
       .columns = {"tags.team", "tags.env", "cost", "hours", "nosuch", "reserved", "service"}});
  query::Batch batch;
  ASSERT_TRUE(*source->Next(batch));
  ASSERT_EQ(batch.rows, 2u);
  const auto& columns = batch.columns;
  EXPECT_EQ(columns[0].StringAt(0), "red");
  EXPECT_FALSE(columns[0].IsValid(1));
  EXPECT_EQ(columns[1].StringAt(0), "prod");
  EXPECT_TRUE(columns[1].IsValid(1));
  EXPECT_EQ(columns[1].StringAt(1), "");
  EXPECT_FALSE(columns[2].IsValid(0));
  EXPECT_EQ(columns[2].doubles[1], 7.5);
  EXPECT_EQ(columns[3].ints[1], 12);
  EXPECT_TRUE(columns[4].all_absent);
  EXPECT_FALSE(columns[4].IsValid(0));
  EXPECT_EQ(columns[5].type, Type::kBool);
  EXPECT_EQ(columns[5].ints[1], 1);
  EXPECT_EQ(columns[6].StringAt(1), "named as the schema's field");
}

TEST(DatasetStoreTest, AColumnThatNoSegmentHasComesInTheSchemasType) {
  TempFolder folder;
  Store store(folder.path());
  auto import = *store.datasets().BeginImport(kAccount, "cost", "k");
  import->Time(0, Day(1));
  ASSERT_TRUE(import->EndRow("c").ok());
  ASSERT_TRUE(import->Commit().ok());
  auto source = *store.datasets().Scan(
      CustomerNamed("c"),
      {.dataset = "cost", .start = Day(0), .end = Day(9), .columns = {"cost", "hours", "x"}});
  query::Batch batch;
  ASSERT_TRUE(*source->Next(batch));
  EXPECT_EQ(batch.columns[0].type, Type::kDouble);
  EXPECT_EQ(batch.columns[0].size(), 1u);
  EXPECT_EQ(batch.columns[1].type, Type::kInt64);
  EXPECT_EQ(batch.columns[2].type, Type::kString);
  EXPECT_EQ(batch.columns[2].StringAt(0), "");
}

TEST(DatasetStoreTest, AWrongRowIsRefusedAloneByName) {
  TempFolder folder;
  Store store(folder.path());
  auto import = *store.datasets().BeginImport(kAccount, "cost", "k");
  import->String(1, "no time");
  Result<> ended = import->EndRow("c");
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().field(), "day");
  import->Time(0, Day(1));
  ended = import->EndRow("");
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().field(), "customer");
  import->Time(0, Day(1));
  import->Extra("cost", "a text where the schema has a number");
  ended = import->EndRow("c");
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().field(), "cost");
  import->Time(0, Day(1));
  for (int i = 0; i < 3000; ++i) import->Extra(fmt::format("tags.{}", i), "x");
  ended = import->EndRow("c");
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().code(), ErrorCode::kLimitExceeded);
  import->Time(0, Day(1));
  import->String(1, "good");
  import->Double(2, 1);
  import->Double(2, 2);  // twice: the last counts
  EXPECT_TRUE(import->EndRow("c").ok());
  ASSERT_TRUE(import->Commit().ok());
  EXPECT_THAT(*Rows(store, "c"), ElementsAre("1 good 2"));
  EXPECT_FALSE(import->Commit().ok());
  import->Time(0, Day(1));
  EXPECT_FALSE(import->EndRow("c").ok());
}

TEST(DatasetStoreTest, RefusesUnknownDatasetsAndWrongKeys) {
  TempFolder folder;
  Store store(folder.path());
  EXPECT_EQ(store.datasets().BeginImport(kAccount, "nosuch", "k").error().code(),
            ErrorCode::kNotFound);
  EXPECT_EQ(store.datasets().Scan(CustomerNamed("c"), {.dataset = "nosuch"}).error().code(),
            ErrorCode::kNotFound);
  EXPECT_EQ(store.datasets().Compact(CustomerNamed("c"), "nosuch").error().code(),
            ErrorCode::kNotFound);
  EXPECT_EQ(store.datasets().BeginImport(kAccount, "cost", "").error().field(), "source_key");
  EXPECT_EQ(store.datasets().Generation(CustomerNamed("c"), "cost"), 0u);
  EXPECT_EQ(store.datasets().Statistics(CustomerNamed("c"), "cost").rows, 0u);
}

TEST(DatasetStoreTest, AnImportThatIsNotCommittedLeavesNothing) {
  TempFolder folder;
  Store store(folder.path(), {.datasets = {.import_memory_max = 1}});
  {
    auto import = *store.datasets().BeginImport(kAccount, "cost", "k");
    for (int i = 0; i < 3000; ++i) {
      import->Time(0, Day(i));
      ASSERT_TRUE(import->EndRow("c").ok());
    }
    EXPECT_GT(SegmentFiles(folder.path()), 0u);  // spilled
  }
  EXPECT_EQ(SegmentFiles(folder.path()), 0u);
  EXPECT_THAT(*Rows(store, "c"), IsEmpty());
}

TEST(DatasetStoreTest, ASpilledImportIsOneImport) {
  TempFolder folder;
  Store store(folder.path(), {.datasets = {.import_memory_max = 1}});
  for (int round = 0; round < 2; ++round) {  // the second replaces all of the first
    auto import = *store.datasets().BeginImport(kAccount, "cost", "k");
    for (int i = 0; i < 5000; ++i) {
      import->Time(0, Day(i % 100));
      import->Extra(fmt::format("tag{}", i % 3), fmt::format("{}", i));
      ASSERT_TRUE(import->EndRow(i % 2 == 0 ? "a" : "b").ok());
    }
    ASSERT_TRUE(import->Commit().ok());
  }
  EXPECT_EQ(store.datasets().Statistics(CustomerNamed("a"), "cost").rows, 2500u);
  EXPECT_GT(store.datasets().Statistics(CustomerNamed("a"), "cost").segments, 1u);
  EXPECT_EQ(store.datasets().Statistics(CustomerNamed("b"), "cost").rows, 2500u);
}

TEST(DatasetStoreTest, SmallAppendsAreMerged) {
  TempFolder folder;
  const EmbeddedEventsOptions options{.datasets = {.append_segments_max = 4}};
  std::multiset<std::string> expected;
  {
    Store store(folder.path(), options);
    ASSERT_TRUE(ImportRows(store, "2026-01", "c", {{5, "fixed", 1}}).ok());
    expected.insert("5 fixed 1");
    for (int i = 0; i < 12; ++i) {
      const std::string service = fmt::format("s{}", 20 - i);
      ASSERT_TRUE(
          ImportRows(store, fmt::format("append:{}", i), "c", {{i % 3, service, 0.5}}).ok());
      expected.insert(fmt::format("{} {} 0.5", i % 3, service));
      if (i == 6) {
        ASSERT_TRUE(store.engine().Checkpoint().ok());
      }
    }
    const auto rows = *Rows(store, "c");
    EXPECT_EQ(std::multiset<std::string>(rows.begin(), rows.end()), expected);
    EXPECT_LE(store.datasets().Statistics(CustomerNamed("c"), "cost").segments, 6u);
    EXPECT_EQ(SegmentFiles(folder.path()),
              store.datasets().Statistics(CustomerNamed("c"), "cost").segments);
  }
  Store store(folder.path(), options);
  const auto rows = *Rows(store, "c");
  EXPECT_EQ(std::multiset<std::string>(rows.begin(), rows.end()), expected);
  EXPECT_FALSE(*store.datasets().Compact(CustomerNamed("nobody"), "cost"));
}

TEST(DatasetStoreTest, SurvivesReopeningWithAndWithoutACheckpoint) {
  for (const bool checkpoint : {false, true}) {
    TempFolder folder;
    std::uint64_t generation = 0;
    {
      Store store(folder.path());
      ASSERT_TRUE(ImportRows(store, "k", "c", {{1, "old", 1}}).ok());
      if (checkpoint) {
        ASSERT_TRUE(store.engine().Checkpoint().ok());
      }
      ASSERT_TRUE(ImportRows(store, "k", "c", {{2, "new", 2}}).ok());
      ASSERT_TRUE(ImportRows(store, "l", "d", {{3, "d", 3}}).ok());
      generation = store.datasets().Generation(CustomerNamed("c"), "cost");
      if (checkpoint) {
        ASSERT_TRUE(store.engine().Close().ok());
      }
    }
    Store store(folder.path());
    EXPECT_THAT(*Rows(store, "c"), ElementsAre("2 new 2"));
    EXPECT_THAT(*Rows(store, "d"), ElementsAre("3 d 3"));
    EXPECT_EQ(store.datasets().Generation(CustomerNamed("c"), "cost"), generation);
    // New files must not take the names of old ones.
    ASSERT_TRUE(ImportRows(store, "m", "c", {{4, "more", 4}}).ok());
    EXPECT_THAT(*Rows(store, "c"), ElementsAre("2 new 2", "4 more 4"));
  }
}

TEST(DatasetStoreTest, OrphansAreRemovedAndStrangersAreNot) {
  TempFolder folder;
  {
    Store store(folder.path());
    ASSERT_TRUE(ImportRows(store, "k", "c", {{1, "kept", 1}}).ok());
  }
  std::ofstream(folder / "segments/000000000777.seg") << "half a segment";
  std::ofstream(folder / "segments/notes.txt") << "not ours";
  Store store(folder.path());
  ASSERT_TRUE(store.events().RemoveOrphans().ok());
  EXPECT_FALSE(std::filesystem::exists(folder / "segments/000000000777.seg"));
  EXPECT_TRUE(std::filesystem::exists(folder / "segments/notes.txt"));
  EXPECT_THAT(*Rows(store, "c"), ElementsAre("1 kept 1"));
}

TEST(DatasetStoreTest, DamageAndLossAreErrorsThatNameTheFile) {
  TempFolder folder;
  std::string path;
  {
    Store store(folder.path());
    ASSERT_TRUE(ImportRows(store, "k", "c", {{1, "a", 1}, {2, "b", 2}}).ok());
  }
  for (const auto& file : std::filesystem::directory_iterator(folder / "segments")) {
    path = file.path();
  }
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-30, std::ios::end);
  file.put('\x55');
  file.close();
  {
    Store store(folder.path());
    const auto rows = Rows(store, "c");
    ASSERT_FALSE(rows.ok());
    EXPECT_EQ(rows.error().code(), ErrorCode::kInternal);
    EXPECT_THAT(rows.error().message(), HasSubstr(path));
  }
  std::filesystem::remove(path);
  Store store(folder.path());
  const auto rows = Rows(store, "c");
  ASSERT_FALSE(rows.ok());
  EXPECT_EQ(rows.error().code(), ErrorCode::kInternal);
}

TEST(DatasetStoreTest, ASegmentOfAnotherCustomerIsRefused) {
  TempFolder folder;
  {
    Store store(folder.path());
    ASSERT_TRUE(ImportRows(store, "k", "mine", {{1, "a", 1}}).ok());
    ASSERT_TRUE(ImportRows(store, "k", "yours", {{1, "secret", 1}}).ok());
  }
  std::vector<std::string> paths;
  for (const auto& file : std::filesystem::directory_iterator(folder / "segments")) {
    paths.push_back(file.path());
  }
  ASSERT_EQ(paths.size(), 2u);
  std::filesystem::rename(paths[0], folder / "swap");
  std::filesystem::rename(paths[1], paths[0]);
  std::filesystem::rename(folder / "swap", paths[1]);
  Store store(folder.path());
  EXPECT_FALSE(Rows(store, "mine").ok());
}

TEST(DatasetStoreTest, ChunksOutsideOfThePredicateAreSkipped) {
  TempFolder folder;
  Store store(folder.path());
  std::vector<CostRow> rows;
  for (int i = 0; i < 10'000; ++i) rows.push_back({i, i < 9000 ? "EC2" : "S3", i * 1.0});
  ASSERT_TRUE(ImportRows(store, "k", "c", rows).ok());
  ASSERT_TRUE(ImportRows(store, "l", "c", {{50'000, "EC2", 1}}).ok());
  auto source =
      *store.datasets().Scan(CustomerNamed("c"), {.dataset = "cost",
                                                  .start = Day(100),
                                                  .end = Day(20'000),
                                                  .columns = {"service", "cost"},
                                                  .where = {.op = query::Predicate::Op::kEqual,
                                                            .field = "service",
                                                            .literals = {std::string("S3")}}});
  const auto result = query::RunGroupQuery(
      *source,
      {.where = {.op = query::Predicate::Op::kEqual,
                 .field = "service",
                 .literals = {std::string("S3")}},
       .aggregates = {{query::Aggregate::Op::kCount, ""}, {query::Aggregate::Op::kSum, "cost"}}},
      {});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->rows[0][0].integer, 1000);
  EXPECT_EQ(result->rows[0][1].real, 9'499'500);
  EXPECT_EQ(source->statistics().segments_skipped, 1u);
  EXPECT_EQ(source->statistics().chunks_skipped, 4u);
  EXPECT_LT(result->rows_scanned, 2049u);
}

}  // namespace
}  // namespace securebase::events
