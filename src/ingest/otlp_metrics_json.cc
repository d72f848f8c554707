#include "ingest/otlp_metrics_model.h"

namespace securebase::ingest {
namespace {

using Kind = OtlpMetric::Kind;

std::string TextMember(const json::Value& value, std::string_view name) {
  const json::Value* member = value.Find(name);
  return member != nullptr && member->IsString() ? member->AsString() : std::string();
}

Result<std::optional<double>> OptionalDouble(const json::Value& value, std::string_view name) {
  const json::Value* member = value.Find(name);
  if (member == nullptr || member->IsNull()) return std::optional<double>();
  SB_TRY(const double number, ReadOtlpDouble(member, name));
  return std::optional(number);
}

Result<std::uint64_t> Count(const json::Value* value, std::string_view name) {
  SB_TRY(const std::int64_t number, ReadOtlpInt(value, name));
  if (number < 0) return InvalidArgument(std::string(name), std::string(name) + " is negative");
  return static_cast<std::uint64_t>(number);
}

Result<std::vector<std::uint64_t>> Counts(const json::Value* value, std::string_view name) {
  std::vector<std::uint64_t> counts;
  SB_TRY_OK(ForEachElement(value, name, [&](const json::Value& element) -> Result<> {
    SB_TRY(const std::uint64_t count, Count(&element, name));
    counts.push_back(count);
    return {};
  }));
  return counts;
}

Result<OtlpPoint::Powers> ReadPowers(const json::Value* value) {
  OtlpPoint::Powers powers;
  if (value == nullptr) return powers;
  SB_TRY(powers.offset, ReadOtlpInt(value->Find("offset"), "offset"));
  SB_TRY(powers.counts, Counts(value->Find("bucketCounts"), "bucketCounts"));
  return powers;
}

Result<> ReadValue(const json::Value& value, OtlpPoint& point) {
  if (const json::Value* integer = value.Find("asInt")) {
    SB_TRY(const std::int64_t number, ReadOtlpInt(integer, "asInt"));
    point.value = static_cast<double>(number);
    return {};
  }
  SB_TRY(point.value, OptionalDouble(value, "asDouble"));
  return {};
}

Result<OtlpPoint> ReadPoint(const json::Value& value) {
  if (!value.IsObject()) return InvalidArgument("dataPoints", "a data point must be an object");
  OtlpPoint point;
  SB_TRY(point.attributes, ReadOtlpAttributes(value.Find("attributes")));
  SB_TRY(point.start_ns, ReadOtlpInt(value.Find("startTimeUnixNano"), "startTimeUnixNano"));
  SB_TRY(point.time_ns, ReadOtlpInt(value.Find("timeUnixNano"), "timeUnixNano"));
  SB_TRY(const std::int64_t flags, ReadOtlpInt(value.Find("flags"), "flags"));
  point.no_value = (flags & 1) != 0;
  SB_TRY_OK(ReadValue(value, point));
  SB_TRY(point.count, Count(value.Find("count"), "count"));
  SB_TRY(point.sum, OptionalDouble(value, "sum"));
  SB_TRY(point.minimum, OptionalDouble(value, "min"));
  SB_TRY(point.maximum, OptionalDouble(value, "max"));
  SB_TRY(point.bucket_counts, Counts(value.Find("bucketCounts"), "bucketCounts"));
  SB_TRY_OK(ForEachElement(value.Find("explicitBounds"), "explicitBounds",
                           [&](const json::Value& bound) -> Result<> {
                             SB_TRY(const double number, ReadOtlpDouble(&bound, "explicitBounds"));
                             point.bounds.push_back(number);
                             return {};
                           }));
  SB_TRY(point.scale, ReadOtlpInt(value.Find("scale"), "scale"));
  SB_TRY(point.zero_count, Count(value.Find("zeroCount"), "zeroCount"));
  SB_TRY(point.positive, ReadPowers(value.Find("positive")));
  SB_TRY(point.negative, ReadPowers(value.Find("negative")));
  SB_TRY_OK(ForEachElement(
      value.Find("quantileValues"), "quantileValues", [&](const json::Value& pair) -> Result<> {
        SB_TRY(const double quantile, ReadOtlpDouble(pair.Find("quantile"), "quantile"));
        SB_TRY(const double at, ReadOtlpDouble(pair.Find("value"), "value"));
        point.quantiles.emplace_back(quantile, at);
        return {};
      }));
  return point;
}

Result<OtlpMetric::Temporality> ReadTemporality(const json::Value* value) {
  using Temporality = OtlpMetric::Temporality;
  if (value == nullptr || value->IsNull()) return Temporality::kUnspecified;
  if (value->IsInt() && value->AsInt() >= 0 && value->AsInt() <= 2) {
    return static_cast<Temporality>(value->AsInt());
  }
  if (value->IsString()) {
    if (value->AsString() == "AGGREGATION_TEMPORALITY_DELTA") return Temporality::kDelta;
    if (value->AsString() == "AGGREGATION_TEMPORALITY_CUMULATIVE") return Temporality::kCumulative;
  }
  return InvalidArgument("aggregationTemporality",
                         "aggregationTemporality must be 1 (delta) or 2 (cumulative)");
}

Result<OtlpMetric> ReadMetric(const json::Value& value) {
  static constexpr std::pair<std::string_view, Kind> kKinds[] = {
      {"gauge", Kind::kGauge},
      {"sum", Kind::kSum},
      {"histogram", Kind::kHistogram},
      {"exponentialHistogram", Kind::kExponentialHistogram},
      {"summary", Kind::kSummary}};
  OtlpMetric metric;
  metric.name = TextMember(value, "name");
  metric.unit = TextMember(value, "unit");
  for (const auto& [name, kind] : kKinds) {
    const json::Value* data = value.Find(name);
    if (data == nullptr || data->IsNull()) continue;
    metric.kind = kind;
    SB_TRY(metric.temporality, ReadTemporality(data->Find("aggregationTemporality")));
    const json::Value* monotonic = data->Find("isMonotonic");
    metric.monotonic = monotonic != nullptr && monotonic->IsBool() && monotonic->AsBool();
    SB_TRY_OK(ForEachElement(data->Find("dataPoints"), "dataPoints",
                             [&](const json::Value& element) -> Result<> {
                               SB_TRY(OtlpPoint point, ReadPoint(element));
                               metric.points.push_back(std::move(point));
                               return {};
                             }));
  }
  return metric;
}

Result<OtlpResourceMetrics> ReadResourceMetrics(const json::Value& value) {
  OtlpResourceMetrics out;
  SB_TRY(out.resource, ReadOtlpResource(value.Find("resource")));
  SB_TRY_OK(ForEachElement(value.Find("scopeMetrics"), "scopeMetrics",
                           [&](const json::Value& scope) -> Result<> {
                             OtlpScopeMetrics& into = out.scopes.emplace_back();
                             SB_TRY(into.scope, ReadOtlpScope(scope.Find("scope")));
                             return ForEachElement(scope.Find("metrics"), "metrics",
                                                   [&](const json::Value& element) -> Result<> {
                                                     SB_TRY(OtlpMetric metric, ReadMetric(element));
                                                     into.metrics.push_back(std::move(metric));
                                                     return {};
                                                   });
                           }));
  return out;
}

}  // namespace

Result<OtlpMetrics> ReadOtlpMetricsJson(std::string_view body) {
  SB_TRY(const json::Value root, json::Parse(body));
  if (!root.IsObject()) return InvalidArgument("body", "the body must be a JSON object");
  OtlpMetrics all;
  SB_TRY_OK(ForEachElement(root.Find("resourceMetrics"), "resourceMetrics",
                           [&](const json::Value& element) -> Result<> {
                             SB_TRY(OtlpResourceMetrics read, ReadResourceMetrics(element));
                             all.push_back(std::move(read));
                             return {};
                           }));
  return all;
}

}  // namespace securebase::ingest
