#include "aws/logs/operations.h"

namespace securebase::aws::logs {

std::vector<Operation> Operations() {
  // One line each.
  return {
      CreateLogGroup(),               //
      CreateLogStream(),              //
      DeleteLogGroup(),               //
      DeleteLogStream(),              //
      DeleteMetricFilter(),           //
      DeleteQueryDefinition(),        //
      DeleteResourcePolicy(),         //
      DeleteRetentionPolicy(),        //
      DeleteSubscriptionFilter(),     //
      DescribeLogGroups(),            //
      DescribeLogStreams(),           //
      DescribeMetricFilters(),        //
      DescribeQueries(),              //
      DescribeQueryDefinitions(),     //
      DescribeResourcePolicies(),     //
      DescribeSubscriptionFilters(),  //
      FilterLogEvents(),              //
      GetLogEvents(),                 //
      GetLogGroupFields(),            //
      GetLogRecord(),                 //
      GetQueryResults(),              //
      ListLogGroups(),                //
      ListLogGroupsForQuery(),        //
      ListTagsForResource(),          //
      ListTagsLogGroup(),             //
      PutLogEvents(),                 //
      PutMetricFilter(),              //
      PutQueryDefinition(),           //
      PutResourcePolicy(),            //
      PutRetentionPolicy(),           //
      PutSubscriptionFilter(),        //
      StartLiveTail(),                //
      StartQuery(),                   //
      StopQuery(),                    //
      TagLogGroup(),                  //
      TagResource(),                  //
      TestMetricFilter(),             //
      UntagLogGroup(),                //
      UntagResource(),                //
  };
}

}  // namespace securebase::aws::logs
