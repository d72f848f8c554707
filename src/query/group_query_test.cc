#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "base/testing/manual_clock.h"
#include "base/testing/seed.h"
#include "query/aggregate.h"
#include "query/internal/key_mapper.h"
#include "query/internal/pair_table.h"
#include "query/testing/table.h"

namespace securebase::query {
namespace {

using ::testing::HasSubstr;
using testing::IntCell;
using testing::Table;
using testing::TableSource;
using testing::TextCell;

using Cut = GroupKey::Cut;
using AOp = Aggregate::Op;

// What one group must come to, computed value by value.
struct Expected {
  std::vector<Cell> keys;
  std::vector<std::vector<Cell>> values;  // of each aggregate's field
  std::int64_t rows = 0;
};

bool Before(const Cell& a, const Cell& b) {
  if (a.type == Type::kString) return a.text < b.text;
  if (a.type == Type::kDouble) return a.real < b.real;
  return a.integer < b.integer;
}

Cell Fold(const Aggregate& aggregate, const Expected& group, const std::vector<Cell>& values) {
  const auto count = static_cast<std::int64_t>(values.size());
  if (aggregate.op == AOp::kCount) return IntCell(aggregate.field.empty() ? group.rows : count);
  if (aggregate.op == AOp::kCountDistinct) {
    std::set<std::string> distinct;
    for (const Cell& value : values) distinct.insert(testing::ToText(value));
    return IntCell(static_cast<std::int64_t>(distinct.size()));
  }
  if (values.empty()) return {};
  if (aggregate.op == AOp::kMin) return *std::min_element(values.begin(), values.end(), Before);
  if (aggregate.op == AOp::kMax) return *std::max_element(values.begin(), values.end(), Before);
  double sum = 0;
  for (const Cell& value : values) {
    sum += value.type == Type::kDouble ? value.real : static_cast<double>(value.integer);
  }
  if (aggregate.op == AOp::kAverage) return testing::DoubleCell(sum / static_cast<double>(count));
  return values[0].type == Type::kDouble ? testing::DoubleCell(sum)
                                         : IntCell(static_cast<std::int64_t>(sum));
}

Cell KeyCell(const GroupKey& key, const testing::Row& row) {
  const auto it = row.find(key.field);
  if (it == row.end()) return {};
  Cell cell = it->second;
  if (key.cut != Cut::kNone) cell.integer = UnitOf(cell.integer, key.cut).start_ms;
  return cell;
}

// All rows of the result as text, sorted.
std::multiset<std::string> Naive(const Table& table, const GroupQuery& query) {
  std::map<std::string, Expected> groups;
  for (const auto& row : table.rows) {
    if (!testing::Matches(query.where, row)) continue;
    std::vector<Cell> keys;
    std::string name;
    for (const GroupKey& key : query.keys) {
      keys.push_back(KeyCell(key, row));
      name += testing::ToText(keys.back()) + "|";
    }
    Expected& group = groups[name];
    group.keys = keys;
    group.values.resize(query.aggregates.size());
    ++group.rows;
    for (std::size_t i = 0; i < query.aggregates.size(); ++i) {
      const auto it = row.find(query.aggregates[i].field);
      if (it != row.end()) group.values[i].push_back(it->second);
    }
  }
  std::multiset<std::string> lines;
  for (const auto& [name, group] : groups) {
    std::string line = name;
    for (std::size_t i = 0; i < query.aggregates.size(); ++i) {
      line += testing::ToText(Fold(query.aggregates[i], group, group.values[i])) + "|";
    }
    lines.insert(line);
  }
  return lines;
}

std::string Line(const std::vector<Cell>& row) {
  std::string line;
  for (const Cell& cell : row) line += testing::ToText(cell) + "|";
  return line;
}

Table SmallTable() {
  Table table{.columns = {{"k", Type::kString}, {"n", Type::kInt64}, {"t", Type::kTime}},
              .rows = {}};
  for (const auto& [key, number] : {std::pair("b", 1), {"a", 2}, {"c", 3}, {"a", 4}, {"b", 5}}) {
    table.rows.push_back({{"k", TextCell(key)}, {"n", IntCell(number)}});
  }
  table.rows.push_back({{"n", IntCell(6)}});  // no key
  return table;
}

Result<GroupResult> RunOn(const Table& table, const GroupQuery& query,
                          const Control& control = {}) {
  SeededRandom random(7);
  TableSource source(table, random);
  return RunGroupQuery(source, query, control);
}

TEST(GroupQueryTest, AgreesWithANaiveEvaluation) {
  SeededRandom random(TestSeed());
  const GroupKey keys[] = {{"text"},
                           {"tag"},
                           {"int"},
                           {"time", Cut::kDay},
                           {"bool"},
                           {"time", Cut::kMonth},
                           {"double"},
                           {"time"},
                           {"time", Cut::kWeek}};
  const Aggregate aggregates[] = {
      {AOp::kCount, ""},           {AOp::kCount, "int"},   {AOp::kSum, "int"},
      {AOp::kMin, "text"},         {AOp::kMax, "text"},    {AOp::kMin, "time"},
      {AOp::kMax, "int"},          {AOp::kAverage, "int"}, {AOp::kCountDistinct, "tag"},
      {AOp::kCountDistinct, "int"}};
  for (int round = 0; round < 60; ++round) {
    Table table = testing::RandomTable(random, random.Below(6000));
    GroupQuery query;
    if (random.Below(2) == 0) query.where = testing::RandomPredicate(random, 2);
    const std::size_t key_count = 1 + random.Below(4);
    for (std::size_t i = 0; i < key_count; ++i) {
      query.keys.push_back(keys[random.Below(std::size(keys))]);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      query.aggregates.push_back(aggregates[random.Below(std::size(aggregates))]);
    }
    // A field beyond the scan's columns is refused; that has its own test.
    std::string where = testing::ToText(query.where);
    if (where.find("nosuch") != std::string::npos) query.where = {};
    const auto result = RunOn(table, query);
    ASSERT_TRUE(result.ok()) << result.error().message();
    std::multiset<std::string> lines;
    for (const auto& row : result->rows) lines.insert(Line(row));
    ASSERT_EQ(lines, Naive(table, query)) << where;
    EXPECT_EQ(result->rows_scanned, table.rows.size());
  }
}

TEST(GroupQueryTest, SumsAndAveragesDoubles) {
  Table table{.columns = {{"x", Type::kDouble}}, .rows = {}};
  for (const double x : {0.5, 1.25, 3.0}) table.rows.push_back({{"x", testing::DoubleCell(x)}});
  const auto result = RunOn(
      table,
      {.aggregates = {{AOp::kSum, "x"}, {AOp::kAverage, "x"}, {AOp::kMin, "x"}, {AOp::kMax, "x"}}});
  ASSERT_TRUE(result.ok());
  ASSERT_EQ(result->rows.size(), 1u);
  EXPECT_EQ(Line(result->rows[0]), "4.75|1.58333333|0.5|3|");
}

TEST(GroupQueryTest, ExtremesPassOverNaN) {
  Table table{.columns = {{"x", Type::kDouble}}, .rows = {}};
  for (const double x : {std::nan(""), 2.0, std::nan(""), 1.0}) {
    table.rows.push_back({{"x", testing::DoubleCell(x)}});
  }
  const auto result = RunOn(table, {.aggregates = {{AOp::kMin, "x"}, {AOp::kMax, "x"}}});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(Line(result->rows[0]), "1|2|");
}

TEST(GroupQueryTest, ASumOfIntegersThatOverflowsBecomesADouble) {
  Table table{.columns = {{"x", Type::kInt64}}, .rows = {}};
  const std::int64_t max = std::numeric_limits<std::int64_t>::max();
  table.rows = {{{"x", IntCell(max)}}, {{"x", IntCell(max)}}};
  const auto result = RunOn(table, {.aggregates = {{AOp::kSum, "x"}}});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->rows[0][0].type, Type::kDouble);
  EXPECT_DOUBLE_EQ(result->rows[0][0].real, 2.0 * static_cast<double>(max));
}

TEST(GroupQueryTest, SortsByTheOrderThenByTheKeys) {
  const GroupQuery query{.keys = {{"k"}},
                         .aggregates = {{AOp::kCount, ""}, {AOp::kSum, "n"}},
                         .order = {{.column = 2, .descending = true}}};
  const auto result = RunOn(SmallTable(), query);
  ASSERT_TRUE(result.ok());
  std::vector<std::string> lines;
  for (const auto& row : result->rows) lines.push_back(Line(row));
  // Three sums of 6: absent first, then by the key.
  EXPECT_THAT(lines, ::testing::ElementsAre("-|1|6|", "\"a\"|2|6|", "\"b\"|2|6|", "\"c\"|1|3|"));
}

TEST(GroupQueryTest, WithoutKeysThereIsOneRowWhateverMatches) {
  const GroupQuery query{
      .where = {.op = Predicate::Op::kGreater, .field = "n", .literals = {std::int64_t{100}}},
      .aggregates = {{AOp::kCount, ""},
                     {AOp::kCount, "n"},
                     {AOp::kSum, "n"},
                     {AOp::kMin, "n"},
                     {AOp::kCountDistinct, "n"}}};
  const auto result = RunOn(SmallTable(), query);
  ASSERT_TRUE(result.ok());
  ASSERT_EQ(result->rows.size(), 1u);
  EXPECT_EQ(Line(result->rows[0]), "0|0|-|-|0|");
  EXPECT_EQ(result->rows_scanned, 6u);
  EXPECT_EQ(result->rows_matched, 0u);
}

TEST(GroupQueryTest, RefusesWhatTheColumnsCannotDo) {
  const auto error = [](const GroupQuery& query) {
    const auto result = RunOn(SmallTable(), query);
    return result.ok() ? std::string("no error")
                       : result.error().field() + ": " + result.error().message();
  };
  EXPECT_THAT(error({.keys = {{"nosuch"}}}), HasSubstr("nosuch: is not among"));
  EXPECT_THAT(error({.aggregates = {{AOp::kSum, "nosuch"}}}), HasSubstr("nosuch: is not among"));
  EXPECT_THAT(error({.where = {.op = Predicate::Op::kExists, .field = "nosuch"}}),
              HasSubstr("nosuch: is not among"));
  EXPECT_THAT(error({.aggregates = {{AOp::kSum, "k"}}}), HasSubstr("k: is not a number"));
  EXPECT_THAT(error({.aggregates = {{AOp::kSum, ""}}}), HasSubstr("aggregates: needs a field"));
  EXPECT_THAT(error({.keys = {{"n", Cut::kDay}}}), HasSubstr("n: is not a time"));
  EXPECT_THAT(error({.keys = {{"k"}}, .order = {{.column = 1}}}), HasSubstr("order: names"));
}

TEST(GroupQueryTest, ALimitOfGroupsIsKept) {
  GroupQuery query{.keys = {{"k"}}, .groups_max = 4};
  EXPECT_TRUE(RunOn(SmallTable(), query).ok());
  query.groups_max = 3;
  const auto result = RunOn(SmallTable(), query);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), ErrorCode::kLimitExceeded);
}

