// What is promised: ordered visits in both directions, batches that are seen whole, and, while
// RocksDB refuses writes, projected changes that readers still see and that are written later.
#include "storage/rocksdb_key_value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <chrono>
#include <thread>

#include "base/testing/temp_folder.h"

namespace securebase::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A disk that can be full.
class FullDisk final : public rocksdb::FileSystemWrapper {
 public:
  FullDisk() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "FullDisk"; }
  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override {
    if (full) return rocksdb::IOStatus::NoSpace("the disk is full");
    return FileSystemWrapper::NewWritableFile(name, options, file, debug);
  }
  std::atomic<bool> full = false;
};

class RocksDbKeyValueTest : public ::testing::Test {
 protected:
  RocksDbKeyValueTest() { Reopen(); }

  void Reopen() {
    key_values_.reset();
    auto opened = RocksDbKeyValue::Open(folder_.path(), env_.get());
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    key_values_ = *std::move(opened);
  }

  void Put(std::string_view key, std::string_view value) {
    WriteBatch batch;
    batch.Put(key, value);
    ASSERT_TRUE(key_values_->Write(batch).ok());
  }

  std::vector<std::string> Keys(std::string_view first, std::string_view end,
                                bool descending = false) {
    std::vector<std::string> keys;
    EXPECT_TRUE(key_values_
                    ->Visit(first, end, descending,
                            [&](std::string_view key, std::string_view) {
                              keys.emplace_back(key);
                              return true;
                            })
                    .ok());
    return keys;
  }

  std::string Get(std::string_view key) {
    auto value = key_values_->Get(key);
    EXPECT_TRUE(value.ok());
    return value.ok() && *value ? **value : "(none)";
  }

  /// RocksDB itself looks now and then whether there is room again, and until then lets nobody
  /// else resume it: so this waits for it.
  void FlushWhenThereIsRoom() {
    auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    Result<> flushed = key_values_->Flush();
    while (!flushed.ok() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      flushed = key_values_->Flush();
    }
    ASSERT_TRUE(flushed.ok()) << flushed.error().message();
  }

  TempFolder folder_;
  std::shared_ptr<FullDisk> disk_ = std::make_shared<FullDisk>();
  std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(disk_);
  std::unique_ptr<RocksDbKeyValue> key_values_;
};

TEST_F(RocksDbKeyValueTest, VisitsARangeInBothDirections) {
  for (const char* key : {"a", "b", "c", "d"}) Put(key, "1");

  EXPECT_THAT(Keys("b", "d"), ElementsAre("b", "c"));
  EXPECT_THAT(Keys("b", "d", true), ElementsAre("c", "b"));
  EXPECT_THAT(Keys("c", ""), ElementsAre("c", "d"));
  EXPECT_THAT(Keys("c", "", true), ElementsAre("d", "c"));
  EXPECT_THAT(Keys("bb", "cc", true), ElementsAre("c"));
  EXPECT_THAT(Keys("d", "b"), IsEmpty());
}

TEST_F(RocksDbKeyValueTest, StopsWhereTheVisitorSays) {
  for (const char* key : {"a", "b", "c"}) Put(key, "1");
  int seen = 0;
  ASSERT_TRUE(key_values_->Visit("", "", false, [&](auto, auto) { return ++seen < 2; }).ok());
  EXPECT_EQ(seen, 2);
}

TEST_F(RocksDbKeyValueTest, KeepsOnlyWhatWasFlushed) {
  Put("flushed", "1");
  ASSERT_TRUE(key_values_->Flush().ok());
  Put("lost", "1");
  Reopen();
  EXPECT_EQ(Get("flushed"), "1");
  EXPECT_EQ(Get("lost"), "(none)");
}

TEST_F(RocksDbKeyValueTest, DeletesAndReplaces) {
  Put("a", "1");
  Put("b", "1");
  WriteBatch batch;
  batch.Delete("a");
  batch.Put("b", "2");
  ASSERT_TRUE(key_values_->Write(batch).ok());
  EXPECT_EQ(Get("a"), "(none)");
  EXPECT_EQ(Get("b"), "2");
  batch.Clear();
  EXPECT_TRUE(batch.changes().empty());
}

TEST_F(RocksDbKeyValueTest, KeepsProjectedChangesInMemoryWhileTheDiskIsFull) {
  for (const char* key : {"a", "b", "d"}) Put(key, "old");
  disk_->full = true;
  EXPECT_EQ(key_values_->Flush().error().code(), ErrorCode::kUnavailable);
  WriteBatch batch;
  batch.Put("a", "new");
  batch.Delete("b");
  batch.Put("c", "new");
  key_values_->Project(batch);
  ASSERT_TRUE(key_values_->behind());

  EXPECT_EQ(Get("a"), "new");
  EXPECT_EQ(Get("b"), "(none)");
  EXPECT_EQ(Get("d"), "old");
  EXPECT_THAT(Keys("", ""), ElementsAre("a", "c", "d"));
  EXPECT_THAT(Keys("", "", true), ElementsAre("d", "c", "a"));
  EXPECT_THAT(Keys("b", "d"), ElementsAre("c"));
  EXPECT_FALSE(key_values_->Write(batch).ok());
  EXPECT_FALSE(key_values_->CatchUp().ok());

  disk_->full = false;
  FlushWhenThereIsRoom();

  EXPECT_FALSE(key_values_->behind());
  Reopen();
  EXPECT_THAT(Keys("", ""), ElementsAre("a", "c", "d"));
  EXPECT_EQ(Get("a"), "new");
}

TEST_F(RocksDbKeyValueTest, SaysWhichFolderCannotBeOpened) {
  auto second = RocksDbKeyValue::Open(folder_.path());
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error().message(), ::testing::HasSubstr(folder_.path()));
}

TEST(PrefixEndTest, IsTheFirstKeyBehindThePrefix) {
  EXPECT_EQ(PrefixEnd("ab"), "ac");
  EXPECT_EQ(PrefixEnd("a\xff"), "b");
  EXPECT_EQ(PrefixEnd("\xff\xff"), "");
  EXPECT_EQ(PrefixEnd(""), "");
}

}  // namespace
}  // namespace securebase::storage
