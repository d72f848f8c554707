#include "api/monitoring_routes.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "api/internal/body.h"

namespace securebase::api {
namespace {

using documents::StringAttribute;

constexpr std::size_t kResultBytesMax = 1u << 20;
constexpr std::size_t kStoredBytesMax = 128u << 10;
constexpr std::size_t kTextBytesMax = 2'000;
constexpr std::uint64_t kLoadtestsKept = 100;
constexpr std::uint64_t kLoadtestsDefault = 20;
constexpr Duration kWindowMax = std::chrono::hours(24);
constexpr Duration kMinute = std::chrono::minutes(1);
// kind = "loadtest", id (time and number) -> storedAt, result as JSON.
constexpr std::string_view kTable = "securebase.internal.loadtests";

std::optional<double> Percentile(const metrics::Bucket& bucket, double percentile) {
  metrics::Statistic statistic;
  statistic.kind = metrics::Statistic::Kind::kPercentile;
  statistic.percentile = percentile;
  return bucket.Evaluate(statistic);
}

json::Value OrNull(std::optional<double> value) {
  return value ? json::Value(*value) : json::Value();
}

// Requests of one minute, or of all.
struct Point {
  double requests = 0;
  double errors_4xx = 0;
  double errors_5xx = 0;
  metrics::Bucket latency;

  void AppendTo(json::Object& object) const {
    object.emplace_back("requests", requests);
    object.emplace_back("p50", OrNull(Percentile(latency, 50)));
    object.emplace_back("p95", OrNull(Percentile(latency, 95)));
    object.emplace_back("p99", OrNull(Percentile(latency, 99)));
    object.emplace_back("errors4xx", errors_4xx);
    object.emplace_back("errors5xx", errors_5xx);
  }
};

json::Value LoadtestJson(const documents::Item& item) {
  Result<json::Value> result = json::Parse(StringAttribute(item, "result"));
  return json::Object{{"id", StringAttribute(item, "id")},
                      {"storedAt", StringAttribute(item, "storedAt")},
                      {"result", result.ok() ? *std::move(result) : json::Value()}};
}

// What `securebase loadtest --format json` writes, and what the page reads of it.
Result<> CheckLoadtest(const json::Value& result) {
  SB_TRY(const Body body,
         Body::Make(result, {"format", "endpoint", "startedAt", "scenario", "model", "concurrency",
                             "targetRate", "elapsedSeconds", "requests", "requestsPerSecond",
                             "errorShare", "failures", "bytes", "percentileMethod",
                             "latencySeconds", "serviceSeconds", "thresholds", "verdict"}));
  for (const std::string_view name :
       {"format", "endpoint", "startedAt", "scenario", "model", "percentileMethod", "verdict"}) {
    SB_TRY_OK(body.Text(name, kTextBytesMax));
  }
  for (const std::string_view name :
       {"targetRate", "elapsedSeconds", "requestsPerSecond", "errorShare"}) {
    SB_TRY_OK(body.Number(name));
  }
  for (const std::string_view name : {"concurrency", "bytes"}) SB_TRY_OK(body.Count(name));
  SB_TRY(const std::optional<std::uint64_t> requests, body.Count("requests"));
  if (!requests) return InvalidArgument("requests", "is required");
  const json::Value* latency = body.Find("latencySeconds");
  if (latency == nullptr) return InvalidArgument("latencySeconds", "is required");
  for (const std::string_view name : {"p50", "p95", "p99", "max", "avg"}) {
    const json::Value* figure = latency->IsObject() ? latency->Find(name) : nullptr;
    if (figure == nullptr || !figure->IsNumber()) {
      return InvalidArgument("latencySeconds." + std::string(name), "must be a number");
    }
  }
  return {};
}

class MonitoringHandlers {
 public:
  explicit MonitoringHandlers(const MonitoringRouteDependencies& dependencies)
      : dependencies_(dependencies) {}

