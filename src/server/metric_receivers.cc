#include "server/metric_receivers.h"

#include <utility>

#include "base/log.h"
#include "ingest/otlp_metrics.h"
#include "ingest/remote_write.h"

namespace securebase::server {

MetricReceivers::MetricReceivers(const ingest::IngestSettings& settings, const Account& home,
                                 metrics::MetricStore& metrics, const Clock& clock)
    : settings_(settings),
      totals_(clock.Now()),
      sink_{metrics, totals_},
      scraper_(settings.scrape, home, sink_, clock, ingest::FetchOverHttp(settings.scrape)),
      statsd_(settings.statsd, home, sink_, clock) {}

MetricReceivers::~MetricReceivers() { Stop(); }

std::vector<ingest::Route> MetricReceivers::Routes() {
  std::vector<ingest::Route> routes;
  routes.push_back(ingest::OtlpMetricsRoute(sink_, settings_.otlp));
  routes.push_back(ingest::RemoteWriteRoute(sink_));
  return routes;
}

Result<> MetricReceivers::Start() {
  const ingest::StatsdSettings& statsd = settings_.statsd;
  if (!statsd.address.empty()) {
    SB_TRY(statsd_socket_,
           DatagramServer::Start({.address = statsd.address, .port = statsd.port},
                                 [this](std::string_view packet) { statsd_.Take(packet); }));
    Log(LogLevel::kInfo, "listening for StatsD",
        {{"address", statsd.address}, {"port", std::to_string(statsd_socket_->port())}});
    flusher_ = std::thread([this] { FlushLoop(); });
  }
  scraper_.Start();
  return {};
}

void MetricReceivers::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  scraper_.Stop();
  statsd_socket_.reset();
  if (flusher_.joinable()) {
    flusher_.join();
    statsd_.Flush();
  }
}

void MetricReceivers::FlushLoop() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, settings_.statsd.interval, [this] { return stopping_; })) {
    lock.unlock();
    statsd_.Flush();
    lock.lock();
  }
}

}  // namespace securebase::server
