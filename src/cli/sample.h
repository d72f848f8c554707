#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "server/stores.h"

namespace securebase::cli {

/// Fills a data folder with the sample customers (analytics/sample_data.h), their data of 120 days
/// up to today, and a report schedule each with how its last delivery went. Does nothing where
/// there is data of today already; older days are replaced, never doubled.
Result<> WriteDemoData(server::Stores& stores, const Account& account, const Clock& clock);

}  // namespace securebase::cli
