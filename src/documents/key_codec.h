#pragma once

// Keys of items as bytes that compare (memcmp) in the order DynamoDB promises.

#include <optional>
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

/// The same for an index, whose sort keys are terminated because the table's keys follow them.
KeyRange IndexSortRange(std::string_view partition, const std::optional<SortCondition>& sort);

/// Key of an item's entry in an index: the index's keys, each terminated, then the table's; none
/// for an item that is not in the index. The item has its table's keys.
std::optional<std::string> IndexEntryKey(const TableDescription& table, const SecondaryIndex& index,
                                         const Item& item);

/// What an index keeps of an item.
Item ProjectedItem(const TableDescription& table, const SecondaryIndex& index, const Item& item);

/// kInvalidArgument when an index's key attribute is in the item with a wrong type, is empty or
/// too long.
Result<> CheckIndexKeys(const TableDescription& table, const Item& item);

/// Key attributes of an index and of its table, as a page's last key has them.
Item IndexKeyOf(const TableDescription& table, const SecondaryIndex& index, const Item& item);

}  // namespace securebase::documents
