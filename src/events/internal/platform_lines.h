#pragma once

// Fields of lines that AWS services write as text: Lambda's START, END and REPORT, VPC flow
// records, Route 53 queries (spec: logs-api 13, logs-insights 5).

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "events/discovery.h"
#include "events/internal/json_shapes.h"

namespace securebase::events {

/// Not thread-safe.
class PlatformLines {
 public:
  explicit PlatformLines(NameTable& names);

  /// Whether a text line may have a field of this name.
  static bool IsName(std::string_view name);

  /// Appends the fields of a text line. They view into it or into this object until the next call.
  void Discover(std::string_view message, std::vector<DiscoveredField>& fields);
  /// Appends the same fields of Lambda's JSON form, from its discovered fields.
  void DiscoverJson(std::string_view message, std::vector<DiscoveredField>& fields);

  // What names the fields of Lambda's lines.
  enum Name {
    kType,
    kRequestId,
    kDuration,
    kBilledDuration,
    kMemorySize,
    kMaxMemoryUsed,
    kInitDuration,
    kTraceId,
    kSegmentId,
    kNames,
  };

 private:
  void Add(Name name, FieldKind kind, std::string_view text, std::vector<DiscoveredField>& fields);
  void AddNumber(Name name, std::string_view text, std::vector<DiscoveredField>& fields);
  void AddMegabytes(Name name, std::string_view text, std::vector<DiscoveredField>& fields);
  void DiscoverReport(std::string_view message, std::vector<DiscoveredField>& fields);
  void DiscoverReportColumn(std::string_view column, std::vector<DiscoveredField>& fields);
  void DiscoverApplication(std::string_view message, std::vector<DiscoveredField>& fields);
  bool DiscoverFlow(std::string_view message, std::vector<DiscoveredField>& fields);
  bool DiscoverDns(std::string_view message, std::vector<DiscoveredField>& fields);

  NameTable& names_;
  std::array<std::uint32_t, kNames> ids_{};
  std::array<std::string, kNames> scratch_;  // of computed texts
  std::array<std::uint32_t, 14> flow_ids_{};
  std::array<std::uint32_t, 10> dns_ids_{};
  std::uint32_t json_type_ = 0;
};

}  // namespace securebase::events
