#include "aws/dynamodb/operations.h"

namespace securebase::aws::dynamodb {

std::vector<Operation> Operations() {
  return {BatchGetItem(),
          BatchWriteItem(),
          CreateTable(),
          DeleteItem(),
          DeleteTable(),
          DescribeContinuousBackups(),
          DescribeEndpoints(),
          DescribeLimits(),
          DescribeTable(),
          DescribeTimeToLive(),
          GetItem(),
          ListTables(),
          ListTagsOfResource(),
          PutItem(),
          Query(),
          Scan(),
          TagResource(),
          TransactGetItems(),
          TransactWriteItems(),
          UntagResource(),
          UpdateItem(),
          UpdateTable(),
          UpdateTimeToLive()};
}

}  // namespace securebase::aws::dynamodb
