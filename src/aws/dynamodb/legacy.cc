#include "aws/dynamodb/legacy.h"

#include <utility>

namespace securebase::aws::dynamodb {
namespace {

using documents::LegacyCondition;
using documents::LegacyConditions;

const ShapePtr& Comparison() {
  static const ShapePtr kShape = OneOf({"IN", "NULL", "BETWEEN", "LT", "NOT_CONTAINS", "EQ", "GT",
                                        "NOT_NULL", "NE", "LE", "BEGINS_WITH", "GE", "CONTAINS"});
  return kShape;
}

std::string Joined(const Value& request, std::initializer_list<std::string_view> names) {
  std::string text;
  for (std::string_view name : names) {
    if (!request.Has(name)) continue;
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

Result<LegacyCondition> ConditionOfEntry(const Value& entry) {
  LegacyCondition condition;
  condition.op = entry.TextOr("ComparisonOperator", "EQ");
  for (const Value& value : entry.Elements("AttributeValueList")) {
    SB_TRY(documents::Value one, documents::FromWire(*value.As<json::Value>()));
    condition.values.push_back(std::move(one));
  }
  return condition;
}

/// What Expected says of one attribute: {Value}, {Exists, Value} or an operator with a list.
Result<LegacyCondition> ExpectationOf(const std::string& name, const Value& entry) {
  const json::Value* value = entry.Document("Value");
  if (entry.Has("ComparisonOperator") || entry.Has("AttributeValueList")) {
    if (value != nullptr || entry.Has("Exists")) {
      return Validation(
          "One or more parameter values were invalid: Value or Exists cannot be used together "
          "with ComparisonOperator or AttributeValueList for Attribute: " +
              name,
          "Expected");
    }
    if (!entry.Has("ComparisonOperator")) {
      return Validation(
          "One or more parameter values were invalid: AttributeValueList can only be used with a "
          "ComparisonOperator for Attribute: " +
              name,
          "Expected");
    }
    return ConditionOfEntry(entry);
  }
  const bool exists = entry.Bool("Exists", true);
  if (!exists && value != nullptr) {
    return Validation(
        "One or more parameter values were invalid: Value cannot be used when Exists is false for "
        "Attribute: " +
            name,
        "Expected");
  }
  if (exists && value == nullptr) {
    return Validation(
        "One or more parameter values were invalid: Value must be provided when Exists is " +
            std::string(entry.Has("Exists") ? "true" : "null") + " for Attribute: " + name,
        "Expected");
  }
  if (!exists) return LegacyCondition{"NULL", {}};
  SB_TRY(documents::Value expected, documents::FromWire(*value));
  return LegacyCondition{"EQ", {std::move(expected)}};
}

Result<std::optional<documents::Condition>> Joint(const Value& request,
                                                  const LegacyConditions& conditions,
                                                  documents::ExpressionKind kind) {
  const std::string* joint = request.Text("ConditionalOperator");
  if (conditions.empty()) {
    if (joint != nullptr) {
      return Validation("ConditionalOperator cannot be used without Filter or Expected",
                        "ConditionalOperator");
    }
    return std::optional<documents::Condition>();
  }
  SB_TRY(documents::Condition condition,
         documents::ConditionFromLegacy(conditions, joint != nullptr && *joint == "OR", kind));
  return std::optional(std::move(condition));
}

}  // namespace

Result<> CheckNotMixed(const Value& request, std::initializer_list<std::string_view> old,
                       std::initializer_list<std::string_view> expressions) {
  const std::string before = Joined(request, old);
  const std::string after = Joined(request, expressions);
  if (before.empty() || after.empty()) return {};
  return Validation(
      "Can not use both expression and non-expression parameters in the same request: "
      "Non-expression parameters: {" +
          before + "} Expression parameters: {" + after + "}",
      before);
}

Result<LegacyConditions> LegacyConditionsOf(const Value& request, std::string_view member) {
  LegacyConditions conditions;
  for (const auto& [name, entry] : request.Entries(member)) {
    SB_TRY(LegacyCondition condition, ConditionOfEntry(entry));
    conditions.emplace(name, std::move(condition));
  }
  return conditions;
}

Result<std::optional<documents::Condition>> LegacyFilterOf(const Value& request,
                                                           std::string_view member) {
  SB_TRY(const LegacyConditions conditions, LegacyConditionsOf(request, member));
  return Joint(request, conditions, documents::ExpressionKind::kFilter);
}

Result<std::optional<documents::Condition>> ExpectedOf(const Value& request) {
  LegacyConditions conditions;
  for (const auto& [name, entry] : request.Entries("Expected")) {
    SB_TRY(LegacyCondition condition, ExpectationOf(name, entry));
    conditions.emplace(name, std::move(condition));
  }
  return Joint(request, conditions, documents::ExpressionKind::kCondition);
}

Result<std::optional<documents::UpdatePlan>> AttributeUpdatesOf(const Value& request) {
  std::map<std::string, documents::LegacyUpdate> updates;
  for (const auto& [name, entry] : request.Entries("AttributeUpdates")) {
    documents::LegacyUpdate update{entry.TextOr("Action", "PUT"), {}};
    if (const json::Value* value = entry.Document("Value")) {
      SB_TRY(update.value, documents::FromWire(*value));
    }
    updates.emplace(name, std::move(update));
  }
  if (updates.empty()) return std::optional<documents::UpdatePlan>();
  SB_TRY(documents::UpdatePlan plan, documents::UpdateFromLegacy(updates));
  return std::optional(std::move(plan));
}

Result<std::optional<documents::Projection>> ProjectionOrAttributes(
    const Value& request, documents::ExpressionContext& expressions) {
  if (!request.Has("AttributesToGet")) return ProjectionOf(request, expressions);
  std::vector<std::string> names;
  for (const Value& name : request.Elements("AttributesToGet")) {
    names.push_back(*name.As<std::string>());
  }
  SB_TRY(documents::Projection projection, documents::ProjectionFromLegacy(names));
  return std::optional(std::move(projection));
}

Member AttributesToGetMember() { return Optional("AttributesToGet", ListOf(Text(1), 1, 255)); }
Member ConditionalOperatorMember() { return Optional("ConditionalOperator", OneOf({"AND", "OR"})); }
Member LegacyConditionsMember(std::string name) {
  return Optional(std::move(name),
                  MapOf(Struct({Required("ComparisonOperator", Comparison()),
                                Optional("AttributeValueList", ListOf(Document()))})));
}
Member ExpectedMember() {
  return Optional("Expected",
                  MapOf(Struct({Optional("Value", Document()), Optional("Exists", Bool()),
                                Optional("ComparisonOperator", Comparison()),
                                Optional("AttributeValueList", ListOf(Document()))})));
}
Member AttributeUpdatesMember() {
  return Optional("AttributeUpdates",
                  MapOf(Struct({Optional("Value", Document()),
                                Optional("Action", OneOf({"ADD", "PUT", "DELETE"}))})));
}

}  // namespace securebase::aws::dynamodb
