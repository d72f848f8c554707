#pragma once

// Keys of items as bytes that compare (memcmp) in the order DynamoDB promises.

#include <string>
#include <string_view>

#include "base/result.h"
#include "documents/document_store.h"

namespace securebase::documents {

/// Appends bytes so that nothing that follows can change the order: a zero byte becomes two, and
/// a terminator ends it.
void AppendOrdered(std::string& out, std::string_view bytes);

/// Big endian, so that memcmp compares as the numbers do.
void AppendOrdered(std::string& out, std::uint64_t value);

/// The bytes of a key attribute's value (S, N or B), not terminated.
std::string OrderedBytes(const Value& value);

/// Partition key, terminated.
std::string PartitionBytes(const Value& partition);

/// Partition and sort key of an item that has been checked with KeyOf or CheckKey.
std::string KeyBytes(const TableDescription& table, const Item& item);

/// kInvalidArgument unless `key` has exactly the key attributes, each with its type.
Result<> CheckKey(const TableDescription& table, const Item& key);

/// The items of a partition (given by its PartitionBytes) that fit the condition: keys in
/// [first, end); an empty end means none.
struct KeyRange {
  std::string first;
  std::string end;
};
KeyRange SortRange(std::string_view partition, const std::optional<SortCondition>& sort);

}  // namespace securebase::documents
