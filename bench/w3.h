#pragma once

// Workload W3 of the benches: log lines that depend on nothing but their number. The formulas are
// those of docs/performance.md; the constants are part of them.

#include <cstdint>
#include <string>

#include "base/time.h"
#include "bench/w4.h"

namespace securebase::bench {

/// `records` JSON lines of one day, 13 fields each. Const members are thread-safe.
class W3Json {
 public:
  static constexpr std::uint64_t kRecords = 2'000'000;

  explicit W3Json(std::uint64_t records = kRecords);
  std::uint64_t records() const { return records_; }
  Instant TimeOf(std::uint64_t i) const;
  /// Appends line i, without its newline.
  void Append(std::uint64_t i, std::string& out) const;

 private:
  const std::uint64_t records_;
  const Zipf customers_{5000, 1.0};
  const Zipf routes_{20, 1.0};
};

/// Lambda's REPORT lines.
class W3Report {
 public:
  static constexpr std::uint64_t kRecords = 2'000'000;

  explicit W3Report(std::uint64_t records = kRecords) : records_(records) {}
  std::uint64_t records() const { return records_; }
  Instant TimeOf(std::uint64_t i) const;
  void Append(std::uint64_t i, std::string& out) const;

 private:
  const std::uint64_t records_;
};

}  // namespace securebase::bench
