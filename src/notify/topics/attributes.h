#pragma once

// What may be said of topics, subscriptions and messages, and the deliveries that follow.

#include <map>
#include <string>

#include "notify/topics/delivery_policy.h"
#include "notify/topics/topic_service.h"

namespace securebase::notify {

/// Wire code InvalidParameter, "Invalid parameter: " and the text.
Error InvalidParameter(const std::string& text, std::string field);

/// The 12 digits of an account, also of a customer's own (ACCOUNT/CUSTOMER).
std::string OwnerOf(const Account& account);

/// `reason` stands between "Invalid parameter: " and the fault: "Attributes Reason: " or nothing.
Result<> CheckTopicAttribute(const std::string& name, const std::string& value,
                             const std::string& reason);
/// `all`: every attribute as it would be, since the scope decides how a filter policy reads.
Result<> CheckSubscriptionAttribute(const Topic& topic,
                                    const std::map<std::string, std::string>& all,
                                    const std::string& name, const std::string& value,
                                    const std::string& reason);
Result<> CheckProtocol(const std::string& protocol);
Result<> CheckEndpoint(const std::string& protocol, const std::string& endpoint, bool allow_http);
Result<> CheckPublish(const PublishRequest& request);

/// The retry policy in force for a subscription.
Result<DeliveryPolicy> PolicyOf(const Topic& topic, const Subscription& subscription);
/// Whether the subscription's filter policy lets the message through.
Result<bool> Wants(const Subscription& subscription, const PublishRequest& request);
/// The message's UUID, the same for equal keys.
std::string MessageIdOf(const std::string& idempotency_key);

Delivery ConfirmationDelivery(const Topic& topic, const Subscription& subscription, bool subscribe,
                              std::string delivery_id, std::string message_id, Instant now);
Result<Delivery> NotificationDelivery(const Topic& topic, const Subscription& subscription,
                                      const PublishRequest& request, const std::string& message_id,
                                      Instant now);

}  // namespace securebase::notify
