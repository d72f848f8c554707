#include "aws/dynamodb/table_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace securebase::aws::dynamodb {
namespace {

using documents::KeyAttribute;
using documents::ProjectionKind;
using documents::SecondaryIndex;
using documents::TableDescription;

constexpr std::size_t kLocalIndexesMax = 5;
constexpr std::size_t kGlobalIndexesMax = 20;
constexpr std::size_t kIncludedMax = 100;  // over all indexes of a table

/// "One or more parameter values were invalid: ..", as most of these faults begin.
Error Invalid(std::string what, std::string field) {
  return Validation("One or more parameter values were invalid: " + std::move(what),
                    std::move(field));
}

Result<KeyAttribute> KeyAttributeOf(const Value::List& definitions, const std::string& name) {
  std::string defined;
  for (const Value& definition : definitions) {
    const std::string& one = *definition.Text("AttributeName");
    if (one == name) {
      return KeyAttribute{
          name, static_cast<documents::KeyType>(definition.Text("AttributeType")->front())};
    }
    defined += (defined.empty() ? "" : ", ") + one;
  }
  return Invalid(fmt::format("Some index key attributes are not defined in AttributeDefinitions. "
                             "Keys: [{}], AttributeDefinitions: [{}]",
                             name, defined),
                 "KeySchema");
}

struct Keys {
  KeyAttribute partition;
  std::optional<KeyAttribute> sort;
};

Result<Keys> KeysOf(const Value::List& schema, const Value::List& definitions) {
  Keys keys;
  if (*schema[0].Text("KeyType") != "HASH") {
    return Validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
                      "KeySchema");
  }
  SB_TRY(keys.partition, KeyAttributeOf(definitions, *schema[0].Text("AttributeName")));
  if (schema.size() == 1) return keys;
  if (*schema[1].Text("KeyType") != "RANGE") {
    return Validation("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type",
                      "KeySchema");
  }
  SB_TRY(keys.sort, KeyAttributeOf(definitions, *schema[1].Text("AttributeName")));
  if (keys.sort->name == keys.partition.name) {
    return Validation(
        "Both the Hash Key and the Range Key element in the KeySchema have the same name",
        "KeySchema");
  }
  return keys;
}

Result<> ReadProjection(const Value& projection, SecondaryIndex& index) {
  const std::string type = projection.TextOr("ProjectionType", "");
  if (type.empty()) return Invalid("Unknown ProjectionType: null", "Projection");
  index.projection = type == "ALL"         ? ProjectionKind::kAll
                     : type == "KEYS_ONLY" ? ProjectionKind::kKeysOnly
                                           : ProjectionKind::kInclude;
  const bool includes = projection.Has("NonKeyAttributes");
  if (includes && index.projection != ProjectionKind::kInclude) {
    return Invalid("ProjectionType is " + type + ", but NonKeyAttributes is specified",
                   "Projection");
  }
  if (!includes && index.projection == ProjectionKind::kInclude) {
    return Invalid("ProjectionType is INCLUDE, but NonKeyAttributes is not specified",
                   "Projection");
  }
  for (const Value& name : projection.Elements("NonKeyAttributes")) {
    index.included.push_back(*name.As<std::string>());
  }
  return {};
}

bool IsName(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return letter || c == '_' || c == '-' || c == '.';
  });
}

Result<> CheckName(std::string_view name, std::string_view member) {
  if (IsName(name)) return {};
  return Validation(
      fmt::format("1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: "
                  "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
                  name, member),
      "TableName");
}

Result<SecondaryIndex> IndexOf(const Value& request, const Value::List& definitions, bool global) {
  SecondaryIndex index;
  index.name = *request.Text("IndexName");
  index.global = global;
  SB_TRY_OK(CheckName(index.name, "indexName"));
  SB_TRY(Keys keys, KeysOf(request.Elements("KeySchema"), definitions));
  index.partition_key = std::move(keys.partition);
  index.sort_key = std::move(keys.sort);
  SB_TRY_OK(ReadProjection(*request.Find("Projection"), index));
  if (const Value* throughput = request.Find("ProvisionedThroughput")) {
    index.throughput = ThroughputOf(*throughput);
  }
  return index;
}

