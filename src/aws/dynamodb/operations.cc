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
          UpdateItem()};
}

}  // namespace securebase::aws::dynamodb
