#include "events/internal/dataset_catalogue.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "base/testing/temp_folder.h"
#include "events/internal/event_part.h"
#include "events/internal/file_id.h"
#include "events/testing/store.h"

namespace securebase::events {
namespace {

using ::testing::HasSubstr;

SegmentEntry Entry(std::uint64_t file, std::string customer, std::vector<std::string> fields) {
  return {.file_id = file,
          .owner = {"123456789012", "us-east-1", std::move(customer), "cost"},
          .source_key = "2026-01",
          .rows = 5 * file,
          .bytes = 1000,
          .first_ms = -5,
          .last_ms = 1'800'000'000'000,
          .fields = std::make_shared<std::vector<std::string>>(std::move(fields)),
          .sequence = 77};
}

void ExpectSame(const SegmentEntry& a, const SegmentEntry& b) {
  EXPECT_EQ(a.file_id, b.file_id);
  EXPECT_EQ(a.owner, b.owner);
  EXPECT_EQ(a.source_key, b.source_key);
  EXPECT_EQ(a.rows, b.rows);
  EXPECT_EQ(a.bytes, b.bytes);
  EXPECT_EQ(a.first_ms, b.first_ms);
  EXPECT_EQ(a.last_ms, b.last_ms);
  EXPECT_EQ(*a.fields, *b.fields);
}

TEST(DatasetCatalogueTest, EditsReadBackAndAShortOneIsRefused) {
  const DatasetEdit edit{
      .adds = {Entry(1, "a", {"time", "x"}), Entry(2, "b", {"time", "x"}), Entry(3, "c", {"time"})},
      .merged_files = {7, 8, 9}};
  const std::string bytes = EncodeEdit(edit);
  const auto read = DecodeEdit(bytes);
  ASSERT_TRUE(read.has_value());
  ASSERT_EQ(read->adds.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) ExpectSame(read->adds[i], edit.adds[i]);
  EXPECT_EQ(read->adds[0].fields, read->adds[1].fields);  // shared
  EXPECT_EQ(read->merged_files, edit.merged_files);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeEdit(bytes.substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(DecodeEdit(bytes + "x").has_value());
}

TEST(DatasetCatalogueTest, EntriesReadBackAndAShortOneIsRefused) {
  const SegmentEntry entry = Entry(12, "a", {"time", "cost"});
  const std::string bytes = EncodeEntry(entry);
  const auto read = DecodeEntry(bytes);
  ASSERT_TRUE(read.has_value());
  ExpectSame(*read, entry);
  EXPECT_EQ(read->sequence, 77u);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeEntry(bytes.substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(DecodeEntry(bytes + "x").has_value());
}

TEST(DatasetCatalogueTest, AnEntryThatDoesNotDecodeStopsTheStart) {
  for (const char kind : {'S', 'Q', 'G', 'T', 'B'}) {
    TempFolder folder;
    const auto engine = storage::Engine::Open(
        {.folder = folder.path(), .journal_file_bytes = 1 << 20}, PosixFileSystem());
    ASSERT_TRUE(engine.ok());
    storage::WriteBatch batch;
    batch.Put(CatalogueKey(kind), "\xff\xff");
    ASSERT_TRUE((*engine)->key_values().Write(batch).ok());
    const ManualClock clock(testing::kNow);
    const auto events = EmbeddedEvents::Open(**engine, clock);
    ASSERT_FALSE(events.ok()) << kind;
    EXPECT_EQ(events.error().code(), ErrorCode::kInternal);
    EXPECT_THAT(events.error().message(), HasSubstr("catalogue"));
  }
}

TEST(FileIdTest, ReadsOnlyTheNamesItMakes) {
  EXPECT_EQ(FileName(12, ".seg"), "000000000012.seg");
  EXPECT_EQ(FileIdOf("000000000012.seg", ".seg"), 12u);
  EXPECT_EQ(FileIdOf(FileName(1'234'567'890'123'456, ".seg"), ".seg"), 1'234'567'890'123'456u);
  for (const char* name : {"12.seg", "000000000012.log", ".seg", "-00000000012.seg", "x.seg", ""}) {
    EXPECT_EQ(FileIdOf(name, ".seg"), std::nullopt) << name;
  }
}

// Imports that replace, append and merge while others scan: a scan sees a whole import, always.
TEST(DatasetStoreConcurrencyTest, ScansSeeWholeImports) {
  TempFolder folder;
  testing::Store store(folder.path(), {.datasets = {.cache_bytes = 1, .append_segments_max = 3}});
  const auto import = [&](const std::string& key, std::size_t rows) {
    const std::vector<testing::CostRow> costs(rows, {1, "s", 1});
    return testing::ImportRows(store, key, "c", costs).ok();
  };
  ASSERT_TRUE(import("month", 7));
  std::atomic<bool> stop = false;
  std::atomic<int> scans = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!stop.load()) {
        const auto rows = testing::Rows(store, "c");
        ASSERT_TRUE(rows.ok()) << rows.error().message();
        EXPECT_EQ(rows->size() % 7, 0u);
        EXPECT_GT(rows->size(), 0u);
        ++scans;
      }
    });
  }
  for (int i = 0; i < 40 || scans.load() < 10; ++i) {
    EXPECT_TRUE(import("month", 7 * static_cast<std::size_t>(1 + i % 3)));
    EXPECT_TRUE(import("append:" + std::to_string(i), 7));
    if (i % 10 == 9) {
      EXPECT_TRUE(store.engine().Checkpoint().ok());
    }
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace securebase::events
