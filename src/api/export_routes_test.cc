#include "api/export_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analytics/datasets.h"
#include "analytics/testing/memory_dataset_store.h"
#include "api/dataset_routes.h"
#include "api/export_query.h"
#include "api/report_routes.h"
#include "api/testing/api_fixture.h"

namespace securebase::api {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Rows(std::size_t count) {
  std::string rows = "[";
  for (std::size_t i = 0; i < count; ++i) rows += (i ? "," : "") + std::string(R"({"a": 1})");
  return rows + "]";
}

class ExportRoutesTest : public ::testing::Test {
 protected:
  ExportRoutesTest() {
    analytics::DefineDatasets(datasets_);
    service_ = std::make_unique<analytics::AnalyticsService>(datasets_, fixture_.stores.clock,
                                                             fixture_.telemetry);
    auto exports = reports::ExportStore::Open(
        {.folder = fixture_.stores.folder.path(), .in_flight_max = 2},
        {PosixFileSystem(), fixture_.stores.documents(), fixture_.stores.clock,
         fixture_.stores.random, fixture_.telemetry});
    EXPECT_TRUE(exports.ok());
    exports_ = *std::move(exports);
    fixture_.api->Add(ExportRoutes(
        {.exports = *exports_,
         .workers = background_,
         .clock = fixture_.stores.clock,
         .queries = MakeExportQueries(*service_, fixture_.stores.documents(),
                                      fixture_.stores.tables, fixture_.stores.clock)}));
    fixture_.api->Add(ReportRoutes({.documents = fixture_.stores.documents(),
                                    .tables = fixture_.stores.tables,
                                    .random = fixture_.stores.random,
                                    .clock = fixture_.stores.clock}));
    fixture_.api->Add(DatasetRoutes({.datasets = datasets_, .clock = fixture_.stores.clock}));
    analyst_ = fixture_.Key("acme", Role::kAnalyst);
    viewer_ = fixture_.Key("acme", Role::kViewer);
    other_ = fixture_.Key("other", Role::kAdmin);
  }

  http::Response Export(std::string body) {
    return fixture_.Send("POST", "/v1/analytics/export", analyst_, {.body = std::move(body)});
  }
  http::Response Get(const std::string& target, const std::string& key = {}) {
    return fixture_.Send("GET", target, key.empty() ? viewer_ : key);
  }
  // Status and the field that `details` names.
  std::pair<int, std::string> Refusal(std::string body) { return RefusalOf(Export(body)); }
  static std::pair<int, std::string> RefusalOf(const http::Response& response) {
    const json::Value body = ApiFixture::Body(response);
    const json::Value* details = body.Find("details");
    const bool named = details != nullptr && details->IsObject() && !details->AsObject().empty();
    return {response.status, named ? details->AsObject().front().first : ""};
  }
  using Refused = std::pair<int, std::string>;

  ApiFixture fixture_;
  analytics::MemoryDatasetStore datasets_;
  std::unique_ptr<analytics::AnalyticsService> service_;
  std::unique_ptr<reports::ExportStore> exports_;
  WorkerPool background_{1, 4};  // stopping it waits for the exports it accepted
  std::string analyst_, viewer_, other_;
};

TEST_F(ExportRoutesTest, AnswersWithTheFile) {
  const http::Response response = Export(
      R"({"format": "csv", "reportName": "Monthly Cost", "data": [{"service": "EC2", "cost": 1.5}]})");
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.body, "service,cost\r\nEC2,1.5\r\n");
  EXPECT_EQ(response.headers.Get("Content-Type"), "text/csv; charset=utf-8");
  EXPECT_EQ(response.headers.Get("Content-Disposition"),
            "attachment; filename=\"monthly-cost-20260601T120030Z.csv\"");
  const std::string id(response.headers.Get("X-Export-Id"));
  EXPECT_THAT(id, StartsWith("exp-"));
  const http::Response status = Get("/v1/analytics/exports/" + id);
  EXPECT_EQ(ApiFixture::Text(status, {"status"}), "done");
  EXPECT_EQ(ApiFixture::Text(status, {"rows"}), "1");
  EXPECT_EQ(ApiFixture::Text(status, {"name"}), "Monthly Cost");
  EXPECT_EQ(fixture_.telemetry.Sum("AWS/S3 PutRequests"), 1);
  EXPECT_EQ(fixture_.telemetry.Sum("AWS/S3 PutRequests BucketName=securebase-dev-exports"), 1);
}

TEST_F(ExportRoutesTest, MakesEveryFormat) {
  auto magic = [&](std::string format) {
    return Export("{\"format\": \"" + format + "\", \"data\": [{\"a\": 1}]}").body.substr(0, 2);
  };
  EXPECT_EQ(magic("pdf"), "%P");
  EXPECT_EQ(magic("xlsx"), "PK");
  EXPECT_EQ(magic("excel"), "PK");
  EXPECT_EQ(magic("json"), "[\n");
}

