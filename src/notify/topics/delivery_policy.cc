#include "notify/topics/delivery_policy.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace securebase::notify {
namespace {

constexpr int kRetriesMax = 100;
constexpr int kDelayMax = 3'600;

Error Fault(const std::string& message) {
  return InvalidArgument("DeliveryPolicy", "DeliveryPolicy: " + message);
}

Result<> ReadInt(const json::Value& object, const char* name, int& value) {
  const json::Value* found = object.Find(name);
  if (found == nullptr || found->IsNull()) return {};
  if (!found->IsInt() || found->AsInt() < 0 || found->AsInt() > kDelayMax) {
    return Fault(std::string(name) + " must be an integer of 0 to 3600");
  }
  value = static_cast<int>(found->AsInt());
  return {};
}

Result<> CheckMembers(const json::Value& object, std::initializer_list<std::string_view> known) {
  if (!object.IsObject()) return Fault("must be a JSON object");
  for (const auto& [name, value] : object.AsObject()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return Fault("Unknown element \"" + name + "\"");
    }
  }
  return {};
}

Result<> ReadRetry(const json::Value& retry, DeliveryPolicy& policy) {
  SB_TRY_OK(
      CheckMembers(retry, {"minDelayTarget", "maxDelayTarget", "numRetries", "numNoDelayRetries",
                           "numMinDelayRetries", "numMaxDelayRetries", "backoffFunction"}));
  SB_TRY_OK(ReadInt(retry, "minDelayTarget", policy.min_delay_s));
  SB_TRY_OK(ReadInt(retry, "maxDelayTarget", policy.max_delay_s));
  SB_TRY_OK(ReadInt(retry, "numRetries", policy.retries));
  SB_TRY_OK(ReadInt(retry, "numNoDelayRetries", policy.no_delay_retries));
  SB_TRY_OK(ReadInt(retry, "numMinDelayRetries", policy.min_delay_retries));
  SB_TRY_OK(ReadInt(retry, "numMaxDelayRetries", policy.max_delay_retries));
  if (const json::Value* backoff = retry.Find("backoffFunction")) {
    const std::string name = backoff->IsString() ? backoff->AsString() : "";
    if (name != "linear" && name != "arithmetic" && name != "geometric" && name != "exponential") {
      return Fault("backoffFunction must be linear, arithmetic, geometric or exponential");
    }
    policy.backoff = name;
  }
  return {};
}

Result<> Check(const DeliveryPolicy& policy) {
  if (policy.min_delay_s < 1) return Fault("minDelayTarget must be at least 1");
  if (policy.max_delay_s < policy.min_delay_s) {
    return Fault("maxDelayTarget must be greater than or equal to minDelayTarget");
  }
  if (policy.retries > kRetriesMax) return Fault("numRetries must be at most 100");
  if (policy.no_delay_retries + policy.min_delay_retries + policy.max_delay_retries >
      policy.retries) {
    return Fault("numRetries must be at least the sum of the phases' retries");
  }
  const std::vector<Duration> delays = policy.Delays();
  const Duration total = std::accumulate(delays.begin(), delays.end(), Duration(0));
  if (total > std::chrono::seconds(kDelayMax)) {
    return Fault("the retries must end within 3600 seconds");
  }
  return {};
}

Result<> ReadRequestPolicy(const json::Value* request, DeliveryPolicy& policy) {
  if (request == nullptr) return {};
  SB_TRY_OK(CheckMembers(*request, {"headerContentType"}));
  const json::Value* type = request->Find("headerContentType");
  if (type != nullptr && type->IsString()) policy.content_type = type->AsString();
  return {};
}

json::Value RetryJson(const DeliveryPolicy& policy) {
  return json::Object{{"minDelayTarget", policy.min_delay_s},
                      {"maxDelayTarget", policy.max_delay_s},
                      {"numRetries", policy.retries},
                      {"numMaxDelayRetries", policy.max_delay_retries},
                      {"numNoDelayRetries", policy.no_delay_retries},
                      {"numMinDelayRetries", policy.min_delay_retries},
                      {"backoffFunction", policy.backoff}};
}

