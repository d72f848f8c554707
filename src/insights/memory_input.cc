#include "insights/memory_input.h"

#include <algorithm>
#include <set>
#include <utility>

#include "insights/internal/event_batch.h"

namespace securebase::insights {
namespace {

class MemorySource final : public query::Source {
 public:
  MemorySource(const std::vector<MemoryEvent>& events, const ScanRequest& request,
               const std::string& account)
      : events_(events), request_(request), batch_(request_, account) {
    for (const ScanField& field : request.fields) names_.push_back(field.name);
    statistics_.segments = 1;
  }
  const std::vector<std::string>& column_names() const override { return names_; }
  const query::ScanStatistics& statistics() const override { return statistics_; }

  Result<bool> Next(query::Batch& batch) override {
    while (next_ < events_.size() && batch_.rows() < query::kBatchRowsMax) {
      const MemoryEvent& event = events_[next_++];
      if (event.timestamp_ms < request_.start_ms || event.timestamp_ms > request_.end_ms) continue;
      if (std::find(request_.groups.begin(), request_.groups.end(), event.group) ==
          request_.groups.end()) {
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

 private:
  const std::vector<MemoryEvent>& events_;
  const ScanRequest request_;
  std::vector<std::string> names_;
  internal::EventBatch batch_;
  std::size_t next_ = 0;
  query::ScanStatistics statistics_;
};

}  // namespace

MemoryInput::MemoryInput(std::vector<MemoryEvent> events, std::string account)
    : events_(std::move(events)), account_(std::move(account)) {}

Result<std::vector<std::string>> MemoryInput::Resolve(const GroupSelection& selection) const {
  if (!selection.tags.empty()) {
    return InvalidArgument("queryString", "log groups here have no tags to be chosen by");
  }
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
  parts[0].source = std::make_unique<MemorySource>(events_, request, account_);
  parts[0].rows = events_.size();
  for (const MemoryEvent& event : events_) parts[0].bytes += event.message.size();
  return parts;
}

}  // namespace securebase::insights
