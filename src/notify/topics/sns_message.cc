#include "notify/topics/sns_message.h"

#include <array>

#include "base/text.h"

namespace securebase::notify {
namespace {

constexpr std::array<std::string_view, 3> kTypes = {"Notification", "SubscriptionConfirmation",
                                                    "UnsubscribeConfirmation"};

std::string SubscribeUrl(const SnsMessage& message, const std::string& base) {
  return base + "/?Action=ConfirmSubscription&TopicArn=" + message.topic_arn +
         "&Token=" + message.token;
}

/// Name, line end, value, line end, in the order that SNS signs them.
std::string StringToSign(const SnsMessage& message, const std::string& timestamp,
                         const std::string& url) {
  std::string text;
  auto add = [&](std::string_view name, std::string_view value) {
    text.append(name).append("\n").append(value).append("\n");
  };
  add("Message", message.message);
  add("MessageId", message.message_id);
  const bool notification = message.type == SnsMessage::Type::kNotification;
  if (notification) {
    if (message.subject) add("Subject", *message.subject);
    add("Timestamp", timestamp);
  } else {
    add("SubscribeURL", url);
    add("Timestamp", timestamp);
    add("Token", message.token);
  }
  add("TopicArn", message.topic_arn);
  add("Type", ToText(message.type));
  return text;
}

json::Value AttributesJson(const MessageAttributes& attributes) {
  json::Object object;
  for (const auto& [name, attribute] : attributes) {
    object.emplace_back(name, json::Object{{"Type", attribute.type}, {"Value", attribute.value}});
  }
  return object;
}

}  // namespace

std::string_view ToText(SnsMessage::Type type) { return kTypes[static_cast<std::size_t>(type)]; }

json::Value ToPayload(const SnsMessage& message) {
  json::Object object{{"type", ToText(message.type)},
                      {"protocol", message.protocol},
                      {"endpoint", message.endpoint},
                      {"messageId", message.message_id},
                      {"topicArn", message.topic_arn},
                      {"subscriptionArn", message.subscription_arn},
                      {"message", message.message},
                      {"token", message.token},
                      {"timestamp", ToUnixMillis(message.timestamp)},
                      {"raw", message.raw},
                      {"signatureVersion", message.signature_version},
                      {"contentType", message.content_type},
                      {"attributes", AttributesJson(message.attributes)}};
  if (message.subject) object.emplace_back("subject", *message.subject);
  return object;
}

Result<SnsMessage> MessageFromPayload(std::string_view payload) {
  SB_TRY(const json::Value value, json::Parse(payload));
  auto text = [&](const char* name) {
    const json::Value* found = value.Find(name);
    return found != nullptr && found->IsString() ? found->AsString() : std::string();
  };
  SnsMessage message{.protocol = text("protocol"),
                     .endpoint = text("endpoint"),
                     .message_id = text("messageId"),
                     .topic_arn = text("topicArn"),
                     .subscription_arn = text("subscriptionArn"),
                     .message = text("message"),
                     .token = text("token"),
                     .signature_version = text("signatureVersion"),
                     .content_type = text("contentType")};
  for (std::size_t i = 0; i < kTypes.size(); ++i) {
    if (text("type") == kTypes[i]) message.type = static_cast<SnsMessage::Type>(i);
  }
  if (value.Find("subject") != nullptr) message.subject = text("subject");
  const json::Value* raw = value.Find("raw");
  message.raw = raw != nullptr && raw->IsBool() && raw->AsBool();
  const json::Value* timestamp = value.Find("timestamp");
  if (timestamp == nullptr || !timestamp->IsInt())
    return Internal("a stored message does not read");
  message.timestamp = FromUnixMillis(timestamp->AsInt());
  if (const json::Value* attributes = value.Find("attributes");
      attributes && attributes->IsObject()) {
    for (const auto& [name, attribute] : attributes->AsObject()) {
      const json::Value* type = attribute.Find("Type");
      const json::Value* content = attribute.Find("Value");
      if (type && content && type->IsString() && content->IsString()) {
        message.attributes[name] = {type->AsString(), content->AsString()};
      }
    }
  }
  return message;
}

std::string SnsJson(const SnsMessage& message, const Signer& signer, const std::string& base) {
  const bool notification = message.type == SnsMessage::Type::kNotification;
  const std::string timestamp = FormatIsoMillis(message.timestamp);
  const std::string url = SubscribeUrl(message, base);
  json::Object object{{"Type", ToText(message.type)}, {"MessageId", message.message_id}};
  if (!notification) object.emplace_back("Token", message.token);
  object.emplace_back("TopicArn", message.topic_arn);
  if (notification && message.subject) object.emplace_back("Subject", *message.subject);
  object.emplace_back("Message", message.message);
  if (!notification) object.emplace_back("SubscribeURL", url);
  object.emplace_back("Timestamp", timestamp);
  object.emplace_back("SignatureVersion", message.signature_version);
  object.emplace_back(
      "Signature", signer.Sign(StringToSign(message, timestamp, url), message.signature_version));
  object.emplace_back("SigningCertURL", base + signer.certificate_path());
  if (notification) {
    object.emplace_back("UnsubscribeURL",
                        base + "/?Action=Unsubscribe&SubscriptionArn=" + message.subscription_arn);
    if (!message.attributes.empty()) {
      object.emplace_back("MessageAttributes", AttributesJson(message.attributes));
    }
  }
  return json::WritePretty(object);
}

}  // namespace securebase::notify
