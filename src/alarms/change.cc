#include "alarms/internal/change.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "alarms/internal/records.h"

namespace securebase::alarms {
namespace {

AlarmKey KeyOf(const Alarm& alarm) { return {alarm.account, alarm.name()}; }

SuppressionPeriods PeriodsOf(const Alarm& alarm) {
  return {alarm.definition->composite->wait, alarm.definition->composite->extension};
}

/// "Friday 22 July, 2022 15:57:45 UTC".
std::string LongTime(Instant t) {
  constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                     "Thursday", "Friday", "Saturday"};
  constexpr std::array<std::string_view, 12> kMonths = {
      "January", "February", "March",     "April",   "May",      "June",
      "July",    "August",   "September", "October", "November", "December"};
  const auto day = std::chrono::floor<std::chrono::days>(t);
  const std::chrono::year_month_day ymd(day);
  return fmt::format("{} {:02} {}, {} {} UTC", kDays[std::chrono::weekday(day).c_encoding()],
                     static_cast<unsigned>(ymd.day()),
                     kMonths[static_cast<unsigned>(ymd.month()) - 1], static_cast<int>(ymd.year()),
                     FormatIsoMillis(t).substr(11, 8));
}

std::string TriggerData(const Alarm& child) {
  std::string out;
  json::Writer writer(out);
  writer.BeginObject().Key("triggeringAlarms").BeginArray().BeginObject();
  writer.Member("arn", child.definition->arn).Key("state").BeginObject();
  writer.Member("value", ToText(child.state.value))
      .Member("timestamp", FormatZoned(child.state.transitioned));
  writer.EndObject().EndObject().EndArray().EndObject();
  return out;
}

}  // namespace

const Alarm* AlarmStore::Change::Find(const AlarmKey& key) const {
  if (const auto edited = edits_.find(key); edited != edits_.end()) {
    return edited->second ? &*edited->second : nullptr;
  }
  // Only this thread writes, so the pointer stays valid for the change.
  std::shared_lock lock(store_.mutex_);
  return store_.FindLocked(key.account, key.name).get();
}

Alarm* AlarmStore::Change::Edit(const AlarmKey& key) {
  if (const auto edited = edits_.find(key); edited != edits_.end()) {
    return edited->second ? &*edited->second : nullptr;
  }
  const Alarm* present = Find(key);
  if (present == nullptr) return nullptr;
  return &*edits_.emplace(key, *present).first->second;
}

Alarm& AlarmStore::Change::Add(Alarm alarm) {
  const AlarmKey key = KeyOf(alarm);
  return *edits_.insert_or_assign(key, std::move(alarm)).first->second;
}

void AlarmStore::Change::Remove(const AlarmKey& key) { edits_[key] = std::nullopt; }

void AlarmStore::Change::AddHistory(const Alarm& alarm, std::string type, std::string summary,
                                    std::string data, std::string contributor) {
  HistoryItem item;
  item.alarm_name = alarm.name();
  item.alarm_type = AlarmTypeOf(alarm);
  item.type = std::move(type);
  item.summary = std::move(summary);
  item.data = std::move(data);
  item.contributor = std::move(contributor);
  AddHistory(alarm.account, std::move(item));
}

void AlarmStore::Change::AddHistory(const Account& account, HistoryItem item) {
  item.id = store_.NextId(now_);
  item.time = now_;
  history_.emplace_back(account, std::move(item));
}

bool AlarmStore::Change::IsMuted(const Alarm& alarm) const {
  std::shared_lock lock(store_.mutex_);
  const auto found = store_.mutes_.find(alarm.account);
  if (found == store_.mutes_.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(), [&](const auto& entry) {
    return entry.second.Mutes(alarm.name(), now_);
  });
}

