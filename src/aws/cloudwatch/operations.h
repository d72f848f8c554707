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
Operation PutMetricAlarm();
Operation PutCompositeAlarm();
Operation DeleteAlarms();
Operation DescribeAlarms();
Operation DescribeAlarmsForMetric();
Operation DescribeAlarmContributors();
Operation DescribeAlarmHistory();
Operation SetAlarmState();
Operation EnableAlarmActions();
Operation DisableAlarmActions();
Operation TagResource();
Operation UntagResource();
Operation ListTagsForResource();
Operation PutAlarmMuteRule();
Operation GetAlarmMuteRule();
Operation ListAlarmMuteRules();
Operation DeleteAlarmMuteRule();

}  // namespace securebase::aws::cloudwatch
