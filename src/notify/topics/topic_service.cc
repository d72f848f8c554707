#include "notify/topics/topic_service.h"

#include <algorithm>
#include <array>

#include "base/hash.h"
#include "base/text.h"
#include "notify/topics/attributes.h"
#include "notify/topics/delivery_policy.h"
#include "notify/topics/topic_codec.h"

namespace securebase::notify {
namespace {

constexpr const char* kTopics = "securebase.internal.topics";
constexpr const char* kSubscriptions = "securebase.internal.subscriptions";
constexpr std::size_t kNameMax = 256;
constexpr std::size_t kTagsMax = 50;
constexpr Duration kTokenLife = std::chrono::hours(72);

Error TopicNotFound() {
  return Error(ErrorCode::kNotFound, "Topic does not exist", "TopicArn", "NotFound");
}
Error SubscriptionNotFound() {
  return Error(ErrorCode::kNotFound, "Subscription does not exist", "SubscriptionArn", "NotFound");
}

bool IsTopicName(std::string_view name) {
  if (name.empty() || name.size() > kNameMax) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

Result<std::map<std::string, std::string>> TagsOf(
    const std::vector<std::pair<std::string, std::string>>& tags) {
  std::map<std::string, std::string> map;
  for (const auto& [key, value] : tags) {
    if (!map.emplace(key, value).second) {
      return InvalidParameter("Duplicated keys are not allowed.", "Tags");
    }
    if (key.empty() || key.size() > 128 || value.size() > 256) {
      return InvalidParameter("Tag Reason: a key has 1 to 128 characters, a value at most 256",
                              "Tags");
    }
  }
  if (map.size() > kTagsMax) {
    return Error(ErrorCode::kLimitExceeded,
                 "Could not complete request: tag quota of per resource exceeded", "Tags",
                 "TagLimitExceeded");
  }
  return map;
}

std::string DefaultPolicy(const Topic& topic) {
  return R"({"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID","Effect":"Allow","Principal":{"AWS":"*"},"Action":["SNS:GetTopicAttributes","SNS:SetTopicAttributes","SNS:AddPermission","SNS:RemovePermission","SNS:DeleteTopic","SNS:Subscribe","SNS:ListSubscriptionsByTopic","SNS:Publish"],"Resource":")" +
         topic.arn + R"(","Condition":{"StringEquals":{"AWS:SourceOwner":")" +
         OwnerOf(topic.account) + R"("}}}]})";
}

documents::Item SubscriptionKey(const std::string& topic_arn, const std::string& id) {
  return {{"topic", topic_arn}, {"id", id}};
}

/// Topic ARN and id of a subscription's ARN.
std::pair<std::string, std::string> SplitArn(const std::string& arn) {
  const std::size_t colon = arn.rfind(':');
  return {arn.substr(0, colon), arn.substr(colon + 1)};
}

}  // namespace

Result<> TopicService::Load() {
  auto create = [&](const char* name, const char* key,
                    std::optional<documents::KeyAttribute> sort) -> Result<> {
    documents::TableDescription table{.name = name,
                                      .id = with_.random.Uuid(),
                                      .partition_key = {.name = key},
                                      .sort_key = std::move(sort),
                                      .created_at = with_.clock.Now(),
                                      .product = true,
                                      .internal = true};
    SB_TRY_OK(with_.documents.CreateTable(with_.home, std::move(table)));
    return {};
  };
  SB_TRY_OK(create(kTopics, "arn", std::nullopt));
  return create(kSubscriptions, "topic", documents::KeyAttribute{.name = "id"});
}

Result<std::optional<Topic>> TopicService::FindTopic(const std::string& arn) const {
  SB_TRY(const auto found, with_.documents.Get(with_.home, kTopics, {{"arn", arn}}));
  if (!found) return std::optional<Topic>();
  return std::optional(TopicFromItem(found->item));
}

Result<std::optional<Subscription>> TopicService::FindSubscription(const std::string& arn) const {
  const auto [topic, id] = SplitArn(arn);
  if (topic.empty() || id.empty()) return std::optional<Subscription>();
  SB_TRY(const auto found,
         with_.documents.Get(with_.home, kSubscriptions, SubscriptionKey(topic, id)));
  if (!found) return std::optional<Subscription>();
  return std::optional(SubscriptionFromItem(found->item));
}