TEST_F(ExportRoutesTest, RunsLargeExportsInTheBackground) {
  const http::Response accepted =
      Export("{\"format\": \"json\", \"name\": \"big\", \"data\": " + Rows(1'001) + "}");
  ASSERT_EQ(accepted.status, 202) << accepted.body;
  const std::string url = ApiFixture::Text(accepted, {"statusUrl"});
  EXPECT_EQ(accepted.headers.Get("Location"), url);
  EXPECT_EQ(url, "/v1/analytics/exports/" + ApiFixture::Text(accepted, {"id"}));
  background_.Stop();

  const http::Response status = Get(url);
  EXPECT_EQ(ApiFixture::Text(status, {"status"}), "done");
  EXPECT_EQ(ApiFixture::Text(status, {"progress"}), "100");
  const std::string link = ApiFixture::Text(status, {"downloadUrl"});
  const http::Response file = Get(link);
  EXPECT_EQ(file.status, 200);
  EXPECT_EQ(ApiFixture::Body(file).AsArray().size(), 1'001u);
  EXPECT_EQ(file.headers.Get("Content-Type"), "application/json");

  EXPECT_EQ(Get(link, other_).status, 404);
  EXPECT_EQ(Get(url, other_).status, 404);
  EXPECT_EQ(Get(link + "x").status, 403);
  EXPECT_EQ(RefusalOf(Get(url + "/download?expires=1")), Refused(422, "token"));
  EXPECT_EQ(RefusalOf(Get(url + "/download?token=1")), Refused(422, "expires"));
  EXPECT_EQ(RefusalOf(Get(url + "/download?token=1&expires=soon")), Refused(422, "expires"));
  fixture_.stores.clock.Advance(std::chrono::minutes(15));
  EXPECT_EQ(Get(link).status, 403);
  EXPECT_EQ(Get(ApiFixture::Text(Get(url), {"downloadUrl"})).status, 200);
}

TEST_F(ExportRoutesTest, RunsInTheBackgroundOnRequest) {
  const http::Response accepted = Export(R"({"format": "csv", "async": true, "data": []})");
  EXPECT_EQ(accepted.status, 202);
  EXPECT_EQ(ApiFixture::Text(accepted, {"status"}), "pending");
}

TEST_F(ExportRoutesTest, ABackgroundFailureIsTold) {
  const http::Response accepted = Export(R"({"format": "xlsx", "async": true, "data": [{"a": ")" +
                                         std::string(40'000, 'x') + "\"}]}");
  ASSERT_EQ(accepted.status, 202);
  background_.Stop();
  const http::Response status = Get(ApiFixture::Text(accepted, {"statusUrl"}));
  EXPECT_EQ(ApiFixture::Text(status, {"status"}), "failed");
  EXPECT_THAT(ApiFixture::Text(status, {"error"}), HasSubstr("data.0.a"));
}

TEST_F(ExportRoutesTest, AFullQueueIsThrottledAndLeavesNothing) {
  background_.Stop();
  EXPECT_EQ(Export(R"({"format": "csv", "async": true, "data": []})").status, 429);
  EXPECT_EQ(ApiFixture::Text(Get("/v1/analytics/exports"), {"exports"}), "[]");
}

TEST_F(ExportRoutesTest, ListsInPages) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(Export(R"({"format": "csv", "data": []})").status, 200);
    fixture_.stores.clock.Advance(std::chrono::seconds(1));
  }
  const http::Response page = Get("/v1/analytics/exports?page=2&limit=2");
  EXPECT_EQ(ApiFixture::Body(page).Find("exports")->AsArray().size(), 1u);
  EXPECT_EQ(ApiFixture::Text(page, {"pagination"}), R"({"page":2,"limit":2,"total":3,"pages":2})");
  EXPECT_EQ(RefusalOf(Get("/v1/analytics/exports?limit=101")), Refused(422, "limit"));
  EXPECT_EQ(RefusalOf(Get("/v1/analytics/exports?sort=x")), Refused(422, "sort"));
}

TEST_F(ExportRoutesTest, RefusesByName) {
  EXPECT_EQ(Refusal("{"), Refused(400, "body"));
  EXPECT_EQ(Refusal("[]").first, 422);
  EXPECT_EQ(Refusal("{}"), Refused(422, "format"));
  EXPECT_EQ(Refusal(R"({"format": "doc"})"), Refused(422, "format"));
  EXPECT_EQ(Refusal(R"({"format": "csv"})"), Refused(422, "data"));
  EXPECT_EQ(Refusal(R"({"format": "csv", "data": {}})"), Refused(422, "data"));
  EXPECT_EQ(Refusal(R"({"format": "csv", "data": [1]})"), Refused(422, "data.0"));
  EXPECT_EQ(Refusal(R"({"format": "csv", "data": [], "colour": 1})"), Refused(422, "colour"));
  EXPECT_EQ(Refusal(R"({"format": "csv", "data": [], "async": "yes"})"), Refused(422, "async"));
  EXPECT_EQ(Refusal(R"({"format": "csv", "data": [], "name": "a", "reportName": "b"})"),
            Refused(422, "name"));
  EXPECT_EQ(Refusal(R"({"format": "csv", "data": [], "name": 3})"), Refused(422, "name"));
  EXPECT_EQ(Refusal(R"({"format": "csv", "data": [], "query": {}})"), Refused(422, "query"));
  EXPECT_EQ(Refusal(R"({"format": "pdf", "data": [], "options": {"locale": "xx"}})"),
            Refused(422, "options.locale"));
  EXPECT_EQ(Refusal("{\"format\": \"csv\", \"data\": " + Rows(reports::kRowsMax + 1) + "}").first,
            413);
}

TEST_F(ExportRoutesTest, AsksForTheRightRole) {
  const std::string body = R"({"format": "csv", "data": []})";
  EXPECT_EQ(fixture_.Send("POST", "/v1/analytics/export", viewer_, {.body = body}).status, 403);
  EXPECT_EQ(fixture_.Send("POST", "/v1/analytics/export", {}, {.body = body}).status, 401);
  EXPECT_EQ(Get("/v1/analytics/exports/exp-none").status, 404);
}

TEST_F(ExportRoutesTest, ExportsAQuery) {
  const std::string admin = fixture_.Key("acme", Role::kAdmin);
  const http::Response imported = fixture_.Send(
      "POST", "/v1/datasets/cost/records", admin,
      {.body = R"([{"time": "2026-05-30", "service": "EC2", "region": "eu-west-1", "cost": 2},
                   {"time": "2026-05-31", "service": "S3", "region": "us-east-1", "cost": 3}])",
       .headers = {{"Content-Type", "application/json"}}});
  ASSERT_EQ(imported.status, 200) << imported.body;
  const http::Response csv = Export(
      R"({"format": "csv", "query": {"dateRange": "30d", "groupBy": ["service", "region"],
          "metrics": "cost", "filters": {"cost": {"gt": 1}}, "limit": 10}})");
  EXPECT_EQ(csv.body, "service,region,cost\r\nS3,us-east-1,3\r\nEC2,eu-west-1,2\r\n");
  const http::Response days =
      Export(R"({"format": "csv", "query": {"granularity": "day", "metrics": ["count"]}})");
  EXPECT_THAT(days.body, HasSubstr("2026-05-30"));

  EXPECT_EQ(Refusal(R"({"format": "csv", "query": []})"), Refused(422, "query"));
  EXPECT_EQ(Refusal(R"({"format": "csv", "query": {"colour": "red"}})"),
            Refused(422, "query.colour"));
  EXPECT_EQ(Refusal(R"({"format": "csv", "query": {"groupBy": [1]}})"),
            Refused(422, "query.groupBy"));
  EXPECT_EQ(Refusal(R"({"format": "csv", "query": {"groupBy": true}})"),
            Refused(422, "query.groupBy"));
  EXPECT_EQ(Refusal(R"({"format": "csv", "query": {"dateRange": "1y"}})"),
            Refused(422, "query.dateRange"));
}