TEST(GroupQueryTest, StopsAtItsMemoryDeadlineAndCancellation) {
  SeededRandom random(1);
  const Table table = testing::RandomTable(random, 5000);
  const GroupQuery query{.keys = {{"tag"}, {"time"}}, .aggregates = {{AOp::kMin, "text"}}};
  const auto code = [&](const Control& control) {
    const auto result = RunOn(table, query, control);
    return result.ok() ? std::string_view("none") : ToText(result.error().code());
  };
  EXPECT_EQ(code({}), "none");
  EXPECT_EQ(code({.memory_max = 1000}), ToText(ErrorCode::kLimitExceeded));
  ManualClock clock(FromUnixSeconds(100));
  EXPECT_EQ(code({.clock = &clock, .deadline = std::chrono::seconds(101)}), "none");
  EXPECT_EQ(code({.clock = &clock, .deadline = std::chrono::seconds(100)}),
            ToText(ErrorCode::kDeadlineExceeded));
  const std::atomic<bool> cancelled = true;
  EXPECT_EQ(code({.cancelled = &cancelled}), ToText(ErrorCode::kCancelled));
}

TEST(GroupQueryTest, AFieldThatChangesItsTypeIsAnError) {
  // Two batches by hand: the same column as a number, then as text.
  class TwoTypes final : public Source {
   public:
    const std::vector<std::string>& column_names() const override { return names_; }
    Result<bool> Next(Batch& batch) override {
      batch = {.rows = 1};
      Column column;
      if (calls_ == 0) {
        column.ints = {1};
      } else {
        column.type = Type::kString;
        column.codes = {0};
        column.dictionary = std::make_shared<Dictionary>(Dictionary{.values = {"x"}});
      }
      batch.columns = {column};
      return calls_++ < 2;
    }
    const ScanStatistics& statistics() const override { return statistics_; }

   private:
    std::vector<std::string> names_ = {"x"};
    ScanStatistics statistics_;
    int calls_ = 0;
  };
  for (const GroupQuery& query :
       {GroupQuery{.keys = {{"x"}}}, GroupQuery{.aggregates = {{AOp::kMax, "x"}}},
        GroupQuery{.aggregates = {{AOp::kCountDistinct, "x"}}}}) {
    TwoTypes source;
    const auto result = RunGroupQuery(source, query, {});
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code(), ErrorCode::kInternal);
  }
}

