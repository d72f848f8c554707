#include "events/embedded_log_store.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "base/bytes.h"
#include "base/random.h"
#include "base/testing/fault_file_system.h"
#include "base/testing/seed.h"
#include "base/testing/temp_folder.h"
#include "events/internal/log_block.h"
#include "events/testing/store.h"

namespace securebase::events {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using testing::kAccount;
using testing::kNow;
using testing::Store;

void Append(Store& store, std::string_view group, std::string_view stream, std::int64_t second,
            const std::string& message) {
  const Result<> appended = store.logs().Append(
      kAccount, group, stream, {{.time = FromUnixSeconds(second), .message = message}});
  ASSERT_TRUE(appended.ok()) << appended.error().message();
}

std::vector<std::string> Messages(Store& store, ReadRequest request) {
  if (request.end == Instant()) request.end = FromUnixSeconds(4'000'000'000);
  const auto events = store.logs().Read(kAccount, request);
  EXPECT_TRUE(events.ok()) << events.error().message();
  std::vector<std::string> messages;
  if (events.ok()) {
    for (const ReadEvent& event : *events) messages.push_back(event.event.message);
  }
  return messages;
}

TEST(LogStoreTest, ReadsMergedByTimeForwardsAndBackwards) {
  TempFolder folder;
  Store store(folder.path());
  Append(store, "g", "s1", 10, "c");
  Append(store, "g", "s2", 5, "a");
  Append(store, "g", "s1", 7, "b");
  Append(store, "g", "s2", 10, "d");  // the same time as "c", later arrival
  Append(store, "other", "s1", 1, "not this");
  EXPECT_THAT(Messages(store, {.group = "g"}), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(Messages(store, {.group = "g", .from_head = false}), ElementsAre("d", "c", "b", "a"));
  EXPECT_THAT(Messages(store, {.group = "g", .stream = "s1"}), ElementsAre("b", "c"));
  EXPECT_THAT(Messages(store, {.group = "g", .stream = "nosuch"}), IsEmpty());
  EXPECT_THAT(Messages(store, {.group = "g", .events_max = 2}), ElementsAre("a", "b"));
  EXPECT_THAT(Messages(store, {.group = "g", .events_max = 2, .skip = 1}), ElementsAre("b", "c"));
  EXPECT_THAT(Messages(store, {.group = "g", .from_head = false, .events_max = 1}),
              ElementsAre("d"));
  EXPECT_THAT(Messages(store, {.group = "g", .events_max = 0}), IsEmpty());
  EXPECT_THAT(
      Messages(store, {.group = "g", .start = FromUnixSeconds(7), .end = FromUnixSeconds(10)}),
      ElementsAre("b"));
  const auto unknown = store.logs().Read(kAccount, {.group = "nosuch"});
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code(), ErrorCode::kNotFound);
}

TEST(LogStoreTest, ListsGroupsAndStreams) {
  TempFolder folder;
  Store store(folder.path());
  Append(store, "/aws/lambda/b", "s", 5, "12345");
  Append(store, "/aws/lambda/a", "one", 9, "x");
  Append(store, "/aws/lambda/a", "two", 5, "y");
  Append(store, "/aws/lambda/a", "one", 7, "z");
  Append(store, "/ecs", "s", 1, "");
  std::vector<std::string> names;
  for (const LogGroup& group : store.logs().Groups(kAccount, "/aws/")) names.push_back(group.name);
  EXPECT_THAT(names, ElementsAre("/aws/lambda/a", "/aws/lambda/b"));
  EXPECT_EQ(store.logs().Groups(kAccount, "").size(), 3u);
  EXPECT_EQ(store.logs().Groups(kAccount, "/aws/lambda/b")[0].stored_bytes, 5u + 26);
  EXPECT_EQ(store.logs().Groups(kAccount, "/aws/lambda/b")[0].created_at, kNow);
  EXPECT_TRUE(store.logs().Groups({.id = "999999999999"}, "").empty());
  const auto streams = store.logs().Streams(kAccount, "/aws/lambda/a", "o");
  ASSERT_TRUE(streams.ok());
  ASSERT_EQ(streams->size(), 1u);
  EXPECT_EQ((*streams)[0].first_event, FromUnixSeconds(7));
  EXPECT_EQ((*streams)[0].last_event, FromUnixSeconds(9));
  EXPECT_EQ((*streams)[0].last_ingestion, kNow);
  EXPECT_EQ(store.logs().Streams(kAccount, "nosuch", "").error().code(), ErrorCode::kNotFound);
}

TEST(LogStoreTest, AnEmptyAppendCreatesGroupAndStream) {
  TempFolder folder;
  Store store(folder.path());
  ASSERT_TRUE(store.logs().Append(kAccount, "g", "s", {}).ok());
  ASSERT_TRUE(store.engine().Checkpoint().ok());
  EXPECT_EQ(store.logs().Groups(kAccount, "").size(), 1u);
  EXPECT_EQ(store.logs().Streams(kAccount, "g", "")->at(0).first_event, std::nullopt);
  EXPECT_EQ(store.logs().Append(kAccount, "", "s", {}).error().field(), "logGroupName");
  EXPECT_EQ(store.logs().Append(kAccount, "g", std::string(513, 'x'), {}).error().field(),
            "logStreamName");
}

// A model of the store: all events in memory.
struct ModelEvent {
  std::int64_t second;
  int arrival;
  std::string stream;
  std::string message;
};

std::vector<std::string> Expected(std::vector<ModelEvent> events, const ReadRequest& request) {
  std::erase_if(events, [&](const ModelEvent& e) {
    return FromUnixSeconds(e.second) < request.start || FromUnixSeconds(e.second) >= request.end ||
           (request.stream.has_value() && e.stream != *request.stream);
  });
  std::sort(events.begin(), events.end(), [&](const ModelEvent& a, const ModelEvent& b) {
    const bool before = std::pair(a.second, a.arrival) < std::pair(b.second, b.arrival);
    return request.from_head ? before : !before;
  });
  std::vector<std::string> messages;
  for (std::size_t i = request.skip; i < events.size(); ++i) {
    if (messages.size() == request.events_max) break;
    messages.push_back(events[i].message);
  }
  return messages;
}

TEST(LogStoreTest, AgreesWithAModelOverFlushesAndReopenings) {
  SeededRandom random(TestSeed());
  TempFolder folder;
  auto store = std::make_unique<Store>(
      folder.path(), EmbeddedEventsOptions{.logs = {.segment_rows_max = 7, .small_files_max = 5}});
  std::vector<ModelEvent> model;
  std::map<std::string, std::string> ids;  // by message
  for (int step = 0; step < 400; ++step) {
    const std::string stream = fmt::format("s{}", random.Below(3));
    const auto second = static_cast<std::int64_t>(random.Below(200));
    const std::string message = fmt::format("event {} {}", step, random.Hex(random.Below(20)));
    Append(*store, "g", stream, second, message);
    model.push_back({second, step, stream, message});
    if (random.Below(25) == 0) {
      ASSERT_TRUE(store->engine().Checkpoint().ok());
    }
    if (random.Below(50) == 0) {
      store.reset();
      store = std::make_unique<Store>(
          folder.path(),
          EmbeddedEventsOptions{.logs = {.segment_rows_max = 7, .small_files_max = 5}});
      ASSERT_TRUE(store->events().RemoveOrphans().ok());
    }
    if (step % 10 != 0) continue;
    ReadRequest request{.group = "g",
                        .start = FromUnixSeconds(random.Below(150)),
                        .end = FromUnixSeconds(50 + random.Below(200)),
                        .from_head = random.Below(2) == 0,
                        .events_max = 1 + random.Below(60),
                        .skip = random.Below(10)};
    if (random.Below(2) == 0) request.stream = "s1";
    ASSERT_EQ(Messages(*store, request), Expected(model, request));
  }
  ASSERT_TRUE(store->engine().Checkpoint().ok());
  const auto all = store->logs().Read(
      kAccount, {.group = "g", .end = FromUnixSeconds(1000), .events_max = 1000});
  ASSERT_TRUE(all.ok());
  std::set<std::string> distinct;
  for (const ReadEvent& event : *all) distinct.insert(event.id);
  EXPECT_EQ(distinct.size(), model.size());
  // An event keeps its id when it moves from the head to a file and over a restart.
  store.reset();
  store = std::make_unique<Store>(folder.path());
  const auto again = store->logs().Read(
      kAccount, {.group = "g", .end = FromUnixSeconds(1000), .events_max = 1000});
  ASSERT_TRUE(again.ok());
  for (const ReadEvent& event : *again) EXPECT_TRUE(distinct.contains(event.id));
  std::uint64_t bytes = 0;
  for (const ModelEvent& event : model) bytes += event.message.size() + 26;
  EXPECT_EQ(store->logs().Groups(kAccount, "g")[0].stored_bytes, bytes);
  EXPECT_EQ(store->logs().Streams(kAccount, "g", "")->size(), 3u);
}

TEST(LogStoreTest, AHeadBeyondItsSizeIsFlushed) {
  TempFolder folder;
  Store store(folder.path(), {.logs = {.head_bytes_max = 2000}});
  for (int i = 0; i < 50; ++i) Append(store, "g", "s", i, std::string(100, 'x'));
  EXPECT_GT(store.engine().statistics().checkpoints, 0u);
  EXPECT_FALSE(std::filesystem::is_empty(folder / "logs"));
  EXPECT_EQ(Messages(store, {.group = "g"}).size(), 50u);
}

TEST(LogStoreTest, WithoutRoomForTheHeadEventsAreRefusedUntilThereIs) {
  TempFolder folder;
  FaultFileSystem files;
  Store store(folder.path(), {.logs = {.head_bytes_max = 1000}}, files);
  files.SetDiskFull(true);
  const std::vector<LogEvent> events = {{.time = kNow, .message = std::string(300, 'x')}};
  int accepted = 0;  // the journal's file has room; the head has not for ever
  Result<> appended = {};
  while (accepted < 100 && (appended = store.logs().Append(kAccount, "g", "s", events)).ok()) {
    ++accepted;
  }
  ASSERT_FALSE(appended.ok());
  EXPECT_EQ(appended.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(Messages(store, {.group = "g"}).size(), static_cast<std::size_t>(accepted));
  files.SetDiskFull(false);
  ASSERT_TRUE(store.logs().Append(kAccount, "g", "s", events).ok());
  EXPECT_EQ(Messages(store, {.group = "g"}).size(), static_cast<std::size_t>(accepted) + 1);
}

TEST(LogStoreTest, OrphansGoAndDamageIsNamed) {
  TempFolder folder;
  {
    Store store(folder.path());
    Append(store, "g", "s", 1, "a message that is stored in a block");
    ASSERT_TRUE(store.engine().Checkpoint().ok());
  }
  std::string path;
  for (const auto& file : std::filesystem::directory_iterator(folder / "logs")) path = file.path();
  std::ofstream(folder / "logs/000000000099.log") << "half a file";
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-3, std::ios::end);
  file.put('\x55');
  file.close();
  {
    Store store(folder.path());
    ASSERT_TRUE(store.events().RemoveOrphans().ok());
    EXPECT_FALSE(std::filesystem::exists(folder / "logs/000000000099.log"));
    const auto read = store.logs().Read(kAccount, {.group = "g", .end = FromUnixSeconds(1000)});
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().code(), ErrorCode::kInternal);
    EXPECT_THAT(read.error().message(), HasSubstr(path));
  }
  std::filesystem::remove(path);
  Store store(folder.path());
  EXPECT_FALSE(store.logs().Read(kAccount, {.group = "g", .end = FromUnixSeconds(9)}).ok());
}

TEST(LogBlockTest, ReadsBackAndRefusesDamage) {
  SeededRandom random(TestSeed());
  std::vector<StoredEvent> events(20);
  std::vector<const StoredEvent*> pointers;
  for (std::size_t i = 0; i < events.size(); ++i) {
    events[i] = {.time_ms = static_cast<std::int64_t>(i * i) - 50,
                 .ingested_ms = static_cast<std::int64_t>(random.Below(100)),
                 .sequence = i / 3,
                 .index = static_cast<std::uint32_t>(i % 3),
                 .stream = static_cast<std::uint32_t>(random.Below(4)),
                 .message = random.Hex(random.Below(30))};
    pointers.push_back(&events[i]);
  }
  LogBlock block{.offset = kLogFileMagic.size()};
  const std::string good = std::string(kLogFileMagic) + EncodeLogBlock(pointers, block);
  const auto read = DecodeLogBlock(good, block, "x.log");
  ASSERT_TRUE(read.ok());
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ((*read)[i].time_ms, events[i].time_ms);
    EXPECT_EQ((*read)[i].ingested_ms, events[i].ingested_ms);
    EXPECT_EQ((*read)[i].sequence, events[i].sequence);
    EXPECT_EQ((*read)[i].index, events[i].index);
    EXPECT_EQ((*read)[i].stream, events[i].stream);
    EXPECT_EQ((*read)[i].message, events[i].message);
  }
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 4);
    EXPECT_FALSE(DecodeLogBlock(bad, block, "x.log").ok()) << at;
    EXPECT_FALSE(DecodeLogBlock(good.substr(0, at), block, "x.log").ok()) << at;
  }
  EXPECT_TRUE(DecodeLogBlockEntry(EncodeLogBlockEntry(block, 7)).has_value());
  EXPECT_FALSE(DecodeLogBlockEntry("").has_value());
  EXPECT_FALSE(DecodeLogBlockEntry("\x02").has_value());
}

