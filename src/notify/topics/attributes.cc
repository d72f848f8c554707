#include "notify/topics/attributes.h"

#include <algorithm>
#include <array>

#include "base/hash.h"
#include "base/text.h"
#include "notify/topics/sns_message.h"

namespace securebase::notify {
namespace {

constexpr std::size_t kMessageMax = 262'144;
constexpr std::size_t kSubjectMax = 100;

/// AWS's plan for mail: 2 attempts after 10 s, 10 rising from 10 s to 600 s, 38 after 600 s.
std::vector<Duration> MailDelays() {
  using std::chrono::seconds;
  std::vector<Duration> delays(2, seconds(10));
  double delay = 10;
  for (int i = 0; i < 10; ++i) {
    delays.emplace_back(static_cast<std::int64_t>(std::min(delay, 600.0) * 1'000));
    delay *= 1.5766;  // ten steps from 10 to 600
  }
  delays.insert(delays.end(), 38, seconds(600));
  return delays;
}

bool IsOneOf(const std::string& text, std::initializer_list<std::string_view> texts) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

Result<> CheckSubject(const std::optional<std::string>& subject) {
  if (!subject) return {};
  const bool fits =
      !subject->empty() && subject->size() <= kSubjectMax &&
      std::all_of(subject->begin(), subject->end(), [](char c) { return c >= ' ' && c < 127; }) &&
      subject->front() != ' ';
  if (!fits) return InvalidParameter("Subject", "Subject");
  return {};
}

Result<> CheckAttributeName(const std::string& name) {
  const bool letters = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
  if (name.empty() || name.size() > 256 || !letters || name.front() == '.' || name.back() == '.' ||
      name.find("..") != name.npos) {
    return InvalidParameter("The message attribute name '" + ToValidUtf8(name) + "' is not valid",
                            "MessageAttributes");
  }
  return {};
}

Result<> CheckAttributes(const MessageAttributes& attributes) {
  for (const auto& [name, attribute] : attributes) {
    SB_TRY_OK(CheckAttributeName(name));
    auto fault = [&, attribute_name = name](const std::string& text) {
      return Error(ErrorCode::kInvalidArgument,
                   "The message attribute '" + attribute_name + "' " + text, "MessageAttributes",
                   "ParameterValueInvalid");
    };
    const std::string base = attribute.type.substr(0, attribute.type.find('.'));
    if (!IsOneOf(base, {"String", "Number", "Binary"})) {
      return fault(
          "has an invalid message attribute type, the set of supported type prefixes is Binary, "
          "Number, and String.");
    }
    if (attribute.value.empty()) {
      return fault("must contain non-empty message attribute value for message attribute type '" +
                   attribute.type + "'.");
    }
    if (base == "Number" && !ParseDouble(attribute.value)) {
      return fault("has an invalid value: could not cast it to a number.");
    }
  }
  return {};
}

std::size_t SizeOf(const PublishRequest& request) {
  std::size_t size = request.message.size();
  for (const auto& [name, attribute] : request.attributes) {
    size += name.size() + attribute.type.size() + attribute.value.size();
  }
  return size;
}

/// With MessageStructure=json: the text for a protocol.
Result<std::string> MessageFor(const PublishRequest& request, const std::string& protocol) {
  if (!request.json_structure) return request.message;
  SB_TRY(const json::Value messages, json::Parse(request.message));
  const json::Value* own = messages.Find(protocol);
  if (own == nullptr || !own->IsString()) own = messages.Find("default");
  return own->AsString();
}

Delivery DeliveryOf(const Topic& topic, const Subscription& subscription, SnsMessage message,
                    std::string id, std::string title, Instant now) {
  const auto version = topic.attributes.find("SignatureVersion");
  message.protocol = subscription.protocol;
  message.endpoint = subscription.endpoint;
  message.topic_arn = topic.arn;
  message.subscription_arn = subscription.arn();
  message.timestamp = now;
  if (version != topic.attributes.end()) message.signature_version = version->second;
  return {.id = std::move(id),
          .account = topic.account,
          .channel = "sns",
          .target = subscription.endpoint,
          .order_key = topic.arn,
          .source = topic.arn,
          .title = std::move(title),
          .payload = json::Write(ToPayload(message)),
          .created_at = now};
}

}  // namespace

Error InvalidParameter(const std::string& text, std::string field) {
  return Error(ErrorCode::kInvalidArgument, "Invalid parameter: " + text, std::move(field),
               "InvalidParameter");
}

std::string OwnerOf(const Account& account) { return account.id.substr(0, account.id.find('/')); }

Result<> CheckTopicAttribute(const std::string& name, const std::string& value,
                             const std::string& reason) {
  auto fault = [&](const std::string& text) {
    return InvalidParameter(reason + text, reason.empty() ? "AttributeValue" : "Attributes");
  };
  if (name == "DisplayName") {
    if (value.size() > 100) return fault("DisplayName: must have at most 100 characters");
    return {};
  }
  if (name == "Policy") {
    if (!value.empty() && !json::Parse(value).ok()) return fault("Policy: failed to parse JSON");
    return {};
  }
  if (name == "DeliveryPolicy") {
    const auto policy = DeliveryPolicy::ParseOfTopic(value);
    if (!policy.ok()) return fault(policy.error().message());
    return {};
  }
  if (name == "SignatureVersion") {
    if (value != "1" && value != "2") return fault("SignatureVersion: must be 1 or 2");
    return {};
  }
  return InvalidParameter(
      reason.empty() ? "AttributeName" : reason + "Unknown attribute " + ToValidUtf8(name),
      "AttributeName");
}

Result<> CheckSubscriptionAttribute(const Topic& topic,
                                    const std::map<std::string, std::string>& all,
                                    const std::string& name, const std::string& value,
                                    const std::string& reason) {
  auto fault = [&](const std::string& text) {
    return InvalidParameter(reason + text, reason.empty() ? "AttributeValue" : "Attributes");
  };
  if (name == "RawMessageDelivery") {
    if (value != "true" && value != "false") {
      return fault("RawMessageDelivery: Invalid value [" + ToValidUtf8(value) +
                   "]. Must be true or false.");
    }
    return {};
  }
  if (name == "FilterPolicyScope") {
    if (value != "MessageAttributes" && value != "MessageBody") {
      return fault("FilterPolicyScope: Invalid value [" + ToValidUtf8(value) +
                   "]. Please use either MessageBody or MessageAttributes");
    }
    return {};
  }
  if (name == "FilterPolicy") {
    if (value.empty()) return {};
    const auto scope = all.find("FilterPolicyScope");
    const auto policy =
        FilterPolicy::Parse(value, scope != all.end() && scope->second == "MessageBody");
    if (policy.ok()) return {};
    return fault((policy.error().field().empty() ? "" : "FilterPolicy: ") +
                 policy.error().message());
  }
  if (name == "DeliveryPolicy") {
    const auto of_topic = topic.attributes.find("DeliveryPolicy");
    SB_TRY(
        const DeliveryPolicy base,
        DeliveryPolicy::ParseOfTopic(of_topic == topic.attributes.end() ? "" : of_topic->second));
    const auto policy = base.WithSubscription(value);
    if (!policy.ok()) return fault(policy.error().message());
    return {};
  }
  if (name == "RedrivePolicy" || name == "SubscriptionRoleArn" || name == "ReplayPolicy") {
    return fault(name + " is not supported by this server");
  }
  return InvalidParameter(reason.empty() ? "AttributeName" : reason + "Unknown attribute",
                          "AttributeName");
}

Result<> CheckProtocol(const std::string& protocol) {
  if (IsOneOf(protocol, {"http", "https", "email", "email-json"})) return {};
  if (IsOneOf(protocol, {"sqs", "lambda", "sms", "application", "firehose"})) {
    return InvalidParameter("Protocol Reason: " + protocol + " is not supported by this server",
                            "Protocol");
  }
  return InvalidParameter(
      "Amazon SNS does not support this protocol string: " + ToValidUtf8(protocol), "Protocol");
}

Result<> CheckEndpoint(const std::string& protocol, const std::string& endpoint, bool allow_http) {
  if (endpoint.size() > 2'048 || ContainsControlCharacter(endpoint)) {
    return InvalidParameter("Endpoint", "Endpoint");
  }
  if (protocol.starts_with("email")) {
    const std::size_t at = endpoint.find('@');
    if (at == 0 || at == endpoint.npos || at + 1 == endpoint.size() ||
        endpoint.find_first_of(" <>,;") != endpoint.npos) {
      return InvalidParameter("Email address", "Endpoint");
    }
    return {};
  }
  if (!endpoint.starts_with(protocol + "://") || endpoint.size() <= protocol.size() + 3) {
    return InvalidParameter("Endpoint must match the specified protocol", "Endpoint");
  }
  if (protocol == "http" && !allow_http) {
    return InvalidParameter("Endpoint Reason: plain http is not allowed by the configuration",
                            "Endpoint");
  }
  return {};
}

Result<> CheckPublish(const PublishRequest& request) {
  if (request.message.empty()) return InvalidParameter("Empty message", "Message");
  if (SizeOf(request) > kMessageMax) return InvalidParameter("Message too long", "Message");
  SB_TRY_OK(CheckSubject(request.subject));
  SB_TRY_OK(CheckAttributes(request.attributes));
  if (!request.json_structure) return {};
  const auto messages = json::Parse(request.message);
  if (!messages.ok() || !messages->IsObject()) {
    return InvalidParameter("Message Structure - JSON message body failed to parse", "Message");
  }
  const json::Value* fallback = messages->Find("default");
  if (fallback == nullptr || !fallback->IsString()) {
    return InvalidParameter("Message Structure - No default entry in JSON message body", "Message");
  }
  return {};
}

Result<DeliveryPolicy> PolicyOf(const Topic& topic, const Subscription& subscription) {
  auto text = [](const std::map<std::string, std::string>& attributes) {
    const auto found = attributes.find("DeliveryPolicy");
    return found == attributes.end() ? std::string() : found->second;
  };
  SB_TRY(const DeliveryPolicy of_topic, DeliveryPolicy::ParseOfTopic(text(topic.attributes)));
  return of_topic.WithSubscription(text(subscription.attributes));
}

Result<bool> Wants(const Subscription& subscription, const PublishRequest& request) {
  const auto policy = subscription.attributes.find("FilterPolicy");
  if (policy == subscription.attributes.end() || policy->second.empty()) return true;
  const auto scope = subscription.attributes.find("FilterPolicyScope");
  const bool of_body = scope != subscription.attributes.end() && scope->second == "MessageBody";
  SB_TRY(const FilterPolicy filter, FilterPolicy::Parse(policy->second, of_body));
  if (!of_body) return filter.MatchesAttributes(request.attributes);
  SB_TRY(const std::string message, MessageFor(request, subscription.protocol));
  return filter.MatchesBody(message);
}

std::string MessageIdOf(const std::string& idempotency_key) {
  std::string hex = Sha256Hex(idempotency_key).substr(0, 32);
  hex[12] = '5';  // a name-based UUID
  hex[16] = 'a';
  for (const std::size_t at : {20u, 16u, 12u, 8u}) hex.insert(at, "-");
  return hex;
}

Delivery ConfirmationDelivery(const Topic& topic, const Subscription& subscription, bool subscribe,
                              std::string delivery_id, std::string message_id, Instant now) {
  SnsMessage message{.type = subscribe ? SnsMessage::Type::kSubscriptionConfirmation
                                       : SnsMessage::Type::kUnsubscribeConfirmation,
                     .message_id = std::move(message_id),
                     .token = subscription.token};
  message.message =
      subscribe
          ? "You have chosen to subscribe to the topic " + topic.arn +
                ".\nTo confirm the subscription, visit the SubscribeURL included in this message."
          : "You have chosen to deactivate subscription " + subscription.arn() +
                ".\nTo cancel this operation and restore the subscription, visit the "
                "SubscribeURL included in this message.";
  Delivery delivery =
      DeliveryOf(topic, subscription, std::move(message), std::move(delivery_id),
                 subscribe ? "Subscription Confirmation" : "Unsubscribe Confirmation", now);
  const auto policy = PolicyOf(topic, subscription);
  delivery.delays =
      subscription.protocol.starts_with("http") && policy.ok() ? policy->Delays() : MailDelays();
  return delivery;
}

Result<Delivery> NotificationDelivery(const Topic& topic, const Subscription& subscription,
                                      const PublishRequest& request, const std::string& message_id,
                                      Instant now) {
  SnsMessage message{
      .message_id = message_id, .subject = request.subject, .attributes = request.attributes};
  SB_TRY(message.message, MessageFor(request, subscription.protocol));
  const auto raw = subscription.attributes.find("RawMessageDelivery");
  message.raw = raw != subscription.attributes.end() && raw->second == "true";
  SB_TRY(const DeliveryPolicy policy, PolicyOf(topic, subscription));
  message.content_type = policy.content_type;
  // One a message and subscription: publishing it again is the same delivery.
  const std::string id = "dlv-" + message_id + "-" + subscription.id;
  Delivery delivery = DeliveryOf(topic, subscription, std::move(message), id,
                                 request.subject.value_or("Notification"), now);
  delivery.delays = subscription.protocol.starts_with("http") ? policy.Delays() : MailDelays();
  // numRetries 0: one attempt, then the end.
  if (delivery.delays.empty()) delivery.attempts_max = 1;
  return delivery;
}

}  // namespace securebase::notify