Result<> CheckLocal(const TableDescription& table, const SecondaryIndex& index) {
  if (!table.sort_key) {
    return Invalid(
        "Table KeySchema does not have a range key, which is required when specifying a "
        "LocalSecondaryIndex",
        "LocalSecondaryIndexes");
  }
  if (!index.sort_key) {
    return Invalid("Index KeySchema does not have a range key for index: " + index.name,
                   "LocalSecondaryIndexes");
  }
  if (index.partition_key.name == table.partition_key.name) return {};
  return Invalid(fmt::format("Index KeySchema does not have the same leading hash key as table "
                             "KeySchema for index: {}. index hash key: {}, table hash key: {}",
                             index.name, index.partition_key.name, table.partition_key.name),
                 "LocalSecondaryIndexes");
}

Result<> ReadIndexes(const Value& request, bool global, TableDescription& table) {
  const char* member = global ? "GlobalSecondaryIndexes" : "LocalSecondaryIndexes";
  if (!request.Has(member)) return {};
  const Value::List& list = request.Elements(member);
  if (list.empty()) return Invalid(fmt::format("List of {} is empty", member), member);
  const std::size_t most = global ? kGlobalIndexesMax : kLocalIndexesMax;
  if (list.size() > most) {
    return Invalid(fmt::format("{} count exceeds the per-table limit of {}",
                               global ? "GlobalSecondaryIndex" : "LocalSecondaryIndex", most),
                   member);
  }
  for (const Value& element : list) {
    SB_TRY(SecondaryIndex index,
           IndexOf(element, request.Elements("AttributeDefinitions"), global));
    if (table.FindIndex(index.name) != nullptr) {
      return Invalid("Duplicate index name: " + index.name, member);
    }
    if (!global) SB_TRY_OK(CheckLocal(table, index));
    table.indexes.push_back(std::move(index));
  }
  return {};
}

/// Definitions and keys must name the same attributes.
Result<> CheckDefinitions(const Value::List& definitions, const TableDescription& table) {
  std::set<std::string> defined, used;
  auto use = [&](const KeyAttribute& partition, const std::optional<KeyAttribute>& sort) {
    used.insert(partition.name);
    if (sort) used.insert(sort->name);
  };
  for (const Value& definition : definitions) {
    const std::string& name = *definition.Text("AttributeName");
    if (!defined.insert(name).second) {
      return Invalid("Duplicate AttributeName in AttributeDefinitions: " + name,
                     "AttributeDefinitions");
    }
  }
  use(table.partition_key, table.sort_key);
  for (const SecondaryIndex& index : table.indexes) use(index.partition_key, index.sort_key);
  if (defined == used) return {};
  if (table.indexes.empty()) {
    return Invalid(
        "Number of attributes in KeySchema does not exactly match number of attributes defined in "
        "AttributeDefinitions",
        "AttributeDefinitions");
  }
  return Invalid(fmt::format("Some AttributeDefinitions are not used. AttributeDefinitions: [{}], "
                             "keys used: [{}]",
                             fmt::join(defined, ", "), fmt::join(used, ", ")),
                 "AttributeDefinitions");
}

Result<> CheckIncluded(const TableDescription& table) {
  std::size_t included = 0;
  for (const SecondaryIndex& index : table.indexes) included += index.included.size();
  if (included <= kIncludedMax) return {};
  return Invalid("Number of attributes projected to all indexes exceeds the per-table limit of 100",
                 "Projection");
}

Value SchemaOf(const KeyAttribute& partition, const std::optional<KeyAttribute>& sort) {
  Value::List schema;
  auto add = [&](const KeyAttribute& attribute, const char* type) {
    schema.push_back(Value::MakeStruct({{"AttributeName", attribute.name}, {"KeyType", type}}));
  };
  add(partition, "HASH");
  if (sort) add(*sort, "RANGE");
  return schema;
}

Value DefinitionsOf(const TableDescription& table) {
  Value::List definitions;
  std::set<std::string> seen;
  auto add = [&](const KeyAttribute& attribute) {
    if (!seen.insert(attribute.name).second) return;
    definitions.push_back(
        Value::MakeStruct({{"AttributeName", attribute.name},
                           {"AttributeType", std::string(1, static_cast<char>(attribute.type))}}));
  };
  add(table.partition_key);
  if (table.sort_key) add(*table.sort_key);
  for (const SecondaryIndex& index : table.indexes) {
    add(index.partition_key);
    if (index.sort_key) add(*index.sort_key);
  }
  return definitions;
}

