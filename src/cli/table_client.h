#pragma once

// The DynamoDB operations for commands: of a running server over HTTP, or of a data folder whose
// server is stopped. Both take and give the same JSON.

#include <memory>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace securebase::cli {

struct TableClientOptions {
  std::string endpoint;  // or data, never both
  std::string data;
  std::string key;  // "ACCESS_KEY_ID:SECRET", with an endpoint that asks for signatures
  std::string account;
  std::string region;
  std::string environment = "dev";
  std::string ca_file;
  bool insecure = false;
};

/// Not thread-safe.
class TableClient {
 public:
  virtual ~TableClient() = default;

  /// Errors of the options (kInvalidArgument), or of opening the folder.
  static Result<std::unique_ptr<TableClient>> Open(const TableClientOptions& options);

  /// The answer of an operation. A refusal is an Error with the service's message and, as its wire
  /// code, the name of the exception; throttling and a busy server are tried again a few times.
  Result<json::Value> Call(std::string_view operation, const json::Value& request);

  /// Writes out what a data folder still holds in memory.
  virtual Result<> Close() = 0;

 protected:
  struct Answer {
    int status = 0;
    std::string body;
  };
  virtual Result<Answer> Send(std::string_view operation, std::string body) = 0;
};

}  // namespace securebase::cli
