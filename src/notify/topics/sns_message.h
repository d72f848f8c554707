#pragma once

// What a topic sends to an endpoint: the JSON of SNS and its signature (spec: notifications 7).

#include <optional>
#include <string>

#include "base/json.h"
#include "notify/topics/filter_policy.h"
#include "notify/topics/signer.h"

namespace securebase::notify {

/// A message to one subscription; also the payload of its delivery.
struct SnsMessage {
  enum class Type { kNotification, kSubscriptionConfirmation, kUnsubscribeConfirmation };
  Type type = Type::kNotification;
  std::string protocol;  // "http", "https", "email", "email-json"
  std::string endpoint;
  std::string message_id;
  std::string topic_arn;
  std::string subscription_arn;
  std::optional<std::string> subject;
  std::string message;
  std::string token;  // of confirmations
  MessageAttributes attributes;
  Instant timestamp;
  bool raw = false;
  std::string signature_version = "2";
  std::string content_type;
};
/// "Notification", ..
std::string_view ToText(SnsMessage::Type type);

json::Value ToPayload(const SnsMessage& message);
Result<SnsMessage> MessageFromPayload(std::string_view payload);

/// The signed JSON; links begin with `base`.
std::string SnsJson(const SnsMessage& message, const Signer& signer, const std::string& base);

}  // namespace securebase::notify
