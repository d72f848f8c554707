#include "alarms/import.h"

#include <re2/re2.h>

#include <algorithm>
#include <cctype>

#include "alarms/definition.h"
#include "base/text.h"

namespace securebase::alarms {
namespace {

/// "evaluation_periods" is "EvaluationPeriods"; "ok_actions" is "OKActions".
std::string PascalCase(std::string_view snake) {
  if (snake == "ok_actions") return "OKActions";
  if (snake == "metric_query") return "Metrics";
  if (snake == "metric") return "MetricStat";
  if (snake == "evaluate_low_sample_count_percentiles") return "EvaluateLowSampleCountPercentile";
  std::string out;
  bool upper = true;
  for (const char c : snake) {
    if (c == '_') {
      upper = true;
    } else {
      out += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
      upper = false;
    }
  }
  return out;
}

/// Whether something in it is computed elsewhere: CloudFormation's functions, Terraform's ${..}.
bool IsComputed(const json::Value& value) {
  if (value.IsString()) return value.AsString().find("${") != std::string::npos;
  if (value.IsArray()) {
    return std::any_of(value.AsArray().begin(), value.AsArray().end(), IsComputed);
  }
  if (!value.IsObject()) return false;
  return std::any_of(value.AsObject().begin(), value.AsObject().end(), [](const auto& member) {
    return member.first == "Ref" || member.first.starts_with("Fn::") || IsComputed(member.second);
  });
}

class Importer {
 public:
  explicit Importer(const Account& account) : account_(account) {}

  void Take(const std::string& label, json::Value input) {
    if (IsComputed(input)) {
      return Skip(label, "it has values that are computed elsewhere (" + ComputedMember(input) + ")");
    }
    const Result<Definition> parsed = ParseAlarm(input, account_);
    if (!parsed.ok()) return Skip(label, parsed.error().message());
    if (parsed->composite) {
      composites_.push_back(std::move(input));
    } else {
      out_.alarms.push_back(std::move(input));
    }
  }
  void Skip(const std::string& label, const std::string& why) {
    out_.skipped.push_back(label + ": " + why);
  }
  Imported Finish() {
    for (json::Value& composite : composites_) out_.alarms.push_back(std::move(composite));
    return std::move(out_);
  }

