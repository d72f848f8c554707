// Operations on tables, and those with constant answers that SDKs and tools ask for.

#include <utility>

#include "aws/dynamodb/common.h"
#include "aws/dynamodb/operations.h"

namespace securebase::aws::dynamodb {
namespace {

constexpr std::int64_t kTableNamesMax = 100;
// AWS's own default quotas.
constexpr std::int64_t kAccountUnitsMax = 80'000;
constexpr std::int64_t kTableUnitsMax = 40'000;

Error TableNotFound(const std::string& name) {
  return Error(ErrorCode::kNotFound, "Requested resource not found: Table: " + name + " not found",
               "TableName", "ResourceNotFoundException");
}

/// Like OpenTable, with the longer message of the operations on tables.
Result<TableView> OpenNamed(const CallContext& context, const Value& request) {
  const std::string name = TableNameOf(*request.Text("TableName"));
  Result<TableView> table = OpenTable(context, name);
  if (!table.ok() && table.error().code() == ErrorCode::kNotFound) return TableNotFound(name);
  return table;
}

Value KeySchemaOf(const documents::TableDescription& table) {
  Value::List schema;
  auto add = [&](const documents::KeyAttribute& attribute, const char* type) {
    schema.push_back(Value::MakeStruct({{"AttributeName", attribute.name}, {"KeyType", type}}));
  };
  add(table.partition_key, "HASH");
  if (table.sort_key) add(*table.sort_key, "RANGE");
  return schema;
}

Value AttributeDefinitionsOf(const documents::TableDescription& table) {
  Value::List definitions;
  auto add = [&](const documents::KeyAttribute& attribute) {
    definitions.push_back(
        Value::MakeStruct({{"AttributeName", attribute.name},
                           {"AttributeType", std::string(1, static_cast<char>(attribute.type))}}));
  };
  add(table.partition_key);
  if (table.sort_key) add(*table.sort_key);
  return definitions;
}

std::string TableArn(const Account& account, const std::string& name) {
  return "arn:aws:dynamodb:" + account.region + ":" + account.id + ":table/" + name;
}

Value DescriptionOf(const CallContext& context, const documents::TableDescription& table,
                    const documents::TableStatistics& statistics, std::string_view status) {
  return Value::MakeStruct({
      {"AttributeDefinitions", AttributeDefinitionsOf(table)},
      {"TableName", table.name},
      {"KeySchema", KeySchemaOf(table)},
      {"TableStatus", status},
      {"CreationDateTime", table.created_at},
      {"ProvisionedThroughput",
       Value::MakeStruct(
           {{"NumberOfDecreasesToday", 0}, {"ReadCapacityUnits", 0}, {"WriteCapacityUnits", 0}})},
      {"TableSizeBytes", statistics.size_bytes},
      {"ItemCount", statistics.item_count},
      {"TableArn", TableArn(context.account, table.name)},
      {"TableId", table.id},
      {"BillingModeSummary", Value::MakeStruct({{"BillingMode", "PAY_PER_REQUEST"}})},
      {"DeletionProtectionEnabled", false},
  });
}

Result<Value> RunListTables(const Value& request, CallContext& context) {
  const std::string after = request.TextOr("ExclusiveStartTableName", "");
  const auto limit = static_cast<std::size_t>(request.Int("Limit").value_or(kTableNamesMax));
  Value::List names;
  bool more = false;
  for (const auto& table : context.stores.documents.ListTables(context.account)) {
    if (table.internal || table.name <= after) continue;
    if (names.size() == limit) {
      more = true;
      break;
    }
    names.push_back(table.name);
  }
  const Value last = names.empty() ? Value() : names.back();
  Value answer = Value::MakeStruct({{"TableNames", std::move(names)}});
  if (more) answer.Set("LastEvaluatedTableName", last);
  return answer;
}

Result<Value> RunDescribeTable(const Value& request, CallContext& context) {
  SB_TRY(const TableView table, OpenNamed(context, request));
  SB_TRY(const documents::TableStatistics statistics,
         context.stores.documents.Statistics(context.account, table.name()));
  return Value::MakeStruct(
      {{"Table", DescriptionOf(context, table.description, statistics, "ACTIVE")}});
}

Result<documents::KeyAttribute> KeyAttributeOf(const Value& request, const std::string& name) {
  for (const Value& definition : request.Elements("AttributeDefinitions")) {
    if (*definition.Text("AttributeName") != name) continue;
    return documents::KeyAttribute{
        name, static_cast<documents::KeyType>(definition.Text("AttributeType")->front())};
  }
  return Validation(
      "One or more parameter values were invalid: Some index key attributes are not defined in "
      "AttributeDefinitions. Keys: [" +
          name + "]",
      "KeySchema");
}

Result<documents::TableDescription> NewTable(const Value& request, const CallContext& context) {
  documents::TableDescription table;
  table.name = *request.Text("TableName");
  table.created_at = context.now;
  const Value::List& schema = request.Elements("KeySchema");
  if (*schema[0].Text("KeyType") != "HASH") {
    return Validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
                      "KeySchema");
  }
  SB_TRY(table.partition_key, KeyAttributeOf(request, *schema[0].Text("AttributeName")));
  if (schema.size() > 1) {
    if (*schema[1].Text("KeyType") != "RANGE") {
      return Validation("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type",
                        "KeySchema");
    }
    SB_TRY(table.sort_key, KeyAttributeOf(request, *schema[1].Text("AttributeName")));
  }
  if (request.Elements("AttributeDefinitions").size() != schema.size()) {
    return Validation(
        "One or more parameter values were invalid: Number of attributes in KeySchema does not "
        "exactly match number of attributes defined in AttributeDefinitions",
        "AttributeDefinitions");
  }
  return table;
}

Result<> CheckTableName(std::string_view name) {
  for (char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || c == '_' || c == '-' || c == '.') continue;
    return Validation("1 validation error detected: Value '" + std::string(name) +
                          "' at 'tableName' failed to satisfy constraint: Member must satisfy "
                          "regular expression pattern: [a-zA-Z0-9_.-]+",
                      "TableName");
  }
  return {};
}

