#include "notify/topics/topic_codec.h"

namespace securebase::notify {
namespace {

using documents::Item;
using documents::StringAttribute;

documents::Value ToValue(const std::map<std::string, std::string>& texts) {
  Item map;
  for (const auto& [name, text] : texts) map[name] = text;
  return map;
}

std::map<std::string, std::string> TextsOf(const Item& item, std::string_view name) {
  std::map<std::string, std::string> texts;
  const auto found = item.find(name);
  if (found == item.end() || found->second.map() == nullptr) return texts;
  for (const auto& [key, value] : *found->second.map()) {
    if (value.string() != nullptr) texts[key] = *value.string();
  }
  return texts;
}

std::int64_t IntOf(const Item& item, std::string_view name) {
  const auto found = item.find(name);
  if (found == item.end() || found->second.number() == nullptr) return 0;
  return static_cast<std::int64_t>(found->second.number()->ToDouble());
}

bool BoolOf(const Item& item, std::string_view name) {
  const auto found = item.find(name);
  return found != item.end() && found->second.boolean() != nullptr && *found->second.boolean();
}

}  // namespace

Item ToItem(const Topic& topic) {
  return {{"arn", topic.arn},
          {"account_id", topic.account.id},
          {"region", topic.account.region},
          {"attributes", ToValue(topic.attributes)},
          {"tags", ToValue(topic.tags)},
          {"created_at", ToUnixMillis(topic.created_at)},
          {"deleted_subscriptions", topic.deleted_subscriptions}};
}

Topic TopicFromItem(const Item& item) {
  return {.account = {.id = StringAttribute(item, "account_id"),
                      .region = StringAttribute(item, "region")},
          .arn = StringAttribute(item, "arn"),
          .attributes = TextsOf(item, "attributes"),
          .tags = TextsOf(item, "tags"),
          .created_at = FromUnixMillis(IntOf(item, "created_at")),
          .deleted_subscriptions = IntOf(item, "deleted_subscriptions")};
}

Item ToItem(const Subscription& subscription) {
  return {{"topic", subscription.topic_arn},
          {"id", subscription.id},
          {"protocol", subscription.protocol},
          {"endpoint", subscription.endpoint},
          {"attributes", ToValue(subscription.attributes)},
          {"confirmed", subscription.confirmed},
          {"authenticated_unsubscribe", subscription.authenticated_unsubscribe},
          {"token", subscription.token},
          {"created_at", ToUnixMillis(subscription.created_at)}};
}

Subscription SubscriptionFromItem(const Item& item) {
  return {.topic_arn = StringAttribute(item, "topic"),
          .id = StringAttribute(item, "id"),
          .protocol = StringAttribute(item, "protocol"),
          .endpoint = StringAttribute(item, "endpoint"),
          .attributes = TextsOf(item, "attributes"),
          .confirmed = BoolOf(item, "confirmed"),
          .authenticated_unsubscribe = BoolOf(item, "authenticated_unsubscribe"),
          .token = StringAttribute(item, "token"),
          .created_at = FromUnixMillis(IntOf(item, "created_at"))};
}

}  // namespace securebase::notify
