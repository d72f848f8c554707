#pragma once

// Everything that takes metrics of others: the routes of OTLP and remote write, the scraper, StatsD
// with its socket; their state and their threads.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/tenant.h"
#include "ingest/ingest.h"
#include "ingest/scraper.h"
#include "ingest/settings.h"
#include "ingest/statsd.h"
#include "ingest/totals.h"
#include "metrics/metric_store.h"
#include "server/datagram_server.h"

namespace securebase::server {

/// Thread-safe once started.
class MetricReceivers {
 public:
  /// The store and the clock outlive it.
  MetricReceivers(const ingest::IngestSettings& settings, const Account& home,
                  metrics::MetricStore& metrics, const Clock& clock);
  /// Stops.
  ~MetricReceivers();

  std::vector<ingest::Route> Routes();
  /// Listens and starts the threads, as far as the settings ask for it. Errors as
  /// DatagramServer::Start.
  Result<> Start();
  /// Ends listening and threads, and writes what was received. Stopping twice is harmless.
  void Stop();

  ingest::StatsdCounts statsd_counts() const { return statsd_.counts(); }
  std::size_t counter_series() const { return totals_.size(); }
  /// The port of StatsD; 0 where it is off.
  std::uint16_t statsd_port() const { return statsd_socket_ ? statsd_socket_->port() : 0; }

 private:
  void FlushLoop();

  const ingest::IngestSettings settings_;
  ingest::TotalsTracker totals_;
  ingest::MetricSink sink_;
  ingest::Scraper scraper_;
  ingest::StatsdAggregator statsd_;
  std::unique_ptr<DatagramServer> statsd_socket_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread flusher_;
};

}  // namespace securebase::server
