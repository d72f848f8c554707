#pragma once

#include <vector>

#include "aws/operation.h"

namespace securebase::aws::logs {

/// The operations of CloudWatch Logs that are built.
std::vector<Operation> Operations();

Operation CreateLogGroup();
Operation CreateLogStream();
Operation DeleteLogGroup();
Operation DeleteLogStream();
Operation DeleteMetricFilter();
Operation DeleteQueryDefinition();
Operation DeleteResourcePolicy();
Operation DeleteRetentionPolicy();
Operation DeleteSubscriptionFilter();
Operation DescribeLogGroups();
Operation DescribeLogStreams();
Operation DescribeMetricFilters();
Operation DescribeQueries();
Operation DescribeQueryDefinitions();
Operation DescribeResourcePolicies();
Operation DescribeSubscriptionFilters();
Operation FilterLogEvents();
Operation GetLogEvents();
Operation GetLogGroupFields();
Operation GetLogRecord();
Operation GetQueryResults();
Operation ListLogGroups();
Operation ListLogGroupsForQuery();
Operation ListTagsForResource();
Operation ListTagsLogGroup();
Operation PutLogEvents();
Operation PutMetricFilter();
Operation PutQueryDefinition();
Operation PutResourcePolicy();
Operation PutRetentionPolicy();
Operation PutSubscriptionFilter();
Operation StartLiveTail();
Operation StartQuery();
Operation StopQuery();
Operation TagLogGroup();
Operation TagResource();
Operation TestMetricFilter();
Operation UntagLogGroup();
Operation UntagResource();

}  // namespace securebase::aws::logs
