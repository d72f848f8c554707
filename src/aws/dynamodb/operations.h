#pragma once

#include <vector>

#include "aws/operation.h"

namespace securebase::aws::dynamodb {

/// The operations of DynamoDB that are built.
std::vector<Operation> Operations();

Operation BatchGetItem();
Operation BatchWriteItem();
Operation CreateTable();
Operation DeleteItem();
Operation DeleteTable();
Operation DescribeContinuousBackups();
Operation DescribeEndpoints();
Operation DescribeLimits();
Operation DescribeTable();
Operation DescribeTimeToLive();
Operation GetItem();
Operation ListTables();
Operation ListTagsOfResource();
Operation PutItem();
Operation Query();
Operation Scan();
Operation TagResource();
Operation TransactGetItems();
Operation TransactWriteItems();
Operation UntagResource();
Operation UpdateItem();
Operation UpdateTable();
Operation UpdateTimeToLive();

}  // namespace securebase::aws::dynamodb
