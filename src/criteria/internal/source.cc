#include "criteria/internal/source.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace securebase::criteria {
namespace {

constexpr Duration kDay = std::chrono::hours(24);
constexpr Duration kNewestAge = 455 * kDay;  // metrics are kept for 15 months

metrics::StatisticsRequest RequestOf(const MetricName& name, const Range& range, Duration period) {
  return {.metric = {.namespace_name = std::string(name.namespace_name),
                     .name = std::string(name.name)},
          .start = range.start,
          .end = range.end,
          .period = period};
}

constexpr Duration kAllFound = Duration::max();

// The next step below `period` for a datapoint of that age, or kAllFound.
Duration FinerPeriod(Duration period, Duration age) {
  using std::chrono::hours;
  if (period == kDay) {
    if (age < 15 * kDay) return std::chrono::minutes(1);
    return age < 63 * kDay ? Duration(std::chrono::minutes(5)) : Duration(hours(1));
  }
  const bool seconds = period == Duration(std::chrono::minutes(1)) && age < hours(3);
  return seconds ? Duration(std::chrono::seconds(1)) : kAllFound;
}

std::string Endpoint(const Account& account) {
  return "aws --endpoint-url ENDPOINT --region " + account.region;
}

}  // namespace

Result<Reading> ReadMetric(const metrics::MetricStore& store, const Account& account,
                           const MetricName& name, const Range& range) {
  SB_TRY(std::vector<metrics::UnitSeries> all,
         store.Query(account, RequestOf(name, range, range.end - range.start)));
  std::erase_if(all, [](const metrics::UnitSeries& series) { return series.buckets.empty(); });
  Reading reading{.unit = std::string(name.unit)};
  if (all.empty()) return reading;
  auto chosen = std::find_if(all.begin(), all.end(),
                             [&](const auto& series) { return series.unit == name.unit; });
  if (chosen == all.end()) {
    // Published without a unit: taken as it is meant. Another unit is never converted.
    chosen = std::find_if(all.begin(), all.end(),
                          [](const auto& series) { return series.unit == "None"; });
  }
  for (auto series = all.begin(); series != all.end(); ++series) {
    if (series == chosen) continue;
    reading.other_units += (reading.other_units.empty() ? "" : ", ") + series->unit;
  }
  if (chosen == all.end()) return reading;
  reading.unit = chosen->unit;
  for (const auto& [start, bucket] : chosen->buckets) reading.bucket.Merge(bucket);
  return reading;
}

std::string MetricCommand(const Account& account, const MetricName& name, std::string_view unit,
                          const Range& range, std::string_view statistics) {
  const auto period = std::chrono::duration_cast<std::chrono::seconds>(range.end - range.start);
  return fmt::format(
      "{} cloudwatch get-metric-statistics --namespace {} --metric-name {} --start-time {} "
      "--end-time {} --period {} {} --unit {}",
      Endpoint(account), name.namespace_name, name.name, FormatIso(range.start),
      FormatIso(range.end), period.count(), statistics, unit);
}

Result<std::optional<Newest>> ReadNewest(const metrics::MetricStore& store, const Account& account,
                                         const MetricName& name, Instant now) {
  const Instant tomorrow = std::chrono::floor<std::chrono::days>(now) + kDay;
  Newest newest{.range = {.start = tomorrow - kNewestAge, .end = tomorrow}};
  bool found = false;
  // Each step looks into the last datapoint of the step before, as fine as a query of that age may
  // be (spec: cloudwatch-api 3.2), so that the printed command finds it too.
  for (Duration period = kDay; period < kAllFound;
       period = FinerPeriod(period, now - newest.range.start)) {
    metrics::StatisticsRequest request = RequestOf(name, newest.range, period);
    request.unit = std::string(name.unit);
    SB_TRY(std::vector<metrics::UnitSeries> all, store.Query(account, request));
    if (all.empty() || all.front().buckets.empty()) break;
    const auto& [start, bucket] = all.front().buckets.back();
    newest.range = {.start = start, .end = start + period};
    newest.bucket = bucket;
    found = true;
  }
  if (!found) return std::optional<Newest>();
  return std::optional(std::move(newest));
}

Result<CustomerCounts> CountCustomers(const documents::DocumentStore& documents,
                                      const documents::ProductTables& tables,
                                      const Account& account, const std::string& since) {
  using documents::StringAttribute;
  CustomerCounts counts;
  SB_TRY(const std::vector<documents::Item> customers, documents.All(account, tables.customers));
  for (const documents::Item& customer : customers) {
    if (StringAttribute(customer, "status") == "active") ++counts.active;
  }
  SB_TRY(const std::vector<documents::Item> reports, documents.All(account, tables.reports));
  std::set<std::string> with_report;
  for (const documents::Item& report : reports) {
    if (StringAttribute(report, "created_at") < since) continue;
    with_report.insert(StringAttribute(report, "customer_id"));
  }
  counts.with_new_report = with_report.size();
  return counts;
}

std::string ActiveCustomersCommand(const documents::ProductTables& tables, const Account& account) {
  return fmt::format(
      "{} dynamodb scan --table-name {} --filter-expression '#s = :a' "
      "--expression-attribute-names '{{\"#s\":\"status\"}}' "
      "--expression-attribute-values '{{\":a\":{{\"S\":\"active\"}}}}' --select COUNT "
      "--query Count",
      Endpoint(account), tables.customers);
}

std::string CustomersWithReportCommand(const documents::ProductTables& tables,
                                       const Account& account, const std::string& since) {
  return fmt::format(
      "{} dynamodb scan --table-name {} --filter-expression 'created_at >= :t' "
      "--expression-attribute-values '{{\":t\":{{\"S\":\"{}\"}}}}' "
      "--projection-expression customer_id --query 'Items[].customer_id.S' --output text "
      "| tr '\\t' '\\n' | sort -u | wc -l",
      Endpoint(account), tables.reports, since);
}

}  // namespace securebase::criteria
