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
      PutMetricAlarm(),  //
      PutCompositeAlarm(),  //
      DeleteAlarms(),  //
      DescribeAlarms(),  //
      DescribeAlarmsForMetric(),  //
      DescribeAlarmContributors(),  //
      DescribeAlarmHistory(),  //
      SetAlarmState(),  //
      EnableAlarmActions(),  //
      DisableAlarmActions(),  //
      TagResource(),  //
      UntagResource(),  //
      ListTagsForResource(),  //
      PutAlarmMuteRule(),  //
      GetAlarmMuteRule(),  //
      ListAlarmMuteRules(),  //
      DeleteAlarmMuteRule(),  //
  };
}

}  // namespace securebase::aws::cloudwatch
