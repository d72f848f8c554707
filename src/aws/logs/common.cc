#include "aws/logs/common.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace securebase::aws::logs {
namespace {

constexpr std::size_t kTimeDigits = 20;
constexpr std::size_t kExtraMin = 64;  // first guess of how many events share a millisecond

bool IsLetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

Error BadPattern(std::string_view member, const std::string& value, std::string_view pattern) {
  return InvalidParameter(std::string(member),
                          "1 validation error detected: Value '" + value + "' at '" +
                              std::string(member) +
                              "' failed to satisfy constraint: Member must satisfy regular "
                              "expression pattern: " +
                              std::string(pattern));
}

}  // namespace

Error InvalidParameter(std::string field, std::string message) {
  return Error(ErrorCode::kInvalidArgument, std::move(message), std::move(field),
               "InvalidParameterException");
}

Error GroupNotFound() {
  return Error(ErrorCode::kNotFound, "The specified log group does not exist.", "logGroupName",
               "ResourceNotFoundException");
}

Error StreamNotFound() {
  return Error(ErrorCode::kNotFound, "The specified log stream does not exist.", "logStreamName",
               "ResourceNotFoundException");
}

Result<std::string> GroupNameOf(const Value& request) {
  const std::string* name = request.Text("logGroupName");
  const std::string* identifier = request.Text("logGroupIdentifier");
  if (name != nullptr && identifier != nullptr) {
    return Error(ErrorCode::kInvalidArgument,
                 "LogGroup name and LogGroup ARN are mutually exclusive parameters.",
                 "logGroupIdentifier", "ValidationException");
  }
  if (name != nullptr) return *name;
  if (identifier == nullptr) {
    return InvalidParameter("logGroupName",
                            "Either logGroupName or logGroupIdentifier must be given.");
  }
  std::string_view text = *identifier;
  constexpr std::string_view kMarker = ":log-group:";
  if (const std::size_t at = text.find(kMarker); text.starts_with("arn:") && at != text.npos) {
    text.remove_prefix(at + kMarker.size());
    if (text.ends_with(":*")) text.remove_suffix(2);
  }
  return std::string(text);
}

Result<> CheckGroupName(const std::string& name) {
  const bool good = std::all_of(name.begin(), name.end(), [](char c) {
    return IsLetterOrDigit(c) || std::string_view("._-/#").find(c) != std::string_view::npos;
  });
  if (good) return {};
  return BadPattern("logGroupName", name, "[\\.\\-_/#A-Za-z0-9]+");
}

Result<> CheckStreamName(const std::string& name) {
  if (name.find_first_of(":*") == name.npos) return {};
  return BadPattern("logStreamName", name, "[^:*]*");
}

bool GroupExists(const CallContext& context, const std::string& group) {
  const auto groups = context.stores.logs.Groups(context.account, group);
  return !groups.empty() && groups.front().name == group;
}

Result<std::optional<events::LogStream>> FindStream(const CallContext& context,
                                                    const std::string& group,
                                                    const std::string& stream) {
  const auto streams = context.stores.logs.Streams(context.account, group, stream);
  if (!streams.ok()) {
    if (streams.error().code() == ErrorCode::kNotFound) return GroupNotFound();
    return streams.error();
  }
  for (const events::LogStream& one : *streams) {
    if (one.name == stream) return std::optional(one);
  }
  return std::optional<events::LogStream>();
}

std::string GroupArn(const CallContext& context, std::string_view group) {
  return "arn:aws:logs:" + context.account.region + ":" + context.account_number() +
         ":log-group:" + std::string(group);
}

std::int64_t Millis(Instant t) { return ToUnixMillis(t); }

bool IsEventId(std::string_view id) {
  return id.size() == kIdDigits &&
         std::all_of(id.begin(), id.end(), [](char c) { return c >= '0' && c <= '9'; }) &&
         ParseInt(id.substr(0, kTimeDigits)).has_value();
}

Instant TimeOfId(std::string_view id) {
  return FromUnixMillis(ParseInt(id.substr(0, kTimeDigits)).value_or(0));
}

Result<std::vector<events::ReadEvent>> ReadPage(const CallContext& context,
                                                events::ReadRequest request,
                                                const std::optional<std::string>& after) {
  const std::size_t wanted = request.events_max;
  if (!after) return context.stores.logs.Read(context.account, request);
  const Instant time = TimeOfId(*after);
  if (request.from_head) {
    request.start = std::max(request.start, time);
  } else {
    request.end = std::min(request.end, time + Duration(1));
  }
  // Events of the same millisecond may lie on both sides of the place: read more until enough are
  // beyond it.
  for (std::size_t extra = kExtraMin;; extra *= 4) {
    request.events_max = wanted + extra;
    SB_TRY(auto events, context.stores.logs.Read(context.account, request));
    const bool all = events.size() < request.events_max;
    std::erase_if(events, [&](const events::ReadEvent& event) {
      return request.from_head ? event.id <= *after : event.id >= *after;
    });
    if (!all && events.size() < wanted) continue;
    if (events.size() > wanted) events.resize(wanted);
    return events;
  }
}

ShapePtr NameShape() { return Text(1, 512); }
Member GroupIdentifierMember() { return Optional("logGroupIdentifier", Text(1, 2048)); }

}  // namespace securebase::aws::logs
