#include "notify/topics/sns_channel.h"

#include "notify/channels/mail_message.h"
#include "notify/internal/target_message.h"
#include "notify/topics/sns_message.h"

namespace securebase::notify {
namespace {

class SnsChannel final : public Channel {
 public:
  explicit SnsChannel(SnsChannelParts parts) : parts_(std::move(parts)) {}

  Outcome Deliver(const Delivery& delivery, net::Transport& transport, Instant now) override {
    const auto message = MessageFromPayload(delivery.payload);
    if (!message.ok()) return OutcomeOf(message.error());
    if (message->protocol.starts_with("http")) return Post(*message, transport, now);
    return Mail(*message, delivery.id, transport, now);
  }

 private:
  Outcome Post(const SnsMessage& message, net::Transport& transport, Instant now) const {
    net::HttpClientRequest request{.method = "POST", .url = message.endpoint};
    auto header = [&](const char* name, const std::string& value) {
      request.headers.emplace_back(name, value);
    };
    header("x-amz-sns-message-type", std::string(ToText(message.type)));
    header("x-amz-sns-message-id", message.message_id);
    header("x-amz-sns-topic-arn", message.topic_arn);
    const bool notification = message.type == SnsMessage::Type::kNotification;
    if (message.type != SnsMessage::Type::kSubscriptionConfirmation) {
      header("x-amz-sns-subscription-arn", message.subscription_arn);
    }
    if (notification && message.raw) header("x-amz-sns-rawdelivery", "true");
    header("Content-Type",
           message.content_type.empty() ? "text/plain; charset=UTF-8" : message.content_type);
    header("User-Agent", "Amazon Simple Notification Service Agent");
    header("Accept-Encoding", "gzip,deflate");
    request.body = notification && message.raw
                       ? message.message
                       : SnsJson(message, parts_.signer, parts_.public_base());
    Outcome outcome = JudgeHttp(transport.Http(request), now);
    outcome.detail = Excerpt(outcome.detail, {message.token});
    return outcome;
  }

  Outcome Mail(const SnsMessage& message, const std::string& delivery_id, net::Transport& transport,
               Instant now) const {
    const auto book = parts_.targets.Get();
    const MailTransport* via = book->FindTransport("sns");
    if (via == nullptr) via = book->FindTransport("");
    if (via == nullptr) {
      return {.kind = Outcome::Kind::kConfiguration,
              .detail = "no mail transport: configure one, or call one of several \"sns\""};
    }
    const std::string base = parts_.public_base();
    MailMessage mail{.to = message.endpoint};
    if (message.type == SnsMessage::Type::kSubscriptionConfirmation) {
      const std::string link = base + "/?Action=ConfirmSubscription&TopicArn=" + message.topic_arn +
                               "&Token=" + message.token;
      mail.subject = "AWS Notification - Subscription Confirmation";
      mail.text = "You have chosen to subscribe to the topic:\n" + message.topic_arn +
                  "\n\nTo confirm this subscription, visit:\n" + link +
                  "\n\nIf this was in error, no action is necessary.\n";
    } else {
      mail.subject = message.subject.value_or("AWS Notification Message");
      mail.text = message.message +
                  "\n\n--\nIf you wish to stop receiving notifications from this topic, visit:\n" +
                  base + "/?Action=Unsubscribe&SubscriptionArn=" + message.subscription_arn + "\n";
    }
    if (message.protocol == "email-json") mail.text = SnsJson(message, parts_.signer, base);
    return SendMail(mail, *via, delivery_id, parts_.files, transport, now);
  }

  const SnsChannelParts parts_;
};

}  // namespace

std::unique_ptr<Channel> MakeSnsChannel(SnsChannelParts parts) {
  return std::make_unique<SnsChannel>(std::move(parts));
}

}  // namespace securebase::notify
