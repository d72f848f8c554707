#pragma once

// AWS JSON 1.0 and 1.1. Timestamps are epoch seconds, blobs base64, null means absent.

#include <string>
#include <string_view>

#include "aws/shape.h"
#include "aws/value.h"
#include "base/result.h"

namespace securebase::aws::codec {

/// The wire code SerializationException, for text that is no JSON or has a value of a wrong type.
Error Malformed(std::string field, std::string message);

/// Reads a request body of the shape; an empty one is {}. Errors: SerializationException, or
/// ValidationError for members that are unknown or refused.
Result<Value> DecodeJson(const Shape& shape, std::string_view body);

std::string EncodeJson(const Value& value);

}  // namespace securebase::aws::codec
