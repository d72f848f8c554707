#pragma once

// Bytes of a connection -> http::Request, with the limits of a request. Beast's parser does the
// grammar; what it lets pass and we do not is refused here.

#include <memory>
#include <string>
#include <string_view>

#include "server/http_server.h"

namespace securebase::server {

/// Why a request is not handled: the answer's status and a sentence.
struct Refusal {
  int status = 400;
  std::string message;
};

/// Parses the requests of one connection one after the other. Not thread-safe.
class RequestParser {
 public:
  /// `limits` outlive the parser.
  explicit RequestParser(const HttpLimits& limits);
  ~RequestParser();

  enum class State {
    kHeader,   // within the request line or the fields, or before them
    kBody,     // the header is complete, the body is not
    kDone,     // Take() gives the request
    kRefused,  // refusal() says why; the connection cannot go on
  };

  /// Takes what it can of `bytes` and returns how many it took. What is left must be offered
  /// again, with more behind it. May return at the end of the header: look at state(), then feed
  /// on. Returning 0 in kHeader or kBody means that more bytes are needed.
  std::size_t Feed(std::string_view bytes);

  State state() const;
  const Refusal& refusal() const;
  /// Whether anything of the present request has been read.
  bool started() const;

  // Valid from the end of the header on.
  bool keep_alive() const;
  bool is_head() const;
  bool is_http10() const;
  /// The client waits for "100 Continue" before it sends the body.
  bool expects_continue() const;
  std::size_t body_bytes() const;  // read so far

  /// The complete request, without what the connection adds (peer, id, times); the parser is
  /// ready for the next one.
  http::Request Take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace securebase::server
