#pragma once

// Dashboards as documents: the body byte for byte, in an internal table of the account, with its
// last versions.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/tenant.h"
#include "base/time.h"
#include "documents/document_store.h"

namespace securebase::dashboards {

/// What lists show.
struct DashboardEntry {
  std::string name;
  Instant last_modified;
  std::uint64_t size_bytes = 0;
  std::uint64_t version = 0;  // 1 for a new one, one more with each save
};

struct StoredDashboard {
  DashboardEntry entry;
  std::string body;
};

struct DashboardPage {
  std::vector<DashboardEntry> entries;  // ascending by name
  bool more = false;
};

/// Of a whole account, whatever the region. Thread-safe; each write is all or nothing, and durable
/// when it returns.
class DashboardStore {
 public:
  /// The documents outlive it.
  explicit DashboardStore(documents::DocumentStore& documents) : documents_(documents) {}

  /// Creates or replaces. `expected_version`: kConflict where the dashboard has another one (0: it
  /// must not exist).
  Result<DashboardEntry> Save(const std::string& account_id, const std::string& name,
                              std::string_view body, Instant now,
                              std::optional<std::uint64_t> expected_version = {});
  /// None where there is no such dashboard.
  Result<std::optional<StoredDashboard>> Find(const std::string& account_id,
                                              const std::string& name) const;
  /// An earlier version, of the last kVersionsKept; none where it is gone.
  Result<std::optional<std::string>> FindVersion(const std::string& account_id,
                                                 const std::string& name,
                                                 std::uint64_t version) const;
  Result<DashboardPage> List(const std::string& account_id, std::string_view prefix,
                             const std::optional<std::string>& after, std::size_t max) const;
  /// All of them or none: the names that do not exist, in their order; then nothing was deleted.
  Result<std::vector<std::string>> Delete(const std::string& account_id,
                                          const std::vector<std::string>& names);

  static constexpr std::uint64_t kVersionsKept = 20;

 private:
  Result<std::optional<DashboardEntry>> FindEntry(const Account& account,
                                                  const std::string& name) const;
  Result<> AppendDeletion(const Account& account, const std::string& name, std::uint64_t version,
                          std::vector<documents::Write>& writes) const;

  documents::DocumentStore& documents_;
};

}  // namespace securebase::dashboards
