#pragma once

// Answers of queries as text.

#include <optional>
#include <string>
#include <string_view>

#include "insights/run.h"

namespace securebase::cli {

enum class QueryFormat { kTable, kCsv, kJson, kNdjson, kMarkdown };

struct OutputOptions {
  std::size_t width = 0;  // of the terminal; 0: no limit, nothing is cut
  bool blocks = false;    // the terminal can show ▏▎▍▌▋▊▉█
};

/// The rows in a format; ends with a newline.
std::string FormatAnswer(const insights::Table& table, QueryFormat format,
                         const OutputOptions& options);

/// A bar a row for a time series: the first column of numbers beside `time_column`. Empty where
/// there is none, or where several rows share a time.
std::string FormatChart(const insights::Table& table, std::string_view time_column,
                        const OutputOptions& options);

/// "1,234 records, 12.3 MB read in 0.5 s; …", for people.
std::string FormatCost(const insights::Statistics& statistics, double seconds);

}  // namespace securebase::cli
