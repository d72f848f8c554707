#pragma once

// What an alarm watches and what it does: the input of PutMetricAlarm and PutCompositeAlarm,
// checked (spec: cloudwatch-api 6.1, 6.9).

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alarms/rule.h"
#include "alarms/state.h"
#include "base/json.h"
#include "base/tenant.h"
#include "metrics/math/plan.h"
#include "metrics/math/query.h"

namespace securebase::alarms {

enum class Comparison {
  kGreaterOrEqual,
  kGreater,
  kLess,
  kLessOrEqual,
  kOutsideBand,  // LessThanLowerOrGreaterThanUpperThreshold
  kBelowBand,    // LessThanLowerThreshold
  kAboveBand,    // GreaterThanUpperThreshold
};
std::string_view ToText(Comparison comparison);
std::optional<Comparison> ParseComparison(std::string_view text);
inline bool IsBand(Comparison comparison) { return comparison >= Comparison::kOutsideBand; }

enum class MissingData { kMissing, kIgnore, kBreaching, kNotBreaching };
std::string_view ToText(MissingData treatment);

/// What a metric alarm compares with what.
struct MetricCondition {
  /// The metric of an alarm on one metric; else `plan`.
  std::optional<metrics::math::MetricStat> single;
  /// The elements of Metrics, and which of them is compared (and with which band).
  std::optional<metrics::math::Plan> plan;
  std::size_t watched = 0;
  std::size_t band = 0;
  Comparison comparison = Comparison::kGreater;
  double threshold = 0;
  std::string threshold_id;  // of the band; empty: `threshold`
  int period_s = 60;
  int evaluation_periods = 1;   // N
  int datapoints_to_alarm = 1;  // M
  bool datapoints_given = false;
  MissingData missing = MissingData::kMissing;
  bool ignore_low_samples = false;
  /// Several series by GROUP BY and ORDER BY: each is a contributor of its own.
  bool contributors = false;

  /// Evaluated once a completed period of the wall clock of this zone rather than sliding.
  std::optional<std::string> wall_clock_zone;
  Duration warm_up{0};
  bool warm_up_whole = false;  // OnlyStartEvaluatingAfterWarmUpPeriodEnds

  /// Buckets that an evaluation looks at: N + max(2, N / 3).
  int evaluation_range() const { return evaluation_periods + std::max(2, evaluation_periods / 3); }
};

struct CompositeCondition {
  Rule rule;
  std::string rule_text;
  std::string suppressor;  // a name; empty: none
  std::string suppressor_text;
  Duration wait{0};
  Duration extension{0};
};

/// An alarm as it was put. Immutable once made.
struct Definition {
  std::string name;
  std::string arn;
  /// JSON of the members as they were put, AWS's names, normalised (a percentile in Statistic is
  /// ExtendedStatistic; Threshold has a decimal point). Without Tags.
  std::string body;
  std::optional<std::string> description;
  bool actions_enabled = true;
  std::vector<std::string> ok_actions;
  std::vector<std::string> alarm_actions;
  std::vector<std::string> insufficient_actions;
  std::optional<MetricCondition> metric;
  std::optional<CompositeCondition> composite;

  const std::vector<std::string>& ActionsOf(StateValue state) const;
};

/// "arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME"; the account's 12 digits.
std::string AlarmArn(const Account& account, std::string_view name);
/// The name in an alarm's ARN; the text itself where it is none.
std::string_view AlarmNameOf(std::string_view name_or_arn);
/// The account's 12 digits ("123456789012/tenant" is a tenancy within it).
std::string AccountNumber(const Account& account);

/// Checks and reads the input of PutMetricAlarm: a JSON object with AWS's names. Members that it
/// does not know are not looked at: the caller's shape refuses them. Errors carry AWS's sentence
/// and wire code (ValidationError, InvalidParameterValue).
Result<Definition> ParseMetricAlarm(const json::Value& input, const Account& account);
/// The same for PutCompositeAlarm. Whether the alarms that it names exist is the service's.
Result<Definition> ParseCompositeAlarm(const json::Value& input, const Account& account);
/// One of both, by whether it has an AlarmRule.
Result<Definition> ParseAlarm(const json::Value& input, const Account& account);

/// The error that AWS's ValidationError is.
Error ValidationFault(std::string field, std::string message);

}  // namespace securebase::alarms
