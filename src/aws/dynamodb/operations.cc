#include "aws/dynamodb/operations.h"

#include "aws/dynamodb/meter.h"

namespace securebase::aws::dynamodb {

std::vector<Operation> Operations() {
  std::vector<Operation> operations = {BatchGetItem(),
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
  for (Operation& operation : operations) operation.malformed = PublishUserError;
  return operations;
}

}  // namespace securebase::aws::dynamodb
