#include "notify/internal/target_message.h"

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"

namespace securebase::notify {

Result<TargetMessage> ReadMessage(const Delivery& delivery, const CurrentTargets& targets) {
  SB_TRY(const json::Value payload, json::Parse(delivery.payload));
  const json::Value* event = payload.Find("event");
  const json::Value* target = payload.Find("target");
  if (event == nullptr || target == nullptr || !target->IsString()) {
    return Internal("the stored message does not read");
  }
  TargetMessage message{.book = targets.Get()};
  message.target = message.book->Find(target->AsString());
  if (message.target == nullptr) {
    return NotFound("there is no target \"" + target->AsString() + "\" any more");
  }
  SB_TRY(message.event, EventFromJson(*event));
  const json::Value* recipient = payload.Find("recipient");
  if (recipient != nullptr && recipient->IsString()) message.recipient = recipient->AsString();
  return message;
}

Outcome OutcomeOf(const Error& error) {
  const bool configuration = error.code() == ErrorCode::kUnavailable;
  return {.kind = configuration ? Outcome::Kind::kConfiguration : Outcome::Kind::kPermanent,
          .detail = error.message()};
}

Result<net::HttpClientResponse> PostJson(net::Transport& transport, const std::string& url,
                                         std::string body,
                                         std::vector<std::pair<std::string, std::string>> headers) {
  headers.emplace_back("Content-Type", "application/json; charset=utf-8");
  return transport.Http(
      {.method = "POST", .url = url, .headers = std::move(headers), .body = std::move(body)});
}

std::string Cut(std::string_view text, std::size_t max) {
  constexpr std::string_view kEllipsis = "\u2026";
  if (text.size() <= max) return std::string(text);
  std::string cut(text.substr(0, max - kEllipsis.size()));
  cut.resize(ValidUtf8Prefix(cut));
  return cut.append(kEllipsis);
}

namespace {

/// What every channel and the store can hold: members go first, then words.
Event Fitting(Event event) {
  constexpr std::size_t kBytesMax = 200u << 10;
  constexpr std::size_t kTextMax = 16u << 10;
  event.reason = Cut(event.reason, kTextMax);
  event.title = Cut(event.title, kTextMax);
  while (!event.members.empty() && json::Write(ToJson(event)).size() > kBytesMax) {
    const std::size_t kept = event.members.size() / 2;
    event.members_omitted += event.members.size() - kept;
    event.members.resize(kept);
  }
  return event;
}

}  // namespace

std::vector<Delivery> DeliveriesTo(const Target& target, const Event& event,
                                   const Account& account) {
  std::vector<Delivery> deliveries;
  const bool wanted =
      target.send.empty() || event.type == "test" ||
      std::find(target.send.begin(), target.send.end(), event.type) != target.send.end();
  if (!wanted) return deliveries;
  const json::Value fitting = ToJson(Fitting(event));
  auto add = [&](const std::string& recipient) {
    json::Object payload{{"target", target.name}, {"event", fitting}};
    if (!recipient.empty()) payload.emplace_back("recipient", recipient);
    const std::string whom = target.name + "\n" + recipient;
    deliveries.push_back({.id = "dlv-" + event.id + "-" + Sha256Hex(whom).substr(0, 12),
                          .account = account,
                          .channel = std::string(ToText(target.kind)),
                          .target = recipient.empty() ? target.name : target.name + " " + recipient,
                          .order_key = event.incident.empty() ? event.source_arn : event.incident,
                          .source = event.source_arn,
                          .title = HeadlineOf(event),
                          .payload = json::Write(std::move(payload))});
  };
  if (target.kind == Target::Kind::kEmail) {
    for (const std::string& recipient : target.to) add(recipient);
  } else {
    add("");
  }
  return deliveries;
}

}  // namespace securebase::notify
