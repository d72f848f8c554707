#pragma once

#include <vector>

#include "aws/operation.h"

namespace securebase::aws::sns {

/// The operations of SNS that are built.
std::vector<Operation> Operations();

Operation CreateTopic();
Operation DeleteTopic();
Operation ListTopics();
Operation GetTopicAttributes();
Operation SetTopicAttributes();
Operation TagResource();
Operation UntagResource();
Operation ListTagsForResource();
Operation Subscribe();
Operation ConfirmSubscription();
Operation Unsubscribe();
Operation ListSubscriptions();
Operation ListSubscriptionsByTopic();
Operation GetSubscriptionAttributes();
Operation SetSubscriptionAttributes();
Operation Publish();
Operation PublishBatch();

}  // namespace securebase::aws::sns
