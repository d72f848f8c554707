#include "events/internal/segment.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstring>

#include "base/random.h"
#include "base/testing/seed.h"
#include "base/text.h"
#include "events/internal/segment_cache.h"
#include "events/internal/segment_format.h"

namespace securebase::events {
namespace {

using query::Type;
using ::testing::HasSubstr;

class BytesFile final : public MappedFile {
 public:
  explicit BytesFile(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string_view bytes() const override { return bytes_; }

 private:
  const std::string bytes_;
};

const SegmentOwner kOwner = {"123456789012", "us-east-1", "cust-1", "cost"};

Result<std::shared_ptr<const Segment>> Open(std::string bytes) {
  return Segment::Open(std::make_unique<BytesFile>(std::move(bytes)), "test.seg");
}

std::vector<SegmentColumn> SomeColumns(std::size_t rows, Random& random) {
  static const std::vector<std::string> texts = [] {
    std::vector<std::string> all = {""};
    for (int i = 100; i < 200; ++i) all.push_back("resource-type/instance-" + std::to_string(i));
    return all;
  }();
  SegmentColumn time{.name = "time", .type = Type::kTime};
  SegmentColumn text{.name = "text", .type = Type::kString};
  SegmentColumn same{.name = "same", .type = Type::kString, .dictionary = {"only"}};
  SegmentColumn cost{.name = "cost", .type = Type::kDouble};
  SegmentColumn count{.name = "count", .type = Type::kInt64};
  SegmentColumn flag{.name = "flag", .type = Type::kBool};
  text.dictionary.assign(texts.begin(), texts.end());
  std::int64_t now = 1'700'000'000'000;
  for (std::size_t i = 0; i < rows; ++i) {
    time.ints.push_back(now += random.Below(3) * 1000);
    text.codes.push_back(static_cast<std::uint32_t>(random.Below(texts.size())));
    text.valid.push_back(random.Below(4) == 0 ? 0 : 1);
    same.codes.push_back(0);
    cost.doubles.push_back(static_cast<double>(random.Below(1'000'000)) / 1e4);
    count.ints.push_back(static_cast<std::int64_t>(random.Below(1000)) - 500);
    // All of a chunk absent, then some.
    count.valid.push_back(i < kChunkRows || random.Below(2) == 0 ? 0 : 1);
    flag.ints.push_back(static_cast<std::int64_t>(random.Below(2)));
  }
  std::vector<SegmentColumn> columns = {time, text, same, cost, flag};
  if (rows > kChunkRows) columns.push_back(count);
  return columns;
}

// All values of a segment as text, or the first error.
Result<std::string> Dump(const Segment& segment) {
  std::string out = segment.owner().customer + ";";
  for (std::size_t column = 0; column < segment.column_count(); ++column) {
    out += segment.ColumnName(column) + ":";
    for (std::size_t chunk = 0; chunk < segment.chunk_count(); ++chunk) {
      query::Column values;
      SB_TRY_OK(segment.Read(column, chunk, 0, segment.RowsOfChunk(chunk), values));
      for (std::size_t row = 0; row < values.size(); ++row) {
        if (!values.IsValid(row)) {
          out += "-,";
        } else if (values.type == Type::kString) {
          out += std::string(values.StringAt(row)) + ",";
        } else if (values.type == Type::kDouble) {
          out += std::to_string(values.doubles[row]) + ",";
        } else {
          out += std::to_string(values.ints[row]) + ",";
        }
      }
      SB_TRY(const query::Zone zone, segment.ZoneOf(column, chunk));
      out += std::to_string(zone.int_min) + ".." + std::to_string(zone.int_max) + "," +
             std::to_string(zone.absent) + ";";
    }
  }
  return out;
}

TEST(SegmentTest, ReadsBackWhatWasWritten) {
  SeededRandom random(TestSeed());
  for (const std::size_t rows :
       {std::size_t{1}, std::size_t{100}, kChunkRows, 3 * kChunkRows - 7}) {
    const std::vector<SegmentColumn> columns = SomeColumns(rows, random);
    const auto segment = Open(BuildSegment(kOwner, rows, columns));
    ASSERT_TRUE(segment.ok()) << segment.error().message();
    const Segment& s = **segment;
    EXPECT_EQ(s.owner(), kOwner);
    EXPECT_EQ(s.rows(), rows);
    ASSERT_EQ(s.column_count(), columns.size());
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const SegmentColumn& want = columns[c];
      ASSERT_EQ(s.FindColumn(want.name), c);
      EXPECT_EQ(s.ColumnType(c), want.type);
      for (std::size_t row = 0; row < rows; ++row) {
        // One row at a time from somewhere in the chunk: every offset of the packed bits.
        if (row > 50 && random.Below(10) != 0) continue;
        query::Column got;
        ASSERT_TRUE(s.Read(c, row / kChunkRows, row % kChunkRows, 1, got).ok());
        const bool valid = want.valid.empty() || want.valid[row] != 0;
        ASSERT_EQ(got.IsValid(0), valid);
        if (!valid) continue;
        if (want.type == Type::kString) {
          ASSERT_EQ(got.StringAt(0), want.dictionary[want.codes[row]]);
        } else if (want.type == Type::kDouble) {
          ASSERT_EQ(got.doubles[0], want.doubles[row]);
        } else {
          ASSERT_EQ(got.ints[0], want.ints[row]);
        }
      }
    }
    EXPECT_EQ(s.FindColumn("nosuch"), Segment::kNoColumn);
  }
}

TEST(SegmentTest, ZonesHoldTheExtremesOfEachChunk) {
  SegmentColumn time{.name = "time", .type = Type::kTime, .ints = {5, 6, 9}};
  SegmentColumn text{.name = "text",
                     .type = Type::kString,
                     .codes = {1, 0, 1},
                     .valid = {1, 0, 1},
                     .dictionary = {"a", "b"}};
  SegmentColumn cost{.name = "cost", .type = Type::kDouble, .doubles = {0.5, -1.25, 3}};
  SegmentColumn raw{.name = "raw", .type = Type::kDouble, .doubles = {1.0 / 3, 2.0 / 3, 1e200}};
  const auto segment = Open(BuildSegment(kOwner, 3, std::vector{time, text, cost, raw}));
  ASSERT_TRUE(segment.ok());
  const auto zone = [&](std::size_t column) { return *(*segment)->ZoneOf(column, 0); };
  EXPECT_EQ(zone(0).int_min, 5);
  EXPECT_EQ(zone(0).int_max, 9);
  EXPECT_EQ(zone(1).string_min, "b");
  EXPECT_EQ(zone(1).string_max, "b");
  EXPECT_EQ(zone(1).absent, 1u);
  EXPECT_EQ(zone(1).rows, 3u);
  EXPECT_EQ(zone(2).double_min, -1.25);
  EXPECT_EQ(zone(2).double_max, 3);
  EXPECT_EQ(zone(3).double_min, 1.0 / 3);
  EXPECT_EQ(zone(3).double_max, 1e200);
}

TEST(SegmentTest, AnyFlippedBitIsAnErrorOrChangesNothing) {
  SeededRandom random(TestSeed());
  const std::string good = BuildSegment(kOwner, 60, SomeColumns(60, random));
  const std::string expected = *Dump(**Open(good));
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const int bit : {0, 3, 7}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
      const auto segment = Open(bad);
      const auto dump = segment.ok() ? Dump(**segment) : Result<std::string>(segment.error());
      if (dump.ok()) {
        ADD_FAILURE() << "nobody noticed byte " << at << " of " << good.size();
        continue;
      }
      EXPECT_EQ(dump.error().code(), ErrorCode::kInternal);
      EXPECT_THAT(dump.error().message(), HasSubstr("test.seg: damaged at byte "));
    }
  }
}

