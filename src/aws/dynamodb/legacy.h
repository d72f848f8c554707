#pragma once

// The old parameters of a request, and their place beside expressions.

#include <initializer_list>
#include <optional>
#include <string_view>

#include "aws/dynamodb/common.h"
#include "documents/legacy.h"

namespace securebase::aws::dynamodb {

/// Refuses a request that has one of the old parameters and one of the expressions.
Result<> CheckNotMixed(const Value& request, std::initializer_list<std::string_view> old,
                       std::initializer_list<std::string_view> expressions);

/// KeyConditions, QueryFilter or ScanFilter: empty where the member is absent.
Result<documents::LegacyConditions> LegacyConditionsOf(const Value& request,
                                                       std::string_view member);
/// A filter or Expected as a condition; none where it is absent or empty. ConditionalOperator says
/// how several are joined.
Result<std::optional<documents::Condition>> LegacyFilterOf(const Value& request,
                                                           std::string_view member);
Result<std::optional<documents::Condition>> ExpectedOf(const Value& request);
Result<std::optional<documents::UpdatePlan>> AttributeUpdatesOf(const Value& request);
/// ProjectionExpression or AttributesToGet.
Result<std::optional<documents::Projection>> ProjectionOrAttributes(
    const Value& request, documents::ExpressionContext& expressions);

// Members of several operations.
Member AttributesToGetMember();
Member ConditionalOperatorMember();
Member LegacyConditionsMember(std::string name);
Member ExpectedMember();
Member AttributeUpdatesMember();

}  // namespace securebase::aws::dynamodb
