// W3 inside one process, without HTTP: ingest of log lines into the store, bytes on disk, scans.
//
//   logs lines json|report N                 the lines, for other programs
//   logs ingest json|report N FOLDER         through the engine; one line of JSON with the figures
//   logs scan json|report FOLDER [THREADS]   columns of what was ingested
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "bench/w3.h"
#include "events/embedded_events.h"
#include "storage/engine.h"

namespace {

using namespace securebase;

constexpr std::uint64_t kBatch = 2'700;  // events of a request of a megabyte
constexpr std::uint64_t kStreams = 8;

double Seconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}
double CpuSeconds() { return Seconds(CLOCK_PROCESS_CPUTIME_ID); }
double WallSeconds() { return Seconds(CLOCK_MONOTONIC); }

int Fail(const char* what, const Error& error) {
  std::fprintf(stderr, "%s: %s %s\n", what, error.field().c_str(), error.message().c_str());
  return 1;
}

struct Stores {
  std::unique_ptr<storage::Engine> engine;
  std::unique_ptr<events::EmbeddedEvents> events;
};

Result<Stores> OpenStores(const std::string& folder, const Clock& clock) {
  Stores stores;
  SB_TRY(stores.engine, storage::Engine::Open({.folder = folder}, PosixFileSystem()));
  SB_TRY(stores.events, events::EmbeddedEvents::Open(*stores.engine, clock));
  SB_TRY_OK(stores.engine->Recover());
  return stores;
}

