#pragma once

#include <vector>

#include "aws/operation.h"

namespace securebase::aws::cloudwatch {

/// The operations of CloudWatch that are built.
std::vector<Operation> Operations();

Operation PutMetricData();
Operation GetMetricStatistics();
Operation GetMetricData();
Operation ListMetrics();
Operation PutAnomalyDetector();
Operation DescribeAnomalyDetectors();
Operation DeleteAnomalyDetector();

}  // namespace securebase::aws::cloudwatch
