#pragma once

#include <vector>

#include "aws/operation.h"

namespace securebase::aws::logs {

/// The operations of CloudWatch Logs that are built.
std::vector<Operation> Operations();

Operation CreateLogGroup();
Operation CreateLogStream();
Operation DescribeLogGroups();
Operation DescribeLogStreams();
Operation FilterLogEvents();
Operation GetLogEvents();
Operation PutLogEvents();

}  // namespace securebase::aws::logs
