#include "criteria/evaluator.h"

#include <fmt/format.h>

#include <utility>

#include "criteria/internal/source.h"
#include "criteria/statistics.h"

namespace securebase::criteria {
namespace {

constexpr std::string_view kAnalytics = "SecureBase/Analytics";
constexpr std::string_view kOwn = "SecureBase/Criteria";
// kind = "run", at (the minute) -> the run as JSON.
constexpr std::string_view kRunsTable = "securebase.internal.criteria-runs";
constexpr int kAdoptionDays = 30;

Measured Start(const Criterion& criterion, const Range& range) {
  Measured measured;
  measured.criterion = criterion;
  measured.start = range.start;
  measured.end = range.end;
  return measured;
}

void Finish(Measured& measured, double value) {
  measured.value = value;
  measured.verdict = Decide(measured.criterion, value);
}

std::string NoSamples(const Reading& reading, const MetricName& name) {
  std::string reason =
      fmt::format("no sample of {} {} in the window", name.namespace_name, name.name);
  if (!reading.other_units.empty()) reason += ", only in unit " + reading.other_units;
  return reason;
}

void NoteOtherUnits(const Reading& reading, Measured& measured) {
  if (!reading.other_units.empty()) {
    measured.notes.emplace_back("left out, other units", reading.other_units);
  }
}

// Reads the sources of one run.
class Measuring {
 public:
  Measuring(const Account& account, const EvaluatorDependencies& dependencies, Instant now,
            const Range& range)
      : account_(account), dependencies_(dependencies), now_(now), range_(range) {}

  Result<Measured> QueryTime() const {
    constexpr MetricName kName{kAnalytics, "QueryExecutionTime", "Seconds"};
    Measured measured = Start(kQueryTime, range_);
    SB_TRY(const Reading reading, Read(kName));
    measured.evidence = {Command(kName, reading, "--extended-statistics p95")};
    measured.sample_count = reading.bucket.set().sample_count;
    NoteOtherUnits(reading, measured);
    if (reading.bucket.empty()) {
      measured.reason = NoSamples(reading, kName);
      return measured;
    }
    metrics::Statistic p95;
    p95.kind = metrics::Statistic::Kind::kPercentile;
    p95.percentile = 95;
    const std::optional<double> value = reading.bucket.Evaluate(p95);
    if (!value) {
      measured.reason = "the samples came as statistic sets, which have no percentiles";
      return measured;
    }
    measured.interval = PercentileInterval(reading.bucket, 95);
    measured.notes.emplace_back("maximum", ValueText(kQueryTime, reading.bucket.set().maximum));
    Finish(measured, *value);
    return measured;
  }

  Result<Measured> PdfTime() const {
    constexpr MetricName kName{kAnalytics, "PDFExportDuration", "Seconds"};
    Measured measured = Start(kPdfTime, range_);
    SB_TRY(const Reading reading, Read(kName));
    measured.evidence = {Command(kName, reading, "--statistics Maximum Average")};
    const metrics::StatisticSet& set = reading.bucket.set();
    measured.sample_count = set.sample_count;
    NoteOtherUnits(reading, measured);
    if (reading.bucket.empty()) {
      measured.reason = NoSamples(reading, kName);
      return measured;
    }
    measured.notes.emplace_back("average", ValueText(kPdfTime, set.sum / set.sample_count));
    Finish(measured, set.maximum);
    return measured;
  }

  Result<Measured> Delivery() const {
    constexpr MetricName kSuccess{kAnalytics, "ReportDeliverySuccess", "Count"};
    constexpr MetricName kFailure{kAnalytics, "ReportDeliveryFailure", "Count"};
    Measured measured = Start(kDelivery, range_);
    SB_TRY(const Reading success, Read(kSuccess));
    SB_TRY(const Reading failure, Read(kFailure));
    measured.evidence = {Command(kSuccess, success, "--statistics Sum"),
                         Command(kFailure, failure, "--statistics Sum")};
    const double delivered = success.bucket.set().sum;
    const double failed = failure.bucket.set().sum;
    measured.notes = {{"delivered", fmt::format("{:g}", delivered)},
                      {"failed or bounced", fmt::format("{:g}", failed)}};
    return Share(std::move(measured), delivered, delivered + failed,
                 "no delivery ended in the window");
  }

  Result<Measured> Adoption() const {
    const auto today = std::chrono::floor<std::chrono::days>(now_);
    const Range month{.start = today - std::chrono::days(kAdoptionDays), .end = range_.end};
    const std::string since = FormatDate(month.start);
    Measured measured = Start(kAdoption, month);
    measured.evidence = {
        CustomersWithReportCommand(dependencies_.tables, account_, since),
        ActiveCustomersCommand(dependencies_.tables, account_),
    };
    SB_TRY(const CustomerCounts counts,
           CountCustomers(dependencies_.documents, dependencies_.tables, account_, since));
    measured.notes = {{"customers with a new report", std::to_string(counts.with_new_report)},
                      {"active customers", std::to_string(counts.active)}};
    return Share(std::move(measured), static_cast<double>(counts.with_new_report),
                 static_cast<double>(counts.active), "the table of customers has no active one");
  }

