#pragma once

// Logs in other people's protocols: OTLP/HTTP (POST /v1/logs) and Loki's push (POST
// /loki/api/v1/push). How their records become groups, streams and messages: docs/logs.md.

#include <vector>

#include "events/log_store.h"
#include "ingest/ingest.h"
#include "ingest/log_batch.h"

namespace securebase::ingest {

/// `store` outlives the routes.
std::vector<Route> LogRoutes(events::LogStore& store);

/// What headers of an OTLP request say over its resources; empty: nothing.
struct OtlpTarget {
  std::string group;
  std::string stream;
};

// The parsers, for tests: each adds the records to the batch. Errors: kInvalidArgument for bytes
// that are not of the protocol.
Result<> ParseOtlpLogs(std::string_view protobuf, const OtlpTarget& target, Instant now,
                       LogBatch& batch);
Result<> ParseOtlpLogsJson(std::string_view text, const OtlpTarget& target, Instant now,
                           LogBatch& batch);
/// Without the compression.
Result<> ParseLokiPush(std::string_view protobuf, LogBatch& batch);
Result<> ParseLokiPushJson(std::string_view text, LogBatch& batch);

}  // namespace securebase::ingest
