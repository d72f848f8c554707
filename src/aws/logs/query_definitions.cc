// Saved queries and resource policies: named texts that are kept (spec: logs-api 8 and 10).

#include <mutex>

#include "aws/logs/common.h"
#include "aws/logs/operations.h"

namespace securebase::aws::logs {
namespace {

using securebase::logs::Definition;

constexpr std::string_view kQueryKind = "query-definition";
constexpr std::string_view kPolicyKind = "resource-policy";
constexpr std::size_t kQueriesMax = 1'000;
constexpr std::size_t kPoliciesMax = 10;

// One change at a time, so that limits and tokens are exact.
std::mutex& ChangeMutex() {
  static std::mutex mutex;
  return mutex;
}

std::string TextOf(const json::Value& object, std::string_view name) {
  const json::Value* found = object.Find(name);
  return found != nullptr && found->IsString() ? found->AsString() : std::string();
}
std::int64_t NumberOf(const json::Value& object, std::string_view name) {
  const json::Value* found = object.Find(name);
  return found != nullptr && found->IsInt() ? found->AsInt() : 0;
}

Result<std::vector<Definition>> DefinitionsOf(const CallContext& context, std::string_view kind) {
  SB_TRY(std::vector<Definition> all, context.stores.log_service.definitions().All(kind));
  std::erase_if(all, [&](const Definition& one) { return one.account != context.account; });
  return all;
}

Error NoSuchQuery() {
  return Error(ErrorCode::kNotFound, "The specified query definition does not exist.",
               "queryDefinitionId", "ResourceNotFoundException");
}

Result<Value> RunPutQueryDefinition(const Value& request, CallContext& context) {
  std::lock_guard lock(ChangeMutex());
  SB_TRY(const std::vector<Definition> present, DefinitionsOf(context, kQueryKind));
  const std::string client_token = request.TextOr("clientToken", "");
  std::string id = request.TextOr("queryDefinitionId", "");
  if (!id.empty()) {
    const bool found = std::any_of(present.begin(), present.end(),
                                   [&](const Definition& one) { return one.name == id; });
    if (!found) return NoSuchQuery();
  } else {
    for (const Definition& one : present) {
      if (!client_token.empty() && TextOf(one.body, "token") == client_token) {
        return Value::MakeStruct({{"queryDefinitionId", one.name}});
      }
    }
    if (present.size() >= kQueriesMax) return LimitExceeded("name", "Resource limit exceeded.");
    id = context.stores.random.Uuid();
  }
  json::Array groups;
  for (const Value& one : request.Elements("logGroupNames")) {
    groups.push_back(*one.As<std::string>());
  }
  SB_TRY_OK(context.stores.log_service.definitions().Put(
      kQueryKind, {.account = context.account,
                   .name = id,
                   .body = json::Object{{"name", *request.Text("name")},
                                        {"query", *request.Text("queryString")},
                                        {"modified", Millis(context.now)},
                                        {"groups", std::move(groups)},
                                        {"token", client_token}}}));
  return Value::MakeStruct({{"queryDefinitionId", id}});
}

Result<Value> RunDescribeQueryDefinitions(const Value& request, CallContext& context) {
  SB_TRY(const std::vector<Definition> all, DefinitionsOf(context, kQueryKind));
  const std::string prefix = request.TextOr("queryDefinitionNamePrefix", "");
  std::vector<Row> rows;
  for (const Definition& one : all) {
    const std::string name = TextOf(one.body, "name");
    if (!name.starts_with(prefix)) continue;
    Value::List groups;
    if (const json::Value* list = one.body.Find("groups"); list != nullptr && list->IsArray()) {
      for (const json::Value& group : list->AsArray()) groups.push_back(group.AsString());
    }
    Value row = Value::MakeStruct({{"lastModified", NumberOf(one.body, "modified")}});
    if (!groups.empty()) row.Set("logGroupNames", std::move(groups));
    row.Set("name", name);
    row.Set("queryDefinitionId", one.name);
    row.Set("queryLanguage", "CWLI");
    row.Set("queryString", TextOf(one.body, "query"));
    rows.push_back({name + '\x1f' + one.name, std::move(row)});
  }
  return PageOf(std::move(rows), request, context, "DescribeQueryDefinitions " + prefix,
                "queryDefinitions", 1000, "maxResults");
}

Result<Value> RunDeleteQueryDefinition(const Value& request, CallContext& context) {
  const std::string id = *request.Text("queryDefinitionId");
  std::lock_guard lock(ChangeMutex());
  SB_TRY(const std::vector<Definition> present, DefinitionsOf(context, kQueryKind));
  const bool found = std::any_of(present.begin(), present.end(),
                                 [&](const Definition& one) { return one.name == id; });
  if (!found) return NoSuchQuery();
  SB_TRY_OK(context.stores.log_service.definitions().Delete(kQueryKind, context.account, "", id));
  return Value::MakeStruct({{"success", true}});
}

Value DescribePolicy(const Definition& policy) {
  return Value::MakeStruct({{"lastUpdatedTime", NumberOf(policy.body, "updated")},
                            {"policyDocument", TextOf(policy.body, "document")},
                            {"policyName", policy.name},
                            {"policyScope", "ACCOUNT"}});
}

Result<Value> RunPutResourcePolicy(const Value& request, CallContext& context) {
  std::lock_guard lock(ChangeMutex());
  SB_TRY(const std::vector<Definition> present, DefinitionsOf(context, kPolicyKind));
  const std::string name = *request.Text("policyName");
  const bool replaces = std::any_of(present.begin(), present.end(),
                                    [&](const Definition& one) { return one.name == name; });
  if (!replaces && present.size() >= kPoliciesMax) {
    return LimitExceeded("policyName", "Resource limit exceeded.");
  }
  const Definition policy{.account = context.account,
                          .name = name,
                          .body = json::Object{{"document", *request.Text("policyDocument")},
                                               {"updated", Millis(context.now)}}};
  SB_TRY_OK(context.stores.log_service.definitions().Put(kPolicyKind, policy));
  return Value::MakeStruct({{"resourcePolicy", DescribePolicy(policy)}});
}

Result<Value> RunDescribeResourcePolicies(const Value& request, CallContext& context) {
  SB_TRY(const std::vector<Definition> all, DefinitionsOf(context, kPolicyKind));
  std::vector<Row> rows;
  for (const Definition& one : all) rows.push_back({one.name, DescribePolicy(one)});
  return PageOf(std::move(rows), request, context, "DescribeResourcePolicies", "resourcePolicies",
                50);
}

Result<Value> RunDeleteResourcePolicy(const Value& request, CallContext& context) {
  const std::string name = request.TextOr("policyName", "");
  std::lock_guard lock(ChangeMutex());
  SB_TRY(const std::vector<Definition> present, DefinitionsOf(context, kPolicyKind));
  const bool found = std::any_of(present.begin(), present.end(),
                                 [&](const Definition& one) { return one.name == name; });
  if (!found) {
    return Error(ErrorCode::kNotFound, "Policy with name [" + name + "] does not exist.",
                 "policyName", "ResourceNotFoundException");
  }
  SB_TRY_OK(
      context.stores.log_service.definitions().Delete(kPolicyKind, context.account, "", name));
  return Value();
}

}  // namespace

Operation PutQueryDefinition() {
  return {.name = "PutQueryDefinition",
          .role = api::Role::kAnalyst,
          .input = Struct({
              Optional("queryLanguage", OneOf({"CWLI"})),
              Required("name", Text(1, 255)),
              Optional("queryDefinitionId", Text(0, 256)),
              Optional("logGroupNames", ListOf(NameShape())),
              Required("queryString", Text(1, 10'000)),
              Optional("clientToken", Text(36, 128)),
          }),
          .run = RunPutQueryDefinition};
}
Operation DescribeQueryDefinitions() {
  return {.name = "DescribeQueryDefinitions",
          .input = Struct({
              Optional("queryLanguage", OneOf({"CWLI"})),
              Optional("queryDefinitionNamePrefix", Text(1, 255)),
              Optional("maxResults", Int(1, 1000)),
              Optional("nextToken", Text(1)),
          }),
          .run = RunDescribeQueryDefinitions};
}
Operation DeleteQueryDefinition() {
  return {.name = "DeleteQueryDefinition",
          .role = api::Role::kAnalyst,
          .input = Struct({Required("queryDefinitionId", Text(0, 256))}),
          .run = RunDeleteQueryDefinition};
}
Operation PutResourcePolicy() {
  return {.name = "PutResourcePolicy",
          .role = api::Role::kAnalyst,
          .input = Struct({
              Required("policyName", Text(1)),
              Required("policyDocument", Text(1, 5120)),
              Refused("resourceArn"),
              Refused("expectedRevisionId"),
          }),
          .run = RunPutResourcePolicy};
}
Operation DescribeResourcePolicies() {
  return {.name = "DescribeResourcePolicies",
          .input = Struct({
              Optional("nextToken", Text(1)),
              Optional("limit", Int(1, 50)),
              Refused("resourceArn"),
              Refused("policyScope"),
          }),
          .run = RunDescribeResourcePolicies};
}
Operation DeleteResourcePolicy() {
  return {.name = "DeleteResourcePolicy",
          .role = api::Role::kAnalyst,
          .input = Struct({
              Optional("policyName", Text()),
              Refused("resourceArn"),
              Refused("expectedRevisionId"),
          }),
          .run = RunDeleteResourcePolicy};
}

}  // namespace securebase::aws::logs
