#include "cli/progress_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace securebase::cli {

ProgressLine::ProgressLine(bool show, std::uint64_t bytes_total, std::string unit)
    : show_(show), bytes_total_(bytes_total), unit_(std::move(unit)) {}

ProgressLine::~ProgressLine() {
  if (shown_) std::fputs("\r\033[K", stderr);
}

void ProgressLine::Show(std::uint64_t count, std::uint64_t bytes) {
  const double seconds = Seconds();
  if (!show_ || seconds < next_) return;
  next_ = seconds + 0.2;
  shown_ = true;
  std::string bar;
  if (bytes_total_ > 0) {
    constexpr int kWidth = 30;
    const double share =
        std::min(1.0, static_cast<double>(bytes) / static_cast<double>(bytes_total_));
    const int filled = static_cast<int>(share * kWidth);
    bar = fmt::format("[{:=<{}}{: <{}}] {:3.0f}%  ", "", filled, "", kWidth - filled, share * 100);
  }
  std::fputs(fmt::format("\r\033[K{}{} {}, {:.0f} {}/s", bar, count, unit_,
                         static_cast<double>(count) / std::max(seconds, 1e-3), unit_)
                 .c_str(),
             stderr);
}

double ProgressLine::Seconds() const {
  return std::chrono::duration<double>(clock_.Monotonic() - start_).count();
}

}  // namespace securebase::cli