Result<> TopicService::Store(const Topic& topic) {
  return with_.documents.Put(with_.home, kTopics, ToItem(topic));
}

Result<> TopicService::Store(const Subscription& subscription) {
  return with_.documents.Put(with_.home, kSubscriptions, ToItem(subscription));
}

Result<std::string> TopicService::CreateTopic(
    const Account& account, const std::string& name,
    const std::map<std::string, std::string>& attributes,
    const std::vector<std::pair<std::string, std::string>>& tags) {
  if (name.ends_with(".fifo")) {
    return InvalidParameter("Topic Name Reason: fifo topics are not supported by this server",
                            "Name");
  }
  if (!IsTopicName(name)) return InvalidParameter("Topic Name", "Name");
  for (const auto& [attribute, value] : attributes) {
    SB_TRY_OK(CheckTopicAttribute(attribute, value, "Attributes Reason: "));
  }
  SB_TRY(const auto tag_map, TagsOf(tags));
  const std::string arn = "arn:aws:sns:" + account.region + ":" + OwnerOf(account) + ":" + name;
  const std::lock_guard lock(write_mutex_);
  SB_TRY(const std::optional<Topic> present, FindTopic(arn));
  if (present) {
    for (const auto& [attribute, value] : attributes) {
      const auto found = present->attributes.find(attribute);
      if ((found == present->attributes.end() ? "" : found->second) != value) {
        return InvalidParameter("Attributes Reason: Topic already exists with different attributes",
                                "Attributes");
      }
    }
    if (!tags.empty() && tag_map != present->tags) {
      return InvalidParameter("Tags Reason: Topic already exists with different tags", "Tags");
    }
    return arn;
  }
  SB_TRY_OK(Store(Topic{.account = account,
                        .arn = arn,
                        .attributes = attributes,
                        .tags = tag_map,
                        .created_at = with_.clock.Now()}));
  return arn;
}

Result<> TopicService::DeleteTopic(const Account& account, const std::string& arn) {
  SB_TRY(const Account owner, AccountOfArn(arn, "TopicArn"));
  const std::lock_guard lock(write_mutex_);
  SB_TRY(const std::optional<Topic> topic, FindTopic(arn));
  if (!topic || !(topic->account == account)) return {};
  SB_TRY(const std::vector<Subscription> subscriptions, Of(arn));
  std::vector<documents::Write> writes;
  auto remove = [](const documents::Item* present) -> Result<documents::Change> {
    if (present == nullptr) return documents::Change{};
    return documents::Change{.kind = documents::Change::Kind::kDelete};
  };
  writes.push_back({.table = kTopics, .key = {{"arn", arn}}, .mutation = remove});
  for (const Subscription& subscription : subscriptions) {
    writes.push_back({.table = kSubscriptions,
                      .key = SubscriptionKey(arn, subscription.id),
                      .mutation = remove});
  }
  SB_TRY_OK(with_.documents.Transact(with_.home, std::move(writes)));
  return {};
}

Result<std::vector<Topic>> TopicService::Topics(const Account& account) const {
  SB_TRY(const std::vector<documents::Item> items, with_.documents.All(with_.home, kTopics));
  std::vector<Topic> topics;
  for (const documents::Item& item : items) {
    Topic topic = TopicFromItem(item);
    if (topic.account == account) topics.push_back(std::move(topic));
  }
  std::sort(topics.begin(), topics.end(),
            [](const Topic& a, const Topic& b) { return a.arn < b.arn; });
  return topics;
}

Result<Topic> TopicService::GetTopic(const Account& account, const std::string& arn) const {
  SB_TRY(const Account owner, AccountOfArn(arn, "TopicArn"));
  if (owner.region != account.region) return InvalidParameter("TopicArn", "TopicArn");
  SB_TRY(std::optional<Topic> topic, FindTopic(arn));
  if (!topic || !(topic->account == account)) return TopicNotFound();
  return *std::move(topic);
}

