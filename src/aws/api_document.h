#pragma once

// The table of every operation and parameter, from the shapes that read the requests: what is
// evaluated, what is accepted without effect, what is refused. docs/api/ holds it.

#include <string>
#include <string_view>

#include "aws/service.h"

namespace securebase::aws {

/// "cloudwatch": the name of the service's page, docs/api/NAME.md.
std::string_view PageName(Service service);
/// The page in Markdown.
std::string ApiPage(Service service);

}  // namespace securebase::aws
