#include "documents/internal/range_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"

namespace securebase::documents::internal {
namespace {

Error Validation(std::string message, std::string field = {}) {
  return Error(ErrorCode::kInvalidArgument, std::move(message), std::move(field),
               "ValidationException");
}

/// Of an item's key behind its table's prefix: the partition's bytes, terminator included.
std::string_view PartitionOf(std::string_view key) {
  std::size_t end = 0;
  while (end + 1 < key.size() && !(key[end] == '\0' && key[end + 1] == '\1')) {
    end += key[end] == '\0' ? 2 : 1;
  }
  return key.substr(0, end + 2);
}

/// `Keyed`: a table or an index.
template <class Keyed>
Result<> CheckRequest(const Keyed& table, const RangeRequest& request) {
  auto has_type = [](const Value& value, const KeyAttribute& attribute) {
    return value.type().size() == 1 && value.type()[0] == static_cast<char>(attribute.type);
  };
  if (request.segments == 0 || request.segment >= request.segments) {
    return Validation(fmt::format("The Segment parameter is zero-based and must be less than "
                                  "parameter TotalSegments: Segment: {} is not less than "
                                  "TotalSegments: {}",
                                  request.segment, request.segments),
                      "Segment");
  }
  if (!request.partition) {
    if (request.sort) return Validation("a condition on the sort key needs a partition key");
    return {};
  }
  bool fits = has_type(*request.partition, table.partition_key);
  if (request.sort) {
    if (!table.sort_key) return Validation("Query key condition not supported");
    using Op = SortCondition::Op;
    if (request.sort->op == Op::kBeginsWith && table.sort_key->type == KeyType::kNumber) {
      return Validation("Query key condition not supported");
    }
    fits = fits && has_type(request.sort->low, *table.sort_key);
    if (request.sort->op == Op::kBetween) {
      fits = fits && has_type(request.sort->high, *table.sort_key);
    }
  }
  if (!fits) {
    return Validation(
        "One or more parameter values were invalid: Condition parameter type does not match "
        "schema type");
  }
  return {};
}

/// The bytes of the key where the last page ended.
Result<std::string> StartKey(const TableDescription& table, const SecondaryIndex* index,
                             const RangeRequest& request) {
  const Item& start = *request.exclusive_start_key;
  const KeyAttribute& partition = index == nullptr ? table.partition_key : index->partition_key;
  std::optional<std::string> key;
  if (index == nullptr) {
    if (CheckKey(table, start).ok()) key = KeyBytes(table, start);
  } else if (KeyOf(table, start).ok() && CheckIndexKeys(table, start).ok() &&
             IndexKeyOf(table, *index, start).size() == start.size()) {
    key = IndexEntryKey(table, *index, start);
  }
  if (key && request.partition && start.find(partition.name)->second != *request.partition) {
    key.reset();
  }
  if (!key) return Validation("The provided starting key is invalid", "ExclusiveStartKey");
  return *std::move(key);
}

/// Moves the range's start (or, descending, its end) behind the key where the last page ended.
Result<> SkipTo(const TableDescription& table, const SecondaryIndex* index,
                const RangeRequest& request, KeyRange& range) {
  if (!request.exclusive_start_key) return {};
  SB_TRY(std::string key, StartKey(table, index, request));
  if (request.descending) {
    if (range.end.empty() || key < range.end) range.end = std::move(key);
    return {};
  }
  key.push_back('\0');
  range.first = std::max(range.first, std::move(key));
  return {};
}

}  // namespace

Result<KeyRange> PlanRange(const TableDescription& table, const SecondaryIndex* index,
                           const RangeRequest& request) {
  SB_TRY_OK(index == nullptr ? CheckRequest(table, request) : CheckRequest(*index, request));
  KeyRange range;
  if (request.partition) {
    std::string partition = PartitionBytes(*request.partition);
    range = index == nullptr ? SortRange(partition, request.sort)
                             : IndexSortRange(partition, request.sort);
  }
  SB_TRY_OK(SkipTo(table, index, request, range));
  return range;
}

bool InSegment(const RangeRequest& request, std::string_view key) {
  return request.segments == 1 || Checksum(PartitionOf(key)) % request.segments == request.segment;
}

}  // namespace securebase::documents::internal
