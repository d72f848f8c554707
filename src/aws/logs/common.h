#pragma once

// What the operations of CloudWatch Logs share (spec: logs-api 1 and 2).

#include <optional>
#include <string>
#include <string_view>

#include "aws/operation.h"

namespace securebase::aws::logs {

Error InvalidParameter(std::string field, std::string message);
Error GroupNotFound();
Error StreamNotFound();

/// The group that logGroupName or logGroupIdentifier (a name or an ARN) names. Errors: both,
/// neither.
Result<std::string> GroupNameOf(const Value& request);

/// Errors: characters that a name cannot have.
Result<> CheckGroupName(const std::string& name);
Result<> CheckStreamName(const std::string& name);

bool GroupExists(const CallContext& context, const std::string& group);
/// The stream, or none. Errors: GroupNotFound.
Result<std::optional<events::LogStream>> FindStream(const CallContext& context,
                                                    const std::string& group,
                                                    const std::string& stream);

/// "arn:aws:logs:region:account:log-group:name".
std::string GroupArn(const CallContext& context, std::string_view group);

/// A time in the API's form: milliseconds since 1970.
std::int64_t Millis(Instant t);

/// An event's id marks its place: ids sort as events do, and begin with the time.
inline constexpr std::size_t kIdDigits = 56;
bool IsEventId(std::string_view id);
Instant TimeOfId(std::string_view id);

/// Up to `events_max` events of the range that come after `after` (none: from the start), oldest
/// first; or, descending, before it, newest first.
Result<std::vector<events::ReadEvent>> ReadPage(const CallContext& context,
                                                events::ReadRequest request,
                                                const std::optional<std::string>& after);

// Members of several operations.
ShapePtr NameShape();
Member GroupIdentifierMember();

}  // namespace securebase::aws::logs
