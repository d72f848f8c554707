// What is promised: a commit is durable and applied when it returns, in one order for all; what a
// store's durable state lacks is replayed, once; a checkpoint cuts the journal and may fail at
// any step without losing anything.
#include "storage/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include "base/bytes.h"
#include "base/testing/temp_folder.h"

namespace securebase::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Keeps the payloads it was given; its durable state is one value of the catalogue.
class FakeStore final : public Participant {
 public:
  FakeStore(Engine& engine, StoreId id) : key_values_(engine.key_values()), id_(id) {
    auto stored = key_values_.Get(Key());
    if (!stored.ok() || !*stored) return;
    ByteReader reader(**stored);
    durable_ = reader.Fixed<Sequence>();
    while (!reader.empty()) flushed_.emplace_back(reader.Bytes());
  }

  StoreId store_id() const override { return id_; }
  Sequence durable_sequence() const override { return durable_; }
  void Apply(Sequence sequence, std::string_view payload) override {
    std::lock_guard lock(mutex_);
    EXPECT_GT(sequence, last_);
    last_ = sequence;
    head_.emplace_back(payload);
  }
  void Seal(Sequence sequence) override {
    std::lock_guard lock(mutex_);
    sealed_.insert(sealed_.end(), head_.begin(), head_.end());
    head_.clear();
    sealed_sequence_ = sequence;
  }
  Result<> WriteSealed(WriteBatch& batch) override {
    if (fail_writes) return Unavailable("the disk is full");
    std::lock_guard lock(mutex_);
    std::string value;
    PutFixed(value, sealed_sequence_);
    for (const auto* part : {&flushed_, &sealed_}) {
      for (const std::string& payload : *part) PutBytes(value, payload);
    }
    batch.Put(Key(), value);
    return {};
  }
  void DropSealed() override {
    std::lock_guard lock(mutex_);
    flushed_.insert(flushed_.end(), sealed_.begin(), sealed_.end());
    sealed_.clear();
  }

  std::vector<std::string> All() const {
    std::lock_guard lock(mutex_);
    std::vector<std::string> all = flushed_;
    all.insert(all.end(), sealed_.begin(), sealed_.end());
    all.insert(all.end(), head_.begin(), head_.end());
    return all;
  }

  std::atomic<bool> fail_writes = false;

 private:
  std::string Key() const { return std::string(1, static_cast<char>(id_)) + "fake"; }

  KeyValue& key_values_;
  const StoreId id_;
  Sequence durable_ = 0;
  mutable std::mutex mutex_;
  Sequence last_ = 0;
  Sequence sealed_sequence_ = 0;
  std::vector<std::string> flushed_;
  std::vector<std::string> sealed_;
  std::vector<std::string> head_;
};

class EngineTest : public ::testing::Test {
 protected:
  EngineTest() {
    options_.folder = folder_.path() + "/data";
    options_.journal_file_bytes = 64 << 10;
  }

  void TearDown() override { Crash(); }

  /// Without a checkpoint, as a killed process would leave it.
  void Crash() {
    engine_.reset();
    metrics_.reset();
    events_.reset();
  }

  Result<> Start() {
    Crash();
    SB_TRY(engine_, Engine::Open(options_, PosixFileSystem()));
    metrics_ = std::make_unique<FakeStore>(*engine_, StoreId::kMetrics);
    events_ = std::make_unique<FakeStore>(*engine_, StoreId::kEvents);
    engine_->Register(*metrics_);
    engine_->Register(*events_);
    return engine_->Recover();
  }

  void StartOrDie() {
    auto started = Start();
    ASSERT_TRUE(started.ok()) << started.error().message();
  }

  Result<Sequence> Commit(std::string metrics, std::string events = {}) {
    std::vector<Part> parts;
    parts.push_back({StoreId::kMetrics, std::move(metrics)});
    if (!events.empty()) parts.push_back({StoreId::kEvents, std::move(events)});
    return engine_->Commit(std::move(parts));
  }

  TempFolder folder_;
  EngineOptions options_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<FakeStore> metrics_;
  std::unique_ptr<FakeStore> events_;
};

TEST_F(EngineTest, ACommitIsAppliedToAllItsStoresWhenItReturns) {
  StartOrDie();

  auto sequence = Commit("m1", "e1");

  ASSERT_TRUE(sequence.ok());
  EXPECT_EQ(*sequence, 1u);
  EXPECT_THAT(metrics_->All(), ElementsAre("m1"));
  EXPECT_THAT(events_->All(), ElementsAre("e1"));
}

