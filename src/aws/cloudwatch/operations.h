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

Operation PutDashboard();
Operation GetDashboard();
Operation ListDashboards();
Operation DeleteDashboards();

}  // namespace securebase::aws::cloudwatch
