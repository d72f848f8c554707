// Reports: names unique per customer, checked configs, pages, and nothing of other customers.
#include "api/report_routes.h"

#include <gtest/gtest.h>

#include "api/internal/report_config.h"
#include "api/testing/api_fixture.h"

namespace securebase::api {
namespace {

using namespace std::chrono_literals;

// Datasets without rows: what a new customer has.
class NoDatasets final : public events::DatasetStore {
 public:
  void Define(const events::Schema&) override {}
  Result<std::unique_ptr<events::Import>> BeginImport(const Account&, std::string_view,
                                                      std::string_view) override {
    return Unimplemented("no imports here");
  }
  Result<std::unique_ptr<query::Source>> Scan(const Customer&,
                                              const events::ScanRequest& request) const override {
    return std::unique_ptr<query::Source>(std::make_unique<Empty>(request.columns));
  }
  events::DatasetStatistics Statistics(const Customer&, std::string_view) const override {
    return {};
  }
  std::uint64_t Generation(const Customer&, std::string_view) const override { return 1; }
  std::vector<std::string> FieldNames(const Customer&, std::string_view) const override {
    return {};
  }

 private:
  class Empty final : public query::Source {
   public:
    explicit Empty(std::vector<std::string> names) : names_(std::move(names)) {}
    const std::vector<std::string>& column_names() const override { return names_; }
    Result<bool> Next(query::Batch&) override { return false; }
    const query::ScanStatistics& statistics() const override { return statistics_; }

   private:
    std::vector<std::string> names_;
    query::ScanStatistics statistics_;
  };
};

class ReportRoutesTest : public ::testing::Test {
 protected:
  ReportRoutesTest() {
    fixture_.api->Add(ReportRoutes({.documents = fixture_.stores.documents(),
                                    .tables = fixture_.stores.tables,
                                    .random = fixture_.stores.random,
                                    .clock = fixture_.stores.clock,
                                    .analytics = &analytics_}));
    key_ = fixture_.Key("acme", Role::kAnalyst);
    other_ = fixture_.Key("other", Role::kAnalyst);
  }

  http::Response Send(const std::string& method, const std::string& target, std::string body = {},
                      const std::string& key = {}) {
    return fixture_.Send(method, target, key.empty() ? key_ : key, {.body = std::move(body)});
  }
  std::string Create(const std::string& name, const std::string& key = {}) {
    const http::Response response =
        Send("POST", "/v1/reports", R"({"name": ")" + name + "\"}", key);
    EXPECT_EQ(response.status, 201) << response.body;
    return ApiFixture::Text(response, {"id"});
  }
  std::string RefusedField(const std::string& method, const std::string& target, std::string body) {
    const http::Response response = Send(method, target, std::move(body));
    EXPECT_EQ(response.status, 422) << response.body;
    const json::Value answer = ApiFixture::Body(response);
    const json::Object& details = answer.Find("details")->AsObject();
    return details.empty() ? "" : details[0].first;
  }

  ApiFixture fixture_;
  NoDatasets datasets_;
  analytics::AnalyticsService analytics_{datasets_, fixture_.stores.clock, fixture_.telemetry};
  std::string key_;
  std::string other_;
};

TEST_F(ReportRoutesTest, AReportIsCreatedReadChangedAndDeleted) {
  const http::Response created = Send("POST", "/v1/reports", R"({"name": " Monthly cost ",
      "description": "two\nlines", "config": {"dateRange": "30d", "dimension": "service",
      "filters": {"cost": {"gt": 10}}, "groupBy": ["region"], "fields": ["cost"],
      "metrics": ["cost"], "visualizations": ["line", {"type": "pie", "title": "x"}]}})");
  ASSERT_EQ(created.status, 201) << created.body;
  const std::string id = ApiFixture::Text(created, {"id"});
  EXPECT_TRUE(id.starts_with("rpt-"));
  EXPECT_EQ(ApiFixture::Text(created, {"name"}), "Monthly cost");
  EXPECT_EQ(ApiFixture::Text(created, {"created_at"}), "2026-06-01T12:00:30.000Z");
  EXPECT_EQ(ApiFixture::Text(created, {"lastRun"}), "null");
  const http::Response read = Send("GET", "/v1/reports/" + id);
  EXPECT_EQ(read.body, created.body);
  EXPECT_EQ(ApiFixture::Text(read, {"config", "filters"}), R"({"cost":{"gt":10}})");

