#include "cli/progress_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace securebase::cli {

ProgressLine::ProgressLine(bool show, std::string unit) : show_(show), unit_(std::move(unit)) {}

ProgressLine::~ProgressLine() {
  if (shown_) std::fputs("\r\033[K", stderr);
}

void ProgressLine::Show(std::uint64_t count, std::optional<double> share) {
  const double seconds = Seconds();
  if (!show_ || seconds < next_) return;
  next_ = seconds + 0.2;
  shown_ = true;
  std::string bar;
  if (share) {
    constexpr int kWidth = 30;
    const double done = std::clamp(*share, 0.0, 1.0);
    const int filled = static_cast<int>(done * kWidth);
    bar = fmt::format("[{:=<{}}{: <{}}] {:3.0f}%  ", "", filled, "", kWidth - filled, done * 100);
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