 private:
  static std::string ComputedMember(const json::Value& input) {
    for (const auto& [name, value] : input.AsObject()) {
      if (IsComputed(value)) return name;
    }
    return "";
  }
  const Account& account_;
  Imported out_;
  std::vector<json::Value> composites_;
};

void FromCloudFormation(const json::Value& resources, const Account& account, Importer& importer) {
  for (const auto& [logical_id, resource] : resources.AsObject()) {
    const json::Value* type = resource.Find("Type");
    if (type == nullptr || !type->IsString()) continue;
    if (type->AsString() != "AWS::CloudWatch::Alarm" &&
        type->AsString() != "AWS::CloudWatch::CompositeAlarm") {
      if (type->AsString().starts_with("AWS::CloudWatch::")) {
        importer.Skip(logical_id, type->AsString() + " is no alarm");
      }
      continue;
    }
    const json::Value* properties = resource.Find("Properties");
    json::Value input = properties == nullptr ? json::Value(json::Object()) : *properties;
    if (input.Find("AlarmName") == nullptr) input.Set("AlarmName", logical_id);
    for (const char* list : {"OKActions", "AlarmActions", "InsufficientDataActions"}) {
      json::Value* actions = const_cast<json::Value*>(input.Find(list));
      if (actions == nullptr || !actions->IsArray()) continue;
      for (json::Value& action : actions->AsArray()) {
        // A topic of the same template: its logical name is its name here.
        const json::Value* ref = action.Find("Ref");
        if (ref == nullptr || !ref->IsString() || resources.Find(ref->AsString()) == nullptr) {
          continue;
        }
        action = "arn:aws:sns:" + account.region + ":" + AccountNumber(account) + ":" +
                 ref->AsString();
      }
    }
    importer.Take(logical_id, std::move(input));
  }
}

json::Value FromSnake(const json::Value& value, std::string_view name) {
  if (value.IsArray()) {
    json::Array out;
    for (const json::Value& one : value.AsArray()) out.push_back(FromSnake(one, name));
    // Blocks that may occur once are lists of one.
    if ((name == "metric") && out.size() == 1) return out.front();
    return out;
  }
  if (!value.IsObject()) return value;
  json::Value out = json::Object();
  if (name == "metric") {  // of a metric_query: MetricStat with its Metric
    json::Value metric = json::Object();
    for (const auto& [key, member] : value.AsObject()) {
      if (member.IsNull()) continue;
      if (key == "metric_name" || key == "namespace") {
        metric.Set(PascalCase(key), member);
      } else if (key == "dimensions") {
        json::Array list;
        for (const auto& [dimension, text] : member.AsObject()) {
          list.emplace_back(json::Object{{"Name", dimension}, {"Value", text}});
        }
        metric.Set("Dimensions", std::move(list));
      } else {
        out.Set(PascalCase(key), member);
      }
    }
    out.Set("Metric", std::move(metric));
    return out;
  }
  for (const auto& [key, member] : value.AsObject()) {
    const bool empty = member.IsNull() || (member.IsArray() && member.AsArray().empty()) ||
                       (member.IsString() && member.AsString().empty());
    if (empty) continue;
    if (key == "dimensions" && member.IsObject()) {
      json::Array list;
      for (const auto& [dimension, text] : member.AsObject()) {
        list.emplace_back(json::Object{{"Name", dimension}, {"Value", text}});
      }
      out.Set("Dimensions", std::move(list));
    } else {
      out.Set(PascalCase(key), FromSnake(member, key));
    }
  }
  return out;
}

void FromTerraformResource(const std::string& address, const std::string& type,
                           const json::Value& values, Importer& importer) {
  if (!values.IsObject()) return importer.Skip(address, "it has no values");
  json::Value input = FromSnake(values, "");
  json::Value kept = json::Object();
  for (const auto& [name, value] : input.AsObject()) {
    // What Terraform adds, and what is not the alarm's.
    if (name == "Id" || name == "Arn" || name == "Tags" || name == "TagsAll" || name == "Count" ||
        name == "ForEach" || name == "Provider" || name == "DependsOn" || name == "Lifecycle") {
      continue;
    }
    if (name == "ActionsSuppressor" && value.IsArray() && !value.AsArray().empty()) {
      const json::Value& block = value.AsArray().front();
      if (const json::Value* alarm = block.Find("Alarm")) kept.Set("ActionsSuppressor", *alarm);
      if (const json::Value* wait = block.Find("WaitPeriod")) {
        kept.Set("ActionsSuppressorWaitPeriod", *wait);
      }
      if (const json::Value* extension = block.Find("ExtensionPeriod")) {
        kept.Set("ActionsSuppressorExtensionPeriod", *extension);
      }
      continue;
    }
    if (name == "Metrics" && value.IsArray()) {
      // Terraform's default is false, AWS's is true.
      json::Array queries = value.AsArray();
      for (json::Value& query : queries) {
        if (query.Find("ReturnData") == nullptr) query.Set("ReturnData", false);
      }
      kept.Set(name, std::move(queries));
      continue;
    }
    if (name == "Threshold" && value.IsString()) {
      if (const auto number = ParseDouble(value.AsString())) {
        kept.Set(name, *number);
        continue;
      }
    }
    if ((name == "Period" || name == "EvaluationPeriods" || name == "DatapointsToAlarm") &&
        value.IsString()) {
      if (const auto number = ParseInt(value.AsString())) {
        kept.Set(name, *number);
        continue;
      }
    }
    kept.Set(name, value);
  }
  if (type == "aws_cloudwatch_composite_alarm" || type == "aws_cloudwatch_metric_alarm") {
    importer.Take(address, std::move(kept));
  }
}

/// A plan or state as `terraform show -json` prints it: modules within modules.
void FromTerraformModule(const json::Value& module, Importer& importer) {
  if (const json::Value* resources = module.Find("resources"); resources && resources->IsArray()) {
    for (const json::Value& resource : resources->AsArray()) {
      const json::Value *type = resource.Find("type"), *values = resource.Find("values");
      const json::Value* address = resource.Find("address");
      if (type == nullptr || values == nullptr || address == nullptr) continue;
      if (!type->IsString() || !type->AsString().starts_with("aws_cloudwatch_")) continue;
      FromTerraformResource(address->AsString(), type->AsString(), *values, importer);
    }
  }
  if (const json::Value* children = module.Find("child_modules"); children && children->IsArray()) {
    for (const json::Value& child : children->AsArray()) FromTerraformModule(child, importer);
  }
}

/// "resource": {"aws_cloudwatch_metric_alarm": {"name": {..}}}, as *.tf.json has it.
void FromTerraformConfiguration(const json::Value& resources, Importer& importer) {
  for (const char* type : {"aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm"}) {
    const json::Value* named = resources.Find(type);
    if (named == nullptr || !named->IsObject()) continue;
    for (const auto& [name, body] : named->AsObject()) {
      const bool list = body.IsArray() && !body.AsArray().empty();
      FromTerraformResource(std::string(type) + "." + name, type,
                            list ? body.AsArray().front() : body, importer);
    }
  }
}

/// Members that DescribeAlarms adds to what was put.
json::Value WithoutState(const json::Value& alarm) {
  json::Value out = json::Object();
  for (const auto& [name, value] : alarm.AsObject()) {
    if (name.starts_with("State") || name == "AlarmArn" || name == "EvaluationState" ||
        name == "AlarmConfigurationUpdatedTimestamp" || name.starts_with("ActionsSuppressed")) {
      continue;
    }
    if (value.IsArray() && value.AsArray().empty()) continue;
    out.Set(name, value);
  }
  return out;
}

void FromCli(const json::Value& value, Importer& importer) {
  auto take = [&](const json::Value& alarm) {
    if (!alarm.IsObject()) return importer.Skip("?", "an alarm must be an object");
    const json::Value* name = alarm.Find("AlarmName");
    importer.Take(name != nullptr && name->IsString() ? name->AsString() : "?",
                  WithoutState(alarm));
  };
  if (value.IsArray()) {
    for (const json::Value& one : value.AsArray()) take(one);
    return;
  }
  if (value.Find("AlarmName") != nullptr) return take(value);
  for (const char* list : {"MetricAlarms", "CompositeAlarms"}) {
    const json::Value* found = value.Find(list);
    if (found == nullptr || !found->IsArray()) continue;
    for (const json::Value& one : found->AsArray()) take(one);
  }
}

/// One alerting rule: `metric{label="value"} > 5`, `for: 10m`.
void FromPrometheusRule(const json::Value& rule, Duration interval, Importer& importer) {
  const json::Value *alert = rule.Find("alert"), *expression = rule.Find("expr");
  if (alert == nullptr || !alert->IsString()) {
    const json::Value* record = rule.Find("record");
    importer.Skip(record != nullptr && record->IsString() ? record->AsString() : "?",
                  "a recording rule is no alarm");
    return;
  }
  const std::string name = alert->AsString();
  if (expression == nullptr || !expression->IsString()) {
    return importer.Skip(name, "it has no expression");
  }
  static const RE2 kComparison(
      R"(^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{([^}]*)\})?\s*(>=|<=|>|<)\s*([-+0-9.eE]+)\s*$)");
  std::string metric, labels, operation, number;
  if (!RE2::FullMatch(expression->AsString(), kComparison, &metric, &labels, &operation, &number)) {
    return importer.Skip(name, "only METRIC{label=\"value\"} compared with a number maps, not " +
                                   expression->AsString());
  }
  const auto threshold = ParseDouble(number);
  if (!threshold) return importer.Skip(name, number + " is not a number");
  json::Array dimensions;
  static const RE2 kLabel(R"(^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*"([^"]*)\"\s*$)");
  for (std::string_view part : Split(labels, ',')) {
    if (Trim(part).empty()) continue;
    std::string label, match, value;
    if (!RE2::FullMatch(re2::StringPiece(part.data(), part.size()), kLabel, &label, &match,
                        &value) ||
        match != "=") {
      return importer.Skip(name, "only label=\"value\" maps, not " + std::string(Trim(part)));
    }
    dimensions.emplace_back(json::Object{{"Name", label}, {"Value", value}});
  }
  Duration pending{0};
  if (const json::Value* given = rule.Find("for"); given != nullptr && given->IsString()) {
    const Result<Duration> parsed = ParseDuration(given->AsString());
    if (given->AsString() != "0s" && !parsed.ok()) {
      return importer.Skip(name, "for: " + given->AsString() + " is not a duration");
    }
    if (parsed.ok()) pending = *parsed;
  }
  json::Value input;
  input.Set("AlarmName", name);
  if (const json::Value* annotations = rule.Find("annotations")) {
    for (const char* key : {"summary", "description"}) {
      const json::Value* text = annotations->Find(key);
      if (text == nullptr || !text->IsString() || text->AsString().size() > 1024) continue;
      input.Set("AlarmDescription", *text);
      break;
    }
  }
  const Duration period = std::max<Duration>(interval, std::chrono::seconds(60));
  const std::int64_t period_s = (period / std::chrono::seconds(60)) * 60;
  const std::int64_t periods =
      std::max<std::int64_t>(1, (pending.count() / 1000 + period_s - 1) / period_s);
  const bool above = operation[0] == '>';
  input.Set("Namespace", "Prometheus");
  input.Set("MetricName", metric);
  if (!dimensions.empty()) input.Set("Dimensions", std::move(dimensions));
  // Every sample must breach: the one that is farthest from it decides.
  input.Set("Statistic", above ? "Minimum" : "Maximum");
  input.Set("Period", period_s);
  input.Set("EvaluationPeriods", periods);
  input.Set("Threshold", *threshold);
  input.Set("ComparisonOperator",
            std::string(above ? "GreaterThan" : "LessThan") +
                (operation.size() == 2 ? "OrEqualToThreshold" : "Threshold"));
  input.Set("TreatMissingData", "notBreaching");  // no series, no alert
  importer.Take(name, std::move(input));
}

void FromPrometheus(const json::Value& groups, Importer& importer) {
  for (const json::Value& group : groups.AsArray()) {
    Duration interval = std::chrono::seconds(60);
    if (const json::Value* given = group.Find("interval"); given != nullptr && given->IsString()) {
      if (const Result<Duration> parsed = ParseDuration(given->AsString()); parsed.ok()) {
        interval = *parsed;
      }
    }
    const json::Value* rules = group.Find("rules");
    if (rules == nullptr || !rules->IsArray()) continue;
    for (const json::Value& rule : rules->AsArray()) FromPrometheusRule(rule, interval, importer);
  }
}

}  // namespace

Result<Imported> ImportAlarms(std::string_view text, const Account& account) {
  Result<json::Value> parsed = json::Parse(text);
  if (!parsed.ok()) parsed = ParseYaml(text);
  if (!parsed.ok()) return parsed.error();
  const json::Value& value = *parsed;
  Importer importer(account);
  const json::Value *resources = value.Find("Resources"), *groups = value.Find("groups");
  const json::Value *configuration = value.Find("resource"), *planned = value.Find("planned_values");
  const json::Value* state = value.Find("values");
  if (resources != nullptr && resources->IsObject()) {
    FromCloudFormation(*resources, account, importer);
  } else if (groups != nullptr && groups->IsArray()) {
    FromPrometheus(*groups, importer);
  } else if (configuration != nullptr && configuration->IsObject()) {
    FromTerraformConfiguration(*configuration, importer);
  } else if (planned != nullptr || state != nullptr) {
    const json::Value* root = (planned != nullptr ? planned : state)->Find("root_module");
    if (root != nullptr) FromTerraformModule(*root, importer);
  } else if (value.IsArray() || value.Find("AlarmName") != nullptr ||
             value.Find("MetricAlarms") != nullptr || value.Find("CompositeAlarms") != nullptr) {
    FromCli(value, importer);
  } else {
    return InvalidArgument("", "neither a CloudFormation template, Terraform JSON, the AWS CLI's "
                               "JSON nor a Prometheus rule file");
  }
  return importer.Finish();
}

}  // namespace securebase::alarms
