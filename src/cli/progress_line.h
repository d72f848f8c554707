#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"

namespace securebase::cli {

/// A line on the terminal that tells how far a long command is: rewritten a few times a second, gone
/// when it ends. Not thread-safe.
class ProgressLine {
 public:
  /// `show` false: nothing is printed. `unit` is what is counted ("rows").
  ProgressLine(bool show, std::string unit);
  ~ProgressLine();

  /// `share` of the work, 0 to 1; without it there is no bar.
  void Show(std::uint64_t count, std::optional<double> share = {});
  /// Since it was made.
  double Seconds() const;

 private:
  const SystemClock clock_;
  const std::chrono::nanoseconds start_ = clock_.Monotonic();
  const bool show_;
  const std::string unit_;
  double next_ = 0;
  bool shown_ = false;
};

}  // namespace securebase::cli