  fixture_.stores.clock.Advance(1min);
  const http::Response changed =
      Send("PUT", "/v1/reports/" + id, R"({"name": "Weekly cost", "config": {"dateRange": "7d"}})");
  ASSERT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(ApiFixture::Text(changed, {"name"}), "Weekly cost");
  EXPECT_EQ(ApiFixture::Text(changed, {"description"}), "two\nlines");
  EXPECT_EQ(ApiFixture::Text(changed, {"created_at"}), "2026-06-01T12:00:30.000Z");
  EXPECT_EQ(ApiFixture::Text(changed, {"updated_at"}), "2026-06-01T12:01:30.000Z");
  EXPECT_EQ(Send("PATCH", "/v1/reports/" + id, R"({"description": ""})").status, 200);

  EXPECT_EQ(Send("DELETE", "/v1/reports/" + id).status, 204);
  EXPECT_EQ(Send("GET", "/v1/reports/" + id).status, 404);
  EXPECT_EQ(Send("DELETE", "/v1/reports/" + id).status, 404);
  EXPECT_EQ(Send("PUT", "/v1/reports/" + id, "{}").status, 404);
}

TEST_F(ReportRoutesTest, NamesAreUniquePerCustomer) {
  const std::string first = Create("cost");
  const http::Response second = Send("POST", "/v1/reports", R"({"name": "cost"})");
  EXPECT_EQ(second.status, 409);
  EXPECT_EQ(ApiFixture::Text(second, {"code"}), "CONFLICT");
  Create("cost", other_);

  const std::string usage = Create("usage");
  EXPECT_EQ(Send("PUT", "/v1/reports/" + usage, R"({"name": "cost"})").status, 409);
  EXPECT_EQ(ApiFixture::Text(Send("GET", "/v1/reports/" + usage), {"name"}), "usage");
  EXPECT_EQ(Send("PUT", "/v1/reports/" + usage, R"({"name": "usage"})").status, 200);
  // A name is free again once its report is renamed or deleted.
  EXPECT_EQ(Send("PUT", "/v1/reports/" + first, R"({"name": "cost 2"})").status, 200);
  Create("cost");
  EXPECT_EQ(Send("DELETE", "/v1/reports/" + usage).status, 204);
  Create("usage");
}

TEST_F(ReportRoutesTest, ListsComeInPagesNewestFirst) {
  EXPECT_EQ(ApiFixture::Text(Send("GET", "/v1/reports"), {"pagination"}),
            R"({"page":1,"limit":20,"total":0,"pages":0})");
  for (int i = 1; i <= 5; ++i) {
    fixture_.stores.clock.Advance(1s);
    Create("report " + std::to_string(i));
  }
  Create("foreign", other_);
  const json::Value page = ApiFixture::Body(Send("GET", "/v1/reports?page=2&limit=2"));
  const json::Array& reports = page.Find("reports")->AsArray();
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(reports[0].Find("name")->AsString(), "report 3");
  EXPECT_EQ(json::Write(*page.Find("pagination")), R"({"page":2,"limit":2,"total":5,"pages":3})");
  EXPECT_EQ(ApiFixture::Text(Send("GET", "/v1/reports?page=9"), {"reports"}), "[]");
  EXPECT_EQ(RefusedField("GET", "/v1/reports?page=0", {}), "page");
  EXPECT_EQ(RefusedField("GET", "/v1/reports?limit=101", {}), "limit");
  EXPECT_EQ(RefusedField("GET", "/v1/reports?size=1", {}), "size");
}

TEST_F(ReportRoutesTest, AnotherCustomersReportDoesNotExist) {
  const std::string id = Create("mine");
  EXPECT_EQ(Send("GET", "/v1/reports/" + id, {}, other_).status, 404);
  EXPECT_EQ(Send("PUT", "/v1/reports/" + id, "{}", other_).status, 404);
  EXPECT_EQ(Send("DELETE", "/v1/reports/" + id, {}, other_).status, 404);
  EXPECT_EQ(Send("GET", "/v1/reports/" + id).status, 200);
}

