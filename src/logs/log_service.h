#pragma once

// What stands above the log store: metric filters, EMF and subscriptions that see every event as it
// arrives, live tail, queries in the background, definitions.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "base/random.h"
#include "base/telemetry.h"
#include "documents/document_store.h"
#include "events/log_store.h"
#include "logs/definition_table.h"
#include "logs/live_tail.h"
#include "logs/metric_filters.h"
#include "logs/query_manager.h"
#include "logs/subscription_filters.h"
#include "metrics/metric_store.h"

namespace securebase::logs {

struct LogServiceOptions {
  Account home;
  QueryManagerOptions queries;
  /// Subscriptions may name loopback addresses and plain http (`--auth none`).
  bool any_destination = false;
  /// How often live tails are served and default values published; 0: only by Tick.
  std::chrono::milliseconds tick_interval{1000};
};

/// All outlive the service.
struct LogServiceDependencies {
  events::LogStore& store;
  metrics::MetricStore& metrics;
  documents::DocumentStore& documents;
  Telemetry& telemetry;
  const Clock& clock;
  Random& random;
  /// Sends to subscriptions' receivers; empty: over the network.
  HttpPost post;
};

/// Thread-safe.
class LogService final : private events::LogObserver {
 public:
  LogService(LogServiceOptions options, LogServiceDependencies dependencies);
  ~LogService() override;

  /// Reads the definitions, becomes the store's observer and starts its threads. Before anything
  /// else is asked.
  Result<> Start();

  MetricFilters& metric_filters() { return *metric_filters_; }
  SubscriptionFilters& subscriptions() { return *subscriptions_; }
  LiveTail& live_tail() { return live_tail_; }
  QueryManager& queries() { return *queries_; }
  DefinitionTable& definitions() { return *definitions_; }
  const LogServiceOptions& options() const { return options_; }

  /// All that belongs to a group which is deleted.
  Result<> ForgetGroup(const Account& account, std::string_view group);

  /// One round of what happens by the clock: live tails, default values, old queries.
  void Tick();
  /// Sends what subscriptions have queued and is due.
  void DeliverSubscriptions();

  /// Ends live tails and queries and joins the threads; before the stores close.
  void Stop();

 private:
  void PublishMetrics(const Account& account, std::string_view group,
                      std::span<const events::LogEvent> events);
  void OnAppend(const Account& account, std::string_view group, std::string_view stream,
                std::span<const events::LogEvent> events) override;
  void Run(std::chrono::milliseconds interval, void (LogService::*work)());

  const LogServiceOptions options_;
  const LogServiceDependencies dependencies_;
  std::optional<DefinitionTable> definitions_;
  std::unique_ptr<MetricFilters> metric_filters_;
  std::unique_ptr<SubscriptionFilters> subscriptions_;
  LiveTail live_tail_;
  std::unique_ptr<QueryManager> queries_;
  HttpPost post_;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace securebase::logs
