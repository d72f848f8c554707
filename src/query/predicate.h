#pragma once

// Filters over batches, and over the zone maps of chunks that need not be read.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "query/column.h"

namespace securebase::query {

/// A constant to compare with. Times are int64 milliseconds.
using Literal = std::variant<bool, std::int64_t, double, std::string>;

/// A tree of conditions on named fields. An absent field makes every comparison but kNotExists
/// and kNotEqual / kNotIn false (as the /v1 filters define it).
struct Predicate {
  enum class Op {
    kAnd,
    kOr,
    kNot,
    kEqual,
    kNotEqual,
    kLess,
    kLessOrEqual,
    kGreater,
    kGreaterOrEqual,
    kIn,
    kNotIn,
    kContains,
    kStartsWith,
    kExists,
    kNotExists,
    kTrue,
  };
  Op op = Op::kTrue;
  std::vector<Predicate> children;  // kAnd, kOr, kNot
  std::string field;                // the others
  std::vector<Literal> literals;    // one; several for kIn and kNotIn
};

/// Minimum, maximum and null count of a column in one chunk. Strings: smallest and largest
/// dictionary value.
struct Zone {
  Type type = Type::kInt64;
  std::int64_t int_min = 0, int_max = 0;
  double double_min = 0, double_max = 0;
  std::string_view string_min, string_max;
  std::size_t rows = 0;
  std::size_t absent = 0;  // equal to `rows`: minimum and maximum mean nothing
};

/// Whether some row of a chunk may satisfy the predicate; false only when none can.
/// `zone_of` yields null for a field that the chunk lacks altogether.
bool MayMatch(const Predicate& predicate,
              const std::function<const Zone*(std::string_view field)>& zone_of);

/// Narrows the batch's selection to the rows that satisfy the predicate. `columns` gives the
/// index in the batch for each field (a field that is not among them is absent in every row).
/// String conditions are evaluated once per dictionary value, not per row.
///
/// Numbers compare as doubles when either side is one. A literal of a type that the column cannot
/// hold equals nothing. One thread at a time: verdicts on the last dictionary are kept.
class Filter {
 public:
  Filter(const Predicate& predicate, std::vector<std::string> column_names);
  ~Filter();
  Filter(Filter&&) noexcept;
  void Apply(Batch& batch) const;

 private:
  struct Node;
  std::unique_ptr<Node> root_;
};

/// The fields that a predicate reads, without repeats.
std::vector<std::string> FieldsOf(const Predicate& predicate);

}  // namespace securebase::query
