#pragma once

// The AWS services that we speak, and every operation that AWS gives them: what we have not built
// is refused as such, what AWS does not know is a client's mistake (spec: cloudwatch-api 9).

#include <string_view>

namespace securebase::aws {

enum class Service { kCloudWatch, kLogs, kSns, kDynamoDb };

struct ServiceDescription {
  Service service;
  std::string_view signing_name;  // in credential scopes
  std::string_view
      action_prefix;  // of actions in messages about rights: "cloudwatch:PutMetricData"
  std::string_view target_prefix;  // of X-Amz-Target and of RPC v2 paths; empty: no JSON
  std::string_view json_version;
  std::string_view query_version;  // empty: no Query protocol
  std::string_view xml_namespace;
  std::string_view error_namespace;  // of "__type"; may be empty
};

const ServiceDescription& Describe(Service service);
/// Null where none fits.
const ServiceDescription* FindByTarget(std::string_view target_prefix);
const ServiceDescription* FindByQueryVersion(std::string_view version);
const ServiceDescription* FindBySigningName(std::string_view name);

/// Whether AWS has such an operation, built here or not.
bool IsKnownOperation(Service service, std::string_view operation);

}  // namespace securebase::aws
