#include "aws/logs/log_tags.h"

#include <map>

#include "aws/logs/common.h"
#include "aws/logs/operations.h"

namespace securebase::aws::logs {
namespace {

constexpr std::string_view kTagPrefix = "tag:";
constexpr std::size_t kTagsMax = 50;
constexpr std::size_t kKeyMax = 128;
constexpr std::size_t kValueMax = 256;

Value::Fields TagsOf(const events::LogGroup& group) {
  Value::Fields tags;
  for (const auto& [name, value] : group.attributes) {
    if (name.starts_with(kTagPrefix)) tags.emplace_back(name.substr(kTagPrefix.size()), value);
  }
  return tags;
}

Result<Value> SetTags(const std::string& name, const Value& request, CallContext& context) {
  const Value::Fields& tags = request.Entries("tags");
  SB_TRY_OK(CheckTags(tags, "tags"));
  SB_TRY(const events::LogGroup group, FindGroup(context, name));
  std::map<std::string, std::optional<std::string>> changes;
  for (const auto& [key, value] : tags) changes[TagAttribute(key)] = *value.As<std::string>();
  std::size_t count = TagsOf(group).size();
  for (const auto& [attribute, value] : changes) {
    count += group.attributes.contains(attribute) ? 0 : 1;
  }
  if (count > kTagsMax) {
    return Error(ErrorCode::kLimitExceeded, "A log group can have at most 50 tags.", "tags",
                 "LimitExceededException");
  }
  SB_TRY_OK(context.stores.logs.ChangeAttributes(context.account, name, changes));
  return Value();
}

Result<Value> RemoveTags(const std::string& name, const Value::List& keys, CallContext& context) {
  SB_TRY_OK(FindGroup(context, name));
  std::map<std::string, std::optional<std::string>> changes;
  for (const Value& key : keys) changes[TagAttribute(*key.As<std::string>())] = std::nullopt;
  SB_TRY_OK(context.stores.logs.ChangeAttributes(context.account, name, changes));
  return Value();
}

Result<Value> ListTags(const std::string& name, CallContext& context) {
  SB_TRY(const events::LogGroup group, FindGroup(context, name));
  return Value::MakeStruct({{"tags", Value(Value::Map{TagsOf(group)})}});
}

/// The group that resourceArn names: other resources have no tags here.
Result<std::string> GroupOfArn(const Value& request, const CallContext& context) {
  const std::string& arn = *request.Text("resourceArn");
  if (!arn.starts_with("arn:")) {
    return InvalidParameter("resourceArn", "The specified resourceArn is not an ARN: " + arn);
  }
  return NameOfIdentifier(context, arn, "resourceArn");
}

Result<Value> RunTagLogGroup(const Value& request, CallContext& context) {
  return SetTags(*request.Text("logGroupName"), request, context);
}
Result<Value> RunTagResource(const Value& request, CallContext& context) {
  SB_TRY(const std::string group, GroupOfArn(request, context));
  return SetTags(group, request, context);
}
Result<Value> RunUntagLogGroup(const Value& request, CallContext& context) {
  return RemoveTags(*request.Text("logGroupName"), request.Elements("tags"), context);
}
Result<Value> RunUntagResource(const Value& request, CallContext& context) {
  SB_TRY(const std::string group, GroupOfArn(request, context));
  return RemoveTags(group, request.Elements("tagKeys"), context);
}
Result<Value> RunListTagsLogGroup(const Value& request, CallContext& context) {
  return ListTags(*request.Text("logGroupName"), context);
}
Result<Value> RunListTagsForResource(const Value& request, CallContext& context) {
  SB_TRY(const std::string group, GroupOfArn(request, context));
  return ListTags(group, context);
}

ShapePtr ArnShape() { return Text(1, 1011); }

}  // namespace

std::string TagAttribute(std::string_view key) { return std::string(kTagPrefix).append(key); }

Result<> CheckTags(const Value::Fields& tags, std::string_view member) {
  for (const auto& [key, value] : tags) {
    if (key.empty() || key.size() > kKeyMax) {
      return Constraint(key, member,
                        "Map keys must satisfy constraint: [Member must have length less than or "
                        "equal to 128, Member must have length greater than or equal to 1]");
    }
    if (value.As<std::string>()->size() > kValueMax) {
      return Constraint(*value.As<std::string>(), member,
                        "Map value must satisfy constraint: [Member must have length less than or "
                        "equal to 256]");
    }
  }
  if (tags.size() > kTagsMax) {
    return Constraint("", member, "Member must have length less than or equal to 50");
  }
  return {};
}

Operation TagLogGroup() {
  return {.name = "TagLogGroup",
          .role = api::Role::kAnalyst,
          .input = Struct({Required("logGroupName", NameShape()), Required("tags", MapOf(Text()))}),
          .run = RunTagLogGroup};
}
Operation TagResource() {
  return {.name = "TagResource",
          .role = api::Role::kAnalyst,
          .input = Struct({Required("resourceArn", ArnShape()), Required("tags", MapOf(Text()))}),
          .run = RunTagResource};
}
Operation UntagLogGroup() {
  return {.name = "UntagLogGroup",
          .role = api::Role::kAnalyst,
          .input = Struct({
              Required("logGroupName", NameShape()),
              Required("tags", ListOf(Text(1, 128), 1)),
          }),
          .run = RunUntagLogGroup};
}
Operation UntagResource() {
  return {.name = "UntagResource",
          .role = api::Role::kAnalyst,
          .input = Struct({
              Required("resourceArn", ArnShape()),
              Required("tagKeys", ListOf(Text(1, 128), 0, 50)),
          }),
          .run = RunUntagResource};
}
Operation ListTagsLogGroup() {
  return {.name = "ListTagsLogGroup",
          .input = Struct({Required("logGroupName", NameShape())}),
          .run = RunListTagsLogGroup};
}
Operation ListTagsForResource() {
  return {.name = "ListTagsForResource",
          .input = Struct({Required("resourceArn", ArnShape())}),
          .run = RunListTagsForResource};
}

}  // namespace securebase::aws::logs