void AlarmStore::Change::RunActions(Alarm& alarm, bool after_mute) {
  alarm.muted.reset();
  const std::vector<std::string>& wanted = alarm.definition->ActionsOf(alarm.state.value);
  if (!alarm.actions_enabled || wanted.empty()) return;
  if (IsMuted(alarm)) {
    alarm.muted = alarm.state.value;
    return;
  }
  const std::string id = store_.NextId(now_);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    Action action;
    action.key = internal::OwnerOf(alarm.account) + "|" + alarm.name() + "|" +
                 alarm.transition_id + "|" + std::to_string(i);
    action.transition_id = alarm.transition_id;
    action.arn = wanted[i];
    action.account = alarm.account;
    action.alarm_name = alarm.name();
    action.alarm_arn = alarm.definition->arn;
    action.alarm_type = AlarmTypeOf(alarm);
    action.before = alarm.previous;
    action.after = alarm.state.value;
    action.reason = alarm.state.reason;
    action.reason_data = alarm.state.reason_data;
    action.definition = alarm.definition->body;
    action.changed_at = alarm.state.transitioned;
    action.publication = PublicationOf(alarm, after_mute, alarm.transition_id);
    actions_.emplace(fmt::format("{}-{}", id, i), std::move(action));
  }
}

void AlarmStore::Change::Transition(Alarm& alarm, StateValue value, std::string reason,
                                    std::string reason_data) {
  const AlarmState before = alarm.state;
  alarm.previous = before.value;
  alarm.state = {value, std::move(reason), std::move(reason_data), now_, now_};
  AddHistory(alarm, "StateUpdate", StateUpdateSummary(before.value, value),
             StateUpdateData(before, alarm.state));
  alarm.transition_id = history_.back().second.id;
  bool act = true;
  if (alarm.composite() && !alarm.definition->composite->suppressor.empty()) {
    const Alarm* suppressor = Find({alarm.account, alarm.definition->composite->suppressor});
    const bool active = suppressor != nullptr && suppressor->state.value == StateValue::kAlarm;
    act = alarm.suppression.OnChange(PeriodsOf(alarm), active, now_);
  }
  if (act) RunActions(alarm);
  TellDependents(alarm, before.value);
}

void AlarmStore::Change::TellDependents(const Alarm& alarm, StateValue before) {
  const AlarmKey own = KeyOf(alarm);
  std::vector<AlarmKey> composites;
  {
    std::shared_lock lock(store_.mutex_);
    const auto found = store_.dependents_.find(own);
    if (found != store_.dependents_.end()) {
      composites.assign(found->second.begin(), found->second.end());
    }
  }
  for (const AlarmKey& key : composites) {
    const Alarm* composite = Find(key);
    if (composite == nullptr) continue;
    const CompositeCondition& condition = *composite->definition->composite;
    if (condition.rule.Names(own.name)) waiting_.emplace(key, own);
    if (condition.suppressor != own.name) continue;
    const bool was = before == StateValue::kAlarm, is = alarm.state.value == StateValue::kAlarm;
    if (was == is) continue;
    Alarm* changed = Edit(key);
    if (is) {
      changed->suppression.OnSuppressorAlarm();
    } else if (changed->suppression.OnSuppressorLeft(PeriodsOf(*changed), now_)) {
      RunActions(*changed);
    }
  }
}

int AlarmStore::Change::DepthOf(const AlarmKey& key, std::map<AlarmKey, int>& known) const {
  if (const auto found = known.find(key); found != known.end()) return found->second;
  const Alarm* alarm = Find(key);
  int depth = 0;
  if (alarm != nullptr && alarm->composite()) {
    known[key] = 0;  // a cycle cannot be put; were there one, this ends it
    for (const std::string& child : alarm->definition->composite->rule.children()) {
      depth = std::max(depth, 1 + DepthOf({key.account, child}, known));
    }
  }
  known[key] = depth;
  return depth;
}

std::optional<StateValue> AlarmStore::Change::NewValueOf(const Alarm& composite) const {
  const bool holds = composite.definition->composite->rule.Evaluate([&](const std::string& child) {
    const Alarm* found = Find({composite.account, child});
    return found == nullptr ? StateValue::kInsufficientData : found->state.value;
  });
  const StateValue value = holds ? StateValue::kAlarm : StateValue::kOk;
  return value == composite.state.value ? std::nullopt : std::optional(value);
}

