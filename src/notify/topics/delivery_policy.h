#pragma once

// SNS delivery policies of http and https subscriptions (spec: cloudwatch-api 7.1).

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace securebase::notify {

struct DeliveryPolicy {
  int min_delay_s = 20;
  int max_delay_s = 20;
  int retries = 3;
  int no_delay_retries = 0;
  int min_delay_retries = 0;
  int max_delay_retries = 0;
  std::string backoff = "linear";
  std::string content_type = "text/plain; charset=UTF-8";
  bool disable_subscription_overrides = false;

  /// Of a topic ({"http": {"defaultHealthyRetryPolicy": ..}}) or a subscription
  /// ({"healthyRetryPolicy": ..}). Errors: kInvalidArgument, message as after "Invalid parameter:
  /// ".
  static Result<DeliveryPolicy> ParseOfTopic(std::string_view text);
  Result<DeliveryPolicy> WithSubscription(std::string_view text) const;

  /// The waits after each failed attempt.
  std::vector<Duration> Delays() const;
  /// As EffectiveDeliveryPolicy shows it.
  json::Value EffectiveOfTopic() const;
  json::Value EffectiveOfSubscription() const;
};

}  // namespace securebase::notify
