#include "ingest/otlp_metrics.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/bytes.h"

namespace securebase::ingest {
namespace {

using Kind = OtlpMetric::Kind;
using Temporality = OtlpMetric::Temporality;

constexpr std::string_view kDefaultNamespace = "OTLP";
constexpr std::int64_t kScaleMin = -10;
constexpr std::int64_t kScaleMax = 20;
constexpr std::int64_t kOffsetMax = std::int64_t{1} << 40;

/// "shop/checkout" of service.namespace and service.name, or the one that is there.
std::string NamespaceOf(const OtlpResource& resource) {
  const std::string group = OtlpAttribute(resource.attributes, "service.namespace");
  const std::string name = OtlpAttribute(resource.attributes, "service.name");
  if (group.empty() && name.empty()) return std::string(kDefaultNamespace);
  if (group.empty() || name.empty()) return group + name;
  return group + "/" + name;
}

void AppendAttributes(std::string& key, const OtlpAttributes& attributes) {
  std::vector<std::pair<std::string, std::string>> sorted;
  for (const auto& [name, value] : attributes) sorted.emplace_back(name, OtlpText(value));
  std::sort(sorted.begin(), sorted.end());
  PutVarint(key, sorted.size());
  for (const auto& [name, value] : sorted) {
    PutBytes(key, name);
    PutBytes(key, value);
  }
}

Totals CounterTotals(const OtlpPoint& point) {
  return {.start_ns = point.start_ns, .time_ns = point.time_ns, .sum = point.value.value_or(0)};
}

Totals BoundTotals(const OtlpPoint& point) {
  Totals totals{.start_ns = point.start_ns,
                .time_ns = point.time_ns,
                .count = static_cast<double>(point.count),
                .sum = point.sum.value_or(0),
                .has_sum = point.sum.has_value(),
                .bounds = point.bounds};
  for (std::size_t i = 0; i < point.bucket_counts.size(); ++i) {
    if (point.bucket_counts[i] == 0) continue;
    totals.bins.emplace_back(static_cast<std::int64_t>(i),
                             static_cast<double>(point.bucket_counts[i]));
  }
  return totals;
}

Totals PowerTotals(const OtlpPoint& point) {
  Totals totals{.start_ns = point.start_ns,
                .time_ns = point.time_ns,
                .count = static_cast<double>(point.count),
                .sum = point.sum.value_or(0),
                .has_sum = point.sum.has_value(),
                .zero_count = static_cast<double>(point.zero_count),
                .scale = static_cast<int>(point.scale),
                .powers = true};
  auto add = [&](const OtlpPoint::Powers& powers, bool negative) {
    for (std::size_t i = 0; i < powers.counts.size(); ++i) {
      if (powers.counts[i] == 0) continue;
      totals.bins.emplace_back(PowerKey(powers.offset + static_cast<std::int64_t>(i), negative),
                               static_cast<double>(powers.counts[i]));
    }
  };
  add(point.positive, false);
  add(point.negative, true);
  std::sort(totals.bins.begin(), totals.bins.end());
  return totals;
}

std::uint64_t SumOf(const std::vector<std::uint64_t>& counts) {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : counts) sum += count;
  return sum;
}

/// The sentence that says what is wrong with a histogram's point, or "".
std::string HistogramFault(Kind kind, const OtlpPoint& point) {
  if (kind == Kind::kExponentialHistogram) {
    if (point.scale < kScaleMin || point.scale > kScaleMax) return "the scale is out of range";
    for (const auto* powers : {&point.positive, &point.negative}) {
      if (std::abs(powers->offset) > kOffsetMax) return "an offset is out of range";
    }
    const std::uint64_t all =
        SumOf(point.positive.counts) + SumOf(point.negative.counts) + point.zero_count;
    return all == point.count ? "" : "the counts of the buckets do not add up to the count";
  }
  if (point.bucket_counts.empty()) return {};
  if (point.bucket_counts.size() != point.bounds.size() + 1) {
    return "there must be one bucket more than bounds";
  }
  for (std::size_t i = 0; i < point.bounds.size(); ++i) {
    const bool ascending = i == 0 || point.bounds[i] > point.bounds[i - 1];
    if (!std::isfinite(point.bounds[i]) || !ascending) return "the bounds must ascend";
  }
  return SumOf(point.bucket_counts) == point.count
             ? ""
             : "the counts of the buckets do not add up to the count";
}

/// Converts the metrics of one resource and scope.
class Converter {
 public:
  Converter(const OtlpSettings& settings, TotalsTracker& totals, TotalsTracker::Undo& undo,
            DataBuilder& data)
      : settings_(settings), totals_(totals), undo_(undo), data_(data) {}

