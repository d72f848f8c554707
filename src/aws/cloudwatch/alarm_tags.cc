// TagResource, UntagResource, ListTagsForResource (spec: cloudwatch-api 6.8).

#include "aws/cloudwatch/alarm_common.h"
#include "aws/cloudwatch/common.h"
#include "aws/cloudwatch/operations.h"
#include "base/text.h"

namespace securebase::aws::cloudwatch {
namespace {

bool Exists(const std::string& arn, const CallContext& context) {
  const std::vector<std::string_view> parts = Split(arn, ':');
  if (parts.size() < 6 || parts[0] != "arn" || parts[2] != "cloudwatch") return false;
  if (parts[4] != context.account_number()) return false;
  const std::string kind(parts[5]);
  if (kind.starts_with("dashboard/")) return true;  // dashboards keep their own names
  if (parts.size() < 7 || parts[3] != context.account.region) return false;
  const std::size_t begin = arn.find(kind + ":") + kind.size() + 1;
  const std::string name = arn.substr(begin);
  const alarms::AlarmStore& store = context.stores.alarms.store();
  if (kind == "alarm") return store.Find(context.account, name) != nullptr;
  if (kind == "alarm-mute-rule") return store.FindMuteRule(context.account, name).has_value();
  return false;
}

Error Unknown() {
  return Error(ErrorCode::kNotFound, "Unknown", "ResourceARN", "ResourceNotFoundException");
}

Result<Value> RunTag(const Value& request, CallContext& context) {
  SB_TRY(const documents::Tags tags, TagsOf(request));
  const std::string& arn = *request.Text("ResourceARN");
  if (!Exists(arn, context)) return Unknown();
  SB_TRY_OK(documents::TagStore(context.stores.documents).Add(context.account, arn, tags));
  return Value::MakeStruct({});  // an empty result, which clients look for
}

Result<Value> RunUntag(const Value& request, CallContext& context) {
  const std::string& arn = *request.Text("ResourceARN");
  if (!Exists(arn, context)) return Unknown();
  SB_TRY_OK(documents::TagStore(context.stores.documents)
                .Remove(context.account, arn, TextsOf(request, "TagKeys")));
  return Value::MakeStruct({});  // an empty result, which clients look for
}

Result<Value> RunList(const Value& request, CallContext& context) {
  SB_TRY(const documents::Tags tags, documents::TagStore(context.stores.documents)
                                         .List(context.account, *request.Text("ResourceARN")));
  Value::List list;
  for (const auto& [key, value] : tags) {
    list.push_back(Value::MakeStruct({{"Key", key}, {"Value", value}}));
  }
  return Value::MakeStruct({{"Tags", std::move(list)}});
}

}  // namespace

Operation TagResource() {
  return {.name = "TagResource",
          .role = api::Role::kManager,
          .input = Struct({Required("ResourceARN", Text(1, 1024)), Required("Tags", TagsShape())}),
          .run = RunTag};
}

Operation UntagResource() {
  return {.name = "UntagResource",
          .role = api::Role::kManager,
          .input = Struct({Required("ResourceARN", Text(1, 1024)),
                           Required("TagKeys", ListOf(Text(1, 128)))}),
          .run = RunUntag};
}

Operation ListTagsForResource() {
  return {.name = "ListTagsForResource",
          .input = Struct({Required("ResourceARN", Text(1, 1024))}),
          .run = RunList};
}

}  // namespace securebase::aws::cloudwatch
