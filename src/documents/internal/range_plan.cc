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

Result<> CheckRequest(const TableDescription& table, const RangeRequest& request) {
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

/// Moves the range's start (or, descending, its end) behind the key where the last page ended.
Result<> SkipTo(const TableDescription& table, const RangeRequest& request, KeyRange& range) {
  if (!request.exclusive_start_key) return {};
  const Item& start = *request.exclusive_start_key;
  bool valid = CheckKey(table, start).ok();
  if (valid && request.partition) {
    valid = start.find(table.partition_key.name)->second == *request.partition;
  }
  if (!valid) return Validation("The provided starting key is invalid", "ExclusiveStartKey");
  std::string key = KeyBytes(table, start);
  if (request.descending) {
    if (range.end.empty() || key < range.end) range.end = std::move(key);
    return {};
  }
  key.push_back('\0');
  range.first = std::max(range.first, std::move(key));
  return {};
}

}  // namespace

Result<KeyRange> PlanRange(const TableDescription& table, const RangeRequest& request) {
  SB_TRY_OK(CheckRequest(table, request));
  KeyRange range;
  if (request.partition) range = SortRange(PartitionBytes(*request.partition), request.sort);
  SB_TRY_OK(SkipTo(table, request, range));
  return range;
}

bool InSegment(const RangeRequest& request, std::string_view key) {
  return request.segments == 1 || Checksum(PartitionOf(key)) % request.segments == request.segment;
}

}  // namespace securebase::documents::internal
