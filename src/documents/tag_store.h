#pragma once

// Tags of resources by their ARN, in an internal table: alarms, dashboards, anomaly detectors, log
// groups may all keep theirs here.

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/tenant.h"
#include "documents/document_store.h"

namespace securebase::documents {

/// Key to value.
using Tags = std::map<std::string, std::string>;

inline constexpr std::size_t kTagsMax = 50;

/// Thread-safe. Knows nothing of the resources: whoever calls says whether one exists.
class TagStore {
 public:
  explicit TagStore(DocumentStore& documents) : documents_(documents) {}

  /// Empty where the resource has none.
  Result<Tags> List(const Account& account, const std::string& arn) const;
  /// Adds and replaces. kLimitExceeded (wire code LimitExceeded) beyond kTagsMax in the end.
  Result<> Add(const Account& account, const std::string& arn, const Tags& tags);
  /// Keys that are not there are no error.
  Result<> Remove(const Account& account, const std::string& arn,
                  const std::vector<std::string>& keys);

  /// The write that sets a resource's tags, for the transaction that creates it; with no tags, the
  /// one that removes all, for the transaction that deletes it. The table exists afterwards.
  Result<Write> Replace(const Account& account, const std::string& arn, Tags tags);

 private:
  Result<> EnsureTable(const Account& account);

  DocumentStore& documents_;
  std::mutex mutex_;
  std::set<Account> ready_;  // accounts whose table exists; guarded by mutex_
};

}  // namespace securebase::documents
