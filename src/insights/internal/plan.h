#pragma once

// A checked query as stages over slots.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "insights/internal/expression.h"
#include "insights/internal/stage.h"
#include "insights/query.h"
#include "query/predicate.h"

namespace securebase::insights::internal {

struct SourceField {
  std::string name;
  bool tree = false;
  int slot = 0;
};

struct Output {
  std::string name;
  int slot = 0;
};

/// A query whose rows another one needs before it can run.
struct Subquery {
  std::shared_ptr<const Plan> plan;
  enum class Use : std::uint8_t { kSet, kRows, kEarlier };
  Use use = Use::kRows;
  /// kEarlier: how far before the range, 0 for the range right before it.
  std::int64_t shift_ms = 0;
};

struct Plan {
  GroupSelection groups;
  std::vector<SourceField> fields;  // what is read of the input
  std::vector<std::unique_ptr<Stage>> stages;
  std::vector<Output> columns;
  std::vector<Subquery> subqueries;
  std::vector<std::string> tables;  // lookup tables that it names
  query::Predicate where;           // superset of the first filters, for the scan
  std::string where_text;
  std::vector<int> live;  // slots that the first stage or the answer reads
  int slot_count = kFirstFreeSlot;
  int node_count = 0;
  bool pointers = true;  // rows are events
  bool has_limit = false;
  bool estimate = false;
  std::optional<std::string> time_column;
};

}  // namespace securebase::insights::internal
