#include "analytics/service.h"

#include <gmock/gmock.h>

#include "analytics/datasets.h"
#include "analytics/filter.h"
#include "analytics/import.h"
#include "analytics/result_cache.h"
#include "analytics/testing/memory_dataset_store.h"
#include "base/testing/manual_clock.h"

namespace securebase::analytics {
namespace {

using testing::HasSubstr;

/// Keeps the names and values of what is published.
class RecordingTelemetry final : public Telemetry {
 public:
  void Publish(const Measurement& m) override { Keep(m); }
  void PublishTwice(const Measurement& m) override { Keep(m); }
  void LogEvents(std::string_view, std::span<const std::string>) override {}

  std::vector<double> Values(const std::string& name) { return values_[name]; }
  std::string dimensions;  // of the last

 private:
  void Keep(const Measurement& m) {
    values_[std::string(m.name)].push_back(m.value);
    if (m.dimensions.empty()) return;
    dimensions.clear();
    for (const auto& [name, value] : m.dimensions) {
      dimensions += std::string(name) + "=" + std::string(value) + ";";
    }
  }
  std::map<std::string, std::vector<double>> values_;
};

class ServiceTest : public testing::Test {
 protected:
  ServiceTest() : clock_(*ParseIso("2026-06-01T10:00:00Z")) {
    DefineDatasets(store_);
    service_ = std::make_unique<AnalyticsService>(store_, clock_, telemetry_);
  }

  void Load(std::string_view dataset, std::string_view csv, const std::string& customer = "acme") {
    const auto report = ImportFiles(store_, Format::kCsv, {{"file", csv}},
                                    {.customer = customer, .dataset = std::string(dataset)});
    ASSERT_TRUE(report.ok()) << report.error().field() << report.error().message();
    ASSERT_EQ(report->rejected_count, 0u) << report->rejected[0].reason;
  }
  void LoadCosts() {
    Load("cost",
         "time,service,region,cost,effective_cost,usage,tags.env,charge_category,resource_id\n"
         "2026-05-31,EC2,us-east-1,10,8,1,prod,Usage,instance-1\n"
         "2026-05-30,EC2,eu-west-1,5,5,2,dev,Usage,instance-2\n"
         "2026-05-30,S3,us-east-1,3,3,4,prod,Usage,bucket-1\n"
         "2026-05-20,RDS,us-east-1,2,2,,,Tax,\n"
         "2026-04-15,EC2,us-east-1,16,16,1,prod,Usage,instance-1\n");
  }

  json::Value Ask(Question question, const Parameters& parameters = {},
                  const std::string& customer = "acme") {
    auto answer = service_->Answer(question, {.id = customer}, "", parameters);
    if (!answer.ok()) {
      ADD_FAILURE() << answer.error().field() << ": " << answer.error().message();
      return {};
    }
    return *json::Parse(*answer);
  }
  Error Refused(Question question, const Parameters& parameters) {
    auto answer = service_->Answer(question, {.id = "acme"}, "", parameters);
    if (!answer.ok()) return answer.error();
    ADD_FAILURE() << *answer;
    return Internal("");
  }
  /// The data of GET /analytics, compact.
  std::string Data(const Parameters& parameters) {
    const json::Value answer = Ask(Question::kAnalytics, parameters);
    return answer.Find("data") == nullptr ? "" : json::Write(*answer.Find("data"));
  }
  std::string Services(const std::string& filters) {
    const json::Value answer = Ask(
        Question::kAnalytics,
        {{"filters", filters}, {"metrics", "count"}, {"dateRange", "90d"}, {"sort", "service"}});
    std::string text;
    if (answer.Find("data") == nullptr) return "failed";
    for (const json::Value& row : answer.Find("data")->AsArray()) {
      text += row.Find("service")->AsString() + std::to_string(row.Find("count")->AsInt()) + " ";
    }
    return text;
  }

