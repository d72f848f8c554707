#include "loadtest/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace securebase::loadtest {
namespace {

// Latencies kept in a JSON report; more are thinned to evenly spaced order statistics, which a
// rank test reads alike.
constexpr std::size_t kLatenciesInJsonMax = 10'000;
constexpr int kHistogramRowsMax = 12;
constexpr int kHistogramWidth = 40;

std::string Verdict(bool holds, bool marks) {
  if (!marks) return holds ? "PASS" : "FAIL";
  return holds ? "✓ PASS" : "✗ FAIL";
}

// "(PASS)" for the figures that a threshold speaks of.
std::string VerdictsOf(const Report& report, std::string_view figure, bool marks) {
  std::string out;
  for (const ThresholdVerdict& verdict : report.verdicts) {
    if (verdict.threshold.figure == figure) {
      out += fmt::format(" ({} {})", Verdict(verdict.holds, marks), verdict.threshold.text);
    }
  }
  return out;
}

std::string FormatLatency(double seconds) {
  if (seconds < 1e-3) return fmt::format("{:.0f}us", seconds * 1e6);
  if (seconds < 1) return fmt::format("{:.3g}ms", seconds * 1e3);
  return fmt::format("{:.3g}s", seconds);
}

// Rows of equal ratio between the smallest and largest latency.
std::string Histogram(const std::vector<double>& sorted) {
  if (sorted.size() < 2 || sorted.front() <= 0 || sorted.front() == sorted.back()) return {};
  const double low = sorted.front();
  const double ratio =
      std::pow(sorted.back() / low * (1 + 1e-9), 1.0 / static_cast<double>(kHistogramRowsMax));
  std::vector<std::size_t> counts(kHistogramRowsMax, 0);
  for (const double value : sorted) {
    const auto row = static_cast<int>(std::log(value / low) / std::log(ratio));
    ++counts[static_cast<std::size_t>(std::clamp(row, 0, kHistogramRowsMax - 1))];
  }
  const std::size_t most = *std::max_element(counts.begin(), counts.end());
  std::string out = "\nLatency distribution (rows of equal ratio)\n";
  for (int row = 0; row < kHistogramRowsMax; ++row) {
    const std::size_t count = counts[static_cast<std::size_t>(row)];
    const auto width = static_cast<int>(
        std::ceil(static_cast<double>(count) * kHistogramWidth / static_cast<double>(most)));
    out += fmt::format("{:>8} .. {:<8} {:>8} {}\n", FormatLatency(low * std::pow(ratio, row)),
                       FormatLatency(low * std::pow(ratio, row + 1)), count,
                       std::string(static_cast<std::size_t>(width), '#'));
  }
  return out;
}

std::string_view ModelText(const Plan& plan) {
  return plan.rate > 0 ? "open model: latencies count from the intended sending (corrected for "
                         "coordinated omission)"
                       : "closed model: each client waits for its answer before it asks again";
}

json::Value SummaryJson(const Summary& summary) {
  return json::Object{{"p50", summary.p50}, {"p90", summary.p90}, {"p95", summary.p95},
                      {"p99", summary.p99}, {"min", summary.min}, {"max", summary.max},
                      {"avg", summary.mean}};
}

std::vector<double> Thinned(const std::vector<double>& sorted) {
  if (sorted.size() <= kLatenciesInJsonMax) return sorted;
  std::vector<double> out;
  out.reserve(kLatenciesInJsonMax);
  for (std::size_t i = 0; i < kLatenciesInJsonMax; ++i) {
    out.push_back(sorted[i * (sorted.size() - 1) / (kLatenciesInJsonMax - 1)]);
  }
  return out;
}

}  // namespace

Report MakeReport(std::string endpoint, Instant started_at, LoadRun run,
                  std::vector<Threshold> thresholds) {
  Report report;
  report.endpoint = std::move(endpoint);
  report.started_at = started_at;
  std::vector<double> service;
  std::size_t failed = 0;
  for (const Sample& sample : run.samples) {
    report.latencies.push_back(sample.latency_s);
    service.push_back(sample.service_s);
    failed += sample.failed ? 1 : 0;
  }
  report.figures.latency = Summarise(report.latencies);
  report.service = Summarise(service);
  const auto count = static_cast<double>(run.samples.size());
  report.figures.error_share = count > 0 ? static_cast<double>(failed) / count : 0;
  report.figures.requests_per_second = run.elapsed_s > 0 ? count / run.elapsed_s : 0;
  report.run = std::move(run);

  if (thresholds.empty()) {
    for (const char* text : {"p95<5s", "errors<1%"}) thresholds.push_back(*ParseThreshold(text));
  }
  for (Threshold& threshold : thresholds) {
    // A test without a single sample proves nothing.
    const bool holds = count > 0 && Holds(threshold, report.figures);
    report.passed = report.passed && holds;
    report.verdicts.push_back({std::move(threshold), holds});
  }
  return report;
}

