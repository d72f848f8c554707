#pragma once

// All alarms: durable in tables of their own, and in memory for reading. A change of state, its
// history and the actions it wants are one transaction, so a crash loses none and doubles none.
//
// Tables (internal, in the home account; `owner` is ACCOUNT|REGION):
//   securebase.internal.alarms             owner, name
//   securebase.internal.alarm-history      owner|name, id
//   securebase.internal.alarm-history-ids  owner, id             which alarm an id belongs to
//   securebase.internal.alarm-actions      "pending", id         what is still to be run
//   securebase.internal.alarm-mute-rules   owner, name
//   securebase.internal.alarm-service      "service", name       how far evaluation has come

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <vector>

#include "alarms/action.h"
#include "alarms/alarm.h"
#include "alarms/decide.h"
#include "alarms/history.h"
#include "alarms/mute.h"
#include "base/clock.h"
#include "documents/document_store.h"

namespace securebase::alarms {

struct AlarmKey {
  Account account;
  std::string name;
  auto operator<=>(const AlarmKey&) const = default;
};

/// What an evaluation found: proposed to the store, which checks that it still fits.
struct Proposal {
  AlarmPtr alarm;  // as it was evaluated
  StateValue state = StateValue::kInsufficientData;
  std::string reason;
  std::string reason_data;
  Instant window;  // end of the evaluated window
  std::map<std::string, Contributor> contributors;
};

/// Thread-safe. Changes are one at a time; readers never wait for the disk.
class AlarmStore {
 public:
  /// Creates the tables where they are missing and reads everything.
  static Result<std::unique_ptr<AlarmStore>> Open(documents::DocumentStore& documents, Account home,
                                                  const Clock& clock);
  ~AlarmStore();

  /// Creates or replaces the definition; state, history and tags of an existing one are kept.
  /// Errors: ValidationError for a name of the other type, children that do not exist, a cycle.
  Result<AlarmPtr> Put(const Account& account, Definition definition);
  /// All or nothing; unknown names are ignored. Errors: ValidationError when a composite that
  /// remains needs one of them.
  Result<> Delete(const Account& account, const std::vector<std::string>& names);
  /// kNotFound for an unknown alarm.
  Result<> SetState(const Account& account, const std::string& name, StateValue state,
                    std::string reason, std::string reason_data);
  /// Unknown names are ignored.
  Result<> EnableActions(const Account& account, const std::vector<std::string>& names,
                         bool enabled);

  Result<> PutMuteRule(const Account& account, MuteRule rule);
  Result<> DeleteMuteRule(const Account& account, const std::string& name);
  std::optional<MuteRule> FindMuteRule(const Account& account, const std::string& name) const;
  /// Ascending by name.
  std::vector<MuteRule> MuteRules(const Account& account) const;

  /// Takes what evaluations found, and what follows from it for composites. A proposal whose alarm
  /// was changed meanwhile is dropped: its next evaluation follows. Errors: of the store; nothing
  /// has changed then.
  Result<> Apply(const std::vector<Proposal>& proposals);
  /// Ends wait, extension and mute periods that are over. Errors as Apply.
  Result<> RunTimers();
  /// When RunTimers has something to do next; none: not before something changes.
  std::optional<Instant> NextTimer() const;

  AlarmPtr Find(const Account& account, const std::string& name) const;
  /// Ascending by name.
  std::vector<AlarmPtr> All(const Account& account) const;
  /// Of every account.
  std::vector<AlarmPtr> All() const;
  std::size_t size() const;
  /// Composites whose rule names the alarm, ascending.
  std::vector<AlarmPtr> ParentsOf(const Account& account, const std::string& name) const;
  /// Alarms that were put or deleted since the last call; for the scheduler.
  std::vector<AlarmKey> TakeChanged();

  Result<HistoryPage> History(const Account& account, const HistoryQuery& query) const;
  /// Removes what is older than kHistoryKept; returns how many.
  Result<std::size_t> PruneHistory();

  /// Actions to be run, in the order of their transitions.
  std::vector<Action> PendingActions(std::size_t actions_max) const;
  bool HasPendingActions() const;
  /// The result of an action: into the history, out of the outbox. `error`: why it failed.
  Result<> FinishAction(const Action& action, const std::optional<std::string>& error);

  /// How far all evaluation has come; survives restarts.
  std::optional<Instant> Watermark() const;
  Result<> SetWatermark(Instant t);

  /// Evaluation trouble of an alarm: "PARTIAL_DATA", "EVALUATION_FAILURE", ..; not durable.
  void SetEvaluationState(const AlarmKey& key, std::string state);
  std::string EvaluationStateOf(const AlarmKey& key) const;

 private:
  class Change;  // internal/change.h
  using Alarms = std::map<Account, std::map<std::string, AlarmPtr>>;

  AlarmStore(documents::DocumentStore& documents, Account home, const Clock& clock);
  Result<> Load();
  AlarmPtr FindLocked(const Account& account, const std::string& name) const;
  /// Takes an alarm into, or out of, what is derived from alarms_.
  void RememberLocked(const AlarmKey& key, AlarmPtr alarm);
  void ForgetLocked(const AlarmKey& key, const Alarm& alarm);
  Result<> CheckReferences(const Account& account, const Definition& definition) const;
  Result<> CheckCycle(const Account& account, const Definition& definition) const;
  std::string NextId(Instant now);

  documents::DocumentStore& documents_;
  const Account home_;
  const Clock& clock_;

  std::mutex write_mutex_;  // one change at a time
  std::uint64_t next_counter_ = 0;  // guarded by write_mutex_

  mutable std::shared_mutex mutex_;
  Alarms alarms_;                                           // guarded by mutex_
  std::map<Account, std::map<std::string, MuteRule>> mutes_;  // guarded by mutex_
  std::map<std::string, Action> pending_;                   // guarded by mutex_; by id
  std::set<std::pair<Instant, AlarmKey>> timers_;           // guarded by mutex_
  std::set<AlarmKey> muted_;                                // guarded by mutex_
  /// Which composites name an alarm in their rule or as their suppressor.
  std::map<AlarmKey, std::set<AlarmKey>> dependents_;  // guarded by mutex_
  std::vector<AlarmKey> changed_;                           // guarded by mutex_
  std::map<AlarmKey, std::string> evaluation_states_;       // guarded by mutex_
  std::optional<Instant> watermark_;                        // guarded by mutex_
};

}  // namespace securebase::alarms
