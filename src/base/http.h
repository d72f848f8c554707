#pragma once

// A request and a response as the parts above server/ see them: no sockets, no Beast.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"

namespace securebase::http {

/// Header fields in the order they came; names compare without case.
class Headers {
 public:
  /// The value of the first field of that name, or empty.
  std::string_view Get(std::string_view name) const;
  bool Has(std::string_view name) const;
  void Add(std::string name, std::string value);
  /// Replaces all of that name.
  void Set(std::string name, std::string value);
  /// Room for `count` fields, where their number can be guessed.
  void Reserve(std::size_t count) { fields_.reserve(count); }
  const std::vector<std::pair<std::string, std::string>>& all() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

struct Request {
  std::string method;  // upper case
  std::string target;  // as sent: path and query
  std::string path;    // percent-decoded, without the query
  std::string query;   // as sent, without '?'
  Headers headers;
  std::string body;  // as received: a signature covers these bytes
  std::string peer;  // address of the client
  bool tls = false;
  std::string request_id;  // UUID, chosen at arrival
  Instant received_at;
  std::chrono::nanoseconds received_monotonic{0};
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  /// Path of a file to send instead of `body`, for large downloads.
  std::string body_file;

  static Response Text(int status, std::string body);
  static Response Json(int status, std::string body);
};

/// Takes the response exactly once, from any thread.
using Respond = std::function<void(Response)>;

/// Answers requests. Handle runs on an I/O thread and returns soon: what may block or take long
/// goes to the worker pool and responds from there.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual void Handle(Request request, Respond respond) = 0;
};

/// Decoded name=value pairs of a query string or form, in order. Empty optional: broken escape
/// or invalid UTF-8.
std::optional<std::vector<std::pair<std::string, std::string>>> ParseForm(std::string_view text);

/// The request's body with its Content-Encoding (identity, gzip, zstd) undone.
/// Errors: kInvalidArgument (field "Content-Encoding" or "body"), kLimitExceeded.
Result<std::string> DecodedBody(const Request& request, std::size_t size_max);

}  // namespace securebase::http
