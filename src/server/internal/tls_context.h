#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "base/result.h"
#include "server/http_server.h"

namespace securebase::server {

/// A server's TLS: versions 1.2 and 1.3, suites with forward secrecy and authenticated
/// encryption only, ALPN "http/1.1". Errors: kInvalidArgument naming the file that cannot be
/// used, or that key and certificate do not belong together.
Result<std::unique_ptr<boost::asio::ssl::context>> MakeTlsContext(const TlsFiles& files);

}  // namespace securebase::server
