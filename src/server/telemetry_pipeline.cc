#include "server/telemetry_pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cmath>
#include <deque>
#include <map>

#include "base/file_system.h"
#include "base/log.h"
#include "base/text.h"
#include "server/internal/distribution.h"

namespace securebase::server {
namespace {

constexpr std::size_t kShards = 8;
// Of one write to a store: well below a journal record's limit.
constexpr std::size_t kDataPerWrite = 1000;
constexpr std::size_t kEventsPerWrite = 10'000;
constexpr std::size_t kLogBytesPerWrite = 1u << 20;
// What a line costs beside its text.
constexpr std::size_t kLineOverheadBytes = 64;

Instant MinuteOf(Instant t) { return std::chrono::floor<std::chrono::minutes>(t); }

metrics::Metric MakeMetric(std::string_view namespace_name, std::string_view name,
                           const TelemetryPipeline::Dimensions& dimensions) {
  metrics::Metric metric{std::string(namespace_name), std::string(name), {}};
  for (const auto& [key, value] : dimensions) {
    metric.dimensions.push_back({std::string(key), std::string(value)});
  }
  std::sort(metric.dimensions.begin(), metric.dimensions.end());
  return metric;
}

/// Resident memory of this process, as the kernel says; 0 where it does not.
int MemoryUsedMb() {
  const auto text = PosixFileSystem().Read("/proc/self/statm");
  if (!text.ok()) return 0;
  const std::vector<std::string_view> fields = Split(*text, ' ');
  if (fields.size() < 2) return 0;
  constexpr std::int64_t kPageBytes = 4096;
  return static_cast<int>((ParseInt(fields[1]).value_or(0) * kPageBytes) >> 20);
}

}  // namespace

struct TelemetryPipeline::SeriesEntry {
  std::vector<metrics::Metric> targets;
  std::string unit;
};

struct TelemetryPipeline::Registry {
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  mutable std::shared_mutex mutex;
  boost::unordered_flat_map<std::string, Series, Hash, std::equal_to<>> by_key;  // by mutex
  std::deque<SeriesEntry> entries;  // by mutex; entries never change
};

struct TelemetryPipeline::Shard {
  struct Touched {
    Instant minute;
    Series series = 0;
    Distribution values;
  };
  struct Line {
    std::string group;
    events::LogEvent event;
  };

  std::mutex mutex;
  // All guarded by mutex.
  Instant minute;                     // of `current`
  std::vector<Distribution> current;  // by series
  std::vector<Series> touched;        // those of `current` that are not empty
  std::vector<Touched> closed;        // earlier minutes
  std::vector<Line> lines;
  std::vector<Invocation> invocations;

