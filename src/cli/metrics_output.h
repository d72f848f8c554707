#pragma once

// Lists and series of metrics as a table, CSV or JSON.

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "cli/line_chart.h"

namespace securebase::cli {

struct ListedMetric {
  std::string namespace_name;
  std::string name;
  std::vector<std::pair<std::string, std::string>> dimensions;
};

/// Appends the metrics of an answer of ListMetrics. Error: kUnavailable for another form.
Result<> AppendListed(const json::Value& answer, std::vector<ListedMetric>& metrics);
std::string PresentList(const std::vector<ListedMetric>& metrics, std::string_view format);

/// Appends the results of an answer of GetMetricData; a further page continues its series.
Result<> AppendSeries(const json::Value& answer, std::vector<ChartSeries>& series);
/// A row a time, a column a series.
std::string PresentSeries(const std::vector<ChartSeries>& series, std::string_view format);

/// The rows of one look after the other: each as it is new or has changed; JSON as an object a
/// line. Not thread-safe.
class FollowedRows {
 public:
  explicit FollowedRows(std::string_view format) : format_(format) {}
  std::string Next(const std::vector<ChartSeries>& series);

 private:
  const std::string format_;
  std::string header_;
  std::map<Instant, std::string> shown_;
};

}  // namespace securebase::cli
