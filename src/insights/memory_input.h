#pragma once

// Events in memory as an input: tests, and lines that came over standard input.

#include <string>
#include <vector>

#include "insights/run.h"

namespace securebase::insights {

struct MemoryEvent {
  std::int64_t timestamp_ms = 0;
  std::string message;
  std::string stream = "s";
  std::string group = "case";
  std::int64_t ingested_ms = 0;
};

/// Discovers fields event by event as it is read. Immutable.
class MemoryInput final : public Input {
 public:
  /// `account`: of @log.
  explicit MemoryInput(std::vector<MemoryEvent> events, std::string account = "000000000000");
  Result<std::vector<std::string>> Resolve(const GroupSelection& selection) const override;
  Result<std::vector<ScanPart>> Open(const ScanRequest& request, std::size_t parts) const override;

 private:
  const std::vector<MemoryEvent> events_;
  const std::string account_;
};

}  // namespace securebase::insights
