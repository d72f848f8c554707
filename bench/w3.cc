#include "bench/w3.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <string_view>

namespace securebase::bench {
namespace {

constexpr std::int64_t kT0Seconds = 1'780'272'000;  // 2026-06-01
constexpr std::uint64_t kDayMs = 86'400'000;

struct Route {
  std::string_view method, path;
};
constexpr Route kRoutes[20] = {{"GET", "/v1/analytics"},
                               {"GET", "/v1/analytics/summary"},
                               {"GET", "/v1/analytics/cost-breakdown"},
                               {"GET", "/v1/analytics/security"},
                               {"GET", "/v1/analytics/compliance"},
                               {"GET", "/v1/analytics/usage"},
                               {"POST", "/v1/analytics/export"},
                               {"GET", "/v1/reports"},
                               {"PUT", "/v1/reports/{id}"},
                               {"POST", "/v1/reports/{id}/run"},
                               {"GET", "/v1/reports/templates"},
                               {"POST", "/v1/reports/schedule"},
                               {"DELETE", "/v1/reports/schedules/{id}"},
                               {"POST", "/v1/datasets/cost/records"},
                               {"POST", "/v1/datasets/usage/records"},
                               {"POST", "/v1/datasets/findings/records"},
                               {"POST", "/v1/keys"},
                               {"GET", "/v1/health"},
                               {"GET", "/v1/customers"},
                               {"GET", "/v1/exports/{id}"}};

void AppendUuid(std::uint64_t a, std::uint64_t b, std::string& out) {
  fmt::format_to(std::back_inserter(out), "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", a >> 32,
                 a >> 16 & 0xffff, a & 0xffff, b >> 48, b & 0xffff'ffff'ffff);
}

Instant TimeOfLine(std::uint64_t i, std::uint64_t n) {
  return FromUnixSeconds(kT0Seconds) + Duration(static_cast<std::int64_t>(kDayMs * i / n));
}

struct Outcome {
  std::string_view level;
  int status;
  std::string message;
};

Outcome OutcomeOf(double u, std::uint64_t x, double& duration) {
  if (u < 0.005) {
    duration = 29000 + static_cast<double>(x % 1000);
    return {"ERROR", 504,
            fmt::format("Task timeout after {:.2f} seconds while querying partition p{:03d}",
                        duration / 1000, (x >> 20) % 365)};
  }
  if (u < 0.02) {
    return {"ERROR", 500,
            fmt::format("Unhandled exception in handler: KeyError: 'tag_{}' at line {}", x % 50,
                        (x >> 8) % 900)};
  }
  if (u < 0.03) {
    return {"ERROR", 502,
            fmt::format("Upstream connection reset by peer 10.0.{}.{}", x % 256, (x >> 8) % 256)};
  }
  if (u < 0.06) {
    return {"WARN", 429, fmt::format("Rate limit exceeded, retry after {} seconds", x % 60)};
  }
  if (u < 0.09) {
    return {"WARN", 200,
            fmt::format("Slow query on index customer_date: {} rows scanned", x % 1'000'000)};
  }
  if (u < 0.10) return {"DEBUG", 200, fmt::format("Cache miss for key {:016x}, computing", x)};
  if (u < 0.13) return {"INFO", 404, fmt::format("Report rpt-{:08x} not found", x & 0xffff'ffff)};
  return {"INFO", 200,
          fmt::format("Query completed: {} rows returned, cache {}", x % 5000,
                      (x >> 32) % 10 < 7 ? "hit" : "miss")};
}

}  // namespace

W3Json::W3Json(std::uint64_t records) : records_(records) {}

Instant W3Json::TimeOf(std::uint64_t i) const { return TimeOfLine(i, records_); }

void W3Json::Append(std::uint64_t i, std::string& out) const {
  constexpr std::uint64_t kSeed = 3;
  const double share = static_cast<double>(i) / static_cast<double>(records_);
  double duration =
      std::exp(4.4 + 0.4 * std::sin(2 * M_PI * share) + 0.8 * RandomNormal(kSeed, i, 5));
  Outcome outcome = OutcomeOf(RandomUnit(kSeed, i, 4), RandomBits(kSeed, i, 9), duration);
  const std::size_t customer = customers_.Pick(RandomUnit(kSeed, i, 2)) + 1;
  const Route& route = kRoutes[routes_.Pick(RandomUnit(kSeed, i, 3))];
  if (i % 100'000 == 77'777) outcome.message += fmt::format(" trace=needle-7f3a9c-{}", i / 100'000);
  out += R"({"timestamp":")";
  out += FormatIsoMillis(TimeOf(i));
  fmt::format_to(std::back_inserter(out), R"(","level":"{}","requestId":")", outcome.level);
  AppendUuid(RandomBits(kSeed, i, 0), RandomBits(kSeed, i, 1), out);
  fmt::format_to(std::back_inserter(out),
                 R"(","customerId":"cust-{:05d}","function":"securebase-prod-report-engine",)"
                 R"("method":"{}","route":"{}","status":{},"durationMs":{:.2f},"bytes":{},)"
                 R"("memoryUsedMB":{},"coldStart":{},"message":"{}"}})",
                 customer, route.method, route.path, outcome.status, duration,
                 static_cast<std::uint64_t>(std::exp(7 + 1.2 * RandomNormal(kSeed, i, 7))),
                 80 + RandomBits(kSeed, i, 12) % 400,
                 RandomUnit(kSeed, i, 13) < 0.02 ? "true" : "false", outcome.message);
}

Instant W3Report::TimeOf(std::uint64_t i) const { return TimeOfLine(i, records_); }

void W3Report::Append(std::uint64_t i, std::string& out) const {
  constexpr std::uint64_t kSeed = 31;
  constexpr int kMemory[8] = {128, 256, 512, 512, 1024, 1024, 1024, 2048};
  const int memory = kMemory[RandomBits(kSeed, i, 0) % 8];
  const double duration = std::exp(4.4 + 0.8 * RandomNormal(kSeed, i, 1)) * 1024 / (memory + 512);
  out += "REPORT RequestId: ";
  AppendUuid(RandomBits(kSeed, i, 10), RandomBits(kSeed, i, 11), out);
  fmt::format_to(std::back_inserter(out),
                 "\tDuration: {:.2f} ms\tBilled Duration: {} ms\tMemory Size: {} MB\t"
                 "Max Memory Used: {} MB\t",
                 duration, static_cast<std::int64_t>(std::ceil(duration)), memory,
                 static_cast<int>(memory * (0.3 + 0.65 * RandomUnit(kSeed, i, 3))));
  if (RandomUnit(kSeed, i, 5) < 0.02) {
    fmt::format_to(std::back_inserter(out), "Init Duration: {:.2f} ms\t",
                   150 + 300 * RandomUnit(kSeed, i, 6));
  }
}

}  // namespace securebase::bench
