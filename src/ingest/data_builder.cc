#include "ingest/data_builder.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace securebase::ingest {
namespace {

using std::chrono::hours;

// CloudWatch's limits (spec: cloudwatch-api 2).
constexpr std::size_t kNameMax = 255;
constexpr std::size_t kValueMax = 1024;
constexpr std::size_t kDimensionsMax = 30;
constexpr Duration kPast = hours(24 * 14);
constexpr Duration kAhead = hours(2);
constexpr double kMagnitudeMax = 2.3485425827738332e108;  // 2^360
constexpr int kReasonsMax = 5;

/// UTF-8 without control characters.
std::string Clean(std::string_view text) {
  std::string out = IsValidUtf8(text) ? std::string(text) : ToValidUtf8(text);
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '_';
  }
  return out;
}

bool IsValue(double value) { return std::isfinite(value) && std::abs(value) <= kMagnitudeMax; }

struct UnitPair {
  std::string_view from;
  std::string_view to;
};

constexpr UnitPair kUcum[] = {
    {"s", "Seconds"},
    {"ms", "Milliseconds"},
    {"us", "Microseconds"},
    {"By", "Bytes"},
    {"kBy", "Kilobytes"},
    {"MBy", "Megabytes"},
    {"GBy", "Gigabytes"},
    {"TBy", "Terabytes"},
    {"bit", "Bits"},
    {"kbit", "Kilobits"},
    {"Mbit", "Megabits"},
    {"Gbit", "Gigabits"},
    {"Tbit", "Terabits"},
    {"%", "Percent"},
    {"By/s", "Bytes/Second"},
    {"kBy/s", "Kilobytes/Second"},
    {"MBy/s", "Megabytes/Second"},
    {"GBy/s", "Gigabytes/Second"},
    {"bit/s", "Bits/Second"},
    {"1/s", "Count/Second"},
};

constexpr UnitPair kSuffixes[] = {
    {"_seconds", "Seconds"},
    {"_milliseconds", "Milliseconds"},
    {"_microseconds", "Microseconds"},
    {"_bytes", "Bytes"},
    {"_bits", "Bits"},
    {"_percent", "Percent"},
};

}  // namespace

std::string_view UnitOfUcum(std::string_view unit) {
  for (const UnitPair& pair : kUcum) {
    if (pair.from == unit) return pair.to;
  }
  if (unit.starts_with('{')) return unit.ends_with("/s") ? "Count/Second" : "Count";
  return "None";
}

std::string_view UnitOfName(std::string_view name) {
  const bool total = name.ends_with("_total");
  if (total) name.remove_suffix(6);
  for (const UnitPair& pair : kSuffixes) {
    if (name.ends_with(pair.from)) return pair.to;
  }
  return total ? "Count" : "None";
}

void DataBuilder::Reject(std::string reason, std::uint64_t points) {
  rejected_ += points;
  if (reason_count_ >= kReasonsMax) return;
  // The same fault of many points is one reason.
  if (reasons_.find(reason) != std::string::npos) return;
  reasons_ += (reasons_.empty() ? "" : "; ") + reason;
  ++reason_count_;
}

bool DataBuilder::Begin(const Series& series, std::int64_t time_ns, metrics::Datum& datum) {
  datum.metric.namespace_name = Clean(series.namespace_name);
  datum.metric.name = Clean(series.name);
  const std::string about = "metric " + datum.metric.name.substr(0, kNameMax) + ": ";
  auto reject = [&](std::string_view why) {
    Reject(about + std::string(why));
    return false;
  };
  if (datum.metric.name.empty() || datum.metric.name.size() > kNameMax) {
    return reject("the name must have 1 to 255 characters");
  }
  if (datum.metric.namespace_name.empty() || datum.metric.namespace_name.size() > kNameMax) {
    return reject("the namespace must have 1 to 255 characters");
  }
  if (!product_namespaces_ && datum.metric.namespace_name.starts_with("AWS/")) {
    return reject("namespaces below AWS/ need the role admin");
  }
  for (const auto& [name, value] : series.labels) {
    if (value.empty()) continue;
    if (name.empty() || name.size() > kNameMax || value.size() > kValueMax) {
      return reject("a dimension's name must have 1 to 255 characters, its value up to 1024");
    }
    datum.metric.dimensions.push_back({Clean(name), Clean(value)});
  }
  auto& dimensions = datum.metric.dimensions;
  if (dimensions.size() > kDimensionsMax) return reject("there are more than 30 dimensions");
  std::sort(dimensions.begin(), dimensions.end());
  const auto twice =
      std::adjacent_find(dimensions.begin(), dimensions.end(),
                         [](const auto& a, const auto& b) { return a.name == b.name; });
  if (twice != dimensions.end()) return reject("the dimension " + twice->name + " is there twice");
  datum.unit = series.unit;
  datum.time = time_ns == 0 ? now_ : FromUnixMillis(time_ns / 1'000'000);
  if (datum.time < now_ - kPast || datum.time > now_ + kAhead) {
    return reject("the time must be within the past two weeks");
  }
  return true;
}

bool DataBuilder::AddValue(const Series& series, std::int64_t time_ns, double value, double count) {
  metrics::Datum datum;
  if (!Begin(series, time_ns, datum)) return false;
  if (!IsValue(value) || !(count > 0) || !std::isfinite(count)) {
    Reject("metric " + datum.metric.name + ": the value is not finite, or beyond 2^360");
    return false;
  }
  datum.values = {{value, count}};
  data_.push_back(std::move(datum));
  return true;
}

bool DataBuilder::AddHistogram(const Series& series, std::int64_t time_ns,
                               const Histogram& histogram) {
  if (histogram.count == 0) return true;
  metrics::Datum datum;
  if (!Begin(series, time_ns, datum)) return false;
  std::optional<Distribution> distribution = DistributionOf(histogram);
  if (!distribution || !IsValue(distribution->set.sum) || !IsValue(distribution->set.minimum) ||
      !IsValue(distribution->set.maximum)) {
    Reject("metric " + datum.metric.name + ": the histogram has figures that cannot be");
    return false;
  }
  datum.statistics = distribution->set;
  datum.distribution = std::move(distribution->sketch);
  data_.push_back(std::move(datum));
  return true;
}

bool DataBuilder::AddBucket(const Series& series, std::int64_t time_ns,
                            const metrics::Bucket& bucket) {
  if (bucket.empty()) return true;
  metrics::Datum datum;
  if (!Begin(series, time_ns, datum)) return false;
  const metrics::StatisticSet& set = bucket.set();
  if (!IsValue(set.sum) || !IsValue(set.minimum) || !IsValue(set.maximum)) {
    Reject("metric " + datum.metric.name + ": a value is not finite, or beyond 2^360");
    return false;
  }
  datum.statistics = set;
  datum.distribution = bucket.sketch();
  data_.push_back(std::move(datum));
  return true;
}

}  // namespace securebase::ingest