  Result<Measured> TestCoverage() const {
    constexpr MetricName kName{kOwn, "TestCoverage", "Percent"};
    Measured measured = Start(kCoverage, range_);
    SB_TRY(const std::optional<Newest> newest,
           ReadNewest(dependencies_.metrics, account_, kName, now_));
    if (!newest) {
      measured.reason = "no coverage was published: securebase validate --coverage FILE";
      measured.evidence = {Command(kName, {.unit = "Percent"}, "--statistics Minimum")};
      return measured;
    }
    const metrics::StatisticSet& set = newest->bucket.set();
    measured.start = newest->range.start;
    measured.end = newest->range.end;
    measured.sample_count = set.sample_count;
    measured.evidence = {
        MetricCommand(account_, kName, kName.unit, newest->range, "--statistics Minimum")};
    // Of several within the finest period the lowest: a better one never hides a worse one.
    Finish(measured, set.minimum);
    return measured;
  }

  Result<Measured> Availability() const {
    constexpr MetricName kCount{"AWS/ApiGateway", "Count", "Count"};
    constexpr MetricName kErrors{"AWS/ApiGateway", "5XXError", "Count"};
    Measured measured = Start(kAvailability, range_);
    SB_TRY(const Reading count, Read(kCount));
    SB_TRY(const Reading errors, Read(kErrors));
    measured.evidence = {Command(kErrors, errors, "--statistics Sum"),
                         Command(kCount, count, "--statistics Sum")};
    const double requests = count.bucket.set().sum;
    const double failed = errors.bucket.set().sum;
    measured.notes = {{"requests", fmt::format("{:g}", requests)},
                      {"5XX errors", fmt::format("{:g}", failed)}};
    return Share(std::move(measured), requests - failed, requests, "no request in the window");
  }

  Result<Measured> ErrorRate() const {
    constexpr MetricName kInvocations{"AWS/Lambda", "Invocations", "Count"};
    constexpr MetricName kErrors{"AWS/Lambda", "Errors", "Count"};
    Measured measured = Start(kErrorRate, range_);
    SB_TRY(const Reading invocations, Read(kInvocations));
    SB_TRY(const Reading errors, Read(kErrors));
    measured.evidence = {Command(kErrors, errors, "--statistics Sum"),
                         Command(kInvocations, invocations, "--statistics Sum")};
    const double total = invocations.bucket.set().sum;
    const double failed = errors.bucket.set().sum;
    measured.notes = {{"invocations", fmt::format("{:g}", total)},
                      {"errors", fmt::format("{:g}", failed)}};
    return Share(std::move(measured), failed, total, "no invocation in the window");
  }

 private:
  Result<Reading> Read(const MetricName& name) const {
    return ReadMetric(dependencies_.metrics, account_, name, range_);
  }

  std::string Command(const MetricName& name, const Reading& reading,
                      std::string_view statistics) const {
    return MetricCommand(account_, name, reading.unit, range_, statistics);
  }

  static Measured Share(Measured measured, double hits, double count, std::string_view nothing) {
    measured.sample_count = count;
    if (!(count > 0)) {
      measured.reason = nothing;
      return measured;
    }
    // Figures that no true count gives (more hits than samples) have a value but no interval.
    if (hits >= 0 && hits <= count) {
      Interval interval = WilsonInterval(hits, count);
      interval.low *= 100;
      interval.high *= 100;
      measured.interval = std::move(interval);
    }
    Finish(measured, 100 * hits / count);
    return measured;
  }

