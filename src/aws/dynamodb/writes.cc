#include "aws/dynamodb/writes.h"

#include <algorithm>

namespace securebase::aws::dynamodb {

bool WriteCall::Holds(const documents::Item* present) const {
  static const documents::Item kNone;
  if (!condition) return true;
  const documents::Item& seen = present == nullptr ? kNone : *present;
  if (!table.id_is_alias) return documents::Evaluate(*condition, seen);
  return documents::Evaluate(*condition, table.ForExpressions(seen));
}

Error ConditionFailed() {
  return Error(ErrorCode::kConflict, "The conditional request failed", {},
               "ConditionalCheckFailedException");
}

Result<documents::Change> Updated(const std::optional<documents::UpdatePlan>& plan,
                                  const documents::Item* present, const documents::Item& key) {
  const documents::Item& before = present != nullptr ? *present : key;
  if (!plan) return documents::Change{documents::Change::Kind::kPut, before};
  SB_TRY(documents::Item after, documents::ApplyUpdate(*plan, before));
  return documents::Change{documents::Change::Kind::kPut, std::move(after)};
}

Value CollectionMetrics(const Value& request, const TableView& table, const documents::Item& key) {
  const documents::TableDescription& description = table.description;
  const bool local = std::any_of(description.indexes.begin(), description.indexes.end(),
                                 [](const auto& index) { return !index.global; });
  if (!local || request.TextOr("ReturnItemCollectionMetrics", "NONE") != "SIZE") return Value();
  const std::string& name = description.partition_key.name;
  const documents::Item partition = {{name, key.at(name)}};
  // An estimate, as at AWS: collections have no limit here.
  return Value::MakeStruct({{"ItemCollectionKey", documents::ToWire(partition)},
                            {"SizeEstimateRangeGB", Value::List{0.0, 1.0}}});
}

}  // namespace securebase::aws::dynamodb