TEST_F(EngineTest, ReplaysAfterACrashWhatNoCheckpointHolds) {
  StartOrDie();
  ASSERT_TRUE(Commit("m1", "e1").ok());
  ASSERT_TRUE(engine_->Checkpoint().ok());
  ASSERT_TRUE(Commit("m2").ok());
  ASSERT_TRUE(Commit("m3", "e3").ok());

  StartOrDie();

  EXPECT_THAT(metrics_->All(), ElementsAre("m1", "m2", "m3"));
  EXPECT_THAT(events_->All(), ElementsAre("e1", "e3"));
  EXPECT_EQ(engine_->statistics().replayed_records, 2u);
  EXPECT_EQ(*Commit("m4"), 4u);
}

TEST_F(EngineTest, ReplaysNothingAfterAClose) {
  StartOrDie();
  ASSERT_TRUE(Commit("m1").ok());
  ASSERT_TRUE(engine_->Close().ok());
  ASSERT_TRUE(engine_->Close().ok());
  EXPECT_EQ(Commit("late").error().code(), ErrorCode::kUnavailable);

  StartOrDie();

  EXPECT_EQ(engine_->statistics().replayed_records, 0u);
  EXPECT_THAT(metrics_->All(), ElementsAre("m1"));
}

TEST_F(EngineTest, WritersShareSyncsAndSeeOneOrder) {
  StartOrDie();
  constexpr int kWriters = 8;
  constexpr int kEach = 50;
  std::mutex mutex;
  std::map<Sequence, std::string> acknowledged;
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < kEach; ++i) {
        std::string payload = std::to_string(w) + "/" + std::to_string(i);
        auto sequence = Commit(payload);
        ASSERT_TRUE(sequence.ok());
        std::lock_guard lock(mutex);
        acknowledged[*sequence] = payload;
      }
    });
  }
  for (auto& writer : writers) writer.join();

  std::vector<std::string> in_order;
  for (const auto& [sequence, payload] : acknowledged) in_order.push_back(payload);
  EXPECT_EQ(in_order.size(), std::size_t{kWriters * kEach});
  EXPECT_EQ(metrics_->All(), in_order);
  EXPECT_EQ(engine_->statistics().commits, std::uint64_t{kWriters * kEach});
  StartOrDie();
  EXPECT_EQ(metrics_->All(), in_order);
}

TEST_F(EngineTest, ManyQueuedCommitsShareASync) {
  StartOrDie();
  ASSERT_TRUE(Commit("first").ok());
  std::atomic<int> done = 0;
  std::promise<void> all;
  std::promise<void> gate;
  // Holds the commit thread until everything else is queued behind it.
  engine_->CommitAsync({{StoreId::kMetrics, "gate"}},
                       [&](const auto&) { gate.get_future().wait(); });
  for (int i = 0; i < 100; ++i) {
    engine_->CommitAsync({{StoreId::kMetrics, "queued"}}, [&](Result<Sequence> result) {
      EXPECT_TRUE(result.ok());
      if (++done == 100) all.set_value();
    });
  }
  std::uint64_t before = engine_->statistics().syncs;
  gate.set_value();
  all.get_future().wait();
  EXPECT_LE(engine_->statistics().syncs - before, 2u);
}

