// What is promised: one behaviour of every FileSystem, shown on the disk and on the files in
// memory that other tests rely on; and what only the real one has: locks between processes.
#include "base/file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/testing/fault_file_system.h"
#include "base/testing/temp_folder.h"

namespace securebase {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

template <class T>
ErrorCode CodeOf(const Result<T>& result) {
  EXPECT_FALSE(result.ok());
  return result.ok() ? ErrorCode::kCancelled : result.error().code();
}

class FileSystemTest : public testing::TestWithParam<bool> {
 protected:
  FileSystemTest() : files_(GetParam() ? PosixFileSystem() : memory_) {
    EXPECT_TRUE(files_.CreateFolders(folder_).ok());
  }
  std::string At(const std::string& name) const { return folder_ + "/" + name; }
  std::unique_ptr<WritableFile> NewFile(const std::string& name) {
    return *std::move(files_.Create(At(name)));
  }

  TempFolder temporary_;
  FaultFileSystem memory_;
  FileSystem& files_;
  const std::string folder_ = temporary_ / "store/journal";
};

TEST_P(FileSystemTest, ReadsWhatWasWrittenInAnyOrder) {
  const auto file = NewFile("a");
  ASSERT_TRUE(file->Write(0, "hello").ok());
  ASSERT_TRUE(file->Write(7, "far").ok());
  ASSERT_TRUE(file->Write(1, "E").ok());
  ASSERT_TRUE(file->Sync().ok());
  ASSERT_TRUE(file->Close().ok());

  const std::string expected("hEllo\0\0far", 10);
  EXPECT_EQ(*files_.Read(At("a")), expected);
  EXPECT_EQ((*files_.Map(At("a")))->bytes(), expected);
  EXPECT_EQ(*files_.Size(At("a")), 10u);
}

TEST_P(FileSystemTest, EmptyFilesAreFiles) {
  NewFile("a");
  EXPECT_EQ(*files_.Read(At("a")), "");
  EXPECT_EQ((*files_.Map(At("a")))->bytes(), "");
  EXPECT_TRUE(files_.Exists(At("a")));
}

TEST_P(FileSystemTest, CreateReplacesAndOpenKeeps) {
  ASSERT_TRUE(NewFile("a")->Write(0, "old text").ok());
  ASSERT_TRUE((*files_.OpenForWrite(At("a")))->Write(0, "new").ok());
  EXPECT_EQ(*files_.Read(At("a")), "new text");
  NewFile("a");
  EXPECT_EQ(*files_.Read(At("a")), "");
}

TEST_P(FileSystemTest, AllocateZeroesTheRestAndKeepsTheContent) {
  const auto file = NewFile("a");
  ASSERT_TRUE(file->Write(0, "text").ok());
  ASSERT_TRUE(file->Allocate(3'000'000).ok());
  EXPECT_EQ(*files_.Read(At("a")), "text" + std::string(2'999'996, '\0'));
  ASSERT_TRUE(file->Allocate(10).ok());
  EXPECT_EQ(*files_.Size(At("a")), 3'000'000u) << "never shorter";
}

TEST_P(FileSystemTest, MapOutlivesTheName) {
  ASSERT_TRUE(NewFile("a")->Write(0, "text").ok());
  const auto map = *files_.Map(At("a"));
  ASSERT_TRUE(files_.Remove(At("a")).ok());
  EXPECT_EQ(map->bytes(), "text");
}

TEST_P(FileSystemTest, RenameReplacesAndListIsSorted) {
  ASSERT_TRUE(NewFile("c")->Write(0, "new").ok());
  NewFile("b");
  ASSERT_TRUE(files_.CreateFolders(At("a/deep")).ok());
  EXPECT_THAT(*files_.List(folder_), ElementsAre("a", "b", "c"));

  ASSERT_TRUE(files_.Rename(At("c"), At("b")).ok());
  EXPECT_THAT(*files_.List(folder_), ElementsAre("a", "b"));
  EXPECT_EQ(*files_.Read(At("b")), "new");
  EXPECT_TRUE(files_.SyncFolder(folder_).ok());
}

TEST_P(FileSystemTest, RemovesFilesAndEmptyFolders) {
  ASSERT_TRUE(files_.CreateFolders(At("d")).ok());
  NewFile("d/x");
  EXPECT_EQ(CodeOf(files_.Remove(At("d"))), ErrorCode::kInternal);
  ASSERT_TRUE(files_.Remove(At("d/x")).ok());
  ASSERT_TRUE(files_.Remove(At("d")).ok());
  EXPECT_FALSE(files_.Exists(At("d")));
  EXPECT_THAT(*files_.List(folder_), IsEmpty());
}

TEST_P(FileSystemTest, WhatIsMissingIsNotFoundAndNamed) {
  const std::string path = At("none");
  EXPECT_EQ(CodeOf(files_.Read(path)), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(files_.Map(path)), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(files_.OpenForWrite(path)), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(files_.Size(path)), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(files_.List(path)), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(files_.Remove(path)), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(files_.Rename(path, At("other"))), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(files_.SyncFolder(path)), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(files_.Lock(path)), ErrorCode::kNotFound);
  EXPECT_EQ(CodeOf(files_.Create(At("none/x"))), ErrorCode::kNotFound);
  EXPECT_FALSE(files_.Exists(path));
  EXPECT_THAT(files_.Read(path).error().message(), HasSubstr("cannot read " + path));
}

TEST_P(FileSystemTest, FilesAndFoldersAreNotMixedUp) {
  NewFile("a");
  EXPECT_FALSE(files_.CreateFolders(At("a/b")).ok());
  EXPECT_FALSE(files_.CreateFolders(At("a")).ok());
  EXPECT_EQ(CodeOf(files_.Create(folder_)), ErrorCode::kInternal);
}

TEST_P(FileSystemTest, OneHolderPerLock) {
  auto held = files_.Lock(folder_);
  ASSERT_TRUE(held.ok());
  const auto second = files_.Lock(folder_);
  ASSERT_EQ(CodeOf(second), ErrorCode::kConflict);
  EXPECT_THAT(second.error().message(), HasSubstr(folder_ + " is in use by "));
  EXPECT_THAT(*files_.List(folder_), ElementsAre("LOCK"));
  held->reset();
  EXPECT_TRUE(files_.Lock(folder_).ok());
}

TEST_P(FileSystemTest, WriteFileAtomicallyReplacesAndLeavesNothingElse) {
  ASSERT_TRUE(WriteFileAtomically(files_, At("a"), "one").ok());
  ASSERT_TRUE(WriteFileAtomically(files_, At("a"), "two").ok());
  EXPECT_EQ(*files_.Read(At("a")), "two");
  EXPECT_THAT(*files_.List(folder_), ElementsAre("a"));
  EXPECT_EQ(CodeOf(WriteFileAtomically(files_, At("none/a"), "x")), ErrorCode::kNotFound);
}

INSTANTIATE_TEST_SUITE_P(Kinds, FileSystemTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "Posix" : "Memory"; });

