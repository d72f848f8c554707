// Topics, their attributes and tags (spec: cloudwatch-api 7).

#include "aws/sns/common.h"
#include "aws/sns/operations.h"

namespace securebase::aws::sns {
namespace {

ShapePtr TagListShape() {
  return ListOf(Struct({Required("Key", Text(1, 128)), Required("Value", Text(0, 256))}));
}

Result<Value> RunCreateTopic(const Value& request, CallContext& context) {
  SB_TRY(notify::TopicService* const topics, TopicsOf(context));
  SB_TRY(const std::string arn,
         topics->CreateTopic(context.account, *request.Text("Name"), TextsOf(request, "Attributes"),
                             TagsOf(request)));
  return Value::MakeStruct({{"TopicArn", arn}});
}

Result<Value> RunDeleteTopic(const Value& request, CallContext& context) {
  SB_TRY(notify::TopicService* const topics, TopicsOf(context));
  SB_TRY_OK(topics->DeleteTopic(context.account, *request.Text("TopicArn")));
  return Value();
}

Result<Value> RunListTopics(const Value& request, CallContext& context) {
  SB_TRY(notify::TopicService* const topics, TopicsOf(context));
  SB_TRY(const std::vector<notify::Topic> all, topics->Topics(context.account));
  std::vector<std::string> arns;
  for (const notify::Topic& topic : all) arns.push_back(topic.arn);
  std::string next;
  SB_TRY(const PageRange page, PageOf(arns, request, context, "ListTopics", next));
  Value::List shown;
  for (std::size_t i = page.first; i < page.end; ++i) {
    shown.push_back(Value::MakeStruct({{"TopicArn", arns[i]}}));
  }
  Value answer = Value::MakeStruct({{"Topics", Value(std::move(shown))}});
  if (!next.empty()) answer.Set("NextToken", next);
  return answer;
}

Result<Value> RunGetTopicAttributes(const Value& request, CallContext& context) {
  SB_TRY(notify::TopicService* const topics, TopicsOf(context));
  SB_TRY(const auto attributes,
         topics->TopicAttributes(context.account, *request.Text("TopicArn")));
  return Value::MakeStruct({{"Attributes", MapValue(attributes)}});
}

Result<Value> RunSetTopicAttributes(const Value& request, CallContext& context) {
  SB_TRY(notify::TopicService* const topics, TopicsOf(context));
  SB_TRY_OK(topics->SetTopicAttribute(context.account, *request.Text("TopicArn"),
                                      *request.Text("AttributeName"),
                                      request.TextOr("AttributeValue", "")));
  return Value();
}

Result<Value> RunTagResource(const Value& request, CallContext& context) {
  SB_TRY(notify::TopicService* const topics, TopicsOf(context));
  SB_TRY_OK(topics->SetTags(context.account, *request.Text("ResourceArn"), TagsOf(request), {}));
  return Value::MakeStruct({});
}

Result<Value> RunUntagResource(const Value& request, CallContext& context) {
  SB_TRY(notify::TopicService* const topics, TopicsOf(context));
  std::vector<std::string> keys;
  for (const Value& key : request.Elements("TagKeys")) keys.push_back(*key.As<std::string>());
  SB_TRY_OK(topics->SetTags(context.account, *request.Text("ResourceArn"), {}, keys));
  return Value::MakeStruct({});
}

Result<Value> RunListTagsForResource(const Value& request, CallContext& context) {
  SB_TRY(notify::TopicService* const topics, TopicsOf(context));
  auto topic = topics->GetTopic(context.account, *request.Text("ResourceArn"));
  if (!topic.ok() && topic.error().code() == ErrorCode::kNotFound) {
    return Error(ErrorCode::kNotFound, "Resource does not exist", "ResourceArn",
                 "ResourceNotFound");
  }
  if (!topic.ok()) return topic.error();
  Value::List tags;
  for (const auto& [key, value] : topic->tags) {
    tags.push_back(Value::MakeStruct({{"Key", key}, {"Value", value}}));
  }
  return Value::MakeStruct({{"Tags", Value(std::move(tags))}});
}

}  // namespace

Operation CreateTopic() {
  return {.name = "CreateTopic",
          .role = api::Role::kManager,
          .input = Struct({Required("Name", Text()), Optional("Attributes", MapOf(Text())),
                           Optional("Tags", TagListShape()), Refused("DataProtectionPolicy")}),
          .run = RunCreateTopic};
}

Operation DeleteTopic() {
  return {.name = "DeleteTopic",
          .role = api::Role::kManager,
          .input = Struct({Required("TopicArn", Text())}),
          .run = RunDeleteTopic};
}

Operation ListTopics() {
  return {
      .name = "ListTopics", .input = Struct({Optional("NextToken", Text())}), .run = RunListTopics};
}

Operation GetTopicAttributes() {
  return {.name = "GetTopicAttributes",
          .input = Struct({Required("TopicArn", Text())}),
          .run = RunGetTopicAttributes};
}

Operation SetTopicAttributes() {
  return {.name = "SetTopicAttributes",
          .role = api::Role::kManager,
          .input = Struct({Required("TopicArn", Text()), Required("AttributeName", Text()),
                           Optional("AttributeValue", Text())}),
          .run = RunSetTopicAttributes};
}

Operation TagResource() {
  return {
      .name = "TagResource",
      .role = api::Role::kManager,
      .input = Struct({Required("ResourceArn", Text(1, 1011)), Required("Tags", TagListShape())}),
      .run = RunTagResource};
}

Operation UntagResource() {
  return {.name = "UntagResource",
          .role = api::Role::kManager,
          .input = Struct(
              {Required("ResourceArn", Text(1, 1011)), Required("TagKeys", ListOf(Text(1, 128)))}),
          .run = RunUntagResource};
}

Operation ListTagsForResource() {
  return {.name = "ListTagsForResource",
          .input = Struct({Required("ResourceArn", Text(1, 1011))}),
          .run = RunListTagsForResource};
}

}  // namespace securebase::aws::sns