  const Account& account_;
  const EvaluatorDependencies& dependencies_;
  const Instant now_;
  const Range range_;
};

metrics::Datum MakeDatum(std::string_view namespace_name, std::string_view name,
                         std::string_view unit, Instant time, double value) {
  metrics::Datum datum;
  datum.metric = {.namespace_name = std::string(namespace_name), .name = std::string(name)};
  datum.unit = unit;
  datum.time = time;
  datum.values = {{value, 1.0}};
  return datum;
}

std::vector<metrics::Datum> DataOf(const Run& run) {
  std::vector<metrics::Datum> data;
  for (const Measured& measured : run.results) {
    if (!measured.value) continue;
    const Criterion& criterion = measured.criterion;
    const std::vector<metrics::Dimension> dimensions = {{"Criterion", std::string(criterion.id)}};
    data.push_back(MakeDatum(kOwn, "Value", criterion.unit, run.at, *measured.value));
    data.back().metric.dimensions = dimensions;
    data.push_back(
        MakeDatum(kOwn, "Passed", "Count", run.at, measured.verdict == Verdict::kPass ? 1 : 0));
    data.back().metric.dimensions = dimensions;
    if (criterion.id == kAdoption.id) {
      data.push_back(
          MakeDatum(kAnalytics, "CustomReportAdoption", "Percent", run.at, *measured.value));
    }
  }
  return data;
}

Result<> EnsureRunsTable(documents::DocumentStore& documents, const Account& account, Instant now) {
  documents::TableDescription table{.name = std::string(kRunsTable),
                                    .id = std::string(kRunsTable),
                                    .partition_key = {.name = "kind"},
                                    .sort_key = documents::KeyAttribute{.name = "at"},
                                    .created_at = now,
                                    .product = true,
                                    .internal = true};
  SB_TRY_OK(documents.CreateTable(account, std::move(table)));
  return {};
}

// Deletes the oldest runs beyond `kept`.
Result<> Prune(documents::DocumentStore& documents, const Account& account, std::size_t kept) {
  const std::string table(kRunsTable);
  SB_TRY(const documents::TableStatistics statistics, documents.Statistics(account, table));
  if (statistics.item_count <= kept) return {};
  SB_TRY(const documents::RangePage oldest,
         documents.Range(account, {.table = table,
                                   .partition = documents::Value("run"),
                                   .items_max = statistics.item_count - kept}));
  for (const documents::Item& item : oldest.items) {
    SB_TRY_OK(documents.Delete(account, table,
                               {{"kind", "run"}, {"at", documents::StringAttribute(item, "at")}}));
  }
  return {};
}

}  // namespace

Result<> CheckWindow(Duration window) {
  if (window < kWindowMin || window > kWindowMax ||
      window % std::chrono::minutes(1) != Duration(0)) {
    return InvalidArgument("window", "must be whole minutes, from 1m to 14d");
  }
  return {};
}

Evaluator::Evaluator(Account account, EvaluatorDependencies dependencies)
    : account_(std::move(account)), dependencies_(dependencies) {}

Result<Run> Evaluator::Measure(Duration window) const {
  SB_TRY_OK(CheckWindow(window));
  const Instant now = dependencies_.clock.Now();
  // The running minute counts: who just ran a test wants to see it.
  const Instant end = std::chrono::floor<std::chrono::minutes>(now) + std::chrono::minutes(1);
  const Range range{.start = end - window, .end = end};
  const Measuring measuring(account_, dependencies_, now, range);
  Run run{.at = now, .window = window};
  const auto add = [&](const Criterion& criterion, Result<Measured> measured) {
    if (!measured.ok()) {
      Measured unread = Start(criterion, range);
      unread.reason = "could not be read: " + measured.error().message();
      measured = std::move(unread);
    }
    run.results.push_back(*std::move(measured));
  };
  add(kQueryTime, measuring.QueryTime());
  add(kPdfTime, measuring.PdfTime());
  add(kDelivery, measuring.Delivery());
  add(kAdoption, measuring.Adoption());
  add(kCoverage, measuring.TestCoverage());
  add(kAvailability, measuring.Availability());
  add(kErrorRate, measuring.ErrorRate());
  return run;
}

Result<> Evaluator::Record(const Run& run) const {
  std::vector<metrics::Datum> data = DataOf(run);
  if (!data.empty()) SB_TRY_OK(dependencies_.metrics.PutAndWait(account_, std::move(data)));
  SB_TRY_OK(EnsureRunsTable(dependencies_.documents, account_, run.at));
  // One a minute: a page or a loop that asks often does not fill the table.
  const Instant minute = std::chrono::floor<std::chrono::minutes>(run.at);
  SB_TRY_OK(dependencies_.documents.Put(
      account_, std::string(kRunsTable),
      {{"kind", "run"}, {"at", FormatIso(minute)}, {"run", json::Write(ToJson(run))}}));
  return Prune(dependencies_.documents, account_, kRunsKept);
}

Result<std::vector<Run>> Evaluator::Runs(std::size_t runs_max) const {
  documents::RangeRequest request{
      .table = std::string(kRunsTable), .partition = documents::Value("run"), .descending = true};
  std::vector<Run> runs;
  while (runs.size() < runs_max) {
    request.items_max = runs_max - runs.size();
    Result<documents::RangePage> page = dependencies_.documents.Range(account_, request);
    if (!page.ok() && page.error().code() == ErrorCode::kNotFound) return runs;  // none yet
    if (!page.ok()) return page.error();
    for (const documents::Item& item : page->items) {
      SB_TRY(const json::Value value, json::Parse(documents::StringAttribute(item, "run")));
      SB_TRY(Run run, ParseRun(value));
      runs.push_back(std::move(run));
    }
    if (!page->last_key) break;
    request.exclusive_start_key = page->last_key;
  }
  return runs;
}

Result<> Evaluator::RecordCoverage(const Coverage& coverage) const {
  metrics::Datum datum =
      MakeDatum(kOwn, "TestCoverage", "Percent", dependencies_.clock.Now(), coverage.percent);
  datum.resolution_s = 1;  // so that of two within a minute the newer one counts
  std::vector<metrics::Datum> data;
  data.push_back(std::move(datum));
  return dependencies_.metrics.PutAndWait(account_, std::move(data));
}

}  // namespace securebase::criteria
