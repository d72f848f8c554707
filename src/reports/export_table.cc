#include <boost/unordered/unordered_flat_map.hpp>
#include <utility>

#include "base/text.h"
#include "reports/export.h"

namespace securebase::reports {
namespace {

bool IsDate(std::string_view text) {
  return text.size() == 10 && text[4] == '-' && text[7] == '-' && ParseIso(text).ok();
}

// Only what names its offset: a local time of an unknown place is text.
bool IsTimestamp(std::string_view text) {
  if (text.size() < 17 || text[4] != '-' || text[10] != 'T') return false;
  const bool offset = text.back() == 'Z' || text.find_first_of("+-", 16) != std::string_view::npos;
  return offset && ParseIso(text).ok();
}

ColumnType TypeOf(const json::Value& cell) {
  if (cell.IsInt()) return ColumnType::kInteger;
  if (cell.IsDouble()) return ColumnType::kNumber;
  if (cell.IsBool()) return ColumnType::kBoolean;
  if (cell.IsString() && IsDate(cell.AsString())) return ColumnType::kDate;
  if (cell.IsString() && IsTimestamp(cell.AsString())) return ColumnType::kTimestamp;
  return ColumnType::kText;
}

bool IsNumber(ColumnType type) {
  return type == ColumnType::kInteger || type == ColumnType::kNumber;
}

// The type that holds both.
ColumnType Join(ColumnType a, ColumnType b) {
  if (a == b) return a;
  return IsNumber(a) && IsNumber(b) ? ColumnType::kNumber : ColumnType::kText;
}

}  // namespace

void DetectColumnTypes(ExportTable& table) {
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    bool seen = false;
    ColumnType type = ColumnType::kText;
    for (const json::Array& row : table.rows) {
      if (row[c].IsNull()) continue;
      type = seen ? Join(type, TypeOf(row[c])) : TypeOf(row[c]);
      seen = true;
      if (type == ColumnType::kText) break;
    }
    table.columns[c].type = type;
  }
}

Result<ExportTable> TableFromObjects(json::Value data, std::string title) {
  if (!data.IsArray()) {
    return InvalidArgument("data",
                           "must be an array of objects, not " + std::string(data.TypeName()));
  }
  json::Array& objects = data.AsArray();
  if (objects.size() > kRowsMax) {
    return LimitExceeded(
        "data", "has " + std::to_string(objects.size()) + " rows; an export takes at most 100000");
  }
  ExportTable table{.title = std::move(title)};
  boost::unordered_flat_map<std::string, std::size_t> columns;
  table.rows.reserve(objects.size());
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (!objects[i].IsObject()) {
      return InvalidArgument("data." + std::to_string(i),
                             "must be an object, not " + std::string(objects[i].TypeName()));
    }
    json::Array& row = table.rows.emplace_back(table.columns.size());
    for (auto& [name, value] : objects[i].AsObject()) {
      const auto [found, is_new] = columns.try_emplace(name, table.columns.size());
      if (is_new) {
        if (table.columns.size() == kColumnsMax) {
          return LimitExceeded("data." + std::to_string(i), "brings the columns to more than 200");
        }
        table.columns.push_back({.name = name});
        row.emplace_back();
      }
      row[found->second] = std::move(value);
    }
  }
  for (json::Array& row : table.rows) row.resize(table.columns.size());
  DetectColumnTypes(table);
  return table;
}

}  // namespace securebase::reports
