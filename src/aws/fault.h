#pragma once

// Errors as AWS names them: the code of the Query protocol and the shape of the JSON protocols,
// which are not the same word (spec: cloudwatch-api 1.3 to 1.6).

#include <string>

#include "aws/service.h"
#include "base/result.h"

namespace securebase::aws {

struct Fault {
  std::string code;   // "InvalidParameterValue"
  std::string shape;  // "InvalidParameterValueException"
  int status = 400;   // of the Query protocol
  std::string message;

  bool sender() const { return status < 500 || status == 501; }
};

/// How a service answers an error. What went wrong inside of us is not told to the client.
Fault FaultOf(Service service, const Error& error);

/// "com.amazon.coral.validate#ValidationException".
std::string ShapeId(const ServiceDescription& service, const Fault& fault);

/// The status in the JSON and CBOR protocols: every 4xx is a 400 there, but for 413 and 415, and
/// for clients that ask for the Query protocol's.
int JsonStatus(const Fault& fault, bool query_mode);

}  // namespace securebase::aws
