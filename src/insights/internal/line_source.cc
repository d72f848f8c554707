#include "insights/internal/line_source.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/text.h"
#include "base/time.h"

namespace securebase::insights::internal {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

int Digits(const char* p, int count) {
  int value = 0;
  for (int i = 0; i < count; ++i) value = value * 10 + (p[i] - '0');
  return value;
}

bool AllDigits(const char* p, int count) {
  for (int i = 0; i < count; ++i) {
    if (!IsDigit(p[i])) return false;
  }
  return true;
}

// Length of the ISO time that the text begins with; 0 if it does not.
std::size_t IsoLength(std::string_view text) {
  if (text.size() < 19 || !AllDigits(text.data(), 4) || text[4] != '-' || text[7] != '-' ||
      (text[10] != 'T' && text[10] != ' ') || text[13] != ':') {
    return 0;
  }
  std::size_t i = 16;
  if (i < text.size() && text[i] == ':') i += 3;
  if (i + 1 < text.size() && (text[i] == '.' || text[i] == ',') && IsDigit(text[i + 1])) {
    for (++i; i < text.size() && IsDigit(text[i]);) ++i;
  }
  if (i < text.size() && text[i] == 'Z') return i + 1;
  if (i + 2 < text.size() && (text[i] == '+' || text[i] == '-') && IsDigit(text[i + 1])) {
    for (++i; i < text.size() && (IsDigit(text[i]) || text[i] == ':');) ++i;
  }
  return std::min(i, text.size());
}

// "2026-06-01T12:00:00.000Z", the common form, without a detour.
std::optional<std::int64_t> ReadUtcMillis(std::string_view t) {
  if (t.size() != 24 || t[4] != '-' || t[7] != '-' || t[10] != 'T' || t[13] != ':' ||
      t[16] != ':' || t[19] != '.' || t[23] != 'Z' || !AllDigits(t.data(), 4) ||
      !AllDigits(t.data() + 5, 2) || !AllDigits(t.data() + 8, 2) || !AllDigits(t.data() + 11, 2) ||
      !AllDigits(t.data() + 14, 2) || !AllDigits(t.data() + 17, 2) ||
      !AllDigits(t.data() + 20, 3)) {
    return std::nullopt;
  }
  const int month = Digits(t.data() + 5, 2), day = Digits(t.data() + 8, 2);
  const int hour = Digits(t.data() + 11, 2), minute = Digits(t.data() + 14, 2);
  const int second = Digits(t.data() + 17, 2);
  if (month < 1 || month > 12 || day < 1 || day > 28 || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;  // the ends of months are left to the calendar
  }
  const std::chrono::sys_days date = std::chrono::year(Digits(t.data(), 4)) /
                                     std::chrono::month(static_cast<unsigned>(month)) /
                                     std::chrono::day(static_cast<unsigned>(day));
  return date.time_since_epoch().count() * std::int64_t{86'400'000} +
         ((hour * 60 + minute) * 60 + second) * std::int64_t{1000} + Digits(t.data() + 20, 3);
}

}  // namespace

std::optional<std::int64_t> ReadAnyTime(std::string_view text) {
  if (const auto ms = ReadUtcMillis(text)) return ms;
  if (const auto number = ReadNumber(text)) {
    double ms = *number;
    const double magnitude = std::abs(ms);
    if (magnitude < 1e11) {
      ms *= 1000;
    } else if (magnitude >= 1e17) {
      ms /= 1e6;
    } else if (magnitude >= 1e14) {
      ms /= 1e3;
    }
    return static_cast<std::int64_t>(std::floor(ms + 1e-6));
  }
  const std::size_t length = IsoLength(text);
  if (length == 0 || length != text.size()) {
    return text.size() == 10 ? ReadTime(text) : std::nullopt;
  }
  std::string copy(text);
  std::replace(copy.begin(), copy.end(), ',', '.');
  return ReadTime(copy);
}

LineSource::LineSource(LinePiece piece, const ScanRequest& request, std::string account)
    : piece_(std::move(piece)), request_(request), account_(std::move(account)), at_(piece_.begin) {
  for (const ScanField& field : request.fields) names_.push_back(field.name);
  statistics_.segments = 1;
}

std::int64_t LineSource::FallbackTime(std::size_t line_begin) {
  if (!lines_before_) {
    lines_before_ =
        std::count(piece_.whole.begin(),
                   piece_.whole.begin() + static_cast<std::ptrdiff_t>(piece_.begin), '\n');
    counted_to_ = piece_.begin;
  }
  *lines_before_ +=
      std::count(piece_.whole.begin() + static_cast<std::ptrdiff_t>(counted_to_),
                 piece_.whole.begin() + static_cast<std::ptrdiff_t>(line_begin), '\n');
  counted_to_ = line_begin;
  return piece_.modified_ms + *lines_before_ + 1;
}

Result<bool> LineSource::Next(query::Batch& batch) {
  if (!batch_) {
    batch_ = std::make_unique<EventBatch>(request_, account_);
    valid_ = IsValidUtf8(piece_.whole.substr(piece_.begin, piece_.end - piece_.begin));
  }
  const char* const text = piece_.whole.data();
  while (at_ < piece_.end && batch_->rows() < query::kBatchRowsMax) {
    const std::size_t begin = at_;
    const auto* newline =
        static_cast<const char*>(std::memchr(text + begin, '\n', piece_.end - begin));
    std::size_t end = newline != nullptr ? static_cast<std::size_t>(newline - text) : piece_.end;
    at_ = std::min(end + 1, piece_.end);
    if (newline == nullptr) at_ = piece_.end;
    if (end > begin && text[end - 1] == '\r') --end;
    if (end == begin) continue;
    std::string_view line(text + begin, end - begin);
    if (!valid_ && !IsValidUtf8(line)) line = batch_->Keep(ToValidUtf8(line));
    ++statistics_.rows;
    statistics_.message_bytes += line.size();
    RawEvent event{.arrival = piece_.arrival + static_cast<std::int64_t>(begin),
                   .message = line,
                   .stream = piece_.stream,
                   .group = piece_.group};
    if (!batch_->AddTimed(event, piece_.json)) {
      // No time among its fields: at its begin, or counted on.
      std::string_view head = line.substr(line[0] == '[' ? 1 : 0);
      const std::optional<std::int64_t> leading =
          head.empty() || !IsDigit(head[0]) ? std::nullopt
                                            : ReadAnyTime(head.substr(0, IsoLength(head)));
      batch_->SetLastTime(leading ? *leading : FallbackTime(begin));
    }
  }
  if (batch_->rows() == 0) return false;
  batch_->Finish(batch);
  return true;
}

}  // namespace securebase::insights::internal
