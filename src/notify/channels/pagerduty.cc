// PagerDuty Events API v2 (spec: notifications 3).
#include <array>

#include "base/hash.h"
#include "notify/internal/target_message.h"

namespace securebase::notify {
namespace {

constexpr std::size_t kSummaryMax = 1'024;
constexpr std::size_t kKeyMax = 255;

/// One key over the life of an alarm: trigger, acknowledge and resolve meet by it.
std::string DedupKey(const Event& event) {
  std::string key = "securebase/" + event.account + "/" + event.region + "/" + event.source_name;
  if (key.size() > kKeyMax) key = key.substr(0, 190) + "/" + Sha256Hex(key);
  return key;
}

std::string_view ActionOf(EventState state) {
  switch (state) {
    case EventState::kAcknowledged:
      return "acknowledge";
    case EventState::kResolved:
      return "resolve";
    default:
      return "trigger";
  }
}

std::string_view SeverityOf(Severity severity) {
  constexpr std::array<std::string_view, 4> kWords = {"critical", "error", "warning", "info"};
  return kWords[static_cast<std::size_t>(severity)];
}

json::Value PayloadOf(const Event& event) {
  json::Object custom{{"reason", event.reason}, {"incident", event.incident}};
  if (event.metric) custom.emplace_back("namespace", event.metric->namespace_name);
  if (event.value) custom.emplace_back("value", *event.value);
  if (event.threshold) custom.emplace_back("threshold", *event.threshold);
  for (const auto& [name, value] : event.labels) custom.emplace_back("label." + name, value);
  std::string time = FormatIsoMillis(event.time);
  time.replace(time.size() - 1, 1, "+0000");
  std::string summary = event.title;
  if (!event.reason.empty()) summary += ": " + event.reason;
  json::Object payload{{"summary", Cut(summary, kSummaryMax)},
                       {"source", event.source_arn.empty() ? "securebase" : event.source_arn},
                       {"severity", SeverityOf(event.severity)},
                       {"timestamp", std::move(time)}};
  if (event.metric) payload.emplace_back("class", event.metric->name);
  // A stored event is well below the 512 KB that PagerDuty takes.
  payload.emplace_back("custom_details", std::move(custom));
  return payload;
}

json::Value MessageOf(const Event& event, const std::string& key) {
  json::Object message{{"routing_key", key},
                       {"event_action", ActionOf(event.state)},
                       {"dedup_key", DedupKey(event)}};
  if (ActionOf(event.state) != "trigger") return message;
  message.emplace_back("payload", PayloadOf(event));
  message.emplace_back("client", "SecureBase");
  if (const auto link = event.links.find("console"); link != event.links.end()) {
    message.emplace_back("client_url", link->second);
  }
  if (const auto link = event.links.find("runbook"); link != event.links.end()) {
    message.emplace_back("links",
                         json::Array{json::Object{{"href", link->second}, {"text", "Runbook"}}});
  }
  return message;
}

class PagerDutyChannel final : public Channel {
 public:
  explicit PagerDutyChannel(const ChannelParts& parts) : parts_(parts) {}

  Outcome Deliver(const Delivery& delivery, net::Transport& transport, Instant now) override {
    const auto message = ReadMessage(delivery, parts_.targets);
    if (!message.ok()) return OutcomeOf(message.error());
    const Target& target = *message->target;
    const auto key = target.secret->Read(parts_.files);
    if (!key.ok()) return OutcomeOf(key.error());
    std::string url = target.pagerduty_url;
    if (url.empty()) {
      url = target.pagerduty_region == "eu" ? "https://events.eu.pagerduty.com/v2/enqueue"
                                            : "https://events.pagerduty.com/v2/enqueue";
    }
    Outcome outcome =
        JudgeHttp(PostJson(transport, url, json::Write(MessageOf(message->event, *key))), now);
    outcome.detail = Excerpt(outcome.detail, {*key});
    return outcome;
  }

 private:
  const ChannelParts parts_;
};

}  // namespace

std::unique_ptr<Channel> MakePagerDutyChannel(const ChannelParts& parts) {
  return std::make_unique<PagerDutyChannel>(parts);
}

}  // namespace securebase::notify