  ManualClock clock_;
  MemoryDatasetStore store_;
  RecordingTelemetry telemetry_;
  std::unique_ptr<AnalyticsService> service_;
};

double NumberAt(const json::Value& value, std::initializer_list<std::string_view> path) {
  const json::Value* at = &value;
  for (std::string_view name : path) at = at->Find(name);
  return at->AsNumber();
}

TEST_F(ServiceTest, AnalyticsGroupsByServiceOverThirtyDays) {
  LoadCosts();
  const json::Value answer = Ask(Question::kAnalytics);
  EXPECT_EQ(json::Write(*answer.Find("data")),
            R"([{"service":"EC2","cost":15,"usage":3,"count":2},)"
            R"({"service":"S3","cost":3,"usage":4,"count":1},)"
            R"({"service":"RDS","cost":2,"usage":null,"count":1}])");
  EXPECT_EQ(NumberAt(answer, {"summary", "totalCost"}), 20);
  EXPECT_EQ(NumberAt(answer, {"summary", "totalUsage"}), 7);
  EXPECT_EQ(answer.Find("summary")->Find("startDate")->AsString(), "2026-05-02T00:00:00Z");
  EXPECT_EQ(NumberAt(answer, {"metadata", "recordCount"}), 4);
  EXPECT_EQ(NumberAt(answer, {"metadata", "aggregatedCount"}), 3);
  EXPECT_FALSE(answer.Find("cached")->AsBool());
  EXPECT_TRUE(answer.Find("executionTime")->IsNumber());
}

TEST_F(ServiceTest, CustomersNeverSeeEachOther) {
  LoadCosts();
  EXPECT_EQ(json::Write(*Ask(Question::kAnalytics, {}, "other").Find("data")), "[]");
}

TEST_F(ServiceTest, GroupByGranularityMetricsAndSort) {
  LoadCosts();
  EXPECT_EQ(Data({{"groupBy", "service,region"}, {"metrics", "effectiveCost"}, {"limit", "2"}}),
            R"([{"service":"EC2","region":"us-east-1","effectiveCost":8},)"
            R"({"service":"EC2","region":"eu-west-1","effectiveCost":5}])");
  EXPECT_EQ(Data({{"dimension", "tag"},
                  {"tagKey", "env"},
                  {"granularity", "month"},
                  {"metrics", "cost"},
                  {"dateRange", "90d"},
                  {"sort", "date,-cost"}}),
            R"([{"tag":"prod","date":"2026-04-01","cost":16},)"
            R"({"tag":"prod","date":"2026-05-01","cost":13},)"
            R"({"tag":"dev","date":"2026-05-01","cost":5},)"
            R"({"tag":null,"date":"2026-05-01","cost":2}])");
  EXPECT_EQ(Data({{"sort", "cost:asc"}, {"metrics", "cost"}, {"limit", "1"}}),
            R"([{"service":"RDS","cost":2}])");
  EXPECT_EQ(Data({{"dimension", "tag"}, {"metrics", "cost"}}),
            R"([{"tag":"env=prod","cost":13},{"tag":"env=dev","cost":5}])");
  EXPECT_EQ(Data({{"dateRange", "custom"},
                  {"startDate", "2026-04-15"},
                  {"endDate", "2026-04-15"},
                  {"metrics", "cost"}}),
            R"([{"service":"EC2","cost":16}])");
}

TEST_F(ServiceTest, FiltersHaveAllOperatorsAndNest) {
  LoadCosts();
  EXPECT_EQ(Services("{}"), "EC23 RDS1 S31 ");
  EXPECT_EQ(Services(R"({"service":"S3"})"), "S31 ");
  EXPECT_EQ(Services(R"({"service":{"eq":"S3"}})"), "S31 ");
  EXPECT_EQ(Services(R"({"service":{"ne":"EC2"}})"), "RDS1 S31 ");
  EXPECT_EQ(Services(R"({"cost":{"gt":3,"lte":10}})"), "EC22 ");
  EXPECT_EQ(Services(R"({"cost":{"gte":10}})"), "EC22 ");
  EXPECT_EQ(Services(R"({"cost":{"lt":3}})"), "RDS1 ");
  EXPECT_EQ(Services(R"({"region":{"in":["eu-west-1","x"]}})"), "EC21 ");
  EXPECT_EQ(Services(R"({"service":{"nin":["EC2","S3"]}})"), "RDS1 ");
  EXPECT_EQ(Services(R"({"resource_id":{"contains":"cket"}})"), "S31 ");
  EXPECT_EQ(Services(R"({"resource_id":{"startsWith":"instance"}})"), "EC23 ");
  EXPECT_EQ(Services(R"({"tags.env":{"exists":false}})"), "RDS1 ");
  EXPECT_EQ(Services(R"({"tags.env":{"exists":true}})"), "EC23 S31 ");
  EXPECT_EQ(Services(R"({"tags.env":{"ne":"prod"}})"), "EC21 RDS1 ");  // absent is not "prod"
  EXPECT_EQ(Services(R"({"time":{"lt":"2026-05-01"}})"), "EC21 ");
  EXPECT_EQ(Services(R"({"region":{"in":["us-east-1"]},"or":[{"service":{"in":["RDS"]}},)"
                     R"({"cost":{"gt":9},"tags.env":"prod"}],"charge_category":{"ne":"Tax"}})"),
            "EC22 ");
  EXPECT_EQ(Services(R"({"and":[{"or":[{"service":"EC2"},{"service":"S3"}]},)"
                     R"({"or":[{"region":"eu-west-1"},{"cost":3}]}]})"),
            "EC21 S31 ");
}

TEST_F(ServiceTest, FiltersAreRefusedByTheirPath) {
  auto field = [&](const std::string& filters) {
    return Refused(Question::kAnalytics, {{"filters", filters}}).field();
  };
  EXPECT_EQ(field("{"), "filters");
  EXPECT_EQ(Refused(Question::kAnalytics, {{"filters", "{"}}).wire_code(), "INVALID_REQUEST");
  EXPECT_EQ(field("[]"), "filters");
  EXPECT_EQ(field(R"({"colour":1})"), "filters.colour");
  EXPECT_EQ(field(R"({"cost":{"above":1}})"), "filters.cost.above");
  EXPECT_EQ(field(R"({"cost":{"gt":"1"}})"), "filters.cost.gt");
  EXPECT_EQ(field(R"({"cost":{"contains":"1"}})"), "filters.cost.contains");
  EXPECT_EQ(field(R"({"service":{"contains":1}})"), "filters.service.contains");
  EXPECT_EQ(field(R"({"service":1})"), "filters.service");
  EXPECT_EQ(field(R"({"service":{}})"), "filters.service");
  EXPECT_EQ(field(R"({"service":{"in":[]}})"), "filters.service.in");
  EXPECT_EQ(field(R"({"service":{"in":["a",1]}})"), "filters.service.in.1");
  EXPECT_EQ(field(R"({"service":{"exists":1}})"), "filters.service.exists");
  EXPECT_EQ(field(R"({"time":{"gt":1}})"), "filters.time.gt");
  EXPECT_EQ(field(R"({"time":{"gt":"soon"}})"), "filters.time.gt");
  EXPECT_EQ(field(R"({"or":{}})"), "filters.or");
  EXPECT_EQ(field(R"({"or":[{"service":"a"},{"cost":{"gt":""}}]})"), "filters.or.1.cost.gt");
  EXPECT_THAT(field(R"({"service":"a","service":"b"})"), HasSubstr("filters"));
  std::string deep = "{}";
  for (int i = 0; i < 10; ++i) deep = "{\"or\":[" + deep + "]}";
  EXPECT_THAT(field(deep), HasSubstr("filters.or.0.or"));
  std::string wide = "{\"service\":{\"in\":[\"a\"";
  for (int i = 0; i < 10'001; ++i) wide += ",\"b\"";
  EXPECT_EQ(field(wide + "]}}"), "filters.service.in");
}

TEST_F(ServiceTest, ParametersAreRefusedByName) {
  auto field = [&](Question question, const Parameters& parameters) {
    return Refused(question, parameters).field();
  };
  const auto q = Question::kAnalytics;
  EXPECT_EQ(field(q, {{"colour", "1"}}), "colour");
  EXPECT_EQ(field(q, {{"limit", "1"}, {"limit", "2"}}), "limit");
  EXPECT_EQ(field(q, {{"limit", "0"}}), "limit");
  EXPECT_EQ(field(q, {{"limit", "10001"}}), "limit");
  EXPECT_EQ(field(q, {{"dateRange", "1y"}}), "dateRange");
  EXPECT_EQ(field(q, {{"dateRange", "custom"}}), "startDate");
  EXPECT_EQ(field(q, {{"dateRange", "custom"}, {"startDate", "2026-01-01"}}), "endDate");
  EXPECT_EQ(field(q, {{"dateRange", "custom"}, {"startDate", "x"}, {"endDate", "x"}}), "startDate");
  EXPECT_EQ(
      field(q, {{"dateRange", "custom"}, {"startDate", "2026-01-02"}, {"endDate", "2026-01-01"}}),
      "endDate");
  EXPECT_EQ(
      field(q, {{"dateRange", "custom"}, {"startDate", "1990-01-02"}, {"endDate", "2026-01-01"}}),
      "endDate");
  EXPECT_EQ(field(q, {{"startDate", "2026-01-01"}}), "startDate");
  EXPECT_EQ(field(q, {{"endDate", "2026-01-01"}}), "endDate");
  EXPECT_EQ(field(q, {{"dimension", "colour"}}), "dimension");
  EXPECT_EQ(field(q, {{"tagKey", "env"}}), "tagKey");
  EXPECT_EQ(field(q, {{"dimension", "tag"}, {"tagKey", ""}}), "tagKey");
  EXPECT_EQ(field(q, {{"dimension", "tag"}, {"groupBy", "region"}}), "groupBy");
  EXPECT_EQ(field(q, {{"groupBy", "billed_cost"}}), "groupBy");
  EXPECT_EQ(field(q, {{"granularity", "year"}}), "granularity");
  EXPECT_EQ(field(q, {{"metrics", "fame"}}), "metrics");
  EXPECT_EQ(field(q, {{"sort", "cost:up"}}), "sort");
  EXPECT_EQ(field(q, {{"sort", "region"}}), "sort");
  EXPECT_EQ(field(q, {{"sort", "date"}}), "sort");
  EXPECT_EQ(field(q, {{"sort", "count"}, {"metrics", "cost"}}), "sort");
  EXPECT_EQ(field(q, {{"cursor", "!"}}), "cursor");
  EXPECT_EQ(field(q, {{"cursor", "AAAA"}}), "cursor");
  EXPECT_EQ(field(Question::kCostBreakdown, {}), "dimension");
  EXPECT_EQ(field(Question::kCostBreakdown, {{"dimension", "severity"}}), "dimension");
  EXPECT_EQ(field(Question::kCostBreakdown, {{"dimension", "service"}, {"topN", "0"}}), "topN");
  EXPECT_EQ(field(Question::kSecurity, {{"severity", "odd"}}), "severity");
  EXPECT_EQ(field(Question::kCompliance, {{"framework", "odd"}}), "framework");
  EXPECT_EQ(field(Question::kUsage, {{"metric", "odd"}}), "metric");
  EXPECT_EQ(field(Question::kSummary, {{"metric", "odd"}}), "metric");
}

TEST_F(ServiceTest, CursorsPageThroughAndExpireWithTheData) {
  LoadCosts();
  Parameters page{{"limit", "2"}, {"metrics", "cost"}};
  const json::Value first = Ask(Question::kAnalytics, page);
  const json::Value* cursor = first.Find("metadata")->Find("nextCursor");
  ASSERT_NE(cursor, nullptr);
  page.emplace_back("cursor", cursor->AsString());
  const json::Value second = Ask(Question::kAnalytics, page);
  EXPECT_EQ(json::Write(*second.Find("data")), R"([{"service":"RDS","cost":2}])");
  EXPECT_EQ(second.Find("metadata")->Find("nextCursor"), nullptr);

  Parameters other{{"limit", "2"}, {"cursor", cursor->AsString()}};
  EXPECT_EQ(Refused(Question::kAnalytics, other).field(), "cursor");
  Load("cost", "time,cost\n2026-05-31,1\n");
  EXPECT_EQ(Refused(Question::kAnalytics, page).code(), ErrorCode::kConflict);
}

TEST_F(ServiceTest, SmallQueriesOfOpenDataAreQuick) {
  const Customer acme{.id = "acme"};
  auto quick = [&](Question question, const Parameters& parameters) {
    return service_->IsQuick(question, acme, parameters);
  };
  store_.estimate = {.rows = 8'192, .warm = true};
  EXPECT_TRUE(quick(Question::kAnalytics, {}));
  EXPECT_FALSE(quick(Question::kSummary, {}));
  store_.estimate.rows = 8'193;
  EXPECT_FALSE(quick(Question::kAnalytics, {}));
  EXPECT_TRUE(quick(Question::kAnalytics, {{"dateRange", "never"}}));  // to be refused
  store_.estimate = {.rows = 1, .warm = false};
  EXPECT_FALSE(quick(Question::kAnalytics, {}));
}

TEST_F(ServiceTest, AnswersAreCachedUntilDataComesOrTheDayEnds) {
  LoadCosts();
  const Customer acme{.id = "acme"};
  auto find = [&] { return service_->FindCached(Question::kAnalytics, acme, "a=1"); };
  auto answer = [&] { return service_->Answer(Question::kAnalytics, acme, "a=1", {}).ok(); };
  EXPECT_FALSE(find());
  ASSERT_TRUE(answer());
  const auto hit = find();
  ASSERT_TRUE(hit);
  EXPECT_THAT(*hit, HasSubstr("\"cached\":true"));
  EXPECT_TRUE(json::Parse(*hit).ok());
  EXPECT_FALSE(service_->FindCached(Question::kAnalytics, {.id = "other"}, "a=1"));
  EXPECT_FALSE(service_->FindCached(Question::kSummary, acme, "a=1"));
  EXPECT_EQ(telemetry_.Values("CacheHitRate"), (std::vector<double>{0, 1}));
  EXPECT_EQ(telemetry_.Values("QueryExecutionTime").size(), 2u);
  EXPECT_EQ(telemetry_.Values("ResultSetSize"), (std::vector<double>{3, 3}));
  EXPECT_EQ(telemetry_.dimensions, "CustomerId=acme;");

  Load("cost", "time,cost\n2026-05-31,1\n", "other");
  EXPECT_TRUE(find());  // another customer's data
  Load("cost", "time,cost\n2026-05-31,1\n");
  EXPECT_FALSE(find());
  ASSERT_TRUE(answer());
  clock_.Advance(std::chrono::hours(14));  // midnight
  EXPECT_FALSE(find());
  const CacheStatistics statistics = service_->cache_statistics();
  EXPECT_EQ(statistics.hits, 2u);
  EXPECT_EQ(statistics.entries, 0u);
  EXPECT_EQ(statistics.bytes, 0u);
}

TEST(ResultCacheTest, LeastRecentlyUsedGoFirstAndHugeAnswersAreNotKept) {
  auto body = [](std::size_t size) {
    return std::make_shared<const ResultCache::Answer>(
        ResultCache::Answer{std::string(size, 'x'), 1, "t"});
  };
  ResultCache cache(10'000);
  const Instant now;
  const Instant later = now + std::chrono::hours(1);
  for (const char* key : {"a", "b", "c", "d"}) cache.Put(key, 1, later, body(2000));
  EXPECT_NE(cache.Find("a", 1, now), nullptr);
  cache.Put("e", 1, later, body(2000));
  EXPECT_EQ(cache.Find("b", 1, now), nullptr);
  EXPECT_NE(cache.Find("a", 1, now), nullptr);
  cache.Put("huge", 1, later, body(5000));
  EXPECT_EQ(cache.Find("huge", 1, now), nullptr);
  cache.Put("a", 2, later, body(10));
  EXPECT_EQ(cache.Find("a", 2, now)->body.size(), 10u);
  EXPECT_EQ(cache.Find("a", 3, now), nullptr);
  EXPECT_EQ(cache.statistics().evictions, 1u);
}

TEST_F(ServiceTest, BreakdownFoldsTheRestIntoOther) {
  LoadCosts();
  const json::Value answer =
      Ask(Question::kCostBreakdown, {{"dimension", "service"}, {"topN", "1"}});
  EXPECT_EQ(json::Write(*answer.Find("breakdown")),
            R"([{"value":"EC2","cost":15,"percentage":75,"count":2},)"
            R"({"value":"other","cost":5,"percentage":25,"count":2}])");
  EXPECT_EQ(NumberAt(answer, {"total"}), 20);
  const json::Value by_env = Ask(Question::kCostBreakdown,
                                 {{"dimension", "tags.env"}, {"filters", "{\"service\":\"RDS\"}"}});
  EXPECT_TRUE(by_env.Find("breakdown")->AsArray()[0].Find("value")->IsNull());
}

constexpr std::string_view kFindingRows =
    "time,id,title,severity,status,compliance_status,control_id,requirements,resource_id\n"
    "2026-05-30,a,Open port,critical,open,failed,EC2.1,|cis/5.2|pci-dss/1.2|,sg-1\n"
    "2026-05-31,b,Open port,critical,open,passed,EC2.1,|cis/5.2|,sg-2\n"
    "2026-05-31,c,No backup,medium,open,passed,RDS.1,|cis/2.3|,db-1\n"
    "2026-05-30,d,Intruder,high,open,,,,i-1\n"
    "2026-05-29,e,Old,high,open,failed,X,,i-2\n"
    "2026-05-30,e,Old,high,suppressed,failed,X,,i-2\n"
    "2026-05-30,f,Gone,low,resolved,,,,i-3\n"
    "2026-04-20,g,Open port,critical,open,failed,EC2.1,|cis/5.2|,sg-1\n"
    "2026-04-20,h,Open port,critical,open,passed,EC2.1,|cis/5.3|,sg-1\n";

TEST_F(ServiceTest, SecurityScoreIsTheWeightedShareThatDoesNotFail) {
  Load("findings", kFindingRows);
  const json::Value answer = Ask(Question::kSecurity);
  // Failing: a (10) and d (5). Passing: b (10) and c (2). 100 * (1 - 15/27).
  EXPECT_EQ(NumberAt(answer, {"securityScore"}), 44.44);
  EXPECT_EQ(json::Write(*answer.Find("bySeverity")),
            R"({"critical":1,"high":1,"medium":0,"low":0,"informational":0})");
  EXPECT_EQ(json::Write(*answer.Find("findings")),
            R"([{"severity":"critical","title":"Open port","count":1,"resourceCount":1,)"
            R"("resources":["sg-1"],"lastSeen":"2026-05-30T00:00:00Z"},)"
            R"({"severity":"high","title":"Intruder","count":1,"resourceCount":1,)"
            R"("resources":["i-1"],"lastSeen":"2026-05-30T00:00:00Z"}])");
  EXPECT_EQ(answer.Find("trend")->AsArray().size(), 2u);
  EXPECT_EQ(NumberAt(answer, {"passedChecks"}), 2);
  const json::Value high = Ask(Question::kSecurity, {{"severity", "high"}});
  EXPECT_EQ(high.Find("findings")->AsArray().size(), 1u);
  EXPECT_TRUE(Ask(Question::kSecurity, {}, "other").Find("securityScore")->IsNull());
}

TEST_F(ServiceTest, ComplianceTakesControlsFromBothDatasets) {
  Load("findings", kFindingRows);
  Load("controls",
       "time,framework,control_id,title,status,resources\n"
       "2026-05-01,cis,1.1,Root,FAILED,root\n"
       "2026-05-20,cis,1.1,Root,PASSED,\n"
       "2026-05-20,cis,1.2,Keys,FAILED,k1;k2\n"
       "2026-05-20,cis,1.3,Other,NOT_APPLICABLE,\n");
  const json::Value cis = Ask(Question::kCompliance, {{"framework", "cis"}});
  // 5.2 and 1.2 fail, 2.3 and 1.1 pass.
  EXPECT_EQ(NumberAt(cis, {"score"}), 50);
  EXPECT_EQ(json::Write(*cis.Find("controls")), R"({"passed":2,"failed":2,"total":4})");
  EXPECT_EQ(json::Write(*cis.Find("failedControls")),
            R"([{"id":"1.2","title":"Keys","status":"failed","resources":["k1","k2"]},)"
            R"({"id":"5.2","title":"Open port","status":"failed","severity":"critical",)"
            R"("resources":["sg-1"]}])");
  const json::Value all = Ask(Question::kCompliance);
  EXPECT_EQ(all.Find("frameworks")->AsArray().size(), 2u);
  EXPECT_TRUE(Ask(Question::kCompliance, {{"framework", "soc2"}}).Find("score")->IsNull());
}

TEST_F(ServiceTest, SummaryComparesWithThePeriodBefore) {
  LoadCosts();
  Load("findings", kFindingRows);
  Load("usage",
       "time,metric,value\n2026-05-30,api_calls,30\n2026-04-20,api_calls,20\n"
       "2026-05-30,storage_gb,5\n");
  const json::Value answer = Ask(Question::kSummary);
  EXPECT_EQ(NumberAt(answer, {"totalCost"}), 20);
  EXPECT_EQ(NumberAt(answer, {"costChange"}), 25);
  EXPECT_EQ(NumberAt(answer, {"activeResources"}), 3);
  EXPECT_EQ(NumberAt(answer, {"activeResourcesChange"}), 200);
  EXPECT_EQ(NumberAt(answer, {"criticalFindings"}), 1);
  EXPECT_EQ(NumberAt(answer, {"criticalFindingsChange"}), 0);
  EXPECT_EQ(NumberAt(answer, {"apiCalls"}), 30);
  EXPECT_EQ(NumberAt(answer, {"apiCallsChange"}), 50);
  EXPECT_EQ(NumberAt(answer, {"securityScore"}), 44.44);
  EXPECT_EQ(NumberAt(answer, {"complianceScore"}), 33.33);
  const json::Value other = Ask(Question::kSummary, {}, "other");
  EXPECT_TRUE(other.Find("costChange")->IsNull());
  EXPECT_EQ(NumberAt(other, {"totalCost"}), 0);
}

TEST_F(ServiceTest, UsageHasDaysAndTotals) {
  Load("usage",
       "time,metric,value\n2026-05-30T01:00:00Z,api_calls,10\n2026-05-30T05:00:00Z,api_calls,20\n"
       "2026-05-31,api_calls,6\n2026-05-31,storage_gb,5\n");
  const json::Value answer = Ask(Question::kUsage, {{"metric", "api_calls"}});
  EXPECT_EQ(json::Write(*answer.Find("data")),
            R"([{"date":"2026-05-30","metric":"api_calls","value":30},)"
            R"({"date":"2026-05-31","metric":"api_calls","value":6}])");
  EXPECT_EQ(json::Write(*answer.Find("totals")),
            R"({"api_calls":{"total":36,"averagePerDay":18,"peak":30,"peakDate":"2026-05-30"}})");
  EXPECT_EQ(Ask(Question::kUsage).Find("totals")->AsObject().size(), 4u);
}

TEST_F(ServiceTest, SeverityAndComplianceDimensionsCountFindings) {
  Load("findings", kFindingRows);
  EXPECT_EQ(Data({{"dimension", "severity"}, {"limit", "1"}}),
            R"([{"severity":"high","cost":0,"usage":0,"count":3}])");
  EXPECT_EQ(Data({{"dimension", "compliance"}, {"metrics", "count"}, {"limit", "1"}}),
            R"([{"compliance":"failed","count":3}])");
}

TEST_F(ServiceTest, ReportsRunQueriesAndGetValues) {
  LoadCosts();
  const auto query = ParseQuery({{"dimension", "service"}}, clock_.Now());
  ASSERT_TRUE(query.ok());
  const auto result = service_->Run({.id = "acme"}, *query);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->rows.size(), 3u);
  EXPECT_EQ(result->columns[0].name, "service");
  EXPECT_EQ(result->total_cost, 20);
  const auto value = service_->Compute(Question::kSummary, {.id = "acme"}, {});
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(NumberAt(*value, {"totalCost"}), 20);
  EXPECT_EQ(
      service_->Compute(Question::kAnalytics, {.id = "acme"}, {})->Find("data")->AsArray().size(),
      3u);
}

}  // namespace
}  // namespace securebase::analytics
