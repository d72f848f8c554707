#include "dashboards/dashboard_store.h"

#include <gtest/gtest.h>

#include <memory>

#include "base/testing/manual_clock.h"
#include "base/testing/temp_folder.h"
#include "documents/embedded_store.h"
#include "documents/product_tables.h"
#include "storage/engine.h"

namespace securebase::dashboards {
namespace {

class DashboardStoreTest : public ::testing::Test {
 protected:
  DashboardStoreTest() { Open(); }
  ~DashboardStoreTest() override { engine_.reset(); }  // first: its threads use the store

  void Open() {
    auto engine = storage::Engine::Open({.folder = folder_.path(), .journal_file_bytes = 1 << 20},
                                        PosixFileSystem());
    ASSERT_TRUE(engine.ok());
    engine_ = *std::move(engine);
    auto documents = documents::EmbeddedDocumentStore::Open(*engine_, tables_, random_);
    ASSERT_TRUE(documents.ok());
    documents_ = *std::move(documents);
    ASSERT_TRUE(engine_->Recover().ok());
    store_.emplace(*documents_);
  }
  /// As after a kill: nothing was closed in order.
  void Reopen() {
    store_.reset();
    engine_.reset();
    documents_.reset();
    Open();
  }

  std::string BodyOf(const std::string& name) {
    const auto found = store_->Find(account_, name);
    EXPECT_TRUE(found.ok());
    return found.ok() && found->has_value() ? (*found)->body : "<none>";
  }
  std::uint64_t Save(const std::string& name, const std::string& body) {
    const auto entry = store_->Save(account_, name, body, clock_.Now());
    EXPECT_TRUE(entry.ok());
    return entry.ok() ? entry->version : 0;
  }

  const documents::ProductTables tables_;
  TempFolder folder_;
  ManualClock clock_{FromUnixSeconds(1'780'315'230)};
  SeededRandom random_{1};
  std::unique_ptr<documents::EmbeddedDocumentStore> documents_;
  std::unique_ptr<storage::Engine> engine_;
  std::optional<DashboardStore> store_;
  const std::string account_ = "123456789012";
};

TEST_F(DashboardStoreTest, SavesFindsReplaces) {
  EXPECT_EQ(BodyOf("a"), "<none>");
  EXPECT_EQ(Save("a", "{\"widgets\": []}"), 1u);
  EXPECT_EQ(BodyOf("a"), "{\"widgets\": []}");
  EXPECT_EQ(Save("a", "{}"), 2u);
  EXPECT_EQ(BodyOf("a"), "{}");
  EXPECT_EQ(**store_->FindVersion(account_, "a", 1), "{\"widgets\": []}");
  EXPECT_FALSE(store_->Find("999999999999", "a")->has_value());
}

TEST_F(DashboardStoreTest, SurvivesARestart) {
  Save("a", "{\"widgets\": []}");
  Save("b", "{}");
  EXPECT_TRUE(store_->Delete(account_, {"b"}).ok());
  Reopen();
  EXPECT_EQ(BodyOf("a"), "{\"widgets\": []}");
  EXPECT_EQ(BodyOf("b"), "<none>");
  EXPECT_EQ(Save("a", "{}"), 2u);
}

TEST_F(DashboardStoreTest, ALargeBodyThatDoesNotCompress) {
  std::string body;
  SeededRandom random(7);
  while (body.size() < (1u << 20)) body += random.Hex(32);
  Save("big", body);
  EXPECT_EQ(BodyOf("big"), body);
}

TEST_F(DashboardStoreTest, KeepsTheLastVersions) {
  for (int i = 1; i <= 25; ++i) Save("a", std::to_string(i));
  EXPECT_EQ(BodyOf("a"), "25");
  EXPECT_FALSE(store_->FindVersion(account_, "a", 5)->has_value());
  EXPECT_EQ(**store_->FindVersion(account_, "a", 6), "6");
  EXPECT_TRUE(store_->Delete(account_, {"a"})->empty());
  EXPECT_FALSE(store_->FindVersion(account_, "a", 25)->has_value());
  EXPECT_FALSE(store_->FindVersion(account_, "a", 6)->has_value());
}

TEST_F(DashboardStoreTest, OnlyTheExpectedVersionIsReplaced) {
  auto save = [&](std::uint64_t expected) {
    return store_->Save(account_, "a", "{}", clock_.Now(), expected);
  };
  EXPECT_TRUE(save(0).ok());
  EXPECT_EQ(save(0).error().code(), ErrorCode::kConflict);
  EXPECT_TRUE(save(1).ok());
  EXPECT_EQ(save(1).error().code(), ErrorCode::kConflict);
}

TEST_F(DashboardStoreTest, Pages) {
  EXPECT_TRUE(store_->List(account_, "", {}, 10)->entries.empty());
  for (const char* name : {"c", "a", "b", "d"}) Save(name, "{}");
  const auto first = store_->List(account_, "", {}, 3);
  ASSERT_EQ(first->entries.size(), 3u);
  EXPECT_TRUE(first->more);
  const auto second = store_->List(account_, "", first->entries.back().name, 3);
  ASSERT_EQ(second->entries.size(), 1u);
  EXPECT_EQ(second->entries[0].name, "d");
  EXPECT_FALSE(second->more);
}

TEST_F(DashboardStoreTest, DeletesNoneWhereOneIsMissing) {
  Save("a", "{}");
  EXPECT_EQ(*store_->Delete(account_, {"a", "b"}), std::vector<std::string>{"b"});
  EXPECT_EQ(BodyOf("a"), "{}");
}

}  // namespace
}  // namespace securebase::dashboards
