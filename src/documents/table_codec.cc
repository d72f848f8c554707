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

bool IsTrue(const Item& item, std::string_view name) {
  auto found = item.find(name);
  return found != item.end() && found->second.boolean() && *found->second.boolean();
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
  return table;
}

}  // namespace securebase::documents
