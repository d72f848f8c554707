#include "alarms/definition.h"

#include <array>
#include <utility>

#include "alarms/input.h"
#include "alarms/internal/metric_condition.h"
#include "base/text.h"

namespace securebase::alarms {
namespace {

constexpr std::size_t kActionsMax = 5;

/// Services whose actions AWS runs and we do not, with the words for a person.
constexpr std::pair<std::string_view, std::string_view> kForeignServices[] = {
    {"automate", "EC2 actions"},
    {"swf", "EC2 actions"},
    {"autoscaling", "Auto Scaling policies"},
    {"ssm", "Systems Manager OpsItems"},
    {"ssm-incidents", "Incident Manager"},
    {"lambda", "Lambda functions"},
    {"ec2", "EC2 actions"},
    {"aiops", "CloudWatch investigations"},
};

Result<> CheckAction(const std::string& arn, const Account& account, std::string_view list) {
  const std::vector<std::string_view> parts = Split(arn, ':');
  if (parts.size() < 6 || parts[0] != "arn" || !parts[1].starts_with("aws") || parts[2].empty() ||
      parts[5].empty()) {
    return ValidationFault(std::string(list), "Invalid arn syntax: " + arn);
  }
  if (parts[2] != "sns") {
    std::string what = "actions of " + std::string(parts[2]);
    for (const auto& [service, words] : kForeignServices) {
      if (parts[2] == service) what = words;
    }
    return ValidationFault(
        std::string(list),
        "Unsupported action " + arn + ": SecureBase notifies SNS topics only, not " + what);
  }
  if (parts[3] != account.region) {
    return ValidationFault(std::string(list), "Invalid region " + std::string(parts[3]) +
                                                  " specified. Only " + account.region +
                                                  " is supported.");
  }
  return {};
}

Result<std::vector<std::string>> ActionsOf(const Input& input, const Account& account,
                                           std::string_view list) {
  SB_TRY(std::vector<std::string> actions, input.Texts(list));
  if (actions.size() > kActionsMax) {
    return ValidationFault(std::string(list), "The collection " + std::string(list) +
                                                  " must not have a size greater than 5.");
  }
  for (const std::string& arn : actions) SB_TRY_OK(CheckAction(arn, account, list));
  return actions;
}

/// What metric and composite alarms have in common.
Result<Definition> ParseCommon(const json::Value& json, const Account& account) {
  if (!json.IsObject()) return ValidationFault("", "an alarm must be a JSON object");
  const Input input(json);
  Definition alarm;
  SB_TRY(const auto name, input.Text("AlarmName"));
  if (!name) return ConstraintFault("null", "alarmName", "Member must not be null");
  if (name->empty()) {
    return ConstraintFault("''", "alarmName", "Member must have length greater than or equal to 1");
  }
  if (name->size() > 255) {
    return ConstraintFault(Quoted(*name), "alarmName",
                           "Member must have length less than or equal to 255");
  }
  if (ContainsControlCharacter(*name)) {
    return ValidationFault("AlarmName", "AlarmName must not contain control characters");
  }
  alarm.name = *name;
  alarm.arn = AlarmArn(account, alarm.name);
  SB_TRY(alarm.description, input.Text("AlarmDescription"));
  if (alarm.description && alarm.description->size() > 1024) {
    return ConstraintFault(Quoted(*alarm.description), "alarmDescription",
                           "Member must have length less than or equal to 1024");
  }
  SB_TRY(const auto enabled, input.Bool("ActionsEnabled"));
  alarm.actions_enabled = enabled.value_or(true);
  SB_TRY(alarm.ok_actions, ActionsOf(input, account, "OKActions"));
  SB_TRY(alarm.alarm_actions, ActionsOf(input, account, "AlarmActions"));
  SB_TRY(alarm.insufficient_actions, ActionsOf(input, account, "InsufficientDataActions"));
  return alarm;
}

/// The members as they were put, but for those of a moment (Tags) and those that change later.
std::string BodyOf(const json::Value& json, std::string_view moved_statistic) {
  json::Value body = json::Object();
  for (const auto& [name, value] : json.AsObject()) {
    if (value.IsNull() || name == "Tags" || name == "ActionsEnabled") continue;
    if (name == "Statistic" && !moved_statistic.empty()) {
      body.Set("ExtendedStatistic", value);
    } else if (name == "Threshold") {
      body.Set(name, value.AsNumber());
    } else {
      body.Set(name, value);
    }
  }
  return json::Write(body);
}

}  // namespace

std::string_view ToText(Comparison comparison) {
  for (const auto& [name, value] : kComparisons) {
    if (value == comparison) return name;
  }
  return "";
}

std::optional<Comparison> ParseComparison(std::string_view text) {
  for (const auto& [name, value] : kComparisons) {
    if (name == text) return value;
  }
  return {};
}

std::string_view ToText(MissingData treatment) {
  switch (treatment) {
    case MissingData::kIgnore:
      return "ignore";
    case MissingData::kBreaching:
      return "breaching";
    case MissingData::kNotBreaching:
      return "notBreaching";
    case MissingData::kMissing:
      break;
  }
  return "missing";
}

const std::vector<std::string>& Definition::ActionsOf(StateValue state) const {
  switch (state) {
    case StateValue::kAlarm:
      return alarm_actions;
    case StateValue::kOk:
      return ok_actions;
    case StateValue::kInsufficientData:
      break;
  }
  return insufficient_actions;
}

std::string AccountNumber(const Account& account) {
  return account.id.substr(0, account.id.find('/'));
}

std::string AlarmArn(const Account& account, std::string_view name) {
  return "arn:aws:cloudwatch:" + account.region + ":" + AccountNumber(account) +
         ":alarm:" + std::string(name);
}

std::string_view AlarmNameOf(std::string_view name_or_arn) {
  if (!name_or_arn.starts_with("arn:aws")) return name_or_arn;
  const std::size_t mark = name_or_arn.find(":alarm:");
  return mark == std::string_view::npos ? name_or_arn : name_or_arn.substr(mark + 7);
}

Error ValidationFault(std::string field, std::string message) {
  return Error(ErrorCode::kInvalidArgument, std::move(message), std::move(field),
               "ValidationError");
}

Result<Definition> ParseMetricAlarm(const json::Value& json, const Account& account) {
  SB_TRY(Definition alarm, ParseCommon(json, account));
  const Input input(json);
  MetricCondition condition;
  std::string moved_statistic;
  SB_TRY_OK(ParseMetricCondition(input, account, condition, moved_statistic));
  alarm.metric = std::move(condition);
  alarm.body = BodyOf(json, moved_statistic);
  if (alarm.body.size() > 120 * 1024) {
    return LimitExceeded("", "The alarm's definition is larger than 120 KB");
  }
  return alarm;
}

Result<Definition> ParseCompositeAlarm(const json::Value& json, const Account& account) {
  SB_TRY(Definition alarm, ParseCommon(json, account));
  const Input input(json);
  CompositeCondition condition;
  SB_TRY(const auto rule, input.Text("AlarmRule"));
  if (!rule) return ConstraintFault("null", "alarmRule", "Member must not be null");
  condition.rule_text = *rule;
  SB_TRY(condition.rule, ParseRule(*rule));
  SB_TRY(const auto suppressor, input.Text("ActionsSuppressor"));
  SB_TRY(const auto wait, input.Int("ActionsSuppressorWaitPeriod"));
  SB_TRY(const auto extension, input.Int("ActionsSuppressorExtensionPeriod"));
  if (suppressor.has_value() != wait.has_value() || wait.has_value() != extension.has_value()) {
    return ValidationFault(
        "ActionsSuppressor",
        "ActionsSuppressor, ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod must "
        "be set together");
  }
  if (suppressor) {
    if (*wait < 0 || *extension < 0 || *wait > 31'536'000 || *extension > 31'536'000) {
      return ValidationFault("ActionsSuppressorWaitPeriod",
                             "ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod "
                             "must be between 0 and 31536000 seconds");
    }
    condition.suppressor_text = *suppressor;
    condition.suppressor = AlarmNameOf(*suppressor);
    condition.wait = std::chrono::seconds(*wait);
    condition.extension = std::chrono::seconds(*extension);
  }
  alarm.composite = std::move(condition);
  alarm.body = BodyOf(json, "");
  return alarm;
}

Result<Definition> ParseAlarm(const json::Value& input, const Account& account) {
  if (input.IsObject() && input.Find("AlarmRule") != nullptr) {
    return ParseCompositeAlarm(input, account);
  }
  return ParseMetricAlarm(input, account);
}

}  // namespace securebase::alarms
