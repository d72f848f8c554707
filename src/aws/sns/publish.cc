// Publish and PublishBatch (spec: cloudwatch-api 7).

#include <algorithm>
#include <set>

#include "aws/sns/common.h"
#include "aws/sns/operations.h"
#include "base/text.h"

namespace securebase::aws::sns {
namespace {

constexpr std::size_t kBatchMax = 10;
constexpr std::size_t kBatchBytesMax = 262'144;

Error Fault(std::string message, std::string field, std::string code = "InvalidParameter") {
  return Error(ErrorCode::kInvalidArgument, std::move(message), std::move(field), std::move(code));
}

ShapePtr AttributesShape() {
  return MapOf(Struct({Required("DataType", Text()), Optional("StringValue", Text()),
                       Optional("BinaryValue", Blob())}));
}

notify::MessageAttributes AttributesOf(const Value& request) {
  notify::MessageAttributes attributes;
  for (const auto& [name, value] : request.Entries("MessageAttributes")) {
    notify::MessageAttribute attribute{.type = value.TextOr("DataType", "")};
    const Value* binary = value.Find("BinaryValue");
    if (const auto* blob = binary == nullptr ? nullptr : binary->As<Value::Blob>()) {
      attribute.value = Base64Encode(blob->bytes);
    } else {
      attribute.value = value.TextOr("StringValue", "");
    }
    attributes[name] = std::move(attribute);
  }
  return attributes;
}

Result<notify::PublishRequest> MessageOf(const Value& request, std::string topic_arn) {
  notify::PublishRequest message{.topic_arn = std::move(topic_arn),
                                 .message = request.TextOr("Message", ""),
                                 .attributes = AttributesOf(request)};
  if (const std::string* subject = request.Text("Subject")) message.subject = *subject;
  const std::string structure = request.TextOr("MessageStructure", "");
  if (!structure.empty() && structure != "json" && structure != "string") {
    return Fault("Invalid parameter: Invalid message structure parameter: " + structure,
                 "MessageStructure");
  }
  message.json_structure = structure == "json";
  return message;
}

Result<Value> RunPublish(const Value& request, CallContext& context) {
  SB_TRY(notify::TopicService* const topics, TopicsOf(context));
  if (request.Has("PhoneNumber")) {
    return Fault("Invalid parameter: PhoneNumber Reason: SMS is not supported by this server",
                 "PhoneNumber");
  }
  const std::string* topic = request.Text("TopicArn");
  const std::string* target = request.Text("TargetArn");
  if ((topic == nullptr) == (target == nullptr)) {
    return Fault("Invalid parameter: TopicArn or TargetArn Reason: " +
                     std::string(topic == nullptr ? "no value for required parameter"
                                                  : "Both TopicArn and TargetArn are given"),
                 "TopicArn");
  }
  SB_TRY(const notify::PublishRequest message,
         MessageOf(request, topic != nullptr ? *topic : *target));
  SB_TRY(const std::string id, topics->Publish(context.account, message));
  return Value::MakeStruct({{"MessageId", id}});
}

bool IsEntryId(std::string_view id) {
  return !id.empty() && id.size() <= 80 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

Result<> CheckEntries(const Value::List& entries) {
  const char* field = "PublishBatchRequestEntries";
  if (entries.empty()) {
    return Fault("The batch request doesn't contain any entries.", field, "EmptyBatchRequest");
  }
  if (entries.size() > kBatchMax) {
    return Fault("The batch request contains more entries than permissible.", field,
                 "TooManyEntriesInBatchRequest");
  }
  std::set<std::string> ids;
  std::size_t bytes = 0;
  for (const Value& entry : entries) {
    const std::string& id = *entry.Text("Id");
    if (!IsEntryId(id)) {
      return Fault("The Id of a batch entry in a batch request doesn't abide by the specification.",
                   field, "InvalidBatchEntryId");
    }
    if (!ids.insert(id).second) {
      return Fault("Two or more batch entries in the request have the same Id.", field,
                   "BatchEntryIdsNotDistinct");
    }
    bytes += entry.TextOr("Message", "").size();
  }
  if (bytes > kBatchBytesMax) {
    return Fault("The length of all the batch messages put together is more than the limit.", field,
                 "BatchRequestTooLong");
  }
  return {};
}

Result<Value> RunPublishBatch(const Value& request, CallContext& context) {
  SB_TRY(notify::TopicService* const topics, TopicsOf(context));
  const std::string& topic = *request.Text("TopicArn");
  SB_TRY_OK(topics->GetTopic(context.account, topic));
  const Value::List& entries = request.Elements("PublishBatchRequestEntries");
  SB_TRY_OK(CheckEntries(entries));
  Value::List successful, failed;
  for (const Value& entry : entries) {
    const Result<std::string> published = [&]() -> Result<std::string> {
      SB_TRY(const notify::PublishRequest message, MessageOf(entry, topic));
      return topics->Publish(context.account, message);
    }();
    const std::string& id = *entry.Text("Id");
    if (published.ok()) {
      successful.push_back(Value::MakeStruct({{"Id", id}, {"MessageId", *published}}));
      continue;
    }
    const Error& error = published.error();
    const bool sender =
        error.code() != ErrorCode::kInternal && error.code() != ErrorCode::kUnavailable;
    failed.push_back(Value::MakeStruct(
        {{"Id", id},
         {"Code", error.wire_code().empty() ? "InternalError" : error.wire_code()},
         {"Message", error.message()},
         {"SenderFault", sender}}));
  }
  return Value::MakeStruct(
      {{"Successful", Value(std::move(successful))}, {"Failed", Value(std::move(failed))}});
}

}  // namespace

Operation Publish() {
  return {.name = "Publish",
          .role = api::Role::kAnalyst,
          .input = Struct({Optional("TopicArn", Text()), Optional("TargetArn", Text()),
                           Optional("PhoneNumber", Text()), Required("Message", Text()),
                           Optional("Subject", Text()), Optional("MessageStructure", Text()),
                           Optional("MessageAttributes", AttributesShape()),
                           Refused("MessageDeduplicationId"), Refused("MessageGroupId")}),
          .run = RunPublish};
}

Operation PublishBatch() {
  const ShapePtr entry = Struct({Required("Id", Text()), Required("Message", Text()),
                                 Optional("Subject", Text()), Optional("MessageStructure", Text()),
                                 Optional("MessageAttributes", AttributesShape()),
                                 Refused("MessageDeduplicationId"), Refused("MessageGroupId")});
  return {.name = "PublishBatch",
          .role = api::Role::kAnalyst,
          .input = Struct({Required("TopicArn", Text()),
                           Required("PublishBatchRequestEntries", ListOf(entry))}),
          .run = RunPublishBatch};
}

}  // namespace securebase::aws::sns
