// What is promised: records come back in order and whole; a torn end is cut, damage elsewhere is
// reported with file and offset; what an earlier life of a file left is never read; a full disk
// refuses writes until there is room, a failed sync for good.
#include "storage/journal.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/random.h"
#include "base/testing/fault_file_system.h"

namespace securebase::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint64_t kFileBytes = 4096;
constexpr const char* kFolder = "/data/journal";

std::unique_ptr<Journal> OpenOrDie(FileSystem& files, std::uint64_t file_bytes = kFileBytes) {
  auto journal = Journal::Open(kFolder, file_bytes, files);
  EXPECT_TRUE(journal.ok()) << (journal.ok() ? "" : journal.error().message());
  return journal.ok() ? *std::move(journal) : nullptr;
}

/// Appends all, in as many writes as it takes.
Result<> Append(Journal& journal, const std::vector<std::string>& records) {
  std::vector<std::string_view> views(records.begin(), records.end());
  std::span<const std::string_view> rest = views;
  while (!rest.empty()) {
    SB_TRY(std::size_t count, journal.Append(rest));
    rest = rest.subspan(count);
  }
  return {};
}

Result<std::vector<std::string>> ReadAll(Journal& journal, Sequence after = 0) {
  std::vector<std::string> records;
  Sequence expected = after + 1;
  SB_TRY_OK(journal.Replay(after, [&](Sequence sequence, std::string_view record) -> Result<> {
    EXPECT_EQ(sequence, expected++);
    records.emplace_back(record);
    return {};
  }));
  return records;
}

std::vector<std::string> ReadAllOrDie(Journal& journal, Sequence after = 0) {
  auto records = ReadAll(journal, after);
  EXPECT_TRUE(records.ok()) << (records.ok() ? "" : records.error().message());
  return records.ok() ? *records : std::vector<std::string>();
}

std::string Path(int number) { return fmt::format("{}/{:010}.jnl", kFolder, number); }

TEST(JournalTest, RecordsComeBackInOrder) {
  FaultFileSystem files;
  {
    auto journal = OpenOrDie(files);
    EXPECT_EQ(journal->last_sequence(), 0u);
    ASSERT_TRUE(Append(*journal, {"one", "two"}).ok());
    ASSERT_TRUE(Append(*journal, {"three"}).ok());
    EXPECT_EQ(journal->last_sequence(), 3u);
  }

  auto journal = OpenOrDie(files);

  EXPECT_EQ(journal->last_sequence(), 3u);
  EXPECT_THAT(ReadAllOrDie(*journal), ElementsAre("one", "two", "three"));
  EXPECT_THAT(ReadAllOrDie(*journal, 2), ElementsAre("three"));
  EXPECT_THAT(ReadAllOrDie(*journal, 3), IsEmpty());
}

TEST(JournalTest, OneSyncCarriesManyRecords) {
  FaultFileSystem files;
  auto journal = OpenOrDie(files);
  std::uint64_t before = journal->syncs();
  std::vector<std::string_view> records(20, "record");

  auto appended = journal->Append(records);

  ASSERT_TRUE(appended.ok());
  EXPECT_EQ(*appended, 20u);
  EXPECT_EQ(journal->syncs(), before + 1);
}

TEST(JournalTest, GoesOnInTheNextFileWhenOneIsFull) {
  FaultFileSystem files;
  std::vector<std::string> records;
  for (int i = 0; i < 40; ++i) records.push_back(std::string(500, static_cast<char>('a' + i % 26)));
  {
    auto journal = OpenOrDie(files);
    ASSERT_TRUE(Append(*journal, records).ok());
  }
  EXPECT_TRUE(files.Exists(Path(3)));

  auto journal = OpenOrDie(files);

  EXPECT_EQ(ReadAllOrDie(*journal), records);
}

