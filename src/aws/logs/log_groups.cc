// Log groups: creating, deleting, listing, retention (spec: logs-api 2 and 7).

#include <array>

#include "aws/logs/common.h"
#include "aws/logs/log_tags.h"
#include "aws/logs/operations.h"
#include "base/text.h"

namespace securebase::aws::logs {
namespace {

constexpr std::int64_t kPageMax = 50;
constexpr std::int64_t kListPageMax = 1000;
constexpr std::array<std::int64_t, 22> kRetentions = {1,    3,    5,    7,    14,   30,  60,  90,
                                                      120,  150,  180,  365,  400,  545, 731, 1096,
                                                      1827, 2192, 2557, 2922, 3288, 3653};
const std::vector<std::string> kClasses = {"STANDARD", "INFREQUENT_ACCESS", "DELIVERY"};

// Names of a group's attributes in the store.
constexpr std::string_view kClass = "class";
constexpr std::string_view kKey = "kms";
constexpr std::string_view kProtected = "protected";

std::string Attribute(const events::LogGroup& group, std::string_view name,
                      std::string_view otherwise = "") {
  const auto found = group.attributes.find(name);
  return found == group.attributes.end() ? std::string(otherwise) : found->second;
}

Result<Value> RunCreateLogGroup(const Value& request, CallContext& context) {
  const std::string group = *request.Text("logGroupName");
  SB_TRY_OK(CheckGroupName(group));
  SB_TRY_OK(CheckTags(request.Entries("tags"), "tags"));
  events::LogAttributes attributes;
  attributes[std::string(kClass)] = request.TextOr("logGroupClass", "STANDARD");
  if (const std::string* key = request.Text("kmsKeyId")) attributes[std::string(kKey)] = *key;
  if (request.Bool("deletionProtectionEnabled", false)) {
    attributes[std::string(kProtected)] = "true";
  }
  for (const auto& [key, value] : request.Entries("tags")) {
    attributes[TagAttribute(key)] = *value.As<std::string>();
  }
  const Result<> created = context.stores.logs.CreateGroup(context.account, group, attributes);
  if (!created.ok() && created.error().code() == ErrorCode::kConflict) {
    return Error(ErrorCode::kConflict, "The specified log group already exists", "logGroupName",
                 "ResourceAlreadyExistsException");
  }
  SB_TRY_OK(created);
  return Value();
}

Result<Value> RunDeleteLogGroup(const Value& request, CallContext& context) {
  const std::string name = *request.Text("logGroupName");
  SB_TRY(const events::LogGroup group, FindGroup(context, name));
  if (Attribute(group, kProtected) == "true") {
    return Error(ErrorCode::kInvalidArgument,
                 "The log group is protected from deletion: deletionProtectionEnabled is true.",
                 "logGroupName", "ValidationException");
  }
  SB_TRY_OK(context.stores.log_service.ForgetGroup(context.account, name));
  SB_TRY_OK(context.stores.logs.DeleteGroup(context.account, name));
  return Value();
}

Value DescribeGroup(const CallContext& context, const events::LogGroup& group, bool short_form) {
  const std::string arn = GroupArn(context, group.name);
  const auto filters = static_cast<std::int64_t>(
      context.stores.log_service.metric_filters().Count(context.account, group.name));
  Value out = Value::MakeStruct({{"arn", arn + ":*"}, {"creationTime", Millis(group.created_at)}});
  if (!short_form) {
    out.Set("deletionProtectionEnabled", Attribute(group, kProtected) == "true");
    if (const std::string key = Attribute(group, kKey); !key.empty()) out.Set("kmsKeyId", key);
  }
  out.Set("logGroupArn", arn);
  out.Set("logGroupClass", Attribute(group, kClass, "STANDARD"));
  out.Set("logGroupName", group.name);
  out.Set("metricFilterCount", filters);
  if (short_form) return out;
  if (group.retention_days > 0) out.Set("retentionInDays", std::int64_t{group.retention_days});
  out.Set("storedBytes", group.stored_bytes);
  return out;
}

/// Whether the accounts that are asked for, if any, hold ours: there are no linked ones.
bool OwnAccountIsMeant(const Value& request, const CallContext& context) {
  const Value::List& accounts = request.Elements("accountIdentifiers");
  return accounts.empty() || std::any_of(accounts.begin(), accounts.end(), [&](const Value& one) {
           return *one.As<std::string>() == context.account_number();
         });
}

Result<Value> RunDescribeLogGroups(const Value& request, CallContext& context) {
  const std::string prefix = request.TextOr("logGroupNamePrefix", "");
  const std::string pattern = request.TextOr("logGroupNamePattern", "");
  if (!prefix.empty() && !pattern.empty()) {
    return InvalidParameter(
        "logGroupNamePattern",
        "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
  }
  const std::string group_class = request.TextOr("logGroupClass", "");
  std::string question = "DescribeLogGroups " + prefix + "\n" + pattern + "\n" + group_class + "\n";
  std::vector<std::string> names;
  for (const Value& one : request.Elements("logGroupIdentifiers")) {
    SB_TRY(std::string name,
           NameOfIdentifier(context, *one.As<std::string>(), "logGroupIdentifiers"));
    question += name + "\n";
    names.push_back(std::move(name));
  }
  const auto limit = static_cast<std::size_t>(request.Int("limit").value_or(kPageMax));
  events::GroupListRequest list{.prefix = prefix, .pattern = pattern};
  if (const std::string* token = request.Text("nextToken")) {
    const auto position = context.tokens.Open(question, *token, context.now);
    // A token that is none gives an empty page, as the service does.
    if (!position.ok()) return Value::MakeStruct({{"logGroups", Value::List()}});
    list.after = *position;
  }
  Value::List page;
  std::string last;
  bool more = false;
  list.groups_max = limit + 1;
  while (OwnAccountIsMeant(request, context) && !more) {
    const std::vector<events::LogGroup> groups =
        context.stores.logs.ListGroups(context.account, list);
    for (const events::LogGroup& group : groups) {
      list.after = group.name;
      const bool named =
          names.empty() || std::find(names.begin(), names.end(), group.name) != names.end();
      const bool of_class =
          group_class.empty() || Attribute(group, kClass, "STANDARD") == group_class;
      if (!named || !of_class) continue;
      if (page.size() == limit) {
        more = true;
        break;
      }
      page.push_back(DescribeGroup(context, group, !pattern.empty()));
      last = group.name;
    }
    if (groups.size() < list.groups_max) break;
  }
  Value answer = Value::MakeStruct({{"logGroups", std::move(page)}});
  if (more) answer.Set("nextToken", context.tokens.Seal(question, last, context.now));
  return answer;
}

/// One to five alternatives of 3 to 24 characters, joined by '|'; '^' in front means a prefix.
Result<std::vector<std::string>> NamePatternsOf(const Value& request) {
  std::vector<std::string> patterns;
  const std::string* text = request.Text("logGroupNamePattern");
  if (text == nullptr) return patterns;
  for (std::string_view one : Split(*text, '|')) {
    const std::string_view name = one.starts_with("^") ? one.substr(1) : one;
    if (name.size() < 3 || name.size() > 24 || !CheckGroupName(std::string(name)).ok()) {
      return InvalidParameter("logGroupNamePattern",
                              "Each alternative of logGroupNamePattern must have 3 to 24 "
                              "characters of a log group's name.");
    }
    patterns.emplace_back(one);
  }
  if (patterns.size() > 5) {
    return InvalidParameter("logGroupNamePattern",
                            "logGroupNamePattern must have at most 5 alternatives.");
  }
  return patterns;
}

bool MatchesPattern(const std::string& name, const std::vector<std::string>& patterns) {
  return patterns.empty() ||
         std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
           return pattern.starts_with("^") ? name.starts_with(pattern.substr(1))
                                           : name.find(pattern) != name.npos;
         });
}

bool HasTags(const events::LogGroup& group, const Value::List& filters) {
  return std::all_of(filters.begin(), filters.end(), [&](const Value& filter) {
    const auto found = group.attributes.find(TagAttribute(*filter.Text("key")));
    if (found == group.attributes.end()) return false;
    const Value::List& values = filter.Elements("values");
    return values.empty() || std::any_of(values.begin(), values.end(), [&](const Value& one) {
             return *one.As<std::string>() == found->second;
           });
  });
}

Result<Value> RunListLogGroups(const Value& request, CallContext& context) {
  SB_TRY(const std::vector<std::string> patterns, NamePatternsOf(request));
  const std::string group_class = request.TextOr("logGroupClass", "");
  std::vector<Row> rows;
  if (OwnAccountIsMeant(request, context)) {
    for (const events::LogGroup& group : context.stores.logs.Groups(context.account, "")) {
      if (!MatchesPattern(group.name, patterns)) continue;
      if (!group_class.empty() && Attribute(group, kClass, "STANDARD") != group_class) continue;
      if (!HasTags(group, request.Elements("logGroupTags"))) continue;
      rows.push_back(
          {group.name, Value::MakeStruct({{"logGroupArn", GroupArn(context, group.name)},
                                          {"logGroupClass", Attribute(group, kClass, "STANDARD")},
                                          {"logGroupName", group.name}})});
    }
  }
  const std::string question =
      "ListLogGroups " + request.TextOr("logGroupNamePattern", "") + "\n" + group_class;
  return PageOf(std::move(rows), request, context, question, "logGroups", kPageMax);
}

Result<Value> RunPutRetentionPolicy(const Value& request, CallContext& context) {
  const std::int64_t days = *request.Int("retentionInDays");
  if (std::find(kRetentions.begin(), kRetentions.end(), days) == kRetentions.end()) {
    std::string rule = "Member must satisfy enum value set: [";
    for (std::int64_t one : kRetentions) {
      rule += (one == kRetentions.front() ? "" : ", ") + std::to_string(one);
    }
    return Constraint(std::to_string(days), "retentionInDays", rule + "]");
  }
  const std::string group = *request.Text("logGroupName");
  SB_TRY_OK(FindGroup(context, group));
  SB_TRY_OK(context.stores.logs.SetRetention(context.account, group, static_cast<int>(days)));
  return Value();
}

Result<Value> RunDeleteRetentionPolicy(const Value& request, CallContext& context) {
  const std::string group = *request.Text("logGroupName");
  SB_TRY_OK(FindGroup(context, group));
  SB_TRY_OK(context.stores.logs.SetRetention(context.account, group, 0));
  return Value();
}

}  // namespace

