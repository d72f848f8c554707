// ListMetrics (spec: cloudwatch-api 4.3).

#include <string>
#include <utility>

#include "aws/cloudwatch/common.h"
#include "aws/cloudwatch/operations.h"
#include "base/bytes.h"

namespace securebase::aws::cloudwatch {
namespace {

using std::chrono::hours;

constexpr std::size_t kPageMax = 500;
constexpr Duration kListed = hours(24 * 14);  // a metric without data for longer is not listed
constexpr Duration kRecent = hours(3);

std::string EncodePosition(const metrics::Metric& metric) {
  std::string out;
  PutBytes(out, metric.namespace_name);
  PutBytes(out, metric.name);
  for (const metrics::Dimension& dimension : metric.dimensions) {
    PutBytes(out, dimension.name);
    PutBytes(out, dimension.value);
  }
  return out;
}

metrics::Metric DecodePosition(std::string_view bytes) {
  ByteReader reader(bytes);
  metrics::Metric metric;
  metric.namespace_name = reader.Bytes();
  metric.name = reader.Bytes();
  while (reader.ok() && !reader.empty()) {
    std::string name(reader.Bytes());
    metric.dimensions.push_back({std::move(name), std::string(reader.Bytes())});
  }
  return metric;
}

/// What must stay the same from page to page.
std::string QuestionOf(const metrics::ListRequest& list, const CallContext& context) {
  std::string out = "ListMetrics";
  for (std::string_view part :
       {std::string_view(context.account.id), std::string_view(context.account.region),
        std::string_view(list.namespace_name.value_or("")),
        std::string_view(list.name.value_or(""))}) {
    PutBytes(out, part);
  }
  for (const metrics::Dimension& dimension : list.dimensions) {
    PutBytes(out, dimension.name);
    PutBytes(out, dimension.value);
  }
  return out;
}

Result<metrics::ListRequest> ListRequestOf(const Value& request, const CallContext& context) {
  metrics::ListRequest list;
  list.metrics_max = kPageMax;
  if (const std::string* text = request.Text("Namespace")) list.namespace_name = *text;
  if (const std::string* text = request.Text("MetricName")) list.name = *text;
  for (const Value& filter : request.Elements("Dimensions")) {
    list.dimensions.push_back({filter.TextOr("Name", ""), filter.TextOr("Value", "")});
  }
  list.active_since = context.now - (request.Has("RecentlyActive") ? kRecent : kListed);
  return list;
}

Result<Value> Run(const Value& request, CallContext& context) {
  SB_TRY(metrics::ListRequest list, ListRequestOf(request, context));
  const std::string question = QuestionOf(list, context);
  if (const std::string* token = request.Text("NextToken")) {
    const auto position = context.tokens.Open(question, *token, context.now);
    if (!position.ok()) {
      return InvalidValue("NextToken", "Request parameter NextToken is invalid");
    }
    list.after = DecodePosition(*position);
  }
  metrics::ListPage page;
  // Another account's metrics are none of the caller's.
  if (request.TextOr("OwningAccount", context.account_number()) == context.account_number()) {
    SB_TRY(page, context.stores.metrics.List(context.account, list));
  }
  Value::List metrics, owners;
  for (const metrics::Metric& metric : page.metrics) {
    metrics.push_back(Value::MakeStruct({{"Namespace", metric.namespace_name},
                                         {"MetricName", metric.name},
                                         {"Dimensions", DimensionsValue(metric.dimensions)}}));
    owners.push_back(context.account_number());
  }
  Value answer = Value::MakeStruct({{"Metrics", std::move(metrics)}});
  if (page.more && !page.metrics.empty()) {
    answer.Set("NextToken",
               context.tokens.Seal(question, EncodePosition(page.metrics.back()), context.now));
  }
  if (request.Bool("IncludeLinkedAccounts", false)) {
    answer.Set("OwningAccounts", std::move(owners));
  }
  return answer;
}

}  // namespace

Operation ListMetrics() {
  const ShapePtr filter =
      Struct({Required("Name", Text(1, 255)), Optional("Value", Text(1, 1024))});
  return {.name = "ListMetrics",
          .input = Struct({
              Optional("Namespace", Text(1, 255)),
              Optional("MetricName", Text(1, 255)),
              Optional("Dimensions", ListOf(filter, {}, 10)),
              Optional("NextToken", Text()),
              Optional("RecentlyActive", OneOf({"PT3H"})),
              Optional("IncludeLinkedAccounts", Bool()),
              Optional("OwningAccount", Text(1, 255)),
          }),
          .run = Run};
}

}  // namespace securebase::aws::cloudwatch
