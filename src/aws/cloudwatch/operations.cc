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
      PutDashboard(),      //
      GetDashboard(),      //
      ListDashboards(),    //
      DeleteDashboards(),  //
  };
}

}  // namespace securebase::aws::cloudwatch
