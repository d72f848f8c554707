#pragma once

// What the operations of CloudWatch Logs share (spec: logs-api 1 and 2).

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/operation.h"
#include "logs/log_service.h"

namespace securebase::aws::logs {

Error InvalidParameter(std::string field, std::string message);
/// "1 validation error detected: Value 'v' at 'member' failed to satisfy constraint: <rule>".
Error Constraint(std::string_view value, std::string_view member, std::string_view rule);
Error GroupNotFound();
Error StreamNotFound();
Error BadToken();

/// The group's name that an identifier means: a name or an ARN, with or without ":*". Errors: one
/// that is neither; GroupNotFound for an ARN of another account or region.
Result<std::string> NameOfIdentifier(const CallContext& context, const std::string& identifier,
                                     std::string_view member);
/// The group that logGroupName or logGroupIdentifier names. Errors: both, neither.
Result<std::string> GroupNameOf(const Value& request, const CallContext& context);

/// Errors: characters that a name cannot have, a name that is too long.
Result<> CheckGroupName(const std::string& name);
Result<> CheckStreamName(const std::string& name);

/// Errors: GroupNotFound.
Result<events::LogGroup> FindGroup(const CallContext& context, const std::string& group);
/// Errors: GroupNotFound, StreamNotFound.
Result<events::LogStream> FindStream(const CallContext& context, const std::string& group,
                                     const std::string& stream);

/// "arn:aws:logs:region:account:log-group:name".
std::string GroupArn(const CallContext& context, std::string_view group);

/// A time in the API's form: milliseconds since 1970.
std::int64_t Millis(Instant t);

inline constexpr std::size_t kIdDigits = 56;
/// What the service counts an event beside its text.
inline constexpr std::size_t kEventOverhead = 26;
inline constexpr Instant kFarFuture = FromUnixMillis(253'402'300'799'000);  // end of the year 9999

/// One row of a listing, by the key that orders it.
struct Row {
  std::string key;
  Value value;
};
/// Sorts the rows and answers the page that the request asks for (nextToken and the member
/// `limit_name`), as `member`. `question`: what must be the same when the token comes back.
/// Errors: BadToken.
Result<Value> PageOf(std::vector<Row> rows, const Value& request, const CallContext& context,
                     std::string_view question, std::string_view member, std::int64_t page_max,
                     std::string_view limit_name = "limit", bool descending = false);

// Members of several operations.
ShapePtr NameShape();
Member GroupIdentifierMember();

}  // namespace securebase::aws::logs