TEST(JournalTest, CutRemovesOnlyWholeFilesAndRecyclesOne) {
  FaultFileSystem files;
  auto journal = OpenOrDie(files);
  std::vector<std::string> records(40, std::string(500, 'x'));
  ASSERT_TRUE(Append(*journal, records).ok());
  ASSERT_TRUE(files.Exists(Path(5)));

  ASSERT_TRUE(journal->Cut(20).ok());

  EXPECT_FALSE(files.Exists(Path(1)));
  EXPECT_TRUE(files.Exists(std::string(kFolder) + "/spare.jnl"));
  EXPECT_EQ(ReadAllOrDie(*journal, 20).size(), 20u);
  auto gone = ReadAll(*journal, 0);
  ASSERT_FALSE(gone.ok());
  EXPECT_THAT(gone.error().message(), HasSubstr("are missing"));
}

TEST(JournalTest, NeverReadsWhatARecycledFileHeldBefore) {
  FaultFileSystem files;
  {
    auto journal = OpenOrDie(files);
    for (int round = 0; round < 20; ++round) {
      ASSERT_TRUE(Append(*journal, {std::string(900, 'o')}).ok());
      ASSERT_TRUE(journal->Cut(journal->last_sequence()).ok());
    }
    ASSERT_FALSE(journal->wants_spare());
  }
  Sequence last = 0;
  {
    auto journal = OpenOrDie(files);
    last = journal->last_sequence();
    ASSERT_EQ(last, 20u);
    ASSERT_TRUE(Append(*journal, {std::string(900, 'n')}).ok());
  }

  auto journal = OpenOrDie(files);

  EXPECT_EQ(journal->last_sequence(), last + 1);
  EXPECT_THAT(ReadAllOrDie(*journal, last), ElementsAre(std::string(900, 'n')));
}

TEST(JournalTest, CutsABrokenLastRecord) {
  FaultFileSystem files;
  {
    auto journal = OpenOrDie(files);
    ASSERT_TRUE(Append(*journal, {"one"}).ok());
    ASSERT_TRUE(Append(*journal, {"two"}).ok());
  }
  std::uint64_t second = kFileHeaderBytes + FrameBytes(3);
  ASSERT_TRUE(files.FlipBit(Path(1), second + kFrameHeaderBytes).ok());

  auto journal = OpenOrDie(files);

  EXPECT_THAT(ReadAllOrDie(*journal), ElementsAre("one"));
  ASSERT_TRUE(Append(*journal, {"again"}).ok());
  EXPECT_EQ(journal->last_sequence(), 2u);
  EXPECT_THAT(ReadAllOrDie(*journal), ElementsAre("one", "again"));
}

TEST(JournalTest, ReportsDamageBeforeADurableRecordWithFileAndOffset) {
  std::uint64_t second = kFileHeaderBytes + FrameBytes(3);
  for (std::uint64_t byte = 0; byte < kFrameHeaderBytes + 3; ++byte) {
    FaultFileSystem files;
    {
      auto journal = OpenOrDie(files);
      for (const char* record : {"one", "two", "six"}) {
        ASSERT_TRUE(Append(*journal, {record}).ok());
      }
    }
    ASSERT_TRUE(files.FlipBit(Path(1), second + byte, static_cast<int>(byte % 8)).ok());

    auto journal = Journal::Open(kFolder, kFileBytes, files);

    ASSERT_FALSE(journal.ok()) << "byte " << byte;
    EXPECT_EQ(journal.error().code(), ErrorCode::kInternal);
    EXPECT_THAT(journal.error().message(), HasSubstr(Path(1)));
    EXPECT_THAT(journal.error().message(), HasSubstr(fmt::format("offset {}", second)));
  }
}

TEST(JournalTest, ReportsDamageInAnOlderFile) {
  FaultFileSystem files;
  {
    auto journal = OpenOrDie(files);
    ASSERT_TRUE(Append(*journal, std::vector<std::string>(12, std::string(900, 'x'))).ok());
  }
  ASSERT_TRUE(files.FlipBit(Path(1), kFileHeaderBytes + 100).ok());
  auto journal = OpenOrDie(files);

  auto records = ReadAll(*journal);

  ASSERT_FALSE(records.ok());
  EXPECT_THAT(records.error().message(), HasSubstr(Path(1) + ": damaged at offset 32"));
}