TEST(PosixFileSystemTest, TheConflictNamesTheProcess) {
  const TempFolder folder;
  const auto held = PosixFileSystem().Lock(folder.path());
  ASSERT_TRUE(held.ok());
  EXPECT_THAT(PosixFileSystem().Lock(folder.path()).error().message(),
              HasSubstr("process " + std::to_string(getpid())));

  std::ofstream(folder / "LOCK") << "?";
  EXPECT_THAT(PosixFileSystem().Lock(folder.path()).error().message(),
              HasSubstr("another process"));
}

TEST(PosixFileSystemTest, AFullDiskIsUnavailable) {
  auto file = PosixFileSystem().OpenForWrite("/dev/full");
  ASSERT_TRUE(file.ok());
  const Result<> written = (*file)->Write(0, "x");
  ASSERT_EQ(CodeOf(written), ErrorCode::kUnavailable);
  EXPECT_EQ(written.error().message(), "cannot write /dev/full: no space left on device");
}

TEST(PosixFileSystemTest, ReportsWhatADeviceCannotDo) {
  auto file = PosixFileSystem().OpenForWrite("/dev/full");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(CodeOf((*file)->Sync()), ErrorCode::kInternal);
  EXPECT_FALSE((*file)->Allocate(10).ok());
  EXPECT_TRUE((*file)->Close().ok());
  EXPECT_EQ(CodeOf((*file)->Close()), ErrorCode::kInternal) << "closed already";
}

TEST(PosixFileSystemTest, ReadsFilesThatDoNotKnowTheirSize) {
  EXPECT_THAT(*PosixFileSystem().Read("/proc/self/status"), HasSubstr("Pid:"));
  EXPECT_EQ(CodeOf(PosixFileSystem().Read("/proc/self")), ErrorCode::kInternal);
  EXPECT_EQ(CodeOf(PosixFileSystem().Map("/proc/self")), ErrorCode::kInternal);
}

TEST(PosixFileSystemTest, NewFilesAreTheOwnersOnly) {
  const TempFolder folder;
  ASSERT_TRUE(PosixFileSystem().CreateFolders(folder / "a/b").ok());
  ASSERT_TRUE(PosixFileSystem().Create(folder / "a/b/c").ok());
  using std::filesystem::perms;
  constexpr perms kOthers = perms::group_all | perms::others_all;
  for (const auto* name : {"a", "a/b", "a/b/c"}) {
    EXPECT_EQ(std::filesystem::status(folder / name).permissions() & kOthers, perms::none) << name;
  }
}

TEST(WriteFileAtomicallyTest, IsThereWholeOrNotAtAllAfterACutAtAnyChange) {
  std::uint64_t changes = 0;
  {
    FaultFileSystem files;
    ASSERT_TRUE(WriteFileAtomically(files, "state", "before").ok());
    changes = files.changes();
    ASSERT_TRUE(WriteFileAtomically(files, "state", "after").ok());
    changes = files.changes() - changes;
  }
  for (std::uint64_t k = 1; k <= changes + 1; ++k) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      FaultFileSystem files;
      SeededRandom random(seed);
      ASSERT_TRUE(WriteFileAtomically(files, "state", "before").ok());
      files.CutAtChange(k);
      const bool done = WriteFileAtomically(files, "state", "after").ok();
      files.PowerCut(random);
      const std::string content = *files.Read("state");
      EXPECT_TRUE(content == "after" || (!done && content == "before")) << k << ": " << content;
    }
  }
}

TEST(WriteFileAtomicallyTest, AFullDiskLeavesTheOldFileAndNoRest) {
  FaultFileSystem files;
  ASSERT_TRUE(WriteFileAtomically(files, "state", "before").ok());
  files.SetSyncFails(true);
  EXPECT_EQ(CodeOf(WriteFileAtomically(files, "state", "after")), ErrorCode::kInternal);
  files.SetSyncFails(false);
  files.SetDiskFull(true);
  EXPECT_EQ(CodeOf(WriteFileAtomically(files, "state", "after")), ErrorCode::kUnavailable);
  EXPECT_EQ(*files.Read("state"), "before");
  EXPECT_THAT(*files.List("."), ElementsAre("state"));
}

}  // namespace
}  // namespace securebase