template <class Lines>
void Print(const Lines& lines) {
  std::string text;
  for (std::uint64_t i = 0; i < lines.records(); ++i) {
    lines.Append(i, text);
    text += '\n';
    if (text.size() < 1u << 20) continue;
    std::fwrite(text.data(), 1, text.size(), stdout);
    text.clear();
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
}

std::uint64_t FolderBytes(const std::string& folder) {
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

// The lines are made outside of the measured time.
template <class Lines>
Result<> Ingest(const Lines& lines, const std::string& folder) {
  SystemClock clock;
  SB_TRY(Stores stores, OpenStores(folder, clock));
  double cpu = 0, wall = 0, slowest = 0;
  std::uint64_t bytes = 0;
  for (std::uint64_t first = 0, request = 0; first < lines.records(); first += kBatch, ++request) {
    std::vector<events::LogEvent> batch;
    const std::uint64_t end = std::min(lines.records(), first + kBatch);
    for (std::uint64_t i = first; i < end; ++i) {
      events::LogEvent& event = batch.emplace_back();
      event.time = lines.TimeOf(i);
      lines.Append(i, event.message);
      bytes += event.message.size();
    }
    const double cpu_start = CpuSeconds(), wall_start = WallSeconds();
    SB_TRY_OK(stores.events->logs().Append({}, "w3", "stream-" + std::to_string(request % kStreams),
                                           std::move(batch)));
    cpu += CpuSeconds() - cpu_start;
    const double took = WallSeconds() - wall_start;
    wall += took;
    slowest = std::max(slowest, took);
  }
  const double cpu_start = CpuSeconds(), wall_start = WallSeconds();
  SB_TRY_OK(stores.engine->Checkpoint());
  cpu += CpuSeconds() - cpu_start;
  wall += WallSeconds() - wall_start;
  const events::LogStoreStatistics statistics = stores.events->logs().statistics();
  SB_TRY_OK(stores.engine->Close());
  std::printf(
      "{\"lines\": %llu, \"message_bytes\": %llu, \"cpu_seconds\": %.3f, \"wall_seconds\": %.3f, "
      "\"slowest_append_ms\": %.0f, \"segments\": %llu, \"segment_bytes\": %llu, "
      "\"folder_bytes\": %llu}\n",
      static_cast<unsigned long long>(lines.records()), static_cast<unsigned long long>(bytes), cpu,
      wall, slowest * 1e3, static_cast<unsigned long long>(statistics.segments),
      static_cast<unsigned long long>(statistics.bytes),
      static_cast<unsigned long long>(FolderBytes(folder + "/logs")));
  return {};
}

struct Question {
  const char* name;
  std::vector<std::string> columns;
  query::Predicate where;
};

std::vector<Question> QuestionsOf(bool json) {
  using Op = query::Predicate::Op;
  const auto contains = [](std::string field, std::string needle) {
    return query::Predicate{
        .op = Op::kContains, .children = {}, .field = std::move(field), .literals = {needle}};
  };
  if (!json) {
    return {{"report fields", {"@duration", "@memorySize"}, {}}, {"lines", {"@message"}, {}}};
  }
  return {{"level", {"level"}, {}},
          {"durationMs by time", {"@timestamp", "durationMs"}, {}},
          {"timeouts by customer", {"message", "customerId"}, contains("message", "timeout")},
          {"needle", {"@timestamp", "@message"}, contains("@message", "needle-7f3a9c")},
          {"lines", {"@message"}, {}}};
}

// How long the columns take to come, without anything done to them.
Result<> Scan(bool json, const std::string& folder, std::size_t threads) {
  SystemClock clock;
  SB_TRY(Stores stores, OpenStores(folder, clock));
  for (const Question& question : QuestionsOf(json)) {
    double best_cpu = 1e9, best_wall = 1e9;
    std::uint64_t rows = 0, skipped = 0;
    for (int run = 0; run < 4; ++run) {
      const double cpu_start = CpuSeconds(), wall_start = WallSeconds();
      SB_TRY(auto sources, stores.events->logs().Scan({}, {.groups = {"w3"},
                                                           .streams = {},
                                                           .start = FromUnixSeconds(0),
                                                           .end = FromUnixSeconds(4'000'000'000),
                                                           .columns = question.columns,
                                                           .where = question.where,
                                                           .newest_first = true,
                                                           .sources = threads}));
      std::vector<std::thread> workers;
      std::vector<std::uint64_t> counts(threads, 0);
      for (std::size_t i = 0; i < threads; ++i) {
        workers.emplace_back([&, i] {
          query::Batch batch;
          while (true) {
            const auto more = sources[i]->Next(batch);
            if (!more.ok()) std::fprintf(stderr, "%s\n", more.error().message().c_str());
            if (!more.ok() || !*more) return;
            counts[i] += batch.SelectedCount();
          }
        });
      }
      for (std::thread& worker : workers) worker.join();
      rows = skipped = 0;
      for (std::size_t i = 0; i < threads; ++i) {
        rows += counts[i];
        skipped += sources[i]->statistics().chunks_skipped;
      }
      best_cpu = std::min(best_cpu, CpuSeconds() - cpu_start);
      best_wall = std::min(best_wall, WallSeconds() - wall_start);
    }
    std::printf(
        "{\"scan\": \"%s\", \"rows\": %llu, \"chunks_skipped\": %llu, \"cpu_ms\": %.1f, "
        "\"wall_ms\": %.1f}\n",
        question.name, static_cast<unsigned long long>(rows),
        static_cast<unsigned long long>(skipped), best_cpu * 1e3, best_wall * 1e3);
  }
  return stores.engine->Close();
}

Result<> Run(int count, char** arguments) {
  const std::string what = count > 1 ? arguments[1] : "";
  const bool json = count > 2 && std::strcmp(arguments[2], "json") == 0;
  if (what == "scan" && count > 3) {
    return Scan(json, arguments[3], count > 4 ? std::strtoull(arguments[4], nullptr, 10) : 1);
  }
  const std::uint64_t records = count > 3 ? std::strtoull(arguments[3], nullptr, 10) : 0;
  if (what == "lines" && records > 0) {
    json ? Print(bench::W3Json(records)) : Print(bench::W3Report(records));
    return {};
  }
  if (what == "ingest" && records > 0 && count > 4) {
    return json ? Ingest(bench::W3Json(records), arguments[4])
                : Ingest(bench::W3Report(records), arguments[4]);
  }
  return InvalidArgument("", "logs lines|ingest|scan json|report ...");
}

}  // namespace

int main(int count, char** arguments) {
  const Result<> run = Run(count, arguments);
  return run.ok() ? 0 : Fail("logs", run.error());
}
