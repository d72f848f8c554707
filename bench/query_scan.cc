// The executor alone: a customer of about 30,000 cost records (the largest of W4 cut to 300,000),
// and the scans behind queries A, B and C, without the analytics API. query_scan FOLDER
#include <cstdio>
#include <ctime>

#include "analytics/datasets.h"
#include "base/clock.h"
#include "base/file_system.h"
#include "bench/w4.h"
#include "events/embedded_events.h"
#include "query/aggregate.h"
#include "storage/engine.h"

namespace {

using namespace securebase;
using AOp = query::Aggregate::Op;
using Op = query::Predicate::Op;

constexpr std::uint64_t kRecords = 300'000;
const Customer kCustomer{.id = "cust-001"};

double CpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

query::Predicate Where(Op op, std::string field, std::vector<query::Literal> literals) {
  return {.op = op, .field = std::move(field), .literals = std::move(literals)};
}

std::vector<query::Literal> Texts(std::initializer_list<const char*> texts) {
  std::vector<query::Literal> literals;
  for (const char* text : texts) literals.emplace_back(std::string(text));
  return literals;
}

struct Shape {
  const char* name;
  int days;
  std::vector<std::string> columns;
  query::GroupQuery query;
};

std::vector<Shape> Shapes() {
  const query::Predicate b{
      .op = Op::kAnd,
      .children = {Where(Op::kIn, "region", Texts({"us-east-1", "us-west-2", "eu-west-1"})),
                   {.op = Op::kOr,
                    .children = {Where(Op::kIn, "service",
                                       Texts({"AmazonEC2", "AmazonRDS", "AmazonS3", "AWSLambda",
                                              "AmazonEKS"})),
                                 Where(Op::kGreater, "billed_cost", {2.0})}},
                   Where(Op::kEqual, "tags.env", Texts({"prod"})),
                   Where(Op::kNotEqual, "charge_category", Texts({"Tax"})),
                   {.op = Op::kOr,
                    .children = {Where(Op::kStartsWith, "resource_id", Texts({"instance"})),
                                 Where(Op::kStartsWith, "resource_id", Texts({"volume"}))}}}};
  return {{"A",
           30,
           {"service", "billed_cost", "usage_quantity"},
           {.keys = {{"service"}},
            .aggregates = {{AOp::kSum, "billed_cost"},
                           {AOp::kSum, "usage_quantity"},
                           {AOp::kCount, ""}},
            .order = {{1, true}}}},
          {"B",
           90,
           {"region", "service", "billed_cost", "tags.env", "charge_category", "resource_id",
            "effective_cost"},
           {.where = b,
            .keys = {{"service"}, {"region"}},
            .aggregates = {{AOp::kSum, "effective_cost"}, {AOp::kCount, ""}},
            .order = {{2, true}}}},
          {"C",
           365,
           {"time", "tags.team", "effective_cost"},
           {.keys = {{"time", query::GroupKey::Cut::kMonth}, {"tags.team"}},
            .aggregates = {{AOp::kSum, "effective_cost"}}}}};
}

Result<> ImportRecords(events::DatasetStore& datasets) {
  const bench::W4 workload(kRecords);
  SB_TRY(auto import, datasets.BeginImport({}, "cost", "w4"));
  const double start = CpuSeconds();
  SB_TRY_OK(workload.Feed(0, kRecords, *import));
  const double fed = CpuSeconds();
  SB_TRY_OK(import->Commit());
  std::printf("import: %.0f ns a row to make and add, %.0f ns to commit\n",
              (fed - start) / kRecords * 1e9, (CpuSeconds() - fed) / kRecords * 1e9);
  return {};
}

Result<> TimeShape(const events::DatasetStore& datasets, const Shape& shape) {
  constexpr int kRuns = 300;
  query::GroupResult result;
  query::ScanStatistics statistics;
  const double start = CpuSeconds();
  for (int run = 0; run < kRuns; ++run) {
    SB_TRY(auto source, datasets.Scan(kCustomer, {.dataset = "cost",
                                                  .start = bench::W4::Today() -
                                                           std::chrono::hours(24 * shape.days),
                                                  .end = bench::W4::Today(),
                                                  .columns = shape.columns,
                                                  .where = shape.query.where}));
    SB_TRY(result, query::RunGroupQuery(*source, shape.query, {}));
    statistics = source->statistics();
  }
  std::printf(
      "%s: %.1f us; %llu rows scanned, %llu matched, %zu groups, %llu of %llu chunks, %llu KB\n",
      shape.name, (CpuSeconds() - start) / kRuns * 1e6,
      static_cast<unsigned long long>(result.rows_scanned),
      static_cast<unsigned long long>(result.rows_matched), result.rows.size(),
      static_cast<unsigned long long>(statistics.chunks - statistics.chunks_skipped),
      static_cast<unsigned long long>(statistics.chunks),
      static_cast<unsigned long long>(statistics.bytes / 1024));
  return {};
}

Result<> Run(const std::string& folder) {
  const SystemClock clock(bench::W4::Today());
  SB_TRY(const auto engine, storage::Engine::Open({.folder = folder}, PosixFileSystem()));
  SB_TRY(const auto events, events::EmbeddedEvents::Open(*engine, clock));
  analytics::DefineDatasets(events->datasets());
  SB_TRY_OK(engine->Recover());
  SB_TRY_OK(ImportRecords(events->datasets()));
  const auto held = events->datasets().Statistics(kCustomer, "cost");
  std::printf("%s: %llu rows, %.1f bytes a row\n", kCustomer.id.c_str(),
              static_cast<unsigned long long>(held.rows),
              static_cast<double>(held.bytes) / static_cast<double>(held.rows));
  for (const Shape& shape : Shapes()) SB_TRY_OK(TimeShape(events->datasets(), shape));
  return engine->Close();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: query_scan FOLDER\n", stderr);
    return 2;
  }
  const Result<> done = Run(argv[1]);
  if (!done.ok()) std::fprintf(stderr, "%s\n", done.error().message().c_str());
  return done.ok() ? 0 : 1;
}
