#include "logs/subscription_filters.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/compression.h"
#include "base/log.h"
#include "base/text.h"

namespace securebase::logs {
namespace {

constexpr std::string_view kKind = "subscription-filter";
constexpr std::string_view kQueueKind = "subscription-delivery";
// Of messages in one payload, before compression: receivers such as Lambda take few megabytes.
constexpr std::size_t kPayloadBytesMax = 512u << 10;
constexpr std::size_t kPendingMax = 100'000;  // of one filter; more are refused and logged
constexpr Duration kFirstRetry = std::chrono::seconds(1);
constexpr Duration kLastRetry = std::chrono::minutes(5);

Error Missing() {
  return Error(ErrorCode::kNotFound, "The specified subscription filter does not exist.",
               "filterName", "ResourceNotFoundException");
}

std::string TextOf(const json::Value& object, std::string_view name) {
  const json::Value* found = object.Find(name);
  return found != nullptr && found->IsString() ? found->AsString() : std::string();
}

Instant TimeOf(const json::Value& object, std::string_view name) {
  const json::Value* found = object.Find(name);
  return FromUnixMillis(found != nullptr && found->IsInt() ? found->AsInt() : 0);
}

json::Value ToJson(const SubscriptionFilter& filter) {
  return json::Object{{"pattern", filter.pattern},
                      {"destination", filter.destination},
                      {"role", filter.role_arn},
                      {"distribution", filter.distribution},
                      {"created_at", ToUnixMillis(filter.created_at)}};
}

bool IsDelivered(const SubscriptionFilter& filter) {
  return filter.destination.starts_with("http://") || filter.destination.starts_with("https://");
}

}  // namespace

Result<std::unique_ptr<SubscriptionFilters>> SubscriptionFilters::Open(DefinitionTable table,
                                                                       const Clock& clock,
                                                                       Random& random) {
  std::unique_ptr<SubscriptionFilters> filters(
      new SubscriptionFilters(std::move(table), clock, random));
  SB_TRY_OK(filters->Load());
  return filters;
}

Result<> SubscriptionFilters::Load() {
  SB_TRY(const std::vector<Definition> definitions, table_.All(kKind));
  std::lock_guard lock(mutex_);
  for (const Definition& definition : definitions) {
    SubscriptionFilter filter{.group = definition.group,
                              .name = definition.name,
                              .pattern = TextOf(definition.body, "pattern"),
                              .destination = TextOf(definition.body, "destination"),
                              .role_arn = TextOf(definition.body, "role"),
                              .distribution = TextOf(definition.body, "distribution"),
                              .created_at = TimeOf(definition.body, "created_at")};
    SB_TRY(FilterPattern pattern, FilterPattern::Parse(filter.pattern));
    groups_[{definition.account, definition.group}].push_back(
        std::make_shared<const Compiled>(Compiled{std::move(filter), std::move(pattern)}));
  }
  SB_TRY(const std::vector<Definition> waiting, table_.All(kQueueKind));
  for (const Definition& one : waiting) {
    const auto number = ParseInt(one.name);
    if (!number) return Internal("delivery '" + one.name + "' has a damaged key");
    next_id_ = std::max(next_id_, static_cast<std::uint64_t>(*number) + 1);
    queues_[{{one.account, one.group}, TextOf(one.body, "filter")}].push_back(
        {.id = one.name,
         .destination = TextOf(one.body, "destination"),
         .body = TextOf(one.body, "body"),
         .created_at = TimeOf(one.body, "created_at"),
         .due = TimeOf(one.body, "created_at")});
  }
  return {};
}

Result<> SubscriptionFilters::Put(const Account& account, SubscriptionFilter filter) {
  SB_TRY(FilterPattern pattern, FilterPattern::Parse(filter.pattern));
  std::lock_guard lock(mutex_);
  const auto found = groups_.find({account, filter.group});
  auto group =
      found == groups_.end() ? std::vector<std::shared_ptr<const Compiled>>() : found->second;
  std::erase_if(group, [&](const auto& one) { return one->filter.name == filter.name; });
  if (group.size() >= kFiltersMax) return LimitExceeded("filterName", "Resource limit exceeded.");
  SB_TRY_OK(table_.Put(kKind, {account, filter.group, filter.name, ToJson(filter)}));
  const GroupKey key{account, filter.group};
  group.push_back(
      std::make_shared<const Compiled>(Compiled{std::move(filter), std::move(pattern)}));
  std::sort(group.begin(), group.end(),
            [](const auto& a, const auto& b) { return a->filter.name < b->filter.name; });
  groups_[key] = std::move(group);
  return {};
}

Result<> SubscriptionFilters::Delete(const Account& account, std::string_view group,
                                     std::string_view name) {
  std::lock_guard lock(mutex_);
  const GroupKey key{account, std::string(group)};
  const auto found = groups_.find(key);
  if (found == groups_.end()) return Missing();
  const auto named = [&](const auto& one) { return one->filter.name == name; };
  if (std::none_of(found->second.begin(), found->second.end(), named)) return Missing();
  SB_TRY_OK(table_.Delete(kKind, account, group, name));
  std::erase_if(found->second, named);
  if (found->second.empty()) groups_.erase(found);
  // What still waits goes too.
  if (const auto queue = queues_.find({key, std::string(name)}); queue != queues_.end()) {
    for (const Pending& one : queue->second) {
      SB_TRY_OK(table_.Delete(kQueueKind, account, group, one.id));
    }
    queues_.erase(queue);
  }
  return {};
}

Result<> SubscriptionFilters::DeleteGroup(const Account& account, std::string_view group) {
  for (const SubscriptionFilter& filter : List(account, group)) {
    SB_TRY_OK(Delete(account, group, filter.name));
  }
  return {};
}

std::vector<SubscriptionFilter> SubscriptionFilters::List(const Account& account,
                                                          std::string_view group) const {
  std::vector<SubscriptionFilter> filters;
  std::lock_guard lock(mutex_);
  const auto found = groups_.find({account, std::string(group)});
  if (found == groups_.end()) return filters;
  for (const auto& one : found->second) filters.push_back(one->filter);
  return filters;
}

std::string SubscriptionFilters::PayloadOf(const Account& account, const SubscriptionFilter& filter,
                                           std::string_view stream,
                                           std::span<const events::LogEvent* const> events) {
  std::string text;
  json::Writer writer(text);
  writer.BeginObject()
      .Member("messageType", "DATA_MESSAGE")
      .Member("owner", account.id.substr(0, account.id.find('/')))
      .Member("logGroup", filter.group)
      .Member("logStream", stream)
      .Key("subscriptionFilters")
      .BeginArray()
      .String(filter.name)
      .EndArray()
      .Key("logEvents")
      .BeginArray();
  for (const events::LogEvent* event : events) {
    // 56 digits that sort by time, as an event's id; unique by chance.
    const std::string id = fmt::format("{:020}{:018}{:018}", ToUnixMillis(event->time),
                                       random_.Below(1'000'000'000'000'000'000ull),
                                       random_.Below(1'000'000'000'000'000'000ull));
    writer.BeginObject()
        .Member("id", id)
        .Member("timestamp", ToUnixMillis(event->time))
        .Member("message", event->message)
        .EndObject();
  }
  writer.EndArray().EndObject();
  std::string body;
  json::Writer(body)
      .BeginObject()
      .Key("awslogs")
      .BeginObject()
      .Member("data", Base64Encode(Gzip(text)))
      .EndObject()
      .EndObject();
  return body;
}

void SubscriptionFilters::Add(const QueueKey& key, const std::string& destination,
                              std::string body) {
  std::lock_guard lock(mutex_);
  std::vector<Pending>& queue = queues_[key];
  if (queue.size() >= kPendingMax) {
    Log(LogLevel::kError, "a subscription filter's queue is full", {{"filter", key.second}});
    return;
  }
  Pending pending{.id = fmt::format("{:020}", next_id_++),
                  .destination = destination,
                  .body = std::move(body),
                  .created_at = clock_.Now(),
                  .due = clock_.Now()};
  const Result<> stored =
      table_.Put(kQueueKind, {key.first.first, key.first.second, pending.id,
                              json::Object{{"filter", key.second},
                                           {"destination", pending.destination},
                                           {"body", pending.body},
                                           {"created_at", ToUnixMillis(pending.created_at)}}});
  if (!stored.ok()) {
    // Still sent from memory; only a restart would lose it.
    Log(LogLevel::kError, "cannot queue a subscription's payload durably",
        {{"filter", key.second}, {"error", stored.error().message()}});
  }
  queue.push_back(std::move(pending));
}

void SubscriptionFilters::Enqueue(const Account& account, std::string_view group,
                                  std::string_view stream,
                                  std::span<const events::LogEvent> events) {
  std::vector<std::shared_ptr<const Compiled>> filters;
  {
    std::lock_guard lock(mutex_);
    if (groups_.empty()) return;  // fast path
    const auto found = groups_.find({account, std::string(group)});
    if (found == groups_.end()) return;
    filters = found->second;
  }
  for (const auto& compiled : filters) {
    if (!IsDelivered(compiled->filter)) continue;
    const QueueKey key{{account, std::string(group)}, compiled->filter.name};
    std::vector<const events::LogEvent*> matched;
    std::size_t bytes = 0;
    const auto send = [&] {
      if (matched.empty()) return;
      Add(key, compiled->filter.destination, PayloadOf(account, compiled->filter, stream, matched));
      matched.clear();
      bytes = 0;
    };
    for (const events::LogEvent& event : events) {
      if (!compiled->pattern.Matches(event.message)) continue;
      if (bytes + event.message.size() > kPayloadBytesMax) send();
      matched.push_back(&event);
      bytes += event.message.size();
    }
    send();
  }
}

SubscriptionFilters::Outcome SubscriptionFilters::Deliver(const HttpPost& post) {
  Outcome outcome;
  std::vector<QueueKey> keys;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [key, queue] : queues_) {
      if (!queue.empty()) keys.push_back(key);
    }
  }
  for (const QueueKey& key : keys) {
    for (;;) {
      Pending first;
      {
        std::lock_guard lock(mutex_);
        const auto queue = queues_.find(key);
        if (queue == queues_.end() || queue->second.empty()) break;
        first = queue->second.front();
      }
      const Instant now = clock_.Now();
      if (first.due > now) break;
      const Result<int> status = post(first.destination, first.body);
      const bool sent = status.ok() && *status >= 200 && *status < 300;
      const bool old = !sent && now - first.created_at > kRetriedFor;
      std::lock_guard lock(mutex_);
      const auto queue = queues_.find(key);
      // The filter may have been deleted meanwhile.
      if (queue == queues_.end() || queue->second.empty() || queue->second.front().id != first.id) {
        break;
      }
      if (!sent && !old) {
        Pending& front = queue->second.front();
        const Duration wait = kFirstRetry * (1 << std::min(front.attempts, 9));
        ++front.attempts;
        front.due = now + std::min(wait, kLastRetry);
        ++outcome.failed;
        break;
      }
      ++(sent ? outcome.delivered : outcome.dropped);
      const Result<> deleted =
          table_.Delete(kQueueKind, key.first.first, key.first.second, first.id);
      if (!deleted.ok()) {
        Log(LogLevel::kError, "cannot remove a delivered payload",
            {{"error", deleted.error().message()}});
      }
      queue->second.erase(queue->second.begin());
    }
  }
  return outcome;
}

std::size_t SubscriptionFilters::pending() const {
  std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (const auto& [key, queue] : queues_) count += queue.size();
  return count;
}

}  // namespace securebase::logs
