#pragma once

// The parameters that DynamoDB had before its expressions (KeyConditions, QueryFilter, ScanFilter,
// Expected, AttributeUpdates, AttributesToGet), translated into expressions.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "documents/expression.h"

namespace securebase::documents {

/// What is asked of one attribute: an operator ("EQ", "NOT_NULL", ..) and its arguments.
struct LegacyCondition {
  std::string op;
  std::vector<Value> values;
};
using LegacyConditions = std::map<std::string, LegacyCondition>;

/// All of them must hold or, with `any`, one. At least one is given. kInvalidArgument for an
/// operator with the wrong number or type of arguments.
Result<Condition> ConditionFromLegacy(const LegacyConditions& conditions, bool any,
                                      ExpressionKind kind);

Result<KeyCondition> KeyConditionFromLegacy(const LegacyConditions& conditions,
                                            const TableDescription& table);

Result<Projection> ProjectionFromLegacy(const std::vector<std::string>& attributes);

struct LegacyUpdate {
  std::string action;  // PUT, ADD or DELETE
  std::optional<Value> value;
};

/// At least one is given.
Result<UpdatePlan> UpdateFromLegacy(const std::map<std::string, LegacyUpdate>& updates);

}  // namespace securebase::documents