std::string ToText(const Report& report, bool marks) {
  const Summary& s = report.figures.latency;
  const std::size_t total = report.run.samples.size();
  const auto failed = static_cast<std::size_t>(
      std::lround(report.figures.error_share * static_cast<double>(total)));
  std::string out = "=== Load Test Results ===\n";
  out += fmt::format("Total requests: {}\n", total);
  out += fmt::format("Errors: {} ({:.2f}%){}\n", failed, report.figures.error_share * 100,
                     VerdictsOf(report, "errors", marks));
  const std::pair<std::string_view, double> rows[] = {
      {"P50", s.p50}, {"P90", s.p90}, {"P95", s.p95}, {"P99", s.p99},
      {"Min", s.min}, {"Max", s.max}, {"Avg", s.mean}};
  for (const auto& [name, value] : rows) {
    std::string figure(name);
    std::transform(figure.begin(), figure.end(), figure.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    out += fmt::format("{}: {:.4f}s{}\n", name, value, VerdictsOf(report, figure, marks));
  }
  out += fmt::format("Rate: {:.1f} requests/s over {:.2f}s{}\n", report.figures.requests_per_second,
                     report.run.elapsed_s, VerdictsOf(report, "rate", marks));
  if (report.run.plan.rate > 0) {
    out += fmt::format(
        "Service time, from the actual sending: P50 {:.4f}s, P95 {:.4f}s, P99 {:.4f}s\n",
        report.service.p50, report.service.p95, report.service.p99);
  }
  for (const auto& [kind, count] : report.run.failures) {
    out += fmt::format("Failed with {}: {}\n", kind, count);
  }
  out += Histogram(report.latencies);
  out += fmt::format(
      "\nScenario {}, {} clients, {}.\nPercentiles by the exclusive method (as Python's "
      "statistics.quantiles).\nVerdict: {}\n",
      report.run.plan.scenario.name, report.run.plan.concurrency, ModelText(report.run.plan),
      Verdict(report.passed, marks));
  return out;
}

json::Value ToJson(const Report& report) {
  const Plan& plan = report.run.plan;
  json::Array verdicts;
  for (const ThresholdVerdict& verdict : report.verdicts) {
    verdicts.push_back(json::Object{{"threshold", verdict.threshold.text},
                                    {"verdict", verdict.holds ? "PASS" : "FAIL"}});
  }
  json::Object failures;
  for (const auto& [kind, count] : report.run.failures) failures.emplace_back(kind, count);
  json::Array latencies;
  for (const double value : Thinned(report.latencies)) latencies.push_back(value);
  return json::Object{
      {"format", "securebase-loadtest-1"},
      {"endpoint", report.endpoint},
      {"startedAt", FormatIsoMillis(report.started_at)},
      {"scenario", plan.scenario.name},
      {"model", plan.rate > 0 ? "open" : "closed"},
      {"concurrency", plan.concurrency},
      {"targetRate", plan.rate},
      {"elapsedSeconds", report.run.elapsed_s},
      {"requests", report.run.samples.size()},
      {"requestsPerSecond", report.figures.requests_per_second},
      {"errorShare", report.figures.error_share},
      {"failures", std::move(failures)},
      {"bytes", report.run.bytes},
      {"percentileMethod", "exclusive"},
      {"latencySeconds", SummaryJson(report.figures.latency)},
      {"serviceSeconds", SummaryJson(report.service)},
      {"thresholds", std::move(verdicts)},
      {"verdict", report.passed ? "PASS" : "FAIL"},
      {"sortedLatenciesSeconds", std::move(latencies)},
  };
}

std::string ToCsv(const Report& report) {
  std::string out = "start_s,latency_s,service_s,status,failed\n";
  std::vector<Sample> samples = report.run.samples;
  std::sort(samples.begin(), samples.end(),
            [](const Sample& a, const Sample& b) { return a.start_s < b.start_s; });
  for (const Sample& s : samples) {
    out += fmt::format("{:.6f},{:.6f},{:.6f},{},{}\n", s.start_s, s.latency_s, s.service_s,
                       s.status, s.failed ? 1 : 0);
  }
  return out;
}

Result<std::vector<double>> LatenciesOf(const json::Value& report) {
  const json::Value* format = report.Find("format");
  const json::Value* list = report.Find("sortedLatenciesSeconds");
  if (!format || !format->IsString() || format->AsString() != "securebase-loadtest-1" || !list ||
      !list->IsArray()) {
    return InvalidArgument("", "is not a report of `securebase loadtest --format json`");
  }
  std::vector<double> latencies;
  for (const json::Value& value : list->AsArray()) {
    if (!value.IsNumber() || !std::isfinite(value.AsNumber()) || value.AsNumber() < 0) {
      return InvalidArgument("sortedLatenciesSeconds", "must hold numbers of seconds");
    }
    latencies.push_back(value.AsNumber());
  }
  if (latencies.empty()) return InvalidArgument("sortedLatenciesSeconds", "is empty");
  std::sort(latencies.begin(), latencies.end());
  return latencies;
}

}  // namespace securebase::loadtest
