// The generic webhook, signed as Standard Webhooks 1.0 say (spec: notifications 5).
#include "base/hash.h"
#include "base/text.h"
#include "notify/internal/target_message.h"

namespace securebase::notify {
namespace {

json::Value TextsOf(const std::map<std::string, std::string>& texts) {
  json::Object object;
  for (const auto& [name, text] : texts) object.emplace_back(name, text);
  return object;
}

json::Value BodyOf(const Event& event) {
  json::Object body{{"version", 1},
                    {"type", event.type},
                    {"id", event.id},
                    {"time", FormatIsoMillis(event.time)},
                    {"incident", event.incident},
                    {"severity", ToText(event.severity)},
                    {"title", event.title},
                    {"reason", event.reason},
                    {"source", json::Object{{"kind", event.source_kind},
                                            {"arn", event.source_arn},
                                            {"account", event.account},
                                            {"region", event.region}}}};
  if (event.metric) {
    json::Object metric{{"namespace", event.metric->namespace_name},
                        {"name", event.metric->name},
                        {"dimensions", TextsOf(event.metric->dimensions)},
                        {"stat", event.metric->statistic},
                        {"period", event.metric->period_s}};
    if (event.value) metric.emplace_back("value", *event.value);
    if (event.threshold) metric.emplace_back("threshold", *event.threshold);
    metric.emplace_back("comparison", event.metric->comparison);
    body.emplace_back("metric", std::move(metric));
  }
  body.emplace_back("labels", TextsOf(event.labels));
  body.emplace_back("links", TextsOf(event.links));
  if (!event.members.empty()) {
    json::Array members;
    for (const EventMember& member : event.members) {
      members.push_back(json::Object{{"title", member.title}, {"state", ToText(member.state)}});
    }
    const std::size_t all = event.members.size() + event.members_omitted;
    body.emplace_back("group",
                      json::Object{{"key", event.group_key},
                                   {"size", static_cast<std::int64_t>(all)},
                                   {"members", std::move(members)},
                                   {"omitted", static_cast<std::int64_t>(event.members_omitted)}});
  }
  return body;
}

class WebhookChannel final : public Channel {
 public:
  explicit WebhookChannel(const ChannelParts& parts) : parts_(parts) {}

  Outcome Deliver(const Delivery& delivery, net::Transport& transport, Instant now) override {
    const auto message = ReadMessage(delivery, parts_.targets);
    if (!message.ok()) return OutcomeOf(message.error());
    const Target& target = *message->target;
    const auto url =
        target.url ? target.url->Read(parts_.files) : Result<std::string>(target.plain_url);
    if (!url.ok()) return OutcomeOf(url.error());
    std::string body = json::Write(BodyOf(message->event));
    const std::string& id = message->event.id;
    const std::string timestamp = std::to_string(ToUnixSeconds(now));
    auto headers = target.headers;
    headers.emplace_back("webhook-id", id);
    headers.emplace_back("Idempotency-Key", id);
    headers.emplace_back("webhook-timestamp", timestamp);
    std::vector<std::string> secrets;
    if (target.url) secrets.push_back(*url);
    if (target.secret) {
      const auto secret = target.secret->Read(parts_.files);
      if (!secret.ok()) return OutcomeOf(secret.error());
      const auto signature = Sign(*secret, id + "." + timestamp + "." + body);
      if (!signature.ok()) return OutcomeOf(signature.error());
      headers.emplace_back("webhook-signature", *signature);
      secrets.push_back(*secret);
    }
    Outcome outcome = JudgeHttp(PostJson(transport, *url, std::move(body), headers), now);
    outcome.detail = Excerpt(outcome.detail, secrets);
    return outcome;
  }

 private:
  /// `secret` is "whsec_" and base64, or, while it is being rotated, two of them.
  static Result<std::string> Sign(std::string_view secret, const std::string& signed_text) {
    std::string signatures;
    for (const std::string_view one : Split(secret, ' ')) {
      if (one.empty()) continue;
      const std::optional<std::string> key =
          one.starts_with("whsec_") ? Base64Decode(one.substr(6)) : std::nullopt;
      if (!key) return Unavailable("the webhook's secret must be whsec_ and base64");
      if (!signatures.empty()) signatures += ' ';
      signatures += "v1," + Base64Encode(HmacSha256(*key, signed_text));
    }
    return signatures;
  }

  const ChannelParts parts_;
};

}  // namespace

std::unique_ptr<Channel> MakeWebhookChannel(const ChannelParts& parts) {
  return std::make_unique<WebhookChannel>(parts);
}

}  // namespace securebase::notify
