#include "analytics/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "analytics/compliance.h"
#include "analytics/datasets.h"
#include "analytics/execute.h"
#include "analytics/result_cache.h"
#include "analytics/security.h"
#include "base/bytes.h"

namespace securebase::analytics {
namespace {

constexpr std::string_view kNamespace = "SecureBase/Analytics";

struct QuestionInfo {
  std::string_view path;
  std::string_view default_range;
  std::array<std::string_view, 4> datasets;  // read by it; the rest empty
};

const QuestionInfo& InfoOf(Question question) {
  static constexpr QuestionInfo kInfos[] = {
      {"/analytics", "30d", {kCost, kFindings}},
      {"/analytics/summary", "30d", {kCost, kUsage, kFindings, kControls}},
      {"/analytics/cost-breakdown", "30d", {kCost}},
      {"/analytics/security", "7d", {kFindings}},
      {"/analytics/compliance", "30d", {kFindings, kControls}},
      {"/analytics/usage", "30d", {kUsage}},
  };
  return kInfos[static_cast<std::size_t>(question)];
}

/// What one question came to.
struct Computed {
  std::string open_body;  // the JSON object without its last brace
  std::size_t rows = 0;
  std::string query_type;
};

Result<DateRange> RangeOf(Question question, const Parameters& parameters, Instant now) {
  return ParseDateRange(FindParameter(parameters, "dateRange"),
                        FindParameter(parameters, "startDate"),
                        FindParameter(parameters, "endDate"), now, InfoOf(question).default_range);
}

/// A parameter that must be one of a few words; empty where it is not given.
template <class Allowed>
Result<std::string> OneOf(const Parameters& parameters, const char* name, const Allowed& allowed) {
  const std::string* value = FindParameter(parameters, name);
  if (value == nullptr) return std::string();
  std::string list;
  for (std::string_view word : allowed) {
    if (*value == word) return *value;
    list += (list.empty() ? "" : ", ") + std::string(word);
  }
  return InvalidArgument(name, "must be one of " + list);
}

constexpr std::array<std::string_view, 5> kSeverityNames = {"critical", "high", "medium", "low",
                                                            "informational"};
constexpr std::array<std::string_view, 4> kMetricNames = {"api_calls", "compute_hours",
                                                          "storage_gb", "data_transfer_gb"};

Result<json::Value> AnswerOf(Question question, const Reader& reader, const Parameters& parameters,
                             Instant now) {
  if (question == Question::kCostBreakdown) return BreakdownAnswer(reader, parameters, now);
  const char* own = question == Question::kSecurity     ? "severity"
                    : question == Question::kCompliance ? "framework"
                    : question == Question::kUsage      ? "metric"
                                                        : "dateRange";
  SB_TRY_OK(CheckNames(parameters, {"dateRange", "startDate", "endDate", own}));
  SB_TRY(const DateRange range, RangeOf(question, parameters, now));
  switch (question) {
    case Question::kSecurity: {
      SB_TRY(const std::string severity, OneOf(parameters, own, kSeverityNames));
      return SecurityAnswer(reader, range, severity);
    }
    case Question::kCompliance: {
      SB_TRY(const std::string framework, OneOf(parameters, own, Frameworks()));
      return ComplianceAnswer(reader, range, framework);
    }
    case Question::kUsage: {
      SB_TRY(const std::string metric, OneOf(parameters, own, kMetricNames));
      return UsageAnswer(reader, range, metric);
    }
    default:
      return SummaryAnswer(reader, range);
  }
}

/// How many rows an answer shows: the length of its first array.
std::size_t RowsOf(const json::Value& answer) {
  for (const auto& [name, value] : answer.AsObject()) {
    if (value.IsArray()) return value.AsArray().size();
  }
  return 1;
}

std::string Closed(std::string open_body, bool cached, double seconds) {
  open_body += fmt::format(",\"cached\":{},\"executionTime\":{:.6f}}}", cached, seconds);
  return open_body;
}

}  // namespace

std::string_view PathOf(Question question) { return InfoOf(question).path; }

struct AnalyticsService::State {
  const events::DatasetStore& datasets;
  const Clock& clock;
  Telemetry& telemetry;
  ServiceOptions options;
  ResultCache cache;

  std::uint64_t Generation(Question question, const Customer& customer) const {
    std::uint64_t sum = 0;  // each grows only, so the sum changes with any
    for (std::string_view dataset : InfoOf(question).datasets) {
      if (!dataset.empty()) sum += datasets.Generation(customer, dataset);
    }
    return sum;
  }

  Reader ReaderFor(const Customer& customer) const {
    query::Control control;
    control.clock = &clock;
    control.deadline = clock.Monotonic() + options.query_time_max;
    return Reader(datasets, customer, control);
  }

