// W3's queries through the whole language on log groups that `logs ingest` wrote:
//
//   insights_store json|report FOLDER [THREADS]
//
// One line of JSON a query: median wall and CPU milliseconds of five runs after one, rows, what was
// skipped.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/worker_pool.h"
#include "events/embedded_events.h"
#include "insights/log_scan.h"
#include "insights/query.h"
#include "insights/run.h"
#include "storage/engine.h"

namespace {

using namespace securebase;

double Seconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

struct Question {
  const char* name;
  const char* text;
};

constexpr Question kJson[] = {
    {"q1", "stats count(*) by level"},
    {"q2", "stats pct(durationMs, 95) by bin(5m)"},
    {"q3",
     "filter message like /timeout/ | stats count(*) as c by customerId | sort c desc | limit 20"},
    {"q5", "fields @timestamp, @message | filter @message like \"needle-7f3a9c\""},
    {"q6",
     "fields @timestamp, @message | filter level = \"ERROR\" | sort @timestamp desc | limit 1000"},
};
constexpr Question kReport[] = {
    {"q4",
     "parse @message /Duration: (?<d>[0-9.]+) ms\\tBilled Duration: (?<b>[0-9]+) ms\\tMemory Size: "
     "(?<m>[0-9]+) MB\\tMax Memory Used: (?<u>[0-9]+) MB/ | stats pct(d,50), pct(d,95), pct(d,99), "
     "max(d), max(u), count(*) by m"},
    {"q4 fields", "filter @type = \"REPORT\" | stats pct(@duration,95) by @memorySize"},
};

class StoreInput final : public insights::Input {
 public:
  explicit StoreInput(const events::LogStore& store) : store_(store) {}
  Result<std::vector<std::string>> Resolve(const insights::GroupSelection& s) const override {
    return s.names;
  }
  Result<std::vector<insights::ScanPart>> Open(const insights::ScanRequest& request,
                                               std::size_t parts) const override {
    return insights::ScanLogs(store_, {}, request, parts);
  }

 private:
  const events::LogStore& store_;
};

Result<> Ask(const Question& question, const StoreInput& input, std::size_t threads) {
  const insights::ParseResult query = insights::Parse(question.text);
  if (!query.ok()) return query.error().ToError();
  WorkerPool workers(std::max<std::size_t>(threads - 1, 1), 16);
  insights::RunOptions options;
  options.groups = {"w3"};
  options.end_ms = 4'000'000'000'000;
  options.control.memory_max = std::uint64_t{4} << 30;
  if (threads > 1) options.workers = &workers;
  options.threads = threads;
  std::vector<double> wall, cpu;
  insights::Answer answer;
  for (int run = 0; run < 6; ++run) {
    const double cpu_start = Seconds(CLOCK_PROCESS_CPUTIME_ID);
    const double wall_start = Seconds(CLOCK_MONOTONIC);
    SB_TRY(answer, insights::Run(*query, input, options));
    if (run == 0) continue;
    cpu.push_back(Seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_start);
    wall.push_back(Seconds(CLOCK_MONOTONIC) - wall_start);
  }
  std::sort(wall.begin(), wall.end());
  std::sort(cpu.begin(), cpu.end());
  std::printf(
      "{\"query\": \"%s\", \"wall_ms\": %.1f, \"cpu_ms\": %.1f, \"rows\": %zu, \"scanned\": %llu, "
      "\"skipped\": %llu}\n",
      question.name, wall[2] * 1e3, cpu[2] * 1e3, answer.table.rows.size(),
      static_cast<unsigned long long>(answer.statistics.records_scanned),
      static_cast<unsigned long long>(answer.statistics.records_skipped));
  return {};
}

Result<> Run(bool json, const std::string& folder, std::size_t threads) {
  const SystemClock clock;
  SB_TRY(auto engine, storage::Engine::Open({.folder = folder}, PosixFileSystem()));
  SB_TRY(auto events, events::EmbeddedEvents::Open(*engine, clock));
  SB_TRY_OK(engine->Recover());
  const StoreInput input(events->logs());
  if (json) {
    for (const Question& question : kJson) SB_TRY_OK(Ask(question, input, threads));
  } else {
    for (const Question& question : kReport) SB_TRY_OK(Ask(question, input, threads));
  }
  return engine->Close();
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) {
    std::fprintf(stderr, "insights_store json|report FOLDER [THREADS]\n");
    return 2;
  }
  const std::size_t threads = count > 3 ? std::strtoull(arguments[3], nullptr, 10) : 1;
  const auto run = Run(std::strcmp(arguments[1], "json") == 0, arguments[2], threads);
  if (!run.ok()) std::fprintf(stderr, "insights_store: %s\n", run.error().message().c_str());
  return run.ok() ? 0 : 1;
}
