#include "documents/legacy.h"

#include <fmt/format.h>

#include <algorithm>

namespace securebase::documents {
namespace {

Error Refused(std::string message, std::string field = {}) {
  return Error(ErrorCode::kInvalidArgument, "One or more parameter values were invalid: " + message,
               std::move(field), "ValidationException");
}

struct Operator {
  std::string_view name;
  std::string_view text;  // {0} the attribute, {1} and {2} its arguments
  std::size_t arguments;  // SIZE_MAX: one or more
  bool ordered = false;   // its arguments are S, N or B
  bool of_keys = false;   // allowed in KeyConditions
};
constexpr std::size_t kMany = SIZE_MAX;
constexpr Operator kOperators[] = {
    {"EQ", "{0} = {1}", 1, false, true},
    {"NE", "{0} <> {1}", 1},
    {"LE", "{0} <= {1}", 1, true, true},
    {"LT", "{0} < {1}", 1, true, true},
    {"GE", "{0} >= {1}", 1, true, true},
    {"GT", "{0} > {1}", 1, true, true},
    {"BETWEEN", "{0} BETWEEN {1} AND {2}", 2, true, true},
    {"BEGINS_WITH", "begins_with({0}, {1})", 1, false, true},
    {"NULL", "attribute_not_exists({0})", 0},
    {"NOT_NULL", "attribute_exists({0})", 0},
    {"CONTAINS", "contains({0}, {1})", 1},
    {"NOT_CONTAINS", "NOT contains({0}, {1})", 1},
    {"IN", "", kMany},
};

/// An expression under construction: its text, and the names and values that stand in it.
class Translation {
 public:
  std::string Name(const std::string& attribute) {
    std::string alias = fmt::format("#n{}", names_.size());
    names_.emplace(alias, attribute);
    return alias;
  }
  std::string Argument(const Value& value) {
    std::string name = fmt::format(":v{}", values_.size());
    values_.emplace(name, value);
    return name;
  }
  Result<ExpressionContext> Context() && {
    std::optional<ExpressionContext::Names> names;
    std::optional<Item> values;
    if (!names_.empty()) names = std::move(names_);
    if (!values_.empty()) values = std::move(values_);
    return ExpressionContext::Make(std::move(names), std::move(values));
  }

 private:
  ExpressionContext::Names names_;
  Item values_;
};

Result<> CheckArguments(const Operator& op, const LegacyCondition& condition) {
  const std::size_t count = condition.values.size();
  if (op.arguments == kMany ? count == 0 : count != op.arguments) {
    return Refused(
        fmt::format("Invalid number of argument(s) for the {} ComparisonOperator", op.name),
        "AttributeValueList");
  }
  for (const Value& value : condition.values) {
    std::string_view type = value.type();
    const bool scalar = type == "S" || type == "N" || type == "B";
    const bool text = type == "S" || type == "B";
    if ((op.ordered && !scalar) || (op.name == "BEGINS_WITH" && !text)) {
      return Refused(fmt::format("ComparisonOperator {} is not valid for {} AttributeValue type",
                                 op.name, type),
                     "AttributeValueList");
    }
  }
  return {};
}

Result<std::string> Translate(const std::string& attribute, const LegacyCondition& condition,
                              bool of_keys, Translation& translation) {
  auto op = std::find_if(std::begin(kOperators), std::end(kOperators),
                         [&](const Operator& o) { return o.name == condition.op; });
  if (op == std::end(kOperators)) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("1 validation error detected: Value '{}' at 'comparisonOperator' "
                             "failed to satisfy constraint: Member must satisfy enum value set: "
                             "[IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, "
                             "BEGINS_WITH, GE, CONTAINS]",
                             condition.op),
                 "ComparisonOperator", "ValidationException");
  }
  SB_TRY_OK(CheckArguments(*op, condition));
  if (of_keys && !op->of_keys) {
    return Error(ErrorCode::kInvalidArgument,
                 "Attempted conditional constraint is not an indexable operation",
                 "ComparisonOperator", "ValidationException");
  }
  std::string name = translation.Name(attribute);
  std::vector<std::string> arguments;
  for (const Value& value : condition.values) arguments.push_back(translation.Argument(value));
  if (op->arguments == kMany) return fmt::format("{} IN ({})", name, fmt::join(arguments, ", "));
  arguments.resize(2);
  return fmt::format(fmt::runtime(op->text), name, arguments[0], arguments[1]);
}