Value ThroughputValue(const documents::Throughput& throughput) {
  return Value::MakeStruct({{"NumberOfDecreasesToday", 0},
                            {"ReadCapacityUnits", throughput.read_units},
                            {"WriteCapacityUnits", throughput.write_units}});
}

Value IndexValue(const CallContext& context, const TableDescription& table,
                 const SecondaryIndex& index, const documents::TableStatistics& statistics) {
  Value projection = Value::MakeStruct(
      {{"ProjectionType", index.projection == ProjectionKind::kAll        ? "ALL"
                          : index.projection == ProjectionKind::kKeysOnly ? "KEYS_ONLY"
                                                                          : "INCLUDE"}});
  if (index.projection == ProjectionKind::kInclude) {
    Value::List names;
    for (const std::string& name : index.included) names.push_back(name);
    projection.Set("NonKeyAttributes", std::move(names));
  }
  const auto found = statistics.indexes.find(index.name);
  const auto counts =
      found == statistics.indexes.end() ? documents::IndexStatistics() : found->second;
  Value value = Value::MakeStruct({{"IndexName", index.name},
                                   {"KeySchema", SchemaOf(index.partition_key, index.sort_key)},
                                   {"Projection", std::move(projection)}});
  if (index.global) {
    value.Set("IndexStatus", index.active ? "ACTIVE" : "CREATING");
    if (!index.active) value.Set("Backfilling", true);
    value.Set("ProvisionedThroughput", ThroughputValue(index.throughput));
  }
  value.Set("IndexSizeBytes", counts.size_bytes);
  value.Set("ItemCount", counts.item_count);
  value.Set("IndexArn", TableArn(context, table.name) + "/index/" + index.name);
  return value;
}

}  // namespace

documents::Throughput ThroughputOf(const Value& request) {
  return {static_cast<std::uint64_t>(request.Int("ReadCapacityUnits").value_or(0)),
          static_cast<std::uint64_t>(request.Int("WriteCapacityUnits").value_or(0))};
}

Result<> ApplyBilling(const Value& request, TableDescription& table) {
  const std::string mode = request.TextOr("BillingMode", "");
  const Value* throughput = request.Find("ProvisionedThroughput");
  if (mode == "PAY_PER_REQUEST" && throughput != nullptr) {
    return Invalid(
        "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
        "PAY_PER_REQUEST",
        "ProvisionedThroughput");
  }
  if (mode == "PROVISIONED" && throughput == nullptr && !table.provisioned) {
    return Invalid(
        "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is "
        "PROVISIONED",
        "ProvisionedThroughput");
  }
  if (throughput != nullptr) {
    table.provisioned = true;
    table.throughput = ThroughputOf(*throughput);
  }
  if (mode != "PAY_PER_REQUEST") return {};
  table.provisioned = false;
  table.throughput = {};
  for (SecondaryIndex& index : table.indexes) index.throughput = {};
  return {};
}

Result<TableDescription> NewTable(const Value& request, const CallContext& context) {
  TableDescription table;
  table.name = TableNameOf(*request.Text("TableName"));
  table.created_at = context.now;
  SB_TRY_OK(CheckName(table.name, "tableName"));
  const Value::List& definitions = request.Elements("AttributeDefinitions");
  SB_TRY(Keys keys, KeysOf(request.Elements("KeySchema"), definitions));
  table.partition_key = std::move(keys.partition);
  table.sort_key = std::move(keys.sort);
  SB_TRY_OK(ReadIndexes(request, /*global=*/false, table));
  SB_TRY_OK(ReadIndexes(request, /*global=*/true, table));
  SB_TRY_OK(CheckDefinitions(definitions, table));
  SB_TRY_OK(CheckIncluded(table));
  SB_TRY_OK(ApplyBilling(request, table));
  table.deletion_protected = request.Bool("DeletionProtectionEnabled", false);
  table.table_class = request.TextOr("TableClass", "");
  for (const Value& tag : request.Elements("Tags")) {
    table.tags[*tag.Text("Key")] = *tag.Text("Value");
  }
  return table;
}

