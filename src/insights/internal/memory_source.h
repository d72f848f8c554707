#pragma once

#include <string>
#include <vector>

#include "insights/internal/event_batch.h"
#include "insights/memory_input.h"
#include "query/source.h"

namespace securebase::insights::internal {

/// Events in memory, in the order of ingestion. `events` outlive it.
class MemorySource final : public query::Source {
 public:
  MemorySource(const std::vector<MemoryEvent>& events, const ScanRequest& request,
               const std::string& account);
  const std::vector<std::string>& column_names() const override { return names_; }
  const query::ScanStatistics& statistics() const override { return statistics_; }
  Result<bool> Next(query::Batch& batch) override;

 private:
  const std::vector<MemoryEvent>& events_;
  const ScanRequest request_;
  std::vector<std::string> names_;
  EventBatch batch_;
  std::size_t next_ = 0;
  query::ScanStatistics statistics_;
};

}  // namespace securebase::insights::internal