  void CloseMinute() {
    for (const Series series : touched) {
      closed.push_back({minute, series, std::exchange(current[series], {})});
    }
    touched.clear();
  }
};

struct TelemetryPipeline::Collected {
  std::map<std::pair<Instant, Series>, Distribution> values;
  std::map<std::pair<std::string, std::string>, std::vector<events::LogEvent>> lines;
};

TelemetryPipeline::TelemetryPipeline(TelemetryOptions options, metrics::MetricStore& metrics,
                                     events::LogStore& logs, const Clock& clock, Random& random)
    : options_(std::move(options)),
      metrics_(metrics),
      logs_(logs),
      clock_(clock),
      instance_(random.Hex(16)),
      registry_(std::make_unique<Registry>()) {
  for (std::size_t i = 0; i < kShards; ++i) shards_.push_back(std::make_unique<Shard>());
  if (options_.flush_interval.count() > 0) thread_ = std::thread([this] { Run(); });
}

TelemetryPipeline::~TelemetryPipeline() { Stop(); }

TelemetryPipeline::Shard& TelemetryPipeline::ShardOfThread() {
  static std::atomic<std::size_t> next{0};
  thread_local const std::size_t index = next.fetch_add(1) % kShards;
  return *shards_[index];
}

TelemetryPipeline::Series TelemetryPipeline::Add(std::string key,
                                                 std::vector<metrics::Metric> targets,
                                                 std::string_view unit) {
  std::unique_lock lock(registry_->mutex);
  const auto found = registry_->by_key.find(key);
  if (found != registry_->by_key.end()) return found->second;
  if (registry_->entries.size() >= options_.series_max) return kNoSeries;
  const auto series = static_cast<Series>(registry_->entries.size());
  registry_->entries.push_back({std::move(targets), std::string(unit)});
  registry_->by_key.emplace(std::move(key), series);
  return series;
}

TelemetryPipeline::Series TelemetryPipeline::Register(
    std::string_view namespace_name, std::string_view name, std::string_view unit,
    const std::vector<Dimensions>& dimension_sets) {
  std::vector<metrics::Metric> targets;
  std::string key = fmt::format("R\x1f{}\x1f{}\x1f{}", namespace_name, name, unit);
  for (const Dimensions& dimensions : dimension_sets) {
    targets.push_back(MakeMetric(namespace_name, name, dimensions));
    key += '\x1e';
    for (const metrics::Dimension& d : targets.back().dimensions) {
      key += fmt::format("\x1f{}\x1f{}", d.name, d.value);
    }
  }
  return Add(std::move(key), std::move(targets), unit);
}

TelemetryPipeline::Series TelemetryPipeline::SeriesOf(const Measurement& m, bool twice) {
  thread_local std::string key;
  key.assign(twice ? "2" : "1");
  for (const std::string_view part : {m.namespace_name, m.name, m.unit}) {
    key += '\x1f';
    key += part;
  }
  for (const auto& [name, value] : m.dimensions) {
    key += '\x1f';
    key += name;
    key += '\x1f';
    key += value;
  }
  {
    std::shared_lock lock(registry_->mutex);
    const auto found = registry_->by_key.find(std::string_view(key));
    if (found != registry_->by_key.end()) return found->second;
  }
  std::vector<metrics::Metric> targets{MakeMetric(m.namespace_name, m.name, m.dimensions)};
  if (twice && !m.dimensions.empty()) {
    targets.push_back(MakeMetric(m.namespace_name, m.name, {}));
  }
  return Add(key, std::move(targets), m.unit);
}

void TelemetryPipeline::Publish(const Measurement& m) {
  const Sample sample{SeriesOf(m, false), m.value};
  Record(clock_.Now(), {&sample, 1});
}

void TelemetryPipeline::PublishTwice(const Measurement& m) {
  const Sample sample{SeriesOf(m, true), m.value};
  Record(clock_.Now(), {&sample, 1});
}

void TelemetryPipeline::AddSamples(Shard& shard, Instant now, std::span<const Sample> samples) {
  if (const Instant minute = MinuteOf(now); minute != shard.minute) {
    shard.CloseMinute();
    shard.minute = minute;
  }
  for (const Sample& sample : samples) {
    if (sample.series == kNoSeries || !std::isfinite(sample.value)) {
      dropped_.fetch_add(1);
      continue;
    }
    if (sample.series >= shard.current.size()) shard.current.resize(sample.series + 1);
    Distribution& values = shard.current[sample.series];
    if (values.empty()) shard.touched.push_back(sample.series);
    values.Add(sample.value);
  }
}

void TelemetryPipeline::Record(Instant now, std::span<const Sample> samples) {
  if (stopped_.load(std::memory_order_relaxed)) {
    dropped_.fetch_add(samples.size());
    return;
  }
  Shard& shard = ShardOfThread();
  std::lock_guard lock(shard.mutex);
  AddSamples(shard, now, samples);
}

bool TelemetryPipeline::ReserveLogBytes(std::size_t bytes) {
  // Two threads may both pass just below the limit: it bounds memory, it need not be exact.
  if (stopped_.load(std::memory_order_relaxed) ||
      log_bytes_.load(std::memory_order_relaxed) + bytes > options_.log_bytes_max) {
    return false;
  }
  log_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  return true;
}

void TelemetryPipeline::Record(Instant now, std::span<const Sample> samples,
                               Invocation invocation) {
  constexpr std::size_t kLinesBytes = 512;  // START, END and REPORT, roughly
  const bool room = ReserveLogBytes(kLinesBytes + invocation.error_line.size());
  if (!room) dropped_.fetch_add(invocation.error_line.empty() ? 3 : 4);
  Shard& shard = ShardOfThread();
  std::lock_guard lock(shard.mutex);
  if (stopped_.load(std::memory_order_relaxed)) {
    dropped_.fetch_add(samples.size());
    return;
  }
  AddSamples(shard, now, samples);
  if (room) shard.invocations.push_back(std::move(invocation));
}

void TelemetryPipeline::LogEvents(std::string_view group, std::span<const std::string> messages) {
  const Instant now = clock_.Now();
  Shard& shard = ShardOfThread();
  std::lock_guard lock(shard.mutex);
  for (const std::string& message : messages) {
    if (!ReserveLogBytes(message.size() + kLineOverheadBytes)) {
      dropped_.fetch_add(1);
      continue;
    }
    shard.lines.push_back({std::string(group), {.time = now, .message = message}});
  }
}

TelemetryPipeline::Collected TelemetryPipeline::Collect() {
  Collected collected;
  const std::string function_group = "/aws/lambda/" + options_.function_name;
  // Invocations come by the thousand and nearly all on one day: their stream is found once a day.
  std::chrono::sys_days day{std::chrono::days(-1)};
  std::vector<events::LogEvent>* function_lines = nullptr;
  const int memory_used_mb = MemoryUsedMb();
  log_bytes_.store(0);  // what comes while we collect is counted a little short
  for (const auto& shard : shards_) {
    std::vector<Shard::Touched> closed;
    std::vector<Shard::Line> lines;
    std::vector<Invocation> invocations;
    {
      std::lock_guard lock(shard->mutex);
      shard->CloseMinute();
      closed.swap(shard->closed);
      lines.swap(shard->lines);
      invocations.swap(shard->invocations);
    }
    for (Shard::Touched& touched : closed) {
      collected.values[{touched.minute, touched.series}].Merge(touched.values);
    }
    for (Shard::Line& line : lines) {
      const std::string stream = LambdaStreamName(line.event.time, instance_);
      collected.lines[{line.group, stream}].push_back(std::move(line.event));
    }
    for (const Invocation& invocation : invocations) {
      const auto started_on = std::chrono::floor<std::chrono::days>(invocation.start);
      if (function_lines == nullptr || started_on != day) {
        day = started_on;
        function_lines =
            &collected.lines[{function_group, LambdaStreamName(invocation.start, instance_)}];
      }
      AppendLambdaLines(*function_lines, invocation, options_.memory_size_mb, memory_used_mb);
    }
  }
  return collected;
}

void TelemetryPipeline::NoteFailure(std::string_view what, const Error& error,
                                    std::uint64_t count) {
  dropped_.fetch_add(count);
  failed_in_flush_ = true;
  if (std::exchange(failing_, true)) return;  // said once, until a flush works again
  Log(LogLevel::kError, "cannot store telemetry",
      {{"what", std::string(what)}, {"error", error.message()}});
}

void TelemetryPipeline::WriteMetrics(Collected& collected) {
  std::vector<metrics::Datum> data;
  double samples = 0;
  auto write = [&] {
    if (data.empty()) return true;
    const Result<> written = metrics_.PutAndWait(options_.home, std::exchange(data, {}));
    if (!written.ok()) {
      NoteFailure("metrics", written.error(), static_cast<std::uint64_t>(samples));
    }
    samples = 0;
    return written.ok();
  };
  for (const auto& [key, values] : collected.values) {
    const SeriesEntry* entry = nullptr;
    {
      std::shared_lock lock(registry_->mutex);
      entry = &registry_->entries[key.second];  // a deque: the reference stays valid
    }
    for (const metrics::Metric& target : entry->targets) {
      data.push_back(
          {.metric = target, .unit = entry->unit, .time = key.first, .values = values.Pairs()});
    }
    samples += values.Count();
    if (data.size() >= kDataPerWrite) write();
  }
  const std::uint64_t dropped = dropped_.load() - dropped_published_;
  if (dropped > 0) {
    data.push_back({.metric = {"SecureBase/Monitoring", "TelemetryDropped", {}},
                    .unit = "Count",
                    .time = MinuteOf(clock_.Now()),
                    .values = {{static_cast<double>(dropped), 1}}});
    if (write()) dropped_published_ += dropped;
    return;
  }
  write();
}

void TelemetryPipeline::WriteLogs(Collected& collected) {
  for (auto& [where, all] : collected.lines) {
    const auto earlier = [](const auto& a, const auto& b) { return a.time < b.time; };
    // Lines of several threads may be out of order; mostly they are not.
    if (!std::is_sorted(all.begin(), all.end(), earlier)) {
      std::stable_sort(all.begin(), all.end(), earlier);
    }
    const Instant ingested_at = clock_.Now();
    for (std::size_t at = 0; at < all.size();) {
      std::vector<events::LogEvent> batch;
      for (std::size_t bytes = 0; at < all.size() && batch.size() < kEventsPerWrite &&
                                  (batch.empty() || bytes < kLogBytesPerWrite);
           ++at) {
        bytes += all[at].message.size() + kLineOverheadBytes;
        all[at].ingested_at = ingested_at;
        batch.push_back(std::move(all[at]));
      }
      const std::size_t count = batch.size();
      const Result<> written =
          logs_.Append(options_.home, where.first, where.second, std::move(batch));
      if (!written.ok()) NoteFailure("log lines", written.error(), count);
    }
  }
}

void TelemetryPipeline::Flush() {
  std::lock_guard lock(flush_mutex_);
  failed_in_flush_ = false;
  Collected collected = Collect();
  WriteLogs(collected);
  WriteMetrics(collected);
  failing_ = failed_in_flush_;
}

void TelemetryPipeline::Stop() {
  {
    std::lock_guard lock(thread_mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  if (!stopped_.exchange(true)) Flush();
}

void TelemetryPipeline::Run() {
  std::unique_lock lock(thread_mutex_);
  while (!stopping_) {
    wake_.wait_for(lock, options_.flush_interval, [this] { return stopping_; });
    if (stopping_) return;
    lock.unlock();
    Flush();
    lock.lock();
  }
}

}  // namespace securebase::server
