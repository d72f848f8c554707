#pragma once

// A query on a running server: StartQuery, GetQueryResults until it ends.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "insights/run.h"

namespace securebase::cli {

struct RemoteQuery {
  std::string endpoint;
  std::string key;
  std::string ca_file;
  bool insecure = false;
  std::string text;
  std::vector<std::string> groups;
  std::int64_t start_s = 0;
  std::int64_t end_s = 0;
  std::optional<std::size_t> limit;
};

struct RemoteAnswer {
  insights::Table table;
  insights::Statistics statistics;
};

/// Errors: what the server says; kInvalidArgument with wire code MalformedQueryException for a
/// query that it refuses.
Result<RemoteAnswer> RunRemoteQuery(const RemoteQuery& query,
                                    const std::vector<std::string>& columns,
                                    const std::function<void(std::uint64_t)>& on_progress);

}  // namespace securebase::cli
