// W4 inside one process, without HTTP: import of a CSV file, bytes on disk, CPU time of queries
// A, B and C uncached and from the cache. analytics_engine FILE.csv FOLDER [skip-import]
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <vector>

#include "analytics/csv_reader.h"
#include "analytics/datasets.h"
#include "analytics/import.h"
#include "analytics/service.h"
#include "base/clock.h"
#include "base/file_system.h"
#include "bench/w4.h"
#include "events/embedded_events.h"
#include "storage/engine.h"

namespace {

using namespace securebase;

double CpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

int Fail(const char* what, const Error& error) {
  std::fprintf(stderr, "%s: %s %s\n", what, error.field().c_str(), error.message().c_str());
  return 1;
}

void ReadAsCsv(std::string_view text) {
  const double start = CpuSeconds();
  analytics::CsvReader reader(text);
  std::size_t fields = 0;
  while (reader.Next()) fields += reader.fields().size();
  const double seconds = CpuSeconds() - start;
  std::printf("csv: %.2f GB/s, %zu fields\n", static_cast<double>(text.size()) / seconds / 1e9,
              fields);
}

Result<> ImportFile(events::DatasetStore& datasets, std::string_view text) {
  const double start = CpuSeconds();
  SB_TRY(const auto report,
         analytics::ImportFiles(datasets, analytics::Format::kCsv, {{"w4", text}},
                                {.customer_column = "customer_id", .dataset = "cost"}));
  const double seconds = CpuSeconds() - start;
  std::printf("import: %llu rows, %llu rejected, %.2f CPU-s, %.0f rows/s\n",
              static_cast<unsigned long long>(report.rows),
              static_cast<unsigned long long>(report.rejected_count), seconds,
              static_cast<double>(report.rows) / seconds);
  return {};
}

Result<> RunQueries(analytics::AnalyticsService& service, char name) {
  std::vector<double> times;
  const auto parameters = bench::W4::Query(name);
  const std::string raw(1, name);
  for (std::uint64_t n = 0; n < 200; ++n) {
    const Customer customer{.id = bench::W4::CustomerOf(n)};
    const double start = CpuSeconds();
    SB_TRY_OK(service.Answer(analytics::Question::kAnalytics, customer, raw, parameters));
    times.push_back(CpuSeconds() - start);
  }
  double sum = 0;
  for (double time : times) sum += time;
  std::sort(times.begin(), times.end());
  const double hit_start = CpuSeconds();
  for (std::uint64_t n = 0; n < 20'000; ++n) {
    const Customer customer{.id = bench::W4::CustomerOf(n)};
    service.FindCached(analytics::Question::kAnalytics, customer, raw);
  }
  std::printf("%c: mean %.3f ms, p50 %.3f, p95 %.3f CPU uncached; cached %.2f us\n", name,
              sum / 200 * 1e3, times[100] * 1e3, times[190] * 1e3,
              (CpuSeconds() - hit_start) / 20'000 * 1e6);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: analytics_engine FILE.csv FOLDER [skip-import]\n", stderr);
    return 2;
  }
  const SystemClock clock(bench::W4::Today());
  auto engine = storage::Engine::Open({.folder = argv[2]}, PosixFileSystem());
  if (!engine.ok()) return Fail("open", engine.error());
  auto events = events::EmbeddedEvents::Open(**engine, clock);
  if (!events.ok()) return Fail("events", events.error());
  events::DatasetStore& datasets = (*events)->datasets();
  analytics::DefineDatasets(datasets);
  if (auto done = (*engine)->Recover(); !done.ok()) return Fail("recover", done.error());
  if (argc == 3) {
    auto file = PosixFileSystem().Map(argv[1]);
    if (!file.ok()) return Fail("file", file.error());
    ReadAsCsv((*file)->bytes());
    if (auto done = ImportFile(datasets, (*file)->bytes()); !done.ok()) {
      return Fail("import", done.error());
    }
  }
  NullTelemetry telemetry;
  analytics::AnalyticsService service(datasets, clock, telemetry);
  for (int run = 0; run < 2; ++run) {  // the first warms up
    for (char name : {'A', 'B', 'C'}) {
      if (auto done = RunQueries(service, name); !done.ok()) return Fail("query", done.error());
    }
  }
  if (auto done = (*engine)->Close(); !done.ok()) return Fail("close", done.error());
  return 0;
}
