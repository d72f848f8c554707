#pragma once

// Tells protocol, service and operation of a request apart (spec: cloudwatch-api 1.1).

#include <optional>
#include <string>
#include <string_view>

#include "aws/codec/query.h"
#include "aws/service.h"
#include "base/http.h"
#include "base/result.h"

namespace securebase::aws {

enum class Protocol { kQuery, kJson10, kJson11, kCbor };

/// None: the request is not one for an AWS API.
std::optional<Protocol> ProtocolOf(const http::Request& request);

struct RequestRoute {
  Protocol protocol = Protocol::kQuery;
  /// Null: a service that we do not speak; `service_name` says what the client calls it.
  const ServiceDescription* service = nullptr;
  std::string service_name;
  std::string operation;
  std::string version;      // of the Query protocol
  bool query_mode = false;  // the client wants the Query protocol's statuses
  codec::Form form;         // of the Query protocol

  /// The service whose error form is used when the service is unknown: CloudWatch's.
  const ServiceDescription& service_or_default() const;
};

/// `body` is the request's, decompressed; with an empty one the route of a form may lack its
/// operation. `signing_name` decides where a form has no version. Errors: a form that cannot be
/// decoded, no action (wire code MissingAction).
Result<RequestRoute> FindRoute(const http::Request& request, Protocol protocol,
                               std::string_view body, std::string_view signing_name);

/// What can be said of the route before the body is known to be good, for errors and logs.
RequestRoute GuessRoute(const http::Request& request, Protocol protocol,
                        std::string_view signing_name);

}  // namespace securebase::aws
