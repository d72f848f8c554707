// Expiry and tags of tables.

#include <utility>

#include "aws/dynamodb/operations.h"
#include "aws/dynamodb/table_schema.h"

namespace securebase::aws::dynamodb {
namespace {

constexpr std::size_t kTagsMax = 50;

Result<Value> RunDescribeTimeToLive(const Value& request, CallContext& context) {
  SB_TRY(const TableView table, OpenNamed(context, request));
  const std::string& attribute = table.description.ttl_attribute;
  Value description =
      Value::MakeStruct({{"TimeToLiveStatus", attribute.empty() ? "DISABLED" : "ENABLED"}});
  if (!attribute.empty()) description.Set("AttributeName", attribute);
  return Value::MakeStruct({{"TimeToLiveDescription", std::move(description)}});
}

Result<> ChangeTtl(documents::TableDescription& table, bool enabled, const std::string& attribute) {
  if (!enabled && table.ttl_attribute.empty()) {
    return Validation("TimeToLive is already disabled", "TimeToLiveSpecification");
  }
  if (enabled && table.ttl_attribute == attribute) {
    return Validation("TimeToLive is already enabled", "TimeToLiveSpecification");
  }
  if (!table.ttl_attribute.empty() && table.ttl_attribute != attribute) {
    return Validation(
        "TimeToLive is active on a different AttributeName: current AttributeName is " +
            table.ttl_attribute,
        "TimeToLiveSpecification");
  }
  table.ttl_attribute = enabled ? attribute : "";
  return {};
}

Result<Value> RunUpdateTimeToLive(const Value& request, CallContext& context) {
  SB_TRY(const TableView table, OpenNamed(context, request));
  SB_TRY_OK(CheckSettable(table));
  const Value& wanted = *request.Find("TimeToLiveSpecification");
  const bool enabled = wanted.Bool("Enabled", false);
  const std::string& attribute = *wanted.Text("AttributeName");
  SB_TRY_OK(context.stores.documents.UpdateTable(context.account, table.name(),
                                                 [&](documents::TableDescription& changed) {
                                                   return ChangeTtl(changed, enabled, attribute);
                                                 }));
  return Value::MakeStruct(
      {{"TimeToLiveSpecification",
        Value::MakeStruct({{"Enabled", enabled}, {"AttributeName", attribute}})}});
}

/// The table of an ARN.
Result<TableView> OpenResource(const CallContext& context, const Value& request) {
  const std::string& arn = *request.Text("ResourceArn");
  if (!arn.starts_with("arn:") || arn.find(":table/") == std::string::npos) {
    return Validation("Invalid TableArn: Invalid ResourceArn provided as input " + arn,
                      "ResourceArn");
  }
  const bool own = arn == TableArn(context, TableNameOf(arn));
  Result<TableView> table = OpenTable(context, arn);
  if (table.ok() && own) return table;
  if (!table.ok() && table.error().code() != ErrorCode::kNotFound) return table;
  return Error(ErrorCode::kNotFound,
               "Requested resource not found: ResourcArn: " + arn + " not found", "ResourceArn",
               "ResourceNotFoundException");
}

Result<Value> RunListTagsOfResource(const Value& request, CallContext& context) {
  SB_TRY(const TableView table, OpenResource(context, request));
  Value::List tags;
  for (const auto& [key, value] : table.description.tags) {
    tags.push_back(Value::MakeStruct({{"Key", key}, {"Value", value}}));
  }
  return Value::MakeStruct({{"Tags", std::move(tags)}});
}

Result<Value> ChangeTags(const Value& request, CallContext& context,
                         const documents::DocumentStore::TableChange& change) {
  SB_TRY(const TableView table, OpenResource(context, request));
  SB_TRY_OK(CheckSettable(table));
  SB_TRY_OK(context.stores.documents.UpdateTable(context.account, table.name(), change));
  return Value();
}

Result<Value> RunTagResource(const Value& request, CallContext& context) {
  return ChangeTags(request, context, [&](documents::TableDescription& table) -> Result<> {
    for (const Value& tag : request.Elements("Tags")) {
      table.tags[*tag.Text("Key")] = *tag.Text("Value");
    }
    if (table.tags.size() <= kTagsMax) return {};
    return Validation("One or more parameter values were invalid: Too many tags", "Tags");
  });
}

Result<Value> RunUntagResource(const Value& request, CallContext& context) {
  return ChangeTags(request, context, [&](documents::TableDescription& table) -> Result<> {
    for (const Value& key : request.Elements("TagKeys")) table.tags.erase(*key.As<std::string>());
    return {};
  });
}

}  // namespace

Operation DescribeTimeToLive() {
  return {.name = "DescribeTimeToLive",
          .input = Struct({TableNameMember()}),
          .run = RunDescribeTimeToLive};
}

Operation UpdateTimeToLive() {
  return {.name = "UpdateTimeToLive",
          .role = api::Role::kAdmin,
          .input = Struct(
              {TableNameMember(), Required("TimeToLiveSpecification",
                                           Struct({Required("Enabled", Bool()),
                                                   Required("AttributeName", Text(1, 255))}))}),
          .run = RunUpdateTimeToLive};
}

Operation ListTagsOfResource() {
  return {.name = "ListTagsOfResource",
          .input = Struct({Required("ResourceArn", Text(1, 1283)), Accepted("NextToken", Text())}),
          .run = RunListTagsOfResource};
}

Operation TagResource() {
  return {.name = "TagResource",
          .role = api::Role::kAdmin,
          .input = Struct({Required("ResourceArn", Text(1, 1283)), Required("Tags", TagsShape())}),
          .run = RunTagResource};
}

Operation UntagResource() {
  return {.name = "UntagResource",
          .role = api::Role::kAdmin,
          .input = Struct(
              {Required("ResourceArn", Text(1, 1283)), Required("TagKeys", ListOf(Text(1, 128)))}),
          .run = RunUntagResource};
}

}  // namespace securebase::aws::dynamodb
