#include "notify/delivery.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace securebase::notify {
namespace {

using documents::Item;
using documents::StringAttribute;

constexpr std::array<std::string_view, 6> kStates = {"pending", "success",    "failed",
                                                     "bounced", "suppressed", "expired"};

std::int64_t IntAttribute(const Item& item, std::string_view name) {
  const auto found = item.find(name);
  const documents::Number* number = found == item.end() ? nullptr : found->second.number();
  return number == nullptr ? 0 : static_cast<std::int64_t>(number->ToDouble());
}

Instant TimeAttribute(const Item& item, std::string_view name) {
  return FromUnixMillis(IntAttribute(item, name));
}

documents::Value ToValue(const Attempt& attempt) {
  return Item{{"number", static_cast<std::int64_t>(attempt.number)},
              {"at", ToUnixMillis(attempt.started_at)},
              {"took", attempt.took.count()},
              {"status", static_cast<std::int64_t>(attempt.status)},
              {"outcome", attempt.outcome},
              {"detail", attempt.detail}};
}

Attempt AttemptFrom(const Item& item) {
  return {.number = static_cast<int>(IntAttribute(item, "number")),
          .started_at = TimeAttribute(item, "at"),
          .took = Duration(IntAttribute(item, "took")),
          .status = static_cast<int>(IntAttribute(item, "status")),
          .outcome = StringAttribute(item, "outcome"),
          .detail = StringAttribute(item, "detail")};
}

}  // namespace

std::string_view ToText(DeliveryState state) { return kStates[static_cast<std::size_t>(state)]; }

Item ToItem(const Delivery& delivery) {
  documents::List attempts, delays;
  for (const Attempt& attempt : delivery.attempts) attempts.push_back(ToValue(attempt));
  for (const Duration delay : delivery.delays) delays.push_back(delay.count());
  Item item{{"id", delivery.id},
            {"account_id", delivery.account.id},
            {"region", delivery.account.region},
            {"channel", delivery.channel},
            {"target", delivery.target},
            {"order_key", delivery.order_key},
            {"source", delivery.source},
            {"title", delivery.title},
            {"payload", delivery.payload},
            {"delays", std::move(delays)},
            {"attempts_max", static_cast<std::int64_t>(delivery.attempts_max)},
            {"state", ToText(delivery.state)},
            {"created_at", ToUnixMillis(delivery.created_at)},
            {"next_try", ToUnixMillis(delivery.next_try)},
            {"attempt_count", static_cast<std::int64_t>(delivery.attempt_count)},
            {"attempts", std::move(attempts)}};
  if (delivery.ended_at) item["ended_at"] = ToUnixMillis(*delivery.ended_at);
  return item;
}

Result<Delivery> DeliveryFromItem(const Item& item) {
  Delivery delivery{
      .id = StringAttribute(item, "id"),
      .account = {.id = StringAttribute(item, "account_id"),
                  .region = StringAttribute(item, "region")},
      .channel = StringAttribute(item, "channel"),
      .target = StringAttribute(item, "target"),
      .order_key = StringAttribute(item, "order_key"),
      .source = StringAttribute(item, "source"),
      .title = StringAttribute(item, "title"),
      .payload = StringAttribute(item, "payload"),
      .attempts_max = static_cast<int>(IntAttribute(item, "attempts_max")),
      .created_at = TimeAttribute(item, "created_at"),
      .next_try = TimeAttribute(item, "next_try"),
      .attempt_count = static_cast<int>(IntAttribute(item, "attempt_count")),
  };
  const std::string state = StringAttribute(item, "state");
  const auto known = std::find(kStates.begin(), kStates.end(), state);
  if (delivery.id.empty() || known == kStates.end()) {
    return Internal("a stored delivery does not read: " + delivery.id);
  }
  delivery.state = static_cast<DeliveryState>(known - kStates.begin());
  if (item.contains("ended_at")) delivery.ended_at = TimeAttribute(item, "ended_at");
  if (const auto found = item.find("delays"); found != item.end() && found->second.list()) {
    for (const documents::Value& delay : *found->second.list()) {
      if (delay.number() == nullptr) continue;
      delivery.delays.emplace_back(static_cast<std::int64_t>(delay.number()->ToDouble()));
    }
  }
  if (const auto found = item.find("attempts"); found != item.end() && found->second.list()) {
    for (const documents::Value& attempt : *found->second.list()) {
      if (attempt.map() != nullptr) delivery.attempts.push_back(AttemptFrom(*attempt.map()));
    }
  }
  return delivery;
}

json::Value ToJson(const Delivery& delivery) {
  json::Array attempts;
  for (const Attempt& attempt : delivery.attempts) {
    attempts.push_back(json::Object{{"number", attempt.number},
                                    {"startedAt", FormatIsoMillis(attempt.started_at)},
                                    {"durationMs", attempt.took.count()},
                                    {"status", attempt.status},
                                    {"outcome", attempt.outcome},
                                    {"detail", attempt.detail}});
  }
  json::Object object{{"id", delivery.id},
                      {"status", ToText(delivery.state)},
                      {"channel", delivery.channel},
                      {"target", delivery.target},
                      {"source", delivery.source},
                      {"title", delivery.title},
                      {"createdAt", FormatIsoMillis(delivery.created_at)},
                      {"attemptCount", delivery.attempt_count},
                      {"attempts", std::move(attempts)}};
  if (delivery.state == DeliveryState::kPending) {
    object.emplace_back("nextTry", FormatIsoMillis(delivery.next_try));
  }
  if (delivery.ended_at) object.emplace_back("endedAt", FormatIsoMillis(*delivery.ended_at));
  return object;
}

}  // namespace securebase::notify
