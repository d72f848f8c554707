#pragma once

// Alarms, history and actions as items of the document store.

#include <string>
#include <string_view>

#include "alarms/action.h"
#include "alarms/alarm.h"
#include "alarms/history.h"
#include "alarms/mute.h"
#include "documents/document_store.h"

namespace securebase::alarms::internal {

inline constexpr std::string_view kAlarmsTable = "securebase.internal.alarms";
inline constexpr std::string_view kHistoryTable = "securebase.internal.alarm-history";
inline constexpr std::string_view kHistoryIdsTable = "securebase.internal.alarm-history-ids";
inline constexpr std::string_view kActionsTable = "securebase.internal.alarm-actions";
inline constexpr std::string_view kMuteRulesTable = "securebase.internal.alarm-mute-rules";
inline constexpr std::string_view kServiceTable = "securebase.internal.alarm-service";

/// Creates those that are missing.
Result<> CreateTables(documents::DocumentStore& documents, const Account& home, Instant now);

/// "ACCOUNT|REGION", and back.
std::string OwnerOf(const Account& account);
Account AccountOf(std::string_view owner);

documents::Item AlarmItem(const Alarm& alarm);
Result<Alarm> AlarmFromItem(const documents::Item& item);

documents::Item HistoryRecord(const Account& account, const HistoryItem& item);
documents::Item HistoryIdRecord(const Account& account, const HistoryItem& item);
HistoryItem HistoryFromItem(const documents::Item& item);

documents::Item ActionRecord(const std::string& id, const Action& action);
Result<Action> ActionFromItem(const documents::Item& item);

documents::Item MuteRuleRecord(const Account& account, const MuteRule& rule);
Result<MuteRule> MuteRuleFromItem(const documents::Item& item);

// Writes without a condition.
documents::Write PutWrite(std::string_view table, const documents::Item& item,
                          std::string_view partition, std::string_view sort);
documents::Write DeleteWrite(std::string_view table, documents::Item key);

}  // namespace securebase::alarms::internal
