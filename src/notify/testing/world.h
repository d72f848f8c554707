#pragma once

// A document store in a temporary folder, a clock that tests move, a transport that keeps what is
// sent: what notification stands on. Close and Open show what a restart finds.

#include <gtest/gtest.h>

#include <memory>

#include "base/random.h"
#include "base/telemetry.h"
#include "base/testing/manual_clock.h"
#include "base/testing/temp_folder.h"
#include "documents/embedded_store.h"
#include "documents/product_tables.h"
#include "notify/channels/target_channels.h"
#include "notify/delivery_queue.h"
#include "notify/testing/fake_transport.h"
#include "notify/topics/sns_channel.h"
#include "notify/topics/topic_service.h"
#include "storage/engine.h"

namespace securebase::notify {

class World {
 public:
  World() : clock(FromUnixSeconds(1'780'315'230)), random(1) { Open(); }
  ~World() { Close(); }

  void Open() {
    engine_ = *storage::Engine::Open({.folder = folder.path(), .journal_file_bytes = 1 << 20},
                                     PosixFileSystem());
    documents_ = *documents::EmbeddedDocumentStore::Open(*engine_, tables_, random);
    EXPECT_TRUE(engine_->Recover().ok());
    signer_ = *Signer::Open(PosixFileSystem(), folder.path(), clock);
    queue_ =
        std::make_unique<DeliveryQueue>(QueueOptions{}, QueueDependencies{.documents = *documents_,
                                                                          .transport = transport,
                                                                          .telemetry = telemetry_,
                                                                          .clock = clock,
                                                                          .random = random});
    const ChannelParts parts{.targets = targets, .files = PosixFileSystem()};
    queue_->Register("slack", MakeSlackChannel(parts));
    queue_->Register("pagerduty", MakePagerDutyChannel(parts));
    queue_->Register("teams", MakeTeamsChannel(parts));
    queue_->Register("webhook", MakeWebhookChannel(parts));
    queue_->Register("email", MakeEmailChannel(parts));
    queue_->Register("sns", MakeSnsChannel({.signer = *signer_,
                                            .targets = targets,
                                            .files = PosixFileSystem(),
                                            .public_base = [] { return "https://sb.example"; }}));
    EXPECT_TRUE(queue_->Load().ok());
    topics_ = std::make_unique<TopicService>(TopicService::Dependencies{
        .documents = *documents_, .queue = *queue_, .clock = clock, .random = random});
    EXPECT_TRUE(topics_->Load().ok());
  }
  void Close() {
    topics_.reset();
    queue_.reset();
    engine_.reset();
    documents_.reset();
  }

  documents::DocumentStore& documents() { return *documents_; }
  DeliveryQueue& queue() { return *queue_; }
  TopicService& topics() { return *topics_; }
  const Signer& signer() { return *signer_; }

  void Targets(const std::string& yaml) {
    auto book = ParseTargets(yaml);
    ASSERT_TRUE(book.ok()) << book.error().field() << " " << book.error().message();
    targets.Set(*std::move(book));
  }
  /// Moves the clock to when something is due and delivers, until nothing waits or `max` is over.
  void RunFor(Duration max) {
    const Instant end = clock.Now() + max;
    queue_->RunDue();
    while (const auto due = queue_->NextDue()) {
      if (*due > end) break;
      if (*due > clock.Now()) clock.Set(*due);
      if (queue_->RunDue() == 0) clock.Advance(std::chrono::milliseconds(100));
      if (clock.Now() > end) break;
    }
    if (clock.Now() < end) clock.Set(end);
  }

  const Account account;
  TempFolder folder;
  ManualClock clock;
  SeededRandom random;
  FakeTransport transport;
  CurrentTargets targets;

 private:
  const documents::ProductTables tables_;
  NullTelemetry telemetry_;
  std::unique_ptr<documents::EmbeddedDocumentStore> documents_;
  std::unique_ptr<storage::Engine> engine_;
  std::unique_ptr<Signer> signer_;
  std::unique_ptr<DeliveryQueue> queue_;
  std::unique_ptr<TopicService> topics_;
};

}  // namespace securebase::notify
