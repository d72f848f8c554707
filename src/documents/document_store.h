#pragma once

// Tables of items with a partition key and an optional sort key. Holds the product's own records
// (reports, schedules, customers, keys, ..) and the users' tables; the DynamoDB API is its
// public door.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/tenant.h"
#include "base/time.h"
#include "documents/value.h"

namespace securebase::documents {

enum class KeyType : char { kString = 'S', kNumber = 'N', kBinary = 'B' };

struct KeyAttribute {
  std::string name;
  KeyType type = KeyType::kString;
  bool operator==(const KeyAttribute&) const = default;
};

/// A table's name and key. Product tables are the same with `product` set: their shape is
/// checked on every write and users may neither create nor delete them.
struct TableDescription {
  std::string name;
  std::string id;  // UUID
  KeyAttribute partition_key;
  std::optional<KeyAttribute> sort_key;
  Instant created_at;
  bool product = false;
  /// Hidden from ListTables and the DynamoDB API (keys, idempotency records, ..).
  bool internal = false;
};

struct TableStatistics {
  std::uint64_t item_count = 0;
  std::uint64_t size_bytes = 0;
};

/// Grows with each write of the item; 0 means that the item does not exist.
using Version = std::uint64_t;

struct VersionedItem {
  Item item;
  Version version = 0;
};

/// What to do with an item, given its present state (null: it does not exist). Runs under the
/// item's lock, must be pure and quick. The result: the new item, or none to leave things as they
/// are after all; an Error refuses the whole transaction.
struct Change {
  enum class Kind { kNone, kPut, kDelete } kind = Kind::kNone;
  Item item;  // for kPut: whole, key attributes included
};
using Mutation = std::function<Result<Change>(const Item* present)>;

struct Write {
  std::string table;
  Item key;  // exactly the key attributes
  Mutation mutation;
};

struct WriteResult {
  std::optional<Item> before;
  std::optional<Item> after;
  Version version = 0;
};

/// Which items of a partition, in which order.
struct SortCondition {
  enum class Op { kEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual, kBetween, kBeginsWith };
  Op op = Op::kEqual;
  Value low;
  Value high;  // for kBetween, inclusive
};

struct RangeRequest {
  std::string table;
  std::optional<Value> partition;  // none: the whole table (Scan)
  std::optional<SortCondition> sort;
  bool descending = false;
  std::uint32_t segment = 0;  // of a parallel Scan
  std::uint32_t segments = 1;
  std::optional<Item> exclusive_start_key;
  std::uint64_t items_max = UINT64_MAX;
  std::uint64_t bytes_max = 1u << 20;
};

struct RangePage {
  std::vector<Item> items;
  std::optional<Item> last_key;  // set when the page ended by a limit
  std::uint64_t bytes = 0;
};

/// Thread-safe. Every call names the account whose tables are meant; no call can name another's.
/// Common errors: kNotFound (wire code ResourceNotFoundException) for an unknown table,
/// kInvalidArgument (ValidationException) for a wrong key.
class DocumentStore {
 public:
  virtual ~DocumentStore() = default;

  /// kConflict (ResourceInUseException) when the name is taken by a table of another shape;
  /// creating a product table that exists alike is no error.
  virtual Result<TableDescription> CreateTable(const Account& account, TableDescription table) = 0;
  virtual Result<> DeleteTable(const Account& account, const std::string& name) = 0;
  virtual Result<TableDescription> DescribeTable(const Account& account,
                                                 const std::string& name) const = 0;
  /// Ascending names, internal ones included.
  virtual std::vector<TableDescription> ListTables(const Account& account) const = 0;
  virtual Result<TableStatistics> Statistics(const Account& account,
                                             const std::string& name) const = 0;

  virtual Result<std::optional<VersionedItem>> Get(const Account& account, const std::string& table,
                                                   const Item& key) const = 0;
  /// All or nothing, durable when it returns. Items are locked in a fixed order: no deadlock.
  virtual Result<std::vector<WriteResult>> Transact(const Account& account,
                                                    std::vector<Write> writes) = 0;
  virtual Result<RangePage> Range(const Account& account, const RangeRequest& request) const = 0;

  /// Unconditional put or delete of one item.
  Result<> Put(const Account& account, const std::string& table, Item item);
  Result<> Delete(const Account& account, const std::string& table, Item key);
  /// All items of a table (or of one partition), over all pages.
  Result<std::vector<Item>> All(const Account& account, const std::string& table,
                                std::optional<Value> partition = {}) const;
};

/// The key attributes of an item; kInvalidArgument when one is missing or of a wrong type.
Result<Item> KeyOf(const TableDescription& table, const Item& item);

}  // namespace securebase::documents
