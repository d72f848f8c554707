#include "cli/metrics_output.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/text.h"

namespace securebase::cli {
namespace {

constexpr std::size_t kTimeWidth = 20;    // 2026-06-01T12:00:00Z
constexpr std::size_t kColumnWidth = 12;  // at least
// Rows remembered by --follow: older ones do not change any more.
constexpr std::size_t kShownMax = 10'000;

Error OtherForm() { return Unavailable("the server's answer has another form than expected"); }

std::string TextOf(const json::Value& value, std::string_view name) {
  const json::Value* member = value.Find(name);
  return member != nullptr && member->IsString() ? member->AsString() : std::string();
}

/// Characters, not bytes: what a column is wide.
std::size_t WidthOf(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string Padded(std::string_view text, std::size_t width, bool right) {
  const std::size_t own = WidthOf(text);
  const std::string blanks(width > own ? width - own : 0, ' ');
  return right ? blanks + std::string(text) : std::string(text) + blanks;
}

std::string CsvField(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

std::string DimensionsText(const ListedMetric& metric) {
  std::string out;
  for (const auto& [name, value] : metric.dimensions) {
    out += (out.empty() ? "" : " ") + name + "=" + value;
  }
  return out;
}

/// The series as rows: a time, and a value or nothing for each series.
using Rows = std::map<Instant, std::vector<std::optional<double>>>;

Rows RowsOf(const std::vector<ChartSeries>& series) {
  Rows rows;
  for (std::size_t i = 0; i < series.size(); ++i) {
    for (const auto& [time, value] : series[i].points) {
      auto& row = rows[time];
      row.resize(series.size());
      row[i] = value;
    }
  }
  return rows;
}

std::string TableHeader(const std::vector<ChartSeries>& series) {
  std::string out = Padded("TIME", kTimeWidth, false);
  for (const ChartSeries& one : series) {
    out += "  " + Padded(one.label, kColumnWidth, true);
  }
  return out + "\n";
}

std::string TableRow(Instant time, const std::vector<std::optional<double>>& row,
                     const std::vector<ChartSeries>& series) {
  std::string out = Padded(FormatIso(time), kTimeWidth, false);
  for (std::size_t i = 0; i < row.size(); ++i) {
    out += "  " + Padded(row[i] ? FormatDouble(*row[i]) : "-",
                         std::max(kColumnWidth, WidthOf(series[i].label)), true);
  }
  return out + "\n";
}

std::string CsvHeader(const std::vector<ChartSeries>& series) {
  std::string out = "timestamp";
  for (const ChartSeries& one : series) out += "," + CsvField(one.label);
  return out + "\n";
}

std::string CsvRow(Instant time, const std::vector<std::optional<double>>& row) {
  std::string out = FormatIso(time);
  for (const auto& value : row) out += "," + (value ? FormatDouble(*value) : "");
  return out + "\n";
}

std::string JsonRow(Instant time, const std::vector<std::optional<double>>& row,
                    const std::vector<ChartSeries>& series) {
  std::string out;
  json::Writer writer(out);
  writer.BeginObject().Member("timestamp", FormatIso(time)).Key("values").BeginObject();
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (row[i]) writer.Member(series[i].label, *row[i]);
  }
  writer.EndObject().EndObject();
  return out + "\n";
}

std::string RowText(std::string_view format, Instant time,
                    const std::vector<std::optional<double>>& row,
                    const std::vector<ChartSeries>& series) {
  if (format == "csv") return CsvRow(time, row);
  return format == "json" ? JsonRow(time, row, series) : TableRow(time, row, series);
}

std::string HeaderText(std::string_view format, const std::vector<ChartSeries>& series) {
  if (format == "csv") return CsvHeader(series);
  return format == "json" ? "" : TableHeader(series);
}

}  // namespace

Result<> AppendListed(const json::Value& answer, std::vector<ListedMetric>& metrics) {
  const json::Value* list = answer.Find("Metrics");
  if (list == nullptr || !list->IsArray()) return OtherForm();
  for (const json::Value& metric : list->AsArray()) {
    ListedMetric& out = metrics.emplace_back();
    out.namespace_name = TextOf(metric, "Namespace");
    out.name = TextOf(metric, "MetricName");
    const json::Value* dimensions = metric.Find("Dimensions");
    if (dimensions == nullptr || !dimensions->IsArray()) continue;
    for (const json::Value& one : dimensions->AsArray()) {
      out.dimensions.emplace_back(TextOf(one, "Name"), TextOf(one, "Value"));
    }
  }
  return {};
}

std::string PresentList(const std::vector<ListedMetric>& metrics, std::string_view format) {
  if (format == "json") {
    json::Array list;
    for (const ListedMetric& metric : metrics) {
      json::Object dimensions;
      for (const auto& [name, value] : metric.dimensions) dimensions.emplace_back(name, value);
      list.push_back(json::Object{{"namespace", metric.namespace_name},
                                  {"name", metric.name},
                                  {"dimensions", std::move(dimensions)}});
    }
    return json::WritePretty(std::move(list)) + "\n";
  }
  std::string out;
  if (format == "csv") {
    out = "namespace,name,dimensions\n";
    for (const ListedMetric& metric : metrics) {
      out += CsvField(metric.namespace_name) + "," + CsvField(metric.name) + "," +
             CsvField(DimensionsText(metric)) + "\n";
    }
    return out;
  }
  std::size_t namespaces = 9, names = 4;
  for (const ListedMetric& metric : metrics) {
    namespaces = std::max(namespaces, WidthOf(metric.namespace_name));
    names = std::max(names, WidthOf(metric.name));
  }
  out = Padded("NAMESPACE", namespaces, false) + "  " + Padded("NAME", names, false) +
        "  DIMENSIONS\n";
  for (const ListedMetric& metric : metrics) {
    std::string line = Padded(metric.namespace_name, namespaces, false) + "  " +
                       Padded(metric.name, names, false) + "  " + DimensionsText(metric);
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return metrics.empty() ? out + "no metrics\n" : out;
}

Result<> AppendSeries(const json::Value& answer, std::vector<ChartSeries>& series) {
  const json::Value* results = answer.Find("MetricDataResults");
  if (results == nullptr || !results->IsArray()) return OtherForm();
  for (const json::Value& result : results->AsArray()) {
    const std::string label = TextOf(result, "Label");
    auto found = std::find_if(series.begin(), series.end(),
                              [&](const ChartSeries& one) { return one.label == label; });
    if (found == series.end()) found = series.insert(series.end(), ChartSeries{label, {}});
    const json::Value* times = result.Find("Timestamps");
    const json::Value* values = result.Find("Values");
    if (times == nullptr || values == nullptr || !times->IsArray() || !values->IsArray() ||
        times->AsArray().size() != values->AsArray().size()) {
      return OtherForm();
    }
    for (std::size_t i = 0; i < times->AsArray().size(); ++i) {
      const json::Value& time = times->AsArray()[i];
      const json::Value& value = values->AsArray()[i];
      if (!time.IsNumber() || !value.IsNumber()) return OtherForm();
      found->points.emplace_back(FromUnixMillis(static_cast<std::int64_t>(time.AsNumber() * 1000)),
                                 value.AsNumber());
    }
  }
  return {};
}

std::string PresentSeries(const std::vector<ChartSeries>& series, std::string_view format) {
  if (format == "json") {
    json::Array list;
    for (const ChartSeries& one : series) {
      json::Array points;
      for (const auto& [time, value] : one.points) {
        points.push_back(json::Object{{"timestamp", FormatIso(time)}, {"value", value}});
      }
      list.push_back(json::Object{{"label", one.label}, {"points", std::move(points)}});
    }
    return json::WritePretty(std::move(list)) + "\n";
  }
  std::string out = HeaderText(format, series);
  for (const auto& [time, row] : RowsOf(series)) out += RowText(format, time, row, series);
  return out;
}

std::string FollowedRows::Next(const std::vector<ChartSeries>& series) {
  std::string out;
  // Series of an expression come and go: the columns are named anew then.
  if (std::string header = HeaderText(format_, series); header != header_) {
    out += header;
    header_ = std::move(header);
    shown_.clear();
  }
  for (const auto& [time, row] : RowsOf(series)) {
    std::string text = RowText(format_, time, row, series);
    std::string& shown = shown_[time];
    if (shown == text) continue;
    out += text;
    shown = std::move(text);
  }
  while (shown_.size() > kShownMax) shown_.erase(shown_.begin());
  return out;
}

}  // namespace securebase::cli