Result<std::string> TranslateAll(const LegacyConditions& conditions, std::string_view joint,
                                 bool of_keys, Translation& translation) {
  std::string text;
  for (const auto& [attribute, condition] : conditions) {
    SB_TRY(std::string one, Translate(attribute, condition, of_keys, translation));
    if (!text.empty()) text += joint;
    text += one;
  }
  return text;
}

}  // namespace

Result<Condition> ConditionFromLegacy(const LegacyConditions& conditions, bool any,
                                      ExpressionKind kind) {
  Translation translation;
  SB_TRY(std::string text,
         TranslateAll(conditions, any ? " OR " : " AND ", /*of_keys=*/false, translation));
  SB_TRY(ExpressionContext context, std::move(translation).Context());
  return ParseCondition(text, context, kind);
}

Result<KeyCondition> KeyConditionFromLegacy(const LegacyConditions& conditions,
                                            const TableDescription& table) {
  if (conditions.size() > 2) {
    return Error(ErrorCode::kInvalidArgument, "Conditions can be of length 1 or 2 only",
                 "KeyConditions", "ValidationException");
  }
  // The partition key first, so that what else is missing is named as for an expression.
  Translation translation;
  LegacyConditions partition, rest = conditions;
  if (auto found = rest.find(table.partition_key.name); found != rest.end()) {
    partition.insert(rest.extract(found));
  }
  SB_TRY(std::string text, TranslateAll(partition, " AND ", /*of_keys=*/true, translation));
  SB_TRY(std::string others, TranslateAll(rest, " AND ", /*of_keys=*/true, translation));
  if (!text.empty() && !others.empty()) text += " AND ";
  text += others;
  SB_TRY(ExpressionContext context, std::move(translation).Context());
  return ParseKeyCondition(text, context, table);
}

Result<Projection> ProjectionFromLegacy(const std::vector<std::string>& attributes) {
  Projection projection;
  for (const std::string& name : attributes) {
    Path path = {name};
    if (std::find(projection.paths.begin(), projection.paths.end(), path) !=
        projection.paths.end()) {
      return Refused("Duplicate value in attribute name: " + name, "AttributesToGet");
    }
    projection.paths.push_back(std::move(path));
  }
  return projection;
}

Result<UpdatePlan> UpdateFromLegacy(const std::map<std::string, LegacyUpdate>& updates) {
  Translation translation;
  std::map<std::string_view, std::string> sections;
  for (const auto& [attribute, update] : updates) {
    std::string_view section = "SET";
    if (update.action == "ADD") section = "ADD";
    if (update.action == "DELETE") section = update.value ? "DELETE" : "REMOVE";
    if (section != "REMOVE" && !update.value) {
      return Refused(fmt::format("Only DELETE action is allowed when no attribute value is "
                                 "specified"),
                     "AttributeUpdates");
    }
    if (update.value && (section == "ADD" || section == "DELETE")) {
      const std::string_view type = update.value->type();
      const bool fits = type.size() == 2 || (section == "ADD" && type == "N");
      if (!fits) {
        return Refused(fmt::format("{} action is not supported for the type {}", section, type),
                       "AttributeUpdates");
      }
    }
    std::string& text = sections[section];
    text += text.empty() ? fmt::format("{} ", section) : ", ";
    text += translation.Name(attribute);
    if (section == "SET") text += " =";
    if (update.value) text += " " + translation.Argument(*update.value);
  }
  std::string text;
  for (const auto& [section, part] : sections) text += part + " ";
  SB_TRY(ExpressionContext context, std::move(translation).Context());
  return ParseUpdate(text, context);
}

}  // namespace securebase::documents
