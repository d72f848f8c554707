// The texts of a decision: StateReason and StateReasonData as AWS writes them, and plain words.

#include <fmt/format.h>

#include <algorithm>

#include "alarms/decide.h"

namespace securebase::alarms {
namespace {

constexpr std::size_t kShownMax = 5;
constexpr std::size_t kInlineMax = 3;  // with DatapointsToAlarm; more are told in a sentence

std::string_view Words(Comparison comparison) {
  switch (comparison) {
    case Comparison::kGreaterOrEqual:
      return "greater than or equal to";
    case Comparison::kGreater:
      return "greater than";
    case Comparison::kLess:
      return "less than";
    default:
      return "less than or equal to";
  }
}

std::string Join(const std::vector<std::string>& parts, std::string_view separator = ", ") {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty()) out += separator;
    out += part;
  }
  return out;
}

std::string PointList(const std::vector<Slot>& points) {
  std::vector<std::string> shown;
  for (const Slot& slot : points) {
    if (shown.size() == kShownMax) break;
    shown.push_back(fmt::format("{} ({})", JavaDouble(slot.value), FormatReasonTime(slot.start)));
  }
  return "[" + Join(shown) + "]";
}

std::string BoundList(const std::vector<Slot>& points, double Slot::*bound) {
  std::vector<std::string> shown;
  for (const Slot& slot : points) {
    if (shown.size() == kShownMax) break;
    shown.push_back(JavaDouble(slot.*bound));
  }
  return "[" + Join(shown) + "]";
}

/// "was greater than the threshold (21.0)", "were not less than the lower thresholds [..]".
std::string Verdict(const MetricCondition& condition, const std::vector<Slot>& points, bool crossed,
                    bool plural) {
  std::string out = plural ? "were " : "was ";
  const std::string_view no = crossed ? "" : "not ";
  const std::string lower = "less than the lower thresholds " + BoundList(points, &Slot::lower);
  const std::string upper = "greater than the upper thresholds " + BoundList(points, &Slot::upper);
  switch (condition.comparison) {
    case Comparison::kOutsideBand:
      return fmt::format("{}{}{} or {}{}", out, no, lower, no, upper);
    case Comparison::kBelowBand:
      return fmt::format("{}{}{}", out, no, lower);
    case Comparison::kAboveBand:
      return fmt::format("{}{}{}", out, no, upper);
    default:
      return fmt::format("{}{}{} the threshold ({})", out, no, Words(condition.comparison),
                         JavaDouble(condition.threshold));
  }
}

std::string Crossed(const MetricCondition& condition) {
  return IsBand(condition.comparison) ? "Thresholds Crossed: " : "Threshold Crossed: ";
}

std::string Count(std::size_t n, std::string_view noun) {
  return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

/// " (minimum 2 datapoints for OK -> ALARM transition)".
std::string Minimum(const MetricCondition& condition, bool alarm) {
  const int least = alarm ? condition.datapoints_to_alarm
                          : condition.evaluation_periods - condition.datapoints_to_alarm + 1;
  return fmt::format(" (minimum {} for {} transition)", Count(static_cast<std::size_t>(least),
                                                              "datapoint"),
                     alarm ? "OK -> ALARM" : "ALARM -> OK");
}

/// The real points on the side of the decision.
std::vector<Slot> Telling(const MetricCondition& condition, const Decision& decision, bool alarm) {
  std::vector<Slot> out;
  for (const Slot& slot : decision.real) {
    if (Breaches(condition, slot) == alarm) out.push_back(slot);
  }
  return out;
}

std::string TreatedAs(const MetricCondition& condition, int filled) {
  return fmt::format("{} missing datapoint{} treated as [{}]", filled,
                     filled == 1 ? " was" : "s were",
                     condition.missing == MissingData::kBreaching ? "Breaching" : "NonBreaching");
}

std::string FilledReason(const MetricCondition& condition, const Decision& decision, bool alarm) {
  const int periods = condition.evaluation_periods;
  if (decision.real.empty()) {
    return fmt::format("{}no datapoints were received for {} and {}.", Crossed(condition),
                       Count(static_cast<std::size_t>(periods), "period"),
                       TreatedAs(condition, decision.filled));
  }
  if (!condition.datapoints_given) {
    const std::size_t real = decision.real.size();
    return fmt::format("{}{} {} received for {} and {}.", Crossed(condition),
                       Count(real, "datapoint"), real == 1 ? "was" : "were",
                       Count(static_cast<std::size_t>(periods), "period"),
                       TreatedAs(condition, decision.filled));
  }
  const std::vector<Slot> points = Telling(condition, decision, alarm);
  if (points.empty()) {
    return fmt::format("{}0 of the last {} datapoints {} and {}{}.", Crossed(condition), periods,
                       Verdict(condition, decision.real, alarm, true),
                       TreatedAs(condition, decision.filled), Minimum(condition, alarm));
  }
  return fmt::format("{}{} of the last {} datapoints {} {} and {}{}.", Crossed(condition),
                     points.size(), periods, PointList(points),
                     Verdict(condition, points, alarm, points.size() != 1),
                     TreatedAs(condition, decision.filled), Minimum(condition, alarm));
}

std::string RealReason(const MetricCondition& condition, const Decision& decision, bool alarm) {
  const std::vector<Slot> points = Telling(condition, decision, alarm);
  const std::string verdict = Verdict(condition, points, alarm, points.size() != 1);
  if (!condition.datapoints_given) {
    if (points.size() <= kShownMax) {
      return fmt::format("{}{} {} {}.", Crossed(condition), Count(points.size(), "datapoint"),
                         PointList(points), verdict);
    }
    return fmt::format("{}{} {}. The most recent datapoints: {}.", Crossed(condition),
                       Count(points.size(), "datapoint"), verdict, PointList(points));
  }
  const std::string share = fmt::format("{} out of the last {} datapoints", points.size(),
                                        condition.evaluation_periods);
  if (points.size() <= kInlineMax) {
    return fmt::format("{}{} {} {}{}.", Crossed(condition), share, PointList(points), verdict,
                       Minimum(condition, alarm));
  }
  return fmt::format("{}{} {}. The most recent datapoints which {} the threshold: {}{}.",
                     Crossed(condition), share, verdict, alarm ? "crossed" : "did not cross",
                     PointList(points), Minimum(condition, alarm));
}

/// Doubles as AWS's JSON has them: always with a point.
std::string NumberList(const std::vector<Slot>& points, double Slot::*member) {
  std::vector<std::string> out;
  for (auto slot = points.rbegin(); slot != points.rend(); ++slot) {
    out.push_back(JavaDouble((*slot).*member));
  }
  return "[" + Join(out, ",") + "]";
}

}  // namespace

