#pragma once

// Topics and subscriptions, as SNS has them: who is told what is published (spec: cloudwatch-api
// 7).

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "documents/document_store.h"
#include "notify/delivery_queue.h"
#include "notify/topics/filter_policy.h"

namespace securebase::notify {

struct Topic {
  Account account;
  std::string arn;
  std::map<std::string, std::string> attributes;  // as set: DisplayName, Policy, DeliveryPolicy, ..
  std::map<std::string, std::string> tags;
  Instant created_at;
  std::int64_t deleted_subscriptions = 0;
};

struct Subscription {
  std::string topic_arn;
  std::string id;  // UUID; the ARN is the topic's, a colon and this
  std::string protocol;
  std::string endpoint;
  std::map<std::string, std::string> attributes;  // RawMessageDelivery, FilterPolicy, ..
  bool confirmed = false;
  bool authenticated_unsubscribe = false;
  std::string token;  // that confirms it; kept, since a confirmed one answers its ARN again
  Instant created_at;

  std::string arn() const { return topic_arn + ":" + id; }
  /// The ARN, or "PendingConfirmation".
  std::string shown_arn() const { return confirmed ? arn() : "PendingConfirmation"; }
};

struct PublishRequest {
  std::string topic_arn;
  std::optional<std::string> subject;
  std::string message;
  bool json_structure = false;  // MessageStructure=json
  MessageAttributes attributes;
  /// The same for every attempt of one message: a repeat is told to nobody twice. Empty: new.
  std::string idempotency_key;
};

/// Errors carry SNS's codes: InvalidParameter, NotFound, .. Thread-safe.
class TopicService {
 public:
  struct Dependencies {
    documents::DocumentStore& documents;
    DeliveryQueue& queue;
    const Clock& clock;
    Random& random;
    Account home;
    /// Accepts plain http and addresses of this machine (`--auth none`).
    bool allow_http = true;
  };
  explicit TopicService(Dependencies dependencies) : with_(std::move(dependencies)) {}
  /// Makes the tables that are missing: before any other call.
  Result<> Load();

  Result<std::string> CreateTopic(const Account& account, const std::string& name,
                                  const std::map<std::string, std::string>& attributes,
                                  const std::vector<std::pair<std::string, std::string>>& tags);
  Result<> DeleteTopic(const Account& account, const std::string& arn);
  Result<std::vector<Topic>> Topics(const Account& account) const;
  Result<Topic> GetTopic(const Account& account, const std::string& arn) const;
  /// The attributes as GetTopicAttributes shows them.
  Result<std::vector<std::pair<std::string, std::string>>> TopicAttributes(
      const Account& account, const std::string& arn) const;
  Result<> SetTopicAttribute(const Account& account, const std::string& arn,
                             const std::string& name, const std::string& value);
  Result<> SetTags(const Account& account, const std::string& arn,
                   const std::vector<std::pair<std::string, std::string>>& put,
                   const std::vector<std::string>& removed);

  Result<Subscription> Subscribe(const Account& account, const std::string& topic_arn,
                                 const std::string& protocol, const std::string& endpoint,
                                 const std::map<std::string, std::string>& attributes);
  /// By the token that the endpoint was sent. The topic's ARN says whose it is.
  Result<Subscription> Confirm(const std::string& topic_arn, const std::string& token,
                               bool authenticate_on_unsubscribe);
  /// Unknown subscriptions are no error. `authenticated`: the request was signed.
  Result<> Unsubscribe(const std::string& subscription_arn, bool authenticated);
  /// Of one topic, or of the account where `topic_arn` is empty; ascending by ARN.
  Result<std::vector<Subscription>> Subscriptions(const Account& account,
                                                  const std::string& topic_arn) const;
  Result<Subscription> GetSubscription(const Account& account, const std::string& arn) const;
  Result<std::vector<std::pair<std::string, std::string>>> SubscriptionAttributes(
      const Account& account, const std::string& arn) const;
  Result<> SetSubscriptionAttribute(const Account& account, const std::string& arn,
                                    const std::string& name, const std::string& value);

  /// Durable when it returns; the message's id.
  Result<std::string> Publish(const Account& account, const PublishRequest& request);

 private:
  Result<std::optional<Topic>> FindTopic(const std::string& arn) const;
  Result<std::optional<Subscription>> FindSubscription(const std::string& arn) const;
  Result<std::vector<Subscription>> Of(const std::string& topic_arn) const;
  Result<> Store(const Topic& topic);
  Result<> Store(const Subscription& subscription);
  Result<> SendConfirmation(const Subscription& subscription);

  const Dependencies with_;
  std::mutex write_mutex_;  // changes read and then write
};

/// Checks the form of a topic's ARN: wire code InvalidParameter, "Invalid parameter: TopicArn
/// Reason: ..". The account that it names.
Result<Account> AccountOfArn(const std::string& arn, const std::string& parameter);

}  // namespace securebase::notify
