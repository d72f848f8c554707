#pragma once

// Sample data for `securebase demo`: a few invented customers with 120 days of bills, usage,
// findings and controls up to now.

#include <string>
#include <vector>

#include "base/result.h"
#include "base/tenant.h"
#include "base/time.h"
#include "events/dataset_store.h"

namespace securebase::analytics {

struct SampleCustomer {
  std::string id;    // "default", "northwind-labs", ..
  std::string name;  // for people
};

/// The first is "default": whom `--auth none` answers for.
const std::vector<SampleCustomer>& SampleCustomers();

struct SampleOptions {
  Account account;
  Instant now;
  int days = 120;
  std::uint64_t seed = 1;
};

/// Writes the data of all sample customers. The same options give the same rows; writing again
/// replaces what was written before. About 60,000 rows, well under a second.
Result<> WriteSampleData(events::DatasetStore& datasets, const SampleOptions& options);

}  // namespace securebase::analytics
