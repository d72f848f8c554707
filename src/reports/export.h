#pragma once

// Tables to files: CSV, JSON, XLSX and PDF. What each format does with types, locales and time
// zones: docs/exports.md.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "base/time_zone.h"
#include "charts/color.h"
#include "reports/locale.h"

namespace securebase::reports {

inline constexpr std::size_t kRowsMax = 100'000;
inline constexpr std::size_t kColumnsMax = 200;

/// What a column holds, absent cells aside. kDate is "2026-01-05" in every cell, kTimestamp an
/// ISO 8601 date and time with an offset.
enum class ColumnType : std::uint8_t { kText, kInteger, kNumber, kBoolean, kDate, kTimestamp };

struct ExportColumn {
  std::string name;
  ColumnType type = ColumnType::kText;
};

struct ExportTable {
  std::string title;
  std::vector<ExportColumn> columns;
  std::vector<json::Array> rows;  // each as long as `columns`; null: an empty cell
};

/// The table of a JSON array of objects: columns are the union of the members, in order of first
/// appearance, typed by what their cells hold. Errors: kInvalidArgument ("data", "data.3"),
/// kLimitExceeded (rows, columns).
Result<ExportTable> TableFromObjects(json::Value data, std::string title);

/// Sets the type of each column from its cells.
void DetectColumnTypes(ExportTable& table);

enum class ExportFormat : std::uint8_t { kCsv, kJson, kXlsx, kPdf };

/// "csv", "json", "xlsx" or "excel", "pdf"; kInvalidArgument (field "format") else.
Result<ExportFormat> ParseExportFormat(std::string_view text);
/// "csv", "json", "xlsx" or "pdf": also the extension of the files.
std::string_view ToText(ExportFormat format);

enum class PageSize : std::uint8_t { kLetter, kA4 };
enum class Orientation : std::uint8_t { kPortrait, kLandscape };

struct ExportOptions {
  bool include_charts = false;
  PageSize page_size = PageSize::kLetter;
  Orientation orientation = Orientation::kPortrait;
  Locale locale;
  TimeZone time_zone;
  charts::Color brand_color{0x1f / 255.0, 0x4e / 255.0, 0xd8 / 255.0};
};

/// Reads {"includeCharts", "pageSize", "orientation", "locale", "timezone", "brandColor"}; null
/// means the defaults. Errors: kInvalidArgument naming the member ("options.locale"), unknown
/// members included.
Result<ExportOptions> ParseExportOptions(const json::Value* options, ExportFormat format);

struct ExportFile {
  std::string bytes;
  std::string content_type;
  std::string file_name;  // "monthly-cost-20260101T000000Z.pdf"
};

/// Told how many rows are done; called on the thread that exports.
using ExportProgress = std::function<void(std::size_t rows_done)>;

/// Writes the whole file in memory. `now` dates the name and the content. Errors:
/// kInvalidArgument where a cell does not fit the format (its place as "data.17.notes"),
/// kUnavailable, kInternal (a library failed). Thread-safe.
Result<ExportFile> Export(const ExportTable& table, ExportFormat format,
                          const ExportOptions& options, Instant now,
                          const ExportProgress& progress = {});

/// The part of a file name that a title gives: letters and digits, the rest folded into '-'.
/// At most 60 bytes; "report" where nothing is left.
std::string Slug(std::string_view title);

/// `attachment` with the name in ASCII and, where it differs, in UTF-8 (RFC 6266, RFC 8187).
std::string ContentDisposition(std::string_view file_name);

}  // namespace securebase::reports