TEST(JournalTest, ReportsDamageInTheHeader) {
  for (std::uint64_t byte = 0; byte < kFileHeaderBytes; ++byte) {
    FaultFileSystem files;
    OpenOrDie(files);
    ASSERT_TRUE(files.FlipBit(Path(1), byte).ok());

    auto journal = Journal::Open(kFolder, kFileBytes, files);

    ASSERT_FALSE(journal.ok()) << "byte " << byte;
    EXPECT_THAT(journal.error().message(), HasSubstr(Path(1)));
  }
}

TEST(JournalTest, RefusesAFileUnderAnotherFilesName) {
  FaultFileSystem files;
  OpenOrDie(files);
  ASSERT_TRUE(files.Rename(Path(1), Path(2)).ok());

  auto journal = Journal::Open(kFolder, kFileBytes, files);

  ASSERT_FALSE(journal.ok());
  EXPECT_THAT(journal.error().message(), HasSubstr("the header says file 1"));
}

TEST(JournalTest, RefusesATruncatedFileAndAnUnknownVersion) {
  EXPECT_THAT(DecodeFileHeader("SBJL").error().message(), HasSubstr("too few"));

  std::string header = EncodeFileHeader({.number = 1, .first_sequence = 1});
  header[4] = 9;
  std::uint64_t checksum = Checksum(std::string_view(header).substr(0, 24));
  header.replace(24, 8, reinterpret_cast<const char*>(&checksum), 8);

  EXPECT_THAT(DecodeFileHeader(header).error().message(), HasSubstr("version 9 is unknown"));
}

TEST(JournalTest, IgnoresFilesThatACutLeftBehindAndRemovesThemLater) {
  FaultFileSystem files;
  std::string oldest;
  {
    auto journal = OpenOrDie(files);
    ASSERT_TRUE(Append(*journal, std::vector<std::string>(40, std::string(500, 'x'))).ok());
    oldest = *files.Read(Path(1));
    ASSERT_TRUE(journal->Cut(20).ok());
  }
  auto restored = files.Create(Path(1));
  ASSERT_TRUE(restored.ok() && (*restored)->Write(0, oldest).ok());

  auto journal = OpenOrDie(files);

  EXPECT_EQ(ReadAllOrDie(*journal, 20).size(), 20u);
  ASSERT_TRUE(journal->Cut(20).ok());
  EXPECT_FALSE(files.Exists(Path(1)));
}

TEST(JournalTest, ReportsRecordsThatTheCatalogueHasAndTheJournalLacks) {
  FaultFileSystem files;
  auto journal = OpenOrDie(files);
  ASSERT_TRUE(Append(*journal, {"one"}).ok());

  auto records = ReadAll(*journal, 7);

  ASSERT_FALSE(records.ok());
  EXPECT_THAT(records.error().message(), HasSubstr("records 2 to 7 are missing"));
}

TEST(JournalTest, WritesIntoAReservedFileOfAFullDiskAndRefusesTheNext) {
  FaultFileSystem files;
  auto journal = OpenOrDie(files);
  files.SetDiskFull(true);
  std::vector<std::string> fitting(3, std::string(900, 'f'));
  ASSERT_TRUE(Append(*journal, fitting).ok());

  auto refused = Append(*journal, {std::string(2000, 'r')});

  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kUnavailable);
  EXPECT_FALSE(journal->PrepareSpare().ok());
  files.SetDiskFull(false);
  ASSERT_TRUE(Append(*journal, {std::string(2000, 'a')}).ok());
  EXPECT_EQ(ReadAllOrDie(*journal).size(), 4u);
}

TEST(JournalTest, AFailedSyncRefusesAllLaterWrites) {
  FaultFileSystem files;
  auto journal = OpenOrDie(files);
  files.SetSyncFails(true);
  auto failed = Append(*journal, {"lost"});
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code(), ErrorCode::kUnavailable);
  files.SetSyncFails(false);

  auto refused = Append(*journal, {"late"});

  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(refused.error().message(), HasSubstr("restarted"));
}

