#pragma once

// Where the product's measurements of itself go: summed up in memory by series and minute, then
// written to the stores of the home account a few times a second. Callers pay for a lock that is
// nearly always free and an addition; they never wait for a store.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/telemetry.h"
#include "base/tenant.h"
#include "events/log_store.h"
#include "metrics/metric_store.h"
#include "server/internal/lambda_lines.h"

namespace securebase::server {

struct TelemetryOptions {
  Account home;
  /// The function whose invocations are logged: group "/aws/lambda/" and this.
  std::string function_name = "securebase-dev-report-engine";
  /// How often a thread of the pipeline flushes; 0: only Flush() does.
  std::chrono::milliseconds flush_interval{250};
  std::size_t series_max = 20'000;        // further ones are dropped and counted
  std::size_t log_bytes_max = 32u << 20;  // of lines that wait for a flush
  int memory_size_mb = 1024;              // what REPORT lines say
};

/// Thread-safe.
class TelemetryPipeline final : public Telemetry {
 public:
  /// The stores, clock and random outlive it.
  TelemetryPipeline(TelemetryOptions options, metrics::MetricStore& metrics, events::LogStore& logs,
                    const Clock& clock, Random& random);
  /// Stops.
  ~TelemetryPipeline() override;

  void Publish(const Measurement& m) override;
  void PublishTwice(const Measurement& m) override;
  void LogEvents(std::string_view group, std::span<const std::string> messages) override;

  /// A measurement prepared once, so that recording it builds no text.
  using Series = std::uint32_t;
  static constexpr Series kNoSeries = UINT32_MAX;  // recording to it counts as a drop
  using Dimensions = std::vector<std::pair<std::string_view, std::string_view>>;
  /// Each value recorded goes to the metric once for every one of the dimension sets.
  Series Register(std::string_view namespace_name, std::string_view name, std::string_view unit,
                  const std::vector<Dimensions>& dimension_sets);

  struct Sample {
    Series series = kNoSeries;
    double value = 0;
  };
  /// All at once, at the time `now`.
  void Record(Instant now, std::span<const Sample> samples);
  /// The same with the log lines of an invocation of the function.
  void Record(Instant now, std::span<const Sample> samples, Invocation invocation);

  /// Writes all that was published before the call, and returns when it is durable. What a store
  /// refuses is dropped and counted.
  void Flush();
  /// Flushes and ends the pipeline's thread; what comes later is dropped. Stopping twice is
  /// harmless.
  void Stop();

  /// Measurements and lines dropped so far; published as SecureBase/Monitoring TelemetryDropped.
  std::uint64_t dropped() const { return dropped_.load(); }

 private:
  struct SeriesEntry;
  struct Shard;
  struct Registry;
  struct Collected;

  Shard& ShardOfThread();
  Series SeriesOf(const Measurement& m, bool twice);
  Series Add(std::string key, std::vector<metrics::Metric> targets, std::string_view unit);
  void AddSamples(Shard& shard, Instant now, std::span<const Sample> samples);
  bool ReserveLogBytes(std::size_t bytes);
  Collected Collect();
  void WriteMetrics(Collected& collected);
  void WriteLogs(Collected& collected);
  void NoteFailure(std::string_view what, const Error& error, std::uint64_t count);
  void Run();

  const TelemetryOptions options_;
  metrics::MetricStore& metrics_;
  events::LogStore& logs_;
  const Clock& clock_;
  const std::string instance_;  // of log streams

  std::unique_ptr<Registry> registry_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::atomic<std::size_t> log_bytes_{0};
  std::atomic<std::uint64_t> dropped_{0};
  std::uint64_t dropped_published_ = 0;  // guarded by flush_mutex_
  bool failing_ = false;                 // guarded by flush_mutex_: the last flush failed
  bool failed_in_flush_ = false;         // guarded by flush_mutex_
  std::mutex flush_mutex_;

  std::atomic<bool> stopped_{false};
  std::mutex thread_mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by thread_mutex_
  std::thread thread_;
};

}  // namespace securebase::server