Operation CreateLogGroup() {
  return {.name = "CreateLogGroup",
          .role = api::Role::kAnalyst,
          .input = Struct({
              Required("logGroupName", Text(1)),
              Optional("kmsKeyId", Text(0, 256)),
              Optional("tags", MapOf(Text())),
              Optional("logGroupClass", OneOf(kClasses)),
              Optional("deletionProtectionEnabled", Bool()),
          }),
          .run = RunCreateLogGroup};
}

Operation DeleteLogGroup() {
  return {.name = "DeleteLogGroup",
          .role = api::Role::kAnalyst,
          .input = Struct({Required("logGroupName", NameShape())}),
          .run = RunDeleteLogGroup};
}

Operation DescribeLogGroups() {
  return {.name = "DescribeLogGroups",
          .input = Struct({
              Optional("accountIdentifiers", ListOf(Text(12, 12), 0, 20)),
              Optional("logGroupNamePrefix", NameShape()),
              Optional("logGroupNamePattern", Text(0, 512)),
              Optional("logGroupClass", OneOf(kClasses)),
              Optional("logGroupIdentifiers", ListOf(Text(1, 2048), 1, 50)),
              Accepted("includeLinkedAccounts", Bool()),
              Optional("nextToken", Text(1)),
              Optional("limit", Int(1, kPageMax)),
          }),
          .run = RunDescribeLogGroups};
}

