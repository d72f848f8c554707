#include "notify/channels/mail_message.h"

#include <fmt/format.h>

#include "base/text.h"
#include "net/sigv4.h"
#include "notify/internal/target_message.h"

namespace securebase::notify {
namespace {

/// "Name <a@b>" gives "a@b".
std::string AddressOf(const std::string& mailbox) {
  const std::size_t open = mailbox.rfind('<');
  if (open == mailbox.npos) return mailbox;
  return mailbox.substr(open + 1, mailbox.find('>', open) - open - 1);
}

/// The name is encoded where it must be, the address never is.
std::string Mailbox(const std::string& mailbox) {
  const std::size_t open = mailbox.rfind('<');
  if (open == mailbox.npos) return mailbox;
  std::string name(Trim(std::string_view(mailbox).substr(0, open)));
  if (name.size() >= 2 && name.front() == '"' && name.back() == '"') {
    name = name.substr(1, name.size() - 2);
  }
  const std::string encoded = net::EncodeMailHeader(name);
  std::string shown = encoded;
  if (encoded == name) {
    shown = "\"";
    for (const char c : name) {
      if (c == '"' || c == '\\') shown += '\\';
      shown += c;
    }
    shown += '"';
  }
  return shown + " <" + AddressOf(mailbox) + ">";
}

std::string MailDate(Instant now) {
  const auto days = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(now - days));
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return fmt::format(
      "{}, {:02} {} {} {:02}:{:02}:{:02} +0000", kDays[std::chrono::weekday(days).c_encoding()],
      static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
      static_cast<int>(date.year()), time.hours().count(), time.minutes().count(),
      time.seconds().count());
}

Outcome SendSmtp(const MailMessage& message, const MailTransport& via,
                 const std::string& delivery_id, FileSystem& files, net::Transport& transport,
                 Instant now) {
  net::SmtpServer server = via.smtp;
  if (via.user) {
    const auto user = via.user->Read(files);
    if (!user.ok()) return OutcomeOf(user.error());
    server.user = *user;
  }
  if (via.password) {
    const auto password = via.password->Read(files);
    if (!password.ok()) return OutcomeOf(password.error());
    server.password = *password;
  }
  const std::string sender = AddressOf(via.from);
  const std::string domain = sender.substr(sender.find('@') + 1);
  net::Mail mail{.envelope_from = sender,
                 .recipient = message.to,
                 .headers = {{"Date", MailDate(now)},
                             {"From", Mailbox(via.from)},
                             {"To", "<" + message.to + ">"},
                             {"Subject", net::EncodeMailHeader(message.subject)},
                             {"Message-ID", "<" + delivery_id + "@" + domain + ">"}},
                 .text = message.text,
                 .html = message.html,
                 .parts = message.parts};
  if (!message.thread.empty()) {
    const std::string thread = "<" + message.thread + "@" + domain + ">";
    mail.headers.emplace_back("In-Reply-To", thread);
    mail.headers.emplace_back("References", thread);
  }
  mail.headers.emplace_back("Auto-Submitted", "auto-generated");
  mail.headers.emplace_back("X-Auto-Response-Suppress", "All");
  mail.headers.emplace_back("X-SecureBase-Delivery", delivery_id);
  for (const auto& [name, value] : message.headers) {
    mail.headers.emplace_back(name, net::EncodeMailHeader(value));
  }
  Outcome outcome = JudgeSmtp(transport.Smtp(server, mail));
  outcome.detail = Excerpt(outcome.detail, {server.password});
  return outcome;
}

json::Value Text(const std::string& text) {
  return json::Object{{"Data", text}, {"Charset", "UTF-8"}};
}

std::string SesBody(const MailMessage& message, const MailTransport& via,
                    const std::string& delivery_id) {
  json::Object body{{"Text", Text(message.text)}};
  if (!message.html.empty()) body.emplace_back("Html", Text(message.html));
  json::Array headers{json::Object{{"Name", "X-SecureBase-Delivery"}, {"Value", delivery_id}}};
  for (const auto& [name, value] : message.headers) {
    headers.push_back(json::Object{{"Name", name}, {"Value", value}});
  }
  json::Object simple{{"Subject", Text(message.subject)},
                      {"Body", std::move(body)},
                      {"Headers", std::move(headers)}};
  json::Array attachments;
  for (const net::MailPart& part : message.parts) {
    json::Object attachment{
        {"FileName", part.name},
        {"RawContent", Base64Encode(part.bytes)},
        {"ContentType", part.content_type},
        {"ContentDisposition", part.content_id.empty() ? "ATTACHMENT" : "INLINE"}};
    if (!part.content_id.empty()) attachment.emplace_back("ContentId", part.content_id);
    attachments.push_back(std::move(attachment));
  }
  if (!attachments.empty()) simple.emplace_back("Attachments", std::move(attachments));
  return json::Write(
      json::Object{{"FromEmailAddress", via.from},
                   {"Destination", json::Object{{"ToAddresses", json::Array{message.to}}}},
                   {"Content", json::Object{{"Simple", std::move(simple)}}}});
}

Outcome SendSes(const MailMessage& message, const MailTransport& via,
                const std::string& delivery_id, FileSystem& files, net::Transport& transport,
                Instant now) {
  const auto key = via.user->Read(files);
  if (!key.ok()) return OutcomeOf(key.error());
  const auto secret = via.password->Read(files);
  if (!secret.ok()) return OutcomeOf(secret.error());
  const std::string base = via.ses_endpoint.empty()
                               ? "https://email." + via.ses_region + ".amazonaws.com"
                               : via.ses_endpoint;
  http::Request request{.method = "POST",
                        .target = "/v2/email/outbound-emails",
                        .path = "/v2/email/outbound-emails",
                        .body = SesBody(message, via, delivery_id)};
  const std::size_t host = base.find("://") + 3;
  request.headers.Add("Host", base.substr(host, base.find('/', host) - host));
  request.headers.Add("Content-Type", "application/json");
  net::Sign(request, *key, *secret, via.ses_region, "ses", now);
  const auto response = transport.Http({.method = "POST",
                                        .url = base + request.path,
                                        .headers = request.headers.all(),
                                        .body = request.body});
  Outcome outcome = JudgeHttp(response, now);
  outcome.detail = Excerpt(outcome.detail, {*secret});
  // A refused signature or a stopped account is not this message's fault.
  const bool stopped = outcome.status == 403 ||
                       outcome.detail.find("SendingPaused") != std::string::npos ||
                       outcome.detail.find("AccountSuspended") != std::string::npos ||
                       outcome.detail.find("MailFromDomainNotVerified") != std::string::npos;
  if (stopped) outcome.kind = Outcome::Kind::kConfiguration;
  if (outcome.detail.find("LimitExceeded") != std::string::npos) {
    outcome.kind = Outcome::Kind::kRetry;
    outcome.retry_after = std::chrono::hours(1);
  }
  return outcome;
}

}  // namespace

