#include "ingest/statsd.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <utility>

#include "base/log.h"
#include "base/text.h"

namespace securebase::ingest {
namespace {

using Type = StatsdLine::Type;

constexpr std::size_t kSetMax = 100'000;  // distinct values of a set and interval

Error Bad(std::string message) { return InvalidArgument("line", std::move(message)); }

std::optional<Type> TypeOf(std::string_view text) {
  if (text == "c") return Type::kCounter;
  if (text == "g") return Type::kGauge;
  if (text == "ms") return Type::kTimer;
  if (text == "h" || text == "d") return Type::kHistogram;
  if (text == "s") return Type::kSet;
  return {};
}

Labels TagsOf(std::string_view text) {
  Labels tags;
  for (const std::string_view tag : Split(text, ',')) {
    if (tag.empty()) continue;
    const std::size_t colon = tag.find(':');
    const bool valued = colon != std::string_view::npos && colon + 1 < tag.size();
    tags.emplace_back(std::string(tag.substr(0, colon)),
                      valued ? std::string(tag.substr(colon + 1)) : "true");
  }
  std::sort(tags.begin(), tags.end());
  // A tag that is there twice counts once: the dimension has one value.
  tags.erase(std::unique(tags.begin(), tags.end(),
                         [](const auto& a, const auto& b) { return a.first == b.first; }),
             tags.end());
  return tags;
}

std::optional<double> NumberOf(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto number = ParseDouble(text);
  return number && std::isfinite(*number) ? number : std::nullopt;
}

std::string_view UnitOf(Type type) {
  if (type == Type::kTimer) return "Milliseconds";
  return type == Type::kCounter || type == Type::kSet ? "Count" : "None";
}

}  // namespace

Result<StatsdLine> ParseStatsdLine(std::string_view text) {
  StatsdLine line;
  if (!IsValidUtf8(text)) return Bad("the line is not UTF-8");
  const auto parts = Split(text, '|');
  if (parts.size() < 2) return Bad("a type is missing");
  const auto values = Split(parts[0], ':');
  if (values.size() < 2 || values[0].empty()) return Bad("a name and a value are expected");
  line.name = values[0];
  const auto type = TypeOf(parts[1]);
  if (!type) return Bad("the type " + std::string(parts[1]) + " is unknown");
  line.type = *type;
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (values[i].empty() || (*type != Type::kSet && !NumberOf(values[i]))) {
      return Bad("the value is no number");
    }
    line.values.emplace_back(values[i]);
  }
  for (std::size_t i = 2; i < parts.size(); ++i) {
    const std::string_view part = parts[i];
    if (part.starts_with('@')) {
      const auto rate = NumberOf(part.substr(1));
      if (!rate || !(*rate > 0) || *rate > 1) return Bad("the rate must be above 0 and at most 1");
      line.rate = *rate;
    } else if (part.starts_with('#')) {
      line.tags = TagsOf(part.substr(1));
    } else if (part.starts_with('T')) {
      line.time_s = ParseInt(part.substr(1));
      if (!line.time_s) return Bad("the time is no number of seconds");
    }
    // "c:" names the sender's container and "e:" external data: nothing that is measured.
  }
  return line;
}

void StatsdAggregator::Take(std::string_view packet) {
  std::lock_guard lock(mutex_);
  for (std::string_view text : Split(packet, '\n')) {
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (text.empty()) continue;
    ++counts_.lines;
    if (text.starts_with("_e{") || text.starts_with("_sc|")) {
      ++counts_.dropped;  // an event or a service check: no metric
      continue;
    }
    const Result<StatsdLine> line = ParseStatsdLine(text);
    if (line.ok()) {
      Add(*line);
    } else {
      ++counts_.bad_lines;
    }
  }
}

bool StatsdAggregator::AddValue(const StatsdLine& line, const std::string& text, Sum& sum) {
  if (line.type == Type::kSet) {
    if (sum.seen.size() >= kSetMax) return false;
    sum.seen.insert(text);
    return true;
  }
  const double value = *NumberOf(text);
  switch (line.type) {
    case Type::kCounter:
      sum.counter += value / line.rate;
      return true;
    case Type::kGauge:
      // A sign makes it a change of the last value.
      sum.gauge = text[0] == '+' || text[0] == '-' ? sum.gauge + value : value;
      return true;
    default:
      sum.samples.Add(value, 1 / line.rate);
      return true;
  }
}

void StatsdAggregator::Add(const StatsdLine& line) {
  const Key key{line.type, line.name, line.tags};
  auto found = sums_.find(key);
  if (found == sums_.end()) {
    if (sums_.size() >= series_max_) {
      ++counts_.dropped;
      return;
    }
    found = sums_.emplace(key, Sum()).first;
    const auto gauge = gauges_.find(key);
    if (gauge != gauges_.end()) found->second.gauge = gauge->second;
  }
  for (const std::string& value : line.values) {
    if (!AddValue(line, value, found->second)) ++counts_.dropped;
  }
  if (line.type != Type::kGauge) return;
  if (gauges_.size() >= series_max_ && !gauges_.contains(key)) gauges_.clear();
  gauges_[key] = found->second.gauge;
}

std::vector<metrics::Datum> StatsdAggregator::Collect() {
  std::map<Key, Sum> sums;
  {
    std::lock_guard lock(mutex_);
    sums.swap(sums_);
  }
  DataBuilder data(clock_.Now(), /*product_namespaces=*/false);
  for (auto& [key, sum] : sums) {
    const DataBuilder::Series series{settings_.namespace_name, key.name, key.tags,
                                     UnitOf(key.type)};
    if (key.type == Type::kCounter) {
      data.AddValue(series, 0, sum.counter);
    } else if (key.type == Type::kSet) {
      data.AddValue(series, 0, static_cast<double>(sum.seen.size()));
    } else if (key.type == Type::kGauge) {
      data.AddValue(series, 0, sum.gauge);
    } else {
      data.AddBucket(series, 0, sum.samples);
    }
  }
  if (data.rejected() > 0) {
    Log(LogLevel::kWarn, "StatsD metrics were rejected",
        {{"series", std::to_string(data.rejected())}, {"reasons", data.reasons()}});
  }
  return data.TakeData();
}

void StatsdAggregator::Flush() {
  std::vector<metrics::Datum> data = Collect();
  if (data.empty()) return;
  std::promise<Result<>> stored;
  Store(sink_, home_, std::move(data), TotalsTracker::Undo(sink_.totals),
        [&stored](Result<> result) { stored.set_value(std::move(result)); });
  if (const Result<> result = stored.get_future().get(); !result.ok()) {
    Log(LogLevel::kError, "StatsD metrics could not be stored",
        {{"error", result.error().message()}});
  }
}

StatsdCounts StatsdAggregator::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace securebase::ingest