TEST_F(ReportRoutesTest, WhatAQueryWouldRefuseIsRefusedWhenSaved) {
  const auto refused = [&](const std::string& config, const std::string& field) {
    EXPECT_EQ(RefusedField("POST", "/v1/reports", R"({"name": "x", "config": )" + config + "}"),
              field)
        << config;
  };
  refused("[]", "config");
  refused(R"({"colour": "red"})", "config.colour");
  refused(R"({"dateRange": "31d"})", "config.dateRange");
  refused(R"({"dateRange": 30})", "config.dateRange");
  refused(R"({"dimension": "colour"})", "config.dimension");
  refused(R"({"filters": []})", "config.filters");
  refused(R"({"filters": {"cost": {"above": 1}}})", "config.filters.cost.above");
  refused(R"({"groupBy": 7})", "config.groupBy");
  refused(R"({"groupBy": [""]})", "config.groupBy");
  refused(R"({"fields": {}})", "config.fields");
  refused(R"({"metrics": [1]})", "config.metrics");
  refused(R"({"visualizations": "line"})", "config.visualizations");
  refused(R"({"visualizations": ["radar"]})", "config.visualizations");
  refused(R"({"visualizations": [{"kind": "line"}]})", "config.visualizations");
  refused(R"({"fields": [")" + std::string(129, 'x') + R"("]})", "config.fields");
  refused(R"({"filters": {"service": ")" + std::string(70'000, 'x') + R"("}})", "config");
}

TEST_F(ReportRoutesTest, DraftsAreCheckedByMember) {
  EXPECT_EQ(RefusedField("POST", "/v1/reports", "{}"), "name");
  EXPECT_EQ(RefusedField("POST", "/v1/reports", R"({"name": ""})"), "name");
  EXPECT_EQ(RefusedField("POST", "/v1/reports", R"({"name": "a", "id": "x"})"), "id");
  EXPECT_EQ(RefusedField("POST", "/v1/reports", R"({"name": "a", "description": 1})"),
            "description");
  EXPECT_EQ(RefusedField("POST", "/v1/reports?x=1", R"({"name": "a"})"), "x");
}

TEST_F(ReportRoutesTest, ViewersOnlyRead) {
  const std::string id = Create("mine");
  const std::string viewer = fixture_.Key("acme", Role::kViewer);
  EXPECT_EQ(Send("GET", "/v1/reports/" + id, {}, viewer).status, 200);
  EXPECT_EQ(Send("GET", "/v1/reports/templates", {}, viewer).status, 200);
  EXPECT_EQ(Send("POST", "/v1/reports", R"({"name": "x"})", viewer).status, 403);
  EXPECT_EQ(Send("DELETE", "/v1/reports/" + id, {}, viewer).status, 403);
}

TEST_F(ReportRoutesTest, TemplatesAreValidAndMakeReports) {
  const json::Value list = ApiFixture::Body(Send("GET", "/v1/reports/templates"));
  ASSERT_EQ(list.Find("templates")->AsArray().size(), 5u);
  for (const ReportTemplate& entry : BuiltInTemplates()) {
    EXPECT_TRUE(entry.config.IsObject()) << entry.id;
    const Result<> checked = CheckReportConfig(entry.config, fixture_.stores.clock.Now());
    EXPECT_TRUE(checked.ok()) << entry.id << ": " << checked.error().field();
    const http::Response made = Send("POST", "/v1/reports/templates/" + std::string(entry.id));
    EXPECT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(ApiFixture::Text(made, {"name"}), entry.name);
  }
  EXPECT_EQ(Send("POST", "/v1/reports/templates/security").status, 409);
  const http::Response changed = Send("POST", "/v1/reports/templates/security",
                                      R"({"name": "Mine", "config": {"dateRange": "90d"}})");
  ASSERT_EQ(changed.status, 201) << changed.body;
  EXPECT_EQ(ApiFixture::Text(changed, {"config", "dateRange"}), "90d");
  EXPECT_EQ(ApiFixture::Text(changed, {"config", "dimension"}), "severity");
  EXPECT_EQ(Send("POST", "/v1/reports/templates/nothing").status, 404);
}