Error TableExists(const std::string& name) {
  return Error(ErrorCode::kConflict, "Table already exists: " + name, "TableName",
               "ResourceInUseException");
}

Result<Value> RunCreateTable(const Value& request, CallContext& context) {
  SB_TRY(documents::TableDescription table, NewTable(request, context));
  SB_TRY_OK(CheckTableName(table.name));
  if (!context.caller.whole_account) {
    return Error(ErrorCode::kForbidden, "Tables are created with a key of the whole account", {},
                 "AccessDeniedException");
  }
  documents::DocumentStore& store = context.stores.documents;
  if (store.DescribeTable(context.account, table.name).ok()) return TableExists(table.name);
  SB_TRY(table, store.CreateTable(context.account, std::move(table)));
  return Value::MakeStruct({{"TableDescription", DescriptionOf(context, table, {}, "ACTIVE")}});
}

Result<Value> RunDeleteTable(const Value& request, CallContext& context) {
  SB_TRY(const TableView table, OpenNamed(context, request));
  if (table.description.product) {
    return Error(ErrorCode::kForbidden,
                 "Table " + table.name() + " belongs to the product and cannot be deleted", {},
                 "AccessDeniedException");
  }
  SB_TRY(const documents::TableStatistics statistics,
         context.stores.documents.Statistics(context.account, table.name()));
  SB_TRY_OK(context.stores.documents.DeleteTable(context.account, table.name()));
  return Value::MakeStruct(
      {{"TableDescription", DescriptionOf(context, table.description, statistics, "DELETING")}});
}

Result<Value> RunDescribeTimeToLive(const Value& request, CallContext& context) {
  SB_TRY(const TableView table, OpenNamed(context, request));
  const bool expires = table.name() == context.stores.tables.report_cache;
  Value description = Value::MakeStruct({{"TimeToLiveStatus", expires ? "ENABLED" : "DISABLED"}});
  if (expires) description.Set("AttributeName", "ttl");
  return Value::MakeStruct({{"TimeToLiveDescription", std::move(description)}});
}

Result<Value> RunListTagsOfResource(const Value& request, CallContext& context) {
  SB_TRY_OK(OpenTable(context, *request.Text("ResourceArn")));
  return Value::MakeStruct({{"Tags", Value::List()}});
}

