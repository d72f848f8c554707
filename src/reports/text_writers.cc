#include "reports/internal/cell_text.h"
#include "reports/internal/writers.h"

namespace securebase::reports {
namespace {

// A spreadsheet runs a cell that begins so as a formula; ours is data (OWASP, "CSV Injection").
bool LooksLikeFormula(std::string_view text) {
  return !text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos;
}

void AppendField(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void AppendText(std::string& out, const std::string& text) {
  AppendField(out, LooksLikeFormula(text) ? "'" + text : text);
}

}  // namespace

std::string WriteCsv(const ExportTable& table) {
  std::string out;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    if (c > 0) out += ',';
    AppendText(out, table.columns[c].name);
  }
  out += "\r\n";
  for (const json::Array& row : table.rows) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (c > 0) out += ',';
      // A number may begin with '-': it is no text.
      if (row[c].IsString()) {
        AppendText(out, row[c].AsString());
      } else {
        AppendField(out, PlainText(row[c]));
      }
    }
    out += "\r\n";
  }
  return out;
}

std::string WriteJson(const ExportTable& table) {
  std::string out = "[";
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    out += r == 0 ? "\n" : ",\n";
    json::Writer writer(out);
    writer.BeginObject();
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      writer.Key(table.columns[c].name).Any(table.rows[r][c]);
    }
    writer.EndObject();
  }
  out += "\n]\n";
  return out;
}

}  // namespace securebase::reports
