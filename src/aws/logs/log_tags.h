#pragma once

// Tags of log groups: kept as attributes of the group in the store (spec: logs-api 7).

#include <string>
#include <string_view>

#include "aws/value.h"
#include "base/result.h"

namespace securebase::aws::logs {

/// The attribute that holds a tag.
std::string TagAttribute(std::string_view key);

/// Errors: too long keys or values.
Result<> CheckTags(const Value::Fields& tags, std::string_view member);

}  // namespace securebase::aws::logs