Operation ListLogGroups() {
  const ShapePtr tag =
      Struct({Required("key", Text(1, 128)), Optional("values", ListOf(Text(0, 256)))});
  return {.name = "ListLogGroups",
          .input = Struct({
              Optional("logGroupNamePattern", Text(3, 129)),
              Optional("logGroupClass", OneOf(kClasses)),
              Optional("logGroupTags", ListOf(tag)),
              Optional("accountIdentifiers", ListOf(Text(12, 12), 0, 20)),
              Accepted("includeLinkedAccounts", Bool()),
              Optional("nextToken", Text(1)),
              Optional("limit", Int(1, kListPageMax)),
          }),
          .run = RunListLogGroups};
}

Operation PutRetentionPolicy() {
  return {.name = "PutRetentionPolicy",
          .role = api::Role::kAnalyst,
          .input = Struct({
              Required("logGroupName", NameShape()),
              Required("retentionInDays", Int()),
          }),
          .run = RunPutRetentionPolicy};
}

Operation DeleteRetentionPolicy() {
  return {.name = "DeleteRetentionPolicy",
          .role = api::Role::kAnalyst,
          .input = Struct({Required("logGroupName", NameShape())}),
          .run = RunDeleteRetentionPolicy};
}

}  // namespace securebase::aws::logs
