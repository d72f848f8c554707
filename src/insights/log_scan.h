#pragma once

// A scan of the log store as the parts of a query's input.

#include <vector>

#include "base/tenant.h"
#include "events/log_store.h"
#include "insights/run.h"

namespace securebase::insights {

/// About `parts` parts that share the scan between them. Errors: those of LogStore::Scan.
Result<std::vector<ScanPart>> ScanLogs(const events::LogStore& store, const Account& account,
                                       const ScanRequest& request, std::size_t parts);

}  // namespace securebase::insights
