#include "aws/logs/operations.h"

namespace securebase::aws::logs {

std::vector<Operation> Operations() {
  // One line each.
  return {
      CreateLogGroup(),      //
      CreateLogStream(),     //
      DescribeLogGroups(),   //
      DescribeLogStreams(),  //
      FilterLogEvents(),     //
      GetLogEvents(),        //
      PutLogEvents(),        //
  };
}

}  // namespace securebase::aws::logs
