#include "alarms/internal/records.h"

#include "base/text.h"

namespace securebase::alarms::internal {
namespace {

using documents::Item;
using documents::StringAttribute;

std::int64_t IntAttribute(const Item& item, std::string_view name) {
  const auto found = item.find(name);
  if (found == item.end() || found->second.number() == nullptr) return 0;
  return ParseInt(found->second.number()->text()).value_or(0);
}

Instant TimeAttribute(const Item& item, std::string_view name) {
  return FromUnixMillis(IntAttribute(item, name));
}

bool BoolAttribute(const Item& item, std::string_view name) {
  const auto found = item.find(name);
  return found != item.end() && found->second.boolean() != nullptr && *found->second.boolean();
}

StateValue StateAttribute(const Item& item, std::string_view name) {
  return ParseStateValue(StringAttribute(item, name)).value_or(StateValue::kInsufficientData);
}

std::string ContributorsText(const std::map<std::string, Contributor>& contributors) {
  std::string out;
  json::Writer writer(out);
  writer.BeginArray();
  for (const auto& [label, one] : contributors) {
    writer.BeginObject()
        .Member("label", label)
        .Member("state", ToText(one.state))
        .Member("reason", one.reason)
        .Member("transitioned", ToUnixMillis(one.transitioned))
        .EndObject();
  }
  writer.EndArray();
  return out;
}

std::map<std::string, Contributor> ContributorsFrom(const std::string& text) {
  std::map<std::string, Contributor> out;
  const json::Value list = json::Parse(text).value_or(json::Value(json::Array()));
  if (!list.IsArray()) return out;
  for (const json::Value& one : list.AsArray()) {
    Contributor& contributor = out[one.Find("label")->AsString()];
    contributor.state = ParseStateValue(one.Find("state")->AsString())
                            .value_or(StateValue::kInsufficientData);
    contributor.reason = one.Find("reason")->AsString();
    contributor.transitioned = FromUnixMillis(one.Find("transitioned")->AsInt());
  }
  return out;
}

std::string AlarmOwner(const Account& account, std::string_view name) {
  return OwnerOf(account) + "|" + std::string(name);
}

Result<> Create(documents::DocumentStore& documents, const Account& home, Instant now,
                std::string_view name, std::string partition, std::string sort) {
  documents::TableDescription table{.name = std::string(name),
                                    .partition_key = {std::move(partition)},
                                    .sort_key = documents::KeyAttribute{std::move(sort)},
                                    .created_at = now,
                                    .internal = true};
  if (documents.DescribeTable(home, table.name).ok()) return {};
  SB_TRY_OK(documents.CreateTable(home, table));
  return {};
}

}  // namespace

Result<> CreateTables(documents::DocumentStore& documents, const Account& home, Instant now) {
  SB_TRY_OK(Create(documents, home, now, kAlarmsTable, "owner", "name"));
  SB_TRY_OK(Create(documents, home, now, kHistoryTable, "alarm", "id"));
  SB_TRY_OK(Create(documents, home, now, kHistoryIdsTable, "owner", "id"));
  SB_TRY_OK(Create(documents, home, now, kActionsTable, "queue", "id"));
  SB_TRY_OK(Create(documents, home, now, kMuteRulesTable, "owner", "name"));
  return Create(documents, home, now, kServiceTable, "part", "name");
}

std::string OwnerOf(const Account& account) { return account.id + "|" + account.region; }

Account AccountOf(std::string_view owner) {
  const std::size_t mark = owner.find('|');
  if (mark == std::string_view::npos) return Account{std::string(owner), ""};
  return Account{std::string(owner.substr(0, mark)), std::string(owner.substr(mark + 1))};
}

Item AlarmItem(const Alarm& alarm) {
  Item item{{"owner", OwnerOf(alarm.account)},
            {"name", alarm.name()},
            {"body", alarm.definition->body},
            {"actions_enabled", alarm.actions_enabled},
            {"configured_at", ToUnixMillis(alarm.configured_at)},
            {"created_at", ToUnixMillis(alarm.created_at)},
            {"state", ToText(alarm.state.value)},
            {"reason", alarm.state.reason},
            {"reason_data", alarm.state.reason_data},
            {"updated", ToUnixMillis(alarm.state.updated)},
            {"transitioned", ToUnixMillis(alarm.state.transitioned)},
            {"previous", ToText(alarm.previous)},
            {"transition_id", alarm.transition_id},
            {"evaluated_through", ToUnixMillis(alarm.evaluated_through)}};
  if (alarm.muted) item["muted"] = ToText(*alarm.muted);
  if (!(alarm.suppression == Suppression())) {
    item["suppressed_by"] = static_cast<std::int64_t>(alarm.suppression.by);
    item["suppressed_until"] = ToUnixMillis(alarm.suppression.until);
    item["suppressed_change"] = alarm.suppression.changed;
  }
  if (!alarm.contributors.empty()) item["contributors"] = ContributorsText(alarm.contributors);
  return item;
}

Result<Alarm> AlarmFromItem(const Item& item) {
  Alarm alarm;
  alarm.account = AccountOf(StringAttribute(item, "owner"));
  SB_TRY(const json::Value body, json::Parse(StringAttribute(item, "body")));
  SB_TRY(Definition definition, ParseAlarm(body, alarm.account));
  alarm.actions_enabled = BoolAttribute(item, "actions_enabled");
  alarm.definition = std::make_shared<const Definition>(std::move(definition));
  alarm.configured_at = TimeAttribute(item, "configured_at");
  alarm.created_at = TimeAttribute(item, "created_at");
  alarm.state.value = StateAttribute(item, "state");
  alarm.state.reason = StringAttribute(item, "reason");
  alarm.state.reason_data = StringAttribute(item, "reason_data");
  alarm.state.updated = TimeAttribute(item, "updated");
  alarm.state.transitioned = TimeAttribute(item, "transitioned");
  alarm.previous = StateAttribute(item, "previous");
  alarm.transition_id = StringAttribute(item, "transition_id");
  alarm.evaluated_through = TimeAttribute(item, "evaluated_through");
  if (item.contains("muted")) alarm.muted = StateAttribute(item, "muted");
  if (item.contains("suppressed_by")) {
    alarm.suppression.by = static_cast<SuppressedBy>(IntAttribute(item, "suppressed_by"));
    alarm.suppression.until = TimeAttribute(item, "suppressed_until");
    alarm.suppression.changed = BoolAttribute(item, "suppressed_change");
  }
  alarm.contributors = ContributorsFrom(StringAttribute(item, "contributors"));
  return alarm;
}

Item HistoryRecord(const Account& account, const HistoryItem& item) {
  return {{"alarm", AlarmOwner(account, item.alarm_name)},
          {"id", item.id},
          {"name", item.alarm_name},
          {"alarm_type", item.alarm_type},
          {"time", ToUnixMillis(item.time)},
          {"type", item.type},
          {"summary", item.summary},
          {"data", item.data},
          {"contributor", item.contributor}};
}

Item HistoryIdRecord(const Account& account, const HistoryItem& item) {
  return {{"owner", OwnerOf(account)}, {"id", item.id}, {"name", item.alarm_name}};
}

HistoryItem HistoryFromItem(const Item& item) {
  HistoryItem out;
  out.alarm_name = StringAttribute(item, "name");
  out.alarm_type = StringAttribute(item, "alarm_type");
  out.id = StringAttribute(item, "id");
  out.time = TimeAttribute(item, "time");
  out.type = StringAttribute(item, "type");
  out.summary = StringAttribute(item, "summary");
  out.data = StringAttribute(item, "data");
  out.contributor = StringAttribute(item, "contributor");
  return out;
}

Item ActionRecord(const std::string& id, const Action& action) {
  return {{"queue", "pending"},
          {"id", id},
          {"key", action.key},
          {"transition_id", action.transition_id},
          {"arn", action.arn},
          {"owner", OwnerOf(action.account)},
          {"alarm_name", action.alarm_name},
          {"alarm_arn", action.alarm_arn},
          {"alarm_type", action.alarm_type},
          {"before", ToText(action.before)},
          {"after", ToText(action.after)},
          {"reason", action.reason},
          {"reason_data", action.reason_data},
          {"definition", action.definition},
          {"changed_at", ToUnixMillis(action.changed_at)},
          {"subject", action.publication.subject},
          {"message", action.publication.message},
          {"event", action.publication.event}};
}

Result<Action> ActionFromItem(const Item& item) {
  Action out;
  out.key = StringAttribute(item, "key");
  if (out.key.empty()) return Internal("an alarm's action lacks its key");
  out.transition_id = StringAttribute(item, "transition_id");
  out.arn = StringAttribute(item, "arn");
  out.account = AccountOf(StringAttribute(item, "owner"));
  out.alarm_name = StringAttribute(item, "alarm_name");
  out.alarm_arn = StringAttribute(item, "alarm_arn");
  out.alarm_type = StringAttribute(item, "alarm_type");
  out.before = StateAttribute(item, "before");
  out.after = StateAttribute(item, "after");
  out.reason = StringAttribute(item, "reason");
  out.reason_data = StringAttribute(item, "reason_data");
  out.definition = StringAttribute(item, "definition");
  out.changed_at = TimeAttribute(item, "changed_at");
  out.publication.subject = StringAttribute(item, "subject");
  out.publication.message = StringAttribute(item, "message");
  out.publication.event = StringAttribute(item, "event");
  return out;
}

Item MuteRuleRecord(const Account& account, const MuteRule& rule) {
  return {{"owner", OwnerOf(account)},
          {"name", rule.name},
          {"body", rule.body},
          {"updated", ToUnixMillis(rule.updated)}};
}

Result<MuteRule> MuteRuleFromItem(const Item& item) {
  SB_TRY(const json::Value body, json::Parse(StringAttribute(item, "body")));
  return ParseMuteRule(body, AccountOf(StringAttribute(item, "owner")),
                       TimeAttribute(item, "updated"));
}

documents::Write PutWrite(std::string_view table, const Item& item, std::string_view partition,
                          std::string_view sort) {
  Item key{{std::string(partition), item.find(partition)->second},
           {std::string(sort), item.find(sort)->second}};
  return {.table = std::string(table),
          .key = std::move(key),
          .mutation = [item](const Item*) -> Result<documents::Change> {
            return documents::Change{.kind = documents::Change::Kind::kPut, .item = item};
          }};
}

documents::Write DeleteWrite(std::string_view table, Item key) {
  return {.table = std::string(table),
          .key = std::move(key),
          .mutation = [](const Item*) -> Result<documents::Change> {
            return documents::Change{.kind = documents::Change::Kind::kDelete};
          }};
}

}  // namespace securebase::alarms::internal
