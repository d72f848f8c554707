#include "aws/dynamodb/common.h"

#include <utility>

#include "documents/encoded_item.h"

namespace securebase::aws::dynamodb {
namespace {

constexpr std::string_view kCustomerId = "customer_id";
constexpr std::string_view kScheduleId = "schedule_id";
constexpr std::string_view kScheduleAlias = "scheduleId";

Error UnknownTable() {
  return Error(ErrorCode::kNotFound, "Requested resource not found", "TableName",
               "ResourceNotFoundException");
}

Error Denied(std::string message) {
  return Error(ErrorCode::kForbidden, std::move(message), {}, "AccessDeniedException");
}

/// The one schedule with this id that the caller sees.
Result<documents::Item> FindSchedule(const CallContext& context, const TableView& table,
                                     const documents::Value& schedule_id) {
  SB_TRY(const std::vector<documents::Item> items,
         context.stores.documents.All(context.account, table.name()));
  const documents::Item* only = nullptr;
  for (const documents::Item& item : items) {
    const auto id = item.find(kScheduleId);
    if (id == item.end() || id->second != schedule_id || !table.Shows(item)) continue;
    if (only != nullptr) {
      return Validation("The schedule_id is not unique: the Key must also have customer_id", "Key");
    }
    only = &item;
  }
  if (only == nullptr)
    return Validation("The provided key element does not match the schema", "Key");
  return documents::KeyOf(table.description, *only);
}

}  // namespace

Error Validation(std::string message, std::string field) {
  return Error(ErrorCode::kInvalidArgument, std::move(message), std::move(field),
               "ValidationException");
}

bool TableView::Shows(const documents::Item& item) const {
  return !only_customer || documents::StringAttribute(item, kCustomerId) == *only_customer;
}

documents::Item TableView::ForExpressions(const documents::Item& item) const {
  documents::Item seen = item;
  const auto customer = item.find(kCustomerId);
  if (id_is_alias && customer != item.end()) seen.emplace("id", customer->second);
  return seen;
}

std::string TableNameOf(std::string_view text) {
  const std::size_t table = text.find(":table/");
  if (text.starts_with("arn:") && table != text.npos) text.remove_prefix(table + 7);
  return std::string(text);
}

Result<TableView> OpenTable(const CallContext& context, std::string_view table_name) {
  TableView view;
  auto found = context.stores.documents.DescribeTable(context.account, TableNameOf(table_name));
  if (!found.ok()) {
    if (found.error().code() == ErrorCode::kNotFound) return UnknownTable();
    return found.error();
  }
  view.description = *std::move(found);
  if (view.description.internal) return UnknownTable();
  view.id_is_alias = view.name() == context.stores.tables.customers;
  if (!context.caller.whole_account) {
    const bool divided =
        view.description.product && view.description.partition_key.name == kCustomerId;
    if (!divided) return Denied("Table " + view.name() + " needs a key of the whole account");
    view.only_customer = context.caller.customer.id;
  }
  return view;
}

Result<TableView> OpenNamed(const CallContext& context, const Value& request) {
  const std::string name = TableNameOf(*request.Text("TableName"));
  Result<TableView> table = OpenTable(context, name);
  if (table.ok() || table.error().code() != ErrorCode::kNotFound) return table;
  return Error(ErrorCode::kNotFound, "Requested resource not found: Table: " + name + " not found",
               "TableName", "ResourceNotFoundException");
}

Result<> CheckSettable(const TableView& table) {
  if (!table.description.product) return {};
  return Denied("Table " + table.name() + " belongs to the product and cannot be changed");
}

Result<> CheckWritable(const CallContext& context, const TableView& table, WriteKind kind) {
  if (!table.description.product) return {};
  const documents::ProductTables& tables = context.stores.tables;
  const bool allowed =
      (kind == WriteKind::kPut && documents::AllowsPublicPut(tables, table.name())) ||
      (kind == WriteKind::kUpdate && documents::AllowsPublicUpdate(tables, table.name()));
  if (allowed) return {};
  return Denied("Table " + table.name() + " is read-only through this API");
}

Result<> CheckOwner(const TableView& table, const documents::Item& item) {
  if (table.Shows(item)) return {};
  return Denied("The key may write items of customer " + *table.only_customer + " only");
}

Result<documents::Item> ItemOf(const Value& request, std::string_view member) {
  const json::Value* document = request.Document(member);
  if (document == nullptr) return documents::Item();
  return documents::ItemFromWire(*document);
}

Result<documents::Item> KeyOf(const CallContext& context, const TableView& table,
                              documents::Item key) {
  if (table.name() != context.stores.tables.report_schedules) return key;
  if (const auto alias = key.find(kScheduleAlias); alias != key.end()) {
    auto node = key.extract(alias);
    node.key() = kScheduleId;
    key.insert(std::move(node));
  }
  const auto id = key.find(kScheduleId);
  if (key.size() != 1 || id == key.end()) return key;
  return FindSchedule(context, table, id->second);
}

Result<documents::ExpressionContext> ExpressionsOf(const Value& request) {
  std::optional<documents::ExpressionContext::Names> names;
  if (request.Has("ExpressionAttributeNames")) {
    names.emplace();
    for (const auto& [alias, name] : request.Entries("ExpressionAttributeNames")) {
      names->emplace(alias, *name.As<std::string>());
    }
  }
  std::optional<documents::Item> values;
  if (request.Has("ExpressionAttributeValues")) {
    SB_TRY(values, ItemOf(request, "ExpressionAttributeValues"));
  }
  return documents::ExpressionContext::Make(std::move(names), std::move(values));
}

Result<std::optional<documents::Condition>> ConditionOf(const Value& request,
                                                        std::string_view member,
                                                        documents::ExpressionContext& expressions,
                                                        documents::ExpressionKind kind) {
  const std::string* text = request.Text(member);
  if (text == nullptr) return std::optional<documents::Condition>();
  SB_TRY(documents::Condition condition, documents::ParseCondition(*text, expressions, kind));
  return std::optional(std::move(condition));
}

Result<std::optional<documents::Projection>> ProjectionOf(
    const Value& request, documents::ExpressionContext& expressions) {
  const std::string* text = request.Text("ProjectionExpression");
  if (text == nullptr) return std::optional<documents::Projection>();
  SB_TRY(documents::Projection projection, documents::ParseProjection(*text, expressions));
  return std::optional(std::move(projection));
}

json::Value Shown(const TableView& table, const documents::Item& item,
                  const std::optional<documents::Projection>& projection) {
  if (!projection) return documents::ToWire(item);
  if (!table.id_is_alias) return documents::ToWire(documents::Project(*projection, item));
  return documents::ToWire(documents::Project(*projection, table.ForExpressions(item)));
}

Result<Value> ShownEncoded(std::string_view encoded) {
  Value::Raw text;
  text.json.reserve(encoded.size() * 2);
  SB_TRY_OK(documents::AppendWire(text.json, encoded));
  return Value(std::move(text));
}

double ReadUnitsOf(const Value& request, std::uint64_t bytes) {
  const double blocks = static_cast<double>((bytes + 4095) / 4096);
  const double units = blocks < 1 ? 1 : blocks;
  return request.Bool("ConsistentRead", false) ? units : units / 2;
}

Error WithPrefix(const Error& error) {
  constexpr std::string_view kPrefix = "1 validation error detected: ";
  const bool prefixed = error.message().find("validation error") != std::string::npos;
  if (error.wire_code() != "ValidationException" || prefixed) return error;
  return Error(error.code(), std::string(kPrefix) + error.message(), error.field(),
               error.wire_code());
}

Result<Value> WithPrefix(Result<Value> result) {
  if (result.ok()) return result;
  return WithPrefix(result.error());
}

Member TableNameMember() { return Required("TableName", Text(1, 1024)); }
Member NamesMember() { return Optional("ExpressionAttributeNames", MapOf(Text())); }
Member ValuesMember() { return Optional("ExpressionAttributeValues", Document()); }
Member CapacityMember() {
  return Optional("ReturnConsumedCapacity", OneOf({"INDEXES", "TOTAL", "NONE"}));
}
Member CollectionMetricsMember() {
  return Optional("ReturnItemCollectionMetrics", OneOf({"SIZE", "NONE"}));
}
Member OnConditionFailureMember() {
  return Optional("ReturnValuesOnConditionCheckFailure", OneOf({"ALL_OLD", "NONE"}));
}

}  // namespace securebase::aws::dynamodb
