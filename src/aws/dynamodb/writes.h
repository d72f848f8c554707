#pragma once

// What single, batched and transacted writes share.

#include <optional>

#include "aws/dynamodb/common.h"

namespace securebase::aws::dynamodb {

/// One write on its way: what it needs to know of its table and condition.
struct WriteCall {
  TableView table;
  std::optional<documents::Condition> condition;
  documents::Item key;

  /// Whether the condition, if any, is true of the present item (null: there is none).
  bool Holds(const documents::Item* present) const;
};

/// ConditionalCheckFailedException.
Error ConditionFailed();

/// The change that an update makes of the present item, or of none.
Result<documents::Change> Updated(const std::optional<documents::UpdatePlan>& plan,
                                  const documents::Item* present, const documents::Item& key);

/// ItemCollectionMetrics, where the request asks for them and the table has local indexes; else
/// null.
Value CollectionMetrics(const Value& request, const TableView& table, const documents::Item& key);

}  // namespace securebase::aws::dynamodb