Result<Value> RunDescribeContinuousBackups(const Value& request, CallContext& context) {
  const std::string name = TableNameOf(*request.Text("TableName"));
  if (!OpenTable(context, name).ok()) {
    return Error(ErrorCode::kNotFound, "Table not found: " + name, "TableName",
                 "TableNotFoundException");
  }
  return Value::MakeStruct(
      {{"ContinuousBackupsDescription",
        Value::MakeStruct({{"ContinuousBackupsStatus", "DISABLED"},
                           {"PointInTimeRecoveryDescription",
                            Value::MakeStruct({{"PointInTimeRecoveryStatus", "DISABLED"}})}})}});
}

Result<Value> RunDescribeLimits(const Value&, CallContext&) {
  return Value::MakeStruct({{"AccountMaxReadCapacityUnits", kAccountUnitsMax},
                            {"AccountMaxWriteCapacityUnits", kAccountUnitsMax},
                            {"TableMaxReadCapacityUnits", kTableUnitsMax},
                            {"TableMaxWriteCapacityUnits", kTableUnitsMax}});
}

Result<Value> RunDescribeEndpoints(const Value&, CallContext& context) {
  return Value::MakeStruct(
      {{"Endpoints", Value::List{Value::MakeStruct(
                         {{"Address", context.host}, {"CachePeriodInMinutes", 1440}})}}});
}

}  // namespace

Operation ListTables() {
  return {.name = "ListTables",
          .input = Struct({Optional("ExclusiveStartTableName", Text(3, 255)),
                           Optional("Limit", Int(1, kTableNamesMax))}),
          .run = RunListTables};
}

Operation DescribeTable() {
  return {.name = "DescribeTable", .input = Struct({TableNameMember()}), .run = RunDescribeTable};
}

Operation CreateTable() {
  const ShapePtr definition = Struct(
      {Required("AttributeName", Text(1, 255)), Required("AttributeType", OneOf({"S", "N", "B"}))});
  const ShapePtr key = Struct(
      {Required("AttributeName", Text(1, 255)), Required("KeyType", OneOf({"HASH", "RANGE"}))});
  const ShapePtr throughput =
      Struct({Required("ReadCapacityUnits", Int(1)), Required("WriteCapacityUnits", Int(1))});
  return {.name = "CreateTable",
          .role = api::Role::kAdmin,
          .input = Struct({
              Required("TableName", Text(3, 255)),
              Required("AttributeDefinitions", ListOf(definition)),
              Required("KeySchema", ListOf(key, 1, 2)),
              Accepted("BillingMode", OneOf({"PROVISIONED", "PAY_PER_REQUEST"})),
              Accepted("ProvisionedThroughput", throughput),
              Refused("LocalSecondaryIndexes"),
              Refused("GlobalSecondaryIndexes"),
              Refused("StreamSpecification"),
              Refused("SSESpecification"),
              Refused("Tags"),
              Refused("TableClass"),
              Refused("DeletionProtectionEnabled"),
              Refused("WarmThroughput"),
              Refused("ResourcePolicy"),
              Refused("OnDemandThroughput"),
          }),
          .run = RunCreateTable};
}

Operation DeleteTable() {
  return {.name = "DeleteTable",
          .role = api::Role::kAdmin,
          .input = Struct({TableNameMember()}),
          .run = RunDeleteTable};
}

Operation DescribeTimeToLive() {
  return {.name = "DescribeTimeToLive",
          .input = Struct({TableNameMember()}),
          .run = RunDescribeTimeToLive};
}

Operation ListTagsOfResource() {
  return {.name = "ListTagsOfResource",
          .input = Struct({Required("ResourceArn", Text(1, 1283)), Accepted("NextToken", Text())}),
          .run = RunListTagsOfResource};
}

Operation DescribeContinuousBackups() {
  return {.name = "DescribeContinuousBackups",
          .input = Struct({TableNameMember()}),
          .run = RunDescribeContinuousBackups};
}

Operation DescribeLimits() {
  return {.name = "DescribeLimits", .input = Struct({}), .run = RunDescribeLimits};
}

Operation DescribeEndpoints() {
  return {.name = "DescribeEndpoints", .input = Struct({}), .run = RunDescribeEndpoints};
}

}  // namespace securebase::aws::dynamodb
