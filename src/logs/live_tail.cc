#include "logs/live_tail.h"

#include <algorithm>
#include <utility>

namespace securebase::logs {

bool LiveTail::Session::Takes(std::string_view stream) const {
  if (request.streams.empty() && request.stream_prefixes.empty()) return true;
  return std::any_of(request.streams.begin(), request.streams.end(),
                     [&](const std::string& name) { return stream == name; }) ||
         std::any_of(request.stream_prefixes.begin(), request.stream_prefixes.end(),
                     [&](const std::string& prefix) { return stream.starts_with(prefix); });
}

Result<> LiveTail::Start(const Account& account, TailRequest request, Instant now, TailSink sink,
                         std::function<void()> ended) {
  auto session =
      std::make_shared<Session>(Session{.account = account,
                                        .groups = {request.groups.begin(), request.groups.end()},
                                        .request = std::move(request),
                                        .ends_at = now + kSessionMax,
                                        .sink = std::move(sink),
                                        .ended = std::move(ended)});
  std::lock_guard lock(mutex_);
  if (sessions_.size() >= kSessionsMax) {
    return LimitExceeded("logGroupIdentifiers", "Too many live tail sessions.");
  }
  sessions_.push_back(std::move(session));
  watched_ = true;
  return {};
}

void LiveTail::Publish(const Account& account, std::string_view group, std::string_view stream,
                       std::span<const events::LogEvent> events) {
  if (!watched_.load(std::memory_order_relaxed)) return;
  std::lock_guard lock(mutex_);
  for (const auto& session : sessions_) {
    if (session->account != account || !session->groups.contains(group) ||
        !session->Takes(stream)) {
      continue;
    }
    for (const events::LogEvent& event : events) {
      if (!session->request.pattern.Matches(event.message)) continue;
      if (session->pending.events.size() == kEventsMax) {
        session->pending.sampled = true;
        break;
      }
      session->pending.events.push_back({std::string(group), std::string(stream), event});
    }
  }
}

void LiveTail::Flush(Instant now) {
  std::vector<std::pair<std::shared_ptr<Session>, TailUpdate>> updates;
  {
    std::lock_guard lock(mutex_);
    for (const auto& session : sessions_) {
      updates.emplace_back(session, std::exchange(session->pending, {}));
    }
  }
  std::vector<std::shared_ptr<Session>> over;
  for (auto& [session, update] : updates) {
    if (!session->sink(update) || now >= session->ends_at) over.push_back(session);
  }
  if (over.empty()) return;
  {
    std::lock_guard lock(mutex_);
    std::erase_if(sessions_, [&](const auto& session) {
      return std::find(over.begin(), over.end(), session) != over.end();
    });
    watched_ = !sessions_.empty();
  }
  for (const auto& session : over) session->ended();
}

void LiveTail::Stop() {
  std::vector<std::shared_ptr<Session>> sessions;
  {
    std::lock_guard lock(mutex_);
    sessions.swap(sessions_);
    watched_ = false;
  }
  for (const auto& session : sessions) session->ended();
}

std::size_t LiveTail::sessions() const {
  std::lock_guard lock(mutex_);
  return sessions_.size();
}

}  // namespace securebase::logs
