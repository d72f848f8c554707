// PutDashboard, GetDashboard, ListDashboards, DeleteDashboards (spec: dashboards 8 and 9).

#include <algorithm>
#include <string>
#include <utility>

#include "aws/cloudwatch/common.h"
#include "aws/cloudwatch/operations.h"
#include "base/bytes.h"
#include "dashboards/dashboard_store.h"
#include "dashboards/validation.h"

namespace securebase::aws::cloudwatch {
namespace {

using dashboards::DashboardStore;

constexpr std::size_t kNameMax = 255;
constexpr std::size_t kPageMax = 1000;
constexpr std::size_t kDeletedMax = 100;

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

Result<> CheckName(std::string_view name) {
  if (!name.empty() && name.size() <= kNameMax &&
      std::all_of(name.begin(), name.end(), IsNameCharacter)) {
    return {};
  }
  if (name.size() > kNameMax) {
    return InvalidValue("DashboardName",
                        "The field DashboardName must have at most 255 characters.\n");
  }
  return InvalidValue("DashboardName",
                      "The value for field DashboardName contains invalid characters. It can only "
                      "contain alphanumerics, dash (-) and underscore (_).\n");
}

/// Dashboards belong to no region.
std::string ArnOf(const CallContext& context, std::string_view name) {
  return "arn:aws:cloudwatch::" + context.account_number() + ":dashboard/" + std::string(name);
}

Value MessagesValue(const std::vector<dashboards::ValidationMessage>& messages) {
  Value::List list;
  for (const dashboards::ValidationMessage& message : messages) {
    list.push_back(Value::MakeStruct({{"DataPath", message.path}, {"Message", message.message}}));
  }
  return list;
}

Error InvalidInput(std::string message) {
  return Error(ErrorCode::kInvalidArgument, std::move(message), "DashboardBody",
               "DashboardInvalidInputError");
}

Result<Value> Put(const Value& request, CallContext& context) {
  const std::string name = request.TextOr("DashboardName", "");
  const std::string body = request.TextOr("DashboardBody", "");
  SB_TRY_OK(CheckName(name));
  const auto reading = dashboards::ReadBody(body, {.account = context.account_number(),
                                                   .region = context.account.region,
                                                   .strict = context.options.strict_dashboards});
  if (!reading.ok()) return InvalidInput(reading.error().message());
  if (!reading->accepted()) {
    context.error_members.Set("dashboardValidationMessages", MessagesValue(reading->errors));
    return InvalidInput(dashboards::ErrorText(reading->errors));
  }
  DashboardStore store(context.stores.documents);
  SB_TRY_OK(store.Save(context.account.id, name, body, context.now));
  return Value::MakeStruct({{"DashboardValidationMessages", MessagesValue(reading->warnings)}});
}

Result<Value> Get(const Value& request, CallContext& context) {
  const std::string name = request.TextOr("DashboardName", "");
  SB_TRY_OK(CheckName(name));
  SB_TRY(const auto found, DashboardStore(context.stores.documents).Find(context.account.id, name));
  if (!found) {
    return Error(ErrorCode::kNotFound, "Dashboard " + name + " does not exist", "DashboardName",
                 "DashboardNotFoundError");
  }
  return Value::MakeStruct({{"DashboardArn", ArnOf(context, name)},
                            {"DashboardBody", found->body},
                            {"DashboardName", name}});
}

Result<Value> List(const Value& request, CallContext& context) {
  const std::string prefix = request.TextOr("DashboardNamePrefix", "");
  std::string question = "ListDashboards";
  PutBytes(question, context.account.id);
  PutBytes(question, prefix);
  std::optional<std::string> after;
  if (const std::string* token = request.Text("NextToken")) {
    const auto position = context.tokens.Open(question, *token, context.now);
    if (!position.ok()) {
      return InvalidValue("NextToken", "Request parameter NextToken is invalid");
    }
    after = *position;
  }
  SB_TRY(
      const dashboards::DashboardPage page,
      DashboardStore(context.stores.documents).List(context.account.id, prefix, after, kPageMax));
  Value::List entries;
  for (const dashboards::DashboardEntry& entry : page.entries) {
    entries.push_back(Value::MakeStruct({{"DashboardName", entry.name},
                                         {"DashboardArn", ArnOf(context, entry.name)},
                                         {"LastModified", entry.last_modified},
                                         {"Size", entry.size_bytes}}));
  }
  Value answer = Value::MakeStruct({{"DashboardEntries", std::move(entries)}});
  if (page.more && !page.entries.empty()) {
    answer.Set("NextToken", context.tokens.Seal(question, page.entries.back().name, context.now));
  }
  return answer;
}

// AWS's documents contradict each other on whether the others are deleted where one is missing;
// here none is (docs/decisions/0021-dashboards-are-deleted-together.md).
Result<Value> Delete(const Value& request, CallContext& context) {
  std::vector<std::string> names;
  for (const Value& name : request.Elements("DashboardNames")) {
    names.push_back(*name.As<std::string>());
    SB_TRY_OK(CheckName(names.back()));
  }
  if (names.empty()) {
    return InvalidValue("DashboardNames", "The parameter DashboardNames must not be empty.");
  }
  SB_TRY(const std::vector<std::string> missing,
         DashboardStore(context.stores.documents).Delete(context.account.id, names));
  if (!missing.empty()) {
    std::string list;
    for (const std::string& name : missing) list += (list.empty() ? "" : ", ") + name;
    return Error(ErrorCode::kNotFound, "The specified dashboard does not exist. [" + list + "]",
                 "DashboardNames", "DashboardNotFoundError");
  }
  return Value::MakeStruct({});
}

}  // namespace

// A missing name is told by CheckName: CloudWatch says InvalidParameterValue of it.
Operation PutDashboard() {
  return {.name = "PutDashboard",
          .role = api::Role::kAnalyst,
          .input = Struct({
              Required("DashboardName", Text()),
              Required("DashboardBody", Text()),
              Refused("Tags"),
          }),
          .run = Put};
}

Operation GetDashboard() {
  return {.name = "GetDashboard", .input = Struct({Optional("DashboardName", Text())}), .run = Get};
}

Operation ListDashboards() {
  return {.name = "ListDashboards",
          .input = Struct({
              Optional("DashboardNamePrefix", Text()),
              Optional("NextToken", Text()),
          }),
          .run = List};
}

Operation DeleteDashboards() {
  return {.name = "DeleteDashboards",
          .role = api::Role::kAnalyst,
          .input = Struct({Optional("DashboardNames", ListOf(Text(), {}, kDeletedMax))}),
          .run = Delete};
}

}  // namespace securebase::aws::cloudwatch
