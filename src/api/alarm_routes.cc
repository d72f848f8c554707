#include "api/alarm_routes.h"

#include <utility>

#include "alarms/replay.h"
#include "api/internal/body.h"
#include "base/text.h"

namespace securebase::api {
namespace {

using alarms::Alarm;
using alarms::AlarmPtr;

constexpr Duration kReplayDefault = std::chrono::hours(24);

const Account& AccountOf(const Call& call) { return call.caller.customer.account; }

/// The definition's members with the alarm's state beside them.
json::Value Shown(const Alarm& alarm, const alarms::AlarmStore& store) {
  json::Value out = json::Parse(alarm.definition->body).value_or(json::Value(json::Object()));
  out.Set("AlarmArn", alarm.definition->arn);
  out.Set("AlarmType", alarms::AlarmTypeOf(alarm));
  out.Set("ActionsEnabled", alarm.actions_enabled);
  out.Set("StateValue", alarms::ToText(alarm.state.value));
  out.Set("StateReason", alarm.state.reason);
  out.Set("StateUpdatedTimestamp", FormatIsoMillis(alarm.state.updated));
  out.Set("StateTransitionedTimestamp", FormatIsoMillis(alarm.state.transitioned));
  out.Set("AlarmConfigurationUpdatedTimestamp", FormatIsoMillis(alarm.configured_at));
  const std::string evaluation = store.EvaluationStateOf({alarm.account, alarm.name()});
  if (!evaluation.empty()) out.Set("EvaluationState", evaluation);
  return out;
}

Result<AlarmPtr> FindNamed(const alarms::AlarmService& service, const Call& call) {
  const std::string name(call.PathValue("name"));
  AlarmPtr alarm = service.store().Find(AccountOf(call), name);
  if (alarm == nullptr) return NotFound("there is no alarm named " + name);
  return alarm;
}

Result<std::optional<Instant>> TimeParameter(const Call& call, std::string_view name) {
  const std::string* text = call.Parameter(name);
  if (text == nullptr) return std::optional<Instant>();
  Result<Instant> time = ParseIsoOrEpoch(*text);
  if (!time.ok()) return InvalidArgument(std::string(name), "must be a time, ISO 8601");
  return std::optional(*time);
}

Result<http::Response> List(const alarms::AlarmService& service, const Call& call) {
  SB_TRY_OK(call.CheckParameters({"state", "prefix"}));
  const std::string* state = call.Parameter("state");
  const std::string* prefix = call.Parameter("prefix");
  if (state != nullptr && !alarms::ParseStateValue(*state)) {
    return InvalidArgument("state", "must be OK, ALARM or INSUFFICIENT_DATA");
  }
  json::Array list;
  for (const AlarmPtr& alarm : service.store().All(AccountOf(call))) {
    if (state != nullptr && alarms::ToText(alarm->state.value) != *state) continue;
    if (prefix != nullptr && !alarm->name().starts_with(*prefix)) continue;
    list.push_back(Shown(*alarm, service.store()));
  }
  json::Value out;
  out.Set("count", static_cast<std::int64_t>(list.size()));
  out.Set("alarms", std::move(list));
  return JsonResponse(out);
}

Result<http::Response> Put(alarms::AlarmService& service, const Call& call) {
  SB_TRY(const json::Value body, call.JsonBody());
  SB_TRY(alarms::Definition definition, alarms::ParseAlarm(body, AccountOf(call)));
  SB_TRY(const AlarmPtr alarm, service.store().Put(AccountOf(call), std::move(definition)));
  service.Wake();
  return JsonResponse(Shown(*alarm, service.store()), 201);
}

Result<http::Response> History(const alarms::AlarmService& service, const Call& call) {
  SB_TRY_OK(call.CheckParameters({"limit"}));
  alarms::HistoryQuery query;
  query.alarm_name = std::string(call.PathValue("name"));
  if (const std::string* limit = call.Parameter("limit")) {
    const auto number = ParseInt(*limit);
    if (!number || *number < 1 || *number > 1000) {
      return InvalidArgument("limit", "must be between 1 and 1000");
    }
    query.items_max = static_cast<std::size_t>(*number);
  }
  SB_TRY(const alarms::HistoryPage page, service.store().History(AccountOf(call), query));
  json::Array items;
  for (const alarms::HistoryItem& item : page.items) {
    json::Value one;
    one.Set("time", FormatIsoMillis(item.time));
    one.Set("type", item.type);
    one.Set("summary", item.summary);
    one.Set("data", json::Parse(item.data).value_or(json::Value()));
    items.push_back(std::move(one));
  }
  json::Value out;
  out.Set("alarmName", *query.alarm_name);
  out.Set("items", std::move(items));
  return JsonResponse(out);
}

Result<http::Response> Why(const alarms::AlarmService& service, const Call& call,
                           const Clock& clock) {
  SB_TRY_OK(call.CheckParameters({"at"}));
  SB_TRY(const std::optional<Instant> at, TimeParameter(call, "at"));
  SB_TRY(const json::Value why,
         alarms::Why(service.store(), service.evaluator(), AccountOf(call),
                     std::string(call.PathValue("name")), at, clock.Now()));
  return JsonResponse(why);
}

Result<http::Response> ReplayOver(const alarms::AlarmService& service, const Call& call,
                                  const alarms::Definition& definition,
                                  std::optional<Instant> from, std::optional<Instant> to,
                                  const Clock& clock) {
  const Instant end = to.value_or(clock.Now());
  SB_TRY(const alarms::Replayed replayed,
         alarms::Replay(definition, AccountOf(call), service.evaluator(),
                        from.value_or(end - kReplayDefault), end));
  json::Value out = alarms::ToJson(replayed);
  out.Set("chart", alarms::ToChart(replayed));
  return JsonResponse(out);
}

Result<http::Response> ReplayNamed(const alarms::AlarmService& service, const Call& call,
                                   const Clock& clock) {
  SB_TRY_OK(call.CheckParameters({"from", "to"}));
  SB_TRY(const auto from, TimeParameter(call, "from"));
  SB_TRY(const auto to, TimeParameter(call, "to"));
  SB_TRY(const AlarmPtr alarm, FindNamed(service, call));
  return ReplayOver(service, call, *alarm->definition, from, to, clock);
}

/// Body: {"alarm": {..}, "from", "to"}.
Result<http::Response> ReplayBody(const alarms::AlarmService& service, const Call& call,
                                  const Clock& clock) {
  SB_TRY(const json::Value body, call.JsonBody());
  const json::Value* alarm = body.Find("alarm");
  if (alarm == nullptr) return InvalidArgument("alarm", "is missing");
  SB_TRY(const alarms::Definition definition, alarms::ParseAlarm(*alarm, AccountOf(call)));
  std::optional<Instant> times[2];
  constexpr std::string_view kNames[2] = {"from", "to"};
  for (int i = 0; i < 2; ++i) {
    const json::Value* text = body.Find(kNames[i]);
    if (text == nullptr || text->IsNull()) continue;
    if (!text->IsString()) return InvalidArgument(std::string(kNames[i]), "must be a time");
    Result<Instant> time = ParseIsoOrEpoch(text->AsString());
    if (!time.ok()) return InvalidArgument(std::string(kNames[i]), "must be a time, ISO 8601");
    times[i] = *time;
  }
  return ReplayOver(service, call, definition, times[0], times[1], clock);
}

}  // namespace

std::vector<Route> AlarmRoutes(const AlarmRouteParts& parts) {
  alarms::AlarmService& service = parts.alarms;
  const Clock& clock = parts.clock;
  auto answering = [&clock](auto function) { return Answering(clock, std::move(function)); };
  return {
      {.method = "GET", .pattern = "/alarms", .handler = answering([&service](const Call& call) {
         return List(service, call);
       })},
      {.method = "POST",
       .pattern = "/alarms",
       .role = Role::kManager,
       .handler = answering([&service](const Call& call) { return Put(service, call); })},
      {.method = "POST",
       .pattern = "/alarms/replay",
       .handler = answering([&service, &clock](const Call& call) {
         return ReplayBody(service, call, clock);
       })},
      {.method = "GET",
       .pattern = "/alarms/{name}",
       .handler = answering([&service](const Call& call) -> Result<http::Response> {
         SB_TRY(const AlarmPtr alarm, FindNamed(service, call));
         return JsonResponse(Shown(*alarm, service.store()));
       })},
      {.method = "DELETE",
       .pattern = "/alarms/{name}",
       .role = Role::kManager,
       .handler = answering([&service](const Call& call) -> Result<http::Response> {
         SB_TRY(const AlarmPtr alarm, FindNamed(service, call));
         SB_TRY_OK(service.store().Delete(AccountOf(call), {alarm->name()}));
         service.Wake();
         http::Response response;
         response.status = 204;
         return response;
       })},
      {.method = "GET",
       .pattern = "/alarms/{name}/history",
       .handler = answering([&service](const Call& call) { return History(service, call); })},
      {.method = "GET",
       .pattern = "/alarms/{name}/why",
       .handler = answering([&service, &clock](const Call& call) {
         return Why(service, call, clock);
       })},
      {.method = "GET",
       .pattern = "/alarms/{name}/replay",
       .handler = answering([&service, &clock](const Call& call) {
         return ReplayNamed(service, call, clock);
       })},
  };
}

}  // namespace securebase::api