Result<SecondaryIndex> NewGlobalIndex(const TableDescription& table, const Value& definitions,
                                      const Value& request) {
  SB_TRY(SecondaryIndex index,
         IndexOf(request, definitions.Elements("AttributeDefinitions"), /*global=*/true));
  if (table.FindIndex(index.name) != nullptr) {
    return Validation("Attempting to create an index which already exists",
                      "GlobalSecondaryIndexUpdates");
  }
  // An attribute has one type in all keys.
  const Value definitions_now = DefinitionsOf(table);
  for (const Value& defined : *definitions_now.As<Value::List>()) {
    const std::string& name = *defined.Text("AttributeName");
    for (const KeyAttribute* key :
         {&index.partition_key, index.sort_key ? &*index.sort_key : nullptr}) {
      if (key == nullptr || key->name != name) continue;
      if (defined.Text("AttributeType")->front() == static_cast<char>(key->type)) continue;
      return Invalid(
          "Attribute " + name + " is a key of type " + *defined.Text("AttributeType") + " already",
          "AttributeDefinitions");
    }
  }
  const auto globals = std::count_if(table.indexes.begin(), table.indexes.end(),
                                     [](const SecondaryIndex& one) { return one.global; });
  if (static_cast<std::size_t>(globals) >= kGlobalIndexesMax) {
    return Invalid("GlobalSecondaryIndex count exceeds the per-table limit of 20",
                   "GlobalSecondaryIndexUpdates");
  }
  TableDescription with = table;
  with.indexes.push_back(index);
  SB_TRY_OK(CheckIncluded(with));
  return index;
}

std::string TableArn(const CallContext& context, const std::string& name) {
  return "arn:aws:dynamodb:" + context.account.region + ":" + context.account_number() + ":table/" +
         name;
}

Value DescriptionOf(const CallContext& context, const TableDescription& table,
                    const documents::TableStatistics& statistics, std::string_view status) {
  Value value = Value::MakeStruct({
      {"AttributeDefinitions", DefinitionsOf(table)},
      {"TableName", table.name},
      {"KeySchema", SchemaOf(table.partition_key, table.sort_key)},
      {"TableStatus", status},
      {"CreationDateTime", table.created_at},
      {"ProvisionedThroughput", ThroughputValue(table.throughput)},
      {"TableSizeBytes", statistics.size_bytes},
      {"ItemCount", statistics.item_count},
      {"TableArn", TableArn(context, table.name)},
      {"TableId", table.id},
      {"BillingModeSummary",
       Value::MakeStruct({{"BillingMode", table.provisioned ? "PROVISIONED" : "PAY_PER_REQUEST"}})},
      {"DeletionProtectionEnabled", table.deletion_protected},
  });
  for (bool global : {false, true}) {
    Value::List indexes;
    for (const SecondaryIndex& index : table.indexes) {
      if (index.global != global) continue;
      indexes.push_back(IndexValue(context, table, index, statistics));
    }
    if (indexes.empty()) continue;
    value.Set(global ? "GlobalSecondaryIndexes" : "LocalSecondaryIndexes", std::move(indexes));
  }
  if (!table.table_class.empty()) {
    value.Set("TableClassSummary", Value::MakeStruct({{"TableClass", table.table_class}}));
  }
  return value;
}

ShapePtr AttributeDefinitionsShape() {
  return ListOf(Struct({Required("AttributeName", Text(1, 255)),
                        Required("AttributeType", OneOf({"S", "N", "B"}))}));
}

ShapePtr ThroughputShape() {
  return Struct({Required("ReadCapacityUnits", Int(1)), Required("WriteCapacityUnits", Int(1))});
}

ShapePtr KeySchemaShape() {
  return ListOf(Struct({Required("AttributeName", Text(1, 255)),
                        Required("KeyType", OneOf({"HASH", "RANGE"}))}),
                1, 2);
}

ShapePtr IndexShape(bool global) {
  std::vector<Member> members = {
      Required("IndexName", Text(3, 255)),
      Required("KeySchema", KeySchemaShape()),
      Required("Projection",
               Struct({Optional("ProjectionType", OneOf({"ALL", "KEYS_ONLY", "INCLUDE"})),
                       Optional("NonKeyAttributes", ListOf(Text(1, 255), 1, 100))})),
  };
  if (global) {
    members.push_back(Optional("ProvisionedThroughput", ThroughputShape()));
    members.push_back(Refused("OnDemandThroughput"));
    members.push_back(Refused("WarmThroughput"));
  }
  return Struct(std::move(members));
}

ShapePtr TagsShape() {
  return ListOf(Struct({Required("Key", Text(1, 128)), Required("Value", Text(0, 256))}));
}

}  // namespace securebase::aws::dynamodb
