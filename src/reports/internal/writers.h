#pragma once

// One writer a format: the whole file as bytes. They may throw what their libraries throw.

#include <string>

#include "reports/export.h"

namespace securebase::reports {

/// RFC 4180 in UTF-8 with a header line. Text that a spreadsheet would run as a formula gets an
/// apostrophe in front.
std::string WriteCsv(const ExportTable& table);

/// An array of objects, a line each.
std::string WriteJson(const ExportTable& table);

Result<std::string> WriteXlsx(const ExportTable& table, const ExportOptions& options, Instant now,
                              const ExportProgress& progress);

Result<std::string> WritePdf(const ExportTable& table, const ExportOptions& options, Instant now,
                             const ExportProgress& progress);

}  // namespace securebase::reports
