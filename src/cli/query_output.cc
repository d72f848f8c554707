#include "cli/query_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/json.h"
#include "base/text.h"

namespace securebase::cli {
namespace {

using insights::Table;

std::size_t Width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string Cut(std::string_view text, std::size_t width) {
  if (Width(text) <= width) return std::string(text);
  std::size_t i = 0;
  for (std::size_t n = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80 && ++n > width - 1) break;
  }
  return std::string(text.substr(0, i)) + "~";
}

// On one line, without what would move the cursor.
std::string OneLine(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    out += u < ' ' || u == 0x7f ? ' ' : c;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::string FormatTable(const Table& table, const OutputOptions& options) {
  std::vector<std::vector<std::string>> cells;
  std::vector<std::size_t> widths;
  std::vector<bool> numeric(table.columns.size(), true);
  std::vector<std::string> head;
  for (const std::string& column : table.columns) {
    head.push_back(OneLine(column));
    widths.push_back(Width(head.back()));
  }
  for (const auto& row : table.rows) {
    std::vector<std::string>& out = cells.emplace_back();
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      out.push_back(row[c] ? OneLine(*row[c]) : "");
      widths[c] = std::max(widths[c], Width(out.back()));
      if (row[c] && !ParseDouble(*row[c])) numeric[c] = false;
    }
  }
  if (options.width > 0) {
    // The widest column gives way until the line fits.
    const auto total = [&] {
      std::size_t sum = widths.empty() ? 0 : 2 * (widths.size() - 1);
      for (const std::size_t width : widths) sum += width;
      return sum;
    };
    while (total() > options.width) {
      const auto widest = std::max_element(widths.begin(), widths.end());
      if (*widest <= 12) break;
      *widest = std::max<std::size_t>(12, *widest - std::min(*widest, total() - options.width));
    }
  }
  std::string out;
  const auto line = [&](const std::vector<std::string>& row) {
    std::string text;
    for (std::size_t c = 0; c < row.size(); ++c) {
      const std::string cell = Cut(row[c], widths[c]);
      const std::string pad(widths[c] - Width(cell), ' ');
      if (c > 0) text += "  ";
      text += numeric[c] ? pad + cell : cell + pad;
    }
    while (!text.empty() && text.back() == ' ') text.pop_back();
    out += text + '\n';
  };
  line(head);
  std::vector<std::string> rule;
  for (const std::size_t width : widths) rule.emplace_back(width, '-');
  line(rule);
  for (const auto& row : cells) line(row);
  return out;
}

void AppendCsv(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

std::string FormatCsv(const Table& table) {
  std::string out;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    if (c > 0) out += ',';
    AppendCsv(out, table.columns[c]);
  }
  out += "\r\n";
  for (const auto& row : table.rows) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (c > 0) out += ',';
      if (row[c]) AppendCsv(out, *row[c]);
    }
    out += "\r\n";
  }
  return out;
}

void AppendObject(std::string& out, const Table& table, std::size_t row) {
  json::Writer writer(out);
  writer.BeginObject();
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    if (table.rows[row][c]) writer.Member(table.columns[c], *table.rows[row][c]);
  }
  writer.EndObject();
}

std::string FormatJson(const Table& table, bool lines) {
  std::string out = lines ? "" : "[";
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    if (!lines) out += row == 0 ? "\n  " : ",\n  ";
    AppendObject(out, table, row);
    if (lines) out += '\n';
  }
  if (!lines) out += table.rows.empty() ? "]\n" : "\n]\n";
  return out;
}

std::string FormatMarkdown(const Table& table) {
  std::string out;
  const auto cell = [&](std::string_view text) {
    for (const char c : OneLine(text)) {
      if (c == '|' || c == '\\') out += '\\';
      out += c;
    }
  };
  out += '|';
  for (const std::string& column : table.columns) {
    out += ' ';
    cell(column);
    out += " |";
  }
  out += "\n|";
  for (std::size_t c = 0; c < table.columns.size(); ++c) out += " --- |";
  out += '\n';
  for (const auto& row : table.rows) {
    out += '|';
    for (const auto& value : row) {
      out += ' ';
      if (value) cell(*value);
      out += " |";
    }
    out += '\n';
  }
  return out;
}

