#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "insights/run.h"

namespace securebase::insights {
namespace {

// Records of RFC 4180, quotes and line breaks within them included.
std::vector<std::vector<std::string>> ReadRecords(std::string_view text) {
  std::vector<std::vector<std::string>> records;
  std::vector<std::string> record(1);
  bool quoted = false, any = false;
  const auto end_record = [&] {
    if (any || record.size() > 1) records.push_back(std::move(record));
    record.assign(1, "");
    any = false;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
        record.back() += '"';
        ++i;
      } else if (c == '"') {
        quoted = false;
      } else {
        record.back() += c;
      }
    } else if (c == '"' && record.back().empty()) {
      quoted = any = true;
    } else if (c == ',') {
      record.emplace_back();
    } else if (c == '\n') {
      end_record();
    } else if (c != '\r') {
      record.back() += c;
      any = true;
    }
  }
  end_record();
  return records;
}

Result<LookupTable> FromJson(std::string_view text) {
  SB_TRY(const json::Value value, json::Parse(text));
  if (!value.IsArray()) return InvalidArgument("", "must be an array of objects");
  LookupTable table;
  for (const json::Value& row : value.AsArray()) {
    if (!row.IsObject()) return InvalidArgument("", "must be an array of objects");
    auto& cells = table.rows.emplace_back(table.columns.size());
    for (const auto& [name, cell] : row.AsObject()) {
      const auto at = std::find(table.columns.begin(), table.columns.end(), name);
      const auto column = static_cast<std::size_t>(at - table.columns.begin());
      if (at == table.columns.end()) {
        table.columns.push_back(name);
        cells.emplace_back();
      }
      if (cell.IsString()) {
        cells[column] = cell.AsString();
      } else if (!cell.IsNull()) {
        cells[column] = json::Write(cell);
      }
    }
  }
  for (auto& row : table.rows) row.resize(table.columns.size());
  return table;
}

}  // namespace

Result<LookupTable> ReadLookupTable(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (!IsValidUtf8(text)) return InvalidArgument("", "is not UTF-8");
  const std::string_view trimmed = Trim(text);
  if (trimmed.starts_with('[')) return FromJson(trimmed);
  std::vector<std::vector<std::string>> records = ReadRecords(text);
  if (records.empty()) return InvalidArgument("", "has no header line");
  LookupTable table;
  table.columns = std::move(records[0]);
  for (std::size_t r = 1; r < records.size(); ++r) {
    if (records[r].size() > table.columns.size()) {
      return InvalidArgument("",
                             "record " + std::to_string(r) + " has more columns than the header");
    }
    auto& row = table.rows.emplace_back();
    for (std::string& cell : records[r]) row.emplace_back(std::move(cell));
    row.resize(table.columns.size());
  }
  return table;
}

}  // namespace securebase::insights
