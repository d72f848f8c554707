// The parts of `script/bench metrics` that must be quick: the engine without a network, and the
// client that feeds servers.
//
//   metrics engine [--tiny]                    puts, bytes and queries inside one process
//   metrics series FOLDER COUNT                writes a store of so many active series
//   metrics open FOLDER                        opens it: time and memory
//   metrics w2 FOLDER SETS                     writes W2's data into a data folder
//   metrics load HOST:PORT FORMAT CASE SETS MINUTES [ACCESS SECRET NOW]
//       FORMAT cbor json remote; CASE w1 burst w2 raw; NOW the server's clock, in epoch seconds
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>

#include "base/clock.h"
#include "base/file_system.h"
#include "bench/w1.h"
#include "bench/w1_client.h"
#include "metrics/embedded_store.h"
#include "storage/engine.h"

namespace {

using namespace securebase;
using bench::kT0;
using bench::W1Series;

double CpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double WallSeconds() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double ResidentMegabytes() {
  std::ifstream file("/proc/self/statm");
  double total = 0, resident = 0;
  file >> total >> resident;
  return resident * 4096 / 1e6;
}

/// A store on a folder, whose clock stands still.
class Store {
 public:
  Store(const std::string& folder, std::int64_t now_s) : clock_(FromUnixSeconds(now_s)) {
    auto engine = storage::Engine::Open({.folder = folder}, PosixFileSystem());
    if (!engine.ok()) Stop(engine.error());
    engine_ = *std::move(engine);
    auto store = metrics::EmbeddedMetricStore::Open(*engine_, clock_);
    if (!store.ok()) Stop(store.error());
    store_ = *std::move(store);
    if (const auto recovered = engine_->Recover(); !recovered.ok()) Stop(recovered.error());
  }
  ~Store() {
    if (engine_->Close().ok()) engine_.reset();
  }
  metrics::EmbeddedMetricStore* operator->() { return store_.get(); }
  void Checkpoint() {
    if (const auto done = engine_->Checkpoint(); !done.ok()) Stop(done.error());
  }
  void Put(std::span<const metrics::DatumView> data) {
    std::promise<Result<>> done;
    store_->Put(Account(), data, [&](Result<> put) { done.set_value(std::move(put)); });
    if (const auto put = done.get_future().get(); !put.ok()) Stop(put.error());
  }

 private:
  [[noreturn]] static void Stop(const Error& error) {
    std::fprintf(stderr, "%s\n", error.message().c_str());
    std::exit(1);
  }
  SystemClock clock_;
  std::unique_ptr<metrics::EmbeddedMetricStore> store_;
  std::unique_ptr<storage::Engine> engine_;
};

/// Puts of a thousand data each.
class Feeder {
 public:
  explicit Feeder(Store& store) : store_(store) { dimensions_.reserve(4000); }
  void Add(const W1Series& series, std::int64_t time_ms,
           std::span<const std::pair<double, double>> values) {
    const metrics::DimensionView* first = dimensions_.data() + dimensions_.size();
    for (const auto& [name, value] : bench::DimensionsOf(series))
      dimensions_.push_back({name, value});
    views_.push_back({.namespace_name = "Bench",
                      .name = series.name,
                      .dimensions = {first, 4},
                      .time = FromUnixMillis(time_ms),
                      .values = values});
    if (views_.size() == 1000) Flush();
  }
  void Flush() {
    if (!views_.empty()) store_.Put(views_);
    views_.clear();
    dimensions_.clear();
  }

