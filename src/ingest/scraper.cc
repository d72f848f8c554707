#include "ingest/scraper.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <map>
#include <memory>
#include <utility>

#include "base/bytes.h"
#include "base/log.h"
#include "base/text.h"
#include "net/http_client.h"

namespace securebase::ingest {
namespace {

using Type = TextFamily::Type;

constexpr std::size_t kTextBytesMax = 64u << 20;
constexpr std::string_view kAccept =
    "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

/// "127.0.0.1:9100" of "http://127.0.0.1:9100/metrics".
std::string InstanceOf(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return std::string(url.substr(0, url.find('/')));
}

/// Converts the families of one text.
class Converter {
 public:
  Converter(const ScrapeTarget& target, Instant scraped_at, TotalsTracker& totals,
            TotalsTracker::Undo& undo, DataBuilder& data)
      : target_(target), scraped_at_(scraped_at), totals_(totals), undo_(undo), data_(data) {
    common_ = target.labels;
    common_.emplace_back("instance", InstanceOf(target.url));
  }

  void Convert(const TextFamily& family) {
    if (family.type == Type::kHistogram) return ConvertHistogram(family);
    for (const TextSample& sample : family.samples) {
      if (sample.name.ends_with("_created") || std::isnan(sample.value)) continue;
      const bool counter = family.type == Type::kCounter ||
                           (family.type == Type::kSummary && sample.name != family.name) ||
                           (family.type == Type::kUnknown && sample.name.ends_with("_total"));
      ConvertValue(sample, counter);
    }
  }

 private:
  std::int64_t TimeOf(const TextSample& sample) const {
    return sample.time_ms.value_or(ToUnixMillis(scraped_at_)) * 1'000'000;
  }

  /// The sample's labels, but for one, with the target's.
  Labels LabelsOf(const TextSample& sample, std::string_view without = {}) const {
    Labels labels;
    for (const auto& label : sample.labels) {
      if (label.first != without) labels.push_back(label);
    }
    for (const auto& label : common_) {
      const bool own = std::any_of(labels.begin(), labels.end(),
                                   [&](const auto& one) { return one.first == label.first; });
      if (!own) labels.push_back(label);
    }
    std::sort(labels.begin(), labels.end());
    return labels;
  }

  std::string KeyOf(std::string_view name, const Labels& labels) const {
    std::string key = "scrape";
    PutBytes(key, target_.url);
    PutBytes(key, name);
    for (const auto& [label, value] : labels) {
      PutBytes(key, label);
      PutBytes(key, value);
    }
    return key;
  }

  bool Advance(std::string_view name, const Labels& labels, Totals& totals) {
    const TotalsTracker::Outcome outcome = totals_.Advance(KeyOf(name, labels), totals, undo_);
    if (outcome == TotalsTracker::Outcome::kTooMany) data_.Reject("too many counters");
    return outcome == TotalsTracker::Outcome::kAdded;
  }

  void ConvertValue(const TextSample& sample, bool counter) {
    const Labels labels = LabelsOf(sample);
    double value = sample.value;
    if (counter && std::isfinite(value)) {
      Totals totals{.time_ns = TimeOf(sample), .sum = value};
      if (!Advance(sample.name, labels, totals)) return;
      value = totals.sum;
    }
    data_.AddValue({target_.namespace_name, sample.name, labels, UnitOfName(sample.name)},
                   TimeOf(sample), value);
  }

  /// The buckets of a histogram are totals of totals: each holds those before it.
  void ConvertHistogram(const TextFamily& family) {
    struct Parts {
      std::vector<std::pair<double, double>> buckets;  // bound, count up to it
      std::optional<double> count, sum;
      std::int64_t time_ns = 0;
    };
    std::map<Labels, Parts> histograms;
    for (const TextSample& sample : family.samples) {
      if (std::isnan(sample.value)) continue;
      Parts& parts = histograms[LabelsOf(sample, "le")];
      parts.time_ns = TimeOf(sample);
      const std::string_view ending = std::string_view(sample.name).substr(family.name.size());
      if (ending == "_count") parts.count = sample.value;
      if (ending == "_sum") parts.sum = sample.value;
      if (ending != "_bucket") continue;
      for (const auto& [name, value] : sample.labels) {
        if (name != "le") continue;
        const bool open = value == "+Inf";
        const auto bound = open ? std::nullopt : ParseDouble(value);
        if (open) parts.count = sample.value;
        if (bound) parts.buckets.emplace_back(*bound, sample.value);
      }
    }
    for (auto& [labels, parts] : histograms) {
      std::sort(parts.buckets.begin(), parts.buckets.end());
      Totals totals{.time_ns = parts.time_ns,
                    .count = parts.count.value_or(0),
                    .sum = parts.sum.value_or(0),
                    .has_sum = parts.sum.has_value()};
      double below = 0;
      for (const auto& [bound, count] : parts.buckets) AddBin(totals, bound, count, below);
      if (totals.count > below) {
        totals.bins.emplace_back(static_cast<std::int64_t>(totals.bounds.size()),
                                 totals.count - below);
      }
      if (!std::isfinite(totals.count) || !Advance(family.name, labels, totals)) continue;
      data_.AddHistogram({target_.namespace_name, family.name, labels, UnitOfName(family.name)},
                         parts.time_ns, HistogramOf(totals, {}, {}));
    }
  }

