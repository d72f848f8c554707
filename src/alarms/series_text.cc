#include "alarms/series_text.h"

#include "base/text.h"

namespace securebase::alarms {
namespace {

constexpr std::int64_t kPointsMax = 100'000;

Error BadToken(const std::string& word) {
  return InvalidArgument("", "'" + word + "' is not a number, _, 5*3, 0+2*4, 1+2x3 or {n: ..}");
}

/// "0+2" or "0-2" or "5": first value and step.
std::optional<std::pair<double, double>> FirstAndStep(std::string_view text) {
  // A sign at the beginning, or after an exponent, belongs to the number.
  for (std::size_t i = 1; i < text.size(); ++i) {
    if ((text[i] != '+' && text[i] != '-') || text[i - 1] == 'e' || text[i - 1] == 'E') continue;
    const auto first = ParseDouble(text.substr(0, i)), step = ParseDouble(text.substr(i + 1));
    if (!first || !step) return {};
    return std::pair(*first, text[i] == '-' ? -*step : *step);
  }
  const auto value = ParseDouble(text);
  if (!value) return {};
  return std::pair(*value, 0.0);
}

std::optional<metrics::StatisticSet> ParseSet(const std::string& text) {
  metrics::StatisticSet set;
  for (std::string_view part : Split(std::string_view(text).substr(1, text.size() - 2), ' ')) {
    if (part.empty()) continue;
    const std::size_t colon = part.find(':');
    if (colon == std::string_view::npos) return {};
    const auto value = ParseDouble(part.substr(colon + 1));
    const std::string_view name = part.substr(0, colon);
    if (!value) return {};
    if (name == "n") {
      set.sample_count = *value;
    } else if (name == "sum") {
      set.sum = *value;
    } else if (name == "min") {
      set.minimum = *value;
    } else if (name == "max") {
      set.maximum = *value;
    } else {
      return {};
    }
  }
  return set.sample_count > 0 ? std::optional(set) : std::nullopt;
}

}  // namespace

Result<std::vector<std::optional<SeriesPoint>>> ParseSeries(const std::vector<std::string>& words) {
  std::vector<std::optional<SeriesPoint>> out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string word = words[i];
    if (word.starts_with('{')) {
      while (!word.ends_with('}') && i + 1 < words.size()) word += " " + words[++i];
      const auto set = word.ends_with('}') ? ParseSet(word) : std::nullopt;
      if (!set) return BadToken(word);
      out.push_back(SeriesPoint{0, set});
      continue;
    }
    std::string_view base = word;
    std::int64_t count = 1;
    if (const std::size_t mark = base.find_first_of("*x"); mark != std::string_view::npos) {
      const auto times = ParseInt(base.substr(mark + 1));
      if (!times || *times < 1 || *times > kPointsMax) return BadToken(word);
      // promtool repeats after the first.
      const bool gap = base.substr(0, mark) == "_" || base.substr(0, mark) == "-";
      count = base[mark] == 'x' && !gap ? *times + 1 : *times;
      base = base.substr(0, mark);
    }
    if (static_cast<std::int64_t>(out.size()) + count > kPointsMax) return BadToken(word);
    if (base == "_" || base == "-") {
      out.insert(out.end(), static_cast<std::size_t>(count), std::nullopt);
      continue;
    }
    const auto values = FirstAndStep(base);
    if (!values) return BadToken(word);
    for (std::int64_t k = 0; k < count; ++k) {
      out.push_back(SeriesPoint{values->first + values->second * static_cast<double>(k), {}});
    }
  }
  return out;
}

}  // namespace securebase::alarms