TEST(UnitOfTest, CutsToCalendarUnits) {
  const auto start = [](std::string_view text, Cut cut) {
    const CalendarUnit unit = UnitOf(ToUnixMillis(*ParseIso(text)), cut);
    return FormatIso(FromUnixMillis(unit.start_ms)) + " " + FormatIso(FromUnixMillis(unit.end_ms));
  };
  EXPECT_EQ(start("2026-03-15T10:20:30Z", Cut::kDay), "2026-03-15T00:00:00Z 2026-03-16T00:00:00Z");
  // 2026-03-15 is a Sunday, 2026-03-16 a Monday.
  EXPECT_EQ(start("2026-03-15", Cut::kWeek), "2026-03-09T00:00:00Z 2026-03-16T00:00:00Z");
  EXPECT_EQ(start("2026-03-16", Cut::kWeek), "2026-03-16T00:00:00Z 2026-03-23T00:00:00Z");
  EXPECT_EQ(start("2024-02-29T23:59:59Z", Cut::kMonth),
            "2024-02-01T00:00:00Z 2024-03-01T00:00:00Z");
  EXPECT_EQ(start("1969-12-31T12:00:00Z", Cut::kMonth),
            "1969-12-01T00:00:00Z 1970-01-01T00:00:00Z");
  EXPECT_EQ(start("1969-12-31T12:00:00Z", Cut::kWeek), "1969-12-29T00:00:00Z 1970-01-05T00:00:00Z");
  EXPECT_EQ(UnitOf(5, Cut::kNone).end_ms, 6);
  // Far outside of any calendar: no crash, and the time lies in its unit.
  const std::int64_t far = std::int64_t{1} << 61;
  EXPECT_LE(UnitOf(far, Cut::kMonth).start_ms, far);
  EXPECT_GT(UnitOf(far, Cut::kMonth).end_ms, far);
}