std::string ReasonOf(const MetricCondition& condition, const Decision& decision) {
  if (decision.state == StateValue::kInsufficientData) {
    const int unknown = std::max(decision.filled, 1);
    return fmt::format("Insufficient Data: {} unknown.",
                       unknown == 1 ? "1 datapoint was" : fmt::format("{} datapoints were", unknown));
  }
  const bool alarm = decision.state == StateValue::kAlarm;
  const bool treated = decision.filled > 0 && (condition.missing == MissingData::kBreaching ||
                                               condition.missing == MissingData::kNotBreaching);
  return treated ? FilledReason(condition, decision, alarm)
                 : RealReason(condition, decision, alarm);
}

std::string ReasonDataOf(const MetricCondition& condition, const Decision& decision,
                         Instant evaluated_at) {
  std::string out;
  json::Writer writer(out);
  writer.BeginObject().Member("version", "1.0").Member("queryDate", FormatZoned(evaluated_at));
  if (!decision.real.empty()) {
    writer.Member("startDate", FormatZoned(decision.real.back().start));
  }
  if (condition.single) {
    if (condition.single->unit) writer.Member("unit", *condition.single->unit);
    writer.Member("statistic", condition.single->statistic.text);
  }
  writer.Member("period", condition.period_s);
  writer.Key("recentDatapoints").Raw(NumberList(decision.real, &Slot::value));
  if (IsBand(condition.comparison)) {
    writer.Key("recentLowerThresholds").Raw(NumberList(decision.real, &Slot::lower));
    writer.Key("recentUpperThresholds").Raw(NumberList(decision.real, &Slot::upper));
  } else {
    writer.Key("threshold").Raw(JavaDouble(condition.threshold));
  }
  writer.Key("evaluatedDatapoints").BeginArray();
  for (const Slot& slot : decision.evaluated) {
    writer.BeginObject().Member("timestamp", FormatZoned(slot.start));
    if (slot.present) {
      if (slot.samples) writer.Key("sampleCount").Raw(JavaDouble(*slot.samples));
      writer.Key("value").Raw(JavaDouble(slot.value));
    }
    writer.EndObject();
  }
  writer.EndArray().EndObject();
  return out;
}

std::string ExplainDecision(const MetricCondition& condition, const Decision& decision) {
  const std::string m_of_n = fmt::format("{} of the last {} datapoints must breach",
                                         condition.datapoints_to_alarm,
                                         condition.evaluation_periods);
  std::string seen = fmt::format("{} found, {} of them breaching, {} missing",
                                 Count(decision.real.size(), "datapoint"), decision.breaching,
                                 decision.filled);
  std::string so;
  switch (decision.rule) {
    case DecisionRule::kEnoughPoints:
      so = "enough exist, so the treatment of missing data is not used";
      break;
    case DecisionRule::kNoPoints:
    case DecisionRule::kFilledBreaching:
    case DecisionRule::kFilledNotBreaching:
      so = fmt::format("missing datapoints are treated as {}", ToText(condition.missing));
      break;
    case DecisionRule::kBreachingSuffice:
      so = "those that breach suffice, whatever the missing ones are";
      break;
    case DecisionRule::kOneIsGood:
      so = "one that is good keeps the alarm from going off";
      break;
    case DecisionRule::kPremature:
      so = fmt::format("all that exist breach, and the oldest is at least {} periods old",
                       condition.datapoints_to_alarm);
      break;
    case DecisionRule::kUnknown:
      so = "too little is known";
      break;
    case DecisionRule::kIgnored:
      so = "missing datapoints are ignored, so the state is kept";
      break;
    case DecisionRule::kLowSamples:
      so = "too few samples for this percentile, so the state is kept";
      break;
  }
  return fmt::format("{}: {}; {}; {}.", ToText(decision.state), m_of_n, seen, so);
}

}  // namespace securebase::alarms