  Result<http::Response> Summary(const Call& call) const {
    SB_TRY_OK(call.CheckParameters({"window"}));
    SB_TRY(const Duration window, Window(call));
    const Instant now = dependencies_.clock.Now();
    const Instant end = std::chrono::floor<std::chrono::minutes>(now) + kMinute;
    SB_TRY(auto points, Points(end - window, end));
    json::Array minutes;
    Point totals;
    for (const auto& [time, point] : points) {
      json::Object minute{{"time", FormatIso(time)}, {"requestsPerMinute", point.requests}};
      point.AppendTo(minute);
      minutes.push_back(std::move(minute));
      totals.requests += point.requests;
      totals.errors_4xx += point.errors_4xx;
      totals.errors_5xx += point.errors_5xx;
      totals.latency.Merge(point.latency);
    }
    json::Object total;
    totals.AppendTo(total);
    SB_TRY(json::Value customers, Customers());
    SB_TRY(const std::vector<documents::Item> loadtests, Loadtests(1));
    return JsonResponse(json::Object{
        {"generatedAt", FormatIsoMillis(now)},
        {"window", FormatDuration(window)},
        {"periodSeconds", 60},
        {"points", std::move(minutes)},
        {"totals", std::move(total)},
        {"customers", std::move(customers)},
        {"lastLoadtest", loadtests.empty() ? json::Value() : LoadtestJson(loadtests.front())}});
  }

  Result<http::Response> StoreLoadtest(const Call& call) const {
    SB_TRY_OK(call.CheckParameters({}));
    SB_TRY(json::Value result, call.JsonBody(kResultBytesMax));
    if (!result.IsObject()) return InvalidArgument("body", "must be a JSON object");
    // The single requests of a run are for its own files; what is kept is what is shown.
    std::erase_if(result.AsObject(),
                  [](const auto& member) { return member.first == "sortedLatenciesSeconds"; });
    SB_TRY_OK(CheckLoadtest(result));
    std::string text = json::Write(result);
    if (text.size() > kStoredBytesMax) {
      return LimitExceeded("body", "more than 128 KB beside the latencies");
    }
    const Instant now = dependencies_.clock.Now();
    SB_TRY_OK(EnsureTable(now));
    // Ordered by time; the request's id tells two of one millisecond apart.
    const std::string id = "lt-" + FormatIsoMillis(now) + "-" + call.request.request_id;
    SB_TRY_OK(dependencies_.documents.Put(dependencies_.home, std::string(kTable),
                                          {{"kind", "loadtest"},
                                           {"id", id},
                                           {"storedAt", FormatIsoMillis(now)},
                                           {"result", std::move(text)}}));
    SB_TRY_OK(Prune());
    return JsonResponse(json::Object{{"id", id}, {"storedAt", FormatIsoMillis(now)}}, 201);
  }

  Result<http::Response> ListLoadtests(const Call& call) const {
    SB_TRY_OK(call.CheckParameters({"limit"}));
    SB_TRY(const std::uint64_t limit,
           CountParameter(call, "limit", kLoadtestsDefault, 1, kLoadtestsKept));
    SB_TRY(const std::vector<documents::Item> items, Loadtests(limit));
    json::Array list;
    for (const documents::Item& item : items) list.push_back(LoadtestJson(item));
    return JsonResponse(json::Object{{"loadtests", std::move(list)}});
  }

 private:
  static Result<Duration> Window(const Call& call) {
    const std::string* text = call.Parameter("window");
    const Result<Duration> window = ParseDuration(text == nullptr ? "15m" : *text);
    if (!window.ok()) return InvalidArgument("window", window.error().message());
    if (*window < kMinute || *window > kWindowMax || *window % kMinute != Duration(0)) {
      return InvalidArgument("window", "must be whole minutes, from 1m to 24h");
    }
    return *window;
  }

