// StartLiveTail: events as they arrive, as an event stream (spec: logs-api 10).

#include "logs/live_tail.h"

#include <memory>

#include "aws/codec/cbor.h"
#include "aws/codec/event_stream.h"
#include "aws/codec/json.h"
#include "aws/logs/common.h"
#include "aws/logs/operations.h"

namespace securebase::aws::logs {
namespace {

using securebase::logs::FilterPattern;
using securebase::logs::TailedEvent;
using securebase::logs::TailRequest;
using securebase::logs::TailUpdate;

/// Writes events of the stream in the protocol of the call.
class Frames {
 public:
  explicit Frames(Protocol protocol) : cbor_(protocol == Protocol::kCbor) {}

  std::string Event(std::string_view type, const Value& payload) const {
    return codec::EncodeEvent({{":event-type", type},
                               {":content-type", cbor_ ? "application/cbor" : "application/json"},
                               {":message-type", "event"}},
                              cbor_ ? codec::EncodeCbor(payload) : codec::EncodeJson(payload));
  }

 private:
  bool cbor_;
};

std::vector<std::string> TextsOf(const Value& request, std::string_view member) {
  std::vector<std::string> texts;
  for (const Value& one : request.Elements(member)) texts.push_back(*one.As<std::string>());
  return texts;
}

Value TextList(const std::vector<std::string>& texts) {
  Value::List list;
  for (const std::string& one : texts) list.push_back(one);
  return Value(std::move(list));
}

Value SessionStart(const CallContext& context, const TailRequest& tail,
                   const std::string& pattern) {
  Value::List groups;
  for (const std::string& group : tail.groups) groups.push_back(GroupArn(context, group));
  return Value::MakeStruct({{"requestId", context.request_id},
                            {"sessionId", context.stores.random.Uuid()},
                            {"logGroupIdentifiers", std::move(groups)},
                            {"logStreamNames", TextList(tail.streams)},
                            {"logStreamNamePrefixes", TextList(tail.stream_prefixes)},
                            {"logEventFilterPattern", pattern}});
}

Value SessionUpdate(const std::string& owner, const TailUpdate& update) {
  Value::List results;
  for (const TailedEvent& one : update.events) {
    results.push_back(Value::MakeStruct({{"logStreamName", one.stream},
                                         {"logGroupIdentifier", owner + ":" + one.group},
                                         {"message", one.event.message},
                                         {"timestamp", Millis(one.event.time)},
                                         {"ingestionTime", Millis(one.event.ingested_at)}}));
  }
  return Value::MakeStruct({{"sessionMetadata", Value::MakeStruct({{"sampled", update.sampled}})},
                            {"sessionResults", std::move(results)}});
}

Result<Value> Run(const Value& request, CallContext& context) {
  TailRequest tail{.streams = TextsOf(request, "logStreamNames"),
                   .stream_prefixes = TextsOf(request, "logStreamNamePrefixes"),
                   .pattern = *FilterPattern::Parse("")};
  if (!tail.streams.empty() && !tail.stream_prefixes.empty()) {
    return InvalidParameter("logStreamNamePrefixes",
                            "Only one of logStreamNames or logStreamNamePrefixes can be provided.");
  }
  const std::string pattern = request.TextOr("logEventFilterPattern", "");
  SB_TRY(tail.pattern, FilterPattern::Parse(pattern));
  for (const std::string& identifier : TextsOf(request, "logGroupIdentifiers")) {
    SB_TRY(std::string group, NameOfIdentifier(context, identifier, "logGroupIdentifiers"));
    SB_TRY_OK(FindGroup(context, group));
    tail.groups.push_back(std::move(group));
  }
  if (tail.groups.size() > 1 && (!tail.streams.empty() || !tail.stream_prefixes.empty())) {
    return InvalidParameter("logGroupIdentifiers",
                            "Log streams can be given for one log group alone.");
  }
  const Frames frames(context.protocol);
  const std::string owner = context.account_number();
  auto stream = std::make_shared<http::BodyStream>();
  stream->Write(frames.Event("initial-response", Value::MakeStruct({})));
  stream->Write(frames.Event("sessionStart", SessionStart(context, tail, pattern)));
  SB_TRY_OK(context.stores.log_service.live_tail().Start(
      context.account, std::move(tail), context.now,
      [stream, frames, owner](const TailUpdate& update) {
        return stream->Write(frames.Event("sessionUpdate", SessionUpdate(owner, update)));
      },
      [stream] { stream->End(); }));
  context.stream = std::move(stream);
  return Value();
}

}  // namespace

Operation StartLiveTail() {
  return {.name = "StartLiveTail",
          .input = Struct({
              Required("logGroupIdentifiers", ListOf(Text(1, 2048), 1, 10)),
              Optional("logStreamNames", ListOf(NameShape(), 1, 10)),
              Optional("logStreamNamePrefixes", ListOf(NameShape(), 1, 10)),
              Optional("logEventFilterPattern", Text(0, 1024)),
          }),
          .run = Run};
}

}  // namespace securebase::aws::logs