Outcome JudgeSmtp(const Result<net::SmtpReply>& reply) {
  using Kind = Outcome::Kind;
  if (!reply.ok()) {
    const bool final = reply.error().code() == ErrorCode::kInvalidArgument ||
                       reply.error().code() == ErrorCode::kForbidden;
    return {.kind = final ? Kind::kPermanent : Kind::kRetry, .detail = reply.error().message()};
  }
  Outcome outcome{.status = reply->code, .detail = std::to_string(reply->code) + " " + reply->text};
  const int code = reply->code;
  if (code >= 200 && code < 300) return outcome;
  if (code == 503 || code == 530 || code == 534 || code == 535 || code == 538) {
    outcome.kind = Kind::kConfiguration;  // authentication: the channel's fault
  } else if (code >= 500) {
    outcome.kind = Kind::kPermanent;
  } else {
    outcome.kind = Kind::kRetry;
    // Greylisting lets nothing through before some minutes are over.
    if (code == 450) outcome.retry_after = std::chrono::minutes(5);
  }
  return outcome;
}

Outcome SendMail(const MailMessage& message, const MailTransport& via,
                 const std::string& delivery_id, FileSystem& files, net::Transport& transport,
                 Instant now) {
  if (via.kind == MailTransport::Kind::kSes) {
    return SendSes(message, via, delivery_id, files, transport, now);
  }
  return SendSmtp(message, via, delivery_id, files, transport, now);
}

}  // namespace securebase::notify