  static void AddBin(Totals& totals, double bound, double count, double& below) {
    if (count > below) {
      totals.bins.emplace_back(static_cast<std::int64_t>(totals.bounds.size()), count - below);
      below = count;
    }
    totals.bounds.push_back(bound);
  }

  const ScrapeTarget& target_;
  const Instant scraped_at_;
  TotalsTracker& totals_;
  TotalsTracker::Undo& undo_;
  DataBuilder& data_;
  Labels common_;
};

}  // namespace

void ConvertExposition(const std::vector<TextFamily>& families, const ScrapeTarget& target,
                       Instant scraped_at, TotalsTracker& totals, TotalsTracker::Undo& undo,
                       DataBuilder& data) {
  Converter converter(target, scraped_at, totals, undo, data);
  for (const TextFamily& family : families) converter.Convert(family);
}

Fetch FetchOverHttp(const ScrapeSettings& settings) {
  auto client =
      std::make_shared<net::HttpClient>(net::HttpClientOptions{.connect_timeout = settings.timeout,
                                                               .timeout = settings.timeout,
                                                               .response_bytes_max = kTextBytesMax,
                                                               .user_agent = "securebase-scraper"});
  return [client](const ScrapeTarget& target) -> Result<ScrapeAnswer> {
    net::HttpClientRequest request{.url = target.url};
    request.headers.emplace_back("Accept", std::string(kAccept));
    if (!target.bearer_token.empty()) {
      request.headers.emplace_back("Authorization", "Bearer " + target.bearer_token);
    }
    SB_TRY(net::HttpClientResponse response, client->Send(request));
    std::string type(response.Header("content-type"));
    return ScrapeAnswer{response.status, std::move(type), std::move(response.body)};
  };
}

Scraper::Scraper(ScrapeSettings settings, const Account& home, MetricSink sink, const Clock& clock,
                 Fetch fetch)
    : settings_(std::move(settings)),
      home_(home),
      sink_(sink),
      clock_(clock),
      fetch_(std::move(fetch)) {}

Scraper::~Scraper() { Stop(); }

void Scraper::Start() {
  if (settings_.targets.empty() || thread_.joinable()) return;
  thread_ = std::thread([this] { Loop(); });
}

void Scraper::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Scraper::Loop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    Run();
    lock.lock();
    wake_.wait_for(lock, settings_.interval, [this] { return stopping_; });
  }
}

void Scraper::Run() {
  for (const ScrapeTarget& target : settings_.targets) {
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return;
    }
    RunTarget(target);
  }
}

Result<> Scraper::Convert(const ScrapeTarget& target, Instant now, TotalsTracker::Undo& undo,
                          DataBuilder& data) {
  SB_TRY(const ScrapeAnswer answer, fetch_(target));
  if (answer.status != 200) return Unavailable("status " + std::to_string(answer.status));
  const bool open_metrics = answer.content_type.starts_with("application/openmetrics-text");
  SB_TRY(const std::vector<TextFamily> families, ParseExposition(answer.body, open_metrics));
  ConvertExposition(families, target, now, sink_.totals, undo, data);
  return {};
}

void Scraper::RunTarget(const ScrapeTarget& target) {
  const Instant now = clock_.Now();
  const auto started = clock_.Monotonic();
  DataBuilder data(now, /*product_namespaces=*/false);
  TotalsTracker::Undo undo(sink_.totals);
  const Result<> converted = Convert(target, now, undo, data);
  if (!converted.ok()) {
    Log(LogLevel::kWarn, "a scrape failed",
        {{"url", target.url}, {"error", converted.error().message()}});
  }
  const double seconds = std::chrono::duration<double>(clock_.Monotonic() - started).count();
  Labels labels = target.labels;
  labels.emplace_back("instance", InstanceOf(target.url));
  data.AddValue({target.namespace_name, "up", labels}, 0, converted.ok() ? 1 : 0);
  data.AddValue({target.namespace_name, "scrape_duration_seconds", labels, "Seconds"}, 0, seconds);
  if (data.rejected() > 0) {
    Log(LogLevel::kWarn, "samples of a scrape were rejected",
        {{"url", target.url},
         {"samples", std::to_string(data.rejected())},
         {"reasons", data.reasons()}});
  }
  std::promise<Result<>> stored;
  Store(sink_, home_, data.TakeData(), std::move(undo),
        [&stored](Result<> result) { stored.set_value(std::move(result)); });
  if (const Result<> result = stored.get_future().get(); !result.ok()) {
    Log(LogLevel::kError, "a scrape could not be stored",
        {{"url", target.url}, {"error", result.error().message()}});
  }
}

}  // namespace securebase::ingest
