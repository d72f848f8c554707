#include "aws/sns/operations.h"

namespace securebase::aws::sns {

std::vector<Operation> Operations() {
  // One line each.
  return {
      CreateTopic(),                //
      DeleteTopic(),                //
      ListTopics(),                 //
      GetTopicAttributes(),         //
      SetTopicAttributes(),         //
      TagResource(),                //
      UntagResource(),              //
      ListTagsForResource(),        //
      Subscribe(),                  //
      ConfirmSubscription(),        //
      Unsubscribe(),                //
      ListSubscriptions(),          //
      ListSubscriptionsByTopic(),   //
      GetSubscriptionAttributes(),  //
      SetSubscriptionAttributes(),  //
      Publish(),                    //
      PublishBatch(),               //
  };
}

}  // namespace securebase::aws::sns
