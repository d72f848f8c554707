// Mail, over SMTP or the SES v2 API (spec: notifications 4 and 8).
#include "notify/channels/mail_message.h"
#include "notify/internal/target_message.h"

namespace securebase::notify {
namespace {

std::string EscapeHtml(std::string_view text) {
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
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> FactsOf(const Event& event) {
  std::vector<std::pair<std::string, std::string>> facts;
  auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) facts.emplace_back(name, value);
  };
  add("Metric", MetricText(event));
  add("Value", ValueText(event));
  add("Time", FormatIso(event.time));
  add("Source", event.source_arn);
  add("Incident", event.incident);
  return facts;
}

std::string TextOf(const Event& event) {
  std::string text = HeadlineOf(event) + "\n\n";
  if (!event.reason.empty()) text += event.reason + "\n\n";
  for (const auto& [name, value] : FactsOf(event)) text += name + ": " + value + "\n";
  for (const EventMember& member : event.members) {
    text += "- " + member.title + " (" + std::string(ToText(member.state)) + ")\n";
  }
  if (event.members_omitted > 0) {
    text += "and " + std::to_string(event.members_omitted) + " more\n";
  }
  if (!event.links.empty()) text += "\n";
  for (const auto& [name, url] : event.links) text += name + ": " + url + "\n";
  if (!event.footnote.empty()) text += "\n" + event.footnote + "\n";
  return text;
}

std::string HtmlOf(const Event& event) {
  constexpr const char* kCell = "padding:4px 12px 4px 0;vertical-align:top";
  std::string html = "<div style=\"font-family:sans-serif\"><h2 style=\"margin:0 0 12px\">" +
                     EscapeHtml(HeadlineOf(event)) + "</h2>";
  if (!event.reason.empty()) html += "<p>" + EscapeHtml(event.reason) + "</p>";
  html += "<table style=\"border-collapse:collapse\">";
  for (const auto& [name, value] : FactsOf(event)) {
    html += std::string("<tr><th style=\"text-align:left;") + kCell + "\">" + name +
            "</th><td style=\"" + kCell + "\">" + EscapeHtml(value) + "</td></tr>";
  }
  html += "</table>";
  if (!event.members.empty()) {
    html += "<ul>";
    for (const EventMember& member : event.members) {
      html +=
          "<li>" + EscapeHtml(member.title) + " (" + std::string(ToText(member.state)) + ")</li>";
    }
    html += "</ul>";
  }
  for (const auto& [name, url] : event.links) {
    html += "<p><a href=\"" + EscapeHtml(url) + "\">" + EscapeHtml(name) + "</a></p>";
  }
  if (!event.footnote.empty())
    html += "<p style=\"color:#687078\">" + EscapeHtml(event.footnote) + "</p>";
  return html + "</div>";
}

class EmailChannel final : public Channel {
 public:
  explicit EmailChannel(const ChannelParts& parts) : parts_(parts) {}

  Outcome Deliver(const Delivery& delivery, net::Transport& transport, Instant now) override {
    const auto message = ReadMessage(delivery, parts_.targets);
    if (!message.ok()) return OutcomeOf(message.error());
    const Event& event = message->event;
    const MailTransport* via = message->book->FindTransport(message->target->transport);
    if (via == nullptr) return OutcomeOf(NotFound("the target's mail transport is gone"));
    MailMessage mail{.to = message->recipient,
                     .subject = HeadlineOf(event),
                     .text = TextOf(event),
                     .html = HtmlOf(event),
                     .thread = event.incident,
                     .headers = {{"X-SecureBase-Severity", std::string(ToText(event.severity))}}};
    if (event.severity <= Severity::kHigh && event.state == EventState::kFiring) {
      mail.headers.emplace_back("X-Priority", "1");
    }
    return SendMail(mail, *via, delivery.id, parts_.files, transport, now);
  }

 private:
  const ChannelParts parts_;
};

}  // namespace

std::unique_ptr<Channel> MakeEmailChannel(const ChannelParts& parts) {
  return std::make_unique<EmailChannel>(parts);
}

}  // namespace securebase::notify
