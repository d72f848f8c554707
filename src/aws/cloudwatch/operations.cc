#include "aws/cloudwatch/operations.h"

namespace securebase::aws::cloudwatch {

std::vector<Operation> Operations() {
  // One line each.
  return {
      PutMetricData(),        //
      GetMetricStatistics(),  //
      GetMetricData(),        //
      ListMetrics(),          //
      PutAnomalyDetector(),   //
      DescribeAnomalyDetectors(),
      DeleteAnomalyDetector(),
  };
}

}  // namespace securebase::aws::cloudwatch
