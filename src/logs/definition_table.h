#pragma once

// What users define beside their events: metric filters, subscription filters, saved queries,
// policies. Each kind is a partition of one internal table in the home account.

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/tenant.h"
#include "base/time.h"
#include "documents/document_store.h"

namespace securebase::logs {

/// One definition. `group` is empty for what belongs to no log group.
struct Definition {
  Account account;
  std::string group;
  std::string name;
  json::Value body;
};

/// Thread-safe; changes are durable when a call returns.
class DefinitionTable {
 public:
  /// Creates the table where it is missing. `documents` outlives it.
  static Result<DefinitionTable> Open(documents::DocumentStore& documents, Account home,
                                      Instant now);

  Result<> Put(std::string_view kind, const Definition& definition);
  Result<> Delete(std::string_view kind, const Account& account, std::string_view group,
                  std::string_view name);
  /// All of a kind, of every account, by account, group and name.
  Result<std::vector<Definition>> All(std::string_view kind) const;

 private:
  DefinitionTable(documents::DocumentStore& documents, Account home)
      : documents_(&documents), home_(std::move(home)) {}

  documents::DocumentStore* documents_;
  Account home_;
};

}  // namespace securebase::logs
