#pragma once

// One change of the AlarmStore under way: edited copies, history and actions, committed together.

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "alarms/alarm_store.h"

namespace securebase::alarms {

/// Lives under the store's write lock.
class AlarmStore::Change {
 public:
  Change(AlarmStore& store, Instant now) : store_(store), now_(now) {}

  Instant now() const { return now_; }
  /// The alarm as this change has it; null where there is none.
  const Alarm* Find(const AlarmKey& key) const;
  /// The same, to be changed.
  Alarm* Edit(const AlarmKey& key);
  Alarm& Add(Alarm alarm);
  void Remove(const AlarmKey& key);

  /// Changes the state's value: history, actions, and what follows for composites and suppressed
  /// ones (at Settle).
  void Transition(Alarm& alarm, StateValue value, std::string reason, std::string reason_data);
  void AddHistory(const Alarm& alarm, std::string type, std::string summary, std::string data,
                  std::string contributor = {});
  void AddHistory(const Account& account, HistoryItem item);
  void FinishAction(const std::string& id) { finished_actions_.push_back(id); }
  /// Runs the actions of the present state, unless they are off or a mute rule holds them back.
  void RunActions(Alarm& alarm, bool after_mute = false);
  bool IsMuted(const Alarm& alarm) const;

  /// Evaluates the rule of a composite that was put: "created" or "updated".
  void EvaluatePut(Alarm& composite, std::string_view what);
  /// Composites that depend on what changed, children before parents, until nothing changes.
  void Settle();

  /// One transaction, then the memory. Errors: nothing has changed.
  Result<> Commit();

 private:
  void TellDependents(const Alarm& alarm, StateValue before);
  /// What the rule of a composite says, where that is not its state.
  std::optional<StateValue> NewValueOf(const Alarm& composite) const;
  int DepthOf(const AlarmKey& key, std::map<AlarmKey, int>& known) const;
  std::vector<documents::Write> Writes() const;
  void Publish();

  AlarmStore& store_;
  const Instant now_;
  std::map<AlarmKey, std::optional<Alarm>> edits_;  // none: removed
  std::vector<std::pair<Account, HistoryItem>> history_;
  std::map<std::string, Action> actions_;  // by id
  std::vector<std::string> finished_actions_;
  std::map<AlarmKey, AlarmKey> waiting_;  // composite -> the child that changed
};

}  // namespace securebase::alarms