  void Begin(const std::string& owner, const OtlpResource& resource, const OtlpScope& scope) {
    namespace_name_ = NamespaceOf(resource);
    resource_labels_.clear();
    for (const std::string& name : settings_.resource_dimensions) {
      resource_labels_.emplace_back(name, OtlpAttribute(resource.attributes, name));
    }
    identity_ = "otlp";
    PutBytes(identity_, owner);
    AppendAttributes(identity_, resource.attributes);
    PutBytes(identity_, scope.name);
    PutBytes(identity_, scope.version);
    AppendAttributes(identity_, scope.attributes);
  }

  void Convert(const OtlpMetric& metric) {
    if (metric.kind == Kind::kNone) {
      if (!metric.name.empty()) data_.Reject("metric " + metric.name + " has no data", 0);
      return;
    }
    const bool has_temporality = metric.kind != Kind::kGauge && metric.kind != Kind::kSummary;
    if (has_temporality && metric.temporality == Temporality::kUnspecified) {
      data_.Reject("metric " + metric.name + ": the aggregation temporality is missing",
                   metric.points.size());
      return;
    }
    for (const OtlpPoint& point : metric.points) {
      if (!point.no_value) ConvertPoint(metric, point);
    }
  }

 private:
  void ConvertPoint(const OtlpMetric& metric, const OtlpPoint& point) {
    // A point's own attribute wins over the resource's of the same name.
    labels_.clear();
    for (const auto& [name, value] : point.attributes) labels_.emplace_back(name, OtlpText(value));
    for (const auto& [name, value] : resource_labels_) {
      const bool own = std::any_of(labels_.begin(), labels_.end(),
                                   [&](const auto& label) { return label.first == name; });
      if (!own) labels_.emplace_back(name, value);
    }
    switch (metric.kind) {
      case Kind::kGauge:
        return ConvertNumber(metric, point, false);
      case Kind::kSum:
        return ConvertNumber(metric, point,
                             metric.temporality == Temporality::kCumulative && metric.monotonic);
      case Kind::kHistogram:
      case Kind::kExponentialHistogram:
        return ConvertHistogram(metric, point);
      default:
        return ConvertSummary(metric, point);
    }
  }

  DataBuilder::Series SeriesOf(const OtlpMetric& metric, std::string_view name) const {
    return {namespace_name_, name, labels_, UnitOfUcum(metric.unit)};
  }

  /// The difference to the totals before; false where there is nothing to add.
  bool Advance(const OtlpMetric& metric, std::string_view part, const OtlpPoint& point,
               Totals& totals) {
    std::string series = identity_;
    PutBytes(series, metric.name);
    PutBytes(series, part);
    PutBytes(series, metric.unit);
    AppendAttributes(series, point.attributes);
    const TotalsTracker::Outcome outcome = totals_.Advance(series, totals, undo_);
    if (outcome == TotalsTracker::Outcome::kTooMany) {
      data_.Reject("metric " + metric.name + ": too many cumulative series");
    }
    return outcome == TotalsTracker::Outcome::kAdded;
  }

  void ConvertNumber(const OtlpMetric& metric, const OtlpPoint& point, bool counter) {
    if (!point.value) return data_.Reject("metric " + metric.name + ": a point has no value");
    double value = *point.value;
    if (counter) {
      if (!std::isfinite(value) || value < 0) {
        return data_.Reject("metric " + metric.name + ": a counter must be a finite number from 0");
      }
      Totals totals = CounterTotals(point);
      if (!Advance(metric, "", point, totals)) return;
      value = totals.sum;
    }
    data_.AddValue(SeriesOf(metric, metric.name), point.time_ns, value);
  }

