#include "events/internal/text_split.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstring>
#include <optional>

namespace securebase::events {
namespace {

enum CharClass : std::uint8_t { kOther, kDigit, kLetter, kMarker };

constexpr std::array<std::uint8_t, 256> MakeClasses() {
  std::array<std::uint8_t, 256> classes{};
  for (int c = 0; c < 256; ++c) {
    if (c >= '0' && c <= '9') classes[c] = kDigit;
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80) {
      classes[c] = kLetter;
    }
    if (c >= kSlotFirst && c <= kSlotLast) classes[c] = kMarker;
  }
  return classes;
}
constexpr auto kClasses = MakeClasses();

std::uint8_t ClassOf(char c) { return kClasses[static_cast<unsigned char>(c)]; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

constexpr std::array<std::int8_t, 256> MakeHexValues() {
  std::array<std::int8_t, 256> values{};
  for (auto& v : values) v = -1;
  for (int i = 0; i < 10; ++i) values['0' + i] = static_cast<std::int8_t>(i);
  for (int i = 0; i < 6; ++i) values['a' + i] = static_cast<std::int8_t>(10 + i);
  return values;
}
constexpr auto kHexValues = MakeHexValues();

constexpr std::size_t kUuidSize = 36;
constexpr std::size_t kTimeSize = 24;
constexpr std::ptrdiff_t kDigitsMax = 18;

std::int64_t NumberOf(const char* p, const char* end) {
  std::int64_t value = 0;
  for (; p < end; ++p) value = value * 10 + (*p - '0');
  return value;
}

/// Milliseconds of "2026-06-01T00:00:00.000Z", where it is just so.
std::optional<std::int64_t> ParseTime(const char* p) {
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd.dddZ";
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] == 'd' ? !IsDigit(p[i]) : p[i] != kForm[i]) return std::nullopt;
  }
  using std::chrono::day;
  using std::chrono::month;
  using std::chrono::year;
  const auto part = [&](int at, int count) { return NumberOf(p + at, p + at + count); };
  const std::chrono::year_month_day date(year(static_cast<int>(part(0, 4))),
                                         month(static_cast<unsigned>(part(5, 2))),
                                         day(static_cast<unsigned>(part(8, 2))));
  const std::int64_t hours = part(11, 2), minutes = part(14, 2), seconds = part(17, 2);
  if (!date.ok() || hours > 23 || minutes > 59 || seconds > 59) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return ((days * 24 + hours) * 60 + minutes) * 60'000 + seconds * 1000 + part(20, 3);
}

void AppendTime(std::string& out, std::int64_t ms) {
  // Divided towards the past.
  std::int64_t days = ms / 86'400'000;
  std::int64_t rest = ms % 86'400'000;
  if (rest < 0) {
    rest += 86'400'000;
    --days;
  }
  days = std::clamp<std::int64_t>(days, -719'528, 2'932'896);  // years 0 to 9999
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  char text[kTimeSize];
  const auto put = [&](int at, int count, std::int64_t value) {
    for (int i = count - 1; i >= 0; --i, value /= 10) {
      text[at + i] = static_cast<char>('0' + value % 10);
    }
  };
  std::memcpy(text, "0000-00-00T00:00:00.000Z", kTimeSize);
  put(0, 4, static_cast<int>(date.year()) < 0 ? 0 : static_cast<int>(date.year()));
  put(5, 2, static_cast<unsigned>(date.month()));
  put(8, 2, static_cast<unsigned>(date.day()));
  put(11, 2, rest / 3'600'000);
  put(14, 2, rest / 60'000 % 60);
  put(17, 2, rest / 1000 % 60);
  put(20, 3, rest % 1000);
  out.append(text, kTimeSize);
}

}  // namespace

bool ParseUuid(const char* text, char* bytes) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < kUuidSize;) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i++] != '-') return false;
      continue;
    }
    const int high = kHexValues[static_cast<unsigned char>(text[i])];
    const int low = kHexValues[static_cast<unsigned char>(text[i + 1])];
    if ((high | low) < 0) return false;
    bytes[at++] = static_cast<char>(high << 4 | low);
    i += 2;
  }
  return true;
}

void AppendUuid(std::string& out, const char* bytes) {
  constexpr char kHex[] = "0123456789abcdef";
  char text[kUuidSize];
  std::size_t to = 0;
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text[to++] = '-';
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text[to++] = kHex[byte >> 4];
    text[to++] = kHex[byte & 15];
  }
  out.append(text, kUuidSize);
}

void AppendSlot(std::string& out, SlotKind kind, int parameter, std::int64_t number) {
  char digits[24];
  if (kind == SlotKind::kTime) return AppendTime(out, number);
  const char* const end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  const auto size = static_cast<std::size_t>(end - digits);
  const auto wanted = static_cast<std::size_t>(parameter);
  if (kind == SlotKind::kInt) {
    out.append(digits, size);
  } else if (kind == SlotKind::kPadded) {
    if (size < wanted) out.append(wanted - size, '0');
    out.append(digits, size);
  } else {
    // A decimal has at least one digit before its point.
    std::string padded;
    if (size <= wanted) padded.assign(wanted + 1 - size, '0');
    padded.append(digits, size);
    out.append(padded, 0, padded.size() - wanted);
    out += '.';
    out.append(padded, padded.size() - wanted, wanted);
  }
}

