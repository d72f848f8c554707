// Life of groups and streams, scans, retention, merging and the first format.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <map>
#include <set>

#include "base/random.h"
#include "base/testing/fault_file_system.h"
#include "base/testing/seed.h"
#include "base/testing/temp_folder.h"
#include "events/embedded_log_store.h"
#include "events/testing/store.h"

namespace securebase::events {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

using testing::kAccount;
using testing::kNow;
using testing::Store;

const Instant kFuture = FromUnixSeconds(4'000'000'000);

void Append(Store& store, std::string_view group, std::string_view stream, Instant time,
            const std::string& message) {
  const Result<> appended =
      store.logs().Append(kAccount, group, stream, {{.time = time, .message = message}});
  ASSERT_TRUE(appended.ok()) << appended.error().message();
}

std::vector<ReadEvent> Read(Store& store, ReadRequest request) {
  if (request.end == Instant()) request.end = kFuture;
  auto events = store.logs().Read(kAccount, request);
  EXPECT_TRUE(events.ok()) << events.error().message();
  return events.ok() ? *std::move(events) : std::vector<ReadEvent>();
}

std::vector<std::string> Messages(Store& store, ReadRequest request) {
  std::vector<std::string> messages;
  for (const ReadEvent& event : Read(store, std::move(request))) {
    messages.push_back(event.event.message);
  }
  return messages;
}

std::size_t LogFiles(const std::string& folder) {
  const std::filesystem::directory_iterator files(folder + "/logs");
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

struct Scanned {
  std::vector<std::string> messages;
  query::ScanStatistics statistics;
};

Scanned Scan(Store& store, LogScanRequest request) {
  request.end = kFuture;
  request.columns = {std::string(kMessageColumn)};
  auto sources = store.logs().Scan(kAccount, request);
  EXPECT_TRUE(sources.ok()) << sources.error().message();
  Scanned scanned;
  if (!sources.ok()) return scanned;
  query::Batch batch;
  for (auto& source : *sources) {
    while (true) {
      const auto more = source->Next(batch);
      EXPECT_TRUE(more.ok()) << more.error().message();
      if (!more.ok() || !*more) break;
      for (std::size_t i = 0; i < batch.SelectedCount(); ++i) {
        scanned.messages.emplace_back(
            batch.columns[0].StringAt(batch.filtered ? batch.selection[i] : i));
      }
    }
    scanned.statistics += source->statistics();
  }
  return scanned;
}

query::Predicate Condition(query::Predicate::Op op, std::string field, query::Literal literal) {
  return {.op = op, .children = {}, .field = std::move(field), .literals = {std::move(literal)}};
}
using Op = query::Predicate::Op;

TEST(LogLifeTest, GroupsHaveAttributesAndRetentionThatLast) {
  TempFolder folder;
  for (int round = 0; round < 2; ++round) {
    Store store(folder.path());
    if (round == 0) {
      ASSERT_TRUE(store.logs().CreateGroup(kAccount, "g", {{"class", "STANDARD"}}).ok());
      EXPECT_EQ(store.logs().CreateGroup(kAccount, "g", {}).error().code(), ErrorCode::kConflict);
      ASSERT_TRUE(store.logs().SetRetention(kAccount, "g", 7).ok());
      ASSERT_TRUE(store.logs()
                      .ChangeAttributes(kAccount, "g", {{"tag:a", "1"}, {"class", std::nullopt}})
                      .ok());
      ASSERT_TRUE(store.logs().CreateStream(kAccount, "g", "s").ok());
      EXPECT_EQ(store.logs().CreateStream(kAccount, "g", "s").error().code(), ErrorCode::kConflict);
      EXPECT_EQ(store.logs().SetRetention(kAccount, "no", 7).error().code(), ErrorCode::kNotFound);
      EXPECT_FALSE(store.logs().SetRetention(kAccount, "g", -1).ok());
      ASSERT_TRUE(store.engine().Checkpoint().ok());
    }
    const auto group = store.logs().FindGroup(kAccount, "g");
    ASSERT_TRUE(group.has_value());
    EXPECT_EQ(group->retention_days, 7);
    EXPECT_EQ(group->attributes, (LogAttributes{{"tag:a", "1"}}));
    EXPECT_TRUE(store.logs().FindStream(kAccount, "g", "s")->has_value());
    EXPECT_FALSE(store.logs().FindStream(kAccount, "g", "t")->has_value());
    EXPECT_FALSE(store.logs().FindGroup(kAccount, "h").has_value());
  }
}

TEST(LogLifeTest, GroupsAreListedByPages) {
  TempFolder folder;
  Store store(folder.path());
  for (const char* name : {"a1", "a2", "b1", "a3"}) {
    ASSERT_TRUE(store.logs().CreateGroup(kAccount, name, {}).ok());
  }
  const auto names = [&](const GroupListRequest& request) {
    std::vector<std::string> out;
    for (const LogGroup& group : store.logs().ListGroups(kAccount, request))
      out.push_back(group.name);
    return out;
  };
  EXPECT_THAT(names({.prefix = "a"}), ElementsAre("a1", "a2", "a3"));
  EXPECT_THAT(names({.pattern = "1"}), ElementsAre("a1", "b1"));
  EXPECT_THAT(names({.groups_max = 2}), ElementsAre("a1", "a2"));
  EXPECT_THAT(names({.after = "a2"}), ElementsAre("a3", "b1"));
  EXPECT_THAT(names({.prefix = "b", .after = "a"}), ElementsAre("b1"));
}

TEST(LogLifeTest, DeletingAGroupFreesTheDisk) {
  TempFolder folder;
  std::string ptr;
  {
    Store store(folder.path());
    Append(store, "g", "s", kNow, "one");
    Append(store, "h", "s", kNow, "other");
    ASSERT_TRUE(store.engine().Checkpoint().ok());
    EXPECT_EQ(LogFiles(folder.path()), 2u);
    ptr = Read(store, {.group = "g"})[0].ptr;
    EXPECT_EQ(store.logs().ReadOne(kAccount, ptr)->event.event.message, "one");
    EXPECT_EQ(store.logs().ReadOne(kAccount, ptr)->group, "g");
    ASSERT_TRUE(store.logs().DeleteGroup(kAccount, "g").ok());
    EXPECT_EQ(store.logs().DeleteGroup(kAccount, "g").error().code(), ErrorCode::kNotFound);
    EXPECT_EQ(LogFiles(folder.path()), 1u);
    EXPECT_EQ(store.logs().ReadOne(kAccount, ptr).error().code(), ErrorCode::kNotFound);
    EXPECT_EQ(store.logs().ReadOne(kAccount, "x").error().code(), ErrorCode::kInvalidArgument);
    // A new group of the name has none of the old events.
    Append(store, "g", "s", kNow, "new");
    EXPECT_THAT(Messages(store, {.group = "g"}), ElementsAre("new"));
  }
  Store store(folder.path());  // replays the deletion over the catalogue from before
  EXPECT_THAT(Messages(store, {.group = "g"}), ElementsAre("new"));
  ASSERT_TRUE(store.engine().Checkpoint().ok());
  EXPECT_THAT(Messages(store, {.group = "g"}), ElementsAre("new"));
}

TEST(LogLifeTest, ADeletedStreamsRowsGoFromViewAndDisk) {
  TempFolder folder;
  {
    Store store(folder.path());
    for (int i = 0; i < 10; ++i) {
      Append(store, "g", "keep", kNow + Duration(i), fmt::format("keep {}", i));
      Append(store, "g", "drop", kNow + Duration(i), "secret text to be gone");
    }
    ASSERT_TRUE(store.engine().Checkpoint().ok());
    Append(store, "g", "drop", kNow, "in the head");
    ASSERT_TRUE(store.logs().DeleteStream(kAccount, "g", "drop").ok());
    EXPECT_EQ(store.logs().DeleteStream(kAccount, "g", "drop").error().code(),
              ErrorCode::kNotFound);
    EXPECT_EQ(Messages(store, {.group = "g"}).size(), 10u);
    const auto before = store.logs().statistics();
    ASSERT_TRUE(store.engine().Checkpoint().ok());
    const auto after = store.logs().statistics();
    EXPECT_EQ(after.rows, 10u);
    EXPECT_LT(after.bytes, before.bytes);
    EXPECT_EQ(LogFiles(folder.path()), 1u);
    // One of the same name begins empty.
    Append(store, "g", "drop", kNow, "fresh");
    EXPECT_THAT(Messages(store, {.group = "g", .stream = "drop"}), ElementsAre("fresh"));
  }
  Store store(folder.path());
  EXPECT_THAT(Messages(store, {.group = "g", .stream = "drop"}), ElementsAre("fresh"));
  EXPECT_EQ(Messages(store, {.group = "g"}).size(), 11u);
}

TEST(LogLifeTest, RetentionHidesAtOnceAndFreesTheDisk) {
  TempFolder folder;
  Store store(folder.path());
  Append(store, "g", "s", kNow - std::chrono::hours(24 * 10), "old");
  Append(store, "g", "s", kNow, "new");
  ASSERT_TRUE(store.engine().Checkpoint().ok());
  EXPECT_EQ(LogFiles(folder.path()), 2u);  // of two days
  ASSERT_TRUE(store.logs().SetRetention(kAccount, "g", 5).ok());
  EXPECT_THAT(Messages(store, {.group = "g"}), ElementsAre("new"));
  EXPECT_THAT(Scan(store, {.groups = {"g"}}).messages, ElementsAre("new"));
  ASSERT_TRUE(store.logs().Maintain().ok());
  EXPECT_EQ(LogFiles(folder.path()), 1u);
  EXPECT_EQ(store.logs().FindGroup(kAccount, "g")->stored_bytes, 3u + 26);
  ASSERT_TRUE(store.logs().SetRetention(kAccount, "g", 0).ok());
  EXPECT_THAT(Messages(store, {.group = "g"}), ElementsAre("new"));
}

TEST(LogLifeTest, SmallSegmentsMerge) {
  TempFolder folder;
  Store store(folder.path(), {.logs = {.small_files_max = 3}});
  std::vector<std::string> all;
  for (int i = 0; i < 20; ++i) {
    all.push_back(fmt::format(R"({{"n":{},"text":"event {} came"}})", i, i));
    Append(store, "g", "s", kNow + Duration(i), all.back());
    ASSERT_TRUE(store.engine().Checkpoint().ok());
    EXPECT_LE(LogFiles(folder.path()), 5u);
  }
  EXPECT_EQ(Messages(store, {.group = "g"}), all);
  const auto events = Read(store, {.group = "g"});
  for (std::size_t i = 0; i < events.size(); ++i) EXPECT_EQ(events[i].ordinal, i);
}

TEST(LogReadTest, PagesGoOnFromIdsAndOrdinals) {
  TempFolder folder;
  Store store(folder.path());
  for (int i = 0; i < 20; ++i) {
    Append(store, "g", i % 2 == 0 ? "s" : "t", kNow + Duration(i / 4), fmt::format("m{}", i));
    if (i == 11) ASSERT_TRUE(store.engine().Checkpoint().ok());
  }
  const auto all = Read(store, {.group = "g"});
  std::vector<std::string> paged;
  ReadRequest request{.group = "g", .events_max = 3};
  while (true) {
    const auto page = Read(store, request);
    if (page.empty()) break;
    for (const ReadEvent& event : page) paged.push_back(event.event.message);
    request.after_id = page.back().id;
  }
  EXPECT_EQ(paged.size(), all.size());
  ReadRequest forward{.group = "g", .stream = "s", .events_max = 4, .after_ordinal = 2};
  EXPECT_THAT(Messages(store, forward), ElementsAre("m6", "m8", "m10", "m12"));
  ReadRequest backward = forward;
  backward.from_head = false;
  EXPECT_THAT(Messages(store, backward), ElementsAre("m2", "m0"));
  forward.after_ordinal = 9;
  EXPECT_THAT(Messages(store, forward), IsEmpty());
  forward.after_ordinal = 99;
  EXPECT_THAT(Messages(store, forward), IsEmpty());
  backward.after_ordinal = 99;  // stands for the last one
  EXPECT_EQ(Messages(store, backward)[0], "m18");
  request.after_id = "x";
  EXPECT_FALSE(store.logs().Read(kAccount, request).ok());
}

TEST(LogScanTest, SkipsWhatCannotMatchAndSaysWhy) {
  TempFolder folder;
  Store store(folder.path());
  std::vector<LogEvent> events;
  for (int i = 0; i < 3 * 2048; ++i) {
    const char* text = i == 5000 ? "a needle-7f3a9c in hay" : "hay and straw";
    events.push_back({.time = kNow + Duration(i),
                      .message = fmt::format(R"({{"n":{},"level":"{}","m":"{}"}})", i,
                                             i < 2048 ? "INFO" : "WARN", text)});
  }
  ASSERT_TRUE(store.logs().Append(kAccount, "g", "s", events).ok());
  ASSERT_TRUE(store.engine().Checkpoint().ok());
  auto needle = Scan(
      store, {.groups = {"g"}, .where = Condition(Op::kContains, "@message", "needle-7f3a9c")});
  EXPECT_EQ(needle.messages.size(), 1u);
  EXPECT_EQ(needle.statistics.chunks_skipped_by_text, 2u);
  EXPECT_EQ(needle.statistics.rows, 2048u);
  EXPECT_EQ(needle.statistics.rows_skipped, 2u * 2048);
  EXPECT_GT(needle.statistics.message_bytes_skipped, 0u);
  const auto count = [&](const query::Predicate& where) {
    return Scan(store, {.groups = {"g"}, .where = where}).messages.size();
  };
  EXPECT_EQ(count(Condition(Op::kContains, "m", "needle")), 1u);
  EXPECT_EQ(count(Condition(Op::kEqual, "level", "INFO")), 2048u);
  EXPECT_EQ(count(Condition(Op::kEqual, "level", "NONE")), 0u);
  EXPECT_EQ(count(Condition(Op::kLess, "n", std::int64_t{10})), 10u);
  EXPECT_EQ(count(Condition(Op::kEqual, "n", "17")), 1u);
  EXPECT_EQ(count(Condition(Op::kEqual, "nosuch", "17")), 0u);
  EXPECT_EQ(count(Condition(Op::kEqual, "@logStream", "s")), events.size());
  EXPECT_EQ(count(Condition(Op::kEqual, "@logStream", "t")), 0u);
  EXPECT_EQ(count({.op = Op::kOr,
                   .children = {Condition(Op::kEqual, "n", std::int64_t{3}),
                                Condition(Op::kEqual, "n", std::int64_t{5000})},
                   .field = "",
                   .literals = {}}),
            2u);
  EXPECT_EQ(count({.op = Op::kNot,
                   .children = {Condition(Op::kEqual, "n", std::int64_t{3})},
                   .field = "",
                   .literals = {}}),
            events.size());
  const auto range = Scan(store, {.groups = {"g"}, .start = kNow + Duration(2048 * 2)});
  EXPECT_EQ(range.messages.size(), 2048u);
  EXPECT_EQ(range.statistics.chunks_skipped_by_time, 2u);
  EXPECT_FALSE(store.logs().Scan(kAccount, {.groups = {"no"}}).ok());
}

// Random lines, some in segments and some in the head: a scan with a condition yields every row
// that has the needle.
TEST(LogScanTest, ConditionsNeverLoseARow) {
  SeededRandom random(TestSeed());
  TempFolder folder;
  Store store(folder.path(), {.logs = {.segment_rows_max = 700}});
  const std::vector<std::string> words = {"alpha", "beta", "x12", "true", "timeout", "été", "9"};
  std::vector<std::string> lines;
  for (int i = 0; i < 3000; ++i) {
    const std::string& a = words[random.Below(words.size())];
    const std::string& b = words[random.Below(words.size())];
    switch (random.Below(4)) {
      case 0:
        lines.push_back(fmt::format("{} came {} times to {}", a, random.Below(100), b));
        break;
      case 1:
        lines.push_back(fmt::format(R"(info {{"w":"{}","ok":{},"n":{}}} {})", a,
                                    random.Below(2) == 0, random.Below(50), b));
        break;
      default:
        lines.push_back(fmt::format(R"({{"w":"{} {}","v":{},"k":[{}]}})", a, b,
                                    random.Below(2) == 0 ? "null" : "\"" + b + "\"",
                                    random.Below(30)));
    }
    Append(store, "g", "s", kNow + Duration(i / 2), lines.back());
    if (i == 1300 || i == 2400) ASSERT_TRUE(store.engine().Checkpoint().ok());
  }
  for (const std::string& needle : words) {
    std::multiset<std::string> expected;
    for (const std::string& line : lines) {
      if (line.find(needle) != std::string::npos) expected.insert(line);
    }
    for (const std::size_t sources : {1u, 3u}) {
      const auto found = Scan(store, {.groups = {"g"},
                                      .where = Condition(Op::kContains, "@message", needle),
                                      .sources = sources});
      EXPECT_EQ(std::multiset<std::string>(found.messages.begin(), found.messages.end()), expected)
          << needle;
    }
  }
  for (const std::string& needle : words) {
    std::multiset<std::string> expected;
    for (const std::string& line : lines) {
      if (line.find("\"w\":\"" + needle + "\"") != std::string::npos) expected.insert(line);
    }
    const auto found = Scan(store, {.groups = {"g"}, .where = Condition(Op::kEqual, "w", needle)});
    const std::multiset<std::string> all(found.messages.begin(), found.messages.end());
    EXPECT_TRUE(std::includes(all.begin(), all.end(), expected.begin(), expected.end())) << needle;
  }
}

TEST(LogScanTest, TheFrontierBoundsWhatIsToCome) {
  TempFolder folder;
  Store store(folder.path(), {.logs = {.segment_rows_max = 100}});
  SeededRandom random(TestSeed());
  for (int i = 0; i < 1000; ++i) {
    Append(store, "g", "s", kNow + Duration(random.Below(5000)), "x");
    if (i % 300 == 0) ASSERT_TRUE(store.engine().Checkpoint().ok());
  }
  for (const bool newest : {true, false}) {
    auto sources = store.logs().Scan(kAccount, {.groups = {"g"},
                                                .end = kFuture,
                                                .columns = {"@timestamp", "@arrival"},
                                                .newest_first = newest});
    ASSERT_TRUE(sources.ok());
    LogSource& source = *(*sources)[0];
    query::Batch batch;
    std::size_t rows = 0;
    Instant frontier = source.frontier();
    while (*source.Next(batch)) {
      for (const std::int64_t ms : batch.columns[0].ints) {
        EXPECT_TRUE(newest ? FromUnixMillis(ms) <= frontier : FromUnixMillis(ms) >= frontier);
      }
      rows += batch.rows;
      frontier = source.frontier();
    }
    EXPECT_EQ(rows, 1000u);
  }
}

TEST(LogScanTest, CountsFields) {
  TempFolder folder;
  Store store(folder.path());
  Append(store, "g", "s", kNow, R"({"a":1,"b":2})");
  Append(store, "g", "s", kNow, R"({"a":1})");
  Append(store, "g", "s", kNow, "text");
  const auto counts = store.logs().CountFields(kAccount, "g", kNow, kFuture);
  ASSERT_TRUE(counts.ok());
  EXPECT_EQ(counts->events, 3u);
  ASSERT_EQ(counts->fields.size(), 2u);
  EXPECT_EQ(counts->fields[0].name, "a");
  EXPECT_EQ(counts->fields[0].events, 2u);
}

TEST(LogObserverTest, IsToldOfEveryAppend) {
  struct Observer final : LogObserver {
    void OnAppend(const Account&, std::string_view group, std::string_view stream,
                  std::span<const LogEvent> events) override {
      for (const LogEvent& event : events) {
        told.push_back(
            fmt::format("{} {} {} {}", group, stream, event.message, event.ingested_at == kNow));
      }
    }
    std::vector<std::string> told;
  };
  TempFolder folder;
  Observer observer;
  Store store(folder.path());
  store.logs().SetObserver(&observer);
  Append(store, "g", "s", kNow, "m");
  EXPECT_THAT(observer.told, ElementsAre("g s m true"));
}

// Appends, deletes and checkpoints with a power cut at every change of a file: what was
// acknowledged is there, exactly once.
TEST(LogCrashTest, APowerCutAtAnyChangeLosesNothing) {
  SeededRandom random(TestSeed());
  const EmbeddedEventsOptions options{.logs = {.segment_rows_max = 4, .small_files_max = 2}};
  std::uint64_t changes = 0;
  for (std::uint64_t cut = 0; cut <= changes; ++cut) {  // 0: learns how many there are
    TempFolder folder;
    FaultFileSystem files;
    std::vector<std::string> acknowledged;
    bool stream_deleted = false, delete_tried = false;
    {
      Store store(folder.path(), options, files);
      if (cut > 0) files.CutAtChange(cut);
      const std::uint64_t before = files.changes();
      for (int i = 0; i < 6; ++i) {
        const std::string line = fmt::format(R"({{"n":{},"m":"line {} of it"}})", i, i);
        if (store.logs().Append(kAccount, "g", "s", {{.time = kNow, .message = line}}).ok()) {
          acknowledged.push_back(line);
        }
        static_cast<void>(
            store.logs().Append(kAccount, "g", "gone", {{.time = kNow, .message = "gone"}}));
        if (i == 3) {
          delete_tried = true;
          stream_deleted = store.logs().DeleteStream(kAccount, "g", "gone").ok();
        }
        if (i % 2 == 1) static_cast<void>(store.engine().Checkpoint());
      }
      if (cut == 0) changes = files.changes() - before;
    }
    if (cut > 0) files.PowerCut(random);
    Store store(folder.path(), options, files);
    ASSERT_TRUE(store.events().RemoveOrphans().ok());
    if (!store.logs().FindGroup(kAccount, "g")) {  // cut before anything was durable
      ASSERT_TRUE(acknowledged.empty()) << cut;
      continue;
    }
    const auto messages = Messages(store, {.group = "g", .stream = "s"});
    ASSERT_GE(messages.size(), acknowledged.size()) << cut;
    ASSERT_LE(messages.size(), acknowledged.size() + 1) << cut;
    for (std::size_t i = 0; i < acknowledged.size(); ++i) ASSERT_EQ(messages[i], acknowledged[i]);
    if (stream_deleted && delete_tried) {
      ASSERT_LE(Messages(store, {.group = "g", .stream = "gone"}).size(), 3u) << cut;
    }
    ASSERT_TRUE(store.engine().Checkpoint().ok());
    ASSERT_EQ(Messages(store, {.group = "g", .stream = "s"}), messages) << cut;
  }
  EXPECT_GT(changes, 30u);
}

}  // namespace
}  // namespace securebase::events
