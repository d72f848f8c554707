// Log groups and streams: creating and describing them (spec: logs-api 2 and 3).

#include <algorithm>
#include <utility>

#include "aws/logs/common.h"
#include "aws/logs/operations.h"

namespace securebase::aws::logs {
namespace {

constexpr std::int64_t kPageMax = 50;

Error AlreadyExists(std::string_view what) {
  return Error(ErrorCode::kConflict, "The specified log " + std::string(what) + " already exists",
               {}, "ResourceAlreadyExistsException");
}

Result<Value> RunCreateLogGroup(const Value& request, CallContext& context) {
  const std::string group = *request.Text("logGroupName");
  SB_TRY_OK(CheckGroupName(group));
  if (GroupExists(context, group)) return AlreadyExists("group");
  SB_TRY_OK(context.stores.logs.Append(context.account, group, "", {}));
  return Value();
}

Result<Value> RunCreateLogStream(const Value& request, CallContext& context) {
  const std::string group = *request.Text("logGroupName");
  const std::string stream = *request.Text("logStreamName");
  SB_TRY_OK(CheckStreamName(stream));
  SB_TRY(const auto present, FindStream(context, group, stream));
  if (present) return AlreadyExists("stream");
  SB_TRY_OK(context.stores.logs.Append(context.account, group, stream, {}));
  return Value();
}

/// A page of a sorted list: what comes after the name in the token. Refuses a token of another
/// question, and one whose place in the list is gone.
template <class T>
Result<Value::List> PageOf(const std::vector<T>& sorted, const Value& request,
                           const CallContext& context, std::string_view question,
                           Value (*describe)(const CallContext&, const T&), std::string& next) {
  const auto limit = static_cast<std::size_t>(request.Int("limit").value_or(kPageMax));
  std::size_t first = 0;
  if (const std::string* token = request.Text("nextToken")) {
    const auto position = context.tokens.Open(question, *token, context.now);
    while (position.ok() && first < sorted.size() && sorted[first].name != *position) ++first;
    if (!position.ok() || first == sorted.size()) {
      return InvalidParameter("nextToken", "The specified nextToken is invalid.");
    }
    ++first;
  }
  const std::size_t end = std::min(sorted.size(), first + limit);
  Value::List page;
  for (std::size_t i = first; i < end; ++i) page.push_back(describe(context, sorted[i]));
  if (end < sorted.size() && end > first) {
    next = context.tokens.Seal(question, sorted[end - 1].name, context.now);
  }
  return page;
}

Value DescribeGroup(const CallContext& context, const events::LogGroup& group) {
  const std::string arn = GroupArn(context, group.name);
  return Value::MakeStruct({{"arn", arn + ":*"},
                            {"creationTime", Millis(group.created_at)},
                            {"deletionProtectionEnabled", false},
                            {"logGroupArn", arn},
                            {"logGroupClass", "STANDARD"},
                            {"logGroupName", group.name},
                            {"metricFilterCount", 0},
                            {"storedBytes", group.stored_bytes}});
}

Result<Value> RunDescribeLogGroups(const Value& request, CallContext& context) {
  const std::string* prefix = request.Text("logGroupNamePrefix");
  const std::string* pattern = request.Text("logGroupNamePattern");
  if (prefix != nullptr && pattern != nullptr) {
    return InvalidParameter(
        "logGroupNamePattern",
        "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
  }
  auto groups =
      context.stores.logs.Groups(context.account, prefix != nullptr ? *prefix : std::string());
  std::erase_if(groups, [&](const events::LogGroup& group) {
    return pattern != nullptr && group.name.find(*pattern) == std::string::npos;
  });
  std::sort(groups.begin(), groups.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  std::string next;
  const std::string question = "DescribeLogGroups " + (prefix ? *prefix : std::string()) + "\n" +
                               (pattern ? *pattern : std::string());
  SB_TRY(Value::List page, PageOf(groups, request, context, question, DescribeGroup, next));
  Value answer = Value::MakeStruct({{"logGroups", std::move(page)}});
  if (!next.empty()) answer.Set("nextToken", next);
  return answer;
}

Value DescribeStream(const CallContext& context, const events::LogStream& stream) {
  Value out = Value::MakeStruct({{"logStreamName", stream.name},
                                 {"creationTime", Millis(stream.created_at)},
                                 {"storedBytes", 0}});
  if (stream.first_event) out.Set("firstEventTimestamp", Millis(*stream.first_event));
  if (stream.last_event) out.Set("lastEventTimestamp", Millis(*stream.last_event));
  if (stream.last_ingestion) {
    out.Set("lastIngestionTime", Millis(*stream.last_ingestion));
    out.Set("uploadSequenceToken", std::string(kIdDigits, '0'));
  }
  (void)context;
  return out;
}

Instant LastTimeOf(const events::LogStream& stream) {
  return stream.last_event.value_or(stream.created_at);
}

Result<Value> RunDescribeLogStreams(const Value& request, CallContext& context) {
  SB_TRY(const std::string group, GroupNameOf(request));
  const std::string prefix = request.TextOr("logStreamNamePrefix", "");
  const bool by_time = request.TextOr("orderBy", "") == "LastEventTime";
  const bool descending = request.Bool("descending", false);
  if (by_time && !prefix.empty()) {
    return InvalidParameter("orderBy", "Cannot order by LastEventTime with a logStreamNamePrefix.");
  }
  auto streams = context.stores.logs.Streams(context.account, group, prefix);
  if (!streams.ok()) {
    return streams.error().code() == ErrorCode::kNotFound ? GroupNotFound() : streams.error();
  }
  std::sort(streams->begin(), streams->end(), [&](const auto& a, const auto& b) {
    if (by_time && LastTimeOf(a) != LastTimeOf(b)) return LastTimeOf(a) < LastTimeOf(b);
    return a.name < b.name;
  });
  if (descending) std::reverse(streams->begin(), streams->end());
  std::string next;
  const std::string question = "DescribeLogStreams " + group + "\n" + prefix + "\n" +
                               (by_time ? "t" : "n") + (descending ? "d" : "a");
  SB_TRY(Value::List page, PageOf(*streams, request, context, question, DescribeStream, next));
  for (Value& stream : page) {
    stream.Set("arn", GroupArn(context, group) + ":log-stream:" + *stream.Text("logStreamName"));
  }
  Value answer = Value::MakeStruct({{"logStreams", std::move(page)}});
  if (!next.empty()) answer.Set("nextToken", next);
  return answer;
}

}  // namespace

Operation CreateLogGroup() {
  return {.name = "CreateLogGroup",
          .role = api::Role::kAnalyst,
          .input = Struct({
              Required("logGroupName", NameShape()),
              Refused("kmsKeyId"),
              Refused("tags"),
              Accepted("logGroupClass", OneOf({"STANDARD"})),
              Refused("deletionProtectionEnabled"),
          }),
          .run = RunCreateLogGroup};
}

Operation CreateLogStream() {
  return {.name = "CreateLogStream",
          .role = api::Role::kAnalyst,
          .input = Struct(
              {Required("logGroupName", NameShape()), Required("logStreamName", NameShape())}),
          .run = RunCreateLogStream};
}

Operation DescribeLogGroups() {
  return {.name = "DescribeLogGroups",
          .input = Struct({
              Optional("logGroupNamePrefix", NameShape()),
              Optional("logGroupNamePattern", NameShape()),
              Optional("nextToken", Text(1)),
              Optional("limit", Int(1, kPageMax)),
              Accepted("accountIdentifiers", ListOf(Text())),
              Accepted("includeLinkedAccounts", Bool()),
              Refused("logGroupClass"),
              Refused("logGroupIdentifiers"),
          }),
          .run = RunDescribeLogGroups};
}

Operation DescribeLogStreams() {
  return {.name = "DescribeLogStreams",
          .input = Struct({
              Optional("logGroupName", NameShape()),
              GroupIdentifierMember(),
              Optional("logStreamNamePrefix", NameShape()),
              Optional("orderBy", OneOf({"LogStreamName", "LastEventTime"})),
              Optional("descending", Bool()),
              Optional("nextToken", Text(1)),
              Optional("limit", Int(1, kPageMax)),
          }),
          .run = RunDescribeLogStreams};
}

}  // namespace securebase::aws::logs
