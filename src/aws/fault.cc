#include "aws/fault.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "aws/shape.h"

namespace securebase::aws {
namespace {

/// The two names of an error and its status in the Query protocol.
struct Names {
  std::string_view code;
  std::string_view shape;
  int status;
};

constexpr Names kCommon[] = {
    {"ValidationError", "ValidationException", 400},
    {"MalformedInput", "SerializationException", 400},
    {"InvalidAction", "UnknownOperationException", 400},
    {"NotImplemented", "NotImplementedException", 501},
    {"MissingAuthenticationToken", "MissingAuthenticationTokenException", 403},
    {"InvalidClientTokenId", "UnrecognizedClientException", 403},
    {"SignatureDoesNotMatch", "InvalidSignatureException", 403},
    {"IncompleteSignature", "IncompleteSignatureException", 403},
    {"AccessDenied", "AccessDeniedException", 403},
    {"Throttling", "ThrottlingException", 400},
    {"RequestEntityTooLarge", "RequestEntityTooLargeException", 413},
    {"UnsupportedMediaType", "UnsupportedMediaTypeException", 415},
    {"ServiceUnavailable", "ServiceUnavailableException", 503},
};

constexpr Names kCloudWatch[] = {
    {"InvalidParameterValue", "InvalidParameterValueException", 400},
    {"InvalidParameterCombination", "InvalidParameterCombinationException", 400},
    {"MissingParameter", "MissingRequiredParameterException", 400},
    {"InvalidNextToken", "InvalidNextToken", 400},
    {"ResourceNotFound", "ResourceNotFound", 404},
    {"ResourceNotFoundException", "ResourceNotFoundException", 404},
    {"ResourceNotFound", "DashboardNotFoundError", 404},
    {"InvalidParameterInput", "DashboardInvalidInputError", 400},
    {"InvalidFormat", "InvalidFormatFault", 400},
    {"ConflictException", "ConflictException", 409},
    {"LimitExceeded", "LimitExceededFault", 400},
    {"InternalServiceError", "InternalServiceFault", 500},
};

// Shapes of the coral framework rather than of the service's model.
constexpr std::string_view kCoralShapes[] = {
    "SerializationException",        "UnknownOperationException",
    "NotImplementedException",       "MissingAuthenticationTokenException",
    "UnrecognizedClientException",   "InvalidSignatureException",
    "IncompleteSignatureException",  "AccessDeniedException",
    "ThrottlingException",           "RequestEntityTooLargeException",
    "UnsupportedMediaTypeException",
};

/// The wire code for an error that brings none.
std::string_view DefaultWireCode(Service service, ErrorCode code) {
  const bool cloudwatch = service == Service::kCloudWatch;
  switch (code) {
    case ErrorCode::kInvalidArgument:
      if (service == Service::kDynamoDb) return "ValidationException";
      return service == Service::kLogs ? "InvalidParameterException" : "InvalidParameterValue";
    case ErrorCode::kNotFound:
      return cloudwatch ? "ResourceNotFound" : "ResourceNotFoundException";
    case ErrorCode::kConflict:
      if (service == Service::kDynamoDb) return "ResourceInUseException";
      return cloudwatch ? "ConflictException" : "OperationAbortedException";
    case ErrorCode::kForbidden:
      return "AccessDenied";
    case ErrorCode::kUnauthenticated:
      return "MissingAuthenticationToken";
    case ErrorCode::kLimitExceeded:
      return cloudwatch ? "LimitExceeded" : "LimitExceededException";
    case ErrorCode::kThrottled:
      return "Throttling";
    case ErrorCode::kDeadlineExceeded:
    case ErrorCode::kCancelled:
    case ErrorCode::kUnavailable:
      return "ServiceUnavailable";
    case ErrorCode::kUnimplemented:
      return "NotImplemented";
    case ErrorCode::kInternal:
      break;
  }
  if (cloudwatch) return "InternalServiceError";
  return service == Service::kDynamoDb ? "InternalServerError" : "InternalFailure";
}

std::string_view WireCodeOf(Service service, const Error& error) {
  if (error.wire_code().empty()) return DefaultWireCode(service, error.code());
  if (error.wire_code() != kConstraintCode) return error.wire_code();
  return service == Service::kLogs ? "InvalidParameterException" : "ValidationError";
}

template <std::size_t n>
const Names* FindNames(const Names (&table)[n], std::string_view wire_code) {
  const auto found = std::find_if(std::begin(table), std::end(table), [&](const Names& names) {
    return names.code == wire_code || names.shape == wire_code;
  });
  return found == std::end(table) ? nullptr : &*found;
}

}  // namespace

Fault FaultOf(Service service, const Error& error) {
  const std::string_view wire_code = WireCodeOf(service, error);
  Fault fault{std::string(wire_code), std::string(wire_code), 400, error.message()};
  const Names* names = FindNames(kCommon, wire_code);
  if (names == nullptr && service == Service::kCloudWatch) {
    names = FindNames(kCloudWatch, wire_code);
  }
  if (names != nullptr) {
    fault.code = names->code;
    fault.shape = names->shape;
    fault.status = names->status;
  }
  if (error.code() == ErrorCode::kInternal) {
    fault.status = 500;
    fault.message = "The request processing has failed because of an unknown error.";
  } else if (error.code() == ErrorCode::kUnavailable) {
    fault.status = 503;
  }
  return fault;
}

std::string ShapeId(const ServiceDescription& service, const Fault& fault) {
  if (service.error_namespace.empty()) return fault.shape;
  if (fault.shape == "ValidationException") return "com.amazon.coral.validate#" + fault.shape;
  const bool coral = std::find(std::begin(kCoralShapes), std::end(kCoralShapes), fault.shape) !=
                     std::end(kCoralShapes);
  return coral ? "com.amazon.coral.service#" + fault.shape
               : std::string(service.error_namespace) + fault.shape;
}

int JsonStatus(const Fault& fault, bool query_mode) {
  if (query_mode || fault.status >= 500) return fault.status;
  return fault.status == 413 || fault.status == 415 ? fault.status : 400;
}

}  // namespace securebase::aws
