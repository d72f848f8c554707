#include "alarms/alarm_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "alarms/internal/change.h"
#include "alarms/internal/records.h"
#include "base/log.h"
#include "base/text.h"

namespace securebase::alarms {
namespace {

constexpr std::size_t kParentsMax = 150;
constexpr std::string_view kCreatedReason = "Unchecked: Initial alarm creation";

std::string JoinNames(const std::vector<std::string>& names, std::string_view separator) {
  std::string out;
  for (const std::string& name : names) {
    if (!out.empty()) out += separator;
    out += name;
  }
  return out;
}

}  // namespace

std::string_view AlarmTypeOf(const Alarm& alarm) {
  return alarm.composite() ? "CompositeAlarm" : "MetricAlarm";
}

AlarmStore::AlarmStore(documents::DocumentStore& documents, Account home, const Clock& clock)
    : documents_(documents), home_(std::move(home)), clock_(clock) {}
AlarmStore::~AlarmStore() = default;

Result<std::unique_ptr<AlarmStore>> AlarmStore::Open(documents::DocumentStore& documents,
                                                     Account home, const Clock& clock) {
  std::unique_ptr<AlarmStore> store(new AlarmStore(documents, std::move(home), clock));
  SB_TRY_OK(internal::CreateTables(documents, store->home_, clock.Now()));
  const Result<> loaded = store->Load();
  if (!loaded.ok()) return loaded.error().Within("cannot read the alarms");
  return store;
}

Result<> AlarmStore::Load() {
  std::set<Account> owners = {home_};
  SB_TRY(const auto alarms, documents_.All(home_, std::string(internal::kAlarmsTable)));
  std::unique_lock lock(mutex_);
  for (const documents::Item& item : alarms) {
    Result<Alarm> alarm = internal::AlarmFromItem(item);
    if (!alarm.ok()) {
      // One that this build cannot read must not keep the others from being evaluated.
      Log(LogLevel::kError, "cannot read an alarm: it is not evaluated",
          {{"alarm", documents::StringAttribute(item, "name")},
           {"error", alarm.error().message()}});
      continue;
    }
    owners.insert(alarm->account);
    const AlarmKey key{alarm->account, alarm->name()};
    RememberLocked(key, std::make_shared<const Alarm>(*std::move(alarm)));
    changed_.push_back(key);
  }
  SB_TRY(const auto actions, documents_.All(home_, std::string(internal::kActionsTable)));
  for (const documents::Item& item : actions) {
    SB_TRY(Action action, internal::ActionFromItem(item));
    pending_.emplace(documents::StringAttribute(item, "id"), std::move(action));
  }
  SB_TRY(const auto rules, documents_.All(home_, std::string(internal::kMuteRulesTable)));
  for (const documents::Item& item : rules) {
    SB_TRY(MuteRule rule, internal::MuteRuleFromItem(item));
    mutes_[internal::AccountOf(documents::StringAttribute(item, "owner"))].insert_or_assign(
        rule.name, std::move(rule));
  }
  SB_TRY(const auto mark, documents_.Get(home_, std::string(internal::kServiceTable),
                                         {{"part", "service"}, {"name", "watermark"}}));
  if (mark) {
    const auto time = mark->item.find("time");
    if (time != mark->item.end() && time->second.number() != nullptr) {
      watermark_ = FromUnixMillis(ParseInt(time->second.number()->text()).value_or(0));
    }
  }
  // Numbers go on after the newest one that was given.
  for (const Account& owner : owners) {
    SB_TRY(const auto page, documents_.Range(home_, {.table = std::string(internal::kHistoryIdsTable),
                                                     .partition = internal::OwnerOf(owner),
                                                     .descending = true,
                                                     .items_max = 1}));
    if (page.items.empty()) continue;
    const std::string id = documents::StringAttribute(page.items.front(), "id");
    const auto number = ParseInt(id.substr(id.find('-') + 1));
    next_counter_ = std::max(next_counter_, static_cast<std::uint64_t>(number.value_or(0)) + 1);
  }
  for (const auto& [id, action] : pending_) {
    const std::vector<std::string_view> parts = Split(id, '-');
    const auto number = parts.size() > 1 ? ParseInt(parts[1]) : std::nullopt;
    next_counter_ = std::max(next_counter_, static_cast<std::uint64_t>(number.value_or(0)) + 1);
  }
  return {};
}

std::string AlarmStore::NextId(Instant now) {
  return fmt::format("{:013}-{:010}", ToUnixMillis(now), next_counter_++);
}

AlarmPtr AlarmStore::FindLocked(const Account& account, const std::string& name) const {
  const auto of_account = alarms_.find(account);
  if (of_account == alarms_.end()) return nullptr;
  const auto found = of_account->second.find(name);
  return found == of_account->second.end() ? nullptr : found->second;
}

void AlarmStore::RememberLocked(const AlarmKey& key, AlarmPtr alarm) {
  if (alarm->suppression.waiting()) timers_.insert({alarm->suppression.until, key});
  if (alarm->muted) muted_.insert(key);
  if (alarm->composite()) {
    const CompositeCondition& condition = *alarm->definition->composite;
    for (const std::string& child : condition.rule.children()) {
      dependents_[{key.account, child}].insert(key);
    }
    if (!condition.suppressor.empty()) {
      dependents_[{key.account, condition.suppressor}].insert(key);
    }
  }
  alarms_[key.account][key.name] = std::move(alarm);
}

void AlarmStore::ForgetLocked(const AlarmKey& key, const Alarm& alarm) {
  timers_.erase({alarm.suppression.until, key});
  muted_.erase(key);
  if (!alarm.composite()) return;
  const CompositeCondition& condition = *alarm.definition->composite;
  std::vector<std::string> names = condition.rule.children();
  names.push_back(condition.suppressor);
  for (const std::string& name : names) {
    const auto found = dependents_.find({key.account, name});
    if (found == dependents_.end()) continue;
    found->second.erase(key);
    if (found->second.empty()) dependents_.erase(found);
  }
}

Result<> AlarmStore::CheckReferences(const Account& account, const Definition& definition) const {
  const CompositeCondition& condition = *definition.composite;
  std::shared_lock lock(mutex_);
  std::vector<std::string> missing;
  for (const std::string& child : condition.rule.children()) {
    if (child == definition.name) {
      return ValidationFault("AlarmRule", "Alarm rule would create a cycle: " + child + " -> " +
                                              child);
    }
    if (FindLocked(account, child) == nullptr) missing.push_back(child);
  }
  if (!missing.empty()) {
    return ValidationFault("AlarmRule", "Could not save the composite alarm as alarms [" +
                                            JoinNames(missing, ", ") +
                                            "] in the alarm rule do not exist");
  }
  for (const std::string& child : condition.rule.children()) {
    const auto parents = dependents_.find({account, child});
    if (parents != dependents_.end() && parents->second.size() >= kParentsMax &&
        !parents->second.contains({account, definition.name})) {
      return LimitExceeded("AlarmRule", "The alarm " + child +
                                            " is already part of 150 composite alarms");
    }
  }
  if (condition.suppressor.empty()) return {};
  if (condition.suppressor == definition.name) {
    return ValidationFault("ActionsSuppressor", "An alarm cannot be its own ActionsSuppressor");
  }
  if (FindLocked(account, condition.suppressor) == nullptr) {
    return ValidationFault("ActionsSuppressor", "Could not save the composite alarm as alarms [" +
                                                    condition.suppressor +
                                                    "] in the actions suppressor do not exist");
  }
  return {};
}

Result<> AlarmStore::CheckCycle(const Account& account, const Definition& definition) const {
  std::shared_lock lock(mutex_);
  std::vector<std::string> path = {definition.name};
  std::set<std::string> seen;
  std::function<bool(const std::string&)> reaches = [&](const std::string& name) {
    path.push_back(name);
    if (name == definition.name) return true;
    if (seen.insert(name).second) {
      const AlarmPtr alarm = FindLocked(account, name);
      if (alarm != nullptr && alarm->composite()) {
        for (const std::string& child : alarm->definition->composite->rule.children()) {
          if (reaches(child)) return true;
        }
      }
    }
    path.pop_back();
    return false;
  };
  for (const std::string& child : definition.composite->rule.children()) {
    if (reaches(child)) {
      return ValidationFault("AlarmRule",
                             "Alarm rule would create a cycle: " + JoinNames(path, " -> "));
    }
  }
  return {};
}

Result<AlarmPtr> AlarmStore::Put(const Account& account, Definition definition) {
  std::lock_guard write_lock(write_mutex_);
  const Instant now = clock_.Now();
  const AlarmPtr before = Find(account, definition.name);
  if (before != nullptr && before->composite() != definition.composite.has_value()) {
    return ValidationFault("AlarmName", "AlarmName [" + definition.name +
                                            "] is already used by another alarm of a different "
                                            "type");
  }
  if (definition.composite) {
    SB_TRY_OK(CheckReferences(account, definition));
    SB_TRY_OK(CheckCycle(account, definition));
  }
  Alarm alarm;
  if (before != nullptr) {
    alarm = *before;
  } else {
    alarm.account = account;
    alarm.created_at = now;
    alarm.state = {StateValue::kInsufficientData, std::string(kCreatedReason), "", now, now};
  }
  alarm.actions_enabled = definition.actions_enabled;
  alarm.configured_at = now;
  alarm.suppression = {};
  alarm.muted.reset();
  alarm.contributors.clear();
  if (definition.metric && definition.metric->warm_up > Duration(0)) {
    alarm.state = {StateValue::kInsufficientData, std::string(kCreatedReason), "", now,
                   alarm.state.value == StateValue::kInsufficientData ? alarm.state.transitioned
                                                                      : now};
  }
  const AlarmKey key{account, definition.name};
  alarm.definition = std::make_shared<const Definition>(std::move(definition));
  Change change(*this, now);
  Alarm& put = change.Add(std::move(alarm));
  const bool created = before == nullptr;
  change.AddHistory(put, "ConfigurationUpdate",
                    "Alarm \"" + put.name() + "\" " + (created ? "created" : "updated"),
                    ConfigurationData(created ? "Create" : "Update", put));
  if (put.composite()) {
    change.EvaluatePut(put, created ? "created" : "updated");
    change.Settle();
  }
  SB_TRY_OK(change.Commit());
  return Find(account, key.name);
}

Result<> AlarmStore::Delete(const Account& account, const std::vector<std::string>& names) {
  std::lock_guard write_lock(write_mutex_);
  const std::set<std::string> going(names.begin(), names.end());
  std::vector<std::string> needed;
  Change change(*this, clock_.Now());
  for (const std::string& name : going) {
    const Alarm* alarm = change.Find({account, name});
    if (alarm == nullptr) continue;
    for (const AlarmPtr& parent : ParentsOf(account, name)) {
      if (going.contains(parent->name())) continue;
      needed.push_back(name);
      break;
    }
    change.AddHistory(*alarm, "ConfigurationUpdate", "Alarm \"" + name + "\" deleted",
                      ConfigurationData("Delete", *alarm));
  }
  if (!needed.empty()) {
    return ValidationFault("AlarmNames", "Cannot delete " + JoinNames(needed, ",") +
                                             " as there are composite alarm(s) depending on " +
                                             (needed.size() == 1 ? "it." : "them."));
  }
  for (const std::string& name : going) {
    if (change.Find({account, name}) != nullptr) change.Remove({account, name});
  }
  return change.Commit();
}

Result<> AlarmStore::SetState(const Account& account, const std::string& name, StateValue state,
                              std::string reason, std::string reason_data) {
  std::lock_guard write_lock(write_mutex_);
  Change change(*this, clock_.Now());
  Alarm* alarm = change.Edit({account, name});
  if (alarm == nullptr) return NotFound("");
  if (alarm->state.value == state) {
    alarm->state.reason = std::move(reason);
    alarm->state.reason_data = std::move(reason_data);
    alarm->state.updated = change.now();
  } else {
    change.Transition(*alarm, state, std::move(reason), std::move(reason_data));
    change.Settle();
  }
  return change.Commit();
}

Result<> AlarmStore::EnableActions(const Account& account, const std::vector<std::string>& names,
                                   bool enabled) {
  std::lock_guard write_lock(write_mutex_);
  Change change(*this, clock_.Now());
  for (const std::string& name : names) {
    const Alarm* present = change.Find({account, name});
    if (present == nullptr || present->actions_enabled == enabled) continue;
    Alarm* alarm = change.Edit({account, name});
    alarm->actions_enabled = enabled;
    alarm->configured_at = change.now();
    if (!enabled) alarm->muted.reset();
    change.AddHistory(*alarm, "ConfigurationUpdate", "Alarm \"" + name + "\" updated",
                      ConfigurationData("Update", *alarm));
  }
  return change.Commit();
}

Result<> AlarmStore::Apply(const std::vector<Proposal>& proposals) {
  std::lock_guard write_lock(write_mutex_);
  Change change(*this, clock_.Now());
  for (const Proposal& proposal : proposals) {
    const AlarmKey key{proposal.alarm->account, proposal.alarm->name()};
    const Alarm* present = change.Find(key);
    // Deleted, put again or set by hand since: what was found is of another alarm.
    if (present == nullptr || present->definition != proposal.alarm->definition ||
        present->state.value != proposal.alarm->state.value) {
      continue;
    }
    Alarm* alarm = change.Edit(key);
    alarm->evaluated_through = proposal.window;
    for (const auto& [label, contributor] : proposal.contributors) {
      const auto known = alarm->contributors.find(label);
      const StateValue before = known == alarm->contributors.end()
                                    ? StateValue::kInsufficientData
                                    : known->second.state;
      if (before == contributor.state) continue;
      change.AddHistory(*alarm, "AlarmContributorStateUpdate",
                        StateUpdateSummary(before, contributor.state),
                        StateUpdateData({before, "", "", {}, {}},
                                        {contributor.state, contributor.reason, "", {}, {}}),
                        label);
    }
    alarm->contributors = proposal.contributors;
    if (proposal.state == alarm->state.value) continue;
    change.Transition(*alarm, proposal.state, proposal.reason, proposal.reason_data);
  }
  change.Settle();
  return change.Commit();
}

Result<> AlarmStore::RunTimers() {
  std::lock_guard write_lock(write_mutex_);
  Change change(*this, clock_.Now());
  std::vector<AlarmKey> over, muted;
  {
    std::shared_lock lock(mutex_);
    for (const auto& [until, key] : timers_) {
      if (until > change.now()) break;
      over.push_back(key);
    }
    muted.assign(muted_.begin(), muted_.end());
  }
  for (const AlarmKey& key : over) {
    Alarm* alarm = change.Edit(key);
    if (alarm != nullptr && alarm->suppression.OnTimer()) change.RunActions(*alarm);
  }
  for (const AlarmKey& key : muted) {
    const Alarm* present = change.Find(key);
    if (present == nullptr || !present->muted || change.IsMuted(*present)) continue;
    Alarm* alarm = change.Edit(key);
    const bool still = alarm->muted == alarm->state.value;
    alarm->muted.reset();
    if (still) change.RunActions(*alarm, true);
  }
  return change.Commit();
}

std::optional<Instant> AlarmStore::NextTimer() const {
  std::shared_lock lock(mutex_);
  std::optional<Instant> next;
  if (!timers_.empty()) next = timers_.begin()->first;
  if (!muted_.empty()) {
    // Mute windows end at whole minutes of some clock.
    const Instant minute =
        std::chrono::floor<std::chrono::minutes>(clock_.Now()) + std::chrono::minutes(1);
    next = std::min(next.value_or(minute), minute);
  }
  return next;
}

}  // namespace securebase::alarms
