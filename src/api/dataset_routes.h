#pragma once

// Data in: POST /datasets/{dataset}/records and POST /datasets/{dataset}/import; role admin.
// Formats: docs/analytics.md.

#include <vector>

#include "api/route.h"
#include "base/clock.h"
#include "events/dataset_store.h"

namespace securebase::api {

/// All outlive the routes.
struct DatasetRouteDependencies {
  events::DatasetStore& datasets;
  const Clock& clock;
  std::size_t records_bytes_max = 64u << 20;  // of a body of /records, decompressed
  std::size_t import_bytes_max = 1u << 30;    // of a body of /import, decompressed
};

/// Both answer {"imported", "rejected": [{"line", "reason"}], "rejectedCount"}: 200 when anything
/// was taken (or there was nothing to take), 422 naming each reason when every line was rejected;
/// nothing is stored then. /records takes application/json (an array), application/x-ndjson or
/// text/csv; /import a whole file of ?format=focus|cur|asff|csv|ndjson|json, with `part`, `map`
/// (field=column, repeatable) and `customerColumn`.
std::vector<Route> DatasetRoutes(DatasetRouteDependencies dependencies);

}  // namespace securebase::api
