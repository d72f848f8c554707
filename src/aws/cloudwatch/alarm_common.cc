#include "aws/cloudwatch/alarm_common.h"

#include "aws/cloudwatch/common.h"

namespace securebase::aws::cloudwatch {

json::Value ToJson(const Value& value) {
  if (const bool* b = value.As<bool>()) return *b;
  if (const auto* i = value.As<std::int64_t>()) return *i;
  if (const double* d = value.As<double>()) return *d;
  if (const auto* s = value.As<std::string>()) return *s;
  if (const Instant* t = value.As<Instant>()) return FormatIsoMillis(*t);
  if (const auto* list = value.As<Value::List>()) {
    json::Array out;
    for (const Value& one : *list) out.push_back(ToJson(one));
    return out;
  }
  if (const auto* fields = value.As<Value::Struct>()) {
    json::Object out;
    for (const auto& [name, member] : fields->fields) out.emplace_back(name, ToJson(member));
    return out;
  }
  return {};
}

Value FromJson(const json::Value& json) {
  if (json.IsBool()) return json.AsBool();
  if (json.IsInt()) return json.AsInt();
  if (json.IsDouble()) return json.AsNumber();
  if (json.IsString()) return json.AsString();
  if (json.IsArray()) {
    Value::List out;
    for (const json::Value& one : json.AsArray()) out.push_back(FromJson(one));
    return out;
  }
  if (!json.IsObject()) return {};
  Value::Struct out;
  for (const auto& [name, member] : json.AsObject()) {
    if (name == "Threshold" && member.IsNumber()) {
      out.fields.emplace_back(name, member.AsNumber());
    } else {
      out.fields.emplace_back(name, FromJson(member));
    }
  }
  return out;
}

ShapePtr AlarmMetricsShape() {
  const ShapePtr metric = Struct({
      Optional("Namespace", Text(1, 255)),
      Optional("MetricName", Text(1, 255)),
      Optional("Dimensions", DimensionsShape()),
  });
  const ShapePtr stat = Struct({
      Required("Metric", metric),
      Required("Period", Int(1)),
      Required("Stat", Text()),
      Optional("Unit", UnitShape()),
  });
  return ListOf(Struct({
      Required("Id", Text(1, 255)),
      Optional("MetricStat", stat),
      Optional("Expression", Text(1, 2048)),
      Optional("Label", Text()),
      Optional("ReturnData", Bool()),
      Optional("Period", Int(1)),
      Optional("AccountId", Text(1, 255)),
  }));
}

ShapePtr AlarmNamesShape(std::int64_t names_max) { return ListOf(Text(1, 255), {}, names_max); }

ShapePtr TagsShape() {
  return ListOf(Struct({Required("Key", Text(1, 128)), Required("Value", Text(0, 256))}));
}

ShapePtr AlarmTypesShape() {
  return ListOf(OneOf({"CompositeAlarm", "MetricAlarm", "LogAlarm"}));
}

ShapePtr StateValueShape() { return OneOf({"INSUFFICIENT_DATA", "ALARM", "OK"}); }

std::vector<std::string> TextsOf(const Value& request, std::string_view name) {
  std::vector<std::string> out;
  for (const Value& one : request.Elements(name)) out.push_back(*one.As<std::string>());
  return out;
}

Result<documents::Tags> TagsOf(const Value& request) {
  documents::Tags tags;
  for (const Value& one : request.Elements("Tags")) {
    const std::string key = *one.Text("Key");
    if (key.starts_with("aws:")) {
      return InvalidValue("Tags", "Tag keys must not begin with aws:, as " + key + " does.");
    }
    if (!tags.emplace(key, *one.Text("Value")).second) {
      return InvalidValue("Tags", "The tag key " + key + " is given more than once.");
    }
  }
  if (tags.size() > documents::kTagsMax) {
    return Error(ErrorCode::kLimitExceeded, "A resource can have at most 50 tags.", "Tags",
                 "LimitExceeded");
  }
  return tags;
}

Value AlarmValue(const alarms::Alarm& alarm, const alarms::AlarmStore& store) {
  const alarms::Definition& definition = *alarm.definition;
  Value out = FromJson(json::Parse(definition.body).value_or(json::Value(json::Object())));
  auto set_list = [&](std::string_view name, const std::vector<std::string>& arns) {
    if (out.Has(name)) return;
    Value::List list;
    for (const std::string& arn : arns) list.emplace_back(arn);
    out.Set(name, std::move(list));
  };
  out.Set("AlarmArn", definition.arn);
  out.Set("AlarmConfigurationUpdatedTimestamp", alarm.configured_at);
  out.Set("ActionsEnabled", alarm.actions_enabled);
  set_list("OKActions", definition.ok_actions);
  set_list("AlarmActions", definition.alarm_actions);
  set_list("InsufficientDataActions", definition.insufficient_actions);
  if (!alarm.composite()) set_list("Dimensions", {});
  out.Set("StateValue", alarms::ToText(alarm.state.value));
  out.Set("StateReason", alarm.state.reason);
  if (!alarm.state.reason_data.empty()) out.Set("StateReasonData", alarm.state.reason_data);
  out.Set("StateUpdatedTimestamp", alarm.state.updated);
  out.Set("StateTransitionedTimestamp", alarm.state.transitioned);
  const std::string evaluation = store.EvaluationStateOf({alarm.account, alarm.name()});
  if (!evaluation.empty()) out.Set("EvaluationState", evaluation);
  if (alarm.suppression.by != alarms::SuppressedBy::kNothing) {
    out.Set("ActionsSuppressedBy", alarms::ToText(alarm.suppression.by));
    std::string why = "Actions suppressed by ";
    if (alarm.suppression.by == alarms::SuppressedBy::kAlarm) {
      why += alarms::AlarmArn(alarm.account, definition.composite->suppressor);
    } else {
      why += alarms::ToText(alarm.suppression.by);
    }
    out.Set("ActionsSuppressedReason", why);
  }
  return out;
}

}  // namespace securebase::aws::cloudwatch
