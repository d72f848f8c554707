#include "query/testing/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <memory>

namespace securebase::query::testing {
namespace {

using Op = Predicate::Op;

const char* const kTexts[] = {"", "a", "ab", "abc", "b", "ba", "zz", "\xc3\xa4"};

Cell RandomCell(Random& random, Type type, bool many) {
  switch (type) {
    case Type::kBool:
      return BoolCell(random.Below(2) == 1);
    case Type::kInt64:
      return IntCell(static_cast<std::int64_t>(random.Below(9)) - 4);
    case Type::kTime:
      return TimeCell(1'700'000'000'000 +
                      static_cast<std::int64_t>(random.Below(100)) * 43'200'000);
    case Type::kDouble:
      if (random.Below(40) == 0) return DoubleCell(std::numeric_limits<double>::quiet_NaN());
      return DoubleCell(static_cast<double>(random.Below(17)) / 4 - 2);
    case Type::kString:
      break;
  }
  if (many) return TextCell(fmt::format("tag-{:03}", random.Below(300)));
  return TextCell(kTexts[random.Below(std::size(kTexts))]);
}

Literal RandomLiteral(Random& random) {
  switch (random.Below(5)) {
    case 0:
      return random.Below(2) == 1;
    case 1:
      return static_cast<std::int64_t>(random.Below(9)) - 4;
    case 2:
      return static_cast<double>(random.Below(17)) / 4 - 2;
    case 3:
      return 1'700'000'000'000 + static_cast<std::int64_t>(random.Below(100)) * 43'200'000;
    default:
      if (random.Below(3) == 0) return fmt::format("tag-{:03}", random.Below(300));
      return std::string(kTexts[random.Below(std::size(kTexts))]);
  }
}

template <class T>
bool Ordered(Op op, const T& a, const T& b) {
  switch (op) {
    case Op::kLess:
      return a < b;
    case Op::kLessOrEqual:
      return a <= b;
    case Op::kGreater:
      return a > b;
    case Op::kGreaterOrEqual:
      return a >= b;
    case Op::kEqual:
      return a == b;
    default:
      return false;
  }
}

// A present value against one literal.
bool Holds(Op op, const Cell& cell, const Literal& literal) {
  if (cell.type == Type::kString) {
    const auto* text = std::get_if<std::string>(&literal);
    if (text == nullptr) return false;
    if (op == Op::kContains) return cell.text.find(*text) != std::string::npos;
    if (op == Op::kStartsWith) return cell.text.compare(0, text->size(), *text) == 0;
    return Ordered(op, cell.text, *text);
  }
  if (cell.type == Type::kBool) {
    const bool* b = std::get_if<bool>(&literal);
    return b != nullptr && Ordered<std::int64_t>(op, cell.integer, *b ? 1 : 0);
  }
  const auto* integer = std::get_if<std::int64_t>(&literal);
  const auto* real = std::get_if<double>(&literal);
  if (integer == nullptr && real == nullptr) return false;
  if (cell.type != Type::kDouble && integer != nullptr) return Ordered(op, cell.integer, *integer);
  const double a = cell.type == Type::kDouble ? cell.real : static_cast<double>(cell.integer);
  return Ordered(op, a, integer != nullptr ? static_cast<double>(*integer) : *real);
}

bool AnyHolds(Op op, const Cell& cell, const std::vector<Literal>& literals) {
  return std::any_of(literals.begin(), literals.end(),
                     [&](const Literal& literal) { return Holds(op, cell, literal); });
}

Column ColumnOf(const Table& table, const TableColumn& spec, std::size_t first, std::size_t count,
                bool sorted) {
  Column column{.type = spec.type};
  auto texts = std::make_shared<std::vector<std::string>>();
  std::map<std::string, std::uint32_t> codes;
  const auto cell_at = [&](std::size_t row) -> const Cell* {
    const auto it = table.rows[row].find(spec.name);
    return it == table.rows[row].end() ? nullptr : &it->second;
  };
  for (std::size_t row = first; row < first + count; ++row) {
    const Cell* cell = cell_at(row);
    if (cell != nullptr && spec.type == Type::kString && !codes.contains(cell->text)) {
      codes[cell->text] = static_cast<std::uint32_t>(texts->size());
      texts->push_back(cell->text);
    }
  }
  if (sorted) {
    std::sort(texts->begin(), texts->end());
    for (std::uint32_t i = 0; i < texts->size(); ++i) codes[(*texts)[i]] = i;
  }
  bool any = false;
  bool all = true;
  for (std::size_t row = first; row < first + count; ++row) {
    const Cell* cell = cell_at(row);
    (cell == nullptr ? all : any) = cell != nullptr;
    column.valid.push_back(cell == nullptr ? 0 : 1);
    if (spec.type == Type::kString) {
      column.codes.push_back(cell == nullptr ? 0 : codes[cell->text]);
    } else if (spec.type == Type::kDouble) {
      column.doubles.push_back(cell == nullptr ? 0 : cell->real);
    } else {
      column.ints.push_back(cell == nullptr ? 0 : cell->integer);
    }
  }
  if (all) column.valid.clear();
  column.all_absent = !any;
  if (spec.type == Type::kString) {
    auto dictionary = std::make_shared<Dictionary>();
    if (texts->empty()) texts->push_back("");
    for (const std::string& text : *texts) dictionary->values.push_back(text);
    dictionary->sorted = sorted;
    dictionary->owner = texts;
    column.dictionary = dictionary;
  }
  return column;
}

}  // namespace

Cell BoolCell(bool value) { return {.present = true, .type = Type::kBool, .integer = value}; }
Cell IntCell(std::int64_t value) {
  return {.present = true, .type = Type::kInt64, .integer = value};
}
Cell TimeCell(std::int64_t ms) { return {.present = true, .type = Type::kTime, .integer = ms}; }
Cell DoubleCell(double value) { return {.present = true, .type = Type::kDouble, .real = value}; }
Cell TextCell(std::string value) {
  return {.present = true, .type = Type::kString, .text = std::move(value)};
}

bool SameCell(const Cell& a, const Cell& b) { return ToText(a) == ToText(b); }

std::string ToText(const Cell& cell) {
  if (!cell.present) return "-";
  if (cell.type == Type::kString) return "\"" + cell.text + "\"";
  if (cell.type == Type::kDouble) return fmt::format("{:.9g}", cell.real + 0.0);
  return fmt::format("{}", cell.integer);
}

std::string ToText(const Predicate& predicate) {
  std::string out = fmt::format("({} {}", static_cast<int>(predicate.op), predicate.field);
  for (const Literal& literal : predicate.literals) {
    out += std::visit([](const auto& value) { return fmt::format(" {}", value); }, literal);
  }
  for (const Predicate& child : predicate.children) out += " " + ToText(child);
  return out + ")";
}

Table RandomTable(Random& random, std::size_t rows) {
  Table table{.columns = {{"bool", Type::kBool},
                          {"int", Type::kInt64},
                          {"time", Type::kTime},
                          {"double", Type::kDouble},
                          {"text", Type::kString},
                          {"tag", Type::kString}},
              .rows = {}};
  for (std::size_t i = 0; i < rows; ++i) {
    Row row;
    for (const TableColumn& column : table.columns) {
      if (random.Below(5) == 0) continue;
      row[column.name] = RandomCell(random, column.type, column.name == "tag");
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

Predicate RandomPredicate(Random& random, int depth) {
  static const char* const kFields[] = {"bool", "int", "time", "double", "text", "tag", "nosuch"};
  Predicate predicate;
  if (depth > 0 && random.Below(2) == 0) {
    static const Op kTrees[] = {Op::kAnd, Op::kOr, Op::kNot};
    predicate.op = kTrees[random.Below(3)];
    const std::size_t children = predicate.op == Op::kNot ? 1 : random.Below(4);
    for (std::size_t i = 0; i < children; ++i) {
      predicate.children.push_back(RandomPredicate(random, depth - 1));
    }
    return predicate;
  }
  if (random.Below(30) == 0) return predicate;  // kTrue
  static const Op kConditions[] = {
      Op::kEqual, Op::kNotEqual, Op::kLess,     Op::kLessOrEqual, Op::kGreater, Op::kGreaterOrEqual,
      Op::kIn,    Op::kNotIn,    Op::kContains, Op::kStartsWith,  Op::kExists,  Op::kNotExists};
  predicate.op = kConditions[random.Below(std::size(kConditions))];
  predicate.field = kFields[random.Below(std::size(kFields))];
  if (predicate.op == Op::kExists || predicate.op == Op::kNotExists) return predicate;
  const bool list = predicate.op == Op::kIn || predicate.op == Op::kNotIn;
  const std::size_t count = list ? random.Below(4) : 1;
  for (std::size_t i = 0; i < count; ++i) predicate.literals.push_back(RandomLiteral(random));
  return predicate;
}

bool Matches(const Predicate& predicate, const Row& row) {
  const auto child_matches = [&](const Predicate& child) { return Matches(child, row); };
  const auto& children = predicate.children;
  const auto it = row.find(predicate.field);
  const Cell* cell = it == row.end() ? nullptr : &it->second;
  switch (predicate.op) {
    case Op::kTrue:
      return true;
    case Op::kAnd:
      return std::all_of(children.begin(), children.end(), child_matches);
    case Op::kOr:
      return std::any_of(children.begin(), children.end(), child_matches);
    case Op::kNot:
      return children.empty() || !Matches(children.front(), row);
    case Op::kExists:
      return cell != nullptr;
    case Op::kNotExists:
      return cell == nullptr;
    case Op::kNotEqual:
    case Op::kNotIn:
      return cell == nullptr || !AnyHolds(Op::kEqual, *cell, predicate.literals);
    case Op::kIn:
      return cell != nullptr && AnyHolds(Op::kEqual, *cell, predicate.literals);
    default:
      return cell != nullptr && AnyHolds(predicate.op, *cell, predicate.literals);
  }
}

Batch BatchOf(const Table& table, std::size_t first, std::size_t count, bool sorted) {
  Batch batch{.rows = count};
  for (const TableColumn& column : table.columns) {
    batch.columns.push_back(ColumnOf(table, column, first, count, sorted));
  }
  return batch;
}

TableSource::TableSource(const Table& table, Random& random) : table_(table), random_(random) {
  for (const TableColumn& column : table.columns) names_.push_back(column.name);
}

Result<bool> TableSource::Next(Batch& batch) {
  if (next_ == table_.rows.size()) return false;
  const std::size_t rest = table_.rows.size() - next_;
  const std::size_t count = std::min<std::size_t>(1 + random_.Below(kBatchRowsMax), rest);
  batch = BatchOf(table_, next_, count, random_.Below(2) == 0);
  next_ += count;
  return true;
}

}  // namespace securebase::query::testing
