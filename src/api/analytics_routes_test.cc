#include "api/analytics_routes.h"

#include <gmock/gmock.h>

#include <future>

#include "analytics/datasets.h"
#include "analytics/testing/memory_dataset_store.h"
#include "api/dataset_routes.h"
#include "base/compression.h"
#include "base/testing/manual_clock.h"

namespace securebase::api {
namespace {

using testing::HasSubstr;

class AnalyticsRoutesTest : public testing::Test {
 protected:
  AnalyticsRoutesTest() : clock_(*ParseIso("2026-06-01T10:00:00Z")) {
    analytics::DefineDatasets(store_);
    service_ = std::make_unique<analytics::AnalyticsService>(store_, clock_, telemetry_);
    routes_ = AnalyticsRoutes({*service_, workers_, clock_});
    for (Route& route : DatasetRoutes({store_, clock_, 1000, 1000})) {
      routes_.push_back(std::move(route));
    }
  }

  http::Response Send(std::string_view pattern, Call call) {
    for (const Route& route : routes_) {
      if (route.pattern != pattern) continue;
      std::promise<http::Response> answer;
      route.handler(std::move(call), [&](http::Response r) { answer.set_value(std::move(r)); });
      return answer.get_future().get();
    }
    ADD_FAILURE() << "no route " << pattern;
    return {};
  }
  http::Response Get(std::string_view pattern, std::string query = "") {
    Call call;
    call.request.query = query;
    if (!query.empty()) call.parameters = *http::ParseForm(query);
    return Send(pattern, std::move(call));
  }
  http::Response Post(std::string_view what, std::string dataset, std::string body,
                      std::string content_type = "application/json", std::string query = "",
                      std::string encoding = "", bool whole_account = false) {
    Call call;
    call.request.body = std::move(body);
    if (!content_type.empty()) call.request.headers.Add("Content-Type", std::move(content_type));
    if (!encoding.empty()) call.request.headers.Add("Content-Encoding", std::move(encoding));
    call.path_values = {{"dataset", std::move(dataset)}};
    call.parameters = *http::ParseForm(query);
    call.caller.whole_account = whole_account;
    return Send("/datasets/{dataset}/" + std::string(what), std::move(call));
  }

