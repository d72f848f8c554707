#include <gmock/gmock.h>

#include <limits>

#include "base/testing/seed.h"
#include "query/column.h"
#include "query/predicate.h"
#include "query/testing/table.h"

namespace securebase::query {
namespace {

using Op = Predicate::Op;
using ::testing::ElementsAre;
using testing::Table;

std::vector<std::string> Names(const Table& table) {
  std::vector<std::string> names;
  for (const auto& column : table.columns) names.push_back(column.name);
  return names;
}

std::vector<std::size_t> Selected(const Batch& batch) {
  if (batch.filtered) return {batch.selection.begin(), batch.selection.end()};
  std::vector<std::size_t> rows(batch.rows);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = i;
  return rows;
}

Predicate Condition(Op op, std::string field, std::vector<Literal> literals) {
  return {.op = op, .field = std::move(field), .literals = std::move(literals)};
}

// The zone of a column as a segment's writer would compute it.
std::optional<Zone> ZoneOf(const Table& table, std::string_view field) {
  std::optional<Zone> zone;
  for (const auto& column : table.columns) {
    if (column.name == field) zone = Zone{.type = column.type, .rows = table.rows.size()};
  }
  if (!zone.has_value()) return std::nullopt;
  bool first = true;
  for (const auto& row : table.rows) {
    const auto it = row.find(std::string(field));
    if (it == row.end()) {
      ++zone->absent;
      continue;
    }
    const Cell& cell = it->second;
    double low = cell.real;
    double high = cell.real;
    if (cell.real != cell.real) {
      high = std::numeric_limits<double>::infinity();
      low = -high;
    }
    zone->int_min = first ? cell.integer : std::min(zone->int_min, cell.integer);
    zone->int_max = first ? cell.integer : std::max(zone->int_max, cell.integer);
    zone->double_min = first ? low : std::min(zone->double_min, low);
    zone->double_max = first ? high : std::max(zone->double_max, high);
    zone->string_min = first ? cell.text : std::min<std::string_view>(zone->string_min, cell.text);
    zone->string_max = first ? cell.text : std::max<std::string_view>(zone->string_max, cell.text);
    first = false;
  }
  return zone;
}

bool MayMatchTable(const Predicate& predicate, const Table& table) {
  std::map<std::string, std::optional<Zone>, std::less<>> zones;
  return MayMatch(predicate, [&](std::string_view field) -> const Zone* {
    const auto& zone = zones[std::string(field)] = ZoneOf(table, field);
    return zone.has_value() ? &*zone : nullptr;
  });
}

TEST(FilterTest, AgreesWithARowInterpreter) {
  SeededRandom random(TestSeed());
  for (int round = 0; round < 60; ++round) {
    const Table table = testing::RandomTable(random, 1 + random.Below(300));
    for (int i = 0; i < 40; ++i) {
      const Predicate predicate = testing::RandomPredicate(random, 3);
      Batch batch = testing::BatchOf(table, 0, table.rows.size(), random.Below(2) == 0);
      Filter(predicate, Names(table)).Apply(batch);
      std::vector<std::size_t> expected;
      for (std::size_t row = 0; row < table.rows.size(); ++row) {
        if (testing::Matches(predicate, table.rows[row])) expected.push_back(row);
      }
      ASSERT_EQ(Selected(batch), expected) << testing::ToText(predicate);
      ASSERT_EQ(batch.SelectedCount(), expected.size());
    }
  }
}

TEST(FilterTest, NarrowsASelectionThatIsThereAlready) {
  SeededRandom random(TestSeed());
  const Table table = testing::RandomTable(random, 200);
  Batch batch = testing::BatchOf(table, 0, 200, true);
  Filter(Condition(Op::kGreater, "int", {std::int64_t{0}}), Names(table)).Apply(batch);
  Filter(Condition(Op::kStartsWith, "text", {std::string("a")}), Names(table)).Apply(batch);
  std::vector<std::size_t> expected;
  for (std::size_t row = 0; row < 200; ++row) {
    const auto& cells = table.rows[row];
    const auto number = cells.find("int");
    const auto text = cells.find("text");
    if (number != cells.end() && number->second.integer > 0 && text != cells.end() &&
        text->second.text.starts_with("a")) {
      expected.push_back(row);
    }
  }
  EXPECT_FALSE(expected.empty());
  EXPECT_EQ(Selected(batch), expected);
}

TEST(FilterTest, MayBeUsedOverBatchesWithOtherDictionaries) {
  SeededRandom random(TestSeed());
  const Predicate predicate = Condition(Op::kIn, "text", {std::string("ab"), std::string("zz")});
  std::optional<Filter> filter;
  for (int round = 0; round < 20; ++round) {
    const Table table = testing::RandomTable(random, 50);
    if (!filter.has_value()) filter.emplace(predicate, Names(table));
    Batch batch = testing::BatchOf(table, 0, 50, round % 2 == 0);
    filter->Apply(batch);
    for (const std::size_t row : Selected(batch)) {
      EXPECT_TRUE(testing::Matches(predicate, table.rows[row]));
    }
  }
}

TEST(MayMatchTest, NeverExcludesAChunkWithAMatchingRow) {
  SeededRandom random(TestSeed());
  int excluded = 0;
  int kept = 0;
  for (int round = 0; round < 300; ++round) {
    const Table table = testing::RandomTable(random, 1 + random.Below(4));
    for (int i = 0; i < 40; ++i) {
      const Predicate predicate = testing::RandomPredicate(random, 3);
      bool any = false;
      for (const auto& row : table.rows) any |= testing::Matches(predicate, row);
      const bool may = MayMatchTable(predicate, table);
      EXPECT_TRUE(may || !any) << testing::ToText(predicate);
      ++(may ? kept : excluded);
    }
  }
  // It would be sound, and useless, to exclude nothing.
  EXPECT_GT(excluded, kept / 4);
}

TEST(MayMatchTest, ExcludesByRange) {
  Zone zone{.type = Type::kInt64, .int_min = 10, .int_max = 20, .rows = 5};
  const auto may = [&](Op op, Literal literal) {
    return MayMatch(Condition(op, "x", {std::move(literal)}), [&](auto) { return &zone; });
  };
  EXPECT_FALSE(may(Op::kEqual, std::int64_t{9}));
  EXPECT_TRUE(may(Op::kEqual, std::int64_t{15}));
  EXPECT_FALSE(may(Op::kLess, std::int64_t{10}));
  EXPECT_TRUE(may(Op::kLessOrEqual, std::int64_t{10}));
  EXPECT_FALSE(may(Op::kGreater, 20.0));
  EXPECT_TRUE(may(Op::kGreaterOrEqual, 20.0));
  EXPECT_FALSE(may(Op::kEqual, std::string("15")));
  EXPECT_TRUE(may(Op::kNotEqual, std::string("15")));
  zone.int_max = 10;
  EXPECT_FALSE(may(Op::kNotEqual, std::int64_t{10}));
  zone.absent = 1;
  EXPECT_TRUE(may(Op::kNotEqual, std::int64_t{10}));
}

TEST(PredicateTest, FieldsAreListedOnce) {
  const Predicate a = Condition(Op::kExists, "a", {});
  const Predicate b = Condition(Op::kExists, "b", {});
  const Predicate tree{.op = Op::kAnd, .children = {a, {.op = Op::kNot, .children = {b}}, a}};
  EXPECT_THAT(FieldsOf(tree), ElementsAre("a", "b"));
}

TEST(ColumnTest, SizeIsThatOfTheFilledArray) {
  EXPECT_EQ((Column{.type = Type::kTime, .ints = {1, 2}}).size(), 2u);
  EXPECT_EQ((Column{.type = Type::kDouble, .doubles = {1}}).size(), 1u);
  EXPECT_EQ((Column{.type = Type::kString, .codes = {0, 0, 0}}).size(), 3u);
}

}  // namespace
}  // namespace securebase::query
