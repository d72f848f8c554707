#pragma once

// A line on the terminal that tells how far a long command is.

#include <chrono>
#include <cstdint>
#include <string>

#include "base/clock.h"

namespace securebase::cli {

/// A bar on stderr, rewritten a few times a second and gone when it is destroyed. Not thread-safe.
class ProgressLine {
 public:
  /// `show` false: nothing is printed.
  explicit ProgressLine(bool show) : show_(show) {}
  ~ProgressLine();

  /// `fraction` from 0 to 1; `rows` so far.
  void Show(double fraction, std::uint64_t rows);
  /// Since it was made.
  double Seconds() const {
    return std::chrono::duration<double>(clock_.Monotonic() - start_).count();
  }

 private:
  const SystemClock clock_;
  const std::chrono::nanoseconds start_ = clock_.Monotonic();
  const bool show_;
  double next_ = 0;
  bool shown_ = false;
};

}  // namespace securebase::cli
