// Log streams: creating, deleting, describing (spec: logs-api 3).

#include <fmt/format.h>

#include "aws/logs/common.h"
#include "aws/logs/operations.h"

namespace securebase::aws::logs {
namespace {

constexpr std::int64_t kPageMax = 50;

Result<Value> RunCreateLogStream(const Value& request, CallContext& context) {
  const std::string group = *request.Text("logGroupName");
  const std::string stream = *request.Text("logStreamName");
  SB_TRY_OK(CheckStreamName(stream));
  SB_TRY_OK(FindGroup(context, group));
  const Result<> created = context.stores.logs.CreateStream(context.account, group, stream);
  if (created.ok()) return Value();
  if (created.error().code() == ErrorCode::kNotFound) return GroupNotFound();
  if (created.error().code() != ErrorCode::kConflict) return created.error();
  return Error(ErrorCode::kConflict, "The specified log stream already exists", "logStreamName",
               "ResourceAlreadyExistsException");
}

Result<Value> RunDeleteLogStream(const Value& request, CallContext& context) {
  const std::string group = *request.Text("logGroupName");
  const std::string stream = *request.Text("logStreamName");
  SB_TRY_OK(FindStream(context, group, stream));
  SB_TRY_OK(context.stores.logs.DeleteStream(context.account, group, stream));
  return Value();
}

Value DescribeStream(const CallContext& context, const std::string& group,
                     const events::LogStream& stream) {
  Value out = Value::MakeStruct({{"arn", GroupArn(context, group) + ":log-stream:" + stream.name},
                                 {"creationTime", Millis(stream.created_at)}});
  if (stream.first_event) out.Set("firstEventTimestamp", Millis(*stream.first_event));
  if (stream.last_event) out.Set("lastEventTimestamp", Millis(*stream.last_event));
  if (stream.last_ingestion) out.Set("lastIngestionTime", Millis(*stream.last_ingestion));
  out.Set("logStreamName", stream.name);
  out.Set("storedBytes", 0);
  if (stream.last_ingestion) out.Set("uploadSequenceToken", std::string(kIdDigits, '0'));
  return out;
}

Result<Value> RunDescribeLogStreams(const Value& request, CallContext& context) {
  if (request.Has("logGroupName") && request.Has("logGroupIdentifier")) {
    return Error(ErrorCode::kInvalidArgument,
                 "LogGroup name and LogGroup ARN are mutually exclusive parameters.",
                 "logGroupIdentifier", "ValidationException");
  }
  SB_TRY(const std::string group, GroupNameOf(request, context));
  const std::string prefix = request.TextOr("logStreamNamePrefix", "");
  const bool by_time = request.TextOr("orderBy", "") == "LastEventTime";
  const bool descending = request.Bool("descending", false);
  if (by_time && !prefix.empty()) {
    return InvalidParameter("orderBy", "Cannot order by LastEventTime with a logStreamNamePrefix.");
  }
  const auto streams = context.stores.logs.Streams(context.account, group, prefix);
  if (!streams.ok()) {
    return streams.error().code() == ErrorCode::kNotFound ? GroupNotFound() : streams.error();
  }
  std::vector<Row> rows;
  for (const events::LogStream& stream : *streams) {
    // Streams without events count as their creation.
    std::string key =
        by_time ? fmt::format("{:020}", Millis(stream.last_event.value_or(stream.created_at)))
                : std::string();
    rows.push_back({key + stream.name, DescribeStream(context, group, stream)});
  }
  const std::string question = "DescribeLogStreams " + group + "\n" + prefix + "\n" +
                               (by_time ? "t" : "n") + (descending ? "d" : "a");
  return PageOf(std::move(rows), request, context, question, "logStreams", kPageMax, "limit",
                descending);
}

}  // namespace

Operation CreateLogStream() {
  return {.name = "CreateLogStream",
          .role = api::Role::kAnalyst,
          .input = Struct({
              Required("logGroupName", NameShape()),
              Required("logStreamName", Text(1)),
          }),
          .run = RunCreateLogStream};
}

Operation DeleteLogStream() {
  return {.name = "DeleteLogStream",
          .role = api::Role::kAnalyst,
          .input = Struct({
              Required("logGroupName", NameShape()),
              Required("logStreamName", NameShape()),
          }),
          .run = RunDeleteLogStream};
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
