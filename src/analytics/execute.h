#pragma once

// Runs parsed queries and writes their answers.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analytics/query.h"
#include "analytics/reader.h"
#include "base/json.h"

namespace securebase::analytics {

/// All of AnalyticsService::Run. `generation` goes into the next cursor.
Result<QueryResult> Execute(const Reader& reader, const AnalyticsQuery& query,
                            std::string_view generation);

/// GET /analytics: data, summary and metadata; the object is left open for further members.
std::string WriteAnalytics(const AnalyticsQuery& query, const QueryResult& result, Instant now);

// The other questions that read cost and usage.
using ParameterList = std::vector<std::pair<std::string, std::string>>;
Result<json::Value> SummaryAnswer(const Reader& reader, const DateRange& range);
Result<json::Value> BreakdownAnswer(const Reader& reader, const ParameterList& parameters,
                                    Instant now);
Result<json::Value> UsageAnswer(const Reader& reader, const DateRange& range,
                                std::string_view metric);

/// Money and quantities as answers show them: six decimals, as bills have.
double RoundAmount(double value);

}  // namespace securebase::analytics
