#include "ingest/log_batch.h"

#include <algorithm>

#include "base/text.h"

namespace securebase::ingest {
namespace {

constexpr std::size_t kNameMax = 512;
constexpr std::size_t kMessageMax = 1u << 20;
constexpr Duration kPastMax = std::chrono::hours(24 * 14);
constexpr Duration kFutureMax = std::chrono::hours(2);
constexpr std::size_t kAppendEvents = 10'000;
constexpr std::size_t kAppendBytes = 4u << 20;

bool IsGroupCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_' || c == '/' || c == '#';
}

}  // namespace

std::string GroupNameFrom(std::string_view text, std::string_view otherwise) {
  std::string name(text.substr(0, kNameMax));
  for (char& c : name) {
    if (!IsGroupCharacter(c)) c = '_';
  }
  return name.empty() ? std::string(otherwise) : name;
}

std::string StreamNameFrom(std::string_view text, std::string_view otherwise) {
  std::string name(text.substr(0, std::min(kNameMax, text.size())));
  name.resize(ValidUtf8Prefix(name));
  for (char& c : name) {
    if (c == ':' || c == '*' || static_cast<unsigned char>(c) < 0x20) c = '_';
  }
  return name.empty() ? std::string(otherwise) : name;
}

void LogBatch::Add(std::string group, std::string stream, Instant time, std::string message) {
  const auto reject = [&](std::string_view why) {
    ++rejected_;
    reason_ = why;
  };
  if (time < now_ - kPastMax) return reject("the timestamp is more than 14 days old");
  if (time > now_ + kFutureMax) return reject("the timestamp is more than 2 hours ahead");
  if (message.empty()) return reject("the message is empty");
  if (message.size() > kMessageMax) return reject("the message is larger than 1 MB");
  if (!IsValidUtf8(message)) message = ToValidUtf8(message);
  ++accepted_;
  streams_[{std::move(group), std::move(stream)}].push_back({time, std::move(message), now_});
}

Result<> LogBatch::Store(events::LogStore& store, const Account& account) {
  for (auto& [name, events] : streams_) {
    std::stable_sort(events.begin(), events.end(),
                     [](const auto& a, const auto& b) { return a.time < b.time; });
    for (std::size_t first = 0; first < events.size();) {
      std::vector<events::LogEvent> part;
      for (std::size_t bytes = 0;
           first < events.size() && part.size() < kAppendEvents && bytes < kAppendBytes; ++first) {
        bytes += events[first].message.size();
        part.push_back(std::move(events[first]));
      }
      SB_TRY_OK(store.Append(account, name.first, name.second, std::move(part)));
    }
  }
  streams_.clear();
  return {};
}

}  // namespace securebase::ingest
