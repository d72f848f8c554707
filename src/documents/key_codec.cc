#include "documents/key_codec.h"

#include <fmt/format.h>

#include "base/check.h"
#include "storage/key_value.h"

namespace securebase::documents {
namespace {

constexpr std::size_t kPartitionBytesMax = 2048;
constexpr std::size_t kSortBytesMax = 1024;

Error Validation(std::string message, std::string field) {
  return Error(ErrorCode::kInvalidArgument, std::move(message), std::move(field),
               "ValidationException");
}

bool HasType(const Value& value, KeyType type) {
  return value.type() == std::string_view(reinterpret_cast<const char*>(&type), 1);
}

std::size_t KeySize(const Value& value) {
  if (auto* binary = std::get_if<Binary>(&value.data())) return binary->bytes.size();
  if (auto* text = value.string()) return text->size();
  return 0;
}

/// Type and size of one key attribute; `name` for messages.
Result<> CheckKeyValue(const KeyAttribute& attribute, const Value& value, std::size_t bytes_max) {
  if (attribute.type == KeyType::kNumber) return {};
  std::size_t size = KeySize(value);
  if (size == 0) {
    return Validation(
        fmt::format("One or more parameter values are not valid. The AttributeValue for a key "
                    "attribute cannot contain an empty {} value. Key: {}",
                    attribute.type == KeyType::kString ? "string" : "binary", attribute.name),
        attribute.name);
  }
  if (size <= bytes_max) return {};
  return Validation(
      bytes_max == kPartitionBytesMax
          ? "One or more parameter values were invalid: Size of hashkey has exceeded the maximum "
            "size limit of2048 bytes"
          : "One or more parameter values were invalid: Aggregated size of all range keys has "
            "exceeded the size limit of 1024 bytes",
      attribute.name);
}

/// A terminated value's bytes without the terminator: any longer value begins with them.
std::string Escaped(const Value& value) {
  std::string bytes;
  AppendOrdered(bytes, OrderedBytes(value));
  bytes.resize(bytes.size() - 2);
  return bytes;
}

const Value* KeyValueOf(const Item& item, const KeyAttribute& attribute) {
  auto found = item.find(attribute.name);
  if (found == item.end() || !HasType(found->second, attribute.type)) return nullptr;
  return &found->second;
}

Result<> CheckIndexKey(const SecondaryIndex& index, const KeyAttribute& attribute, const Item& item,
                       std::size_t bytes_max) {
  auto found = item.find(attribute.name);
  if (found == item.end()) return {};
  if (!HasType(found->second, attribute.type)) {
    return Validation(
        fmt::format("One or more parameter values were invalid: Type mismatch for Index Key {} "
                    "Expected: {} Actual: {} IndexName: {}",
                    attribute.name, static_cast<char>(attribute.type), found->second.type(),
                    index.name),
        attribute.name);
  }
  if (attribute.type == KeyType::kNumber) return {};
  std::size_t size = KeySize(found->second);
  if (size == 0) {
    return Validation(
        fmt::format("One or more parameter values are not valid. A value specified for a secondary "
                    "index key is not supported. The AttributeValue for a key attribute cannot "
                    "contain an empty {} value. IndexName: {}, IndexKey: {}",
                    attribute.type == KeyType::kString ? "string" : "binary", index.name,
                    attribute.name),
        attribute.name);
  }
  if (size <= bytes_max) return {};
  return Validation(
      fmt::format("One or more parameter values were invalid: Size of {} has exceeded the maximum "
                  "size limit of {} bytes. IndexName: {}, IndexKey: {}",
                  bytes_max == kPartitionBytesMax ? "hashkey" : "rangekey", bytes_max, index.name,
                  attribute.name),
      attribute.name);
}

Result<> TakeKey(const KeyAttribute& attribute, const Item& item, std::size_t bytes_max,
                 Item& key) {
  auto found = item.find(attribute.name);
  if (found == item.end()) {
    return Validation(fmt::format("One or more parameter values were invalid: Missing the key {} "
                                  "in the item",
                                  attribute.name),
                      attribute.name);
  }
  if (!HasType(found->second, attribute.type)) {
    return Validation(
        fmt::format("One or more parameter values were invalid: Type mismatch for key {} "
                    "expected: {} actual: {}",
                    attribute.name, static_cast<char>(attribute.type), found->second.type()),
        attribute.name);
  }
  SB_TRY_OK(CheckKeyValue(attribute, found->second, bytes_max));
  key.emplace(attribute.name, found->second);
  return {};
}

}  // namespace

void AppendOrdered(std::string& out, std::string_view bytes) {
  for (char byte : bytes) {
    out.push_back(byte);
    if (byte == '\0') out.push_back('\xff');
  }
  out.append(std::string_view("\0\1", 2));
}

void AppendOrdered(std::string& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

std::string OrderedBytes(const Value& value) {
  if (auto* text = value.string()) return *text;
  if (auto* number = value.number()) return number->OrderedBytes();
  auto* binary = std::get_if<Binary>(&value.data());
  SB_CHECK(binary != nullptr);  // whoever calls has checked the types of the key
  return binary->bytes;
}

std::string PartitionBytes(const Value& partition) {
  std::string bytes;
  AppendOrdered(bytes, OrderedBytes(partition));
  return bytes;
}

std::string KeyBytes(const TableDescription& table, const Item& item) {
  std::string bytes = PartitionBytes(item.find(table.partition_key.name)->second);
  if (table.sort_key) bytes += OrderedBytes(item.find(table.sort_key->name)->second);
  return bytes;
}

Result<> CheckKey(const TableDescription& table, const Item& key) {
  std::size_t attributes = table.sort_key ? 2 : 1;
  auto fits = [&](const KeyAttribute& attribute) {
    auto found = key.find(attribute.name);
    return found != key.end() && HasType(found->second, attribute.type);
  };
  if (key.size() != attributes || !fits(table.partition_key) ||
      (table.sort_key && !fits(*table.sort_key))) {
    return Validation("The provided key element does not match the schema", "Key");
  }
  return KeyOf(table, key).map([](const Item&) {});
}

KeyRange SortRange(std::string_view partition, const std::optional<SortCondition>& sort) {
  std::string prefix(partition);
  std::string all_end = storage::PrefixEnd(prefix);
  if (!sort) return {.first = prefix, .end = all_end};
  // A key's next one: nothing lies between it and itself with a zero appended.
  auto after = [&](const Value& value) {
    return prefix + OrderedBytes(value) + std::string(1, '\0');
  };
  auto at = [&](const Value& value) { return prefix + OrderedBytes(value); };
  switch (sort->op) {
    case SortCondition::Op::kEqual:
      return {.first = at(sort->low), .end = after(sort->low)};
    case SortCondition::Op::kLess:
      return {.first = prefix, .end = at(sort->low)};
    case SortCondition::Op::kLessOrEqual:
      return {.first = prefix, .end = after(sort->low)};
    case SortCondition::Op::kGreater:
      return {.first = after(sort->low), .end = all_end};
    case SortCondition::Op::kGreaterOrEqual:
      return {.first = at(sort->low), .end = all_end};
    case SortCondition::Op::kBetween:
      return {.first = at(sort->low), .end = after(sort->high)};
    case SortCondition::Op::kBeginsWith:
      return {.first = at(sort->low), .end = storage::PrefixEnd(at(sort->low))};
  }
  return {.first = prefix, .end = all_end};
}

KeyRange IndexSortRange(std::string_view partition, const std::optional<SortCondition>& sort) {
  std::string prefix(partition);
  std::string all_end = storage::PrefixEnd(prefix);
  if (!sort) return {.first = prefix, .end = all_end};
  auto at = [&](const Value& value) {
    std::string bytes = prefix;
    AppendOrdered(bytes, OrderedBytes(value));
    return bytes;
  };
  auto after = [&](const Value& value) { return storage::PrefixEnd(at(value)); };
  switch (sort->op) {
    case SortCondition::Op::kEqual:
      return {.first = at(sort->low), .end = after(sort->low)};
    case SortCondition::Op::kLess:
      return {.first = prefix, .end = at(sort->low)};
    case SortCondition::Op::kLessOrEqual:
      return {.first = prefix, .end = after(sort->low)};
    case SortCondition::Op::kGreater:
      return {.first = after(sort->low), .end = all_end};
    case SortCondition::Op::kGreaterOrEqual:
      return {.first = at(sort->low), .end = all_end};
    case SortCondition::Op::kBetween:
      return {.first = at(sort->low), .end = after(sort->high)};
    case SortCondition::Op::kBeginsWith: {
      std::string first = prefix + Escaped(sort->low);
      return {.first = first, .end = storage::PrefixEnd(first)};
    }
  }
  return {.first = prefix, .end = all_end};
}

std::optional<std::string> IndexEntryKey(const TableDescription& table, const SecondaryIndex& index,
                                         const Item& item) {
  const Value* partition = KeyValueOf(item, index.partition_key);
  if (partition == nullptr) return {};
  std::string bytes = PartitionBytes(*partition);
  if (index.sort_key) {
    const Value* sort = KeyValueOf(item, *index.sort_key);
    if (sort == nullptr) return {};
    AppendOrdered(bytes, OrderedBytes(*sort));
  }
  return bytes + KeyBytes(table, item);
}

Item IndexKeyOf(const TableDescription& table, const SecondaryIndex& index, const Item& item) {
  Item key;
  auto take = [&](const KeyAttribute& attribute) {
    if (auto found = item.find(attribute.name); found != item.end()) key.insert(*found);
  };
  take(table.partition_key);
  if (table.sort_key) take(*table.sort_key);
  take(index.partition_key);
  if (index.sort_key) take(*index.sort_key);
  return key;
}

Item ProjectedItem(const TableDescription& table, const SecondaryIndex& index, const Item& item) {
  if (index.projection == ProjectionKind::kAll) return item;
  Item kept = IndexKeyOf(table, index, item);
  for (const std::string& name : index.included) {
    if (auto found = item.find(name); found != item.end()) kept.insert(*found);
  }
  return kept;
}

Result<> CheckIndexKeys(const TableDescription& table, const Item& item) {
  for (const SecondaryIndex& index : table.indexes) {
    SB_TRY_OK(CheckIndexKey(index, index.partition_key, item, kPartitionBytesMax));
    if (index.sort_key) SB_TRY_OK(CheckIndexKey(index, *index.sort_key, item, kSortBytesMax));
  }
  return {};
}

Result<Item> KeyOf(const TableDescription& table, const Item& item) {
  Item key;
  SB_TRY_OK(TakeKey(table.partition_key, item, kPartitionBytesMax, key));
  if (table.sort_key) SB_TRY_OK(TakeKey(*table.sort_key, item, kSortBytesMax, key));
  return key;
}

}  // namespace securebase::documents
