// Reading alarms, mute rules, history and the outbox.

#include <algorithm>

#include "alarms/alarm_store.h"
#include "alarms/internal/change.h"
#include "alarms/internal/records.h"

namespace securebase::alarms {
namespace {

/// What a page reads at once while it looks for items that match.
constexpr std::size_t kBatch = 500;
constexpr std::size_t kPruneMax = 10'000;

bool Matches(const HistoryItem& item, const HistoryQuery& query) {
  if (query.item_type && item.type != *query.item_type) return false;
  if (query.contributor && item.contributor != *query.contributor) return false;
  if (query.start && item.time < *query.start) return false;
  if (query.end && item.time > *query.end) return false;
  return query.alarm_types.empty() ||
         std::find(query.alarm_types.begin(), query.alarm_types.end(), item.alarm_type) !=
             query.alarm_types.end();
}

/// Bounds of the ids that can match, as a condition on the sort key.
documents::SortCondition IdBounds(const HistoryQuery& query, Instant oldest) {
  auto text = [](Instant t) {
    std::string digits = std::to_string(std::max<std::int64_t>(ToUnixMillis(t), 0));
    return std::string(13 - std::min<std::size_t>(13, digits.size()), '0') + digits;
  };
  std::string low = text(std::max(query.start.value_or(oldest), oldest));
  std::string high = query.end ? text(*query.end) + "~" : std::string("~");
  if (query.after) {
    // '!' sorts before every digit and '-': the item itself is left out.
    if (query.ascending) {
      low = *query.after + "!";
    } else {
      high = query.after->substr(0, query.after->size() - 1) +
             static_cast<char>(query.after->back() - 1) + "~";
    }
  }
  return {.op = documents::SortCondition::Op::kBetween, .low = low, .high = high};
}

}  // namespace

AlarmPtr AlarmStore::Find(const Account& account, const std::string& name) const {
  std::shared_lock lock(mutex_);
  return FindLocked(account, name);
}

std::vector<AlarmPtr> AlarmStore::All(const Account& account) const {
  std::shared_lock lock(mutex_);
  std::vector<AlarmPtr> out;
  const auto found = alarms_.find(account);
  if (found == alarms_.end()) return out;
  out.reserve(found->second.size());
  for (const auto& [name, alarm] : found->second) out.push_back(alarm);
  return out;
}

std::vector<AlarmPtr> AlarmStore::All() const {
  std::shared_lock lock(mutex_);
  std::vector<AlarmPtr> out;
  for (const auto& [account, alarms] : alarms_) {
    for (const auto& [name, alarm] : alarms) out.push_back(alarm);
  }
  return out;
}

std::size_t AlarmStore::size() const {
  std::shared_lock lock(mutex_);
  std::size_t count = 0;
  for (const auto& [account, alarms] : alarms_) count += alarms.size();
  return count;
}

std::vector<AlarmPtr> AlarmStore::ParentsOf(const Account& account, const std::string& name) const {
  std::shared_lock lock(mutex_);
  std::vector<AlarmPtr> out;
  const auto found = dependents_.find({account, name});
  if (found == dependents_.end()) return out;
  for (const AlarmKey& key : found->second) out.push_back(FindLocked(key.account, key.name));
  return out;
}

std::vector<AlarmKey> AlarmStore::TakeChanged() {
  std::unique_lock lock(mutex_);
  return std::exchange(changed_, {});
}

Result<HistoryPage> AlarmStore::History(const Account& account, const HistoryQuery& query) const {
  const Instant oldest = clock_.Now() - kHistoryKept;
  documents::RangeRequest range;
  range.descending = !query.ascending;
  range.sort = IdBounds(query, oldest);
  range.items_max = std::max(kBatch, query.items_max + 1);
  const bool by_name = query.alarm_name.has_value();
  range.table = by_name ? internal::kHistoryTable : internal::kHistoryIdsTable;
  range.partition = by_name ? internal::OwnerOf(account) + "|" + *query.alarm_name
                            : internal::OwnerOf(account);
  HistoryPage page;
  if (range.sort->low.string()->compare(*range.sort->high.string()) > 0) return page;
  do {
    SB_TRY(documents::RangePage found, documents_.Range(home_, range));
    for (const documents::Item& item : found.items) {
      HistoryItem entry = internal::HistoryFromItem(item);
      if (!by_name) {
        const documents::Item key{
            {"alarm", internal::OwnerOf(account) + "|" + entry.alarm_name}, {"id", entry.id}};
        SB_TRY(const auto whole,
               documents_.Get(home_, std::string(internal::kHistoryTable), key));
        if (!whole) continue;
        entry = internal::HistoryFromItem(whole->item);
      }
      if (!Matches(entry, query)) continue;
      if (page.items.size() == query.items_max) {
        page.more = true;
        return page;
      }
      page.items.push_back(std::move(entry));
    }
    range.exclusive_start_key = std::move(found.last_key);
  } while (range.exclusive_start_key);
  return page;
}

Result<std::size_t> AlarmStore::PruneHistory() {
  std::set<Account> owners = {home_};
  {
    std::shared_lock lock(mutex_);
    for (const auto& [account, alarms] : alarms_) owners.insert(account);
  }
  const std::string cut = std::to_string(ToUnixMillis(clock_.Now() - kHistoryKept));
  std::size_t count = 0;
  for (const Account& owner : owners) {
    documents::RangeRequest range{.table = std::string(internal::kHistoryIdsTable),
                                  .partition = internal::OwnerOf(owner)};
    range.sort = documents::SortCondition{.op = documents::SortCondition::Op::kLess, .low = cut};
    range.items_max = kPruneMax;
    SB_TRY(const documents::RangePage old, documents_.Range(home_, range));
    std::vector<documents::Write> writes;
    for (const documents::Item& item : old.items) {
      const std::string id = documents::StringAttribute(item, "id");
      const std::string name = documents::StringAttribute(item, "name");
      writes.push_back(internal::DeleteWrite(
          internal::kHistoryTable,
          {{"alarm", internal::OwnerOf(owner) + "|" + name}, {"id", id}}));
      writes.push_back(internal::DeleteWrite(internal::kHistoryIdsTable,
                                             {{"owner", internal::OwnerOf(owner)}, {"id", id}}));
    }
    count += old.items.size();
    if (!writes.empty()) SB_TRY_OK(documents_.Transact(home_, std::move(writes)));
  }
  return count;
}

std::vector<Action> AlarmStore::PendingActions(std::size_t actions_max) const {
  std::shared_lock lock(mutex_);
  std::vector<Action> out;
  for (const auto& [id, action] : pending_) {
    if (out.size() == actions_max) break;
    out.push_back(action);
    out.back().id = id;
  }
  return out;
}

bool AlarmStore::HasPendingActions() const {
  std::shared_lock lock(mutex_);
  return !pending_.empty();
}

Result<> AlarmStore::FinishAction(const Action& action, const std::optional<std::string>& error) {
  std::lock_guard write_lock(write_mutex_);
  Change change(*this, clock_.Now());
  // The alarm may be gone: its history stays.
  HistoryItem item;
  item.alarm_name = action.alarm_name;
  item.alarm_type = action.alarm_type;
  item.type = "Action";
  item.summary = ActionSummary(action.arn, error);
  item.data = ActionData(action.arn, action.changed_at, action.publication.message, error);
  change.AddHistory(action.account, std::move(item));
  change.FinishAction(action.id);
  return change.Commit();
}

std::optional<Instant> AlarmStore::Watermark() const {
  std::shared_lock lock(mutex_);
  return watermark_;
}

Result<> AlarmStore::SetWatermark(Instant t) {
  SB_TRY_OK(documents_.Put(home_, std::string(internal::kServiceTable),
                           {{"part", "service"}, {"name", "watermark"}, {"time", ToUnixMillis(t)}}));
  std::unique_lock lock(mutex_);
  watermark_ = t;
  return {};
}

void AlarmStore::SetEvaluationState(const AlarmKey& key, std::string state) {
  std::unique_lock lock(mutex_);
  if (state.empty()) {
    evaluation_states_.erase(key);
  } else {
    evaluation_states_[key] = std::move(state);
  }
}

std::string AlarmStore::EvaluationStateOf(const AlarmKey& key) const {
  std::shared_lock lock(mutex_);
  const auto found = evaluation_states_.find(key);
  return found == evaluation_states_.end() ? "" : found->second;
}

Result<> AlarmStore::PutMuteRule(const Account& account, MuteRule rule) {
  std::lock_guard write_lock(write_mutex_);
  SB_TRY_OK(documents_.Put(home_, std::string(internal::kMuteRulesTable),
                           internal::MuteRuleRecord(account, rule)));
  std::unique_lock lock(mutex_);
  mutes_[account].insert_or_assign(rule.name, std::move(rule));
  return {};
}

Result<> AlarmStore::DeleteMuteRule(const Account& account, const std::string& name) {
  std::lock_guard write_lock(write_mutex_);
  SB_TRY_OK(documents_.Delete(home_, std::string(internal::kMuteRulesTable),
                              {{"owner", internal::OwnerOf(account)}, {"name", name}}));
  std::unique_lock lock(mutex_);
  mutes_[account].erase(name);
  return {};
}

std::optional<MuteRule> AlarmStore::FindMuteRule(const Account& account,
                                                 const std::string& name) const {
  std::shared_lock lock(mutex_);
  const auto rules = mutes_.find(account);
  if (rules == mutes_.end()) return {};
  const auto found = rules->second.find(name);
  return found == rules->second.end() ? std::nullopt : std::optional(found->second);
}

std::vector<MuteRule> AlarmStore::MuteRules(const Account& account) const {
  std::shared_lock lock(mutex_);
  std::vector<MuteRule> out;
  const auto rules = mutes_.find(account);
  if (rules == mutes_.end()) return out;
  for (const auto& [name, rule] : rules->second) out.push_back(rule);
  return out;
}

}  // namespace securebase::alarms
