#include "reports/internal/cell_text.h"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cmath>
#include <optional>

#include "base/text.h"

namespace securebase::reports {
namespace {

constexpr int kDecimalsMin = 2;  // where there is a fraction at all: cents
constexpr int kDecimalsMax = 4;
constexpr std::size_t kTopMax = 10;

int DecimalsOf(double value) {
  const std::string text = FormatDouble(value);
  const std::size_t point = text.find('.');
  if (point == std::string::npos || text.find('e') != std::string::npos) return 0;
  return static_cast<int>(text.size() - point - 1);
}

// Numbers that name something rather than count it.
bool IsNameLike(std::string_view column) {
  const std::string lower = ToLower(column);
  return lower == "year" || lower == "id" || lower.ends_with("_id") || lower.ends_with(" id") ||
         column.ends_with("Id") || lower == "account" || lower == "port";
}

bool IsNumeric(ColumnType type) {
  return type == ColumnType::kInteger || type == ColumnType::kNumber;
}

}  // namespace

std::string PlainText(const json::Value& cell) {
  if (cell.IsNull()) return {};
  if (cell.IsString()) return cell.AsString();
  return json::Write(cell);
}

std::vector<NumberStyle> NumberStyles(const ExportTable& table) {
  std::vector<NumberStyle> styles(table.columns.size());
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    styles[c].grouped = !IsNameLike(table.columns[c].name);
    if (table.columns[c].type != ColumnType::kNumber) continue;
    styles[c].decimals = kDecimalsMin;
    for (const json::Array& row : table.rows) {
      if (styles[c].decimals == kDecimalsMax) break;
      if (!row[c].IsDouble()) continue;
      styles[c].decimals =
          std::clamp(DecimalsOf(row[c].AsNumber()), styles[c].decimals, kDecimalsMax);
    }
  }
  return styles;
}

std::string FormattedText(const json::Value& cell, const ExportColumn& column,
                          const NumberStyle& style, const ExportOptions& options) {
  if (cell.IsNumber()) {
    Locale locale = options.locale;
    if (!style.grouped) locale.group = {};
    if (column.type == ColumnType::kInteger) return FormatInteger(locale, cell.AsInt());
    if (column.type == ColumnType::kNumber) {
      return FormatNumber(locale, cell.AsNumber(), style.decimals);
    }
  }
  if (cell.IsString() && column.type == ColumnType::kTimestamp) {
    if (const Result<Instant> instant = ParseIso(cell.AsString()); instant.ok()) {
      std::string text = FormatIso(options.time_zone.ToLocal(*instant));
      text.pop_back();  // 'Z'
      text[10] = ' ';
      return text;
    }
  }
  return PlainText(cell);
}

TopValues FindTopValues(const ExportTable& table) {
  TopValues top;
  std::optional<std::size_t> label;
  std::optional<std::size_t> value;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const ColumnType type = table.columns[c].type;
    if (!label && type == ColumnType::kText) label = c;
    if (!value && IsNumeric(type) && !IsNameLike(table.columns[c].name)) value = c;
  }
  if (!label || !value) return top;
  top.label_column = *label;
  top.value_column = *value;
  boost::unordered_flat_map<std::string, double> sums;
  for (const json::Array& row : table.rows) {
    if (row[*value].IsNumber()) sums[PlainText(row[*label])] += row[*value].AsNumber();
  }
  for (auto& [name, sum] : sums) {
    if (std::isfinite(sum)) top.entries.push_back({name.empty() ? "(none)" : name, sum});
  }
  std::sort(top.entries.begin(), top.entries.end(), [](const auto& a, const auto& b) {
    return a.value != b.value ? a.value > b.value : a.label < b.label;
  });
  if (top.entries.size() > kTopMax) top.entries.resize(kTopMax);
  return top;
}

}  // namespace securebase::reports
