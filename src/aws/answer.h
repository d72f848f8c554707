#pragma once

// Answers in the form of their protocol (spec: cloudwatch-api 1.3 to 1.5).

#include <string_view>

#include "aws/fault.h"
#include "aws/request_route.h"
#include "aws/value.h"
#include "base/http.h"

namespace securebase::aws {

http::Response Answer(const RequestRoute& route, const Value& value, std::string_view request_id);

/// `members`: what the error carries beside its message (JSON only).
http::Response ErrorAnswer(const RequestRoute& route, const Fault& fault, const Value& members,
                           std::string_view request_id);

}  // namespace securebase::aws
