#pragma once

#include "analytics/service.h"
#include "api/export_routes.h"
#include "base/clock.h"
#include "documents/document_store.h"
#include "documents/product_tables.h"

namespace securebase::api {

/// Exports of analytics queries and of saved reports. All arguments outlive the result.
ExportQueries MakeExportQueries(const analytics::AnalyticsService& analytics,
                                const documents::DocumentStore& documents,
                                const documents::ProductTables& tables, const Clock& clock);

}  // namespace securebase::api