  // One a minute, those without requests too.
  Result<std::map<Instant, Point>> Points(Instant start, Instant end) const {
    std::map<Instant, Point> points;
    for (Instant time = start; time < end; time += kMinute) points[time];
    SB_TRY_OK(ForEach("Latency", start, end, [&](Instant time, const metrics::Bucket& bucket) {
      points[time].latency.Merge(bucket);
    }));
    SB_TRY_OK(ForEach("Count", start, end, [&](Instant time, const metrics::Bucket& bucket) {
      points[time].requests += bucket.set().sum;
    }));
    SB_TRY_OK(ForEach("4XXError", start, end, [&](Instant time, const metrics::Bucket& bucket) {
      points[time].errors_4xx += bucket.set().sum;
    }));
    SB_TRY_OK(ForEach("5XXError", start, end, [&](Instant time, const metrics::Bucket& bucket) {
      points[time].errors_5xx += bucket.set().sum;
    }));
    return points;
  }

  // Each minute's bucket of an AWS/ApiGateway metric without dimensions.
  template <class Function>
  Result<> ForEach(std::string name, Instant start, Instant end, Function function) const {
    SB_TRY(const std::vector<metrics::UnitSeries> all,
           dependencies_.metrics.Query(
               dependencies_.home,
               {.metric = {.namespace_name = "AWS/ApiGateway", .name = std::move(name)},
                .start = start,
                .end = end,
                .period = kMinute}));
    for (const metrics::UnitSeries& series : all) {
      for (const auto& [time, bucket] : series.buckets) function(time, bucket);
    }
    return {};
  }

  Result<json::Value> Customers() const {
    const auto items =
        dependencies_.documents.All(dependencies_.home, dependencies_.tables.customers);
    if (!items.ok()) return items.error();
    std::uint64_t active = 0;
    for (const documents::Item& item : *items)
      active += StringAttribute(item, "status") == "active";
    return json::Value(json::Object{{"total", std::uint64_t{items->size()}}, {"active", active}});
  }

  Result<> EnsureTable(Instant now) const {
    documents::TableDescription table{.name = std::string(kTable),
                                      .id = std::string(kTable),
                                      .partition_key = {.name = "kind"},
                                      .sort_key = documents::KeyAttribute{.name = "id"},
                                      .created_at = now,
                                      .product = true,
                                      .internal = true};
    SB_TRY_OK(dependencies_.documents.CreateTable(dependencies_.home, std::move(table)));
    return {};
  }

  // Newest first.
  Result<std::vector<documents::Item>> Loadtests(std::uint64_t items_max) const {
    documents::RangeRequest request{.table = std::string(kTable),
                                    .partition = documents::Value("loadtest"),
                                    .descending = true,
                                    .items_max = items_max,
                                    .bytes_max = kLoadtestsKept * kStoredBytesMax * 2};
    auto page = dependencies_.documents.Range(dependencies_.home, request);
    if (page.ok()) return std::move(page->items);
    if (page.error().code() == ErrorCode::kNotFound) return std::vector<documents::Item>();
    return page.error();
  }

  Result<> Prune() const {
    SB_TRY(const std::vector<documents::Item> all, Loadtests(kLoadtestsKept * 2));
    for (std::size_t i = kLoadtestsKept; i < all.size(); ++i) {
      SB_TRY_OK(dependencies_.documents.Delete(
          dependencies_.home, std::string(kTable),
          {{"kind", "loadtest"}, {"id", StringAttribute(all[i], "id")}}));
    }
    return {};
  }

  const MonitoringRouteDependencies dependencies_;
};

}  // namespace

std::vector<Route> MonitoringRoutes(MonitoringRouteDependencies dependencies) {
  auto handlers = std::make_shared<const MonitoringHandlers>(dependencies);
  const auto route = [&](std::string method, std::string pattern, Role role,
                         Result<http::Response> (MonitoringHandlers::*answer)(const Call&) const) {
    return Route{.method = std::move(method),
                 .pattern = std::move(pattern),
                 .role = role,
                 .handler = Answering(dependencies.clock, [handlers, answer](const Call& call) {
                   return (handlers.get()->*answer)(call);
                 })};
  };
  using H = MonitoringHandlers;
  return {route("GET", "/monitoring/summary", Role::kViewer, &H::Summary),
          route("GET", "/loadtests", Role::kViewer, &H::ListLoadtests),
          route("POST", "/loadtests", Role::kAnalyst, &H::StoreLoadtest)};
}

}  // namespace securebase::api