TEST_F(ReportRoutesTest, ARunAnswersAsAnalyticsDoesAndIsRemembered) {
  const http::Response made = Send("POST", "/v1/reports", R"({"name": "cost", "config":
      {"dateRange": "7d", "dimension": "region", "filters": {"service": "a&b"},
       "visualizations": ["line"]}})");
  const std::string id = ApiFixture::Text(made, {"id"});
  const http::Response run = Send("POST", "/v1/reports/" + id + "/run");
  ASSERT_EQ(run.status, 200) << run.body;
  EXPECT_EQ(ApiFixture::Text(run, {"reportId"}), id);
  EXPECT_EQ(ApiFixture::Text(run, {"visualizations"}), R"(["line"])");
  EXPECT_EQ(ApiFixture::Text(run, {"result", "summary", "dimension"}), "region");
  EXPECT_EQ(ApiFixture::Text(run, {"result", "summary", "dateRange"}), "7d");
  EXPECT_EQ(ApiFixture::Text(run, {"result", "cached"}), "false");
  EXPECT_EQ(ApiFixture::Text(Send("GET", "/v1/reports/" + id), {"lastRun"}),
            "2026-06-01T12:00:30.000Z");
  EXPECT_EQ(ApiFixture::Text(Send("POST", "/v1/reports/" + id + "/run"), {"result", "cached"}),
            "true");
  EXPECT_EQ(Send("POST", "/v1/reports/" + id + "/run", {}, other_).status, 404);
  EXPECT_EQ(Send("POST", "/v1/reports/" + id + "/run", "{}").status, 200);
  EXPECT_EQ(Send("POST", "/v1/reports/" + id + "/run", R"({"dateRange": "7d"})").status, 422);
  EXPECT_EQ(Send("POST", "/v1/reports/" + id + "/run", "{").status, 400);
}

TEST_F(ReportRoutesTest, RefusesWhatNoReportCanHave) {
  const auto create = [&](const std::string& members) {
    return Send("POST", "/v1/reports", R"({"name": "n", )" + members + "}");
  };
  const http::Response metrics = create(R"("config": {"metrics": ["price"]})");
  EXPECT_EQ(metrics.status, 422);
  EXPECT_NE(metrics.body.find("config.metrics"), std::string::npos) << metrics.body;
  EXPECT_EQ(create(R"("description": "a\u0000b")").status, 422);
  EXPECT_EQ(create(R"("description": "two\nlines\tand a tab")").status, 201);
  EXPECT_EQ(Send("GET", "/v1/reports/" + std::string(2'000, 'x')).status, 404);
  EXPECT_EQ(Send("DELETE", "/v1/reports/" + std::string(2'000, 'x')).status, 404);
}

TEST_F(ReportRoutesTest, ARunAsksForTheReportsMetricsAlone) {
  const auto config = json::Parse(R"({"groupBy": ["region"], "metrics": ["cost", "count"]})");
  const auto parameters = ReportQueryParameters(*config);
  ASSERT_TRUE(parameters.ok());
  EXPECT_EQ(*parameters, (std::vector<std::pair<std::string, std::string>>{
                             {"groupBy", "region"}, {"metrics", "cost,count"}}));
}

TEST_F(ReportRoutesTest, AnAccountWithoutTablesHasNoReports) {
  Caller caller;
  caller.customer.account.id = "999999999999";
  caller.role = Role::kAnalyst;
  const std::string key = *fixture_.keys->CreateApiKey(caller);
  EXPECT_EQ(ApiFixture::Text(Send("GET", "/v1/reports", {}, key), {"reports"}), "[]");
  EXPECT_EQ(Send("GET", "/v1/reports/rpt-1", {}, key).status, 404);
  EXPECT_EQ(Send("POST", "/v1/reports", R"({"name": "first"})", key).status, 201);
}

}  // namespace
}  // namespace securebase::api
