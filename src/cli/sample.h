#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "server/stores.h"

namespace securebase::cli {

/// The customers of the sample data.
const std::vector<std::string>& SampleCustomers();

/// Fills a data folder with invented customers and 120 days of their costs, usage, findings and
/// controls, up to today: the same for the same day. Does nothing for a customer that has cost
/// data of today already; other days are replaced, never doubled.
Result<> WriteSampleData(server::Stores& stores, const Account& account, const Clock& clock);

}  // namespace securebase::cli
