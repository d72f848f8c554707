#include "aws/logs/operations.h"

namespace securebase::aws::logs {

std::vector<Operation> Operations() {
  return {CreateLogGroup(),  CreateLogStream(), DescribeLogGroups(), DescribeLogStreams(),
          FilterLogEvents(), GetLogEvents(),    PutLogEvents()};
}

}  // namespace securebase::aws::logs