  ManualClock clock_;
  analytics::MemoryDatasetStore store_;
  NullTelemetry telemetry_;
  WorkerPool workers_{1, 4};
  std::unique_ptr<analytics::AnalyticsService> service_;
  std::vector<Route> routes_;
};

constexpr const char* kRecord = R"([{"time":"2026-05-31","service":"EC2","cost":2}])";

TEST_F(AnalyticsRoutesTest, TheSecondEqualRequestIsAnsweredFromTheCacheUntilDataComes) {
  ASSERT_EQ(Post("records", "cost", kRecord).status, 200);
  const http::Response first = Get("/analytics", "dimension=service");
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.headers.Get("X-Cache"), "MISS");
  EXPECT_THAT(first.body, HasSubstr(R"("service":"EC2","cost":2)"));
  const http::Response second = Get("/analytics", "dimension=service");
  EXPECT_EQ(second.headers.Get("X-Cache"), "HIT");
  EXPECT_THAT(second.body, HasSubstr(R"("cached":true)"));
  Post("records", "cost", R"([{"time":"2026-05-31","service":"S3","cost":3}])");
  EXPECT_EQ(Get("/analytics", "dimension=service").headers.Get("X-Cache"), "MISS");
}

TEST_F(AnalyticsRoutesTest, EveryQuestionAnswersAndNamesBadParameters) {
  for (const char* pattern : {"/analytics", "/analytics/summary", "/analytics/security",
                              "/analytics/compliance", "/analytics/usage"}) {
    EXPECT_EQ(Get(pattern).status, 200) << pattern;
    const http::Response bad = Get(pattern, "colour=red");
    EXPECT_EQ(bad.status, 422) << pattern;
    EXPECT_THAT(bad.body, HasSubstr("\"colour\"")) << pattern;
  }
  EXPECT_EQ(Get("/analytics/cost-breakdown").status, 422);
  EXPECT_EQ(Get("/analytics/cost-breakdown", "dimension=region").status, 200);
  EXPECT_EQ(Get("/analytics", "filters=%7B").status, 400);
}

TEST_F(AnalyticsRoutesTest, AFullQueueIsAThrottlingError) {
  workers_.Stop();
  EXPECT_EQ(Get("/analytics").status, 429);
}

TEST_F(AnalyticsRoutesTest, RecordsComeAsJsonNdjsonOrCsvAndCompressed) {
  EXPECT_THAT(Post("records", "cost", kRecord).body, HasSubstr(R"({"imported":1,"rejected":[])"));
  EXPECT_EQ(Post("records", "cost", "{\"time\":\"2026-05-30\",\"cost\":1}\n",
                 "application/x-ndjson; charset=utf-8")
                .status,
            200);
  EXPECT_EQ(Post("records", "cost", "time,cost\n2026-05-29,1\n", "text/csv").status, 200);
  EXPECT_EQ(Post("records", "cost", Gzip(kRecord), "application/json", "", "gzip").status, 200);
  EXPECT_EQ(Post("records", "cost", Zstd(kRecord), "application/json", "", "zstd").status, 200);
  EXPECT_EQ(store_.rows("cost").size(), 3u);  // equal content replaces
}

TEST_F(AnalyticsRoutesTest, BadRecordsAreRefusedAndNothingIsStored) {
  const http::Response all = Post("records", "cost", R"([{"time":"2026-05-31","cost":"x"}])");
  EXPECT_EQ(all.status, 422);
  EXPECT_THAT(all.body, HasSubstr(R"("details":{"rejected":[{"line":1,"reason":"billed_cost)"));
  EXPECT_EQ(Post("records", "cost", "{").status, 400);
  EXPECT_EQ(Post("records", "cost", "{}").status, 422);
  EXPECT_EQ(Post("records", "colours", "[]").status, 404);
  EXPECT_EQ(Post("records", "cost", "x", "text/html").status, 422);
  EXPECT_EQ(Post("records", "cost", "[]", "", "colour=1").status, 422);
  EXPECT_EQ(Post("records", "cost", "not gzip", "", "", "gzip").status, 400);
  EXPECT_EQ(Post("records", "cost", Gzip(std::string(100'000, ' ')), "", "", "gzip").status, 413);
  EXPECT_TRUE(store_.rows("cost").empty());
  const http::Response some =
      Post("records", "cost", R"([{"time":"2026-05-31","cost":1},{"cost":1}])");
  EXPECT_EQ(some.status, 200);
  EXPECT_THAT(some.body, HasSubstr(R"("imported":1,"rejected":[{"line":2,)"));
}

TEST_F(AnalyticsRoutesTest, FilesAreImportedByFormat) {
  EXPECT_EQ(Post("import", "cost", "ChargePeriodStart,BilledCost\n2026-05-31,1\n", "",
                 "format=focus&part=2")
                .status,
            200);
  EXPECT_THAT(store_.rows("cost")[0].source_key, HasSubstr("#2"));
  EXPECT_EQ(Post("import", "cost", "day,cost,junk,more\n2026-05-31,1,x,y\n", "",
                 "format=csv&map=time%3Dday&map=-%3Djunk&map=-%3Dmore")
                .status,
            200);
  EXPECT_EQ(store_.rows("cost").size(), 2u);
}

TEST_F(AnalyticsRoutesTest, ImportParametersAreCheckedByName) {
  auto refused = [&](const char* query, const char* field) {
    const http::Response response = Post("import", "cost", "time,cost\n", "", query);
    EXPECT_EQ(response.status, 422) << query;
    EXPECT_THAT(response.body, HasSubstr("\"" + std::string(field) + "\"")) << query;
  };
  refused("", "format");
  refused("format=xml", "format");
  refused("format=csv&format=csv", "format");
  refused("format=csv&part=0", "part");
  refused("format=csv&colour=1", "colour");
  refused("format=csv&map=time", "map");
  refused("format=csv&map=time%3Da&map=time%3Db", "map");
  refused("format=asff", "dataset");
}

TEST_F(AnalyticsRoutesTest, OnlyKeysOfTheWholeAccountNameCustomersByColumn) {
  const std::string body = "time,cost,who\n2026-05-31,1,someone\n";
  const char* query = "format=csv&customerColumn=who";
  EXPECT_EQ(Post("import", "cost", body, "", query).status, 403);
  EXPECT_TRUE(store_.rows("cost").empty());
  EXPECT_EQ(Post("import", "cost", body, "", query, "", true).status, 200);
  EXPECT_EQ(store_.rows("cost")[0].customer, "someone");
}

TEST_F(AnalyticsRoutesTest, AFullDiskIs503) {
  store_.FailCommits(true);
  EXPECT_EQ(Post("records", "cost", kRecord).status, 503);
}

TEST_F(AnalyticsRoutesTest, WritingNeedsAnAdministratorAndReadingDoesNot) {
  for (const Route& route : routes_) {
    EXPECT_EQ(route.role, route.method == "POST" ? Role::kAdmin : Role::kViewer) << route.pattern;
  }
}

}  // namespace
}  // namespace securebase::api