/// Delay k of n between the bounds.
double Backoff(const DeliveryPolicy& policy, int k, int n) {
  const double low = policy.min_delay_s, high = policy.max_delay_s;
  if (n <= 1 || low == high) return low;
  const double share = static_cast<double>(k) / (n - 1);
  if (policy.backoff == "arithmetic") return low + (high - low) * share * (k + 1.0) / n;
  if (policy.backoff == "geometric") return low * std::pow(high / low, share);
  if (policy.backoff == "exponential") return std::min(high, low * std::pow(2.0, k));
  return low + (high - low) * share;
}

}  // namespace

Result<DeliveryPolicy> DeliveryPolicy::ParseOfTopic(std::string_view text) {
  DeliveryPolicy policy;
  if (text.empty()) return policy;
  const auto document = json::Parse(text);
  if (!document.ok()) return Fault("failed to parse JSON. " + document.error().message());
  SB_TRY_OK(CheckMembers(*document, {"http"}));
  const json::Value* http = document->Find("http");
  if (http == nullptr) return policy;
  SB_TRY_OK(CheckMembers(*http, {"defaultHealthyRetryPolicy", "disableSubscriptionOverrides",
                                 "defaultRequestPolicy"}));
  if (const json::Value* retry = http->Find("defaultHealthyRetryPolicy")) {
    SB_TRY_OK(ReadRetry(*retry, policy));
  }
  if (const json::Value* disable = http->Find("disableSubscriptionOverrides")) {
    policy.disable_subscription_overrides = disable->IsBool() && disable->AsBool();
  }
  SB_TRY_OK(ReadRequestPolicy(http->Find("defaultRequestPolicy"), policy));
  SB_TRY_OK(Check(policy));
  return policy;
}

Result<DeliveryPolicy> DeliveryPolicy::WithSubscription(std::string_view text) const {
  if (text.empty()) return *this;
  DeliveryPolicy policy = *this;
  const auto document = json::Parse(text);
  if (!document.ok()) return Fault("failed to parse JSON. " + document.error().message());
  SB_TRY_OK(CheckMembers(*document, {"healthyRetryPolicy", "requestPolicy"}));
  const json::Value* retry = document->Find("healthyRetryPolicy");
  if (retry != nullptr && !retry->IsNull()) SB_TRY_OK(ReadRetry(*retry, policy));
  SB_TRY_OK(ReadRequestPolicy(document->Find("requestPolicy"), policy));
  SB_TRY_OK(Check(policy));
  return disable_subscription_overrides ? *this : policy;
}

std::vector<Duration> DeliveryPolicy::Delays() const {
  std::vector<Duration> delays;
  auto add = [&](double seconds) {
    delays.emplace_back(static_cast<std::int64_t>(seconds * 1'000));
  };
  for (int i = 0; i < no_delay_retries; ++i) add(0);
  for (int i = 0; i < min_delay_retries; ++i) add(min_delay_s);
  const int backoffs =
      std::max(0, retries - no_delay_retries - min_delay_retries - max_delay_retries);
  for (int i = 0; i < backoffs; ++i) add(Backoff(*this, i, backoffs));
  for (int i = 0; i < max_delay_retries; ++i) add(max_delay_s);
  return delays;
}

json::Value DeliveryPolicy::EffectiveOfTopic() const {
  return json::Object{
      {"http",
       json::Object{{"defaultHealthyRetryPolicy", RetryJson(*this)},
                    {"disableSubscriptionOverrides", disable_subscription_overrides},
                    {"defaultRequestPolicy", json::Object{{"headerContentType", content_type}}}}}};
}

json::Value DeliveryPolicy::EffectiveOfSubscription() const {
  return json::Object{{"healthyRetryPolicy", RetryJson(*this)},
                      {"sicklyRetryPolicy", nullptr},
                      {"throttlePolicy", nullptr},
                      {"requestPolicy", json::Object{{"headerContentType", content_type}}},
                      {"guaranteed", false}};
}

}  // namespace securebase::notify