 private:
  Store& store_;
  std::vector<metrics::DimensionView> dimensions_;
  std::vector<metrics::DatumView> views_;
};

void MeasurePuts(const char* name, const std::string& folder, std::uint64_t sets,
                 std::uint64_t minutes, int samples) {
  const std::vector<W1Series> all = bench::SeriesOfW1(sets);
  // The values are made beforehand: they cost more than storing them.
  std::vector<std::pair<double, double>> values;
  const auto each = static_cast<std::uint64_t>(samples);
  for (std::uint64_t t = 0; t < minutes; ++t) {
    for (std::uint64_t i = 0; i < all.size(); ++i) {
      for (std::uint64_t j = 0; j < each; ++j) {
        values.emplace_back(bench::ValueOfW1(all[i], samples == 1 ? 11 : 12, i, t * each + j,
                                             static_cast<double>(t) / 1440),
                            1.0);
      }
    }
  }
  const auto count = static_cast<double>(values.size());
  std::filesystem::remove_all(folder);
  double cpu = CpuSeconds();
  {
    Store store(folder, kT0 + 23 * 3600);
    Feeder feeder(store);
    std::size_t at = 0;
    for (std::uint64_t t = 0; t < minutes; ++t) {
      for (const W1Series& series : all) {
        feeder.Add(series, (kT0 + static_cast<std::int64_t>(t) * 60) * 1000,
                   std::span(values).subspan(at, each));
        at += each;
      }
    }
    feeder.Flush();
    const double put = CpuSeconds() - cpu;
    store.Checkpoint();
    cpu = CpuSeconds() - cpu;
    const auto bytes = static_cast<double>(store->statistics().block_bytes);
    std::printf(
        "%s: %.2f M samples: %.3f CPU-s a million (%.2f M/s a core), %.3f with the flush, "
        "%.3f bytes a sample, %.2f a series and minute\n",
        name, count / 1e6, put / count * 1e6, count / put / 1e6, cpu / count * 1e6, bytes / count,
        bytes / static_cast<double>(all.size() * minutes));
  }
}

void WriteW2(const std::string& folder, std::uint64_t sets) {
  Store store(folder, kT0 + 30 * 86400);
  Feeder feeder(store);
  const std::vector<W1Series> all = bench::SeriesOfW2(sets);
  for (std::uint64_t t = 0; t < 8640; ++t) {
    std::vector<std::pair<double, double>> values;
    for (std::uint64_t g = 0; g < all.size(); ++g) {
      values.emplace_back(bench::ValueOfW1(all[g], 13, g, t, static_cast<double>(t) / 288), 1.0);
    }
    for (std::uint64_t g = 0; g < all.size(); ++g) {
      feeder.Add(all[g], (kT0 + static_cast<std::int64_t>(t) * 300) * 1000, {&values[g], 1});
    }
    feeder.Flush();
    // As a server would over these days, only less often: every two days.
    if (t % 576 == 575) store.Checkpoint();
  }
  const std::vector<W1Series> raw = bench::RawSeriesOfW2();
  for (std::uint64_t minute = 0; minute < 1440; ++minute) {
    std::vector<std::vector<std::pair<double, double>>> values(raw.size());
    for (std::uint64_t g = 0; g < raw.size(); ++g) {
      for (std::uint64_t j = 0; j < 100; ++j) {
        values[g].emplace_back(
            bench::ValueOfW1(raw[g], 14, g, 100 * minute + j, static_cast<double>(minute) / 1440),
            1.0);
      }
      // On the last day, which is the one that is asked for.
      feeder.Add(raw[g], (kT0 + 29 * 86400 + static_cast<std::int64_t>(minute) * 60) * 1000,
                 values[g]);
    }
    feeder.Flush();
  }
  store.Checkpoint();
  const auto statistics = store->statistics();
  std::printf("w2: %.1f MB in %llu blocks\n", static_cast<double>(statistics.block_bytes) / 1e6,
              static_cast<unsigned long long>(statistics.blocks));
}

metrics::Metric MetricOf(const W1Series& series) {
  metrics::Metric metric{"Bench", series.name, {}};
  for (const auto& [name, value] : bench::DimensionsOf(series)) {
    metric.dimensions.push_back({std::string(name), std::string(value)});
  }
  return metric;
}

template <class Query>
void Time(const char* name, int rounds, Query&& query) {
  query(0);
  const double cpu = CpuSeconds();
  for (int i = 0; i < rounds; ++i) query(i);
  std::printf("%s: %.2f CPU-ms a query\n", name, (CpuSeconds() - cpu) / rounds * 1e3);
}

void QueryW2(const std::string& folder, std::uint64_t sets) {
  const std::int64_t end = kT0 + 30 * 86400;
  Store store(folder, end);
  const auto raw = bench::RawSeriesOfW2();
  Time("w2 (a) p95 by 5 minutes of 144,000 samples", 40, [&](int i) {
    const auto series =
        store->Query(Account(), {.metric = MetricOf(raw[static_cast<std::size_t>(i) % raw.size()]),
                                 .start = FromUnixSeconds(end - 86400),
                                 .end = FromUnixSeconds(end),
                                 .period = std::chrono::minutes(5)});
    if (!series.ok() || series->at(0).buckets.size() != 288) std::exit(1);
  });
  const auto all = bench::SeriesOfW2(sets);
  metrics::GroupsRequest by_region{.group_count = 4,
                                   .start = FromUnixSeconds(kT0),
                                   .end = FromUnixSeconds(end),
                                   .period = std::chrono::hours(1),
                                   .distribution = false};
  metrics::GroupsRequest by_series{.group_count = static_cast<std::uint32_t>(all.size()),
                                   .start = FromUnixSeconds(end - 86400),
                                   .end = FromUnixSeconds(end),
                                   .period = std::chrono::hours(24)};
  for (std::uint32_t g = 0; g < all.size(); ++g) {
    by_region.metrics.emplace_back(MetricOf(all[g]), all[g].region.size() % 4);
    by_series.metrics.emplace_back(MetricOf(all[g]), g);
  }
  Time("w2 (b) hourly average of 1,000 series over 30 days by region", 10, [&](int) {
    if (!store->QueryGroups(Account(), by_region).ok()) std::exit(1);
  });
  const auto p95 = *metrics::ParseStatistic("p95");
  double top = 0;
  Time("w2 (c) p95 of a day of 1,000 series", 40, [&](int) {
    const auto groups = store->QueryGroups(Account(), by_series);
    if (!groups.ok()) std::exit(1);
    for (const auto& buckets : *groups) {
      top = std::max(top, buckets.at(0).second.Evaluate(p95).value_or(0));
    }
  });
  std::printf("w2 (c) highest: %.2f (1004.68 exactly, for 1,000 series)\n", top);
}

void WriteSeries(const std::string& folder, std::uint64_t count) {
  Store store(folder, kT0);
  Feeder feeder(store);
  std::vector<W1Series> all = bench::SeriesOfW1(count / 4);
  const std::pair<double, double> value{12.5, 1};
  const double cpu = CpuSeconds();
  for (int minute = 0; minute < 3; ++minute) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i].customer = "customer-" + std::to_string(i / 4);
      feeder.Add(all[i], (kT0 + minute * 60) * 1000, {&value, 1});
      if (i % 250 == 249) feeder.Flush();  // the texts are views
    }
    feeder.Flush();
    if (minute == 0) store.Checkpoint();
  }
  const double seconds = CpuSeconds() - cpu;
  std::printf("series: %llu active, %.0f MB resident, %.1f CPU-s for three samples each\n",
              static_cast<unsigned long long>(store->statistics().series), ResidentMegabytes(),
              seconds);
}