TEST(SegmentTest, ACutFileIsAnError) {
  SeededRandom random(TestSeed());
  const std::string good = BuildSegment(kOwner, 20, SomeColumns(20, random));
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(Open(good.substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(Open(good + "x").ok());
}

// A footer that is wrong although its checksum is right must not lead a reader astray either.
TEST(SegmentTest, AFooterOfWrongContentIsRefusedOrHarmless) {
  SeededRandom random(TestSeed());
  const std::string good = BuildSegment(kOwner, 40, SomeColumns(40, random));
  std::uint64_t footer_size = 0;
  std::memcpy(&footer_size, good.data() + good.size() - kSegmentTailSize, 8);
  const std::size_t footer = good.size() - kSegmentTailSize - footer_size;
  for (std::size_t at = footer; at < footer + footer_size; ++at) {
    for (const unsigned char byte : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
      std::string bad = good;
      bad[at] = static_cast<char>(byte);
      const std::uint64_t checksum = Checksum(std::string_view(bad).substr(footer, footer_size));
      std::memcpy(bad.data() + bad.size() - 16, &checksum, 8);
      const auto segment = Open(bad);
      if (segment.ok()) static_cast<void>(Dump(**segment).ok());
    }
  }
}

// Files that are out there must stay readable: the bytes of the formats page do not change.
TEST(SegmentTest, WritesTheExampleOfTheFormatsPage) {
  const SegmentColumn time{.name = "time", .type = Type::kTime, .ints = {1000, 3000}};
  const SegmentColumn service{.name = "service",
                              .type = Type::kString,
                              .codes = {0, 0},
                              .valid = {1, 0},
                              .dictionary = {"S3"}};
  const std::string bytes = BuildSegment({"1", "r", "c", "cost"}, 2, std::vector{time, service});
  std::string dump;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    dump += HexEncode(bytes.substr(i, 1));
    dump += i % 16 == 15 || i + 1 == bytes.size() ? '\n' : ' ';
  }
  const auto page = PosixFileSystem().Read(SB_SOURCE_DIR "/docs/formats/segment.md");
  ASSERT_TRUE(page.ok());
  EXPECT_THAT(*page, HasSubstr("```\n" + dump + "```"));
}

TEST(SegmentTest, ADictionaryIsReadOnce) {
  SeededRandom random(TestSeed());
  const auto segment = Open(BuildSegment(kOwner, 50, SomeColumns(50, random)));
  ASSERT_TRUE(segment.ok());
  const auto first = (*segment)->DictionaryOf(1);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(*first, *(*segment)->DictionaryOf(1));
  EXPECT_TRUE((*first)->sorted);
  EXPECT_TRUE(std::is_sorted((*first)->values.begin(), (*first)->values.end()));
}

TEST(SegmentCacheTest, KeepsWhatWasUsedLastWithinItsMemory) {
  SeededRandom random(TestSeed());
  const std::string bytes = BuildSegment(kOwner, 50, SomeColumns(50, random));
  const auto open = [&] { return *Open(bytes); };
  SegmentCache cache(3 * open()->memory_bytes());
  for (std::uint64_t file = 1; file <= 3; ++file) cache.Insert(file, open());
  EXPECT_EQ(cache.size(), 3u);
  EXPECT_NE(cache.Find(1), nullptr);
  cache.Insert(4, open());
  EXPECT_EQ(cache.Find(2), nullptr);  // used longest ago
  const auto first = cache.Find(1);
  ASSERT_NE(first, nullptr);
  cache.Insert(1, open());  // there already
  EXPECT_EQ(cache.Find(1), first);
  // A dictionary that is read later counts too.
  ASSERT_TRUE(first->DictionaryOf(1).ok());
  EXPECT_EQ(cache.Find(1), first);
  EXPECT_LT(cache.size(), 3u);
  cache.Erase(1);
  cache.Erase(1);
  EXPECT_EQ(cache.Find(1), nullptr);
}

}  // namespace
}  // namespace securebase::events