  void ConvertHistogram(const OtlpMetric& metric, const OtlpPoint& point) {
    const std::string fault = HistogramFault(metric.kind, point);
    if (!fault.empty()) return data_.Reject("metric " + metric.name + ": " + fault);
    Totals totals = metric.kind == Kind::kHistogram ? BoundTotals(point) : PowerTotals(point);
    std::optional<double> minimum = point.minimum, maximum = point.maximum;
    if (metric.temporality == Temporality::kCumulative) {
      // Those are since the start too, and say nothing of what was added.
      minimum = maximum = {};
      if (!Advance(metric, "", point, totals)) return;
    }
    data_.AddHistogram(SeriesOf(metric, metric.name), point.time_ns,
                       HistogramOf(totals, minimum, maximum));
  }

  void ConvertSummary(const OtlpMetric& metric, const OtlpPoint& point) {
    // As Prometheus has it: a gauge for each quantile, count and sum as counters.
    for (const auto& [name, total] : {std::pair{"_count", static_cast<double>(point.count)},
                                      std::pair{"_sum", point.sum.value_or(0)}}) {
      Totals totals{.start_ns = point.start_ns, .time_ns = point.time_ns, .sum = total};
      if (!Advance(metric, name, point, totals)) continue;
      const bool count = std::string_view(name) == "_count";
      data_.AddValue({namespace_name_, metric.name + name, labels_,
                      count ? std::string_view("Count") : UnitOfUcum(metric.unit)},
                     point.time_ns, totals.sum);
    }
    for (const auto& [quantile, value] : point.quantiles) {
      if (std::isnan(value)) continue;
      std::string text;
      json::Writer(text).Double(quantile);
      labels_.emplace_back("quantile", std::move(text));
      data_.AddValue(SeriesOf(metric, metric.name), point.time_ns, value);
      labels_.pop_back();
    }
  }

  const OtlpSettings& settings_;
  TotalsTracker& totals_;
  TotalsTracker::Undo& undo_;
  DataBuilder& data_;
  std::string namespace_name_;
  Labels resource_labels_;
  Labels labels_;
  std::string identity_;
};

void Receive(MetricSink sink, const OtlpSettings& settings, Delivery delivery,
             http::Respond respond) {
  const Result<OtlpEncoding> encoding = OtlpEncodingOf(delivery.request);
  if (!encoding.ok()) return respond(OtlpRefusal(delivery.request, encoding.error()));
  const Result<OtlpMetrics> request = *encoding == OtlpEncoding::kJson
                                          ? ReadOtlpMetricsJson(delivery.body)
                                          : ReadOtlpMetricsProtobuf(delivery.body);
  if (!request.ok()) return respond(OtlpRefusal(delivery.request, request.error()));
  DataBuilder data(delivery.now, delivery.caller.role == api::Role::kAdmin);
  TotalsTracker::Undo undo(sink.totals);
  ConvertOtlpMetrics(*request, settings, delivery.account.id + "/" + delivery.account.region,
                     sink.totals, undo, data);
  Store(sink, delivery.account, data.TakeData(), std::move(undo),
        [encoding = *encoding, rejected = data.rejected(), reasons = data.reasons(),
         request = std::move(delivery.request), respond = std::move(respond)](Result<> stored) {
          if (!stored.ok()) return respond(OtlpRefusal(request, stored.error()));
          respond(OtlpAnswer(encoding, rejected, "rejectedDataPoints", reasons));
        });
}

}  // namespace

void ConvertOtlpMetrics(const OtlpMetrics& request, const OtlpSettings& settings,
                        const std::string& owner, TotalsTracker& totals, TotalsTracker::Undo& undo,
                        DataBuilder& data) {
  Converter converter(settings, totals, undo, data);
  for (const OtlpResourceMetrics& resource : request) {
    for (const OtlpScopeMetrics& scope : resource.scopes) {
      converter.Begin(owner, resource.resource, scope.scope);
      for (const OtlpMetric& metric : scope.metrics) converter.Convert(metric);
    }
  }
}

Route OtlpMetricsRoute(MetricSink sink, OtlpSettings settings) {
  return {.path = "/v1/metrics",
          .handler =
              [sink, settings = std::move(settings)](Delivery delivery, http::Respond respond) {
                Receive(sink, settings, std::move(delivery), std::move(respond));
              },
          .refuse = OtlpRefusal};
}

}  // namespace securebase::ingest
