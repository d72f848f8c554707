#pragma once

// Saved reports: records of the product table `reports`, with names unique per customer.

#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/random.h"
#include "base/result.h"
#include "base/tenant.h"
#include "documents/document_store.h"
#include "documents/product_tables.h"

namespace securebase::api {

/// What a client gives of a report.
struct ReportDraft {
  std::optional<std::string> name;
  std::optional<std::string> description;
  std::optional<json::Value> config;
};

/// Thread-safe. Errors: kNotFound for a report that the customer does not have; kConflict for a
/// name that another report of the customer has.
class ReportStore {
 public:
  ReportStore(documents::DocumentStore& documents, const documents::ProductTables& tables,
              Random& random, const Clock& clock);

  /// `draft` has a name.
  Result<documents::Item> Create(const Customer& customer, const ReportDraft& draft);
  Result<documents::Item> Get(const Customer& customer, std::string_view id) const;
  /// Newest first.
  Result<std::vector<documents::Item>> List(const Customer& customer) const;
  /// Replaces what the draft holds, leaves the rest.
  Result<documents::Item> Update(const Customer& customer, std::string_view id,
                                 const ReportDraft& draft);
  Result<> Delete(const Customer& customer, std::string_view id);
  /// Sets lastRun to now.
  Result<> MarkRun(const Customer& customer, std::string_view id);

 private:
  Result<> EnsureTables(const Account& account);
  documents::Write ClaimName(const Customer& customer, const std::string& name,
                             const std::string& id) const;
  documents::Write ReleaseName(const Customer& customer, const std::string& name) const;

  documents::DocumentStore& documents_;
  const documents::ProductTables& tables_;
  Random& random_;
  const Clock& clock_;
  std::mutex mutex_;
  std::set<Account> ready_;  // accounts whose tables exist; guarded by mutex_
};

}  // namespace securebase::api
