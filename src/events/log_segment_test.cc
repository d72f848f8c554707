// Segments give back every line byte for byte, and their columns the fields that discovery finds.

#include "events/internal/log_segment.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "base/random.h"
#include "base/testing/seed.h"
#include "base/testing/temp_folder.h"
#include "base/text.h"
#include "events/discovery.h"
#include "events/internal/log_scan.h"
#include "events/internal/text_split.h"

namespace securebase::events {
namespace {

class BytesFile final : public MappedFile {
 public:
  explicit BytesFile(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string_view bytes() const override { return bytes_; }

 private:
  const std::string bytes_;
};

std::vector<LogRow> RowsOf(const std::vector<std::string>& lines) {
  std::vector<LogRow> rows;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    rows.push_back({.time_ms = static_cast<std::int64_t>(1'780'272'000'000 + i / 3),
                    .ingested_ms = 1'780'272'100'000,
                    .arrival = i,
                    .ordinal = i / 2,
                    .stream = static_cast<std::uint32_t>(i % 2),
                    .message = lines[i]});
  }
  return rows;
}

std::shared_ptr<const LogSegment> SegmentOf(const std::vector<std::string>& lines) {
  auto segment =
      LogSegment::Open(std::make_unique<BytesFile>(BuildLogSegment(7, RowsOf(lines))), "test");
  EXPECT_TRUE(segment.ok()) << segment.error().message();
  return segment.ok() ? *segment : nullptr;
}

std::vector<std::string> LinesOf(const std::shared_ptr<const LogSegment>& segment) {
  std::vector<std::string> lines;
  for (std::size_t number = 0; number < segment->chunk_count(); ++number) {
    LogChunk chunk(segment, number);
    for (std::size_t i = 0; i < chunk.rows(); ++i) {
      std::string line;
      const Result<> appended = chunk.AppendMessage(i, line);
      EXPECT_TRUE(appended.ok()) << appended.error().message();
      lines.push_back(std::move(line));
    }
  }
  return lines;
}

/// "kind text" of a value in a batch, or "-".
std::string ValueAt(const query::Column& column, std::size_t row) {
  if (!column.IsValid(row)) return "-";
  std::string text;
  switch (column.type) {
    case query::Type::kBool:
      return column.ints[row] != 0 ? "b true" : "b false";
    case query::Type::kInt64:
    case query::Type::kDouble:
      column.AppendNumberText(row, text);
      return "n " + text;
    case query::Type::kTime:
      return "t";
    case query::Type::kString:
      break;
  }
  text = column.StringAt(row);
  if (column.kinds.empty()) return "s " + text;
  return (column.kinds[row] == query::Column::Kind::kNumber ? "n "
          : column.kinds[row] == query::Column::Kind::kBool ? "b "
                                                            : "s ") +
         text;
}

std::string ValueOf(const DiscoveredField& field) {
  if (field.kind == FieldKind::kNull) return "-";
  const char* kind = field.kind == FieldKind::kNumber ? "n "
                     : field.kind == FieldKind::kBool ? "b "
                                                      : "s ";
  return kind + std::string(field.text);
}

LogSnapshot SnapshotOf() {
  LogSnapshot snapshot{.group_id = 7, .name = "g", .log = "1:g"};
  snapshot.streams =
      std::make_shared<const std::vector<std::string>>(std::vector<std::string>{"s0", "s1"});
  snapshot.start_ms = 0;
  snapshot.end_ms = std::int64_t{1} << 60;
  return snapshot;
}

/// Scans oldest first and compares with what discovery finds in each line.
void ExpectScan(LogSnapshot snapshot, const std::vector<std::string>& lines,
                const std::vector<std::string>& columns) {
  std::vector<LogSnapshot> snapshots;
  snapshots.push_back(std::move(snapshot));
  LogScanSource source(
      std::make_shared<LogPlan>(std::move(snapshots), query::Predicate(), false, 1), 0, columns);
  Discoverer discoverer;
  query::Batch batch;
  std::size_t line = 0;
  while (true) {
    const auto more = source.Next(batch);
    ASSERT_TRUE(more.ok()) << more.error().message();
    if (!*more) break;
    for (std::size_t row = 0; row < batch.rows; ++row, ++line) {
      std::map<std::string, std::string, std::less<>> expected;
      for (const DiscoveredField& field : discoverer.Discover(lines[line])) {
        expected[std::string(field.name)] = ValueOf(field);
      }
      for (std::size_t i = 0; i < columns.size(); ++i) {
        const auto it = expected.find(columns[i]);
        const std::string value = it == expected.end() ? "-" : it->second;
        ASSERT_EQ(ValueAt(batch.columns[i], row), value) << columns[i] << " of " << lines[line];
      }
    }
  }
  ASSERT_EQ(line, lines.size());
}

/// Every field of every line comes as discovery gives it, from the head and from a segment.
void ExpectFields(const std::vector<std::string>& lines) {
  const auto segment = SegmentOf(lines);
  ASSERT_NE(segment, nullptr);
  ASSERT_EQ(LinesOf(segment), lines);
  Discoverer discoverer;
  std::set<std::string> names = {"nosuch", "@type"};
  for (const std::string& line : lines) {
    for (const DiscoveredField& field : discoverer.Discover(line))
      names.insert(std::string(field.name));
  }
  const std::vector<std::string> columns(names.begin(), names.end());
  LogSnapshot head = SnapshotOf();
  HeadBatch batch;
  for (const LogRow& row : RowsOf(lines)) {
    batch.events.push_back({.time_ms = row.time_ms,
                            .ingested_ms = row.ingested_ms,
                            .offset = static_cast<std::uint32_t>(batch.bytes.size()),
                            .size = static_cast<std::uint32_t>(row.message.size())});
    batch.bytes += row.message;
  }
  batch.first_ms = batch.events.front().time_ms;
  batch.last_ms = batch.events.back().time_ms;
  head.head.push_back(std::make_shared<const HeadBatch>(std::move(batch)));
  ExpectScan(std::move(head), lines, columns);

  TempFolder folder;
  LogSnapshot file = SnapshotOf();
  ASSERT_TRUE(
      WriteFileAtomically(PosixFileSystem(), folder / "1.lsg", BuildLogSegment(7, RowsOf(lines)))
          .ok());
  file.files.push_back(std::make_shared<LogFile>(
      LogFileEntry{.file_id = 1,
                   .group_id = 7,
                   .rows = lines.size(),
                   .first_ms = RowsOf(lines).front().time_ms,
                   .last_ms = RowsOf(lines).back().time_ms},
      folder / "1.lsg", PosixFileSystem(), std::make_shared<LogFile::Shared>(1 << 20)));
  ExpectScan(std::move(file), lines, columns);
}

TEST(TextSplitTest, JoinsWhatItSplit) {
  TextSplitter splitter;
  for (const std::string text : {"",
                                 "plain words only",
                                 "42",
                                 "007",
                                 "0",
                                 "a42",
                                 "42ms",
                                 "a4b2",
                                 "1.50",
                                 "10.0.12.5",
                                 "1.5s",
                                 "0.05",
                                 "00.5",
                                 "12345678901234567890",
                                 "p042 tag_7 7_tag",
                                 "id=8f507cfc-0123-4697-b07a-ac58fc914c95 end",
                                 "8f507cfc-0123-4697-b07a-ac58fc914c95x",
                                 "at 2026-06-01T00:00:00.043Z",
                                 "2026-13-01T00:00:00.043Z",
                                 "2026-06-01 00:00:00,043",
                                 "\xc3\xa9t\xc3\xa9 12",
                                 "-5",
                                 "1.",
                                 ".5",
                                 "v1.2.3",
                                 "1e5",
                                 "999999999999999999",
                                 "0000-01-01T00:00:00.000Z",
                                 "9999-12-31T23:59:59.999Z"}) {
    ASSERT_TRUE(splitter.Split(text));
    const auto parts = PartsOf(splitter.skeleton());
    std::string joined;
    std::size_t slot = 0;
    for (const SkeletonPart& part : parts) {
      joined += part.literal;
      if (!part.has_slot) continue;
      const SlotValue& value = splitter.slots()[slot++];
      char bytes[16];
      if (value.kind == SlotKind::kWord) {
        joined += value.text;
      } else if (value.kind == SlotKind::kUuid) {
        ASSERT_TRUE(ParseUuid(value.text.data(), bytes));
        AppendUuid(joined, bytes);
      } else {
        AppendSlot(joined, part.kind, part.parameter, value.number);
      }
    }
    EXPECT_EQ(joined, text);
  }
  EXPECT_FALSE(splitter.Split("a\x11z"));
  EXPECT_FALSE(splitter.Split(std::string(5000, 'x')));
}

std::string RandomString(SeededRandom& random) {
  static const std::vector<std::string> kPieces = {
      "a",  "7",   "\\n", "\\u00e9", "\\\"", "\xc3\xa9", " ",   "-",  "hit",
      "42", "0.5", "x",   "/",       "\\\\", "true",     "1e3", "{}", ""};
  std::string out;
  for (std::uint64_t i = random.Below(5); i > 0; --i) out += kPieces[random.Below(kPieces.size())];
  return out;
}

std::string RandomValue(SeededRandom& random, int depth) {
  switch (random.Below(depth > 3 ? 7 : 10)) {
    case 0:
      return std::to_string(random.Below(1000));
    case 1:
      return fmt::format("{:.2f}", static_cast<double>(random.Below(100'000)) / 100);
    case 2:
      return random.Below(2) == 0 ? "true" : "false";
    case 3:
      return "null";
    case 4: {
      const std::vector<std::string> odd = {
          "1e3", "-0", "-0.0", "1.10", "123456789012345678901", "0.00001", "-7", "1E+2", "0.1"};
      return odd[random.Below(odd.size())];
    }
    case 5:
    case 6:
      return '"' + RandomString(random) + '"';
    case 7: {
      std::string out = "[";
      for (std::uint64_t i = random.Below(3); i > 0; --i) {
        out += RandomValue(random, depth + 1) + (i > 1 ? "," : "");
      }
      return out + "]";
    }
    default: {
      std::string out = "{";
      const std::uint64_t count = random.Below(4);
      for (std::uint64_t i = 0; i < count; ++i) {
        out += fmt::format("{}\"k{}\":{}{}", i > 0 ? "," : "", random.Below(5),
                           random.Below(4) == 0 ? " " : "", RandomValue(random, depth + 1));
      }
      return out + "}";
    }
  }
}

std::string RandomLine(SeededRandom& random) {
  switch (random.Below(8)) {
    case 0:
      return RandomString(random);
    case 1:
      return fmt::format(
          "REPORT RequestId: {}\tDuration: {}.{:02} ms\tBilled Duration: {} ms\t"
          "Memory Size: 128 MB\tMax Memory Used: {} MB\t",
          "8f507cfc-0123-4697-b07a-ac58fc914c95", random.Below(1000), random.Below(100),
          random.Below(1000), random.Below(128));
    case 2:
      return fmt::format(
          "2026-01-05T04:45:59.{:03}Z\t8f507cfc-0123-4697-b07a-ac58fc914c95\tINFO\t{}",
          random.Below(1000), RandomValue(random, 0));
    case 3:
      return fmt::format("START RequestId: {} Version: $LATEST\n", random.Hex(8));
    default: {
      std::string out = "{";
      const std::uint64_t count = random.Below(6);
      for (std::uint64_t i = 0; i < count; ++i) {
        out += fmt::format("{}\"f{}\":{}", i > 0 ? "," : "", i, RandomValue(random, 1));
      }
      out += "}";
      if (random.Below(10) == 0) out += " tail";
      return out;
    }
  }
}

TEST(LogSegmentTest, RandomLinesComeBackAndSoDoTheirFields) {
  SeededRandom random(TestSeed());
  for (const std::size_t count : {1u, 50u, 2048u, 5000u}) {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < count; ++i) lines.push_back(RandomLine(random));
    ExpectFields(lines);
  }
}

TEST(LogSegmentTest, HostileLinesComeBack) {
  std::string deep;
  for (int i = 0; i < 3000; ++i) deep += "{\"a\":[";
  std::string wide = "{";
  for (int i = 0; i < 5000; ++i) wide += fmt::format("\"k{}\":{},", i, i);
  wide.back() = '}';
  std::vector<std::string> lines = {"",
                                    deep,
                                    wide,
                                    std::string(1 << 20, 'x'),
                                    "{\"a\":\"" + std::string(1 << 20, 'y') + "\"}",
                                    "{\"a\":1,\"a\":2}",
                                    "{\"a\":\"\xff\xfe\"}",
                                    "{\"a\":1e999,\"b\":-0,\"c\":0.10}",
                                    "{\"a\":\"\x11\x12\"}",
                                    std::string("\0\x11\x16\n{", 5),
                                    "{\"a\":\"\\ud800\"}",
                                    "{ \"a\" : 1 , \"b\" : [ ] }  "};
  for (int i = 0; i < 1500; ++i) lines.push_back(fmt::format("{{\"key{}\":{}}}", i, i));
  const auto segment = SegmentOf(lines);
  ASSERT_NE(segment, nullptr);
  EXPECT_EQ(LinesOf(segment), lines);
}

TEST(LogSegmentTest, NumbersKeepTheirText) {
  std::vector<std::string> lines;
  for (int i = 0; i < 100; ++i) {
    lines.push_back(fmt::format(R"({{"fixed":{}.{:02},"mixed":{},"int":{},"odd":{}}})", i, i % 100,
                                i % 2 == 0 ? "1.5" : "2", i * 1000, i % 2 == 0 ? "1.50" : "1"));
  }
  const auto segment = SegmentOf(lines);
  ASSERT_EQ(LinesOf(segment), lines);
  const auto kind = [&](const char* name) {
    return segment->leaves()[segment->FindLeaf(name)].kind;
  };
  EXPECT_EQ(kind("fixed"), LeafKind::kNumber);
  EXPECT_EQ(kind("mixed"), LeafKind::kNumber);
  EXPECT_TRUE(segment->leaves()[segment->FindLeaf("mixed")].trimmed);
  EXPECT_EQ(kind("int"), LeafKind::kNumber);
  EXPECT_EQ(kind("odd"), LeafKind::kToken);
}

TEST(LogSegmentTest, DamageIsFoundAnywhere) {
  std::vector<std::string> lines;
  for (int i = 0; i < 300; ++i) {
    lines.push_back(fmt::format(R"({{"a":{},"m":"user {} did it"}})", i * 7, i));
  }
  const std::string good = BuildLogSegment(7, RowsOf(lines));
  for (std::size_t at = 0; at < good.size(); at += 3) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    const auto segment = LogSegment::Open(std::make_unique<BytesFile>(bad), "x.lsg");
    if (!segment.ok()) {
      EXPECT_THAT(segment.error().message(), ::testing::HasSubstr("x.lsg"));
      continue;
    }
    LogChunk chunk(*segment, 0);
    bool failed = false;
    for (int i = 0; i < LogSegment::kSystems; ++i) {
      failed = failed || !chunk.System(static_cast<LogSegment::System>(i)).ok();
    }
    std::string line;
    failed = failed || !chunk.AppendMessage(0, line).ok();
    EXPECT_TRUE(failed) << at;
  }
}

TEST(LogSegmentTest, TheCorpusComesBack) {
  const std::filesystem::path folder =
      std::filesystem::path(SB_SOURCE_DIR).parent_path() / "shared/corpus/logs";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "the corpus is not here";
  std::uint64_t raw = 0, stored = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path());
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    if (lines.empty()) continue;
    for (const std::string& line : lines) raw += line.size();
    const std::string bytes = BuildLogSegment(7, RowsOf(lines));
    stored += bytes.size();
    const auto segment = LogSegment::Open(std::make_unique<BytesFile>(bytes), "test");
    ASSERT_TRUE(segment.ok());
    EXPECT_EQ(LinesOf(*segment), lines) << entry.path();
    if (std::filesystem::file_size(entry.path()) < 20'000) ExpectFields(lines);
  }
  EXPECT_LT(stored * 4, raw);
}

}  // namespace
}  // namespace securebase::events