TEST(JournalTest, ReplacesASpareOfAnotherSize) {
  FaultFileSystem files;
  {
    auto journal = OpenOrDie(files);
    ASSERT_TRUE(journal->PrepareSpare().ok());
  }
  auto journal = OpenOrDie(files, 2 * kFileBytes);
  EXPECT_TRUE(journal->wants_spare());
  ASSERT_TRUE(journal->PrepareSpare().ok());
  EXPECT_EQ(*files.Size(std::string(kFolder) + "/spare.jnl"), 2 * kFileBytes);
}

TEST(JournalTest, AVisitorsErrorNamesTheFile) {
  FaultFileSystem files;
  auto journal = OpenOrDie(files);
  ASSERT_TRUE(Append(*journal, {"one"}).ok());

  auto done = journal->Replay(
      0, [](Sequence, std::string_view) -> Result<> { return Internal("not mine"); });

  ASSERT_FALSE(done.ok());
  EXPECT_THAT(done.error().message(), HasSubstr(Path(1) + ": not mine"));
}

// A torn batch whose second record reached the disk but not its first: the second must not
// follow a new first one of the same length.
TEST(JournalTest, WipesTheSoundRecordsOfATornBatch) {
  FaultFileSystem files;
  {
    auto journal = OpenOrDie(files);
    ASSERT_TRUE(Append(*journal, {"torn", "left"}).ok());
  }
  ASSERT_TRUE(files.FlipBit(Path(1), kFileHeaderBytes + kFrameHeaderBytes).ok());
  {
    auto journal = OpenOrDie(files);
    EXPECT_EQ(journal->last_sequence(), 0u);
    ASSERT_TRUE(Append(*journal, {"good"}).ok());
  }

  auto journal = OpenOrDie(files);

  EXPECT_THAT(ReadAllOrDie(*journal), ElementsAre("good"));
}

/// Appends with growing numbers, cuts now and then, and says what was acknowledged.
struct Workload {
  Sequence acknowledged = 0;
  Sequence cut = 0;

  static std::string RecordOf(Sequence sequence) {
    return fmt::format("record {} {}", sequence, std::string(sequence * 37 % 700, 'z'));
  }

  void Run(FileSystem& files) {
    auto opened = Journal::Open(kFolder, kFileBytes, files);
    if (!opened.ok()) return;
    Journal& journal = **opened;
    Sequence next = journal.last_sequence() + 1;
    for (int batch = 0; batch < 12; ++batch) {
      std::vector<std::string> records;
      for (int i = 0; i < 1 + batch % 3; ++i) records.push_back(RecordOf(next + i));
      if (batch % 4 == 2 && !journal.PrepareSpare().ok()) return;
      if (!Append(journal, records).ok()) return;
      next += records.size();
      acknowledged = next - 1;
      if (batch % 5 == 4) {
        cut = acknowledged - 2;
        if (!journal.Cut(cut).ok()) return;
      }
    }
  }
};

// The power goes at every change in turn: what was acknowledged is there, in order, once.
TEST(JournalTest, KeepsWhatWasAcknowledgedThroughAPowerCutAtEveryChange) {
  std::uint64_t changes = 0;
  {
    FaultFileSystem files;
    Workload().Run(files);
    Workload().Run(files);
    changes = files.changes();
  }
  ASSERT_GT(changes, 50u);
  for (std::uint64_t k = 1; k <= changes; ++k) {
    SCOPED_TRACE(fmt::format("cut at change {}", k));
    FaultFileSystem files;
    SeededRandom random(k);
    files.CutAtChange(k);
    Workload first;
    first.Run(files);
    Workload second = first;
    second.Run(files);
    files.PowerCut(random);

    auto journal = Journal::Open(kFolder, kFileBytes, files);

    ASSERT_TRUE(journal.ok()) << journal.error().message();
    ASSERT_GE((*journal)->last_sequence(), second.acknowledged);
    auto records = ReadAll(**journal, second.cut);
    ASSERT_TRUE(records.ok()) << records.error().message();
    for (std::size_t i = 0; i < records->size(); ++i) {
      ASSERT_EQ((*records)[i], Workload::RecordOf(second.cut + 1 + i));
    }
    ASSERT_TRUE(Append(**journal, {"after the cut"}).ok());
  }
}

}  // namespace
}  // namespace securebase::storage
