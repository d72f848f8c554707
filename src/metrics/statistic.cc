#include "metrics/statistic.h"

#include <array>
#include <cmath>
#include <utility>

#include "base/text.h"

namespace securebase::metrics {
namespace {

using Kind = Statistic::Kind;

constexpr std::pair<std::string_view, Kind> kSimple[] = {
    {"SampleCount", Kind::kSampleCount}, {"Sum", Kind::kSum},         {"Average", Kind::kAverage},
    {"Minimum", Kind::kMinimum},         {"Maximum", Kind::kMaximum},
};
constexpr std::pair<std::string_view, Kind> kSingles[] = {
    {"tm", Kind::kTrimmedMean},
    {"wm", Kind::kWinsorizedMean},
    {"tc", Kind::kTrimmedCount},
    {"ts", Kind::kTrimmedSum},
};
constexpr std::pair<std::string_view, Kind> kRanges[] = {
    {"TM", Kind::kTrimmedMean}, {"WM", Kind::kWinsorizedMean}, {"TC", Kind::kTrimmedCount},
    {"TS", Kind::kTrimmedSum},  {"PR", Kind::kPercentileRank},
};
constexpr std::size_t kDecimalsMax = 10;

// Digits, then at most ten decimals: no sign, no exponent.
std::optional<double> ParsePercent(std::string_view text) {
  const std::size_t point = text.find('.');
  if (point != std::string_view::npos && text.size() - point - 1 > kDecimalsMax) return {};
  if (text.empty() || text.find_first_not_of("0123456789.") != std::string_view::npos) return {};
  const std::optional<double> value = ParseDouble(text);
  if (!value || *value > 100) return {};
  return value;
}

// "(a:b)" into bounds; false when it is no such thing.
bool ParseBounds(std::string_view text, Statistic& statistic) {
  if (!text.starts_with('(') || !text.ends_with(')')) return false;
  text = text.substr(1, text.size() - 2);
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view sides[] = {text.substr(0, colon), text.substr(colon + 1)};
  std::optional<double>* const bounds[] = {&statistic.lower, &statistic.upper};
  std::optional<bool> percent;
  for (int i = 0; i < 2; ++i) {
    std::string_view side = Trim(sides[i]);
    if (side.empty()) continue;
    const bool is_percent = side.ends_with('%');
    if (percent && *percent != is_percent) return false;
    percent = is_percent;
    if (is_percent) side.remove_suffix(1);
    const std::optional<double> value = is_percent ? ParsePercent(side) : ParseDouble(side);
    if (!value || !std::isfinite(*value)) return false;
    *bounds[i] = value;
  }
  if (!percent) return false;
  if (statistic.lower && statistic.upper && *statistic.lower >= *statistic.upper) return false;
  statistic.percent_bounds = *percent;
  return statistic.kind != Kind::kPercentileRank || !*percent;
}

std::optional<Statistic> Parse(std::string_view text) {
  Statistic statistic;
  for (const auto& [name, kind] : kSimple) {
    if (text == name) {
      statistic.kind = kind;
      return statistic;
    }
  }
  if (text == "IQM") {
    statistic.kind = Kind::kTrimmedMean;
    statistic.percent_bounds = true;
    statistic.lower = 25;
    statistic.upper = 75;
    return statistic;
  }
  if (text.starts_with('p')) {
    const std::optional<double> percentile = ParsePercent(text.substr(1));
    if (!percentile) return {};
    statistic.kind = Kind::kPercentile;
    statistic.percentile = *percentile;
    return statistic;
  }
  for (const auto& [name, kind] : kSingles) {
    if (!text.starts_with(name)) continue;
    statistic.kind = kind;
    statistic.percent_bounds = true;
    statistic.upper = ParsePercent(text.substr(name.size()));
    if (!statistic.upper) return {};
    return statistic;
  }
  for (const auto& [name, kind] : kRanges) {
    if (!text.starts_with(name)) continue;
    statistic.kind = kind;
    if (!ParseBounds(text.substr(name.size()), statistic)) return {};
    return statistic;
  }
  return {};
}

}  // namespace

Result<Statistic> ParseStatistic(std::string_view text) {
  std::optional<Statistic> statistic = Parse(text);
  if (!statistic) {
    return InvalidArgument("", "'" + std::string(text.substr(0, 100)) + "' is not a statistic");
  }
  statistic->text = std::string(text);
  return *std::move(statistic);
}

}  // namespace securebase::metrics
