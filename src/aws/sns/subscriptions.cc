// Subscriptions (spec: cloudwatch-api 7).

#include "aws/sns/common.h"
#include "aws/sns/operations.h"

namespace securebase::aws::sns {
namespace {

Value Shown(const CallContext& context, const notify::Subscription& subscription) {
  return Value::MakeStruct({{"SubscriptionArn", subscription.shown_arn()},
                            {"Owner", context.account_number()},
                            {"Protocol", subscription.protocol},
                            {"Endpoint", subscription.endpoint},
                            {"TopicArn", subscription.topic_arn}});
}

Result<Value> RunSubscribe(const Value& request, CallContext& context) {
  SB_TRY(notify::TopicService* const topics, TopicsOf(context));
  SB_TRY(const notify::Subscription subscription,
         topics->Subscribe(context.account, *request.Text("TopicArn"), *request.Text("Protocol"),
                           request.TextOr("Endpoint", ""), TextsOf(request, "Attributes")));
  const bool arn = subscription.confirmed || request.Bool("ReturnSubscriptionArn", false);
  return Value::MakeStruct(
      {{"SubscriptionArn", arn ? subscription.arn() : "pending confirmation"}});
}

Result<Value> RunConfirmSubscription(const Value& request, CallContext& context) {
  SB_TRY(notify::TopicService* const topics, TopicsOf(context));
  SB_TRY(const notify::Subscription subscription,
         topics->Confirm(*request.Text("TopicArn"), *request.Text("Token"),
                         request.TextOr("AuthenticateOnUnsubscribe", "false") == "true"));
  return Value::MakeStruct({{"SubscriptionArn", subscription.arn()}});
}

Result<Value> RunUnsubscribe(const Value& request, CallContext& context) {
  SB_TRY(notify::TopicService* const topics, TopicsOf(context));
  SB_TRY_OK(topics->Unsubscribe(*request.Text("SubscriptionArn"), !context.unsigned_link));
  return Value();
}

Result<Value> List(const Value& request, CallContext& context, std::string_view question,
                   const std::string& topic_arn) {
  SB_TRY(notify::TopicService* const topics, TopicsOf(context));
  SB_TRY(const std::vector<notify::Subscription> all,
         topics->Subscriptions(context.account, topic_arn));
  std::vector<std::string> arns;
  for (const notify::Subscription& subscription : all) arns.push_back(subscription.arn());
  std::string next;
  SB_TRY(const PageRange page,
         PageOf(arns, request, context, std::string(question) + topic_arn, next));
  Value::List shown;
  for (std::size_t i = page.first; i < page.end; ++i) shown.push_back(Shown(context, all[i]));
  Value answer = Value::MakeStruct({{"Subscriptions", Value(std::move(shown))}});
  if (!next.empty()) answer.Set("NextToken", next);
  return answer;
}

Result<Value> RunListSubscriptions(const Value& request, CallContext& context) {
  return List(request, context, "ListSubscriptions", "");
}

Result<Value> RunListSubscriptionsByTopic(const Value& request, CallContext& context) {
  return List(request, context, "ListSubscriptionsByTopic", *request.Text("TopicArn"));
}

Result<Value> RunGetSubscriptionAttributes(const Value& request, CallContext& context) {
  SB_TRY(notify::TopicService* const topics, TopicsOf(context));
  SB_TRY(const auto attributes,
         topics->SubscriptionAttributes(context.account, *request.Text("SubscriptionArn")));
  return Value::MakeStruct({{"Attributes", MapValue(attributes)}});
}

Result<Value> RunSetSubscriptionAttributes(const Value& request, CallContext& context) {
  SB_TRY(notify::TopicService* const topics, TopicsOf(context));
  SB_TRY_OK(topics->SetSubscriptionAttribute(context.account, *request.Text("SubscriptionArn"),
                                             *request.Text("AttributeName"),
                                             request.TextOr("AttributeValue", "")));
  return Value();
}

}  // namespace

Operation Subscribe() {
  return {.name = "Subscribe",
          .role = api::Role::kManager,
          .input = Struct({Required("TopicArn", Text()), Required("Protocol", Text()),
                           Optional("Endpoint", Text()), Optional("Attributes", MapOf(Text())),
                           Optional("ReturnSubscriptionArn", Bool())}),
          .run = RunSubscribe};
}

// By the token alone: a link in a message is not signed.
Operation ConfirmSubscription() {
  return {.name = "ConfirmSubscription",
          .input = Struct({Required("TopicArn", Text()), Required("Token", Text()),
                           Optional("AuthenticateOnUnsubscribe", Text())}),
          .run = RunConfirmSubscription};
}

Operation Unsubscribe() {
  return {.name = "Unsubscribe",
          .input = Struct({Required("SubscriptionArn", Text())}),
          .run = RunUnsubscribe};
}

Operation ListSubscriptions() {
  return {.name = "ListSubscriptions",
          .input = Struct({Optional("NextToken", Text())}),
          .run = RunListSubscriptions};
}

Operation ListSubscriptionsByTopic() {
  return {.name = "ListSubscriptionsByTopic",
          .input = Struct({Required("TopicArn", Text()), Optional("NextToken", Text())}),
          .run = RunListSubscriptionsByTopic};
}

Operation GetSubscriptionAttributes() {
  return {.name = "GetSubscriptionAttributes",
          .input = Struct({Required("SubscriptionArn", Text())}),
          .run = RunGetSubscriptionAttributes};
}

Operation SetSubscriptionAttributes() {
  return {.name = "SetSubscriptionAttributes",
          .role = api::Role::kManager,
          .input = Struct({Required("SubscriptionArn", Text()), Required("AttributeName", Text()),
                           Optional("AttributeValue", Text())}),
          .run = RunSetSubscriptionAttributes};
}

}  // namespace securebase::aws::sns