TEST_F(EngineTest, CheckpointsCutTheJournal) {
  StartOrDie();
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(Commit(std::string(10'000, 'x')).ok());
  EXPECT_GT(engine_->statistics().journal_bytes, 400'000u);

  ASSERT_TRUE(engine_->Checkpoint().ok());

  EXPECT_EQ(engine_->statistics().journal_bytes, 0u);
  EXPECT_EQ(engine_->statistics().checkpoints, 1u);
  auto left = PosixFileSystem().List(options_.folder + "/journal");
  ASSERT_TRUE(left.ok());
  EXPECT_LE(left->size(), 2u);  // the newest and the spare
  StartOrDie();
  EXPECT_EQ(metrics_->All().size(), 40u);
}

TEST_F(EngineTest, ALongJournalForcesACheckpoint) {
  options_.journal_bytes_max = 100'000;
  StartOrDie();
  // Ends as soon as the maintenance thread has done its work; a lost one shows as a time-out.
  while (engine_->statistics().checkpoints == 0) {
    ASSERT_TRUE(Commit(std::string(10'000, 'x')).ok());
  }
  std::size_t count = metrics_->All().size();
  StartOrDie();
  EXPECT_EQ(metrics_->All().size(), count);
}

TEST_F(EngineTest, AFailedCheckpointLosesNothing) {
  StartOrDie();
  ASSERT_TRUE(Commit("m1", "e1").ok());
  events_->fail_writes = true;
  EXPECT_FALSE(engine_->Checkpoint().ok());
  ASSERT_TRUE(Commit("m2", "e2").ok());
  events_->fail_writes = false;
  ASSERT_TRUE(engine_->Checkpoint().ok());
  EXPECT_THAT(metrics_->All(), ElementsAre("m1", "m2"));

  StartOrDie();

  EXPECT_EQ(engine_->statistics().replayed_records, 0u);
  EXPECT_THAT(metrics_->All(), ElementsAre("m1", "m2"));
  EXPECT_THAT(events_->All(), ElementsAre("e1", "e2"));
}

TEST_F(EngineTest, CommitsGoOnDuringCheckpoints) {
  StartOrDie();
  std::atomic<bool> stop = false;
  std::thread checkpoints([&] {
    while (!stop) EXPECT_TRUE(engine_->Checkpoint().ok());
  });
  std::vector<std::string> expected;
  for (int i = 0; i < 200; ++i) {
    expected.push_back(std::to_string(i));
    ASSERT_TRUE(Commit(expected.back()).ok());
  }
  stop = true;
  checkpoints.join();
  EXPECT_EQ(metrics_->All(), expected);
  StartOrDie();
  EXPECT_EQ(metrics_->All(), expected);
}

TEST_F(EngineTest, RefusesWhatCannotBeOneRecord) {
  StartOrDie();
  EXPECT_EQ(engine_->Commit({}).error().code(), ErrorCode::kInvalidArgument);
  auto large = Commit(std::string(options_.journal_file_bytes, 'x'));
  EXPECT_EQ(large.error().code(), ErrorCode::kLimitExceeded);
  EXPECT_THAT(metrics_->All(), IsEmpty());
}

TEST_F(EngineTest, RefusesASecondProcessOnTheFolder) {
  StartOrDie();
  auto second = Engine::Open(options_, PosixFileSystem());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code(), ErrorCode::kConflict);
}

TEST_F(EngineTest, RefusesSenselessOptions) {
  EXPECT_EQ(Engine::Open({}, PosixFileSystem()).error().field(), "folder");
  options_.journal_file_bytes = 100;
  EXPECT_EQ(Engine::Open(options_, PosixFileSystem()).error().field(), "journal_file_bytes");
}

TEST_F(EngineTest, ReportsALostJournal) {
  StartOrDie();
  ASSERT_TRUE(Commit("m1").ok());
  ASSERT_TRUE(engine_->Close().ok());
  Crash();
  std::filesystem::remove_all(options_.folder + "/journal");

  auto started = Start();

  ASSERT_FALSE(started.ok());
  EXPECT_THAT(started.error().message(), HasSubstr("records 1 to 1 are missing"));
}

TEST_F(EngineTest, ReportsARecordForAStoreItDoesNotHave) {
  StartOrDie();
  ASSERT_TRUE(Commit("m1", "e1").ok());
  Crash();
  auto engine = Engine::Open(options_, PosixFileSystem());
  ASSERT_TRUE(engine.ok());
  FakeStore metrics(**engine, StoreId::kMetrics);
  (*engine)->Register(metrics);

  auto recovered = (*engine)->Recover();

  ASSERT_FALSE(recovered.ok());
  EXPECT_THAT(recovered.error().message(), HasSubstr("for store 3"));
}

TEST_F(EngineTest, IsNotOpenForWritingBeforeRecovery) {
  auto engine = Engine::Open(options_, PosixFileSystem());
  ASSERT_TRUE(engine.ok());
  FakeStore metrics(**engine, StoreId::kMetrics);
  (*engine)->Register(metrics);
  EXPECT_EQ((*engine)->Commit({{StoreId::kMetrics, "early"}}).error().code(),
            ErrorCode::kUnavailable);
  EXPECT_EQ((*engine)->folder(), options_.folder);
  EXPECT_EQ(&(*engine)->files(), &PosixFileSystem());
  EXPECT_TRUE((*engine)->Close().ok());
}

}  // namespace
}  // namespace securebase::storage
