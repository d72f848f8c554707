#include "aws/cloudwatch/operations.h"

namespace securebase::aws::cloudwatch {

std::vector<Operation> Operations() {
  // One line each.
  return {
      PutMetricData(),        //
      GetMetricStatistics(),  //
      GetMetricData(),        //
      ListMetrics(),          //
  };
}

}  // namespace securebase::aws::cloudwatch
