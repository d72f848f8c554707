#pragma once

// Status line and fields of a response, written by hand: one append into the connection's buffer.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/http.h"

namespace securebase::server {

/// "Not Found"; "Unknown" for a status without a registered phrase.
std::string_view ReasonPhrase(int status);

/// "Sun, 06 Nov 1994 08:49:37 GMT".
std::string FormatHttpDate(Instant t);

struct HeadContext {
  std::string_view date;        // as FormatHttpDate writes it
  std::string_view request_id;  // X-Request-Id, unless the response has its own
  std::uint64_t content_length = 0;
  bool keep_alive = true;
  bool http10 = false;
  bool chunked = false;  // in place of content_length
};

/// Whether a response of this status has a body at all.
bool StatusAllowsBody(int status);

/// Appends the whole head, the empty line included. Fields that belong to the connection
/// (Content-Length, Connection, Transfer-Encoding, Date, Server) are ours, whatever the response
/// says of them; line ends within values become blanks.
void AppendResponseHead(std::string& out, const http::Response& response,
                        const HeadContext& context);

}  // namespace securebase::server
