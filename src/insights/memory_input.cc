#include "insights/memory_input.h"

#include <algorithm>
#include <set>
#include <utility>

#include "insights/internal/memory_source.h"

namespace securebase::insights {
namespace internal {

MemorySource::MemorySource(const std::vector<MemoryEvent>& events, const ScanRequest& request,
                           const std::string& account)
    : events_(events), request_(request), batch_(request_, account) {
  for (const ScanField& field : request.fields) names_.push_back(field.name);
  statistics_.segments = 1;
}

Result<bool> MemorySource::Next(query::Batch& batch) {
  while (next_ < events_.size() && batch_.rows() < query::kBatchRowsMax) {
    const MemoryEvent& event = events_[next_++];
    if (event.timestamp_ms < request_.start_ms || event.timestamp_ms > request_.end_ms) continue;
    if (!request_.groups.empty() && std::find(request_.groups.begin(), request_.groups.end(),
                                              event.group) == request_.groups.end()) {
      continue;
    }
    ++statistics_.rows;
    statistics_.message_bytes += event.message.size();
    batch_.Add({.timestamp_ms = event.timestamp_ms,
                .ingested_ms = event.ingested_ms,
                .arrival = static_cast<std::int64_t>(next_),
                .message = event.message,
                .stream = event.stream,
                .group = event.group});
  }
  if (batch_.rows() == 0) return false;
  batch_.Finish(batch);
  return true;
}

}  // namespace internal

MemoryInput::MemoryInput(std::vector<MemoryEvent> events, std::string account)
    : events_(std::move(events)), account_(std::move(account)) {}

Result<std::vector<std::string>> MemoryInput::Resolve(const GroupSelection& selection) const {
  // Nothing here has tags: a selection by them alone chooses nothing.
  std::set<std::string> all, chosen;
  for (const MemoryEvent& event : events_) all.insert(event.group);
  for (const std::string& name : selection.names) {
    if (all.contains(name)) chosen.insert(name);
  }
  for (const std::string& prefix : selection.prefixes) {
    for (const std::string& name : all) {
      if (name.starts_with(prefix)) chosen.insert(name);
    }
  }
  return std::vector<std::string>(chosen.begin(), chosen.end());
}

Result<std::vector<ScanPart>> MemoryInput::Open(const ScanRequest& request, std::size_t) const {
  std::vector<ScanPart> parts(1);
  parts[0].source = std::make_unique<internal::MemorySource>(events_, request, account_);
  parts[0].rows = events_.size();
  for (const MemoryEvent& event : events_) parts[0].bytes += event.message.size();
  return parts;
}

}  // namespace securebase::insights
