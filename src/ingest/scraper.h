#pragma once

// Fetches the metrics of others, as Prometheus does: text from HTTP addresses, at an interval.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "ingest/data_builder.h"
#include "ingest/exposition.h"
#include "ingest/metric_sink.h"
#include "ingest/settings.h"

namespace securebase::ingest {

/// Adds the samples of a text to `data`: counters and histograms as what was added since the last
/// text of this target. Every series has the target's labels and `instance`, HOST:PORT of its URL.
void ConvertExposition(const std::vector<TextFamily>& families, const ScrapeTarget& target,
                       Instant scraped_at, TotalsTracker& totals, TotalsTracker::Undo& undo,
                       DataBuilder& data);

/// What a fetch brought.
struct ScrapeAnswer {
  int status = 0;
  std::string content_type;
  std::string body;
};
using Fetch = std::function<Result<ScrapeAnswer>(const ScrapeTarget& target)>;
/// Over HTTP, with the settings' timeout.
Fetch FetchOverHttp(const ScrapeSettings& settings);

/// A thread that fetches all targets, one after the other, at every interval. What was fetched is
/// the home account's. `up` (1 or 0) and `scrape_duration_seconds` are written beside it.
class Scraper {
 public:
  /// What it is given outlives it.
  Scraper(ScrapeSettings settings, const Account& home, MetricSink sink, const Clock& clock,
          Fetch fetch);
  /// Stops.
  ~Scraper();

  /// Starts the thread, where there are targets.
  void Start();
  /// All targets once.
  void Run();
  /// Ends the thread, after the fetch that it may be at. Stopping twice is harmless.
  void Stop();

 private:
  void RunTarget(const ScrapeTarget& target);
  Result<> Convert(const ScrapeTarget& target, Instant now, TotalsTracker::Undo& undo,
                   DataBuilder& data);
  void Loop();

  const ScrapeSettings settings_;
  const Account home_;
  MetricSink sink_;
  const Clock& clock_;
  const Fetch fetch_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace securebase::ingest