Result<std::vector<std::pair<std::string, std::string>>> TopicService::TopicAttributes(
    const Account& account, const std::string& arn) const {
  SB_TRY(const Topic topic, GetTopic(account, arn));
  SB_TRY(const std::vector<Subscription> subscriptions, Of(arn));
  const auto confirmed = std::count_if(subscriptions.begin(), subscriptions.end(),
                                       [](const Subscription& s) { return s.confirmed; });
  auto attribute = [&](const char* name, std::string otherwise) {
    const auto found = topic.attributes.find(name);
    return found == topic.attributes.end() ? std::move(otherwise) : found->second;
  };
  SB_TRY(const DeliveryPolicy policy,
         DeliveryPolicy::ParseOfTopic(attribute("DeliveryPolicy", "")));
  std::vector<std::pair<std::string, std::string>> shown{
      {"TopicArn", arn},
      {"Owner", OwnerOf(topic.account)},
      {"DisplayName", attribute("DisplayName", "")},
      {"Policy", attribute("Policy", DefaultPolicy(topic))},
      {"EffectiveDeliveryPolicy", json::Write(policy.EffectiveOfTopic())},
      {"SubscriptionsConfirmed", std::to_string(confirmed)},
      {"SubscriptionsPending",
       std::to_string(static_cast<std::int64_t>(subscriptions.size()) - confirmed)},
      {"SubscriptionsDeleted", std::to_string(topic.deleted_subscriptions)}};
  for (const char* name : {"DeliveryPolicy", "SignatureVersion"}) {
    if (topic.attributes.contains(name)) shown.emplace_back(name, topic.attributes.at(name));
  }
  return shown;
}

Result<> TopicService::SetTopicAttribute(const Account& account, const std::string& arn,
                                         const std::string& name, const std::string& value) {
  const std::lock_guard lock(write_mutex_);
  SB_TRY(Topic topic, GetTopic(account, arn));
  SB_TRY_OK(CheckTopicAttribute(name, value, ""));
  if (value.empty()) {
    topic.attributes.erase(name);
  } else {
    topic.attributes[name] = value;
  }
  return Store(topic);
}

Result<> TopicService::SetTags(const Account& account, const std::string& arn,
                               const std::vector<std::pair<std::string, std::string>>& put,
                               const std::vector<std::string>& removed) {
  const std::lock_guard lock(write_mutex_);
  auto topic = GetTopic(account, arn);
  if (!topic.ok()) {
    if (topic.error().code() != ErrorCode::kNotFound) return topic.error();
    return Error(ErrorCode::kNotFound, "Resource does not exist", "ResourceArn",
                 "ResourceNotFound");
  }
  SB_TRY_OK(TagsOf(put));
  for (const auto& [key, value] : put) topic->tags[key] = value;
  for (const std::string& key : removed) topic->tags.erase(key);
  SB_TRY_OK(TagsOf({topic->tags.begin(), topic->tags.end()}));
  return Store(*topic);
}

Result<Subscription> TopicService::Subscribe(const Account& account, const std::string& topic_arn,
                                             const std::string& protocol,
                                             const std::string& endpoint,
                                             const std::map<std::string, std::string>& attributes) {
  SB_TRY_OK(CheckProtocol(protocol));
  SB_TRY_OK(CheckEndpoint(protocol, endpoint, with_.allow_http));
  const std::lock_guard lock(write_mutex_);
  SB_TRY(const Topic topic, GetTopic(account, topic_arn));
  for (const auto& [name, value] : attributes) {
    SB_TRY_OK(CheckSubscriptionAttribute(topic, attributes, name, value, "Attributes Reason: "));
  }
  SB_TRY(const std::vector<Subscription> present, Of(topic_arn));
  for (const Subscription& subscription : present) {
    if (subscription.protocol != protocol || subscription.endpoint != endpoint) continue;
    if (subscription.attributes != attributes) {
      return InvalidParameter(
          "Attributes Reason: Subscription already exists with different attributes", "Attributes");
    }
    if (!subscription.confirmed) SB_TRY_OK(SendConfirmation(subscription));
    return subscription;
  }
  const Subscription subscription{.topic_arn = topic_arn,
                                  .id = with_.random.Uuid(),
                                  .protocol = protocol,
                                  .endpoint = endpoint,
                                  .attributes = attributes,
                                  .token = with_.random.Hex(64),
                                  .created_at = with_.clock.Now()};
  SB_TRY_OK(Store(subscription));
  SB_TRY_OK(SendConfirmation(subscription));
  return subscription;
}

