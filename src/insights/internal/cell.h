#pragma once

// One value of the language: what a cell of a vector holds, how it compares and how it prints.
// Source: logs-insights, Values, coercion, formats.

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace securebase::insights::internal {

enum class Kind : std::uint8_t {
  kMissing,
  kBool,
  kNumber,        // computed: printed with at most four decimals
  kSourceNumber,  // from an event, kept as a double: printed in full
  kNumberText,    // from an event, as written there
  kTime,          // milliseconds since the epoch
  kString,
  kTree,  // a map or a list, as JSON text
};

/// 16 bytes; text belongs to somebody else (an arena, a dictionary, the input).
struct Cell {
  union {
    double number;
    std::int64_t integer;  // kTime, kBool
    const char* data;
  };
  std::uint32_t size = 0;  // of the text; of kSourceNumber 1 + its decimals, 0: as few as needed
  Kind kind = Kind::kMissing;

  Cell() : integer(0) {}
  static Cell Missing() { return {}; }
  static Cell Bool(bool b) { return Make(Kind::kBool, b ? 1 : 0); }
  static Cell Time(std::int64_t ms) { return Make(Kind::kTime, ms); }
  /// Missing for what is no finite number.
  static Cell Number(double d, Kind kind = Kind::kNumber) {
    Cell c;
    if (!(d - d == 0)) return c;
    c.number = d;
    c.kind = kind;
    return c;
  }
  static Cell Text(std::string_view s, Kind kind = Kind::kString) {
    Cell c;
    c.data = s.data();
    c.size = static_cast<std::uint32_t>(s.size());
    c.kind = kind;
    return c;
  }

  bool missing() const { return kind == Kind::kMissing; }
  bool is_text() const {
    return kind == Kind::kString || kind == Kind::kNumberText || kind == Kind::kTree;
  }
  std::string_view text() const { return {data, size}; }

 private:
  static Cell Make(Kind kind, std::int64_t i) {
    Cell c;
    c.integer = i;
    c.kind = kind;
    return c;
  }
};
static_assert(sizeof(Cell) == 16);

/// Text that lives as long as the arena. Not thread-safe.
class Arena {
 public:
  std::string_view Copy(std::string_view text) {
    char* at = Allocate(text.size());
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    return {at, text.size()};
  }
  char* Allocate(std::size_t size) {
    if (size > left_) Grow(size);
    char* at = next_;
    next_ += size;
    left_ -= size;
    return at;
  }
  /// The cell with its text in this arena.
  Cell Keep(Cell cell) {
    if (cell.is_text()) cell.data = Copy(cell.text()).data();
    return cell;
  }
  std::uint64_t bytes() const { return bytes_; }

 private:
  void Grow(std::size_t size);

  std::vector<std::unique_ptr<char[]>> blocks_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
  std::uint64_t bytes_ = 0;
};

/// The whole text as a number: optional sign, digits, fraction, exponent; no blanks.
std::optional<double> ReadNumber(std::string_view text);

/// As an operand of a comparison: numbers, and text that reads as one.
std::optional<double> NumberOf(const Cell& cell);
/// As an operand of arithmetic or of a statistic: also booleans (1, 0) and times (ms).
std::optional<double> ArithmeticOf(const Cell& cell);
/// As a condition.
bool IsTrue(const Cell& cell);
/// As a time in ms: times, numbers, text in the output format or ISO 8601.
std::optional<std::int64_t> TimeOf(const Cell& cell);

/// "2026-06-17 14:05:00.000"; also what it prints back as milliseconds.
std::string FormatTime(std::int64_t ms);
std::optional<std::int64_t> ReadTime(std::string_view text);
/// A computed number: plain decimal, at most four decimals, four significant digits below 0.001.
void AppendNumber(std::string& out, double value);
/// A number of the source in full: plain decimal, never an exponent, with so many decimals
/// (negative: as few as read back as the value).
void AppendSourceNumber(std::string& out, double value, int decimals = -1);

/// Appends the value as GetQueryResults words it; nothing for a missing one.
void AppendText(std::string& out, const Cell& cell);
/// The value as text: what the cell holds, or made in `scratch`. Trees give their JSON.
std::string_view TextOf(const Cell& cell, std::string& scratch);
/// Appends the value as JSON (in lists and jsonStringify).
void AppendJson(std::string& out, const Cell& cell);

enum class Comparison : std::uint8_t {
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual
};
/// False where a side is missing or a tree.
bool Compare(const Cell& a, Comparison op, const Cell& b);

/// Sort order: missing first, then text in natural order, then numbers. Negative, 0, positive.
int NaturalOrder(const Cell& a, const Cell& b);

/// Appends bytes that are equal for values of one group and different for others.
void AppendKey(std::string& out, const Cell& cell);

}  // namespace securebase::insights::internal
