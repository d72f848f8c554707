#include "documents/table_codec.h"

#include "base/text.h"

namespace securebase::documents {
namespace {

void PutKey(Item& item, const std::string& prefix, const KeyAttribute& key) {
  item.emplace(prefix, key.name);
  item.emplace(prefix + "_type", std::string(1, static_cast<char>(key.type)));
}

std::optional<KeyAttribute> TakeKey(const Item& item, const std::string& prefix) {
  std::string type = StringAttribute(item, prefix + "_type");
  if (type != "S" && type != "N" && type != "B") return {};
  return KeyAttribute{.name = StringAttribute(item, prefix), .type = static_cast<KeyType>(type[0])};
}

std::uint64_t Count(const Item& item, std::string_view name) {
  auto found = item.find(name);
  if (found == item.end() || !found->second.number()) return 0;
  return static_cast<std::uint64_t>(ParseInt(found->second.number()->text()).value_or(0));
}

void PutCount(Item& item, const char* name, std::uint64_t count) {
  if (count > 0) item.emplace(name, Number::FromInt(static_cast<std::int64_t>(count)));
}

bool IsTrue(const Item& item, std::string_view name) {
  auto found = item.find(name);
  return found != item.end() && found->second.boolean() && *found->second.boolean();
}

Value EncodeIndex(const SecondaryIndex& index) {
  Item item;
  item.emplace("name", index.name);
  item.emplace("global", index.global);
  PutKey(item, "partition", index.partition_key);
  if (index.sort_key) PutKey(item, "sort", *index.sort_key);
  item.emplace("projection", std::string(1, static_cast<char>(index.projection)));
  List included;
  for (const std::string& name : index.included) included.emplace_back(name);
  if (!included.empty()) item.emplace("included", std::move(included));
  PutCount(item, "read_units", index.throughput.read_units);
  PutCount(item, "write_units", index.throughput.write_units);
  item.emplace("active", index.active);
  PutCount(item, "number", index.number);
  return Value(std::move(item));
}

std::optional<SecondaryIndex> DecodeIndex(const Value& value) {
  if (!value.map()) return {};
  const Item& item = *value.map();
  SecondaryIndex index;
  index.name = StringAttribute(item, "name");
  index.global = IsTrue(item, "global");
  auto partition = TakeKey(item, "partition");
  std::string projection = StringAttribute(item, "projection");
  if (!partition || (projection != "A" && projection != "K" && projection != "I")) return {};
  index.partition_key = *std::move(partition);
  index.sort_key = TakeKey(item, "sort");
  index.projection = static_cast<ProjectionKind>(projection[0]);
  if (auto included = item.find("included"); included != item.end() && included->second.list()) {
    for (const Value& name : *included->second.list()) {
      if (name.string()) index.included.push_back(*name.string());
    }
  }
  index.throughput = {Count(item, "read_units"), Count(item, "write_units")};
  index.active = IsTrue(item, "active");
  index.number = Count(item, "number");
  return index;
}

void EncodeSettings(const TableDescription& table, Item& item) {
  List indexes;
  for (const SecondaryIndex& index : table.indexes) indexes.push_back(EncodeIndex(index));
  if (!indexes.empty()) item.emplace("indexes", std::move(indexes));
  PutCount(item, "index_numbers", table.index_numbers);
  if (table.provisioned) item.emplace("provisioned", true);
  PutCount(item, "read_units", table.throughput.read_units);
  PutCount(item, "write_units", table.throughput.write_units);
  if (table.deletion_protected) item.emplace("deletion_protected", true);
  if (!table.ttl_attribute.empty()) item.emplace("ttl_attribute", table.ttl_attribute);
  if (!table.table_class.empty()) item.emplace("table_class", table.table_class);
  Item tags;
  for (const auto& [key, value] : table.tags) tags.emplace(key, value);
  if (!tags.empty()) item.emplace("tags", std::move(tags));
}

/// False for damaged bytes.
bool DecodeSettings(const Item& item, TableDescription& table) {
  if (auto indexes = item.find("indexes"); indexes != item.end() && indexes->second.list()) {
    for (const Value& value : *indexes->second.list()) {
      auto index = DecodeIndex(value);
      if (!index) return false;
      table.indexes.push_back(*std::move(index));
    }
  }
  table.index_numbers = Count(item, "index_numbers");
  table.provisioned = IsTrue(item, "provisioned");
  table.throughput = {Count(item, "read_units"), Count(item, "write_units")};
  table.deletion_protected = IsTrue(item, "deletion_protected");
  table.ttl_attribute = StringAttribute(item, "ttl_attribute");
  table.table_class = StringAttribute(item, "table_class");
  if (auto tags = item.find("tags"); tags != item.end() && tags->second.map()) {
    for (const auto& [key, value] : *tags->second.map()) {
      if (value.string()) table.tags.emplace(key, *value.string());
    }
  }
  return true;
}

}  // namespace

std::string EncodeTable(const StoredTable& table) {
  const TableDescription& description = table.description;
  Item item;
  item.emplace("account", table.account.id);
  item.emplace("region", table.account.region);
  item.emplace("name", description.name);
  item.emplace("id", description.id);
  PutKey(item, "partition", description.partition_key);
  if (description.sort_key) PutKey(item, "sort", *description.sort_key);
  item.emplace("created_at", Number::FromInt(ToUnixMillis(description.created_at)));
  item.emplace("product", description.product);
  item.emplace("internal", description.internal);
  EncodeSettings(description, item);
  return EncodeItem(item);
}

Result<StoredTable> DecodeTable(std::string_view bytes) {
  SB_TRY(Item item, DecodeItem(bytes));
  StoredTable table;
  table.account = {.id = StringAttribute(item, "account"),
                   .region = StringAttribute(item, "region")};
  TableDescription& description = table.description;
  description.name = StringAttribute(item, "name");
  description.id = StringAttribute(item, "id");
  auto partition = TakeKey(item, "partition");
  auto created = item.find("created_at");
  if (description.name.empty() || !partition || created == item.end() ||
      !created->second.number()) {
    return Internal("a stored table description is damaged");
  }
  description.partition_key = *std::move(partition);
  description.sort_key = TakeKey(item, "sort");
  description.created_at = FromUnixMillis(ParseInt(created->second.number()->text()).value_or(0));
  description.product = IsTrue(item, "product");
  description.internal = IsTrue(item, "internal");
  if (!DecodeSettings(item, description)) return Internal("a stored index description is damaged");
  return table;
}

}  // namespace securebase::documents