Result<Subscription> TopicService::Confirm(const std::string& topic_arn, const std::string& token,
                                           bool authenticate_on_unsubscribe) {
  if (!AccountOfArn(topic_arn, "TopicArn").ok()) return InvalidParameter("Topic", "TopicArn");
  const std::lock_guard lock(write_mutex_);
  SB_TRY(const std::optional<Topic> topic, FindTopic(topic_arn));
  if (!topic) return InvalidParameter("Topic", "TopicArn");
  if (token.empty()) return InvalidParameter("Token", "Token");
  SB_TRY(const std::vector<Subscription> subscriptions, Of(topic_arn));
  for (const Subscription& candidate : subscriptions) {
    if (!ConstantTimeEqual(candidate.token, token)) continue;
    Subscription subscription = candidate;
    if (subscription.confirmed) return subscription;
    if (with_.clock.Now() - subscription.created_at > kTokenLife) {
      return InvalidParameter("Token", "Token");
    }
    subscription.confirmed = true;
    subscription.authenticated_unsubscribe = authenticate_on_unsubscribe;
    SB_TRY_OK(Store(subscription));
    return subscription;
  }
  return InvalidParameter("Token", "Token");
}

Result<> TopicService::Unsubscribe(const std::string& arn, bool authenticated) {
  if (std::count(arn.begin(), arn.end(), ':') < 5) {
    return InvalidParameter("SubscriptionArn Reason: An ARN must have at least 6 elements, not " +
                                std::to_string(std::count(arn.begin(), arn.end(), ':') + 1),
                            "SubscriptionArn");
  }
  if (std::count(arn.begin(), arn.end(), ':') < 6) {
    return InvalidParameter("SubscriptionId", "SubscriptionArn");
  }
  const std::lock_guard lock(write_mutex_);
  SB_TRY(const std::optional<Subscription> subscription, FindSubscription(arn));
  if (!subscription) return {};
  if (subscription->authenticated_unsubscribe && !authenticated) {
    return Error(ErrorCode::kForbidden, "Unsubscribe of this subscription must be signed",
                 "SubscriptionArn", "AuthorizationError");
  }
  SB_TRY_OK(with_.documents.Delete(with_.home, kSubscriptions,
                                   SubscriptionKey(subscription->topic_arn, subscription->id)));
  SB_TRY(std::optional<Topic> topic, FindTopic(subscription->topic_arn));
  if (!topic) return {};
  ++topic->deleted_subscriptions;
  SB_TRY_OK(Store(*topic));
  if (!subscription->confirmed || !subscription->protocol.starts_with("http")) return {};
  return with_.queue.Add({ConfirmationDelivery(*topic, *subscription, false, with_.queue.NewId(),
                                               with_.random.Uuid(), with_.clock.Now())});
}

Result<> TopicService::SendConfirmation(const Subscription& subscription) {
  SB_TRY(const std::optional<Topic> topic, FindTopic(subscription.topic_arn));
  if (!topic) return TopicNotFound();
  return with_.queue.Add({ConfirmationDelivery(*topic, subscription, true, with_.queue.NewId(),
                                               with_.random.Uuid(), with_.clock.Now())});
}

// Those that nobody confirmed in time are gone.
Result<std::vector<Subscription>> TopicService::Of(const std::string& topic_arn) const {
  SB_TRY(const std::vector<documents::Item> items,
         with_.documents.All(with_.home, kSubscriptions, documents::Value(topic_arn)));
  std::vector<Subscription> subscriptions;
  for (const documents::Item& item : items) {
    Subscription subscription = SubscriptionFromItem(item);
    const bool expired =
        !subscription.confirmed && with_.clock.Now() - subscription.created_at > kTokenLife;
    if (!expired) subscriptions.push_back(std::move(subscription));
  }
  return subscriptions;
}

Result<std::vector<Subscription>> TopicService::Subscriptions(const Account& account,
                                                              const std::string& topic_arn) const {
  std::vector<Subscription> all;
  if (!topic_arn.empty()) {
    SB_TRY(const Topic topic, GetTopic(account, topic_arn));
    SB_TRY(all, Of(topic_arn));
  } else {
    SB_TRY(const std::vector<Topic> topics, Topics(account));
    for (const Topic& topic : topics) {
      SB_TRY(std::vector<Subscription> some, Of(topic.arn));
      all.insert(all.end(), std::make_move_iterator(some.begin()),
                 std::make_move_iterator(some.end()));
    }
  }
  std::sort(all.begin(), all.end(),
            [](const Subscription& a, const Subscription& b) { return a.arn() < b.arn(); });
  return all;
}