// What the first version of the store left behind.
TEST(LogMigrationTest, BlocksOfTheFirstFormatBecomeSegments) {
  TempFolder folder;
  std::vector<std::string> expected;
  {
    auto engine = storage::Engine::Open({.folder = folder.path(), .journal_file_bytes = 1 << 20},
                                        PosixFileSystem());
    ASSERT_TRUE(engine.ok());
    std::filesystem::create_directory(folder / "logs");
    storage::WriteBatch batch;
    const auto key = [](char kind, std::string tail) {
      return std::string{static_cast<char>(storage::StoreId::kEvents), kind} + tail;
    };
    std::string group("\x01", 1), stream("\x01", 1);
    PutVarint(group, 0);
    for (const char* text : {kAccount.id.c_str(), kAccount.region.c_str(), "g"}) {
      PutBytes(group, text);
    }
    PutVarint(group, 0);
    PutVarint(group, 100);
    PutVarint(stream, 0);
    PutBytes(stream, "s");
    PutVarint(stream, 0);
    stream += std::string(3, '\0');
    batch.Put(key('G', std::string(4, '\0')), group);
    batch.Put(key('T', std::string(8, '\0')), stream);
    std::string file(kLogFileMagic);
    for (int number = 0; number < 3; ++number) {
      std::vector<StoredEvent> events;
      std::vector<const StoredEvent*> pointers;
      for (std::uint32_t i = 0; i < 5; ++i) {
        events.push_back({.time_ms = 1000 * number + i,
                          .ingested_ms = 5000,
                          .sequence = static_cast<storage::Sequence>(number + 1),
                          .index = i,
                          .stream = 0,
                          .message = fmt::format("event {} of {}", i, number)});
        expected.push_back(events.back().message);
      }
      for (const StoredEvent& event : events) pointers.push_back(&event);
      LogBlock block{.file_id = 3, .offset = file.size()};
      file += EncodeLogBlock(pointers, block);
      batch.Put(key('B', std::string(7, '\0') + "\x03" + std::string(3, '\0') +
                             static_cast<char>(number)),
                EncodeLogBlockEntry(block, 0));
    }
    ASSERT_TRUE(
        WriteFileAtomically(PosixFileSystem(), folder / "logs/000000000003.log", file).ok());
    ASSERT_TRUE((*engine)->key_values().Write(batch).ok());
    ASSERT_TRUE((*engine)->key_values().Flush().ok());
  }
  for (int round = 0; round < 2; ++round) {
    Store store(folder.path());
    ASSERT_TRUE(store.events().RemoveOrphans().ok());
    EXPECT_EQ(Messages(store, {.group = "g"}), expected);
    EXPECT_FALSE(std::filesystem::exists(folder / "logs/000000000003.log"));
    Append(store, "g", "s", 100 + round, "later");
    expected.push_back("later");
    EXPECT_EQ(Messages(store, {.group = "g"}), expected);
  }
}

}  // namespace
}  // namespace securebase::events
