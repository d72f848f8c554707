// Subscription filters: put, described, deleted (spec: logs-api 10).

#include "logs/subscription_filters.h"

#include "aws/logs/common.h"
#include "aws/logs/operations.h"
#include "base/text.h"

namespace securebase::aws::logs {
namespace {

using securebase::logs::SubscriptionFilter;

constexpr std::int64_t kPageMax = 50;

Result<> CheckUrl(const std::string& url, const CallContext& context) {
  const auto rest = url.substr(url.find("://") + 3);
  const std::string host = ToLower(rest.substr(0, rest.find_first_of("/?#")));
  if (host.empty() || ContainsControlCharacter(url) || url.find(' ') != url.npos ||
      host.find('@') != host.npos) {
    return InvalidParameter("destinationArn", "destinationArn is not a valid URL: " + url);
  }
  if (context.stores.log_service.options().any_destination) return {};
  const bool local = host.starts_with("localhost") || host.starts_with("127.") ||
                     host.starts_with("10.") || host.starts_with("192.168.") ||
                     host.starts_with("169.254.") || host.starts_with("0.") ||
                     host.starts_with("[");
  if (url.starts_with("https://") && !local) return {};
  return InvalidParameter("destinationArn",
                          "destinationArn must be an https URL of a public address.");
}

/// A URL of ours, or an ARN that is kept but has no receiver here.
Result<> CheckDestination(const std::string& destination, const Value& request,
                          const CallContext& context) {
  if (destination.starts_with("http://") || destination.starts_with("https://")) {
    return CheckUrl(destination, context);
  }
  const std::vector<std::string_view> parts = Split(destination, ':');
  if (parts.size() < 6 || parts[0] != "arn") {
    return InvalidParameter("destinationArn", "Invalid destinationArn: " + destination);
  }
  const std::string_view vendor = parts[2];
  if (vendor != "lambda" && vendor != "kinesis" && vendor != "firehose" && vendor != "logs") {
    return InvalidParameter("destinationArn",
                            "PutSubscriptionFilter operation cannot work with destinationArn for "
                            "vendor " +
                                std::string(vendor));
  }
  if ((vendor == "kinesis" || vendor == "firehose") && !request.Has("roleArn")) {
    return InvalidParameter("roleArn", "destinationArn for vendor " + std::string(vendor) +
                                           " cannot be used without roleArn");
  }
  if (vendor == "lambda" && parts[4] != context.account_number()) {
    return Error(ErrorCode::kForbidden,
                 "Cross-account lambda invocation passing is not allowed. You must use "
                 "DestinationPolicies to create cross account lambda triggers.",
                 "destinationArn", "AccessDeniedException");
  }
  return {};
}

Result<Value> RunPut(const Value& request, CallContext& context) {
  SubscriptionFilter filter{.group = *request.Text("logGroupName"),
                            .name = *request.Text("filterName"),
                            .pattern = *request.Text("filterPattern"),
                            .destination = *request.Text("destinationArn"),
                            .role_arn = request.TextOr("roleArn", ""),
                            .distribution = request.TextOr("distribution", "ByLogStream"),
                            .created_at = context.now};
  if (filter.name.find_first_of(":*") != filter.name.npos) {
    return Constraint(filter.name, "filterName",
                      "Member must satisfy regular expression pattern: [^:*]*");
  }
  if (request.Bool("applyOnTransformedLogs", false)) {
    return InvalidParameter("applyOnTransformedLogs",
                            "Log transformers are not supported by SecureBase.");
  }
  SB_TRY_OK(FindGroup(context, filter.group));
  SB_TRY_OK(CheckDestination(filter.destination, request, context));
  SB_TRY_OK(context.stores.log_service.subscriptions().Put(context.account, std::move(filter)));
  return Value();
}

Value Describe(const SubscriptionFilter& filter) {
  Value out = Value::MakeStruct({{"applyOnTransformedLogs", false},
                                 {"creationTime", Millis(filter.created_at)},
                                 {"destinationArn", filter.destination},
                                 {"distribution", filter.distribution},
                                 {"filterName", filter.name},
                                 {"filterPattern", filter.pattern},
                                 {"logGroupName", filter.group}});
  if (!filter.role_arn.empty()) out.Set("roleArn", filter.role_arn);
  return out;
}

Result<Value> RunDescribe(const Value& request, CallContext& context) {
  const std::string& group = *request.Text("logGroupName");
  const std::string prefix = request.TextOr("filterNamePrefix", "");
  SB_TRY_OK(FindGroup(context, group));
  std::vector<Row> rows;
  for (const SubscriptionFilter& filter :
       context.stores.log_service.subscriptions().List(context.account, group)) {
    if (filter.name.starts_with(prefix)) rows.push_back({filter.name, Describe(filter)});
  }
  return PageOf(std::move(rows), request, context,
                "DescribeSubscriptionFilters " + group + "\n" + prefix, "subscriptionFilters",
                kPageMax);
}

Result<Value> RunDelete(const Value& request, CallContext& context) {
  const std::string& group = *request.Text("logGroupName");
  SB_TRY_OK(FindGroup(context, group));
  SB_TRY_OK(context.stores.log_service.subscriptions().Delete(context.account, group,
                                                              *request.Text("filterName")));
  return Value();
}

}  // namespace

Operation PutSubscriptionFilter() {
  return {.name = "PutSubscriptionFilter",
          .role = api::Role::kAnalyst,
          .input = Struct({
              Required("logGroupName", NameShape()),
              Required("filterName", Text(1, 512)),
              Required("filterPattern", Text(0, 1024)),
              Required("destinationArn", Text(1, 2048)),
              Optional("roleArn", Text(1)),
              Optional("distribution", OneOf({"Random", "ByLogStream"})),
              Optional("applyOnTransformedLogs", Bool()),
              Refused("fieldSelectionCriteria"),
              Refused("emitSystemFields"),
          }),
          .run = RunPut};
}

Operation DescribeSubscriptionFilters() {
  return {.name = "DescribeSubscriptionFilters",
          .input = Struct({
              Required("logGroupName", NameShape()),
              Optional("filterNamePrefix", Text(1, 512)),
              Optional("nextToken", Text(1)),
              Optional("limit", Int(1, kPageMax)),
          }),
          .run = RunDescribe};
}

Operation DeleteSubscriptionFilter() {
  return {.name = "DeleteSubscriptionFilter",
          .role = api::Role::kAnalyst,
          .input = Struct({
              Required("logGroupName", NameShape()),
              Required("filterName", Text(1, 512)),
          }),
          .run = RunDelete};
}

}  // namespace securebase::aws::logs
