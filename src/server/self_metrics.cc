#include "server/self_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "ingest/exposition.h"
#include "server/version.h"

namespace securebase::server {
namespace {

using ingest::ExpositionWriter;
using Type = ingest::TextFamily::Type;

void Counter(ExpositionWriter& out, std::string_view name, std::string_view help, double value) {
  out.Begin(name, Type::kCounter, help);
  out.Sample("_total", {}, value);
}

void Gauge(ExpositionWriter& out, std::string_view name, std::string_view help, double value) {
  out.Begin(name, Type::kGauge, help);
  out.Sample("", {}, value);
}

void WriteBuild(ExpositionWriter& out, bool open_metrics) {
  constexpr std::string_view kHelp = "The version that runs";
  // OpenMetrics has a type for this; Prometheus's own text has a gauge of the same name.
  if (open_metrics) {
    out.Begin("securebase_build", Type::kInfo, kHelp);
    out.Sample("_info", {{"version", kVersion}}, 1);
  } else {
    out.Begin("securebase_build_info", Type::kGauge, kHelp);
    out.Sample("", {{"version", kVersion}}, 1);
  }
}

void WriteRequests(ExpositionWriter& out, RequestMeter& meter) {
  using Totals = RequestMeter::Totals;
  out.Begin("securebase_http_requests", Type::kCounter, "Requests by answer");
  meter.Visit([&](std::string_view method, std::string_view resource, const Totals& totals) {
    const std::uint64_t client = totals.errors_4xx, server = totals.errors_5xx;
    const std::uint64_t good = totals.requests - client - server;
    for (const auto& [code, count] :
         {std::pair{"2xx", good}, std::pair{"4xx", client}, std::pair{"5xx", server}}) {
      out.Sample("_total", {{"method", method}, {"resource", resource}, {"code", code}},
                 static_cast<double>(count));
    }
  });
  out.Begin("securebase_http_request_duration_seconds", Type::kHistogram,
            "Time from a request's arrival to its answer");
  meter.Visit([&](std::string_view method, std::string_view resource, const Totals& totals) {
    std::uint64_t below = 0;
    for (std::size_t i = 0; i <= Totals::kBounds.size(); ++i) {
      below += totals.durations[i];
      std::string bound = "+Inf";
      if (i < Totals::kBounds.size()) {
        bound.clear();
        json::Writer(bound).Double(Totals::kBounds[i]);
      }
      out.Sample("_bucket", {{"method", method}, {"resource", resource}, {"le", bound}},
                 static_cast<double>(below));
    }
    out.Sample("_sum", {{"method", method}, {"resource", resource}},
               static_cast<double>(totals.duration_us) / 1e6);
    out.Sample("_count", {{"method", method}, {"resource", resource}}, static_cast<double>(below));
  });
}

void WriteStores(ExpositionWriter& out, Stores& stores) {
  const storage::EngineStatistics engine = stores.engine().statistics();
  Counter(out, "securebase_journal_commits", "Commits acknowledged",
          static_cast<double>(engine.commits));
  Counter(out, "securebase_journal_syncs", "Writes of the journal that waited for the disk",
          static_cast<double>(engine.syncs));
  Counter(out, "securebase_checkpoints", "Times that heads were written to files",
          static_cast<double>(engine.checkpoints));
  Gauge(out, "securebase_journal_bytes", "Size of the journal that a start would replay",
        static_cast<double>(engine.journal_bytes));
  Gauge(out, "securebase_journal_replayed_records", "Records replayed at the last start",
        static_cast<double>(engine.replayed_records));
  const metrics::MetricStoreStatistics metrics = stores.metrics().statistics();
  Gauge(out, "securebase_metric_series", "Series of the metric store",
        static_cast<double>(metrics.series));
  Gauge(out, "securebase_metric_head_buckets", "Buckets in memory that no block holds yet",
        static_cast<double>(metrics.head_buckets));
  Gauge(out, "securebase_metric_blocks", "Blocks of the metric store",
        static_cast<double>(metrics.blocks));
  Gauge(out, "securebase_metric_block_bytes", "Size of all blocks",
        static_cast<double>(metrics.block_bytes));
}

void WriteQueues(ExpositionWriter& out, const SelfMetricsParts& parts) {
  Gauge(out, "securebase_worker_queue_length", "Requests that wait for a worker",
        static_cast<double>(parts.workers.queued()));
  Counter(out, "securebase_telemetry_dropped", "Measurements and log lines of its own dropped",
          static_cast<double>(parts.telemetry.dropped()));
  Gauge(out, "securebase_ingest_counter_series", "Counters whose last totals are remembered",
        static_cast<double>(parts.receivers.counter_series()));
  const ingest::StatsdCounts statsd = parts.receivers.statsd_counts();
  out.Begin("securebase_statsd_lines", Type::kCounter, "Lines received by StatsD");
  out.Sample("_total", {{"result", "taken"}},
             static_cast<double>(statsd.lines - statsd.bad_lines - statsd.dropped));
  out.Sample("_total", {{"result", "malformed"}}, static_cast<double>(statsd.bad_lines));
  out.Sample("_total", {{"result", "dropped"}}, static_cast<double>(statsd.dropped));
}

/// Under the names that every Prometheus client library uses.
void WriteProcess(ExpositionWriter& out, Instant started_at) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  Counter(out, "process_cpu_seconds", "Processor time used",
          seconds(usage.ru_utime) + seconds(usage.ru_stime));
  double pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  Gauge(out, "process_resident_memory_bytes", "Memory in use",
        resident * static_cast<double>(sysconf(_SC_PAGESIZE)));
  std::error_code failed;
  double open = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator("/proc/self/fd", failed)) {
    ++open;
  }
  if (!failed) Gauge(out, "process_open_fds", "Files and sockets that are open", open);
  Gauge(out, "process_start_time_seconds", "When the server was started, in Unix time",
        static_cast<double>(ToUnixMillis(started_at)) / 1000);
}

}  // namespace

ingest::Route SelfMetricsRoute(const SelfMetricsParts& parts) {
  return {.method = "GET",
          .path = "/metrics",
          .role = api::Role::kAdmin,
          .handler = [parts, started_at = parts.clock.Now()](ingest::Delivery delivery,
                                                             http::Respond respond) {
            const bool open_metrics =
                ExpositionWriter::WantsOpenMetrics(delivery.request.headers.Get("Accept"));
            ExpositionWriter out(open_metrics);
            WriteBuild(out, open_metrics);
            WriteRequests(out, parts.meter);
            WriteStores(out, parts.stores);
            WriteQueues(out, parts);
            WriteProcess(out, started_at);
            http::Response response = http::Response::Text(200, out.Finish());
            response.headers.Set("Content-Type",
                                 std::string(ExpositionWriter::ContentType(open_metrics)));
            respond(std::move(response));
          }};
}

}  // namespace securebase::server