void AlarmStore::Change::EvaluatePut(Alarm& composite, std::string_view what) {
  const std::optional<StateValue> value = NewValueOf(composite);
  if (!value) return;
  std::string reason = composite.definition->arn;
  reason.append(" was ").append(what).append(" and its alarm rule evaluates to ");
  reason += ToText(*value);
  std::string data;
  json::Writer(data).BeginObject().Key("triggeringAlarms").BeginArray().EndArray().EndObject();
  Transition(composite, *value, std::move(reason), std::move(data));
}

void AlarmStore::Change::Settle() {
  std::map<AlarmKey, int> depths;
  while (!waiting_.empty()) {
    auto first = waiting_.begin();
    for (auto at = waiting_.begin(); at != waiting_.end(); ++at) {
      if (DepthOf(at->first, depths) < DepthOf(first->first, depths)) first = at;
    }
    const auto [key, trigger] = *first;
    waiting_.erase(first);
    const Alarm* composite = Find(key);
    const Alarm* child = Find(trigger);
    if (composite == nullptr || child == nullptr) continue;
    const std::optional<StateValue> value = NewValueOf(*composite);
    if (!value) continue;
    std::string reason = child->definition->arn;
    reason.append(" transitioned to ").append(ToText(child->state.value));
    reason.append(" at ").append(LongTime(child->state.transitioned));
    Transition(*Edit(key), *value, std::move(reason), TriggerData(*child));
  }
}

std::vector<documents::Write> AlarmStore::Change::Writes() const {
  std::vector<documents::Write> writes;
  for (const auto& [key, alarm] : edits_) {
    if (alarm) {
      writes.push_back(
          internal::PutWrite(internal::kAlarmsTable, internal::AlarmItem(*alarm), "owner", "name"));
    } else {
      writes.push_back(internal::DeleteWrite(
          internal::kAlarmsTable,
          {{"owner", internal::OwnerOf(key.account)}, {"name", key.name}}));
    }
  }
  for (const auto& [account, item] : history_) {
    writes.push_back(internal::PutWrite(internal::kHistoryTable,
                                        internal::HistoryRecord(account, item), "alarm", "id"));
    writes.push_back(internal::PutWrite(internal::kHistoryIdsTable,
                                        internal::HistoryIdRecord(account, item), "owner", "id"));
  }
  for (const auto& [id, action] : actions_) {
    writes.push_back(internal::PutWrite(internal::kActionsTable,
                                        internal::ActionRecord(id, action), "queue", "id"));
  }
  for (const std::string& id : finished_actions_) {
    writes.push_back(
        internal::DeleteWrite(internal::kActionsTable, {{"queue", "pending"}, {"id", id}}));
  }
  return writes;
}

Result<> AlarmStore::Change::Commit() {
  std::vector<documents::Write> writes = Writes();
  if (writes.empty()) return {};
  SB_TRY_OK(store_.documents_.Transact(store_.home_, std::move(writes)));
  Publish();
  return {};
}

void AlarmStore::Change::Publish() {
  std::unique_lock lock(store_.mutex_);
  for (auto& [key, edited] : edits_) {
    const AlarmPtr before = store_.FindLocked(key.account, key.name);
    if (before != nullptr) store_.ForgetLocked(key, *before);
    if (before == nullptr || !edited || before->definition != edited->definition) {
      store_.changed_.push_back(key);
      store_.evaluation_states_.erase(key);
    }
    if (edited) {
      store_.RememberLocked(key, std::make_shared<const Alarm>(*std::move(edited)));
    } else {
      store_.alarms_[key.account].erase(key.name);
    }
  }
  for (auto& [id, action] : actions_) store_.pending_.emplace(id, std::move(action));
  for (const std::string& id : finished_actions_) store_.pending_.erase(id);
}

}  // namespace securebase::alarms
