#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace securebase::analytics {

/// Reads CSV as RFC 4180 describes it from text in memory, row by row, without copying: fields
/// are views into the text, or, where a quoted field holds doubled quotes, into a buffer that the
/// next row reuses. Accepts CRLF and LF, a byte order mark, a missing last newline and blank
/// lines (skipped). A quote inside an unquoted field is part of it. Not thread-safe.
/// Unquoted text is read at more than 1 GB/s (bench/analytics --csv).
class CsvReader {
 public:
  explicit CsvReader(std::string_view text, char separator = ',');

  /// Reads the next row; false at the end.
  bool Next();

  /// Of the row last read; valid until the next call of Next.
  const std::vector<std::string_view>& fields() const { return fields_; }
  /// 1-based number of the line on which the row begins.
  std::uint64_t line() const { return row_line_; }
  /// Why the row is not CSV ("a quote is not closed"), or empty. Reading goes on behind it.
  std::string_view problem() const { return problem_; }
  /// Bytes of the text read so far.
  std::size_t position() const { return static_cast<std::size_t>(next_ - begin_); }

 private:
  /// Reads one field; true when the row ends with it.
  bool ReadField();
  bool ReadQuoted();
  /// Takes the rest of the line as it is.
  bool EndBadRow(std::string_view problem);

  const char* begin_;
  const char* next_;
  const char* end_;
  const char separator_;
  std::vector<std::string_view> fields_;
  std::uint64_t line_ = 1;
  std::uint64_t row_line_ = 1;
  std::string_view problem_;
  std::deque<std::string> unquoted_;  // a deque: its strings, and views of them, never move
  std::size_t unquoted_used_ = 0;     // by the present row
};

}  // namespace securebase::analytics
