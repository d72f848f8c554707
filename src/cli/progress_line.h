#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/clock.h"

namespace securebase::cli {

/// A line on the terminal, rewritten a few times a second; gone when it ends.
class ProgressLine {
 public:
  /// `unit` is what is counted ("rows"); with `bytes_total` 0 there is no bar.
  ProgressLine(bool show, std::uint64_t bytes_total, std::string unit);
  ~ProgressLine();

  void Show(std::uint64_t count, std::uint64_t bytes);
  /// Since it was made.
  double Seconds() const;

 private:
  const SystemClock clock_;
  const std::chrono::nanoseconds start_ = clock_.Monotonic();
  const bool show_;
  const std::uint64_t bytes_total_;
  const std::string unit_;
  double next_ = 0;
  bool shown_ = false;
};

}  // namespace securebase::cli
