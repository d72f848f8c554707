// Slack incoming webhooks (spec: notifications 2).
#include <array>

#include "notify/internal/target_message.h"

namespace securebase::notify {
namespace {

// Limits as Slack's reference gives them.
constexpr std::size_t kHeaderMax = 150;
constexpr std::size_t kSectionMax = 3'000;
constexpr std::size_t kFieldMax = 2'000;
constexpr std::size_t kTextMax = 3'900;
constexpr std::size_t kMembersMax = 20;
constexpr std::size_t kBlocksBytesMax = 12'000;

/// & < > are Slack's own; a text that holds "<!channel>" must not wake everybody.
std::string Escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string_view ColorOf(const Event& event) {
  if (event.state == EventState::kResolved) return "#1d8102";
  if (event.state == EventState::kAcknowledged) return "#879596";
  constexpr std::array<std::string_view, 4> kColors = {"#d13212", "#ff9900", "#f2c744", "#5b8def"};
  return kColors[static_cast<std::size_t>(event.severity)];
}

json::Value Markdown(std::string text) {
  return json::Object{{"type", "mrkdwn"}, {"text", std::move(text)}};
}
json::Value Plain(std::string text) {
  return json::Object{{"type", "plain_text"}, {"text", std::move(text)}, {"emoji", true}};
}

json::Value Fields(const Event& event) {
  json::Array fields;
  auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) {
      fields.push_back(
          Markdown("*" + std::string(name) + "*\n" + Cut(Escape(value), kFieldMax - 64)));
    }
  };
  add("Metric", MetricText(event));
  add("Value", ValueText(event));
  fields.push_back(Markdown("*Time*\n<!date^" + std::to_string(ToUnixSeconds(event.time)) +
                            "^{date_short_pretty} {time_secs}|" + FormatIso(event.time) + ">"));
  return json::Object{{"type", "section"}, {"fields", std::move(fields)}};
}

json::Value Buttons(const Event& event) {
  json::Array buttons;
  auto add = [&](const char* link, const char* text, bool primary) {
    const auto found = event.links.find(link);
    if (found == event.links.end()) return;
    json::Object button{{"type", "button"}, {"text", Plain(text)}, {"url", found->second}};
    if (primary) button.emplace_back("style", "primary");
    buttons.push_back(std::move(button));
  };
  if (event.state == EventState::kFiring) {
    add("acknowledge", "Acknowledge", true);
    add("silence", "Silence 1 h", false);
  }
  add("runbook", "Runbook", false);
  add("console", "Open", false);
  if (buttons.empty()) return {};
  return json::Object{{"type", "actions"}, {"elements", std::move(buttons)}};
}

json::Value Members(const Event& event) {
  if (event.members.empty()) return {};
  std::string text;
  const std::size_t shown = std::min(event.members.size(), kMembersMax);
  for (std::size_t i = 0; i < shown; ++i) {
    const EventMember& member = event.members[i];
    text += "\u2022 " + Cut(Escape(member.title), 120) + " (" + std::string(ToText(member.state)) +
            ")\n";
  }
  const std::size_t rest = event.members.size() - shown + event.members_omitted;
  if (rest > 0) text += "and " + std::to_string(rest) + " more";
  return json::Object{{"type", "section"}, {"text", Markdown(Cut(text, kSectionMax))}};
}

json::Value MessageOf(const Event& event, const Target& target) {
  std::string text = Escape(HeadlineOf(event));
  if (!event.reason.empty()) text += ": " + Escape(event.reason);
  const auto mention = target.mention.find(event.severity);
  const bool wake = mention != target.mention.end() && event.state == EventState::kFiring;
  text = Cut(text, kTextMax);
  if (wake) text = mention->second + " " + text;

  json::Array blocks;
  std::size_t bytes = 0;
  auto add = [&](json::Value block) {
    if (block.IsNull()) return;
    bytes += json::Write(block).size();
    if (bytes <= kBlocksBytesMax) blocks.push_back(std::move(block));
  };
  add(json::Object{{"type", "header"}, {"text", Plain(Cut(HeadlineOf(event), kHeaderMax))}});
  if (!event.reason.empty()) {
    add(json::Object{{"type", "section"},
                     {"text", Markdown(Cut(Escape(event.reason), kSectionMax))}});
  }
  add(Fields(event));
  add(Members(event));
  add(Buttons(event));
  std::string context = event.incident;
  for (const std::string& part : {event.footnote, event.account + " " + event.region}) {
    if (part.size() > 1) context += (context.empty() ? "" : " | ") + part;
  }
  if (!context.empty()) {
    add(json::Object{{"type", "context"},
                     {"elements", json::Array{Markdown(Cut(Escape(context), kFieldMax))}}});
  }
  return json::Object{{"text", std::move(text)},
                      {"attachments", json::Array{json::Object{{"color", ColorOf(event)},
                                                               {"blocks", std::move(blocks)}}}}};
}

class SlackChannel final : public Channel {
 public:
  explicit SlackChannel(const ChannelParts& parts) : parts_(parts) {}

  Outcome Deliver(const Delivery& delivery, net::Transport& transport, Instant now) override {
    const auto message = ReadMessage(delivery, parts_.targets);
    if (!message.ok()) return OutcomeOf(message.error());
    const auto url = message->target->url->Read(parts_.files);
    if (!url.ok()) return OutcomeOf(url.error());
    json::Value body = MessageOf(message->event, *message->target);
    Outcome outcome = Post(transport, *url, body, now);
    if (outcome.status == 400) {
      // Slack does not like our blocks: the words must get through all the same.
      const std::string why = outcome.detail;
      outcome = Post(transport, *url, json::Object{{"text", body.Find("text")->AsString()}}, now);
      outcome.detail = "sent as text alone, Slack refused the blocks: " + why;
    }
    return outcome;
  }

  Duration spacing() const override { return std::chrono::seconds(1); }

 private:
  static Outcome Post(net::Transport& transport, const std::string& url, const json::Value& body,
                      Instant now) {
    const auto response = PostJson(transport, url, json::Write(body));
    Outcome outcome = JudgeHttp(response, now);
    outcome.detail = Excerpt(outcome.detail, {url});
    // A proxy's page with status 200 is no delivery.
    if (outcome.kind == Outcome::Kind::kDelivered && response->body != "ok") {
      outcome.kind = Outcome::Kind::kRetry;
      outcome.detail = "the answer is not Slack's: " + outcome.detail;
    }
    return outcome;
  }

  const ChannelParts parts_;
};

}  // namespace

std::unique_ptr<Channel> MakeSlackChannel(const ChannelParts& parts) {
  return std::make_unique<SlackChannel>(parts);
}

}  // namespace securebase::notify