  Result<Computed> Compute(Question question, const Customer& customer,
                           const Parameters& parameters) const {
    const Instant now = clock.Now();
    const Reader reader = ReaderFor(customer);
    if (question == Question::kAnalytics) {
      SB_TRY(const AnalyticsQuery query, ParseQuery(parameters, now));
      SB_TRY(const QueryResult result, Execute(reader, query, GenerationText(customer, query)));
      return Computed{WriteAnalytics(query, result, now), result.rows.size(), query.dimension};
    }
    SB_TRY(const json::Value answer, AnswerOf(question, reader, parameters, now));
    Computed computed{.open_body = json::Write(answer), .rows = RowsOf(answer)};
    computed.open_body.pop_back();
    computed.query_type = InfoOf(question).path.substr(std::string_view("/analytics/").size());
    return computed;
  }

  std::string GenerationText(const Customer& customer, const AnalyticsQuery& query) const {
    return std::to_string(datasets.Generation(customer, query.dataset));
  }

  void Publish(const Customer& customer, std::string_view query_type, double seconds,
               std::size_t rows, bool hit) {
    telemetry.PublishTwice({kNamespace,
                            "QueryExecutionTime",
                            "Seconds",
                            seconds,
                            {{"CustomerId", customer.id}, {"QueryType", query_type}}});
    telemetry.PublishTwice({kNamespace,
                            "ResultSetSize",
                            "Count",
                            static_cast<double>(rows),
                            {{"CustomerId", customer.id}}});
    telemetry.Publish({kNamespace, "CacheHitRate", "None", hit ? 1.0 : 0.0, {}});
  }

  double SecondsSince(std::chrono::nanoseconds start) const {
    return std::chrono::duration<double>(clock.Monotonic() - start).count();
  }

  static std::string KeyOf(Question question, const Customer& customer,
                           std::string_view raw_query) {
    std::string key;
    key.reserve(raw_query.size() + 64);
    key.push_back(static_cast<char>(question));
    PutBytes(key, customer.account.id);
    PutBytes(key, customer.account.region);
    PutBytes(key, customer.id);
    key += raw_query;
    return key;
  }
};

AnalyticsService::AnalyticsService(const events::DatasetStore& datasets, const Clock& clock,
                                   Telemetry& telemetry, ServiceOptions options)
    : state_(new State{datasets, clock, telemetry, options, ResultCache(options.cache_bytes_max)}) {
}

AnalyticsService::~AnalyticsService() = default;

std::optional<std::string> AnalyticsService::FindCached(Question question, const Customer& customer,
                                                        std::string_view raw_query) {
  const auto start = state_->clock.Monotonic();
  const auto answer =
      state_->cache.Find(State::KeyOf(question, customer, raw_query),
                         state_->Generation(question, customer), state_->clock.Now());
  if (answer == nullptr) return std::nullopt;
  state_->Publish(customer, answer->query_type, state_->SecondsSince(start), answer->rows, true);
  return answer->body;
}

bool AnalyticsService::IsQuick(Question question, const Customer& customer,
                               const Parameters& parameters) const {
  if (question != Question::kAnalytics) return false;
  const auto query = ParseQuery(parameters, state_->clock.Now());
  if (!query.ok()) return true;  // to be refused
  const events::ScanEstimate estimate =
      state_->datasets.Estimate(customer, query->dataset, query->range.start, query->range.end);
  return estimate.warm && estimate.rows <= state_->options.quick_rows_max;
}

Result<std::string> AnalyticsService::Answer(Question question, const Customer& customer,
                                             std::string_view raw_query,
                                             const Parameters& parameters) {
  const auto start = state_->clock.Monotonic();
  // Read before the data is: what is committed meanwhile makes the entry stale, never wrong.
  const std::uint64_t generation = state_->Generation(question, customer);
  const Instant now = state_->clock.Now();
  SB_TRY(Computed computed, state_->Compute(question, customer, parameters));

  const double seconds = state_->SecondsSince(start);
  state_->Publish(customer, computed.query_type, seconds, computed.rows, false);
  // The meaning of "30d" changes at midnight.
  const Instant midnight = std::chrono::floor<std::chrono::days>(now) + std::chrono::days(1);
  state_->cache.Put(
      State::KeyOf(question, customer, raw_query), generation,
      std::min(now + state_->options.cache_age_max, midnight),
      std::make_shared<const ResultCache::Answer>(ResultCache::Answer{
          Closed(computed.open_body, true, 0), computed.rows, std::move(computed.query_type)}));
  return Closed(std::move(computed.open_body), false, seconds);
}

Result<json::Value> AnalyticsService::Compute(Question question, const Customer& customer,
                                              const Parameters& parameters) const {
  SB_TRY(Computed computed, state_->Compute(question, customer, parameters));
  computed.open_body += '}';
  return json::Parse(computed.open_body);
}

Result<QueryResult> AnalyticsService::Run(const Customer& customer,
                                          const AnalyticsQuery& query) const {
  return Execute(state_->ReaderFor(customer), query, state_->GenerationText(customer, query));
}

CacheStatistics AnalyticsService::cache_statistics() const {
  const ResultCache::Statistics statistics = state_->cache.statistics();
  return {statistics.hits, statistics.misses, statistics.evictions, statistics.entries,
          statistics.bytes};
}

}  // namespace securebase::analytics
