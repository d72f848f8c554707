// Property: whatever the bytes, reading ends, fields lie in the text or are unquoted from it, line
// numbers only grow, and rows of fields without quotes, written back, read as the same rows.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/csv_reader.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using securebase::analytics::CsvReader;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CsvReader reader(text);
  std::vector<std::vector<std::string>> rows;
  std::uint64_t line = 0;
  std::size_t position = 0;
  while (reader.Next()) {
    SB_CHECK(reader.line() > line);
    SB_CHECK(reader.position() > position || position == 0);
    line = reader.line();
    position = reader.position();
    if (reader.problem().empty()) {
      rows.emplace_back(reader.fields().begin(), reader.fields().end());
    }
  }
  SB_CHECK(reader.position() == size);

  std::string written;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      written += i == 0 ? "\"" : ",\"";
      for (char c : row[i]) written += c == '"' ? "\"\"" : std::string(1, c);
      written += '"';
    }
    written += '\n';
  }
  CsvReader again(written);
  for (const auto& row : rows) {
    const bool blank = row.size() == 1 && row[0].empty();
    if (blank) continue;
    SB_CHECK(again.Next() && again.problem().empty());
    SB_CHECK(std::vector<std::string>(again.fields().begin(), again.fields().end()) == row);
  }
  return 0;
}
