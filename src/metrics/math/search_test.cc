// SEARCH: the tokens and the matches of the specification, the grammar, what a store is asked.
#include "metrics/math/internal/search.h"

#include <gtest/gtest.h>

#include "metrics/math/evaluate.h"
#include "metrics/math/internal/insights.h"
#include "metrics/math/memory_source.h"

namespace securebase::metrics::math {
namespace {

std::string Tokens(std::string_view text) {
  std::string out;
  for (std::string_view token : SearchTokens(text)) {
    out += (out.empty() ? "" : " ") + std::string(token);
  }
  return out;
}

TEST(SearchTest, SplitsNamesIntoTokens) {
  EXPECT_EQ(Tokens("CustomCount1"), "Custom Count 1");
  EXPECT_EQ(Tokens("SDBFailure"), "SDB Failure");
  EXPECT_EQ(Tokens("Project2-trial333"), "Project 2 trial 333");
  EXPECT_EQ(Tokens("Network-Errors_2"), "Network Errors 2");
  EXPECT_EQ(Tokens("CPUUtilization"), "CPU Utilization");
  EXPECT_EQ(Tokens("i-0123abc"), "i 0123 abc");
  EXPECT_EQ(Tokens("--"), "");
  EXPECT_EQ(Tokens(""), "");
}

TEST(SearchTest, WordsMatchPartOfAName) {
  auto matches = [](std::string_view word, std::string_view name) {
    return SearchWord(word).Matches(name);
  };
  for (std::string_view word :
       {"count", "Count", "COUNT", "CustomCount", "Count1", "customcount1", "CUSTOMCOUNT1"}) {
    EXPECT_TRUE(matches(word, "CustomCount1")) << word;
  }
  for (std::string_view word : {"couNT", "customcount", "count1", "Custom1", "ount"}) {
    EXPECT_FALSE(matches(word, "CustomCount1")) << word;
  }
  for (std::string_view word :
       {"network/errors", "network+errors", "network-errors", "Network_Errors"}) {
    EXPECT_TRUE(matches(word, "Network-Errors-2")) << word;
    EXPECT_TRUE(matches(word, "NetworkErrors2")) << word;
  }
  EXPECT_TRUE(matches("cpu", "CPUUtilization"));
  EXPECT_TRUE(matches("trial", "Project2-trial333"));
}

Metric Ec2(std::string name, std::string instance) {
  return {"AWS/EC2", std::move(name), {{"InstanceId", std::move(instance)}}};
}

bool Finds(std::string_view text, const Metric& metric) {
  const auto search = ParseSearch(text, text, 0);
  EXPECT_TRUE(search.ok()) << text << ": " << (search.ok() ? "" : search.error().message());
  return search.ok() && search->Matches(metric, "123456789012");
}

TEST(SearchTest, ASchemaNamesTheExactDimensions) {
  const Metric two{"My NS", "m", {{"A", "1"}, {"B", "2"}}};
  EXPECT_TRUE(Finds("{\"My NS\", B, A}", two));
  EXPECT_TRUE(Finds("{\"My NS\"}", two));
  EXPECT_FALSE(Finds("{\"My NS\", A}", two));
  EXPECT_FALSE(Finds("{\"My NS\", A, B, C}", two));
  EXPECT_FALSE(Finds("{Other}", two));
  EXPECT_TRUE(Finds("{AWS/EC2,InstanceId}", Ec2("CPUUtilization", "i-1")));
  EXPECT_TRUE(Finds("{AWS/EC2}, \"CPUUtilization\"", Ec2("CPUUtilization", "i-1")));
}

TEST(SearchTest, GrafanasTextsWork) {
  const std::string exact =
      R"({AWS/EC2,InstanceId} MetricName="CPUUtilization" "InstanceId"=("i-1" OR "i-2"))";
  EXPECT_TRUE(Finds(exact, Ec2("CPUUtilization", "i-1")));
  EXPECT_TRUE(Finds(exact, Ec2("CPUUtilization", "i-2")));
  EXPECT_FALSE(Finds(exact, Ec2("CPUUtilization", "i-3")));
  EXPECT_FALSE(Finds(exact, Ec2("NetworkIn", "i-1")));
  const std::string loose = R"(Namespace="AWS/EC2" MetricName="CPUUtilization" "InstanceId")";
  EXPECT_TRUE(Finds(loose, Ec2("CPUUtilization", "i-3")));
  const Metric plain{"AWS/EC2", "CPUUtilization", {}};
  EXPECT_FALSE(Finds(loose, plain));
  const Metric other{"AWS/RDS", "CPUUtilization", {{"InstanceId", "i-1"}}};
  EXPECT_FALSE(Finds(loose, other));
  EXPECT_TRUE(Finds("{AWS/EC2,InstanceId} :aws.AccountId=\"123456789012\"", Ec2("m", "i-1")));
  EXPECT_TRUE(Finds("{AWS/EC2,InstanceId} :aws.AccountId=LOCAL", Ec2("m", "i-1")));
  EXPECT_FALSE(Finds("{AWS/EC2,InstanceId} :aws.AccountId=\"999999999999\"", Ec2("m", "i-1")));
}

TEST(SearchTest, OperatorsBindNotThenAndThenOr) {
  const Metric metric = Ec2("CPUUtilization", "i-1");
  EXPECT_TRUE(Finds("CPU Utilization", metric));
  EXPECT_TRUE(Finds("CPU AND Utilization", metric));
  EXPECT_FALSE(Finds("CPU Network", metric));
  EXPECT_TRUE(Finds("CPU OR Network", metric));
  EXPECT_TRUE(Finds("NOT Network", metric));
  EXPECT_FALSE(Finds("NOT CPU", metric));
  EXPECT_TRUE(Finds("NOT NOT CPU", metric));
  EXPECT_TRUE(Finds("NOT Network AND CPU OR Disk", metric));
  EXPECT_TRUE(Finds("CPU OR Network Disk", metric));
  EXPECT_FALSE(Finds("(CPU OR Network) Disk", metric));
  EXPECT_FALSE(Finds("cpu and utilization", metric));  // lower case: a word
  EXPECT_TRUE(Finds("InstanceId=(i OR x) NOT MetricName=(Network OR Disk)", metric));
  EXPECT_TRUE(Finds("\"i-1\"", metric));
  EXPECT_FALSE(Finds("\"i\"", metric));
  EXPECT_FALSE(Finds("\"cpuutilization\"", metric));
  const Metric quoted{"N", "say \"hi\" (\\)", {}};
  EXPECT_TRUE(Finds(R"x("say \"hi\" \(\\\)")x", quoted));
}

TEST(SearchTest, NarrowsWhatTheStoreMustVisit) {
  const auto search =
      ParseSearch(R"({NS,A,B} MetricName="m" AND A="1" (C="2" OR D) NOT Namespace="x")", "", 0);
  ASSERT_TRUE(search.ok());
  const MetricSelection selection = search->Selection("1");
  EXPECT_EQ(selection.filter.namespace_name, "NS");
  EXPECT_EQ(selection.filter.name, "m");
  EXPECT_EQ(selection.filter.dimension_names, (std::vector<std::string>{"A", "B"}));
  EXPECT_EQ(selection.filter.dimensions, (std::vector<Dimension>{{"A", "1"}}));
}

class SearchEvaluationTest : public ::testing::Test {
 protected:
  SearchEvaluationTest() {
    Add(Ec2("CPUUtilization", "i-1"), {10, 20});
    Add(Ec2("CPUUtilization", "i-2"), {30, 40});
    Add(Ec2("NetworkIn", "i-1"), {7, 7});
    Add({"App", "Latency", {{"Region", "eu"}, {"Stage", "prod"}}}, {1, 3});
    Add({"App", "Latency", {{"Region", "us"}, {"Stage", "prod"}}}, {5, 7});
    Add({"App", "Latency", {{"Region", "us"}, {"Stage", "dev"}}}, {9, 11});
    Add({"App", "Latency", {{"Region", "us"}}}, {100, 100});
    Add({"App", "Latency", {}}, {1000, 1000});
    source_.Add({"App", "Old", {}}, kNow - std::chrono::hours(24 * 20), 1);
  }

  void Add(const Metric& metric, std::vector<double> values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      source_.Add(metric, kStart + std::chrono::minutes(5 * i), values[i]);
    }
  }

  /// "label: v v | label: v v", or the error.
  std::string Run(std::string expression, EvaluationLimits limits = {},
                  std::optional<std::string> label = {}) {
    MetricDataQuery query;
    query.id = "e1";
    query.expression = std::move(expression);
    query.period = std::chrono::minutes(5);
    query.label = std::move(label);
    const auto plan = Plan::Make({query});
    if (!plan.ok()) return plan.error().message();
    const auto found = Evaluate(
        *plan, source_,
        {.start = kStart, .end = kStart + std::chrono::minutes(10), .now = kNow, .limits = limits});
    if (!found.ok()) return found.error().message();
    std::string out;
    for (const SeriesResult& one : found->results) {
      out += (out.empty() ? "" : " | ") + one.label + ":";
      for (double value : one.series.values) out += " " + std::to_string(static_cast<int>(value));
      if (one.partial) out += " partial " + one.messages.at(0).code;
    }
    return out;
  }

  const Instant kNow = *ParseIso("2026-06-01T13:00:00Z");
  const Instant kStart = *ParseIso("2026-06-01T12:00:00Z");
  MemorySource source_;
};

TEST_F(SearchEvaluationTest, LabelsAreWhatTellsTheSeriesApart) {
  EXPECT_EQ(Run("SEARCH('{AWS/EC2,InstanceId} CPU', 'Average')"), "i-1: 10 20 | i-2: 30 40");
  EXPECT_EQ(Run("SEARCH('{AWS/EC2,InstanceId} i-1', 'Average')"),
            "CPUUtilization: 10 20 | NetworkIn: 7 7");
  EXPECT_EQ(Run("SEARCH('{AWS/EC2,InstanceId}', 'Average')"),
            "i-1 CPUUtilization: 10 20 | i-2 CPUUtilization: 30 40 | i-1 NetworkIn: 7 7");
  EXPECT_EQ(Run("SEARCH('{AWS/EC2,InstanceId} Network', 'Average')"), "NetworkIn: 7 7");
  EXPECT_EQ(Run("SEARCH('{AWS/EC2,InstanceId} CPU', 'Average')", {}, "x"),
            "x i-1: 10 20 | x i-2: 30 40");
  EXPECT_EQ(Run("SEARCH('{AWS/EC2,InstanceId} CPU', 'Average')", {}, "${PROP('Dim.InstanceId')}!"),
            "i-1!: 10 20 | i-2!: 30 40");
}

TEST_F(SearchEvaluationTest, FeedsFunctions) {
  EXPECT_EQ(Run("SUM(SEARCH('{AWS/EC2,InstanceId} CPU', 'Average'))"), "e1: 40 60");
  EXPECT_EQ(Run("SORT(SEARCH('{App,Region,Stage}', 'Average'), MAX, DESC, 2)"),
            "us dev: 9 11 | us prod: 5 7");
  EXPECT_EQ(Run("SEARCH('{AWS/EC2,InstanceId} CPU', 'Average', 600) / 10"), "i-1: 1 | i-2: 3");
  EXPECT_EQ(Run("REMOVE_EMPTY(SEARCH('{App} Old', 'Average'))"), "");
  EXPECT_EQ(Run("SUM(SEARCH('nothing', 'Sum'))"), "e1:");
}

TEST_F(SearchEvaluationTest, LimitsCutAndSaySo) {
  EXPECT_EQ(Run("SEARCH('{AWS/EC2,InstanceId} CPU', 'Sum')", {.series_max = 1}),
            "CPUUtilization: 10 20 partial MaxQueryTimeSeriesExceeded");
  EXPECT_EQ(Run("-SEARCH('{AWS/EC2,InstanceId} CPU', 'Sum')", {.series_max = 1}),
            "i-1: -10 -20 partial MaxQueryTimeSeriesExceeded");
  EXPECT_EQ(Run("SUM(SEARCH('{AWS/EC2,InstanceId} CPU', 'Sum'))", {.metrics_max = 1}),
            "e1: 10 20 partial MaxMetricsExceeded");
  EXPECT_EQ(Run("SEARCH('CPU', 'Sum')", {.buckets_max = 2}),
            "The request would read more than 2 datapoints at once. Raise the Period or shorten "
            "the time range.");
}

TEST_F(SearchEvaluationTest, SelectMergesObservations) {
  EXPECT_EQ(Run("SELECT AVG(Latency) FROM SCHEMA(App, Stage, Region)"), "e1: 5 7");
  EXPECT_EQ(Run("SELECT SUM(Latency) FROM App"), "e1: 1115 1121");
  EXPECT_EQ(Run("select count(Latency) from SCHEMA(\"App\", Region, Stage)"), "e1: 3 3");
  EXPECT_EQ(Run("SELECT MAX(Latency) FROM SCHEMA(App)"), "e1: 1000 1000");
  EXPECT_EQ(Run("SELECT MIN(Latency) FROM App WHERE Region = 'us'"), "e1: 5 7");
  EXPECT_EQ(Run("SELECT MIN(Nothing) FROM App"), "e1:");
}

TEST_F(SearchEvaluationTest, SelectFiltersGroupsOrdersAndLimits) {
  const std::string from = "SELECT AVG(Latency) FROM SCHEMA(App, Region, Stage) ";
  EXPECT_EQ(Run(from + "GROUP BY Region"), "eu: 1 3 | us: 7 9");
  EXPECT_EQ(Run(from + "GROUP BY Region, Stage"), "eu prod: 1 3 | us dev: 9 11 | us prod: 5 7");
  EXPECT_EQ(Run(from + "GROUP BY Region, Stage ORDER BY AVG() DESC LIMIT 2"),
            "us dev: 9 11 | us prod: 5 7");
  EXPECT_EQ(Run(from + "GROUP BY Region ORDER BY MIN() DESC"), "us: 7 9 | eu: 1 3");
  EXPECT_EQ(Run(from + "WHERE Stage != 'prod'"), "e1: 9 11");
  EXPECT_EQ(Run(from + "WHERE Region = 'us' AND Stage = 'dev'"), "e1: 9 11");
  EXPECT_EQ(Run(from + "WHERE Region = 'eu' OR Stage = 'dev' GROUP BY Region"),
            "eu: 1 3 | us: 9 11");
  EXPECT_EQ(Run(from + "WHERE (Region = 'eu' OR Region = 'us') AND Stage IN ('dev', 'test')"),
            "e1: 9 11");
  EXPECT_EQ(Run(from + "WHERE Stage NOT IN ('dev')"), "e1: 3 5");
  EXPECT_EQ(Run("SELECT SUM(Latency) FROM App WHERE Stage != 'dev' GROUP BY Stage"),
            "Other: 1100 1100 | prod: 6 10");
  EXPECT_EQ(Run(from + "GROUP BY Region", {.series_max = 1}),
            "eu: 1 3 partial MaxQueryTimeSeriesExceeded");
  EXPECT_EQ(Run(from + "GROUP BY Region LIMIT 1", {.series_max = 1}), "eu: 1 3");
  EXPECT_EQ(Run(from, {.metrics_max = 2}), "e1: 5 7 partial MaxMetricsExceeded");
}

TEST(InsightsTest, PrintsWhatParsesToTheSame) {
  for (std::string_view text :
       {R"(SELECT AVG("m") FROM "NS")",
        R"(SELECT SUM("it\"s") FROM SCHEMA("AWS/EC2", "A", "B") WHERE ("A" IN ('x\'', 'y') AND )"
        R"(("B" NOT IN ('z') OR "B" IN ('w'))) GROUP BY "A", "B" ORDER BY MAX() DESC LIMIT 5)"}) {
    const auto query = ParseInsights(text);
    ASSERT_TRUE(query.ok()) << query.error().message();
    EXPECT_EQ(ToText(*query), text);
  }
}

}  // namespace
}  // namespace securebase::metrics::math
