#include "loadtest/threshold.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"

namespace securebase::loadtest {
namespace {

constexpr std::array<std::string_view, 9> kFigures = {"p50", "p90", "p95",    "p99", "min",
                                                      "max", "avg", "errors", "rate"};

Error Bad(std::string_view text, std::string_view why) {
  return InvalidArgument(
      "--threshold",
      fmt::format("'{}': {}; examples: p95<5s, avg<=200ms, errors<1%, rate>100", text, why));
}

// A bound in the unit of its figure: seconds from ms and s, a share from %, else the number.
std::optional<double> ParseBound(std::string_view figure, std::string_view text) {
  double scale = 1;
  if (figure == "errors") {
    if (text.ends_with('%')) {
      text.remove_suffix(1);
      scale = 0.01;
    }
  } else if (figure != "rate") {
    if (text.ends_with("us")) {
      text.remove_suffix(2);
      scale = 1e-6;
    } else if (text.ends_with("ms")) {
      text.remove_suffix(2);
      scale = 1e-3;
    } else if (text.ends_with('s')) {
      text.remove_suffix(1);
    } else {
      return std::nullopt;  // a time without a unit could be either
    }
  }
  const std::optional<double> number = ParseDouble(Trim(text));
  if (!number || *number < 0) return std::nullopt;
  return *number * scale;
}

double FigureOf(std::string_view name, const Figures& figures) {
  const Summary& s = figures.latency;
  if (name == "p50") return s.p50;
  if (name == "p90") return s.p90;
  if (name == "p95") return s.p95;
  if (name == "p99") return s.p99;
  if (name == "min") return s.min;
  if (name == "max") return s.max;
  if (name == "avg") return s.mean;
  if (name == "errors") return figures.error_share;
  return figures.requests_per_second;
}

}  // namespace

Result<Threshold> ParseThreshold(std::string_view text) {
  const std::size_t at = text.find_first_of("<>");
  if (at == std::string_view::npos) return Bad(text, "no comparison < <= > >=");
  const std::size_t op_size = at + 1 < text.size() && text[at + 1] == '=' ? 2 : 1;
  Threshold threshold;
  threshold.text = std::string(text);
  threshold.figure = ToLower(Trim(text.substr(0, at)));
  threshold.op = std::string(text.substr(at, op_size));
  if (std::find(kFigures.begin(), kFigures.end(), threshold.figure) == kFigures.end()) {
    return Bad(text, fmt::format("no figure '{}' (there are {})", threshold.figure,
                                 fmt::join(kFigures, ", ")));
  }
  const auto bound = ParseBound(threshold.figure, Trim(text.substr(at + op_size)));
  if (!bound) return Bad(text, "the bound needs a number and, for times, a unit (us, ms, s)");
  threshold.bound = *bound;
  return threshold;
}

bool Holds(const Threshold& threshold, const Figures& figures) {
  const double value = FigureOf(threshold.figure, figures);
  if (threshold.op == "<") return value < threshold.bound;
  if (threshold.op == "<=") return value <= threshold.bound;
  if (threshold.op == ">") return value > threshold.bound;
  return value >= threshold.bound;
}

}  // namespace securebase::loadtest
