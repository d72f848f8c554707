#include "metrics/math/label.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace securebase::metrics::math {
namespace {

/// Places of the points that a label can name; the series is not empty.
struct Extremes {
  std::size_t least = 0;
  std::size_t greatest = 0;
};

Extremes ExtremesOf(const TimeSeries& series) {
  const auto [least, greatest] = std::minmax_element(series.values.begin(), series.values.end());
  return {
      static_cast<std::size_t>(least - series.values.begin()),
      static_cast<std::size_t>(std::find(series.values.begin(), series.values.end(), *greatest) -
                               series.values.begin())};
}

std::string OffsetText(Duration offset) {
  if (offset == Duration(0)) return "Z";
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(offset).count();
  const auto absolute = minutes < 0 ? -minutes : minutes;
  auto two = [](std::int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return (minutes < 0 ? "-" : "+") + two(absolute / 60) + ":" + two(absolute % 60);
}

std::string TimeText(Instant t, const LabelContext& context) {
  std::string text = FormatIso(t + context.offset);
  text.pop_back();
  return text + OffsetText(context.offset);
}

std::string DurationText(Duration d) { return FormatDuration(d < Duration(0) ? -d : d); }

double SumOf(const std::vector<double>& values) {
  double sum = 0;
  for (double value : values) sum += value;
  return sum;
}

/// One of the points that FIRST, LAST, MIN and MAX name, with what stands after the name.
std::optional<std::string> OfPoint(std::string_view what, std::size_t place,
                                   const LabelContext& context) {
  const TimeSeries& series = *context.series;
  if (what.empty()) return FormatDouble(series.values[place]);
  if (what == "_TIME") return TimeText(series.times[place], context);
  if (what == "_TIME_RELATIVE") return DurationText(context.now - series.times[place]);
  return std::nullopt;
}

std::optional<std::string> OfPoints(std::string_view name, const LabelContext& context) {
  const TimeSeries& series = *context.series;
  const Extremes extremes = ExtremesOf(series);
  const std::size_t last = series.values.size() - 1;
  const std::pair<std::string_view, std::size_t> points[] = {
      {"FIRST", 0}, {"LAST", last}, {"MIN", extremes.least}, {"MAX", extremes.greatest}};
  for (const auto& [prefix, place] : points) {
    if (name.substr(0, prefix.size()) != prefix) continue;
    if (auto text = OfPoint(name.substr(prefix.size()), place, context)) return text;
  }
  if (name == "AVG") {
    return FormatDouble(SumOf(series.values) / static_cast<double>(series.values.size()));
  }
  if (name == "SUM") return FormatDouble(SumOf(series.values));
  if (name == "FIRST_LAST_RANGE") return FormatDouble(series.values[last] - series.values[0]);
  if (name == "FIRST_LAST_TIME_RANGE") return DurationText(series.times[last] - series.times[0]);
  if (name == "MIN_MAX_RANGE") {
    return FormatDouble(series.values[extremes.greatest] - series.values[extremes.least]);
  }
  if (name == "MIN_MAX_TIME_RANGE") {
    return DurationText(series.times[extremes.greatest] - series.times[extremes.least]);
  }
  return std::nullopt;
}

constexpr std::string_view kOfPoints[] = {
    "AVG",
    "FIRST",
    "FIRST_LAST_RANGE",
    "FIRST_LAST_TIME_RANGE",
    "FIRST_TIME",
    "LAST",
    "LAST_TIME",
    "FIRST_TIME_RELATIVE",
    "MAX",
    "MAX_TIME",
    "MAX_TIME_RELATIVE",
    "LAST_TIME_RELATIVE",
    "MIN",
    "MIN_MAX_RANGE",
    "MIN_MAX_TIME_RANGE",
    "MIN_TIME",
    "MIN_TIME_RELATIVE",
    "SUM",
};

std::optional<std::string> Property(std::string_view name, const LabelContext& context) {
  const Metric* metric = context.metric;
  if (name == "AccountId" || name == "AccountLabel") {
    return context.account == nullptr
               ? ""
               : context.account->id.substr(0, context.account->id.find('/'));
  }
  if (name == "Region") return context.account == nullptr ? "" : context.account->region;
  if (name == "Period") {
    return context.period <= Duration(0) ? "" : std::to_string(context.period.count() / 1000);
  }
  if (name == "Stat") return std::string(context.statistic);
  if (name == "MetricName") return metric == nullptr ? "" : metric->name;
  if (name == "Namespace") return metric == nullptr ? "" : metric->namespace_name;
  if (name.substr(0, 4) != "Dim.") return std::nullopt;
  if (metric == nullptr) return "";
  for (const Dimension& dimension : metric->dimensions) {
    if (dimension.name == name.substr(4)) return dimension.value;
  }
  return "";
}

/// What stands between "${" and "}"; none where it means nothing.
std::optional<std::string> Expand(std::string_view name, const LabelContext& context) {
  constexpr std::string_view kOpen = "PROP('", kClose = "')";
  if (name == "LABEL") return std::string(context.own);
  if (name.size() > kOpen.size() + kClose.size() && name.substr(0, kOpen.size()) == kOpen &&
      name.substr(name.size() - kClose.size()) == kClose) {
    return Property(name.substr(kOpen.size(), name.size() - kOpen.size() - kClose.size()), context);
  }
  const std::size_t points = context.series == nullptr ? 0 : context.series->values.size();
  if (name == "DATAPOINT_COUNT") return std::to_string(points);
  if (std::find(std::begin(kOfPoints), std::end(kOfPoints), name) == std::end(kOfPoints)) {
    return std::nullopt;
  }
  return points == 0 ? std::string() : OfPoints(name, context);
}

}  // namespace

std::string ExpandLabel(std::string_view text, const LabelContext& context) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t open = text.find("${", at);
    const std::size_t close = open == std::string_view::npos ? open : text.find('}', open);
    if (close == std::string_view::npos) break;
    out += text.substr(at, open - at);
    if (const auto known = Expand(text.substr(open + 2, close - open - 2), context)) {
      out += *known;
      at = close + 1;
    } else {
      out += "${";
      at = open + 2;
    }
  }
  return out.append(text.substr(at));
}

bool IsDynamicLabel(std::string_view text) { return text.find("${") != std::string_view::npos; }

Result<Duration> ParseLabelTimezone(std::string_view text) {
  const auto digits = text.size() == 5 && (text[0] == '+' || text[0] == '-')
                          ? ParseInt(text.substr(1))
                          : std::nullopt;
  const bool plain = digits && text[1] != '+' && text[1] != '-';
  if (!plain || *digits / 100 > 14 || *digits % 100 > 59) {
    return InvalidArgument("", "must be an offset from UTC in the form +HHMM or -HHMM");
  }
  const Duration offset = std::chrono::minutes(*digits / 100 * 60 + *digits % 100);
  return text[0] == '-' ? -offset : offset;
}

}  // namespace securebase::metrics::math
