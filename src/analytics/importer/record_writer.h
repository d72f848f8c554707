#pragma once

#include <string>
#include <string_view>

#include "analytics/importer/value_parser.h"
#include "base/json.h"
#include "events/dataset_store.h"

namespace securebase::analytics {

/// Sets fields of a dataset's rows from plain text or JSON values, and holds the rules of each
/// dataset: which fields are required and which words a field takes. Not thread-safe.
class RecordWriter {
 public:
  explicit RecordWriter(const events::Schema& schema);

  void Begin() {
    problem_.clear();
    present_ = 0;
  }
  /// What is wrong with the row so far ("cost must be a number"), or empty.
  const std::string& problem() const { return problem_; }

  void SetText(events::Import& import, std::size_t field, std::string_view text);
  void SetJson(events::Import& import, std::size_t field, const json::Value& value);
  /// Checks that the required fields came and fills those that follow from others.
  void Finish(events::Import& import);

  /// Names of the fields that every row of the dataset must have.
  static std::vector<std::size_t> Required(std::string_view dataset);

 private:
  void Fail(std::size_t field, std::string_view what);
  void SetString(events::Import& import, std::size_t field, std::string_view text);
  void SetNumber(events::Import& import, std::size_t field, double value);

  const events::Schema& schema_;
  const std::vector<std::size_t> required_;
  TimeParser times_;
  std::uint64_t present_ = 0;  // bit per field
  double billed_ = 0;
  std::string problem_;
};

}  // namespace securebase::analytics