void OpenSeries(const std::string& folder) {
  const double wall = WallSeconds(), cpu = CpuSeconds();
  Store store(folder, kT0);
  std::printf("open: %llu series in %.2f s (%.2f CPU-s), %.0f MB resident\n",
              static_cast<unsigned long long>(store->statistics().series), WallSeconds() - wall,
              CpuSeconds() - cpu, ResidentMegabytes());
}

void MeasureEngine(bool tiny) {
  const std::string folder =
      (std::filesystem::temp_directory_path() / ("bench-metrics-" + std::to_string(getpid())))
          .string();
  MeasurePuts("w1 inside", folder, tiny ? 50 : 2500, tiny ? 60 : 120, 1);
  MeasurePuts("burst inside", folder, tiny ? 50 : 2500, tiny ? 3 : 10, 100);
  std::filesystem::remove_all(folder);
  WriteW2(folder, tiny ? 20 : 1000);
  QueryW2(folder, tiny ? 20 : 1000);
  std::filesystem::remove_all(folder);
}

}  // namespace

int main(int argc, char** argv) {
  setvbuf(stdout, nullptr, _IOLBF, 0);  // a line is worth seeing when it is known
  const std::string command = argc > 1 ? argv[1] : "";
  if (command == "engine") {
    MeasureEngine(argc > 2 && std::strcmp(argv[2], "--tiny") == 0);
  } else if (command == "series" && argc == 4) {
    WriteSeries(argv[2], std::strtoull(argv[3], nullptr, 10));
  } else if (command == "open" && argc == 3) {
    OpenSeries(argv[2]);
  } else if (command == "w2" && argc == 4) {
    WriteW2(argv[2], std::strtoull(argv[3], nullptr, 10));
  } else if (command == "load" && argc >= 7) {
    bench::LoadOptions options{.address = argv[2],
                               .format = argv[3],
                               .workload = argv[4],
                               .sets = std::strtoull(argv[5], nullptr, 10),
                               .minutes = std::strtoull(argv[6], nullptr, 10)};
    if (argc == 10) {
      options.access_key = argv[7];
      options.secret = argv[8];
      options.now_s = std::strtoll(argv[9], nullptr, 10);
    }
    return bench::Load(options);
  } else {
    std::fprintf(stderr, "see the head of bench/metrics.cc\n");
    return 2;
  }
  return 0;
}