std::vector<SkeletonPart> PartsOf(std::string_view skeleton) {
  std::vector<SkeletonPart> parts;
  std::size_t from = 0;
  for (std::size_t i = 0; i < skeleton.size(); ++i) {
    if (!IsSlotByte(skeleton[i])) continue;
    if (i + 1 == skeleton.size()) return {};
    SkeletonPart part{.literal = skeleton.substr(from, i - from), .has_slot = true};
    part.kind = static_cast<SlotKind>(skeleton[i]);
    part.parameter = skeleton[++i] - ' ';
    if (part.parameter < 0 || part.parameter > kDigitsMax) return {};
    from = i + 1;
    parts.push_back(part);
  }
  parts.push_back({.literal = skeleton.substr(from)});
  return parts;
}

std::size_t SlotCount(const std::vector<SkeletonPart>& parts) { return parts.size() - 1; }

void TextSplitter::Slot(SlotKind kind, int parameter, std::int64_t number, const char* begin,
                        const char* end) {
  skeleton_ += static_cast<char>(kind);
  skeleton_ += static_cast<char>(' ' + parameter);
  slots_.push_back(
      {.kind = kind, .number = number, .text = {begin, static_cast<std::size_t>(end - begin)}});
}

// Digits from `p` on that end at `digits_end`, with the fraction that may follow.
const char* TextSplitter::TakeNumber(const char* p, const char* digits_end, const char* end) {
  const bool zero_first = *p == '0' && digits_end - p > 1;
  const bool after_point = p > text_begin_ && p[-1] == '.';
  if (!zero_first && !after_point && digits_end < end && *digits_end == '.') {
    const char* fraction_end = digits_end + 1;
    while (fraction_end < end && IsDigit(*fraction_end)) ++fraction_end;
    const std::ptrdiff_t decimals = fraction_end - digits_end - 1;
    const bool more =
        fraction_end < end && (*fraction_end == '.' || ClassOf(*fraction_end) == kLetter);
    if (decimals > 0 && !more && fraction_end - p - 1 <= kDigitsMax) {
      const std::int64_t whole = NumberOf(p, digits_end);
      std::int64_t power = 1;
      for (std::ptrdiff_t i = 0; i < decimals; ++i) power *= 10;
      Slot(SlotKind::kDecimal, static_cast<int>(decimals),
           whole * power + NumberOf(digits_end + 1, fraction_end), p, fraction_end);
      return fraction_end;
    }
  }
  if (digits_end - p > kDigitsMax) {
    Slot(SlotKind::kWord, 0, 0, p, digits_end);
  } else if (zero_first) {
    Slot(SlotKind::kPadded, static_cast<int>(digits_end - p), NumberOf(p, digits_end), p,
         digits_end);
  } else {
    Slot(SlotKind::kInt, 0, NumberOf(p, digits_end), p, digits_end);
  }
  return digits_end;
}

// A run of letters and digits with at least one digit in it.
const char* TextSplitter::TakeRun(const char* p, const char* end) {
  const char* run = p;
  while (run < end && ClassOf(*run) == kDigit) ++run;
  const char* const digits_end = run;
  while (run < end && ClassOf(*run) == kLetter) ++run;
  const char* const letters_end = run;
  while (run < end && (ClassOf(*run) == kDigit || ClassOf(*run) == kLetter)) ++run;
  const bool starts_with_digit = digits_end > p;
  if (run - p == 8 && static_cast<std::size_t>(end - p) >= kUuidSize && *run == '-') {
    char bytes[16];
    const bool bounded = static_cast<std::size_t>(end - p) == kUuidSize ||
                         (ClassOf(p[kUuidSize]) != kDigit && ClassOf(p[kUuidSize]) != kLetter);
    if (bounded && ParseUuid(p, bytes)) {
      Slot(SlotKind::kUuid, 0, 0, p, p + kUuidSize);
      return p + kUuidSize;
    }
  }
  if (starts_with_digit && run == digits_end) {
    if (run - p == 4 && static_cast<std::size_t>(end - p) >= kTimeSize && *run == '-') {
      if (const auto ms = ParseTime(p)) {
        Slot(SlotKind::kTime, 0, *ms, p, p + kTimeSize);
        return p + kTimeSize;
      }
    }
    return TakeNumber(p, digits_end, end);
  }
  if (starts_with_digit && run == letters_end) {  // "163ms"
    const char* number_end = TakeNumber(p, digits_end, digits_end);
    skeleton_.append(number_end, run);
    return run;
  }
  if (!starts_with_digit) {
    const char* tail = letters_end;
    while (tail < run && ClassOf(*tail) == kDigit) ++tail;
    if (tail == run) {  // "tag42"
      skeleton_.append(p, letters_end);
      if (run == letters_end) return run;
      return TakeNumber(letters_end, run, run);
    }
  }
  Slot(SlotKind::kWord, 0, 0, p, run);
  return run;
}

bool TextSplitter::Split(std::string_view text) {
  skeleton_.clear();
  slots_.clear();
  if (text.size() > kTextMax) return false;
  const char* p = text.data();
  const char* const end = p + text.size();
  text_begin_ = p;
  while (p < end) {
    const char* from = p;
    while (p < end && ClassOf(*p) == kOther) ++p;
    if (p > from) skeleton_.append(from, p);
    if (p == end) break;
    if (ClassOf(*p) == kMarker || slots_.size() >= kSlotsMax) return false;
    p = TakeRun(p, end);
  }
  return slots_.size() <= kSlotsMax;
}

}  // namespace securebase::events
