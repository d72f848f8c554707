#pragma once

// The Logs Insights query language: text to a checked query.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace securebase::insights {

namespace internal {
struct Plan;
}

inline constexpr std::size_t kQueryCharactersMax = 10'000;
inline constexpr std::size_t kResultRowsDefault = 10'000;
inline constexpr std::size_t kResultRowsMax = 100'000;

/// Why a query is refused, and where. Offsets count characters (code points) from 0, the end is
/// exclusive; line and column count from 1. Source: logs-insights, Errors.
struct MalformedQuery {
  std::string message;  // "unexpected symbol found 'x' at line 1 and position 8"
  std::size_t start = 0;
  std::size_t end = 0;
  std::size_t line = 1;
  std::size_t column = 1;

  /// kInvalidArgument, wire code MalformedQueryException, field `queryString`.
  Error ToError() const;
  /// The message, the line of the query and marks under the place, for a person.
  std::string ToText(std::string_view query) const;
};

/// Which log groups a query names itself (its SOURCE commands). Empty: the request must.
struct GroupSelection {
  std::vector<std::string> names;
  std::vector<std::string> prefixes;
  std::vector<std::string> accounts;
  std::vector<std::string> classes;
  /// Tag key and the patterns of its values ("x*", "!y"); all keys must match.
  struct Tag {
    std::string key;
    std::vector<std::string> values;
  };
  std::vector<Tag> tags;
  std::optional<std::int64_t> start_ms, end_ms;  // START=, END= of the query history

  bool empty() const { return names.empty() && prefixes.empty() && tags.empty(); }
};

/// A query that was parsed, checked and planned. Immutable, cheap to copy.
class Query {
 public:
  explicit Query(std::shared_ptr<const internal::Plan> plan) : plan_(std::move(plan)) {}

  const GroupSelection& groups() const;
  /// The columns of the answer, without @ptr.
  std::vector<std::string> columns() const;
  /// The answer's rows carry @ptr.
  bool has_pointers() const;
  /// The discovered and system fields that it reads, for tests of whether they exist.
  std::vector<std::string> fields() const;
  /// The alias of `stats ... by bin()` if the answer is a time series.
  std::optional<std::string> time_column() const;
  /// The plan for a person, one step a line.
  std::string Explain() const;
  const internal::Plan& plan() const { return *plan_; }

 private:
  std::shared_ptr<const internal::Plan> plan_;
};

/// A query, or why not.
class ParseResult {
 public:
  ParseResult(Query query) : query_(std::move(query)) {}
  ParseResult(MalformedQuery error) : error_(std::move(error)) {}
  bool ok() const { return query_.has_value(); }
  const Query& operator*() const { return *query_; }
  const Query* operator->() const { return &*query_; }
  const MalformedQuery& error() const { return error_; }

 private:
  std::optional<Query> query_;
  MalformedQuery error_;
};

/// Parses, checks and plans the whole query (CWLI). Never fails for another reason than the text.
ParseResult Parse(std::string_view text);

}  // namespace securebase::insights
