#pragma once

// Workload W4 of the benches: cost records that depend on nothing but their number. The formulas
// are those of docs/performance.md; the constants are part of them.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "events/dataset_store.h"

namespace securebase::bench {

/// 64-bit numbers and uniform doubles of (seed, record, field).
std::uint64_t RandomBits(std::uint64_t seed, std::uint64_t record, std::uint64_t field);
double RandomUnit(std::uint64_t seed, std::uint64_t record, std::uint64_t field);
double RandomNormal(std::uint64_t seed, std::uint64_t record, std::uint64_t field);

/// Ranks 0 .. n-1 with weights (rank + 1)^-s.
class Zipf {
 public:
  Zipf(std::size_t n, double s);
  std::size_t Pick(double unit) const;

 private:
  std::vector<double> cumulative_;
};

struct CostRecord {
  Instant date;
  std::string_view service, region, resource_type, category, unit, environment;
  std::string customer, account, sub_account, resource_id, team, project;
  double quantity = 0, billed = 0, effective = 0;
};

/// `records` cost records of 200 customers over 400 days up to 2026-05-31, ordered by date.
/// Const members are thread-safe.
class W4 {
 public:
  static constexpr std::uint64_t kRecords = 5'000'000;

  explicit W4(std::uint64_t records = kRecords);

  CostRecord At(std::uint64_t i) const;
  std::uint64_t records() const { return records_; }

  /// The header of AppendCsv: columns of `securebase import csv --dataset cost
  /// --customer-column customer_id`.
  static std::string_view CsvHeader();
  void AppendCsv(std::uint64_t begin, std::uint64_t end, std::string& out) const;
  /// Adds rows to an import of the cost dataset.
  Result<> Feed(std::uint64_t begin, std::uint64_t end, events::Import& import) const;

  /// The customer of request n.
  static std::string CustomerOf(std::uint64_t n);
  using Parameters = std::vector<std::pair<std::string, std::string>>;
  /// GET /v1/analytics of query 'A', 'B' or 'C', with "today" 2026-06-01.
  static Parameters Query(char name);
  static Instant Today();

 private:
  std::uint64_t records_;
  Zipf customers_{200, 0.8};
  Zipf services_{30, 1.0};
  Zipf regions_{8, 1.0};
  Zipf teams_{12, 0.7};
};

}  // namespace securebase::bench