TEST_F(ExportRoutesTest, ExportsASavedReport) {
  const std::string admin = fixture_.Key("acme", Role::kAdmin);
  ASSERT_EQ(fixture_
                .Send("POST", "/v1/datasets/cost/records", admin,
                      {.body = R"([{"time": "2026-05-30", "service": "EC2", "cost": 2}])",
                       .headers = {{"Content-Type", "application/json"}}})
                .status,
            200);
  auto create = [&](const std::string& body) {
    const http::Response created = fixture_.Send("POST", "/v1/reports", analyst_, {.body = body});
    EXPECT_EQ(created.status, 201) << created.body;
    return ApiFixture::Text(created, {"id"});
  };
  const std::string id = create(R"({"name": "Services", "config": {"dimension": "service",
      "fields": ["cost", "service"], "visualizations": ["bar"]}})");
  const http::Response csv = Export("{\"format\": \"csv\", \"reportId\": \"" + id + "\"}");
  EXPECT_EQ(csv.body, "cost,service\r\n2,EC2\r\n");
  EXPECT_THAT(std::string(csv.headers.Get("Content-Disposition")), HasSubstr("services-2026"));

  const std::string odd = create(R"({"name": "Odd", "config": {"fields": ["nonsense"]}})");
  EXPECT_EQ(Refusal("{\"format\": \"csv\", \"reportId\": \"" + odd + "\"}"),
            Refused(422, "config.fields"));
  EXPECT_EQ(Refusal(R"({"format": "csv", "reportId": "rpt-none"})").first, 404);
  EXPECT_EQ(fixture_
                .Send("POST", "/v1/analytics/export", other_,
                      {.body = "{\"format\": \"csv\", \"reportId\": \"" + id + "\"}"})
                .status,
            404);
}

}  // namespace
}  // namespace securebase::api