TEST(PairTableTest, NumbersPairsInTheOrderOfFirstSightDenseOrHashed) {
  SeededRandom random(TestSeed());
  PairTable table;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> expected;
  std::uint32_t size = 1;
  for (int round = 0; round < 40; ++round) {
    size += static_cast<std::uint32_t>(random.Below(30));  // beyond 2^16 pairs at last
    std::vector<std::uint32_t> left(100);
    std::vector<std::uint32_t> right(100);
    for (std::size_t i = 0; i < 100; ++i) {
      left[i] = static_cast<std::uint32_t>(random.Below(size));
      right[i] = static_cast<std::uint32_t>(random.Below(size));
    }
    const std::vector<std::uint32_t> lefts = left;
    table.Number(left.data(), size, right.data(), size, 100, left.data());
    for (std::size_t i = 0; i < 100; ++i) {
      const auto next = static_cast<std::uint32_t>(expected.size());
      const std::uint32_t number = expected.try_emplace({lefts[i], right[i]}, next).first->second;
      ASSERT_EQ(left[i], number);
      ASSERT_EQ(table.PairOf(number).left, lefts[i]);
      ASSERT_EQ(table.PairOf(number).right, right[i]);
    }
  }
  EXPECT_EQ(table.size(), expected.size());
  EXPECT_GT(table.memory_bytes(), 0u);
}

}  // namespace
}  // namespace securebase::query
