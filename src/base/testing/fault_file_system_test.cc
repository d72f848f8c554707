// What is promised: what was synced survives, what was not may not, and each fault is repeatable
// from its seed. Behaviour without faults: base/file_system_test.cc.
#include "base/testing/fault_file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/testing/seed.h"

namespace securebase {
namespace {

using testing::Contains;
using testing::ElementsAre;

std::unique_ptr<WritableFile> Written(FileSystem& files, const std::string& path,
                                      std::string_view bytes) {
  auto file = *files.Create(path);
  EXPECT_TRUE(file->Write(0, bytes).ok());
  return file;
}

// What a file may hold after power cuts with many seeds; "(none)" where its name is gone.
template <class Workload>
std::set<std::string> Outcomes(const std::string& path, Workload workload) {
  std::set<std::string> outcomes;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    FaultFileSystem files;
    SeededRandom random(seed);
    workload(files);
    files.PowerCut(random);
    outcomes.insert(files.Exists(path) ? *files.Read(path) : "(none)");
  }
  return outcomes;
}

TEST(FaultFileSystemTest, WhatWasSyncedSurvives) {
  EXPECT_THAT(Outcomes("a",
                       [](FileSystem& files) {
                         const auto file = Written(files, "a", "text");
                         EXPECT_TRUE(file->Sync().ok());
                         EXPECT_TRUE(files.SyncFolder(".").ok());
                       }),
              ElementsAre("text"));
}

TEST(FaultFileSystemTest, UnsyncedWritesAreLostTornOrKept) {
  EXPECT_THAT(Outcomes("a",
                       [](FileSystem& files) {
                         const auto file = Written(files, "a", "ab");
                         EXPECT_TRUE(file->Sync().ok());
                         EXPECT_TRUE(files.SyncFolder(".").ok());
                         EXPECT_TRUE(file->Write(0, "XY").ok());
                       }),
              ElementsAre("XY", "Xb", "ab"));
}

TEST(FaultFileSystemTest, ALaterWriteMaySurviveAnEarlierOne) {
  EXPECT_THAT(Outcomes("a",
                       [](FileSystem& files) {
                         const auto file = Written(files, "a", "--");
                         EXPECT_TRUE(file->Sync().ok());
                         EXPECT_TRUE(files.SyncFolder(".").ok());
                         EXPECT_TRUE(file->Write(0, "1").ok());
                         EXPECT_TRUE(file->Write(1, "2").ok());
                       }),
              ElementsAre("--", "-2", "1-", "12"));
}

TEST(FaultFileSystemTest, NamesNeedTheFoldersSync) {
  EXPECT_THAT(
      Outcomes("a",
               [](FileSystem& files) { EXPECT_TRUE(Written(files, "a", "text")->Sync().ok()); }),
      ElementsAre("(none)", "text"));
  EXPECT_THAT(Outcomes("b",
                       [](FileSystem& files) {
                         EXPECT_TRUE(Written(files, "a", "text")->Sync().ok());
                         EXPECT_TRUE(files.SyncFolder(".").ok());
                         EXPECT_TRUE(files.Rename("a", "b").ok());
                       }),
              ElementsAre("(none)", "text"));
  EXPECT_THAT(Outcomes("a",
                       [](FileSystem& files) {
                         EXPECT_TRUE(Written(files, "a", "text")->Sync().ok());
                         EXPECT_TRUE(files.SyncFolder(".").ok());
                         EXPECT_TRUE(files.Remove("a").ok());
                       }),
              ElementsAre("(none)", "text"));
}

TEST(FaultFileSystemTest, SyncOfAnotherFolderIsNotEnough) {
  EXPECT_THAT(Outcomes("d/a",
                       [](FileSystem& files) {
                         EXPECT_TRUE(files.CreateFolders("d").ok());
                         EXPECT_TRUE(Written(files, "d/a", "text")->Sync().ok());
                         EXPECT_TRUE(files.SyncFolder(".").ok());
                       }),
              Contains("(none)"));
}

TEST(FaultFileSystemTest, ACutFailsTheChosenChangeAndAllAfter) {
  FaultFileSystem files;
  SeededRandom random(TestSeed());
  const auto file = Written(files, "a", "1");
  EXPECT_EQ(files.changes(), 2u);
  files.CutAtChange(2);

  EXPECT_TRUE(file->Write(1, "2").ok());
  EXPECT_EQ(file->Sync().error().code(), ErrorCode::kUnavailable);
  EXPECT_FALSE(file->Write(2, "3").ok());
  EXPECT_FALSE(file->Allocate(10).ok());
  EXPECT_FALSE(file->Close().ok());
  EXPECT_FALSE(files.Create("b").ok());
  EXPECT_FALSE(files.OpenForWrite("a").ok());
  EXPECT_FALSE(files.Read("a").ok());
  EXPECT_FALSE(files.Map("a").ok());
  EXPECT_FALSE(files.List(".").ok());
  EXPECT_FALSE(files.Size("a").ok());
  EXPECT_FALSE(files.Rename("a", "b").ok());
  EXPECT_FALSE(files.Remove("a").ok());
  EXPECT_FALSE(files.CreateFolders("d").ok());
  EXPECT_FALSE(files.SyncFolder(".").ok());
  EXPECT_FALSE(files.Lock(".").ok());
  EXPECT_FALSE(files.Exists("a"));
  EXPECT_EQ(files.changes(), 4u) << "what fails for lack of power counts no more";

  files.PowerCut(random);
  EXPECT_TRUE(files.Create("b").ok());
  EXPECT_FALSE(file->Write(0, "x").ok()) << "opened before the cut";
  EXPECT_FALSE(file->Sync().ok());
  EXPECT_FALSE(file->Close().ok());
}

TEST(FaultFileSystemTest, TheChangeThatIsCutMayHaveHappened) {
  EXPECT_THAT(Outcomes("b",
                       [](FaultFileSystem& files) {
                         EXPECT_TRUE(Written(files, "a", "text")->Sync().ok());
                         EXPECT_TRUE(files.SyncFolder(".").ok());
                         files.CutAtChange(1);
                         EXPECT_FALSE(files.Rename("a", "b").ok());
                       }),
              ElementsAre("(none)", "text"));
  EXPECT_THAT(Outcomes("a",
                       [](FaultFileSystem& files) {
                         const auto file = Written(files, "a", "-");
                         EXPECT_TRUE(file->Sync().ok());
                         EXPECT_TRUE(files.SyncFolder(".").ok());
                         files.CutAtChange(1);
                         EXPECT_FALSE(file->Write(0, "1").ok());
                       }),
              ElementsAre("-", "1"));
}

TEST(FaultFileSystemTest, ACutFreesLocksButOldHoldersDoNotFreeNewOnes) {
  FaultFileSystem files;
  SeededRandom random(TestSeed());
  auto before = *files.Lock(".");
  files.PowerCut(random);
  const auto after = files.Lock(".");
  ASSERT_TRUE(after.ok());
  before.reset();
  EXPECT_EQ(files.Lock(".").error().code(), ErrorCode::kConflict);
}

TEST(FaultFileSystemTest, AFullDiskRefusesGrowthOnlyAndRecovers) {
  FaultFileSystem files;
  const auto file = Written(files, "a", "1234");
  files.SetDiskFull(true);
  EXPECT_TRUE(file->Write(1, "xy").ok());
  const Result<> grown = file->Write(3, "xy");
  ASSERT_FALSE(grown.ok());
  EXPECT_EQ(grown.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(grown.error().message(), "cannot write a: no space left on device");
  EXPECT_FALSE(file->Allocate(5).ok());
  EXPECT_TRUE(file->Allocate(4).ok());
  EXPECT_EQ(files.Create("b").error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(files.CreateFolders("d").error().code(), ErrorCode::kUnavailable);

  files.SetDiskFull(false);
  EXPECT_TRUE(file->Write(4, "5").ok());
  EXPECT_EQ(*files.Read("a"), "1xy45");
}

TEST(FaultFileSystemTest, AFailedSyncSyncsNothing) {
  EXPECT_THAT(Outcomes("a",
                       [](FaultFileSystem& files) {
                         const auto file = Written(files, "a", "-");
                         EXPECT_TRUE(file->Sync().ok());
                         EXPECT_TRUE(files.SyncFolder(".").ok());
                         files.SetSyncFails(true);
                         EXPECT_TRUE(file->Write(0, "1").ok());
                         EXPECT_EQ(file->Sync().error().code(), ErrorCode::kInternal);
                         EXPECT_EQ(files.SyncFolder(".").error().code(), ErrorCode::kInternal);
                         files.SetSyncFails(false);
                       }),
              ElementsAre("-", "1"));
}

TEST(FaultFileSystemTest, AFlippedBitStays) {
  FaultFileSystem files;
  SeededRandom random(TestSeed());
  ASSERT_TRUE(Written(files, "a", "aa")->Sync().ok());
  ASSERT_TRUE(files.SyncFolder(".").ok());
  ASSERT_TRUE(files.FlipBit("a", 1, 1).ok());
  EXPECT_EQ(*files.Read("a"), "ac");
  files.PowerCut(random);
  EXPECT_EQ(*files.Read("a"), "ac");
  EXPECT_FALSE(files.FlipBit("a", 2).ok());
  EXPECT_FALSE(files.FlipBit("b", 0).ok());
}

TEST(FaultFileSystemTest, RenamesStayInOneFolder) {
  FaultFileSystem files;
  ASSERT_TRUE(files.CreateFolders("d").ok());
  Written(files, "a", "1");
  EXPECT_EQ(files.Rename("a", "d/a").error().code(), ErrorCode::kInternal);
}

}  // namespace
}  // namespace securebase
