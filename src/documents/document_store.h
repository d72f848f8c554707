#pragma once

// Tables of items with a partition key and an optional sort key. Holds the product's own records
// (reports, schedules, customers, keys, ..) and the users' tables; the DynamoDB API is its
// public door.

#include <cstdint>
#include <functional>
#include <map>
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

/// Capacity units a second.
struct Throughput {
  std::uint64_t read_units = 0;
  std::uint64_t write_units = 0;
  bool operator==(const Throughput&) const = default;
};

/// What an index holds of its items: all of them, their keys, or their keys and some attributes.
enum class ProjectionKind : char { kAll = 'A', kKeysOnly = 'K', kInclude = 'I' };

/// A second order over a table's items. An item that lacks one of the index's keys is not in it.
struct SecondaryIndex {
  std::string name;
  bool global = true;
  KeyAttribute partition_key;
  std::optional<KeyAttribute> sort_key;
  ProjectionKind projection = ProjectionKind::kAll;
  std::vector<std::string> included;  // of kInclude, beside the keys
  Throughput throughput;              // of a global index of a provisioned table
  bool active = true;                 // false: still being filled; not to be read
  std::uint64_t number = 0;           // given by the store; never used again in a table
  bool operator==(const SecondaryIndex&) const = default;
};

/// A table's name, keys and settings. Product tables are the same with `product` set: their shape
/// is checked on every write and users may neither create nor delete them.
struct TableDescription {
  std::string name;
  std::string id;  // UUID
  KeyAttribute partition_key;
  std::optional<KeyAttribute> sort_key;
  Instant created_at;
  bool product = false;
  /// Hidden from ListTables and the DynamoDB API (keys, idempotency records, ..).
  bool internal = false;
  std::vector<SecondaryIndex> indexes;
  std::uint64_t index_numbers = 0;  // given out so far; the store's
  /// Provisioned: more than `throughput` is refused (docs/decisions/0042). Else: no limit.
  bool provisioned = false;
  Throughput throughput;
  bool deletion_protected = false;
  /// The N attribute that holds the epoch second at which an item expires; empty: none does.
  std::string ttl_attribute;
  std::string table_class;  // empty: STANDARD
  std::map<std::string, std::string> tags;

  /// Null where there is none of that name.
  const SecondaryIndex* FindIndex(std::string_view index_name) const;
};

struct IndexStatistics {
  std::uint64_t item_count = 0;
  std::uint64_t size_bytes = 0;
};

struct TableStatistics {
  std::uint64_t item_count = 0;
  std::uint64_t size_bytes = 0;
  std::map<std::string, IndexStatistics> indexes;  // by name
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
  /// Told why this write was refused. Every write of a transaction is tried even after one was
  /// refused, so that a caller can learn of all.
  std::function<void(const Error&)> refused = {};
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
  std::string index = {};          // of the table's indexes; empty: the table itself
  std::optional<Value> partition;  // none: the whole table (Scan)
  std::optional<SortCondition> sort;
  bool descending = false;
  std::uint32_t segment = 0;  // of a parallel Scan
  std::uint32_t segments = 1;
  std::optional<Item> exclusive_start_key;
  std::uint64_t items_max = UINT64_MAX;
  std::uint64_t bytes_max = 1u << 20;
  /// Fills `encoded` in place of `items`: for a caller that only passes them on.
  bool encoded = false;
};

struct RangePage {
  std::vector<Item> items;           // of an index: what it projects
  std::vector<std::string> encoded;  // as EncodeItem writes them
  std::optional<Item> last_key;      // set when the page ended by a limit
  std::uint64_t bytes = 0;           // as ItemSize counts

  std::size_t count() const { return items.size() + encoded.size(); }
};

/// Of what a provisioned table allows.
enum class Access { kRead, kWrite };

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

  /// Changes settings and indexes under the schema's lock; `change` may refuse. Name, id and keys
  /// stay. An index is added inactive: FillIndexes must follow.
  using TableChange = std::function<Result<>(TableDescription&)>;
  virtual Result<TableDescription> UpdateTable(const Account& account, const std::string& name,
                                               const TableChange& change);
  /// Fills the inactive indexes of a table and makes them active; takes as long as it takes.
  /// Begins anew where it was interrupted. Writes go on meanwhile.
  virtual Result<> FillIndexes(const Account& account, const std::string& name);

  /// Refuses (kThrottled, ProvisionedThroughputExceededException) while a provisioned table, or
  /// its index, is over its limit. Charge follows with what was used.
  virtual Result<> Admit(const Account& account, const std::string& table, const std::string& index,
                         Access access);
  virtual void Charge(const Account& account, const std::string& table, const std::string& index,
                      Access access, double units);

  virtual Result<std::optional<VersionedItem>> Get(const Account& account, const std::string& table,
                                                   const Item& key) const = 0;
  /// The same in the form of EncodeItem: for a caller that only passes it on.
  virtual Result<std::optional<std::string>> GetEncoded(const Account& account,
                                                        const std::string& table,
                                                        const Item& key) const;
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

/// Whether an item is past the time that its table's ttl_attribute gives it: it is not there any
/// more, though it may still be on the disk. As in DynamoDB, a time of more than five years ago
/// does not count.
bool HasExpired(const TableDescription& table, const Item& item, Instant now);

/// The key attributes of an item; kInvalidArgument when one is missing or of a wrong type.
Result<Item> KeyOf(const TableDescription& table, const Item& item);

}  // namespace securebase::documents
