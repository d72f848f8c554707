// Random queries over random events, through the engine and through an interpreter that walks rows
// one by one, shares no code with the engine and is obviously right.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>

#include "insights/memory_input.h"
#include "insights/query.h"
#include "insights/testing/cases.h"

namespace securebase::insights {
namespace {

// ---- values ----

struct Value {
  enum class Kind { kMissing, kNumber, kText, kBool };
  Kind kind = Kind::kMissing;
  double number = 0;  // also booleans
  std::string text;

  static Value Number(double d) { return {Kind::kNumber, d, ""}; }
  static Value Text(std::string s) { return {Kind::kText, 0, std::move(s)}; }
  static Value Bool(bool b) { return {Kind::kBool, b ? 1.0 : 0.0, ""}; }
  bool missing() const { return kind == Kind::kMissing; }
};

std::optional<double> Numeric(const std::string& text) {
  if (text.empty() || (std::isdigit(static_cast<unsigned char>(text[0])) == 0 && text[0] != '-')) {
    return std::nullopt;
  }
  char* end = nullptr;
  const double d = std::strtod(text.c_str(), &end);
  return *end == '\0' ? std::optional(d) : std::nullopt;
}

std::string Print(double d) {
  // Four decimals; four significant digits of what is smaller than a thousandth.
  int decimals = 4;
  if (d != 0 && std::abs(d) < 0.001)
    decimals = 3 - static_cast<int>(std::floor(std::log10(std::abs(d))));
  char text[400];
  std::snprintf(text, sizeof text, "%.*f", decimals, d);
  std::string out = text;
  while (out.back() == '0') out.pop_back();
  if (out.back() == '.') out.pop_back();
  return out == "-0" ? "0" : out;
}

std::optional<std::string> Show(const Value& v) {
  switch (v.kind) {
    case Value::Kind::kMissing:
      return std::nullopt;
    case Value::Kind::kText:
      return v.text;
    default:
      return Print(v.number);
  }
}

bool Compare(const Value& a, const std::string& op, const Value& b) {
  if (a.missing() || b.missing()) return false;
  const auto decide = [&](auto x, auto y) {
    if (op == "=") return x == y;
    if (op == "!=") return x != y;
    if (op == "<") return x < y;
    if (op == ">=") return x >= y;
    return x > y;
  };
  const auto number = [](const Value& v) {
    return v.kind == Value::Kind::kText ? Numeric(v.text) : std::optional(v.number);
  };
  if (number(a) && number(b)) return decide(*number(a), *number(b));
  if (a.kind == Value::Kind::kBool || b.kind == Value::Kind::kBool) return op == "!=";
  return decide(*Show(a), *Show(b));
}

// ---- events ----

using Row = std::map<std::string, Value>;

struct World {
  std::vector<MemoryEvent> events;
  std::vector<Row> rows;
};

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  int Pick(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  template <class T>
  const T& One(const std::vector<T>& of) {
    return of[static_cast<std::size_t>(Pick(static_cast<int>(of.size())))];
  }

  World Events(int count) {
    World world;
    for (int i = 0; i < count; ++i) {
      Row row;
      std::string json = "{";
      const auto add = [&](const std::string& name, const std::string& text, Value value) {
        json += (json.size() > 1 ? "," : "") + ('"' + name + "\":") + text;
        row[name] = std::move(value);
      };
      if (Pick(8) != 0) {
        const int n = Pick(20) - 4;
        add("n", std::to_string(n), Value::Number(n));
      }
      if (Pick(8) != 0) {
        const double d = (Pick(4000) - 500) / 8.0;
        add("d", Print(d), Value::Number(d));
      }
      if (Pick(8) != 0) {
        const std::string s = One<std::string>({"a", "b", "abc", "Z", "10", "7", "x y", "é"});
        add("s", '"' + s + '"', Value::Text(s));
      }
      if (Pick(4) != 0) {
        const bool b = Pick(2) != 0;
        add("t", b ? "true" : "false", Value::Bool(b));
      }
      // A field that changes its type.
      if (Pick(3) == 0) {
        add("m", "5", Value::Number(5));
      } else if (Pick(2) == 0) {
        add("m", "\"five\"", Value::Text("five"));
      }
      MemoryEvent event;
      event.timestamp_ms = 1'767'607'200'000 + Pick(900) * 1000;
      event.message = json + "}";
      row["@timestamp"] = Value::Number(static_cast<double>(event.timestamp_ms));
      world.events.push_back(std::move(event));
      world.rows.push_back(std::move(row));
    }
    return world;
  }

 private:
  std::mt19937 random_;
};

// ---- expressions: their text, and what they are in a row ----

struct Expr {
  std::string text;
  std::function<Value(const Row&)> value;
};

Value Field(const Row& row, const std::string& name) {
  const auto at = row.find(name);
  return at == row.end() ? Value() : at->second;
}

Expr FieldExpr(const std::string& name) {
  return {name, [name](const Row& row) { return Field(row, name); }};
}

std::optional<double> AsNumber(const Value& v) {
  if (v.missing()) return std::nullopt;
  return v.kind == Value::Kind::kText ? Numeric(v.text) : std::optional(v.number);
}

Expr NumberExpr(Generator& g, int depth) {
  if (depth == 0 || g.Pick(3) == 0) {
    if (g.Pick(3) == 0) {
      const int n = g.Pick(9) + 1;
      return {std::to_string(n), [n](const Row&) { return Value::Number(n); }};
    }
    return FieldExpr(g.One<std::string>({"n", "d", "s", "t", "m"}));
  }
  const Expr a = NumberExpr(g, depth - 1), b = NumberExpr(g, depth - 1);
  const char op = g.One<char>({'+', '-', '*', '/'});
  return {"(" + a.text + " " + op + " " + b.text + ")", [a, b, op](const Row& row) {
            const auto x = AsNumber(a.value(row)), y = AsNumber(b.value(row));
            if (!x || !y || (op == '/' && *y == 0)) return Value();
            return Value::Number(op == '+'   ? *x + *y
                                 : op == '-' ? *x - *y
                                 : op == '*' ? *x * *y
                                             : *x / *y);
          }};
}

Expr Condition(Generator& g, int depth) {
  switch (depth == 0 ? g.Pick(4) : g.Pick(7)) {
    case 0: {
      const Expr field = FieldExpr(g.One<std::string>({"n", "d", "s", "t", "m", "none"}));
      const std::string op = g.One<std::string>({"=", "!=", "<", ">", ">="});
      const int kind = g.Pick(3);
      const Value literal = kind == 0 ? Value::Number(g.Pick(12))
                            : kind == 1
                                ? Value::Text(g.One<std::string>({"a", "abc", "10", "five"}))
                                : Value::Number(g.Pick(100) / 4.0);
      const std::string text =
          literal.kind == Value::Kind::kText ? '"' + literal.text + '"' : Print(literal.number);
      return {field.text + " " + op + " " + text,
              [=](const Row& row) { return Value::Bool(Compare(field.value(row), op, literal)); }};
    }
    case 1: {
      const Expr field = FieldExpr(g.One<std::string>({"s", "m", "n"}));
      const std::string part = g.One<std::string>({"a", "b", "1", "five", "zz"});
      const bool negated = g.Pick(3) == 0;
      return {field.text + (negated ? " not like " : " like ") + '"' + part + '"',
              [=](const Row& row) {
                const auto text = Show(field.value(row));
                return Value::Bool(text && (text->find(part) != std::string::npos) != negated);
              }};
    }
    case 2: {
      const std::string name = g.One<std::string>({"n", "d", "s", "t", "m", "none"});
      return {"ispresent(" + name + ")",
              [=](const Row& row) { return Value::Bool(!Field(row, name).missing()); }};
    }
    case 3: {
      const Expr field = FieldExpr(g.One<std::string>({"n", "s", "m"}));
      return {field.text + " in [1, \"abc\", \"7\", 5]", [=](const Row& row) {
                const Value v = field.value(row);
                return Value::Bool(
                    Compare(v, "=", Value::Number(1)) || Compare(v, "=", Value::Text("abc")) ||
                    Compare(v, "=", Value::Text("7")) || Compare(v, "=", Value::Number(5)));
              }};
    }
    case 4: {
      const Expr a = Condition(g, depth - 1);
      return {"not (" + a.text + ")",
              [=](const Row& row) { return Value::Bool(a.value(row).number == 0); }};
    }
    default: {
      const Expr a = Condition(g, depth - 1), b = Condition(g, depth - 1);
      const bool both = g.Pick(2) == 0;
      return {"(" + a.text + (both ? " and " : " or ") + b.text + ")", [=](const Row& row) {
                const bool x = a.value(row).number != 0, y = b.value(row).number != 0;
                return Value::Bool(both ? x && y : x || y);
              }};
    }
  }
}

// ---- statistics ----

struct Statistic {
  std::string text;
  std::function<Value(const std::vector<const Row*>&)> value;
};

Statistic MakeStatistic(Generator& g) {
  const Expr e = NumberExpr(g, 1);
  const auto numbers = [e](const std::vector<const Row*>& rows) {
    std::vector<double> out;
    for (const Row* row : rows) {
      if (const auto x = AsNumber(e.value(*row))) out.push_back(*x);
    }
    return out;
  };
  switch (g.Pick(7)) {
    case 0:
      return {"count(*)",
              [](const auto& rows) { return Value::Number(static_cast<double>(rows.size())); }};
    case 1:
      return {"sum(" + e.text + ")", [=](const auto& rows) {
                double sum = 0;
                for (const double x : numbers(rows)) sum += x;
                return Value::Number(sum);
              }};
    case 2:
      return {"avg(" + e.text + ")", [=](const auto& rows) {
                const auto all = numbers(rows);
                double sum = 0;
                for (const double x : all) sum += x;
                return all.empty() ? Value() : Value::Number(sum / static_cast<double>(all.size()));
              }};
    case 3:
      return {"pct(" + e.text + ", 90)", [=](const auto& rows) {
                auto all = numbers(rows);
                if (all.empty()) return Value();
                std::sort(all.begin(), all.end());
                const auto rank = static_cast<std::size_t>(
                    std::ceil(90.0 * static_cast<double>(all.size()) / 100 - 1e-9));
                return Value::Number(all[std::max<std::size_t>(rank, 1) - 1]);
              }};
    case 4:
      return {"max(d)", [](const auto& rows) {
                Value best;
                for (const Row* row : rows) {
                  const Value v = Field(*row, "d");
                  if (!v.missing() && (best.missing() || v.number > best.number)) best = v;
                }
                return best;
              }};
    case 5:
      return {"count_distinct(s)", [](const auto& rows) {
                std::set<std::string> seen;
                for (const Row* row : rows) {
                  if (const auto text = Show(Field(*row, "s"))) seen.insert(*text);
                }
                return Value::Number(static_cast<double>(seen.size()));
              }};
    default:
      return {"count(m)", [](const auto& rows) {
                double n = 0;
                for (const Row* row : rows) n += Field(*row, "m").missing() ? 0 : 1;
                return Value::Number(n);
              }};
  }
}

std::string Bin(double ms) {
  const auto second = static_cast<std::int64_t>(ms) / 1000 - 1'767'607'200;
  const std::int64_t minute = second / 300 * 5;
  char text[64];
  std::snprintf(text, sizeof text, "2026-01-05 10:%02d:00.000", static_cast<int>(minute));
  return text;
}

// ---- whole queries ----

using Lines = std::vector<std::string>;

std::string LineOf(const std::vector<std::string>& names,
                   const std::vector<std::optional<std::string>>& cells) {
  std::string line;
  for (std::size_t i = 0; i < names.size(); ++i) {
    line += names[i] + "=" + cells[i].value_or("-") + "|";
  }
  return line;
}

struct Query1 {
  std::string text;
  Lines expected;
  bool ordered = false;
};

std::vector<const Row*> Filtered(const World& world, const std::optional<Expr>& filter) {
  // Newest first, of one time the last ingested first.
  std::vector<const Row*> rows;
  for (const Row& row : world.rows) {
    if (!filter || filter->value(row).number != 0) rows.push_back(&row);
  }
  std::reverse(rows.begin(), rows.end());
  std::stable_sort(rows.begin(), rows.end(), [](const Row* a, const Row* b) {
    return Field(*a, "@timestamp").number > Field(*b, "@timestamp").number;
  });
  return rows;
}

Query1 RowQuery(Generator& g, const World& world, const std::optional<Expr>& filter) {
  Query1 q;
  q.ordered = true;
  std::vector<const Row*> rows = Filtered(world, filter);
  const Expr e = NumberExpr(g, 2);
  q.text = "fields n, s, " + e.text + " as e";
  if (g.Pick(2) == 0) {
    const bool down = g.Pick(2) == 0;
    q.text += std::string(" | sort d ") + (down ? "desc" : "asc");
    std::stable_sort(rows.begin(), rows.end(), [&](const Row* a, const Row* b) {
      const Value x = Field(*a, "d"), y = Field(*b, "d");
      if (x.missing() != y.missing()) return down ? y.missing() : x.missing();
      return !x.missing() && (down ? x.number > y.number : x.number < y.number);
    });
  }
  if (g.Pick(2) == 0) {
    const std::size_t n = static_cast<std::size_t>(g.Pick(60)) + 1;
    q.text += " | limit " + std::to_string(n);
    rows.resize(std::min(rows.size(), n));
  }
  for (const Row* row : rows) {
    q.expected.push_back(LineOf(
        {"n", "s", "e"}, {Show(Field(*row, "n")), Show(Field(*row, "s")), Show(e.value(*row))}));
  }
  return q;
}

Query1 GroupedQuery(Generator& g, const World& world, const std::optional<Expr>& filter) {
  Query1 q;
  const std::vector<Statistic> statistics = {MakeStatistic(g), MakeStatistic(g)};
  q.text = "stats " + statistics[0].text + " as x, " + statistics[1].text + " as y";
  std::vector<std::function<std::optional<std::string>(const Row&)>> keys;
  std::vector<std::string> names;
  const int by = g.Pick(4);
  const auto field_key = [&](const std::string& name) {
    names.push_back(name);
    keys.emplace_back([name](const Row& row) { return Show(Field(row, name)); });
  };
  if (by == 1 || by == 3) field_key(g.One<std::string>({"s", "n", "m", "t"}));
  if (by == 2 || by == 3) {
    names.emplace_back("bin(5m)");
    keys.emplace_back(
        [](const Row& row) { return std::optional(Bin(Field(row, "@timestamp").number)); });
  }
  for (std::size_t i = 0; i < names.size(); ++i) q.text += (i == 0 ? " by " : ", ") + names[i];
  std::map<std::vector<std::optional<std::string>>, std::vector<const Row*>> groups;
  if (keys.empty()) groups[{}];
  for (const Row* row : Filtered(world, filter)) {
    std::vector<std::optional<std::string>> key;
    for (const auto& of : keys) key.push_back(of(*row));
    groups[key].push_back(row);
  }
  names.insert(names.end(), {"x", "y"});
  for (const auto& [key, rows] : groups) {
    std::vector<std::optional<std::string>> cells = key;
    cells.push_back(Show(statistics[0].value(rows)));
    cells.push_back(Show(statistics[1].value(rows)));
    q.expected.push_back(LineOf(names, cells));
  }
  return q;
}

Lines LinesOf(const Table& table) {
  Lines lines;
  for (const auto& row : table.rows) lines.push_back(LineOf(table.columns, row));
  return lines;
}

TEST(InsightsDifferentialTest, TheEngineAgreesWithARowInterpreter) {
  WorkerPool workers(1, 16);
  for (unsigned seed = 1; seed <= 300; ++seed) {
    Generator g(seed);
    const World world = g.Events(g.Pick(40) == 0 ? 5000 : g.Pick(200));
    std::optional<Expr> filter;
    if (g.Pick(3) != 0) filter = Condition(g, 2);
    Query1 q = g.Pick(2) == 0 ? RowQuery(g, world, filter) : GroupedQuery(g, world, filter);
    if (filter) q.text = "filter " + filter->text + " | " + q.text;
    const ParseResult query = Parse(q.text);
    ASSERT_TRUE(query.ok()) << query.error().ToText(q.text);
    RunOptions options;
    options.groups = {"case"};
    options.start_ms = 1'767'607'200'000;
    options.end_ms = 1'767'610'800'999;
    options.workers = &workers;
    options.threads = 2;
    const MemoryInput input(world.events);
    const auto answer = insights::Run(*query, input, options);
    ASSERT_TRUE(answer.ok()) << q.text << ": " << answer.error().message();
    Lines got = LinesOf(answer->table);
    if (!q.ordered) {
      std::sort(got.begin(), got.end());
      std::sort(q.expected.begin(), q.expected.end());
    }
    ASSERT_EQ(got, q.expected) << "seed " << seed << ": " << q.text;
  }
}

}  // namespace
}  // namespace securebase::insights