Result<Subscription> TopicService::GetSubscription(const Account& account,
                                                   const std::string& arn) const {
  SB_TRY(std::optional<Subscription> subscription, FindSubscription(arn));
  if (!subscription) return SubscriptionNotFound();
  SB_TRY(const std::optional<Topic> topic, FindTopic(subscription->topic_arn));
  if (!topic || !(topic->account == account)) return SubscriptionNotFound();
  return *std::move(subscription);
}

Result<std::vector<std::pair<std::string, std::string>>> TopicService::SubscriptionAttributes(
    const Account& account, const std::string& arn) const {
  SB_TRY(const Subscription subscription, GetSubscription(account, arn));
  SB_TRY(const Topic topic, GetTopic(account, subscription.topic_arn));
  auto yes = [](bool b) { return std::string(b ? "true" : "false"); };
  const std::string owner = OwnerOf(account);
  std::vector<std::pair<std::string, std::string>> shown{
      {"SubscriptionArn", arn},
      {"TopicArn", subscription.topic_arn},
      {"Protocol", subscription.protocol},
      {"Endpoint", subscription.endpoint},
      {"Owner", owner},
      {"SubscriptionPrincipal", "arn:aws:iam::" + owner + ":root"},
      {"ConfirmationWasAuthenticated", yes(subscription.authenticated_unsubscribe)},
      {"PendingConfirmation", yes(!subscription.confirmed)}};
  if (!subscription.attributes.contains("RawMessageDelivery")) {
    shown.emplace_back("RawMessageDelivery", "false");
  }
  for (const auto& [name, value] : subscription.attributes) shown.emplace_back(name, value);
  if (subscription.attributes.contains("FilterPolicy") &&
      !subscription.attributes.contains("FilterPolicyScope")) {
    shown.emplace_back("FilterPolicyScope", "MessageAttributes");
  }
  if (subscription.protocol.starts_with("http")) {
    SB_TRY(const DeliveryPolicy policy, PolicyOf(topic, subscription));
    shown.emplace_back("EffectiveDeliveryPolicy", json::Write(policy.EffectiveOfSubscription()));
  }
  return shown;
}

Result<> TopicService::SetSubscriptionAttribute(const Account& account, const std::string& arn,
                                                const std::string& name, const std::string& value) {
  const std::lock_guard lock(write_mutex_);
  SB_TRY(Subscription subscription, GetSubscription(account, arn));
  SB_TRY(const Topic topic, GetTopic(account, subscription.topic_arn));
  auto attributes = subscription.attributes;
  attributes[name] = value;
  SB_TRY_OK(CheckSubscriptionAttribute(topic, attributes, name, value, ""));
  if (value.empty()) {
    subscription.attributes.erase(name);
  } else {
    subscription.attributes = std::move(attributes);
  }
  return Store(subscription);
}

Result<std::string> TopicService::Publish(const Account& account, const PublishRequest& request) {
  SB_TRY_OK(CheckPublish(request));
  SB_TRY(const Topic topic, GetTopic(account, request.topic_arn));
  SB_TRY(const std::vector<Subscription> subscriptions, Of(topic.arn));
  const std::string message_id =
      request.idempotency_key.empty() ? with_.random.Uuid() : MessageIdOf(request.idempotency_key);
  std::vector<Delivery> deliveries;
  for (const Subscription& subscription : subscriptions) {
    if (!subscription.confirmed) continue;
    SB_TRY(const bool wanted, Wants(subscription, request));
    if (!wanted) continue;
    SB_TRY(Delivery delivery,
           NotificationDelivery(topic, subscription, request, message_id, with_.clock.Now()));
    deliveries.push_back(std::move(delivery));
  }
  SB_TRY_OK(with_.queue.Add(std::move(deliveries)));
  return message_id;
}

Result<Account> AccountOfArn(const std::string& arn, const std::string& parameter) {
  const auto parts = Split(arn, ':');
  if (parts.size() < 6) {
    return InvalidParameter(parameter + " Reason: An ARN must have at least 6 elements, not " +
                                std::to_string(parts.size()),
                            parameter);
  }
  const bool fits = parts[0] == "arn" && parts[2] == "sns" && parts.size() == 6 &&
                    IsTopicName(parts[5]) && !parts[3].empty();
  if (!fits) return InvalidParameter(parameter, parameter);
  return Account{.id = std::string(parts[4]), .region = std::string(parts[3])};
}

}  // namespace securebase::notify
