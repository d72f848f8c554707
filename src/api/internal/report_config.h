#pragma once

// A report's config and the built-in templates.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace securebase::api {

/// Checks {dateRange, startDate, endDate, dimension, filters, fields, groupBy, metrics,
/// visualizations}: what a query would refuse is refused when the report is saved. Errors:
/// kInvalidArgument with a path such as "config.filters.cost.gt".
Result<> CheckReportConfig(const json::Value& config, Instant now);

/// The parameters of GET /analytics that a checked config stands for.
Result<std::vector<std::pair<std::string, std::string>>> ReportQueryParameters(
    const json::Value& config);

struct ReportTemplate {
  std::string_view id;
  std::string_view name;
  std::string_view description;
  json::Value config;
};

/// cost-analysis, security, compliance, usage, executive-summary.
const std::vector<ReportTemplate>& BuiltInTemplates();

}  // namespace securebase::api
