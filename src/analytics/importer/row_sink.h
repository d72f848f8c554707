#pragma once

// Where importers put rows: the open imports of the store, the report, and the checks that all
// formats share.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analytics/csv_reader.h"
#include "analytics/import.h"
#include "base/result.h"
#include "events/dataset_store.h"

namespace securebase::analytics {

/// Longest text that a field takes.
inline constexpr std::size_t kTextBytesMax = 32u << 10;

/// Not thread-safe.
class RowSink {
 public:
  RowSink(events::DatasetStore& datasets, std::string dataset, const ImportOptions& options)
      : datasets_(datasets), dataset_(std::move(dataset)), options_(options) {}

  /// The open import of a source key; the last one asked for is found at once.
  Result<events::Import*> Open(std::string_view source_key);

  /// Ends the row of `import` for its customer; or, with a `problem`, drops and reports it.
  Result<> End(events::Import& import, std::string_view customer, const ImportInput& input,
               std::uint64_t line, const std::string& problem);
  void Reject(const ImportInput& input, std::uint64_t line, std::string reason) {
    report_.Reject(input.name, line, std::move(reason));
  }
  /// Bytes of all inputs read so far, for progress.
  void SetPosition(std::uint64_t bytes) { position_ = bytes; }

  const ImportOptions& options() const { return options_; }
  const ImportReport& report() const { return report_; }

  /// Commits all imports; nothing when no row was taken.
  Result<ImportReport> Commit();

 private:
  events::DatasetStore& datasets_;
  const std::string dataset_;
  const ImportOptions& options_;
  ImportReport report_;
  std::uint64_t position_ = 0;
  std::size_t last_ = 0;
  std::vector<std::pair<std::string, std::unique_ptr<events::Import>>> imports_;
};

/// Why a customer id cannot be used, or empty.
std::string_view CustomerProblem(std::string_view customer);

/// Rows of a CSV file below its header, with the checks that every CSV format shares.
class CsvRows {
 public:
  /// Reads the header. kInvalidArgument (`header`) when there is none, it is no UTF-8 or names a
  /// column twice. A file whose header has semicolons and no commas is read with semicolons.
  static Result<CsvRows> Open(const ImportInput& input);

  const std::vector<std::string>& header() const { return header_; }
  /// Index of a column, compared without case; empty where there is none.
  std::optional<std::size_t> Find(std::string_view name) const;

  /// The next row whose shape and text are right; others are rejected. False at the end.
  bool Next(RowSink& sink);
  const std::vector<std::string_view>& fields() const { return reader_.fields(); }
  std::uint64_t line() const { return reader_.line(); }
  std::size_t position() const { return reader_.position(); }

 private:
  CsvRows(const ImportInput& input, char separator)
      : input_(input), reader_(input.text, separator) {}
  std::string Problem() const;

  ImportInput input_;
  CsvReader reader_;
  std::vector<std::string> header_;
  bool text_valid_ = true;  // the whole file is UTF-8
};

}  // namespace securebase::analytics