std::string Bar(double share, std::size_t width, bool blocks) {
  static constexpr const char* kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const double cells = std::clamp(share, 0.0, 1.0) * static_cast<double>(width);
  const auto whole = static_cast<std::size_t>(cells);
  if (!blocks) return std::string(whole + (cells > 0 && whole == 0 ? 1 : 0), '#');
  std::string out;
  for (std::size_t i = 0; i < whole; ++i) out += "█";
  return out + kEighths[static_cast<std::size_t>((cells - static_cast<double>(whole)) * 8)];
}

std::string Grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string Bytes(std::uint64_t bytes) {
  if (bytes < 10'000) return Grouped(bytes) + " bytes";
  if (bytes < 10'000'000) return fmt::format("{:.1f} kB", static_cast<double>(bytes) / 1e3);
  if (bytes < 10'000'000'000) return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
  return fmt::format("{:.1f} GB", static_cast<double>(bytes) / 1e9);
}

}  // namespace

std::string FormatAnswer(const Table& table, QueryFormat format, const OutputOptions& options) {
  switch (format) {
    case QueryFormat::kTable:
      return table.rows.empty() ? "no rows\n" : FormatTable(table, options);
    case QueryFormat::kCsv:
      return FormatCsv(table);
    case QueryFormat::kJson:
      return FormatJson(table, false);
    case QueryFormat::kNdjson:
      return FormatJson(table, true);
    case QueryFormat::kMarkdown:
      return FormatMarkdown(table);
  }
  return {};
}

std::string FormatChart(const Table& table, std::string_view time_column,
                        const OutputOptions& options) {
  const auto time = std::find(table.columns.begin(), table.columns.end(), time_column);
  if (time == table.columns.end() || table.rows.size() < 2) return {};
  const auto t = static_cast<std::size_t>(time - table.columns.begin());
  std::size_t value = table.columns.size();
  for (std::size_t c = table.columns.size(); c-- > 0;) {
    const bool numbers = std::all_of(table.rows.begin(), table.rows.end(), [&](const auto& row) {
      return !row[c] || ParseDouble(*row[c]).has_value();
    });
    if (c != t && numbers) value = c;
  }
  if (value == table.columns.size()) return {};
  std::vector<std::pair<std::string, double>> points;
  double most = 0;
  for (const auto& row : table.rows) {
    if (!row[t]) continue;
    const double number = row[value] ? ParseDouble(*row[value]).value_or(0) : 0;
    if (!points.empty() && points.back().first == *row[t]) return {};
    points.emplace_back(*row[t], number);
    most = std::max(most, number);
  }
  if (most <= 0) return {};
  std::string out = table.columns[value] + " by " + std::string(time_column) + '\n';
  const std::size_t labels = 19 + 14;
  const std::size_t width = options.width > labels + 20 ? options.width - labels : 50;
  for (const auto& [label, number] : points) {
    out += fmt::format("{:<19} {:>12.12} {}\n", label.substr(0, 19), fmt::format("{:g}", number),
                       Bar(number / most, width, options.blocks));
  }
  return out;
}

std::string FormatCost(const insights::Statistics& s, double seconds) {
  std::string out =
      fmt::format("{} of {} records matched, {} read in {:.2f} s", Grouped(s.records_matched),
                  Grouped(s.records_scanned), Bytes(s.bytes_scanned), seconds);
  if (s.records_skipped > 0) {
    out += fmt::format("; {} records ({}) skipped", Grouped(s.records_skipped),
                       Bytes(s.bytes_skipped));
  }
  std::string why;
  const auto reason = [&](std::uint64_t chunks, const char* text) {
    if (chunks == 0) return;
    why += (why.empty() ? "" : ", ") + Grouped(chunks) + text;
  };
  reason(s.chunks_skipped_by_time, " chunks by time");
  reason(s.chunks_skipped_by_zone, " by value ranges");
  reason(s.chunks_skipped_by_text, " by text filters");
  return why.empty() ? out : out + " (" + why + ")";
}

}  // namespace securebase::cli
