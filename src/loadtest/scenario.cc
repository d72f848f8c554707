#include "loadtest/scenario.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"

namespace securebase::loadtest {
namespace {

Step Get(std::string path) { return Step{.path = std::move(path)}; }

Step Filtered(std::string_view range, std::string_view group_by, std::string_view filters) {
  return Get(fmt::format("/v1/analytics?dateRange={}&dimension=service&groupBy={}&filters={}",
                         range, PercentEncode(group_by), PercentEncode(filters)));
}

// An export of `rows` rows, as the users' export test sends its own data.
Step Export(std::string_view format, int rows) {
  std::string body;
  json::Writer writer(body);
  writer.BeginObject();
  writer.Member("format", format).Member("reportName", "Load test").Key("data").BeginArray();
  for (int i = 0; i < rows; ++i) {
    writer.BeginObject();
    writer.Member("service", fmt::format("service-{:02d}", i % 20));
    writer.Member("region", i % 2 ? "us-east-1" : "eu-west-1");
    writer.Member("cost", 1.25 * i).Member("usage", i * 3);
    writer.EndObject();
  }
  writer.EndArray().EndObject();
  return Step{.method = "POST",
              .path = "/v1/analytics/export",
              .body = std::move(body),
              .content_type = "application/json"};
}

std::vector<Scenario> MakeScenarios() {
  Scenario query{"query",
                 "the users' query: 30 days by service",
                 {Get("/v1/analytics?dateRange=30d&dimension=service")}};
  Scenario filters{
      "filters",
      "complex filters over several dimensions",
      {Filtered("30d", "service,region", R"({"region":{"in":["us-east-1","eu-west-1"]}})"),
       Filtered("30d", "service",
                R"({"or":[{"service":{"startsWith":"Amazon"}},{"cost":{"gt":5}}]})"),
       Filtered("90d", "region", R"({"cost":{"gte":0.5},"service":{"nin":["AmazonSNS"]}})")}};
  Scenario range{"range-90d",
                 "90 days by service, by day",
                 {Get("/v1/analytics?dateRange=90d&dimension=service&granularity=day")}};
  Scenario exports{"export",
                   "exports of 50 and 500 rows: PDF, CSV, XLSX, JSON",
                   {Export("pdf", 50), Export("csv", 500), Export("xlsx", 500), Export("json", 500),
                    Export("pdf", 500)}};
  Scenario mixed{"mixed", "what a page of a customer asks, and now and then an export", {}};
  mixed.steps = {query.steps[0],
                 Get("/v1/analytics/summary?dateRange=30d"),
                 Get("/v1/analytics/cost-breakdown?dimension=service&topN=10"),
                 range.steps[0],
                 Get("/v1/analytics/security?dateRange=7d"),
                 filters.steps[0],
                 Get("/v1/analytics/usage?metric=api_calls"),
                 Export("csv", 50)};
  return {query, filters, range, exports, mixed};
}

}  // namespace

const std::vector<Scenario>& BuiltInScenarios() {
  static const std::vector<Scenario> scenarios = MakeScenarios();
  return scenarios;
}

Result<Scenario> FindScenario(std::string_view name) {
  std::string names;
  for (const Scenario& scenario : BuiltInScenarios()) {
    if (scenario.name == name) return scenario;
    names += (names.empty() ? "" : ", ") + scenario.name;
  }
  return InvalidArgument("--scenario", fmt::format("no scenario '{}'; there are {}", name, names));
}

}  // namespace securebase::loadtest
