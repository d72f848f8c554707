#include "analytics/csv_reader.h"

#include <algorithm>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace securebase::analytics {
namespace {

/// The first separator or newline in [p, end), or end.
const char* FindEndOfField(const char* p, const char* end, char separator) {
#ifdef __SSE2__
  const __m128i separators = _mm_set1_epi8(separator);
  const __m128i newlines = _mm_set1_epi8('\n');
  for (; end - p >= 16; p += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(
        _mm_or_si128(_mm_cmpeq_epi8(bytes, separators), _mm_cmpeq_epi8(bytes, newlines))));
    if (mask != 0) return p + __builtin_ctz(mask);
  }
#endif
  while (p != end && *p != separator && *p != '\n') ++p;
  return p;
}

}  // namespace

CsvReader::CsvReader(std::string_view text, char separator)
    : begin_(text.data()),
      next_(text.data()),
      end_(text.data() + text.size()),
      separator_(separator) {
  if (text.starts_with("\xEF\xBB\xBF")) next_ += 3;
}

bool CsvReader::Next() {
  while (next_ != end_) {
    fields_.clear();
    problem_ = {};
    unquoted_used_ = 0;
    row_line_ = line_;
    while (!ReadField()) {
    }
    const bool blank = fields_.size() == 1 && fields_.front().empty() && problem_.empty();
    if (!blank) return true;
  }
  return false;
}

bool CsvReader::ReadField() {
  if (next_ != end_ && *next_ == '"') return ReadQuoted();
  const char* stop = FindEndOfField(next_, end_, separator_);
  std::string_view field(next_, static_cast<std::size_t>(stop - next_));
  const bool row_ends = stop == end_ || *stop == '\n';
  if (row_ends && field.ends_with('\r')) field.remove_suffix(1);
  fields_.push_back(field);
  if (stop == end_) {
    next_ = end_;
    return true;
  }
  next_ = stop + 1;
  line_ += row_ends;
  return row_ends;
}

bool CsvReader::ReadQuoted() {
  const char* start = next_ + 1;
  const char* p = start;
  bool doubled = false;
  while (true) {
    p = static_cast<const char*>(
        p == end_ ? nullptr : std::memchr(p, '"', static_cast<std::size_t>(end_ - p)));
    if (p == nullptr) return EndBadRow("a quote is not closed");
    if (p + 1 == end_ || p[1] != '"') break;
    doubled = true;
    p += 2;
  }
  std::string_view field(start, static_cast<std::size_t>(p - start));
  line_ += static_cast<std::uint64_t>(std::count(field.begin(), field.end(), '\n'));
  if (doubled) {
    if (unquoted_used_ == unquoted_.size()) unquoted_.emplace_back();
    std::string& text = unquoted_[unquoted_used_++];
    text.clear();
    for (std::size_t i = 0; i < field.size(); ++i) {
      text.push_back(field[i]);
      if (field[i] == '"') ++i;
    }
    field = text;
  }
  fields_.push_back(field);

  next_ = p + 1;
  if (next_ == end_) return true;
  if (*next_ == separator_) {
    ++next_;
    return false;
  }
  if (*next_ == '\r' && next_ + 1 != end_ && next_[1] == '\n') ++next_;
  if (*next_ == '\n') {
    ++next_;
    ++line_;
    return true;
  }
  if (*next_ == '\r' && next_ + 1 == end_) {
    next_ = end_;
    return true;
  }
  return EndBadRow("text follows a closing quote");
}

bool CsvReader::EndBadRow(std::string_view problem) {
  problem_ = problem;
  const void* newline = std::memchr(next_, '\n', static_cast<std::size_t>(end_ - next_));
  if (newline == nullptr) {
    next_ = end_;
  } else {
    next_ = static_cast<const char*>(newline) + 1;
    ++line_;
  }
  return true;
}

}  // namespace securebase::analytics
