// GetLogRecord and GetLogGroupFields: one event with all its fields, the fields of many (spec:
// logs-api 8).

#include "aws/logs/common.h"
#include "aws/logs/operations.h"
#include "events/discovery.h"

namespace securebase::aws::logs {
namespace {

using std::chrono::minutes;

Result<Value> RunGetLogRecord(const Value& request, CallContext& context) {
  const std::string& pointer = *request.Text("logRecordPointer");
  auto located = context.stores.logs.ReadOne(context.account, pointer);
  if (!located.ok()) {
    if (located.error().code() == ErrorCode::kNotFound) {
      return Error(ErrorCode::kNotFound, "The specified log record does not exist.",
                   "logRecordPointer", "ResourceNotFoundException");
    }
    if (located.error().code() != ErrorCode::kInvalidArgument) return located.error();
    return InvalidParameter("logRecordPointer", "The specified logRecordPointer is invalid.");
  }
  const events::ReadEvent& event = located->event;
  Value::Fields fields;
  const auto add = [&](std::string_view name, std::string text) {
    fields.emplace_back(std::string(name), std::move(text));
  };
  add("@message", event.event.message);
  add("@timestamp", std::to_string(Millis(event.event.time)));
  add("@ingestionTime", std::to_string(Millis(event.event.ingested_at)));
  add("@logStream", event.stream);
  add("@log", context.account_number() + ":" + located->group);
  add("@ptr", pointer);
  events::Discoverer discoverer;
  for (const events::DiscoveredField& field : discoverer.Discover(event.event.message)) {
    if (field.kind != events::FieldKind::kNull) add(field.name, std::string(field.text));
  }
  return Value::MakeStruct({{"logRecord", Value(Value::Map{std::move(fields)})}});
}

Result<Value> RunGetLogGroupFields(const Value& request, CallContext& context) {
  SB_TRY(const std::string group, GroupNameOf(request, context));
  SB_TRY_OK(FindGroup(context, group));
  Instant start = context.now - minutes(15);
  Instant end = context.now;
  if (const auto time = request.Int("time")) {
    const Instant middle =
        std::min(FromUnixSeconds(std::min<std::int64_t>(*time, 253'402'300'799)), kFarFuture);
    start = middle - minutes(8);
    end = middle + minutes(8);
  }
  SB_TRY(const events::FieldCounts counts,
         context.stores.logs.CountFields(context.account, group, start, end + Duration(1)));
  Value::List fields;
  for (const events::FieldCount& field : counts.fields) {
    const std::uint64_t percent = counts.events == 0 ? 0 : field.events * 100 / counts.events;
    fields.push_back(Value::MakeStruct({{"name", field.name}, {"percent", percent}}));
  }
  return Value::MakeStruct({{"logGroupFields", std::move(fields)}});
}

}  // namespace

Operation GetLogRecord() {
  return {.name = "GetLogRecord",
          .input = Struct({
              Required("logRecordPointer", Text(1)),
              Accepted("unmask", Bool()),
          }),
          .run = RunGetLogRecord};
}

Operation GetLogGroupFields() {
  return {.name = "GetLogGroupFields",
          .input = Struct({
              Optional("logGroupName", NameShape()),
              GroupIdentifierMember(),
              Optional("time", Int(0)),
          }),
          .run = RunGetLogGroupFields};
}

}  // namespace securebase::aws::logs
