// Microsoft Teams workflow webhooks: an Adaptive Card (spec: notifications 6).
#include <array>

#include "notify/internal/target_message.h"

namespace securebase::notify {
namespace {

constexpr std::size_t kBodyMax = 20'000;  // Teams' own limit is near 28 KB; some met 413 from 21 KB

/// Texts are a subset of Markdown.
std::string Escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\*_[]()~`").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string_view ColorOf(const Event& event) {
  if (event.state == EventState::kResolved) return "Good";
  constexpr std::array<std::string_view, 4> kColors = {"Attention", "Warning", "Warning", "Accent"};
  return kColors[static_cast<std::size_t>(event.severity)];
}

json::Value TextBlock(std::string text) {
  return json::Object{{"type", "TextBlock"}, {"wrap", true}, {"text", std::move(text)}};
}

json::Value Facts(const Event& event) {
  json::Array facts;
  auto add = [&](const char* title, const std::string& value) {
    if (!value.empty()) {
      facts.push_back(json::Object{{"title", title}, {"value", Cut(Escape(value), 500)}});
    }
  };
  add("Metric", MetricText(event));
  add("Value", ValueText(event));
  add("Time", FormatIso(event.time));
  add("Incident", event.incident);
  add("Account", event.account + (event.region.empty() ? "" : " " + event.region));
  return json::Object{{"type", "FactSet"}, {"facts", std::move(facts)}};
}

json::Value Actions(const Event& event) {
  json::Array actions;
  for (const auto& [link, title] : std::initializer_list<std::pair<const char*, const char*>>{
           {"acknowledge", "Acknowledge"}, {"runbook", "Runbook"}, {"console", "Open"}}) {
    const auto found = event.links.find(link);
    if (found == event.links.end()) continue;
    actions.push_back(
        json::Object{{"type", "Action.OpenUrl"}, {"title", title}, {"url", found->second}});
  }
  return actions;
}

std::string MessageOf(const Event& event, bool minimal) {
  json::Array body{json::Object{{"type", "TextBlock"},
                                {"size", "Large"},
                                {"weight", "Bolder"},
                                {"color", ColorOf(event)},
                                {"wrap", true},
                                {"text", Cut(Escape(HeadlineOf(event)), 500)}}};
  if (!minimal) {
    if (!event.reason.empty()) body.push_back(TextBlock(Cut(Escape(event.reason), 4'000)));
    body.push_back(Facts(event));
    std::string members;
    for (const EventMember& member : event.members) {
      members +=
          "- " + Cut(Escape(member.title), 120) + " (" + std::string(ToText(member.state)) + ")\n";
    }
    if (!members.empty()) body.push_back(TextBlock(Cut(members, 8'000)));
  }
  json::Object card{{"$schema", "http://adaptivecards.io/schemas/adaptive-card.json"},
                    {"type", "AdaptiveCard"},
                    {"version", "1.4"},
                    {"msteams", json::Object{{"width", "Full"}}},
                    {"body", std::move(body)},
                    {"actions", Actions(event)}};
  return json::Write(json::Object{
      {"type", "message"},
      {"attachments",
       json::Array{json::Object{{"contentType", "application/vnd.microsoft.card.adaptive"},
                                {"contentUrl", nullptr},
                                {"content", std::move(card)}}}}});
}

class TeamsChannel final : public Channel {
 public:
  explicit TeamsChannel(const ChannelParts& parts) : parts_(parts) {}

  Outcome Deliver(const Delivery& delivery, net::Transport& transport, Instant now) override {
    const auto message = ReadMessage(delivery, parts_.targets);
    if (!message.ok()) return OutcomeOf(message.error());
    const auto url = message->target->url->Read(parts_.files);
    if (!url.ok()) return OutcomeOf(url.error());
    std::string body = MessageOf(message->event, false);
    if (body.size() > kBodyMax) body = MessageOf(message->event, true);
    Outcome outcome = JudgeHttp(PostJson(transport, *url, std::move(body)), now);
    if (outcome.status == 413) {
      outcome = JudgeHttp(PostJson(transport, *url, MessageOf(message->event, true)), now);
    }
    outcome.detail = Excerpt(outcome.detail, {*url});
    return outcome;
  }

  Duration spacing() const override { return std::chrono::seconds(1); }

 private:
  const ChannelParts parts_;
};

}  // namespace

std::unique_ptr<Channel> MakeTeamsChannel(const ChannelParts& parts) {
  return std::make_unique<TeamsChannel>(parts);
}

}  // namespace securebase::notify
