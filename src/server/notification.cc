#include "server/notification.h"

#include "notify/channels/target_channels.h"
#include "notify/topics/sns_channel.h"
#include "server/version.h"

namespace securebase::server {
namespace {

net::TransportOptions TransportOf(const NotificationOptions& options, bool everything_allowed) {
  net::TransportOptions transport;
  transport.allow_http = options.allow_http || everything_allowed;
  transport.addresses.allow_all = everything_allowed;
  transport.ca_file = options.ca_file;
  transport.user_agent = std::string("securebase/") + kVersion;
  for (const std::string& text : options.allow_networks) {
    // The settings were checked.
    if (const auto network = net::Network::Parse(text); network.ok()) {
      transport.addresses.allow.push_back(*network);
    }
  }
  return transport;
}

std::string WithoutSlash(std::string url) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  return url;
}

}  // namespace

Notification::Notification(const NotificationOptions& options, const NotificationParts& parts,
                           bool everything_allowed)
    : parts_(parts),
      threads_(options.threads),
      public_base_(WithoutSlash(options.public_url)),
      base_given_(!options.public_url.empty()),
      transport_(net::MakeTransport(TransportOf(options, everything_allowed))) {
  queue_ = std::make_unique<notify::DeliveryQueue>(
      notify::QueueOptions{.home = parts.home},
      notify::QueueDependencies{.documents = parts.documents,
                                .transport = *transport_,
                                .telemetry = parts.telemetry,
                                .clock = parts.clock,
                                .random = parts.random});
  topics_ = std::make_unique<notify::TopicService>(
      notify::TopicService::Dependencies{.documents = parts.documents,
                                         .queue = *queue_,
                                         .clock = parts.clock,
                                         .random = parts.random,
                                         .home = parts.home,
                                         .allow_http = options.allow_http || everything_allowed});
}

Notification::~Notification() { Stop(); }

Result<> Notification::Open(const NotificationOptions& options, const std::string& data_folder) {
  if (!options.targets.empty()) {
    auto book = notify::ParseTargets(options.targets);
    if (!book.ok()) {
      return book.error().Within("notify.targets_file: " + book.error().field());
    }
    targets_.Set(*std::move(book));
  }
  SB_TRY(signer_, notify::Signer::Open(parts_.files, data_folder, parts_.clock));
  const notify::ChannelParts channel{.targets = targets_, .files = parts_.files};
  queue_->Register("slack", notify::MakeSlackChannel(channel));
  queue_->Register("pagerduty", notify::MakePagerDutyChannel(channel));
  queue_->Register("teams", notify::MakeTeamsChannel(channel));
  queue_->Register("webhook", notify::MakeWebhookChannel(channel));
  queue_->Register("email", notify::MakeEmailChannel(channel));
  queue_->Register("sns",
                   notify::MakeSnsChannel({.signer = *signer_,
                                           .targets = targets_,
                                           .files = parts_.files,
                                           .public_base = [this] { return public_base(); }}));
  SB_TRY_OK(queue_->Load());
  return topics_->Load();
}

void Notification::Start() { queue_->Start(threads_); }

void Notification::Stop() { queue_->Stop(); }

void Notification::SetListenUrl(const std::string& url) {
  const std::lock_guard lock(mutex_);
  if (!base_given_) public_base_ = WithoutSlash(url);
}

std::string Notification::public_base() const {
  const std::lock_guard lock(mutex_);
  return public_base_;
}

std::optional<http::Response> Notification::Certificate(const std::string& path) const {
  if (signer_ == nullptr || path != signer_->certificate_path()) return std::nullopt;
  http::Response response = http::Response::Text(200, signer_->certificate_pem());
  response.headers.Set("Content-Type", "application/x-pem-file");
  return response;
}

}  // namespace securebase::server
