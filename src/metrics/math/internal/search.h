#pragma once

// SEARCH: which metrics a text means (spec: cloudwatch-api 5.6).

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/math/source.h"
#include "metrics/metric_store.h"

namespace securebase::metrics::math {

/// Pieces of a name, in their own case: "CPUUtilization" is CPU, Utilization.
std::vector<std::string_view> SearchTokens(std::string_view text);

/// A word of a search text, prepared for comparison with names.
class SearchWord {
 public:
  explicit SearchWord(std::string_view text);
  /// Whether there is a letter or a digit in it.
  bool usable() const { return !tokens_.empty(); }
  bool Matches(std::string_view target) const;

 private:
  struct Part {
    std::string text;
    /// A piece that splits into several tokens compares case-sensitively.
    bool exact_case = false;
  };
  std::vector<Part> tokens_;
  std::string joined_;  // lower-cased letters and digits
};

struct SearchTerm {
  enum class Kind { kAnd, kOr, kNot, kExact, kWord };
  Kind kind = Kind::kExact;
  std::vector<std::unique_ptr<SearchTerm>> children;
  std::string property;  // "MetricName", "Namespace", ":aws.AccountId", a dimension; "": any
  std::string text;
  std::optional<SearchWord> word;
};

struct Search {
  std::optional<std::string> namespace_name;           // of the schema
  std::optional<std::vector<std::string>> dimensions;  // exactly these, sorted; none: any
  std::unique_ptr<SearchTerm> term;                    // null: all of the schema

  /// `account`: the own one, by number.
  bool Matches(const Metric& metric, std::string_view account) const;
  /// The same as conditions of a store; holds on to *this.
  MetricSelection Selection(std::string account) const;
};

inline constexpr std::size_t kSearchBytesMax = 1024;

/// `base`: where `text` stands in `expression`, for the places of errors.
Result<Search> ParseSearch(std::string_view text, std::string_view expression, std::size_t base);

}  // namespace securebase::metrics::math
