#pragma once

// Bringing other people's files into the datasets. Formats and their columns: docs/analytics.md.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/tenant.h"
#include "events/dataset_store.h"

namespace securebase::analytics {

enum class Format {
  kFocus,   // FOCUS 1.x cost CSV
  kCur,     // AWS Cost and Usage Report CSV, legacy or 2.0
  kAsff,    // AWS Security Finding Format: an array, {"Findings": [..]}, one finding, or NDJSON
  kCsv,     // any CSV with a header
  kNdjson,  // one JSON object a line
  kJson,    // an array of objects
};

/// "focus", "cur", "asff", "csv", "ndjson", "json".
std::string_view ToText(Format format);
/// kInvalidArgument for `format`.
Result<Format> ParseFormat(std::string_view text);
/// The dataset that a format always fills, or empty where the caller chooses.
std::string_view DatasetOf(Format format);

/// One file. The views outlive the import.
struct ImportInput {
  std::string_view name;  // for messages
  std::string_view text;
};

struct ImportOptions {
  Account account;
  std::string customer;         // of every row, unless a column says
  std::string customer_column;  // CSV and NDJSON, FOCUS and CUR: the column that names the customer
  std::string dataset;          // for csv, ndjson and json
  /// For csv, ndjson and json: the source column of a field; field "-": columns to leave out,
  /// separated by commas.
  std::map<std::string, std::string, std::less<>> columns;
  /// Tells parts of one billing period apart that are imported by separate calls ("2"). Empty or
  /// "1": the first, which replaces the period as a whole import does.
  std::string part;
  /// Called every few thousand rows and at the end.
  std::function<void(std::uint64_t rows, std::uint64_t bytes)> progress;
};

struct RejectedLine {
  std::string file;
  std::uint64_t line = 0;  // 1-based; of a JSON array: the element's number
  std::string reason;      // names the field
};

struct ImportReport {
  static constexpr std::size_t kRejectedKept = 1000;

  std::uint64_t rows = 0;
  std::uint64_t rejected_count = 0;
  std::vector<RejectedLine> rejected;  // the first kRejectedKept

  void Reject(std::string_view file, std::uint64_t line, std::string reason);
};

/// Imports the files as one: after success all good rows are visible and durable, and rows of an
/// earlier import of the same content (csv, ndjson, json, asff) or of the same payer's same
/// billing period (focus, cur) are replaced. Lines that cannot be taken are reported and left
/// out; when no line could be taken nothing changes (`rows` 0). Files of several billing periods
/// become durable period by period.
/// Errors: kInvalidArgument naming the column or option for a file whose header does not fit, or
/// that is not the format at all; kUnavailable when the disk is full. After an error of the
/// store's commit, importing again makes it whole.
Result<ImportReport> ImportFiles(events::DatasetStore& datasets, Format format,
                                 const std::vector<ImportInput>& inputs,
                                 const ImportOptions& options);

}  // namespace securebase::analytics
