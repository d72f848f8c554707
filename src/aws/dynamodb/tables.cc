// Operations on tables, and those with constant answers that SDKs and tools ask for.

#include <algorithm>
#include <utility>

#include "aws/dynamodb/operations.h"
#include "aws/dynamodb/table_schema.h"
#include "base/log.h"

namespace securebase::aws::dynamodb {
namespace {

constexpr std::int64_t kTableNamesMax = 100;
// AWS's own default quotas.
constexpr std::int64_t kAccountUnitsMax = 80'000;
constexpr std::int64_t kTableUnitsMax = 40'000;

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
  const auto& indexes = table.description.indexes;
  const bool fills =
      std::any_of(indexes.begin(), indexes.end(), [](const auto& index) { return !index.active; });
  return Value::MakeStruct({{"Table", DescriptionOf(context, table.description, statistics,
                                                    fills ? "UPDATING" : "ACTIVE")}});
}

Error TableExists(const std::string& name) {
  return Error(ErrorCode::kConflict, "Table already exists: " + name, "TableName",
               "ResourceInUseException");
}

Result<> CheckWholeAccount(const CallContext& context) {
  if (context.caller.whole_account) return {};
  return Error(ErrorCode::kForbidden, "Tables are managed with a key of the whole account", {},
               "AccessDeniedException");
}

Result<Value> RunCreateTable(const Value& request, CallContext& context) {
  SB_TRY(documents::TableDescription table, NewTable(request, context));
  SB_TRY_OK(CheckWholeAccount(context));
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

/// One element of GlobalSecondaryIndexUpdates.
Result<> UpdateIndex(const Value& request, const Value& update,
                     documents::TableDescription& table) {
  const Value* create = update.Find("Create");
  const Value* removal = update.Find("Delete");
  const Value* change = update.Find("Update");
  if ((create != nullptr) + (removal != nullptr) + (change != nullptr) != 1) {
    return Validation(
        "One or more parameter values were invalid: Only one global secondary index action can be "
        "specified in each element of GlobalSecondaryIndexUpdates",
        "GlobalSecondaryIndexUpdates");
  }
  if (create != nullptr) {
    SB_TRY(documents::SecondaryIndex index, NewGlobalIndex(table, request, *create));
    if (table.provisioned && index.throughput == documents::Throughput()) {
      index.throughput = table.throughput;
    }
    table.indexes.push_back(std::move(index));
    return {};
  }
  const std::string& name = *(removal != nullptr ? removal : change)->Text("IndexName");
  const auto found = std::find_if(table.indexes.begin(), table.indexes.end(),
                                  [&](const auto& one) { return one.global && one.name == name; });
  if (found == table.indexes.end()) {
    return Error(ErrorCode::kNotFound, "Requested resource not found", "IndexName",
                 "ResourceNotFoundException");
  }
  if (removal != nullptr) {
    table.indexes.erase(found);
    return {};
  }
  if (!table.provisioned) {
    return Validation(
        "One or more parameter values were invalid: Neither ReadCapacityUnits nor "
        "WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
        "GlobalSecondaryIndexUpdates");
  }
  found->throughput = ThroughputOf(*change->Find("ProvisionedThroughput"));
  return {};
}

Result<> CheckUpdate(const Value& request, const documents::TableDescription& table) {
  bool any = false;
  for (const char* member : {"BillingMode", "ProvisionedThroughput", "GlobalSecondaryIndexUpdates",
                             "DeletionProtectionEnabled", "TableClass"}) {
    any = any || request.Has(member);
  }
  if (!any) {
    return Validation(
        "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, "
        "GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required",
        "TableName");
  }
  std::size_t online = 0;
  for (const auto& index : table.indexes) online += index.active ? 0 : 1;
  for (const Value& update : request.Elements("GlobalSecondaryIndexUpdates")) {
    online += update.Has("Create") || update.Has("Delete") ? 1 : 0;
  }
  if (online > 1 && request.Has("GlobalSecondaryIndexUpdates")) {
    return Error(ErrorCode::kLimitExceeded,
                 "Subscriber limit exceeded: Only 1 online index can be created or deleted "
                 "simultaneously per table",
                 "GlobalSecondaryIndexUpdates", "LimitExceededException");
  }
  const Value* throughput = request.Find("ProvisionedThroughput");
  if (throughput == nullptr || !table.provisioned) return {};
  const documents::Throughput wanted = ThroughputOf(*throughput);
  if (wanted != table.throughput || request.Has("GlobalSecondaryIndexUpdates")) return {};
  return Validation(
      "The provisioned throughput for the table will not change. The requested value equals the "
      "current value. Current ReadCapacityUnits provisioned for the table: " +
          std::to_string(table.throughput.read_units) +
          ". Requested ReadCapacityUnits: " + std::to_string(wanted.read_units) +
          ". Current WriteCapacityUnits provisioned for the table: " +
          std::to_string(table.throughput.write_units) +
          ". Requested WriteCapacityUnits: " + std::to_string(wanted.write_units) +
          ". Refer to the Amazon DynamoDB Developer Guide for current limits and how to request "
          "higher limits.",
      "ProvisionedThroughput");
}

/// Fills new indexes on a worker. What a full queue or a crash leaves is filled by maintenance.
void StartFill(const CallContext& context, const std::string& table) {
  const bool posted = context.stores.workers.Post(
      [&store = context.stores.documents, account = context.account, table] {
        const Result<> filled = store.FillIndexes(account, table);
        if (filled.ok() || filled.error().code() == ErrorCode::kCancelled) return;
        Log(LogLevel::kError, "cannot fill an index",
            {{"table", table}, {"error", filled.error().message()}});
      });
  if (!posted) Log(LogLevel::kInfo, "an index waits for maintenance", {{"table", table}});
}

Result<Value> RunUpdateTable(const Value& request, CallContext& context) {
  SB_TRY(const TableView table, OpenNamed(context, request));
  SB_TRY_OK(CheckWholeAccount(context));
  SB_TRY_OK(CheckSettable(table));
  auto change = [&](documents::TableDescription& changed) -> Result<> {
    SB_TRY_OK(CheckUpdate(request, changed));
    SB_TRY_OK(ApplyBilling(request, changed));
    for (const Value& update : request.Elements("GlobalSecondaryIndexUpdates")) {
      SB_TRY_OK(UpdateIndex(request, update, changed));
    }
    changed.deletion_protected =
        request.Bool("DeletionProtectionEnabled", changed.deletion_protected);
    changed.table_class = request.TextOr("TableClass", changed.table_class);
    return {};
  };
  documents::DocumentStore& store = context.stores.documents;
  SB_TRY(const documents::TableDescription changed,
         store.UpdateTable(context.account, table.name(), change));
  SB_TRY(const documents::TableStatistics statistics,
         store.Statistics(context.account, table.name()));
  const bool fills = std::any_of(changed.indexes.begin(), changed.indexes.end(),
                                 [](const auto& index) { return !index.active; });
  if (fills) StartFill(context, table.name());
  return Value::MakeStruct({{"TableDescription", DescriptionOf(context, changed, statistics,
                                                               fills ? "UPDATING" : "ACTIVE")}});
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
  return {.name = "CreateTable",
          .role = api::Role::kAdmin,
          .input = Struct({
              Required("TableName", Text(3, 1024)),
              Required("AttributeDefinitions", AttributeDefinitionsShape()),
              Required("KeySchema", KeySchemaShape()),
              Optional("BillingMode", OneOf({"PROVISIONED", "PAY_PER_REQUEST"})),
              Optional("ProvisionedThroughput", ThroughputShape()),
              Optional("LocalSecondaryIndexes", ListOf(IndexShape(/*global=*/false))),
              Optional("GlobalSecondaryIndexes", ListOf(IndexShape(/*global=*/true))),
              Optional("DeletionProtectionEnabled", Bool()),
              Optional("TableClass", OneOf({"STANDARD", "STANDARD_INFREQUENT_ACCESS"})),
              Optional("Tags", TagsShape()),
              Refused("StreamSpecification"),
              Refused("SSESpecification"),
              Refused("WarmThroughput"),
              Refused("ResourcePolicy"),
              Refused("OnDemandThroughput"),
          }),
          .run = RunCreateTable};
}

Operation UpdateTable() {
  const ShapePtr index = Struct({Required("IndexName", Text(3, 255))});
  const ShapePtr throughput = Struct(
      {Required("IndexName", Text(3, 255)), Required("ProvisionedThroughput", ThroughputShape())});
  const ShapePtr update = Struct({Optional("Create", IndexShape(/*global=*/true)),
                                  Optional("Delete", index), Optional("Update", throughput)});
  return {.name = "UpdateTable",
          .role = api::Role::kAdmin,
          .input = Struct({
              TableNameMember(),
              Optional("AttributeDefinitions", AttributeDefinitionsShape()),
              Optional("BillingMode", OneOf({"PROVISIONED", "PAY_PER_REQUEST"})),
              Optional("ProvisionedThroughput", ThroughputShape()),
              Optional("GlobalSecondaryIndexUpdates", ListOf(update)),
              Optional("DeletionProtectionEnabled", Bool()),
              Optional("TableClass", OneOf({"STANDARD", "STANDARD_INFREQUENT_ACCESS"})),
              Refused("StreamSpecification"),
              Refused("SSESpecification"),
              Refused("ReplicaUpdates"),
              Refused("WarmThroughput"),
              Refused("OnDemandThroughput"),
          }),
          .run = RunUpdateTable};
}

Operation DeleteTable() {
  return {.name = "DeleteTable",
          .role = api::Role::kAdmin,
          .input = Struct({TableNameMember()}),
          .run = RunDeleteTable};
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
