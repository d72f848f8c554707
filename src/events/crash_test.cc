// Kills a process that imports, at random, and cuts the power at every change of a file; compares
// what is there afterwards with what was acknowledged.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <string>

#include "base/random.h"
#include "base/testing/fault_file_system.h"
#include "base/testing/seed.h"
#include "base/testing/temp_folder.h"
#include "events/testing/store.h"

namespace securebase::events {
namespace {

using testing::ImportRows;
using testing::Rows;
using testing::SegmentFiles;
using testing::Store;

// Each round appends three rows under a key of its own, replaces the one row of "latest", and
// tells so through a pipe.
void ImportUntilKilled(const std::string& folder, int first, int pipe_end) {
  Store store(folder, {.datasets = {.append_segments_max = 3}});
  ASSERT_TRUE(store.events().RemoveOrphans().ok());
  for (int i = first;; ++i) {
    const std::vector<testing::CostRow> rows(3, {i, "s", 1.0});
    ASSERT_TRUE(ImportRows(store, fmt::format("append:{}", i), "c", rows).ok());
    ASSERT_TRUE(ImportRows(store, "latest", "l", {{i, "latest", 1.0}}).ok());
    const bool flushed = i % 7 != 6 || store.engine().Checkpoint().ok();
    ASSERT_TRUE(flushed);
    ASSERT_EQ(write(pipe_end, "+", 1), 1);
  }
}

// This program again, in a process of its own: a fork without exec would lack RocksDB's threads.
TEST(EventsCrashTest, ImportsUntilItIsKilled) {
  const char* folder = std::getenv("SB_KILL_FOLDER");
  const char* first = std::getenv("SB_KILL_FIRST");
  const char* pipe_end = std::getenv("SB_KILL_PIPE");
  if (folder == nullptr || first == nullptr || pipe_end == nullptr) {
    GTEST_SKIP() << "only AcknowledgedImportsSurviveAKill runs this";
  }
  ImportUntilKilled(folder, std::atoi(first), std::atoi(pipe_end));
}

pid_t StartImporter(const std::string& folder, int first, int pipe_end) {
  const pid_t child = fork();
  if (child != 0) return child;
  setenv("SB_KILL_FOLDER", folder.c_str(), 1);
  setenv("SB_KILL_FIRST", std::to_string(first).c_str(), 1);
  setenv("SB_KILL_PIPE", std::to_string(pipe_end).c_str(), 1);
  execl("/proc/self/exe", "events_test", "--gtest_brief=1",
        "--gtest_filter=*ImportsUntilItIsKilled", nullptr);
  _exit(127);
}

// Runs the importer until it has told of `until` rounds, kills it, and counts all it told of.
int RunAndKill(const std::string& folder, int first, int until) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const pid_t child = StartImporter(folder, first, ends[1]);
  close(ends[1]);
  int told = 0;
  char byte;
  while (told < until && read(ends[0], &byte, 1) == 1) ++told;
  EXPECT_EQ(told, until) << "the importer failed";
  kill(child, SIGKILL);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  while (read(ends[0], &byte, 1) == 1) ++told;
  close(ends[0]);
  return told;
}

TEST(EventsCrashTest, AcknowledgedImportsSurviveAKill) {
  SeededRandom random(TestSeed());
  TempFolder folder;
  int rounds = 0;  // known to be there
  for (int kill_number = 0; kill_number < 20; ++kill_number) {
    rounds += RunAndKill(folder.path(), rounds, static_cast<int>(random.Below(12)));

    Store store(folder.path());
    ASSERT_TRUE(store.events().RemoveOrphans().ok());
    const auto rows = Rows(store, "c");
    ASSERT_TRUE(rows.ok()) << rows.error().message();
    std::map<std::string, int> counts;
    for (const std::string& row : *rows) ++counts[row];
    for (int i = 0; i < rounds; ++i) ASSERT_EQ(counts[fmt::format("{} s 1", i)], 3) << i;
    // Beyond there is at most the round that was under way, whole.
    ASSERT_LE(counts.size(), static_cast<std::size_t>(rounds) + 1);
    for (const auto& [row, count] : counts) ASSERT_EQ(count, 3) << row;
    const auto latest = Rows(store, "l");
    ASSERT_TRUE(latest.ok()) << latest.error().message();
    ASSERT_LE(latest->size(), 1u);
    ASSERT_TRUE(rounds == 0 || latest->size() == 1);

    std::size_t live = 0;
    for (const char* customer : {"c", "l"}) {
      live += store.datasets().Statistics(testing::CustomerNamed(customer), "cost").segments;
    }
    EXPECT_EQ(SegmentFiles(folder.path()), live);
    rounds = static_cast<int>(counts.size());
  }
}

// What the power cut tests do: one import that replaces another, spilled into several files.
Result<> ReplaceRows(Store& store) {
  SB_TRY(auto import, store.datasets().BeginImport(testing::kAccount, "cost", "month"));
  for (int i = 0; i < 2500; ++i) {
    import->Time(0, testing::Day(i));
    import->String(1, "new");
    import->Double(2, 1);
    SB_TRY_OK(import->EndRow("c"));
  }
  return import->Commit();
}

constexpr std::size_t kOldRows = 2;
constexpr std::size_t kNewRows = 2500;
const EmbeddedEventsOptions kSpilling{.datasets = {.import_memory_max = 1}};

void ImportOldRows(Store& store) {
  ASSERT_TRUE(ImportRows(store, "month", "c", {{1, "old", 1}, {2, "old", 1}}).ok());
}

TEST(EventsCrashTest, APowerCutAtAnyChangeLeavesAnImportWholeOrNotAtAll) {
  SeededRandom random(TestSeed());
  std::uint64_t changes = 0;
  for (std::uint64_t cut = 0; cut <= changes; ++cut) {  // 0: learns how many there are
    TempFolder folder;
    FaultFileSystem files;
    bool acknowledged = false;
    {
      Store store(folder.path(), kSpilling, files);
      ImportOldRows(store);
      const std::uint64_t before = files.changes();
      if (cut > 0) files.CutAtChange(cut);
      acknowledged = ReplaceRows(store).ok();
      const bool flushed = store.engine().Checkpoint().ok();
      ASSERT_TRUE(cut > 0 || (acknowledged && flushed));
      if (cut == 0) changes = files.changes() - before;
    }
    files.PowerCut(random);
    Store store(folder.path(), {}, files);
    ASSERT_TRUE(store.events().RemoveOrphans().ok());
    const auto rows = Rows(store, "c");
    ASSERT_TRUE(rows.ok()) << "cut " << cut << ": " << rows.error().message();
    ASSERT_TRUE(rows->size() == kNewRows || (!acknowledged && rows->size() == kOldRows))
        << "cut " << cut << ": " << rows->size();
    const auto names = files.List(folder / "segments");
    ASSERT_TRUE(names.ok());
    const auto customer = testing::CustomerNamed("c");
    EXPECT_EQ(names->size(), store.datasets().Statistics(customer, "cost").segments);
  }
  EXPECT_GT(changes, 10u);
}

TEST(EventsCrashTest, AFullDiskRefusesImportsUntilThereIsRoom) {
  TempFolder folder;
  FaultFileSystem files;
  Store store(folder.path(), kSpilling, files);
  ImportOldRows(store);
  files.SetDiskFull(true);
  const Result<> refused = ReplaceRows(store);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(Rows(store, "c")->size(), kOldRows);  // reads go on
  files.SetDiskFull(false);
  ASSERT_TRUE(ReplaceRows(store).ok());
  EXPECT_EQ(Rows(store, "c")->size(), kNewRows);
  const auto customer = testing::CustomerNamed("c");
  EXPECT_EQ(files.List(folder / "segments")->size(),
            store.datasets().Statistics(customer, "cost").segments);
}

TEST(EventsCrashTest, LogEventsSurviveAPowerCutAtAnyChange) {
  SeededRandom random(TestSeed());
  std::uint64_t changes = 0;
  for (std::uint64_t cut = 0; cut <= changes; ++cut) {
    TempFolder folder;
    FaultFileSystem files;
    int acknowledged = 0;
    {
      Store store(folder.path(), {}, files);
      const std::uint64_t before = files.changes();
      if (cut > 0) files.CutAtChange(cut);
      for (int i = 0; i < 4; ++i) {
        const Result<> appended = store.logs().Append(
            testing::kAccount, "g", "s", {{.time = testing::Day(i), .message = "event"}});
        if (!appended.ok()) break;
        ++acknowledged;
        static_cast<void>(store.engine().Checkpoint().ok());
      }
      if (cut == 0) changes = files.changes() - before;
    }
    files.PowerCut(random);
    Store store(folder.path(), {}, files);
    ASSERT_TRUE(store.events().RemoveOrphans().ok());
    const auto read = store.logs().Read(testing::kAccount, {.group = "g", .end = testing::Day(9)});
    ASSERT_TRUE(read.ok() || acknowledged == 0) << read.error().message();
    const std::size_t found = read.ok() ? read->size() : 0;
    ASSERT_GE(found, static_cast<std::size_t>(acknowledged)) << "cut " << cut;
    ASSERT_LE(found, static_cast<std::size_t>(acknowledged) + 1) << "cut " << cut;
  }
}

}  // namespace
}  // namespace securebase::events
