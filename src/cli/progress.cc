#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace securebase::cli {

ProgressLine::~ProgressLine() {
  if (shown_) std::fputs("\r\033[K", stderr);
}

void ProgressLine::Show(double fraction, std::uint64_t rows) {
  const double seconds = Seconds();
  if (!show_ || seconds < next_) return;
  next_ = seconds + 0.2;
  shown_ = true;
  constexpr int kWidth = 30;
  fraction = std::clamp(fraction, 0.0, 1.0);
  const int filled = static_cast<int>(fraction * kWidth);
  std::fputs(fmt::format("\r\033[K[{:=<{}}{: <{}}] {:3.0f}%  {} rows, {:.0f} rows/s", "", filled,
                         "", kWidth - filled, fraction * 100, rows,
                         static_cast<double>(rows) / std::max(seconds, 1e-3))
                 .c_str(),
             stderr);
}

}  // namespace securebase::cli
