// Runs testdata/math.test; the file explains its notation.
#include <gtest/gtest.h>

#include <fstream>

#include "base/text.h"
#include "metrics/math/evaluate.h"
#include "metrics/math/memory_source.h"

namespace securebase::metrics::math {
namespace {

const Instant kStart = *ParseIso("2026-06-01T12:00:00Z");

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// "1 _ 5*3 0+2*4": missing points are NaN.
Values ParseSeries(std::string_view text) {
  Values out;
  for (std::string_view token : Split(text, ' ')) {
    if (token.empty()) continue;
    double count = 1, step = 0;
    if (const auto star = token.find('*'); star != std::string_view::npos) {
      count = *ParseDouble(token.substr(star + 1));
      token = token.substr(0, star);
    }
    if (const auto plus = token.find('+', 1); plus != std::string_view::npos) {
      step = *ParseDouble(token.substr(plus + 1));
      token = token.substr(0, plus);
    }
    const double first = token == "_" ? kMissing : *ParseDouble(token);
    for (double i = 0; i < count; ++i) out.push_back(first + step * i);
  }
  return out;
}

std::string Print(const Values& values) {
  std::string out;
  for (double value : values) {
    out += (out.empty() ? "" : " ") + (IsMissing(value) ? "_" : FormatDouble(value));
  }
  return out;
}

struct Script {
  MemorySource source;
  std::vector<MetricDataQuery> queries;
  std::map<std::string, std::size_t> lengths;  // of the series

  void Load(std::string_view id, std::string_view series) {
    MetricDataQuery query;
    query.id = id;
    query.return_data = false;
    query.metric_stat = MetricStat{
        {"Test", std::string(id), {}}, std::chrono::seconds(60), *ParseStatistic("Average"), {}};
    const Values values = ParseSeries(series);
    for (std::size_t k = 0; k < values.size(); ++k) {
      if (IsMissing(values[k])) continue;
      source.Add(query.metric_stat->metric, kStart + std::chrono::minutes(k), values[k]);
    }
    lengths[query.id] = values.size();
    queries.push_back(std::move(query));
  }

  /// The result as the file writes it, `count` points a series; or "! message".
  std::string Eval(std::string_view expression, std::size_t count) const {
    std::vector<MetricDataQuery> all = queries;
    MetricDataQuery last;
    last.id = "result";
    last.expression = expression;
    last.period = std::chrono::seconds(60);
    if (expression.empty()) last.expression = " ";
    all.push_back(last);
    const auto plan = Plan::Make(std::move(all));
    if (!plan.ok()) {
      const std::string start = "Error in expression 'result': ";
      const std::string& message = plan.error().message();
      EXPECT_EQ(plan.error().wire_code(), "ValidationError");
      return "! " + (message.starts_with(start) ? message.substr(start.size()) : message);
    }
    const auto found =
        Evaluate(*plan, source,
                 {.start = kStart, .end = kStart + std::chrono::minutes(count), .now = kStart});
    if (!found.ok()) return "! " + found.error().message();
    std::string out;
    for (const SeriesResult& one : found->results) {
      Values values(count, kMissing);
      for (std::size_t i = 0; i < one.series.times.size(); ++i) {
        values[static_cast<std::size_t>((one.series.times[i] - kStart) / one.period)] =
            one.series.values[i];
      }
      out += (out.empty() ? "" : " | ") + Print(values);
    }
    return out.empty() ? "none" : out;
  }
};

TEST(MathTest, EveryLineOfTheFileHolds) {
  const std::string text = ReadFile(SB_SOURCE_DIR "/src/metrics/math/testdata/math.test");
  ASSERT_FALSE(text.empty());
  Script script;
  int number = 0, evaluated = 0;
  for (std::string_view line : Split(text, '\n')) {
    SCOPED_TRACE("math.test:" + std::to_string(++number));
    const std::size_t space = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, space);
    const std::string_view rest = Trim(line.substr(space));
    if (word.empty() || word[0] == '#' || word == "period") continue;
    const std::size_t second = std::min(rest.find(' '), rest.size());
    if (word == "load") {
      script.Load(rest.substr(0, second), rest.substr(second));
    } else if (word == "query") {
      MetricDataQuery query;
      query.id = rest.substr(0, second);
      query.expression = Trim(rest.substr(second));
      query.return_data = false;
      script.queries.push_back(std::move(query));
    } else {
      ASSERT_EQ(word, "eval");
      ++evaluated;
      const std::size_t error = line.rfind(" ! ");
      if (error != std::string_view::npos) {
        const std::string_view expression = error > 5 ? Trim(line.substr(5, error - 5)) : "";
        EXPECT_EQ(script.Eval(expression, 4), line.substr(error + 1));
        continue;
      }
      const std::size_t equals = line.rfind(" = ");
      ASSERT_NE(equals, std::string_view::npos);
      std::string wanted;
      std::size_t count = 4;
      for (std::string_view part : Split(line.substr(equals + 3), '|')) {
        if (Trim(part) == "none") {
          wanted = "none";
          break;
        }
        const Values values = ParseSeries(part);
        count = values.size();
        wanted += (wanted.empty() ? "" : " | ") + Print(values);
      }
      EXPECT_EQ(script.Eval(Trim(line.substr(5, equals - 5)), count), wanted);
    }
  }
  EXPECT_GT(evaluated, 150);
}

}  // namespace
}  // namespace securebase::metrics::math
